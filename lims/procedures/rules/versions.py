# SPDX-License-Identifier: Apache-2.0
"""States of a procedure's versions, and what is refused."""

from lims.core.errors import Refusal
from lims.core.versions import STATE_WORDS as STATE_WORDS
from lims.core.versions import VersionState as _VersionState
from lims.core.versions import state_at as state_at
from lims.core.words import N_

ProcedureState = _VersionState
"""Where a version stands: the states of every document that a second person approves."""


class ProcedureWithdrawn(Refusal):
    """Work under a version of a procedure that is no longer valid."""

    says = N_("SOP %(name)s v%(version)s is withdrawn; current is v%(current)s.")
    do = N_("Open the batch under the current version.")


class ProcedureEnded(Refusal):
    """Work under a procedure that was withdrawn without a successor."""

    says = N_("SOP %(name)s v%(version)s is withdrawn; there is no current version.")
    do = N_("Ask the laboratory manager which procedure is valid.")


class ProcedureNotInForce(Refusal):
    """Work under a version that nobody approved yet, or that is not in force yet."""

    says = N_("SOP %(name)s v%(version)s is not in force.")
    do = N_("Choose a procedure that is in force, or have this one approved by a second person.")


class ProcedureOfOtherActivity(Refusal):
    """A procedure that is for something else."""

    says = N_("SOP %(name)s is not a procedure of this activity.")
    do = N_("Choose a procedure of this activity.")
    status = 422


class ProcedureOfOtherLine(Refusal):
    """A procedure for the other line: bones under one for references, or the reverse."""

    says = N_("SOP %(name)s is not for %(line)s.")
    do = N_("Choose a procedure of this line.")
    status = 422


class VersionNotNewer(Refusal):
    """A version that does not follow the newest one."""

    says = N_("SOP %(name)s is at v%(current)s already; v%(version)s would not follow it.")
    do = N_("Give a higher version number.")
    status = 422


class VersionPending(Refusal):
    """A second draft of a procedure while the first is not decided."""

    says = N_("SOP %(name)s v%(version)s is a draft that nobody has decided.")
    do = N_("Approve or withdraw it first.")


class VersionDecided(Refusal):
    """Something is to be approved or withdrawn that was decided already."""

    says = N_("SOP %(name)s v%(version)s was decided already.")
    do = N_("Read the page again.")


class OwnDraft(Refusal):
    """The author approves their own draft."""

    says = N_("You wrote SOP %(name)s v%(version)s: a second person must approve it.")
    do = N_("Ask somebody else who may approve procedures.")
    status = 403
