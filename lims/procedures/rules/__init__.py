# SPDX-License-Identifier: Apache-2.0
"""What a procedure says, the states of its versions, and what is refused."""

from lims.procedures.rules.document import (
    CONTROL_WORDS,
    CONTROLS,
    LONGEST_TEXT,
    Document,
    NeededInstrument,
    NeededReagent,
    ProcedureRefused,
    Step,
    read_document,
)
from lims.procedures.rules.versions import (
    STATE_WORDS,
    OwnDraft,
    ProcedureEnded,
    ProcedureNotInForce,
    ProcedureOfOtherActivity,
    ProcedureOfOtherLine,
    ProcedureState,
    ProcedureWithdrawn,
    VersionDecided,
    VersionNotNewer,
    VersionPending,
    state_at,
)

__all__ = [
    "CONTROLS",
    "CONTROL_WORDS",
    "LONGEST_TEXT",
    "STATE_WORDS",
    "Document",
    "NeededInstrument",
    "NeededReagent",
    "OwnDraft",
    "ProcedureEnded",
    "ProcedureNotInForce",
    "ProcedureOfOtherActivity",
    "ProcedureOfOtherLine",
    "ProcedureRefused",
    "ProcedureState",
    "ProcedureWithdrawn",
    "Step",
    "VersionDecided",
    "VersionNotNewer",
    "VersionPending",
    "read_document",
    "state_at",
]
