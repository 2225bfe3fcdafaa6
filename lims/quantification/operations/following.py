# SPDX-License-Identifier: Apache-2.0
"""What follows from the figures of a plate: a decision for each extract, a hold for a bad blank."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, lock_subject, set_hold
from lims.custody.queries import holds_of
from lims.custody.rules import EventId, HoldReason, Tag
from lims.extraction.operations import send_extract
from lims.extraction.queries import samples_of_extracts
from lims.extraction.rules import ExtractState
from lims.people.rules import Line
from lims.plates.models import Well
from lims.plates.rules import WellRole
from lims.quantification.models import QuantificationImport, Quantity, QuantityDecision
from lims.quantification.queries import PlateMeasured, decisions_of, last_wells
from lims.quantification.rules import (
    TO_AMPLIFY,
    Decision,
    Limits,
    Measured,
    NextStep,
    Plan,
    Target,
    blank_findings,
    decide,
    fails,
)
from lims.repeats.operations import follow
from lims.repeats.rules import RepeatKind, RepeatReason
from lims.samples.queries import powder_left, unused_aliquot

STATE_AFTER = dict.fromkeys(TO_AMPLIFY, ExtractState.QUANTIFIED) | {
    NextStep.REPEAT: ExtractState.TO_REPEAT,
    NextStep.RE_EXTRACT: ExtractState.SET_ASIDE,
    NextStep.NEW_SAMPLE: ExtractState.SET_ASIDE,
    NextStep.REPURIFY: ExtractState.SET_ASIDE,
}
"""Which worklist an extract comes to by what was confirmed of it: set aside stands on none."""


@dataclass(frozen=True)
class Proposed:
    """What the limits propose for the extract in a well."""

    well: Well
    code: str
    fg_per_ul: int | None
    step: NextStep
    decision: Decision

    @property
    def plan(self) -> Plan | None:
        """What goes into the reaction; nothing where the plate failed."""
        return None if self.step is NextStep.REPEAT else self.decision.plan


def proposals(session: Session, measured: PlateMeasured, limits: Limits) -> tuple[Proposed, ...]:
    """Return what the limits propose for every sample of a plate; nothing is written."""
    failed = fails(measured.faults(limits))
    mean = measured.ipc_mean_milli
    found = []
    for well in measured.wells:
        figures = measured.figures.get(well.id, {})
        code = well.subject_code
        if code is None or well.role is not WellRole.SAMPLE or Target.SMALL not in figures:
            continue
        decision = decide(_measured(figures), limits, ipc_mean_milli=mean)
        if decision.step is NextStep.RE_EXTRACT and not _is_left(session, code, limits):
            gone = replace(_measured(figures), is_left=False)
            decision = decide(gone, limits, ipc_mean_milli=mean)
        found.append(
            Proposed(
                well, code, figures[Target.SMALL].fg_per_ul,
                NextStep.REPEAT if failed else decision.step, decision,
            )
        )  # fmt: skip
    return tuple(found)


def _is_left(session: Session, code: str, limits: Limits) -> bool:
    """Return whether the sample behind an extract can be extracted once more."""
    sample = samples_of_extracts(session, [code]).get(code)
    if sample is None or sample.line is not Line.BONE:
        return True
    return (
        unused_aliquot(session, sample.code) is not None
        or powder_left(session, sample) >= limits.least_sample_ug
    )


def decide_plate(
    session: Session, measured: PlateMeasured, entry: QuantificationImport,
    fresh: Collection[str], *, event: EventId, by: Actor, limits: Limits, station: str,
) -> dict[str, NextStep]:  # fmt: skip
    """Propose anew for every sample of the plate; a decision that says the same stays.

    An extract waits until a person has confirmed what is proposed. Where the plate failed there is
    nothing to confirm: it goes back to be quantified again.
    """
    failed = fails(measured.faults(limits))
    standing = decisions_of(session, list(measured.batches))
    spoke_last = last_wells(session, list(measured.batches))
    for well in measured.wells:
        code = well.subject_code
        if (
            code is not None
            and well.role is WellRole.BLANK
            and Target.SMALL in measured.figures.get(well.id, {})
            and spoke_last.get(code) == well.id
        ):
            blank_to = ExtractState.TO_REPEAT if failed else ExtractState.QUANTIFIED
            send_extract(session, code, blank_to, by=by, at=entry.at, station=station)
            _repeat(session, well, failed=failed, by=by, at=entry.at, station=station, event=event)
    decided = {}
    for one in proposals(session, measured, limits):
        fresh_one = _decision(one, entry, by)
        old = standing.get(one.code)
        is_fresh = one.well.position in fresh
        if is_fresh:
            decided[one.code] = fresh_one.step
        if old is not None and _same(old, fresh_one):
            continue
        if old is not None and old.well_id != one.well.id and not is_fresh:
            # A later plate has spoken of this extract since.
            continue
        if old is not None:
            old.voided_at = entry.at
            session.flush()
        session.add(fresh_one)
        session.flush()
        to = ExtractState.TO_REPEAT if one.step is NextStep.REPEAT else ExtractState.MEASURED
        send_extract(session, one.code, to, by=by, at=entry.at, station=station)
        _repeat(session, one.well, failed=failed, by=by, at=entry.at, station=station, event=event)
        append(
            session, Tag.QUANTITY_DECISION_MADE, stream=one.code, by=by, at=entry.at,
            device=station, cause=event, content=decision_content(fresh_one),
        )  # fmt: skip
    return decided


def _repeat(
    session: Session, well: Well, *, failed: bool, by: Actor, at: datetime, station: str,
    event: EventId,
) -> None:  # fmt: skip
    """Ask that an extract is quantified again where its plate failed; else nothing is asked yet."""
    code = well.subject_code or ""
    follow(
        session, RepeatKind.RE_QUANTIFICATION if failed else None, code, thing=code,
        reason=RepeatReason.PLATE_FAILED, words="by the figures of the plate",
        parent=well.plate_code, position=well.position, by=by, at=at, station=station, cause=event,
    )  # fmt: skip


def decision_content(decision: QuantityDecision) -> dict[str, object]:
    """Return what the ledger says of a decision."""
    return {
        "step": decision.step.value, "plate": decision.plate_code,
        "volume_nl": decision.volume_nl, "dilution": decision.dilution,
        "template_fg": decision.template_fg, "degraded": decision.degraded,
        "inhibited": decision.inhibited, "limits": decision.limits_version,
    }  # fmt: skip


def _decision(proposed: Proposed, entry: QuantificationImport, by: Actor) -> QuantityDecision:
    planned, decision = proposed.plan, proposed.decision
    return QuantityDecision(
        extract_code=proposed.code, well_id=proposed.well.id, plate_code=entry.plate_code,
        import_id=entry.id, step=proposed.step, fg_per_ul=proposed.fg_per_ul,
        volume_nl=planned.volume_nl if planned else None,
        dilution=planned.dilution if planned else 1,
        drawn_nl=planned.drawn_nl if planned else None,
        template_fg=planned.template_fg if planned else None,
        low_template=planned.low_template if planned else False,
        di_milli=decision.di_milli, degraded=decision.degraded,
        ipc_shift_milli=decision.ipc_shift_milli, inhibited=decision.inhibited,
        limits_version=entry.limits_version, made_at=entry.at, made_by=by.id, confirmed_at=None,
        confirmed_by=None, instead_of=None, reason="", voided_at=None,
    )  # fmt: skip


_COMPARED = (
    "well_id", "step", "fg_per_ul", "volume_nl", "dilution", "drawn_nl", "template_fg",
    "low_template", "di_milli", "degraded", "ipc_shift_milli", "inhibited",
)  # fmt: skip


def _same(old: QuantityDecision, new: QuantityDecision) -> bool:
    return old.instead_of is None and all(
        getattr(old, name) == getattr(new, name) for name in _COMPARED
    )


def hold_batches(
    session: Session, measured: PlateMeasured, fresh: Collection[str], *, at: datetime,
    event: EventId, by: Actor, limits: Limits, station: str,
) -> tuple[str, ...]:  # fmt: skip
    """Put the extraction batch of each blank above the limit on hold, if it is not already."""
    held = []
    blanks = [blank for blank in measured.blanks() if blank.position in fresh]
    for blank in sorted(blanks, key=lambda blank: blank.batch):
        if not blank_findings((blank,), limits):
            continue
        lock_subject(session, blank.batch)
        standing = any(
            hold.reason is HoldReason.CONTROL and hold.lifted_by_event is None
            for hold in holds_of(session, blank.batch)
        )
        if not standing:
            set_hold(
                session, blank.batch, HoldReason.CONTROL, by=by, at=at, device=station,
                cause=event,
                content={
                    "blank": blank.code, "plate": measured.plate.code,
                    "fg_per_ul": blank.fg_per_ul, "limit_fg_per_ul": limits.blank_fg_per_ul,
                },
            )  # fmt: skip
            held.append(blank.batch)
    return tuple(held)


def _measured(figures: Mapping[Target, Quantity]) -> Measured:
    large, ipc = figures.get(Target.LARGE), figures.get(Target.IPC)
    return Measured(
        small_fg_per_ul=figures[Target.SMALL].fg_per_ul,
        large_fg_per_ul=large.fg_per_ul if large is not None else None,
        has_large=large is not None,
        ipc_ct_milli=ipc.ct_milli if ipc is not None else None,
        has_ipc=ipc is not None,
    )
