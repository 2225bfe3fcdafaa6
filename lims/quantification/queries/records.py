# SPDX-License-Identifier: Apache-2.0
"""Reading quantities, decisions, curves and what is left of extracts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.extraction.models import Dilution, Extract
from lims.plates.models import Batch, Plate, Well
from lims.plates.queries import plate_of, wells_of
from lims.plates.rules import Activity, WellRole
from lims.quantification.models import (
    QuantificationCurve,
    QuantificationImport,
    Quantity,
    QuantityDecision,
    Target,
)
from lims.quantification.queries.settings import in_force, limits_of
from lims.quantification.rules import (
    LIMITS,
    BlankMeasured,
    CurveFigures,
    CurveOrigin,
    Finding,
    Limits,
    NextStep,
    NotAnExtract,
    NotAQuantificationPlate,
    StandardsSeen,
    Weight,
    blank_findings,
    curve_findings,
    highest,
    inhibition_finding,
    mean,
    no_template_findings,
    reaction_findings,
)
from lims.samples.queries import amounts_left

Figures = Mapping[Target, Quantity]
"""What was measured in a well, by target."""


@dataclass(frozen=True)
class PlateMeasured:
    """A quantification plate with its figures that stand, by well."""

    plate: Plate
    wells: tuple[Well, ...]
    figures: Mapping[int, Figures]
    curves: Mapping[Target, CurveFigures]
    """As they are judged: fitted to the standards, else as the instrument gives them."""
    batches: Mapping[str, str]
    """The extraction batch of each extract on the plate."""
    given: Mapping[Target, CurveFigures] = field(default_factory=dict)
    """As the instrument gives them."""
    by_file: bool = False
    limits: Limits = LIMITS
    """Those that its figures were judged by."""
    limits_version: int = 0

    @property
    def ipc_mean_milli(self) -> int | None:
        """Mean Ct of the internal control where nothing inhibits: standards, else no template."""
        for role in (WellRole.STANDARD, WellRole.NEGATIVE):
            cycles = [
                figures[Target.IPC].ct_milli
                for well in self.wells
                if well.role is role and Target.IPC in (figures := self.figures.get(well.id, {}))
            ]
            found = mean(ct for ct in cycles if ct is not None)
            if found is not None:
                return found
        return None

    def amounts(self, well: Well) -> dict[Target, int | None]:
        """Return fg/µl by target of one well; None is "not detected"."""
        return {
            target: quantity.fg_per_ul for target, quantity in self.figures.get(well.id, {}).items()
        }

    def blanks(self) -> tuple[BlankMeasured, ...]:
        """Return the reagent blanks that have figures."""
        return tuple(
            BlankMeasured(
                well.subject_code, self.batches[well.subject_code], well.position,
                highest(self.amounts(well)),
            )
            for well in self.wells
            if well.role is WellRole.BLANK and well.subject_code and well.id in self.figures
        )  # fmt: skip

    def standards(self) -> StandardsSeen:
        """Return how many wells of standards there are, and how many came up, by target."""
        wells = [well for well in self.wells if well.role is WellRole.STANDARD]
        measured = {
            target: sum(
                1
                for well in wells
                if (seen := self.figures.get(well.id, {}).get(target)) is not None
                and seen.ct_milli is not None
            )
            for target in {
                target for figures in self.figures.values() for target in figures
            } & {Target.SMALL, Target.LARGE, Target.Y}
        }  # fmt: skip
        return StandardsSeen(
            len(wells), dict(sorted(measured.items(), key=lambda one: list(Target).index(one[0]))),
            self.by_file,
        )  # fmt: skip

    def faults(self, limits: Limits | None = None) -> tuple[Finding, ...]:
        """Return what curve and no-template wells say of the whole plate; nothing unmeasured."""
        if not self.figures:
            return ()
        judged = limits or self.limits
        empty = [well for well in self.wells if well.role is WellRole.NEGATIVE]
        control = {
            well.position: figures[Target.IPC].ct_milli
            for well in empty
            if Target.IPC in (figures := self.figures.get(well.id, {}))
        }
        return (
            *curve_findings(self.curves, judged, given=self.given, standards=self.standards()),
            *no_template_findings({well.position: self.amounts(well) for well in empty}, judged),
            *reaction_findings(control),
        )


def quantification_plate(session: Session, code: str) -> Plate:
    """Return a quantification plate; raises NotFound, NotAQuantificationPlate."""
    if code[0] != Kind.PLATE or plate_of(session, code).activity is not Activity.QUANTIFICATION:
        raise NotAQuantificationPlate(code=code)
    return plate_of(session, code)


def measured_plate(session: Session, code: str) -> PlateMeasured:
    """Return a plate with the figures that stand; raises NotFound, NotAQuantificationPlate."""
    plate = quantification_plate(session, code)
    wells = wells_of(session, code)
    figures: dict[int, dict[Target, Quantity]] = {}
    standing = select(Quantity).where(
        Quantity.well_id.in_([well.id for well in wells]), Quantity.voided_at.is_(None)
    )
    for quantity in session.scalars(standing):
        figures.setdefault(quantity.well_id, {})[quantity.target] = quantity
    codes = [well.subject_code for well in wells if well.subject_code]
    rows = session.execute(select(Extract.code, Extract.batch_code).where(Extract.code.in_(codes)))
    newest = newest_import(session, code)
    version = newest.limits_version if newest is not None else in_force(session).version
    given, fitted = curves_of(session, code)
    return PlateMeasured(
        plate, wells, figures, {**given, **fitted}, dict(rows.all()), given,
        newest is not None and newest.sha256 is not None, limits_of(session, version), version,
    )  # fmt: skip


def newest_import(session: Session, plate_code: str) -> QuantificationImport | None:
    """Return the table or entry that was taken in last for a plate, None where none was."""
    return session.scalar(
        select(QuantificationImport)
        .where(QuantificationImport.plate_code == plate_code)
        .order_by(QuantificationImport.id.desc())
        .limit(1)
    )


def findings_of(
    session: Session, code: str, *, limits: Limits | None = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong with a plate, the gravest first."""
    measured = measured_plate(session, code)
    decisions = decisions_of(session, list(measured.batches))
    late = {
        well.subject_code: (well.position, decision.ipc_shift_milli)
        for well in measured.wells
        if well.subject_code
        and (decision := decisions.get(well.subject_code)) is not None
        and decision.well_id == well.id
        and decision.inhibited
    }
    return findings_in(measured, late, limits or measured.limits)


