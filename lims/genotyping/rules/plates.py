# SPDX-License-Identifier: Apache-2.0
"""Where ladders stand on an injection plate, and names pasted as a table."""

from collections.abc import Collection

from lims.genotyping.rules.refusals import NameLineMalformed, NoRoomForLadder
from lims.plates.rules import PLATE_POSITIONS, read_position

INJECTABLE_DAYS = 30
"""How long after amplification a plate may be injected, days."""

COLUMNS_OF_LADDER = 3
"""One ladder serves this many columns of eight: 24 capillaries, or three times eight."""


def ladder_positions(filled: Collection[str], *, code: str) -> tuple[str, ...]:
    """Return a free position for one ladder in every 24 wells that hold something.

    It stands among the wells it serves; where these are full, in the first free well of the
    plate. Raises NoRoomForLadder naming the plate `code`.
    """
    taken = set(filled)
    blocks: dict[int, list[str]] = {}
    for position in PLATE_POSITIONS:
        blocks.setdefault((int(position[1:]) - 1) // COLUMNS_OF_LADDER, []).append(position)
    served = [block for block in blocks.values() if taken & set(block)]
    free = [position for position in PLATE_POSITIONS if position not in taken]
    if len(free) < len(served):
        raise NoRoomForLadder(code=code, free=len(free), needed=len(served))
    chosen: list[str] = []
    homeless = 0
    for block in served:
        own = [position for position in block if position not in taken]
        if own:
            chosen.append(own[0])
            taken.add(own[0])
        else:
            homeless += 1
    chosen += [position for position in PLATE_POSITIONS if position not in taken][:homeless]
    return tuple(sorted(chosen, key=PLATE_POSITIONS.index))


def read_names(text: str) -> dict[str, str]:
    """Read a pasted table of a well and a name a line; `-` or nothing takes a name back.

    Raises NameLineMalformed with the line's number, NotAPosition.
    """
    names: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = line.replace(",", "\t", 1).split(None, 1) if "\t" not in line else line.split("\t")
        place = read_position(parts[0])
        name = parts[1].strip() if len(parts) > 1 else ""
        if place in names or len(name) > 120:
            raise NameLineMalformed(line=number, read=line.strip()[:40])
        names[place] = "" if name == "-" else name
    return names
