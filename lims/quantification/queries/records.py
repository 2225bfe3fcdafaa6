# SPDX-License-Identifier: Apache-2.0
"""Reading quantities, decisions, curves and what is left of extracts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
from lims.quantification.rules import (
    LIMITS,
    BlankMeasured,
    CurveFigures,
    Finding,
    Limits,
    NotAnExtract,
    NotAQuantificationPlate,
    blank_findings,
    curve_findings,
    highest,
    inhibition_finding,
    mean,
    no_template_findings,
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
    batches: Mapping[str, str]
    """The extraction batch of each extract on the plate."""

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

    def faults(self, limits: Limits = LIMITS) -> tuple[Finding, ...]:
        """Return what curve and no-template wells say of the whole plate; nothing unmeasured."""
        if not self.figures:
            return ()
        empty = {
            well.position: self.amounts(well)
            for well in self.wells
            if well.role is WellRole.NEGATIVE
        }
        return (*curve_findings(self.curves, limits), *no_template_findings(empty, limits))


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
    return PlateMeasured(plate, wells, figures, curves_of(session, code), dict(rows.all()))


def findings_of(session: Session, code: str, *, limits: Limits = LIMITS) -> tuple[Finding, ...]:
    """Return everything that is wrong with a plate, the gravest first."""
    measured = measured_plate(session, code)
    decisions = decisions_of(session, list(measured.batches))
    late = tuple(
        inhibition_finding(well.subject_code, well.position, decision.ipc_shift_milli)
        for well in measured.wells
        if well.subject_code
        and (decision := decisions.get(well.subject_code)) is not None
        and decision.well_id == well.id
        and decision.inhibited
    )
    faults = measured.faults(limits)
    order = ("fail", "hold", "warn")
    found = (*faults, *blank_findings(measured.blanks(), limits), *late)
    return tuple(sorted(found, key=lambda finding: order.index(finding.weight)))


def curves_of(session: Session, plate_code: str) -> dict[Target, CurveFigures]:
    """Return the standard curves of a plate, of its newest table that has any."""
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
    return {
        curve.target: CurveFigures(curve.slope_milli, curve.intercept_milli, curve.r2_ppm)
        for curve in session.scalars(found)
    }


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
