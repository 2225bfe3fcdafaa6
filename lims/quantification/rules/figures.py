# SPDX-License-Identifier: Apache-2.0
"""Figures of quantification read exactly: ng/µl to fg/µl, cycles to thousandths; curves fitted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Protocol

from instruments.analyzers.quantification import fit
from lims.core.errors import Refusal
from lims.core.words import N_
from lims.quantification.rules.deciding import Target

NOT_DETECTED = frozenset({"nd", "n.d.", "-", "–", "undetermined", "undet"})
"""What people and instruments write where nothing was detected."""

_FIGURE = re.compile("([0-9]{1,6})(?:[.,\u066b]([0-9]{1,6}))?")
_UNSEEN = re.compile("[\\s\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]+")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_MOST_FG_PER_UL = 10**15


class QuantityNotRead(Refusal):
    """What was typed is not a concentration."""

    says = N_("“%(read)s” in %(position)s is not a figure in %(unit)s.")
    do = N_("Give it as 0.0125, with at most %(places)s decimals; ND where nothing was detected.")
    status = 422


class CurveOrigin(StrEnum):
    """Where a standard curve comes from."""

    FILE = "file"
    FITTED = "fitted"


class Curve(Protocol):
    """A standard curve as readers give it: Ct = slope · log10(quantity) + intercept."""

    @property
    def slope(self) -> Decimal: ...
    @property
    def intercept(self) -> Decimal | None: ...
    @property
    def r_squared(self) -> Decimal | None: ...


@dataclass(frozen=True)
class CurveFigures:
    """A standard curve in whole numbers: thousandths of cycles, R² in millionths."""

    slope_milli: int
    intercept_milli: int | None
    r2_ppm: int | None

    @classmethod
    def of(cls, curve: Curve) -> "CurveFigures":
        """Return a curve as a reader gave it, rounded to the last digit that is kept."""
        return cls(
            _scaled(curve.slope, 3),
            None if curve.intercept is None else _scaled(curve.intercept, 3),
            None if curve.r_squared is None else _scaled(curve.r_squared, 6),
        )


@dataclass(frozen=True)
class Figure:
    """One target of one well: fg/µl (None: not detected), thousandths of a cycle (None: none)."""

    position: str
    target: Target
    fg_per_ul: int | None
    ct_milli: int | None
    as_written: str


def read_concentration(read: str, *, position: str) -> int | None:
    """Return fg/µl from ng/µl as a person typed it, exactly; None for "not detected".

    Taken: digits Latin, Arabic-Indic or Persian; a point, a comma or the Arabic decimal sign; at
    most six decimals. Raises QuantityNotRead.
    """
    return _typed(read, places=6, unit="ng/µl", position=position)


def read_cycles(read: str, *, position: str) -> int | None:
    """Return thousandths of a cycle from a Ct as a person typed it; None for "undetermined".

    Raises QuantityNotRead.
    """
    return _typed(read, places=3, unit="Ct", position=position)


def femtograms(ng_per_ul: Decimal) -> int:
    """Return fg/µl of a concentration in ng/µl, to the nearest whole one.

    Raises ValueError for a negative one, and for one that no solution of DNA can have.
    """
    found = _scaled(ng_per_ul, 6)
    if not 0 <= found <= _MOST_FG_PER_UL:
        raise ValueError(f"no concentration of DNA: {ng_per_ul} ng/µl")
    return found


def milli(cycles: Decimal) -> int:
    """Return thousandths of a cycle, to the nearest whole one."""
    return _scaled(cycles, 3)


def fitted(points: Sequence[tuple[int, int]]) -> CurveFigures | None:
    """Fit a standard curve to (fg/µl, thousandths of a cycle); None for fewer than three levels."""
    found = fit([(Decimal(fg).scaleb(-6), Decimal(ct).scaleb(-3)) for fg, ct in points])
    if found is None:
        return None
    return CurveFigures(
        _scaled(found.slope, 3), _scaled(found.intercept, 3), _scaled(found.r_squared, 6)
    )


def efficiency_permille(slope_milli: int) -> int | None:
    """Return the efficiency of amplification of a slope, per mille: 10^(-1/slope) - 1.

    1000 doubles the template in each cycle. None for a slope that does not fall.
    """
    if slope_milli >= 0:
        return None
    power = _EXACT.power(Decimal(10), _EXACT.divide(Decimal(-1000), Decimal(slope_milli)))
    return _scaled(min(power, Decimal(1_000)) - 1, 3)


def expected_ct_milli(curve: CurveFigures, fg_per_ul: int) -> int | None:
    """Return thousandths of the cycle that a curve gives for a quantity; None: it gives none."""
    if curve.intercept_milli is None or fg_per_ul <= 0:
        return None
    log = _EXACT.log10(Decimal(fg_per_ul)) - 6
    return _scaled(Decimal(curve.slope_milli) * log + curve.intercept_milli, 0)


def _typed(read: str, *, places: int, unit: str, position: str) -> int | None:
    text = _UNSEEN.sub("", read).translate(_ARABIC_DIGITS)
    if text.casefold() in NOT_DETECTED:
        return None
    found = _FIGURE.fullmatch(text)
    part = (found[2] or "") if found is not None else ""
    if found is None or len(part) > places:
        raise QuantityNotRead(read=read[:40], position=position, unit=unit, places=places)
    return int(found[1] + part.ljust(places, "0"))


def _scaled(figure: Decimal, places: int) -> int:
    return int(figure.scaleb(places, context=_EXACT).to_integral_value(rounding=ROUND_HALF_EVEN))
