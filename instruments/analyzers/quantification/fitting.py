# SPDX-License-Identifier: Apache-2.0
"""Standard curves fitted to their standards, and quantities read off them. Decimals only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

from instruments.analyzers.quantification.values import MeasuredQuantity, Task

EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
LEAST_LEVELS = 3
"""Of different quantities that make a line worth the name."""

_PLACES = Decimal("0.000001")  # femtograms of ng/µl


@dataclass(frozen=True)
class Fit:
    """Ct = slope · log10(quantity in ng/µl) + intercept, with its coefficient of determination."""

    slope: Decimal
    intercept: Decimal
    r_squared: Decimal
    levels: int

    def quantity(self, ct: Decimal) -> Decimal | None:
        """Return ng/µl at a cycle, to six decimals; None where the line says nothing sensible."""
        if not self.slope:
            return None
        power = EXACT.divide(ct - self.intercept, self.slope)
        if not -30 < power < 30:
            return None
        return EXACT.power(Decimal(10), power).quantize(_PLACES, context=EXACT)


def fit(points: Sequence[tuple[Decimal, Decimal]]) -> Fit | None:
    """Fit a standard curve to (ng/µl, cycles); None for fewer than three levels.

    Ordinary least squares of Ct on log10 of the quantity, with 40 digits: the same on every
    machine.
    """
    points = [point for point in points if point[0] > 0]
    levels = len({quantity for quantity, _ct in points})
    if levels < LEAST_LEVELS:
        return None
    logs = [EXACT.log10(quantity) for quantity, _ct in points]
    cycles = [ct for _quantity, ct in points]
    count = Decimal(len(points))
    mean_x = EXACT.divide(sum(logs, Decimal(0)), count)
    mean_y = EXACT.divide(sum(cycles, Decimal(0)), count)
    sxx = sum(((x - mean_x) ** 2 for x in logs), Decimal(0))
    syy = sum(((y - mean_y) ** 2 for y in cycles), Decimal(0))
    sxy = sum(((x - mean_x) * (y - mean_y) for x, y in zip(logs, cycles, strict=True)), Decimal(0))
    slope = EXACT.divide(sxy, sxx)
    r_squared = EXACT.divide(sxy * sxy, sxx * syy) if syy else Decimal(0)
    return Fit(slope, mean_y - slope * mean_x, r_squared, levels)


def fits_of(rows: Sequence[MeasuredQuantity]) -> dict[str, Fit]:
    """Return the curve of each target (its text) that the standards of a table give."""
    points: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for row in rows:
        if row.task is Task.STANDARD and not row.omitted and row.quantity and row.ct is not None:
            points.setdefault(row.target_text, []).append((row.quantity, row.ct))
    found = {target: fit(given) for target, given in points.items()}
    return {target: one for target, one in found.items() if one is not None}


def read_off(rows: Sequence[MeasuredQuantity]) -> tuple[MeasuredQuantity, ...] | None:
    """Return the rows with quantities read off their own standards; None without standards.

    For files that give cycles only, such as RDML.
    """
    curves = fits_of(rows)
    if not curves:
        return None
    return tuple(
        replace(row, quantity=curves[row.target_text].quantity(row.ct))
        if row.task is not Task.STANDARD and row.ct is not None and row.target_text in curves
        else row
        for row in rows
    )