def findings_in(
    measured: PlateMeasured, late: Mapping[str, tuple[str, int | None]], limits: Limits
) -> tuple[Finding, ...]:
    """Return what is wrong with a plate as it is measured, the gravest first.

    `late` are the extracts whose internal control is late: its well, and by how much.
    """
    order = (Weight.FAIL, Weight.HOLD, Weight.WARN)
    found = (
        *measured.faults(limits), *blank_findings(measured.blanks(), limits),
        *(inhibition_finding(code, *where) for code, where in late.items()),
    )  # fmt: skip
    return tuple(sorted(found, key=lambda finding: order.index(finding.weight)))


def curves_of(
    session: Session, plate_code: str
) -> tuple[dict[Target, CurveFigures], dict[Target, CurveFigures]]:
    """Return the standard curves of a plate: the instrument's, and those fitted to its standards.

    Of its newest table that has any.
    """
    newest = (
        select(QuantificationImport.id)
        .join(QuantificationCurve, QuantificationCurve.import_id == QuantificationImport.id)
        .where(QuantificationImport.plate_code == plate_code)
        .order_by(QuantificationImport.id.desc())
        .limit(1)
    )
    found = select(QuantificationCurve).where(
        QuantificationCurve.import_id.in_(newest.scalar_subquery())
    )
    by_origin: dict[CurveOrigin, dict[Target, CurveFigures]] = {one: {} for one in CurveOrigin}
    for curve in sorted(session.scalars(found), key=lambda one: list(Target).index(one.target)):
        by_origin[curve.origin][curve.target] = CurveFigures(
            curve.slope_milli, curve.intercept_milli, curve.r2_ppm
        )
    return by_origin[CurveOrigin.FILE], by_origin[CurveOrigin.FITTED]


