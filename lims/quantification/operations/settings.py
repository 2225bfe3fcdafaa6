# SPDX-License-Identifier: Apache-2.0
"""The laboratory's own limits and mappings: versions, two people for limits, all in the ledger."""

import json
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.analyzers.quantification import HeaderMapping
from lims.core.actors import Actor
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.plates.rules import check_reason
from lims.quantification.models import QuantificationLimits, QuantificationMapping
from lims.quantification.queries import SavedMapping, in_force
from lims.quantification.rules import (
    Limits,
    LimitsSettled,
    LimitsUnchanged,
    OwnProposal,
    limits_as_text,
)

STREAM = "quantification:limits"
MAPPINGS_STREAM = "quantification:mappings"


def propose_limits(
    session: Session, limits: Limits, *, reason: str, by: Actor, at: datetime
) -> QuantificationLimits:
    """Propose limits as the next version; they judge nothing until a second person approves them.

    Raises ReasonMissing, LimitsUnchanged.
    """
    said = check_reason(reason)
    if limits == in_force(session).limits:
        raise LimitsUnchanged()
    newest = session.scalar(select(func.max(QuantificationLimits.version))) or 0
    row = QuantificationLimits(
        version=newest + 1, figures=limits_as_text(limits), reason=said, proposed_at=at,
        proposed_by=by.id, settled_at=None, settled_by=None, approved=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.QUANTITY_LIMITS_PROPOSED, stream=STREAM, by=by, at=at,
        content={"version": row.version, "limits": json.loads(row.figures), "why": said},
    )  # fmt: skip
    return row


def settle_limits(
    session: Session, version: int, *, approve: bool, by: Actor, at: datetime
) -> QuantificationLimits:
    """Approve a proposal, or refuse it. The approved one judges every table from now on.

    Raises LimitsSettled for one that is settled or was never made, OwnProposal where the person
    who proposed it approves it.
    """
    row = session.get(QuantificationLimits, version, with_for_update=True)
    if row is None or row.settled_at is not None:
        raise LimitsSettled(version=version)
    if row.proposed_by == by.id:
        raise OwnProposal()
    row.settled_at, row.settled_by, row.approved = at, by.id, approve
    session.flush()
    tag = Tag.QUANTITY_LIMITS_APPROVED if approve else Tag.QUANTITY_LIMITS_REFUSED
    append(
        session, tag, stream=STREAM, by=by, at=at,
        content={"version": version, "limits": json.loads(row.figures)},
    )  # fmt: skip
    return row


def save_mapping(
    session: Session, name: str, mapping: HeaderMapping, *, by: Actor, at: datetime
) -> SavedMapping:
    """Save how the laboratory reads a table of its own, as the next version of its name.

    What is saved already under this name stays as it is. Raises BadInput for an empty name.
    """
    called = " ".join(name.split())[:60]
    if not called:
        raise BadInput(field="name", problem=Say(N_("is missing")))
    text = json.dumps(mapping.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    newest = session.scalar(
        select(QuantificationMapping)
        .where(QuantificationMapping.name == called)
        .order_by(QuantificationMapping.version.desc())
        .limit(1)
    )
    if newest is not None and newest.figures == text:
        return SavedMapping(newest.id, newest.name, newest.version, mapping)
    row = QuantificationMapping(
        name=called, version=newest.version + 1 if newest is not None else 1, figures=text, at=at,
        by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.QUANTITY_MAPPING_SAVED, stream=MAPPINGS_STREAM, by=by, at=at,
        content={"name": called, "version": row.version, "mapping": mapping.as_json()},
    )  # fmt: skip
    return SavedMapping(row.id, row.name, row.version, mapping)
