# SPDX-License-Identifier: Apache-2.0
"""A table of quantities against the plate it claims to be of: all of it fits, or none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from instruments.analyzers.quantification import MeasuredQuantity, QuantificationTable, Task
from instruments.analyzers.texts import column_key
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.plates.models import Plate, Well
from lims.plates.rules import WellRole
from lims.quantification.rules import (
    CurveFigures,
    Figure,
    FigureImpossible,
    FigureMissing,
    FigureRepeated,
    HalfMeasured,
    OtherPlateNamed,
    Target,
    UnknownSample,
    UnknownTarget,
    WellDisagrees,
    femtograms,
    fitted,
    milli,
)

EMPTY = "–"
"""What the plate says of a well in which nothing stands."""

_HELD = (WellRole.SAMPLE, WellRole.BLANK)

_NAME_KEYS = ("experimentbarcode", "barcode", "platename", "platebarcode", "plateid", "plate")
"""Where the head of an export names the plate itself."""

_PLATE_KEYS = (*_NAME_KEYS, "experimentname", "experimentfilename", "runname", "run")
"""Where it may name one among other words."""


@dataclass(frozen=True)
class Matched:
    """The figures of a table by the wells of our plate, and its standard curves.

    `given` are the instrument's own curves, `fitted` those of its standards.
    """

    figures: tuple[Figure, ...]
    given: Mapping[Target, CurveFigures]
    fitted: Mapping[Target, CurveFigures]


def match_table(table: QuantificationTable, plate: Plate, wells: Sequence[Well]) -> Matched:
    """Return what a table says of each well of a plate.

    Rows with a well must name what stands there (its code, or the name the cycler was given);
    rows without one are found by their name. Empty rows and rows the instrument omitted are left
    out. Raises OtherPlateNamed, WellDisagrees, UnknownSample, UnknownTarget, FigureRepeated,
    FigureImpossible, FigureMissing, HalfMeasured.
    """
    _refuse_other_plate(table, plate)
    figures: dict[tuple[str, Target], Figure] = {}
    points: dict[Target, list[tuple[int, int]]] = {}
    unsaid: list[tuple[Well, Target]] = []
    for row, well in _placed(table, plate.code, wells):
        target = _target(row)
        if row.omitted:
            continue
        if _says_no_quantity(row, target) and well is not None and well.role in _HELD:
            unsaid.append((well, target))
            continue
        figure = _figure(row, target, well)
        if row.task is Task.STANDARD and figure.fg_per_ul and figure.ct_milli is not None:
            points.setdefault(target, []).append((figure.fg_per_ul, figure.ct_milli))
        if well is None:
            continue
        if (well.position, target) in figures:
            raise FigureRepeated(line=row.line, target=target.value, position=well.position)
        figures[well.position, target] = figure
    held = [well for well in wells if well.role in _HELD]
    missing = [well for well in held if (well.position, Target.SMALL) not in figures]
    if len(missing) > 1:
        raise HalfMeasured(
            missing=len(missing), wells=len(held), positions=_listed(missing),
        )  # fmt: skip
    lacking = [(well, Target.SMALL) for well in missing] or unsaid
    if lacking:
        well, target = lacking[0]
        raise FigureMissing(
            code=well.subject_code or "", position=well.position, target=target.value
        )
    given = {
        Target(curve.target.value): CurveFigures.of(curve)
        for curve in table.curves
        if curve.target is not None and curve.target.value != Target.IPC
    }
    fits = {target: fitted(found) for target, found in points.items() if target is not Target.IPC}
    return Matched(
        tuple(figures.values()), given,
        {target: found for target, found in fits.items() if found is not None},
    )  # fmt: skip


def _listed(wells: Sequence[Well]) -> str:
    shown = ", ".join(well.position for well in wells[:12])
    return f"{shown} …" if len(wells) > 12 else shown


def _refuse_other_plate(table: QuantificationTable, plate: Plate) -> None:
    """Refuse a file whose head names another plate: by our code, or by the name it was given."""
    own = {plate.code, plate.file_plate_name.strip().casefold()}
    for key, said in table.head.items():
        if column_key(key) not in _PLATE_KEYS or not said.strip():
            continue
        read = _name(said)
        if read == plate.code or read.casefold() in own:
            continue
        if _is_plate(said) or (plate.file_plate_name and column_key(key) in _NAME_KEYS):
            raise OtherPlateNamed(read=said[:60], plate=plate.code)


def _is_plate(said: str) -> bool:
    try:
        return read_payload(said).kind is Kind.PLATE
    except MistypedCode:
        return False


def _placed(
    table: QuantificationTable, plate_code: str, wells: Sequence[Well]
) -> Iterator[tuple[MeasuredQuantity, Well | None]]:
    """Yield each row that says something with its well; None for a standard without a place."""
    by_position = {well.position: well for well in wells}
    by_name = {_expected(well): well for well in wells if well.role in _HELD}
    empty = [well for well in wells if well.role is WellRole.NEGATIVE]
    for row in table.rows:
        says_nothing = row.quantity is None and row.ct is None and not row.undetermined
        if says_nothing and not row.sample:
            continue
        read = _name(row.sample)
        if row.well is not None:
            well = by_position.get(row.well)
            if not _agrees(row, read, well, by_name):
                raise WellDisagrees(
                    position=row.well, read=row.sample or row.task.value, line=row.line,
                    expected=EMPTY if well is None else _expected(well),
                )  # fmt: skip
            yield row, well
        elif read in by_name:
            yield row, by_name[read]
        elif row.task is Task.NO_TEMPLATE and len(empty) == 1:
            yield row, empty[0]
        elif row.task is Task.STANDARD:
            yield row, None
        else:
            raise UnknownSample(line=row.line, read=row.sample[:60], plate=plate_code)


def _agrees(
    row: MeasuredQuantity, read: str, well: Well | None, by_name: Mapping[str, Well]
) -> bool:
    if well is None:
        return False
    if well.role in _HELD:
        return read == _expected(well) and row.task is Task.SAMPLE
    # A control has no code in the cycler's software, but it must not be one of the samples, and
    # where the file says what it is for, that must be what stands there.
    if read in by_name:
        return False
    if row.task is Task.STANDARD:
        return well.role is WellRole.STANDARD
    if row.task is Task.NO_TEMPLATE:
        return well.role is WellRole.NEGATIVE
    return well.role is WellRole.NEGATIVE


def _expected(well: Well) -> str:
    return well.file_sample_name.strip() or well.subject_code or well.role.value


def _name(read: str) -> str:
    """Return a code however it is written (in threes, with its label instance), else the text."""
    try:
        return read_payload(read).code
    except MistypedCode:
        return read.strip()


def _target(row: MeasuredQuantity) -> Target:
    if row.target is None:
        raise UnknownTarget(line=row.line, target=row.target_text[:60])
    return Target(row.target.value)


def _says_no_quantity(row: MeasuredQuantity, target: Target) -> bool:
    """Return whether a row leaves the quantity out: that is not "no DNA"."""
    nothing_seen = row.undetermined or row.quantity_text.casefold().startswith("und")
    return row.quantity is None and not nothing_seen and target is not Target.IPC


def _figure(row: MeasuredQuantity, target: Target, well: Well | None) -> Figure:
    position = well.position if well is not None else ""
    if _says_no_quantity(row, target) and row.ct is not None and row.task is Task.SAMPLE:
        raise FigureMissing(code=row.sample[:60], position=position, target=target.value)
    try:
        amount = femtograms(row.quantity) if row.quantity is not None else None
    except ValueError:
        raise FigureImpossible(line=row.line, read=row.quantity_text[:40]) from None
    return Figure(
        position, target, amount, milli(row.ct) if row.ct is not None else None,
        (row.quantity_text or row.ct_text)[:40],
    )  # fmt: skip