def imports_of(session: Session, plate_code: str) -> tuple[QuantificationImport, ...]:
    """Return every table and entry taken in for a plate, the newest first."""
    found = select(QuantificationImport).where(QuantificationImport.plate_code == plate_code)
    return tuple(session.scalars(found.order_by(QuantificationImport.id.desc())))


def decision_of(session: Session, extract_code: str) -> QuantityDecision | None:
    """Return the decision that stands for an extract, None where none does."""
    return session.scalar(
        select(QuantityDecision).where(
            QuantityDecision.extract_code == extract_code, QuantityDecision.voided_at.is_(None)
        )
    )


def decisions_of(session: Session, codes: Collection[str]) -> dict[str, QuantityDecision]:
    """Return the decisions that stand for those of `codes` that have one."""
    found = select(QuantityDecision).where(
        QuantityDecision.extract_code.in_(codes), QuantityDecision.voided_at.is_(None)
    )
    return {decision.extract_code: decision for decision in session.scalars(found)}


def plates_to_confirm(session: Session, *, limit: int = 50) -> tuple[tuple[str, int], ...]:
    """Return the plates with proposals that nobody confirmed, the oldest first, and how many."""
    rows = session.execute(
        select(QuantityDecision.plate_code, func.count())
        .where(
            QuantityDecision.voided_at.is_(None), QuantityDecision.confirmed_at.is_(None),
            QuantityDecision.step != NextStep.REPEAT,
        )
        .group_by(QuantityDecision.plate_code)
        .order_by(func.min(QuantityDecision.id))
        .limit(limit)
    )  # fmt: skip
    return tuple((code, count) for code, count in rows)


def last_wells(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return the well (its id) whose figures were taken in last, for those that have figures."""
    rows = session.execute(
        select(Quantity.extract_code, Quantity.well_id)
        .where(Quantity.extract_code.in_(codes), Quantity.voided_at.is_(None))
        .order_by(Quantity.id)
    )
    return {code: well_id for code, well_id in rows if code is not None}


def extract_with_batch(session: Session, code: str) -> tuple[Extract, Batch]:
    """Return an extract and the batch it was made in; raises NotAnExtract."""
    row = session.execute(
        select(Extract, Batch)
        .join(Batch, Batch.code == Extract.batch_code)
        .where(Extract.code == code)
    ).one_or_none()
    if row is None:
        raise NotAnExtract(code=code)
    extract, batch = row
    return extract, batch


def taken_of(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return what was taken of each extract of `codes`, nanolitres: wells of the two stages."""
    rows = session.execute(
        select(Well.subject_code, func.sum(Well.volume_nl))
        .join(Plate, Plate.code == Well.plate_code)
        .where(
            Well.subject_code.in_(codes), Well.voided_at.is_(None),
            Plate.activity.in_((Activity.QUANTIFICATION, Activity.AMPLIFICATION)),
        )
        .group_by(Well.subject_code)
    )  # fmt: skip
    return {code: int(taken or 0) for code, taken in rows if code is not None}


def concentration_of(session: Session, code: str) -> int | None:
    """Return what is known of the concentration of an extract or dilution, fg/µl, or None."""
    dilution = session.get(Dilution, code)
    if dilution is not None:
        return dilution.fg_per_ul
    decision = decision_of(session, code)
    return decision.fg_per_ul if decision is not None else None


def volume_left(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return what is left of each extract of `codes`, nanolitres; wells of open plates are gone."""
    taken = taken_of(session, codes)
    rows = session.execute(select(Extract.code, Extract.used_nl).where(Extract.code.in_(codes)))
    left = amounts_left(session, codes)
    # A well voided by itself is free at once; the amount says so at the next act on the tube.
    return {code: left.get(code, 0) + used - taken.get(code, 0) for code, used in rows}
