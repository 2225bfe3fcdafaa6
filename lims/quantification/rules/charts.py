# SPDX-License-Identifier: Apache-2.0
"""Where the lines and points of the charts of a plate lie. Whole numbers of a drawing's units.

Drawing only: nothing here is evidence, the figures stand in the tables beside the charts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lims.quantification.rules.deciding import Limits, Target
from lims.quantification.rules.figures import CurveFigures, expected_ct_milli
from lims.quantification.rules.findings import ng_text

WIDTH, HEIGHT = 440, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 34
SHADES = 5


@dataclass(frozen=True)
class Tick:
    """A line of the grid and what stands at it."""

    at: int
    text: str


@dataclass(frozen=True)
class Point:
    """A measured point: where, and what it is of."""

    x: int
    y: int
    name: str
    fg_per_ul: int
    ct_milli: int
    off_milli: int | None
    """How far its cycle lies from the curve."""


@dataclass(frozen=True)
class CurveChart:
    """A standard curve: its points, its line (x1, y1, x2, y2), its axes."""

    target: Target
    points: tuple[Point, ...]
    line: tuple[int, int, int, int] | None
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Bar:
    """The degradation of one well; `kind` is "" for usual, "severe", or "no long ones"."""

    position: str
    code: str
    x: int
    y: int
    width: int
    height: int
    di_milli: int | None
    kind: str


@dataclass(frozen=True)
class DegradationChart:
    """Degradation of the wells of a plate on a logarithmic scale, with the limit across it."""

    bars: tuple[Bar, ...]
    up: tuple[Tick, ...]
    limit: int
    width: int
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Cell:
    """A well of the heat map: how dark it is from 0 (nothing) to SHADES, and its figure."""

    position: str
    row: int
    column: int
    shade: int
    text: str
    role: str


def curve_chart(
    target: Target, points: Sequence[tuple[str, int, int]], curve: CurveFigures | None
) -> CurveChart | None:
    """Draw (name, fg/µl, thousandths of a cycle) and the curve; None where nothing came up."""
    seen = [point for point in points if point[1] > 0]
    if not seen:
        return None
    low = math.floor(min(math.log10(fg) for _name, fg, _ct in seen) - 6 - 0.05)
    high = math.ceil(max(math.log10(fg) for _name, fg, _ct in seen) - 6 + 0.05)
    line = None
    ends = [
        expected_ct_milli(curve, 10 ** (power + 6)) if curve is not None else None
        for power in (low, high)
    ]
    cycles = [ct for _name, _fg, ct in seen] + [ct for ct in ends if ct is not None]
    bottom, top = min(cycles) // 5000 * 5, -(-max(cycles) // 5000) * 5
    top = max(top, bottom + 5)

    def x_of(log: float) -> int:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (log - low) / max(1, high - low))

    def y_of(ct_milli: int) -> int:
        share = (ct_milli / 1000 - bottom) / (top - bottom)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share)

    if ends[0] is not None and ends[1] is not None:
        line = (x_of(low), y_of(ends[0]), x_of(high), y_of(ends[1]))
    drawn = []
    for name, fg, ct in seen:
        expected = expected_ct_milli(curve, fg) if curve is not None else None
        drawn.append(
            Point(
                x_of(math.log10(fg) - 6), y_of(ct), name, fg, ct,
                None if expected is None else ct - expected,
            )
        )  # fmt: skip
    return CurveChart(
        target, tuple(drawn), line,
        tuple(Tick(x_of(power), f"{10.0**power:g}") for power in range(low, high + 1)),
        tuple(Tick(y_of(ct * 1000), str(ct)) for ct in range(bottom, top + 1, 5)),
    )  # fmt: skip


def degradation_chart(
    wells: Sequence[tuple[str, str, int | None, bool]], limits: Limits
) -> DegradationChart | None:
    """Draw the index of degradation of (position, code, thousandths or None, severe) in order.

    None and severe is: no long pieces at all. Returns None where nothing is known.
    """
    known = [one for one in wells if one[2] is not None or one[3]]
    if not known:
        return None
    most = max([limits.severe_di_milli * 2, *(di for _p, _c, di, _s in known if di is not None)])
    top = max(2, math.ceil(math.log10(most / 1000)))

    def y_of(di_milli: int) -> int:
        share = (math.log10(max(di_milli, 100) / 1000) + 1) / (top + 1)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(1.0, share))

    step = 26 if len(known) <= 24 else 14
    bars = []
    for number, (position, code, di, severe) in enumerate(known):
        y = TOP if di is None else y_of(di)
        kind = "no long ones" if di is None else "severe" if severe else ""
        bars.append(
            Bar(
                position, code, LEFT + 8 + number * step, y, step - 6,
                max(2, HEIGHT - BOTTOM - y), di, kind,
            )
        )  # fmt: skip
    ticks = tuple(Tick(y_of(10 ** (power + 3)), f"{10.0**power:g}") for power in range(-1, top + 1))
    width = max(WIDTH, LEFT + 16 + len(known) * step + RIGHT)
    return DegradationChart(tuple(bars), ticks, y_of(limits.severe_di_milli), width)


def heat_map(wells: Mapping[str, tuple[str, int | None]]) -> tuple[Cell, ...]:
    """Return the wells of a plate by how much they hold; `wells` are role and fg/µl by position.

    Shades go by powers of ten: up to 0.001 ng/µl, 0.01, 0.1, 1, and more.
    """
    cells = []
    for position, (role, fg) in wells.items():
        shade = 0
        if fg:
            shade = min(SHADES, max(1, math.ceil(math.log10(fg) - 6 + 4)))
        text = "–" if fg is None else _short(fg)
        cells.append(
            Cell(position, ord(position[0]) - ord("A"), int(position[1:]) - 1, shade, text, role)
        )
    return tuple(cells)


def _short(fg_per_ul: int) -> str:
    """Return ng/µl in at most five characters, for a well of a picture."""
    if fg_per_ul == 0:
        return "0"
    if fg_per_ul < 100:
        return "<.0001"
    ng = fg_per_ul / 1_000_000
    text = f"{ng:.3g}" if ng >= 0.001 else f"{ng:.2g}"
    return text.removeprefix("0") if "e" not in text else ng_text(fg_per_ul).removeprefix("0")
