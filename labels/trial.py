# SPDX-License-Identifier: Apache-2.0
"""A layout on trial before it is used: the shortest, the longest and the longest Arabic values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labels import pdf, preview, zpl
from labels.errors import LabelError
from labels.layout import DPIS, Code, Layout, Values, check

PAYLOAD = "B34F7K9QXRW"

STURDY_DOTS = 3
"""Dots a module from which a symbol is read with a dead dot of the print head through it."""

SHORTEST = "shortest"
LONGEST = "longest"
ARABIC = "arabic"

VALUES: Mapping[str, Values] = {
    SHORTEST: Values(PAYLOAD[:9]),
    LONGEST: Values(
        PAYLOAD,
        code="B34 F7K 9QX",
        kind="reagent blank",
        line1="right femur, shaft",
        line2="12.5 ng/µl",
        date="2026-10-14",
        anchor="123456789:QJ2AWXK3MW",
        copy="·12",
    ),
    ARABIC: Values(
        PAYLOAD,
        kind="شاهد الكواشف",
        line1="العظم الصخري (أيمن)",
        line2="عيّنة ٣/١٢",
        date="2026-10-14",
        anchor="123456789:QJ2AWXK3MW",
        copy="·12",
    ),
}
"""What every label must hold: the least it can say, the most, and the most in Arabic."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a layout: on a printer of `dpi`, with the values of this name."""

    dpi: int
    values: str
    error: LabelError


def faults(layout: Layout) -> Iterator[Fault]:
    """Give what would go wrong with a layout, each field and reason once.

    Every resolution is tried with all values: modules of whole dots, white round the symbols,
    everything inside and clear of each other, the longest words within their places. What is
    drawn is read again, dots against payload.
    """
    told: set[tuple[str, str]] = set()
    for dpi in DPIS:
        for name, values in VALUES.items():
            try:
                _try(layout, name, values, dpi)
            except LabelError as error:
                if (error.reason, error.field) not in told:
                    told.add((error.reason, error.field))
                    yield Fault(dpi, name, error)


def frail_at(layout: Layout) -> tuple[int, ...]:
    """Return the resolutions at which one dead dot of the print head can ruin a whole label.

    Of a module of two dots a dead one takes half, and closing the gap closes the white modules too
    (measured). Such labels are right when the print head is, and are best printed at 300 dpi.
    """
    symbols = [each for each in layout.fields if isinstance(each, Code)]
    return tuple(dpi for dpi in DPIS if all(each.dots.at(dpi) < STURDY_DOTS for each in symbols))


def prove(layout: Layout) -> None:
    """Raise the LabelError of a layout's first fault, if it has one."""
    for fault in faults(layout):
        raise fault.error


def _try(layout: Layout, name: str, values: Values, dpi: int) -> None:
    if not any(isinstance(each, Code) for each in layout.fields):
        raise LabelError("absent", "payload", "", "a symbol")
    if not layout.shows("code") and not all(layout.shows(f"code{part}") for part in (1, 2, 3)):
        raise LabelError("absent", "code", "", "the code in letters: code, or code1 to code3")
    if name != SHORTEST:
        check(layout, dpi=dpi, longest_values=values)
    drawn = zpl.render(layout, values, dpi=dpi)
    symbols = [each for each in layout.fields if isinstance(each, Code)]
    if preview.codes_in(drawn) != (values.payload,) * len(symbols):
        raise LabelError("bad_payload", "payload", values.payload, "symbols that hold the payload")
    if dpi == pdf.GRID_DPI:
        pdf.render(layout, values)
