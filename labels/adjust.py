# SPDX-License-Identifier: Apache-2.0
"""What one printer needs besides the layout: where its print lies, how dark and how fast it prints.

Found with the ruler (`labels.ruler`). An offset moves every mark by whole dots, so that modules
stay whole; darkness and speed are in the steps of the printer's own language.
"""

from dataclasses import dataclass, replace

from labels.errors import LabelError
from labels.layout import Line, Plan, Symbol

MOST_OFFSET_DOTS = 120
"""At 600 dpi 5 mm: more is a roll that is not where it should be."""

ZPL_DARKNESS = range(-15, 16)
"""Steps beside the darkness set at the panel (^MD); the whole way to 30 burns small modules."""

TSPL_DARKNESS = range(16)
"""Steps as such (DENSITY)."""

SPEEDS = range(1, 15)
"""Inches a second."""


@dataclass(frozen=True)
class Adjust:
    """The corrections of one printer; x to the right and y down, in dots of that printer.

    Darkness and speed of None are those set at the printer.
    """

    x: int = 0
    y: int = 0
    darkness: int | None = None
    speed: int | None = None


NONE = Adjust()


def moved(plan: Plan, adjust: Adjust) -> Plan:
    """Return a label's plan with every mark moved; it grows wider where they move to the right.

    Raises LabelError `outside` when a mark would lie left of the print head's first dot, above the
    label's first line or in the gap below its last, where it would not be on this label.
    """
    if not adjust.x and not adjust.y:
        return plan
    offset = f"{adjust.x}, {adjust.y} dots"
    marks: tuple[Symbol | Line, ...] = (*plan.symbols, *plan.lines)
    for mark in marks:
        left, top = mark.x + adjust.x, mark.y + adjust.y
        if left < 0 or top < 0 or top + mark.ink.height > plan.height:
            raise LabelError("outside", mark.field, offset, "an offset that leaves it on the label")
    return replace(
        plan,
        width=plan.width + max(adjust.x, 0),
        symbols=tuple(
            replace(each, x=each.x + adjust.x, y=each.y + adjust.y) for each in plan.symbols
        ),
        lines=tuple(
            replace(
                each,
                x=each.x + adjust.x,
                y=each.y + adjust.y,
                origin=each.origin + adjust.x,
                baseline=each.baseline + adjust.y,
            )
            for each in plan.lines
        ),
    )
