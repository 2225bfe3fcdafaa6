# SPDX-License-Identifier: Apache-2.0
"""Where ladders stand on an injection plate, and names pasted as a table."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from lims.genotyping.rules.refusals import (
    InjectionSetOdd,
    LadderMissing,
    NameLineMalformed,
    NoRoomForLadder,
    NoRoomInSet,
)
from lims.plates.rules import PLATE_POSITIONS, read_position

INJECTABLE_DAYS = Decimal(30)
"""How long after amplification a plate may be injected, days, where its procedure says nothing."""

AGE_LIMIT = "days_after_amplification"
LADDER_LIMIT = "wells_per_ladder"
"""Names of limits of a procedure of injection."""

USUAL_SET = 24
"""One ladder is placed for so many wells where the procedure says nothing, and there is room."""

INJECTION_SETS = (4, 8, 16, 24, 48, 96)
"""So many wells an injection set may have: the capillaries of one injection or of several."""


def wells_per_ladder(limits: Mapping[str, Decimal], *, procedure: str) -> int | None:
    """Return in how many wells, by the order of injection, a ladder must stand; None: one a run.

    Raises InjectionSetOdd for a number that is none of INJECTION_SETS.
    """
    said = limits.get(LADDER_LIMIT)
    if said is None:
        return None
    if said not in INJECTION_SETS:
        known = ", ".join(str(one) for one in INJECTION_SETS)
        raise InjectionSetOdd(name=procedure, limit=LADDER_LIMIT, read=f"{said:f}", known=known)
    return int(said)


def ladder_positions(
    filled: Collection[str], *, code: str, each: int | None = None
) -> tuple[str, ...]:
    """Return a free position for the ladder of every injection set that holds something.

    `each` is how many wells are a set, and each must have its own ladder: NoRoomInSet names one
    that is full. None: one for 24 wells, among them or, where these are full, in the first free
    well of the plate; NoRoomForLadder where there is none.
    """
    taken = set(filled)
    served = [block for block in _sets(each or USUAL_SET) if taken & set(block)]
    free = [position for position in PLATE_POSITIONS if position not in taken]
    if each is None and len(free) < len(served):
        raise NoRoomForLadder(code=code, free=len(free), needed=len(served))
    chosen: list[str] = []
    homeless = 0
    for block in served:
        own = [position for position in block if position not in taken]
        if own:
            chosen.append(own[0])
            taken.add(own[0])
        elif each is not None:
            raise NoRoomInSet(code=code, first=block[0], last=block[-1])
        else:
            homeless += 1
    chosen += [position for position in PLATE_POSITIONS if position not in taken][:homeless]
    return tuple(sorted(chosen, key=PLATE_POSITIONS.index))


def check_ladders(
    filled: Collection[str], ladders: Collection[str], *, code: str, each: int | None
) -> None:
    """Raise LadderMissing for a plate, or an injection set of it, that has no ladder."""
    for block in _sets(each or len(PLATE_POSITIONS)):
        if set(block) & set(filled) and not set(block) & set(ladders):
            raise LadderMissing(code=code, first=block[0], last=block[-1])


def _sets(each: int) -> tuple[tuple[str, ...], ...]:
    return tuple(
        PLATE_POSITIONS[start : start + each] for start in range(0, len(PLATE_POSITIONS), each)
    )


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
