# SPDX-License-Identifier: Apache-2.0
"""What the rules found out about the work of each stage, for its review: controls come first."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lims.core.codes import threes
from lims.core.evidence import Evidence
from lims.core.words import N_, Many, Say
from lims.extraction.models import Extract
from lims.genotyping.models import Finding, Injection, Profile, Reading, Run, RunState
from lims.plates.models import Plate, Well
from lims.plates.rules import OPERATOR, WellRole
from lims.quantification.models import QuantificationImport, Quantity, QuantityDecision
from lims.quantification.queries import findings_of
from lims.quantification.rules import NextStep, Weight

READ_FIRST = N_("read it first")
"""What a first reader did, who may not review the plate."""


def extraction_evidence(session: Session, code: str) -> Evidence:
    """Return what speaks for an extraction batch: its reagent blanks, measured or injected."""
    unanswered: list[Say] = []
    failed: list[Say] = []
    exceptions: list[Say] = []
    for blank in session.scalars(
        select(Extract.code).where(Extract.batch_code == code, Extract.is_blank)
    ):
        measured = session.scalar(
            select(Quantity.id).where(Quantity.extract_code == blank, Quantity.voided_at.is_(None))
        )
        injected = (
            select(Injection.id)
            .join(Well, Well.id == Injection.well_id)
            .where(Well.subject_code == blank)
        )
        if measured is None and session.scalar(injected.limit(1)) is None:
            unanswered.append(
                Say(N_("reagent blank %(code)s is not measured"), {"code": threes(blank)})
            )
        for answered in session.scalars(
            select(Finding.decided_at.is_not(None))
            .join(Well, Well.id == Finding.well_id)
            .where(Well.subject_code == blank, Finding.stops_run)
        ):
            said = Say(N_("reagent blank %(code)s failed in a run"), {"code": threes(blank)})
            (exceptions if answered else failed).append(said)
    return Evidence(tuple(failed), tuple(unanswered), tuple(exceptions))


def quantification_evidence(session: Session, code: str) -> Evidence:
    """Return what speaks for a quantification plate: curve, empty well, blanks, decisions."""
    hands = dict.fromkeys(
        session.scalars(
            select(QuantificationImport.by).where(QuantificationImport.plate_code == code)
        ),
        OPERATOR,
    )
    if not hands:
        return Evidence(unanswered=(Say(N_("it has no figures")),))
    found = findings_of(session, code)
    waiting = session.scalar(
        select(func.count()).where(
            QuantityDecision.plate_code == code, QuantityDecision.confirmed_at.is_(None),
            QuantityDecision.step != NextStep.REPEAT, QuantityDecision.voided_at.is_(None),
        )
    ) or 0  # fmt: skip
    unanswered = (
        Say(
            Many("%(count)s decision is not confirmed", "%(count)s decisions are not confirmed"),
            {"count": waiting},
        ),
    )
    return Evidence(
        tuple(one.seen for one in found if one.weight is Weight.FAIL),
        unanswered if waiting else (),
        tuple(one.seen for one in found if one.weight is not Weight.FAIL),
        hands,
    )


def amplification_evidence(session: Session, code: str) -> Evidence:
    """Return what speaks for an amplification plate: its controls, in the runs made from it."""
    runs = session.scalars(
        select(Run).join(Plate, Plate.code == Run.plate_code).where(Plate.made_from == code)
    ).all()
    if not runs:
        return Evidence(unanswered=(Say(N_("its controls are not injected")),))
    found = _of_runs(session, [run.id for run in runs], {run.state for run in runs})
    return Evidence(*found, involved=_readers(session, [run.id for run in runs]))


def injection_evidence(session: Session, code: str) -> Evidence:
    """Return what speaks for an injection plate: its runs' controls, every sample decided."""
    runs = session.scalars(select(Run).where(Run.plate_code == code)).all()
    if not runs:
        return Evidence(unanswered=(Say(N_("no run of it is imported")),))
    numbers = [run.id for run in runs]
    failed, unanswered, exceptions = _of_runs(session, numbers, {run.state for run in runs})
    decided = exists().where(Profile.injection_id == Injection.id, Injection.well_id == Well.id)
    waiting = session.scalar(
        select(func.count()).where(
            Well.plate_code == code, Well.role == WellRole.SAMPLE, Well.voided_at.is_(None),
            ~decided,
        )
    ) or 0  # fmt: skip
    if waiting:
        words = Many("%(count)s sample is not decided", "%(count)s samples are not decided")
        unanswered = (*unanswered, Say(words, {"count": waiting}))
    hands = {run.imported_by: OPERATOR for run in runs}
    return Evidence(
        failed, unanswered, exceptions, involved={**_readers(session, numbers), **hands}
    )


def _of_runs(
    session: Session, runs: list[int], states: set[RunState]
) -> tuple[tuple[Say, ...], tuple[Say, ...], tuple[Say, ...]]:
    """Return what failed, is unanswered (nothing: a run says all) and is an exception in runs.

    A later run of the same plate can be clean: then what failed before is an exception.
    """
    if states == {RunState.FAILED}:
        return (Say(N_("a control failed in every run of it")),), (), ()
    exceptions = []
    if RunState.FAILED in states:
        exceptions.append(Say(N_("a control failed in one run of it")))
    answered = session.scalar(
        select(func.count()).where(Finding.run_id.in_(runs), Finding.decided_at.is_not(None))
    )
    if answered:
        exceptions.append(Say(N_("a finding that stops a run was answered by quality")))
    elif RunState.PASSED_WITH_EXCEPTIONS in states:
        exceptions.append(Say(N_("a run of it passed with exceptions")))
    return (), (), tuple(exceptions)


def _readers(session: Session, runs: list[int]) -> dict[str, str]:
    first = session.scalars(
        select(Reading.reader)
        .join(Injection, Injection.id == Reading.injection_id)
        .where(Injection.run_id.in_(runs), Reading.number == 1)
        .distinct()
    )
    return dict.fromkeys(first, READ_FIRST)
