# SPDX-License-Identifier: Apache-2.0
"""A person's word on what the limits propose: confirmed as it was seen, or decided otherwise."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.words import N_, Say
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.rules import EventId, Tag
from lims.extraction.operations import send_extract
from lims.extraction.queries import samples_of_extracts
from lims.people.queries import require_authorised
from lims.people.rules import Activity
from lims.plates.models import Well
from lims.plates.rules import check_reason
from lims.quantification.models import QuantityDecision
from lims.quantification.operations.following import STATE_AFTER, decision_content
from lims.quantification.queries import (
    decision_of,
    decisions_of,
    limits_of,
    measured_plate,
    quantification_plate,
    within_reactions,
)
from lims.quantification.rules import (
    TO_AMPLIFY,
    AlreadyConfirmed,
    DecisionChanged,
    DecisionUnknown,
    Limits,
    NextStep,
    NothingToConfirm,
    Plan,
    PlanWrong,
    plan_of,
)
from lims.repeats.operations import follow
from lims.repeats.rules import OF_SAMPLES, RepeatKind, RepeatReason


def to_confirm(session: Session, plate_code: str) -> dict[str, int]:
    """Return the proposals of a plate that wait for a person, by extract: what was seen of each."""
    measured = measured_plate(session, plate_code)
    return {
        code: one.id
        for code, one in decisions_of(session, list(measured.batches)).items()
        if one.plate_code == plate_code
        and one.confirmed_at is None
        and one.step is not NextStep.REPEAT
    }


def confirm_decisions(
    session: Session, plate_code: str, seen: Mapping[str, int], *, by: Actor, at: datetime,
    station: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """Confirm proposals of a plate as they were seen: all of them or none.

    `seen` is the number of the decision that was looked at, by extract. Each extract comes to the
    worklist of what was confirmed. Raises NothingToConfirm, DecisionChanged, AlreadyConfirmed,
    DecisionUnknown, OnHold of the plate, NotAuthorised.
    """
    if not seen:
        raise NothingToConfirm()
    _may_decide(session, plate_code, by=by, at=at)
    confirmed = []
    # In the order of codes, so that two people cannot wait for each other.
    for code in sorted(seen):
        decision = _standing(session, code, seen[code])
        if decision.plate_code != plate_code:
            raise DecisionChanged(code=code)
        if decision.confirmed_at is not None:
            raise AlreadyConfirmed(code=code)
        decision.confirmed_at, decision.confirmed_by = at, by.id
        session.flush()
        event = append(
            session, Tag.QUANTITY_DECISION_CONFIRMED, stream=code, by=by, at=at, device=station,
            content=decision_content(decision),
        )  # fmt: skip
        _send(session, decision, by=by, at=at, event=event, station=station)
        confirmed.append(code)
    return tuple(confirmed)


def override_decision(
    session: Session, code: str, step: NextStep, *, seen: int, reason: str, by: Actor,
    at: datetime, volume_nl: int | None = None, dilution: int = 1, station: str = "",
) -> QuantityDecision:  # fmt: skip
    """Decide otherwise than was proposed, for a reason; the proposal is kept beside it.

    A step to amplify takes the volume that goes into the reaction, of the extract or of its
    dilution. Raises DecisionUnknown, DecisionChanged, ReasonMissing, PlanWrong, OnHold,
    NotAuthorised.
    """
    said = check_reason(reason)
    found = decision_of(session, code)
    if found is None:
        raise DecisionUnknown(code=code)
    _may_decide(session, found.plate_code, by=by, at=at)
    old = _standing(session, code, seen)
    limits = within_reactions(session, limits_of(session, old.limits_version), at=at)
    planned = _planned(old, step, volume_nl, dilution, limits) if step in TO_AMPLIFY else None
    old.voided_at = at
    session.flush()
    fresh = QuantityDecision(
        extract_code=code, well_id=old.well_id, plate_code=old.plate_code,
        import_id=old.import_id, step=step, fg_per_ul=old.fg_per_ul,
        volume_nl=planned.volume_nl if planned else None,
        dilution=planned.dilution if planned else 1,
        drawn_nl=planned.drawn_nl if planned else None,
        template_fg=planned.template_fg if planned else None,
        low_template=planned.low_template if planned else False,
        di_milli=old.di_milli, degraded=old.degraded, ipc_shift_milli=old.ipc_shift_milli,
        inhibited=old.inhibited, limits_version=old.limits_version, made_at=at, made_by=by.id,
        confirmed_at=at, confirmed_by=by.id, instead_of=old.id, reason=said, voided_at=None,
    )  # fmt: skip
    session.add(fresh)
    session.flush()
    event = append(
        session, Tag.QUANTITY_DECISION_OVERRIDDEN, stream=code, by=by, at=at, device=station,
        content={**decision_content(fresh), "proposed": old.step.value, "why": said},
    )  # fmt: skip
    _send(session, fresh, by=by, at=at, event=event, station=station)
    return fresh


def _planned(
    old: QuantityDecision, step: NextStep, volume_nl: int | None, dilution: int, limits: Limits
) -> Plan:
    if volume_nl is None:
        raise PlanWrong(why=Say(N_("the volume is missing")))
    if not limits.min_volume_nl <= volume_nl <= limits.max_volume_nl:
        raise PlanWrong(
            why=Say(
                N_("the volume lies outside the limits, %(least)s to %(most)s µl"),
                {
                    "least": f"{limits.min_volume_nl / 1000:g}",
                    "most": f"{limits.max_volume_nl / 1000:g}",
                },
            )
        )
    if not 1 <= dilution <= 100_000:
        raise PlanWrong(why=Say(N_("a dilution is a whole number from 1")))
    if (step is NextStep.DILUTE) != (dilution > 1):
        raise PlanWrong(why=Say(N_("to dilute takes a dilution above 1, and nothing else does")))
    return plan_of(old.fg_per_ul or 0, volume_nl, dilution, limits)


def _may_decide(session: Session, plate_code: str, *, by: Actor, at: datetime) -> None:
    quantification_plate(session, plate_code)
    lock_subject(session, plate_code)
    refuse_if_held(session, plate_code)
    require_authorised(session, by, Activity.QUANTIFICATION, on=at.date())


def _standing(session: Session, code: str, seen: int) -> QuantityDecision:
    """Lock an extract and return its decision, if it is still the one that was seen."""
    lock_subject(session, code)
    found = decision_of(session, code)
    if found is None:
        raise DecisionUnknown(code=code)
    if found.id != seen:
        raise DecisionChanged(code=code)
    return found


def _send(
    session: Session, decision: QuantityDecision, *, by: Actor, at: datetime, event: EventId,
    station: str,
) -> None:  # fmt: skip
    code = decision.extract_code
    send_extract(session, code, STATE_AFTER[decision.step], by=by, at=at, station=station)
    kind = _REPEATS.get(decision.step)
    thing = code
    if kind in OF_SAMPLES:
        sample = samples_of_extracts(session, [code]).get(code)
        kind, thing = (kind, sample.code) if sample is not None else (None, code)
    inhibited = decision.inhibited and kind is not RepeatKind.RE_EXTRACTION
    follow(
        session, kind, code, thing=thing,
        reason=RepeatReason.INHIBITED if inhibited else _WHY.get(decision.step, RepeatReason.OTHER),
        words=decision.reason or "by the figures of the plate", parent=decision.plate_code,
        position=session.get_one(Well, decision.well_id).position, by=by, at=at, station=station,
        cause=event,
    )  # fmt: skip


_REPEATS = {
    NextStep.REPEAT: RepeatKind.RE_QUANTIFICATION,
    NextStep.RE_EXTRACT: RepeatKind.RE_EXTRACTION,
    NextStep.NEW_SAMPLE: RepeatKind.NEW_SAMPLE,
    NextStep.REPURIFY: RepeatKind.REPURIFICATION,
    NextStep.DILUTE: RepeatKind.DILUTION,
}
"""What is to be done again by which step."""
_WHY = {
    NextStep.REPEAT: RepeatReason.PLATE_FAILED,
    NextStep.RE_EXTRACT: RepeatReason.LITTLE_DNA,
    NextStep.NEW_SAMPLE: RepeatReason.LITTLE_DNA,
    NextStep.REPURIFY: RepeatReason.INHIBITED,
    NextStep.DILUTE: RepeatReason.OTHER,
}
