# SPDX-License-Identifier: Apache-2.0
"""What follows from the figures of a plate: a decision for each extract, a hold for a bad blank."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, lock_subject, set_hold
from lims.custody.queries import holds_of
from lims.custody.rules import EventId, HoldReason, Tag
from lims.extraction.operations import send_extract
from lims.extraction.rules import ExtractState
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
    Target,
    blank_findings,
    decide,
    fails,
)

_HELD = (WellRole.SAMPLE, WellRole.BLANK)

STATE_AFTER = dict.fromkeys(TO_AMPLIFY, ExtractState.QUANTIFIED) | {
    NextStep.REPEAT: ExtractState.TO_REPEAT,
    NextStep.RE_EXTRACT: ExtractState.SET_ASIDE,
    NextStep.REPURIFY: ExtractState.SET_ASIDE,
}
"""Which worklist an extract comes to by what was decided of it: set aside stands on none."""


def decide_plate(
    session: Session, measured: PlateMeasured, entry: QuantificationImport,
    fresh: Collection[str], *, event: EventId, by: Actor, limits: Limits, station: str,
) -> dict[str, NextStep]:  # fmt: skip
    """Decide anew for every sample of the plate; a decision that says the same stays."""
    failed = fails(measured.faults(limits))
    mean = measured.ipc_mean_milli
    standing = decisions_of(session, list(measured.batches))
    spoke_last = last_wells(session, list(measured.batches))
    decided = {}
    for well in measured.wells:
        code = well.subject_code
        figures = measured.figures.get(well.id, {})
        if code is None or well.role not in _HELD or Target.SMALL not in figures:
            continue
        if well.role is not WellRole.SAMPLE:
            if spoke_last.get(code) == well.id:
                blank_to = ExtractState.TO_REPEAT if failed else ExtractState.QUANTIFIED
                send_extract(session, code, blank_to, by=by, at=entry.at, station=station)
            continue
        decision = decide(_measured(figures), limits, ipc_mean_milli=mean)
        fresh_one = _decision(well, code, figures, decision, entry, by, failed=failed)
        old = standing.get(code)
        if well.position in fresh:
            decided[code] = fresh_one.step
        if old is not None and _same(old, fresh_one):
            continue
        if old is not None and old.well_id != well.id and well.position not in fresh:
            # A later plate has spoken of this extract since.
            continue
        if old is not None:
            old.voided_at = entry.at
            session.flush()
        session.add(fresh_one)
        session.flush()
        send_extract(
            session, code, STATE_AFTER[fresh_one.step], by=by, at=entry.at, station=station
        )
        append(
            session, Tag.QUANTITY_DECISION_MADE, stream=code, by=by, at=entry.at, device=station,
            cause=event,
            content={
                "step": fresh_one.step.value, "plate": entry.plate_code,
                "volume_nl": fresh_one.volume_nl, "dilution": fresh_one.dilution,
                "template_fg": fresh_one.template_fg, "degraded": fresh_one.degraded,
                "inhibited": fresh_one.inhibited,
            },
        )  # fmt: skip
    return decided


def _decision(
    well: Well, code: str, figures: Mapping[Target, Quantity], decision: Decision,
    entry: QuantificationImport, by: Actor, *, failed: bool,
) -> QuantityDecision:  # fmt: skip
    planned = None if failed else decision.plan
    return QuantityDecision(
        extract_code=code, well_id=well.id, plate_code=entry.plate_code, import_id=entry.id,
        step=NextStep.REPEAT if failed else decision.step,
        fg_per_ul=figures[Target.SMALL].fg_per_ul,
        volume_nl=planned.volume_nl if planned else None,
        dilution=planned.dilution if planned else 1,
        drawn_nl=planned.drawn_nl if planned else None,
        template_fg=planned.template_fg if planned else None,
        low_template=planned.low_template if planned else False,
        di_milli=decision.di_milli, degraded=decision.degraded,
        ipc_shift_milli=decision.ipc_shift_milli, inhibited=decision.inhibited,
        made_at=entry.at, made_by=by.id, voided_at=None,
    )  # fmt: skip


_COMPARED = (
    "well_id", "step", "fg_per_ul", "volume_nl", "dilution", "drawn_nl", "template_fg",
    "low_template", "di_milli", "degraded", "ipc_shift_milli", "inhibited",
)  # fmt: skip


def _same(old: QuantityDecision, new: QuantityDecision) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _COMPARED)


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
