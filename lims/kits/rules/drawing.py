# SPDX-License-Identifier: Apache-2.0
"""A kit drawn: a lane a dye, a block a locus where its ladder is seen, a line a bin."""

from dataclasses import dataclass

from instruments.analyzers.kit import BASE_PAIR, Dye, Kit, Marker, SizeStandard
from instruments.analyzers.size_standards import size_standards_of

WIDTH = 960
LANE = 64
_LEFT = 8
_TOP = 26
_BLOCK = 26
_STEP = 50 * BASE_PAIR


@dataclass(frozen=True)
class Block:
    """A locus in its lane; `x`, `width` and the `bins` are units of the drawing."""

    marker: Marker
    x: int
    width: int
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Lane:
    """One dye: its loci as they are seen, or the peaks of the size standard."""

    dye: Dye
    y: int
    blocks: tuple[Block, ...]
    peaks: tuple[int, ...]


@dataclass(frozen=True)
class Drawing:
    """The whole kit; `axis` are (x, bp)."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    axis: tuple[tuple[int, int], ...]
    standard: str


def drawn(kit: Kit, standards: tuple[SizeStandard, ...]) -> Drawing:
    """Return a kit as it is seen with its usual size standard; `standards` are those on record."""
    usual = size_standards_of(kit, (*kit.standards, *standards))
    standard = usual[0] if usual else None
    family = standard.family if standard is not None else ""
    seen = {marker.name: _seen(marker, family) for marker in kit.markers}
    first = min(low for low, _ in seen.values())
    last = max(high for _, high in seen.values())
    start, end = first // _STEP * _STEP, -(-last // _STEP) * _STEP

    def x(size: int) -> int:
        return _LEFT + (size - start) * (WIDTH - 2 * _LEFT) // (end - start)

    lanes = []
    for place, dye in enumerate(kit.dyes):
        blocks = tuple(
            Block(
                marker, x(seen[marker.name][0]),
                max(2, x(seen[marker.name][1]) - x(seen[marker.name][0])),
                tuple(x(rung.size + marker.shift(family)) for rung in marker.ladder),
            )
            for marker in kit.markers_of(dye.number, family)
        )  # fmt: skip
        peaks = standard.peaks if standard and dye.number == kit.size_standard_dye else ()
        shown = tuple(x(peak) for peak in peaks if start <= peak <= end)
        lanes.append(Lane(dye, _TOP + place * LANE, blocks, shown))
    return Drawing(
        width=WIDTH, height=_TOP + LANE * len(lanes) + 4, lanes=tuple(lanes),
        axis=tuple((x(size), size // BASE_PAIR) for size in range(start, end + 1, _STEP)),
        standard=standard.name if standard is not None else "",
    )  # fmt: skip


def _seen(marker: Marker, family: str) -> tuple[int, int]:
    """Return from where to where the ladder of a locus is seen, with its first and last bin."""
    shift = marker.shift(family)
    low, high = marker.ladder[0].size + shift - BASE_PAIR, marker.ladder[-1].size + shift
    return low, high + BASE_PAIR
