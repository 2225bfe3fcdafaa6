# SPDX-License-Identifier: Apache-2.0
"""What a whole-rack scanner's file means for a box: pure comparison, before anything changes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.storage.rules import LETTERS
from lims.storage.rules.counts import Spot

SCANNER_ROWS = "ABCDEFGHIJKLMNOP"
"""Scanners count every letter; the boxes here have no I and no O. Rows are matched by number."""


class RackChange(StrEnum):
    """What a line of the file says of a position, against what is recorded."""

    SAME = "same"
    NEW = "new"
    """The thing stands in no place yet."""
    MOVED = "moved"
    """The thing stands at another position, here or in another place."""
    MISSING = "missing"
    """Recorded here, and the file has it nowhere."""
    UNREAD_KEPT = "unread, as recorded"
    """The scanner could not read the tube at a position where one is recorded."""
    UNREAD = "unread"
    UNKNOWN = "unknown code"
    TWICE = "twice"
    OLD_LABEL = "old label"
    NO_LABEL = "label not verified"
    WRONG_BOX = "wrong box"
    NOT_HERE = "no such position"
    MISSING_IN_THE_WAY = "missing, and its position is taken"
    HELD_BY_OTHER = "held by another"


CHANGE_WORDS = {
    RackChange.SAME: N_("stands where it is recorded"),
    RackChange.NEW: N_("comes into storage"),
    RackChange.MOVED: N_("is moved here"),
    RackChange.MISSING: N_("is recorded here and was not read"),
    RackChange.UNREAD_KEPT: N_("could not be read; recorded here"),
    RackChange.UNREAD: N_("a tube that could not be read"),
    RackChange.UNKNOWN: N_("no code of a thing that is kept in storage"),
    RackChange.TWICE: N_("this code was read at two positions"),
    RackChange.OLD_LABEL: N_("this label is void"),
    RackChange.NO_LABEL: N_("its label was never verified"),
    RackChange.WRONG_BOX: N_("the box is for other things"),
    RackChange.NOT_HERE: N_("the box has no such position"),
    RackChange.MISSING_IN_THE_WAY: N_("was not read, and another tube is at its position"),
    RackChange.HELD_BY_OTHER: N_("somebody else holds it"),
}

CHANGES = frozenset({RackChange.NEW, RackChange.MOVED})
REMARKS = frozenset({RackChange.MISSING, RackChange.UNREAD_KEPT})
PROBLEMS = frozenset(set(RackChange) - CHANGES - REMARKS - {RackChange.SAME})


@dataclass(frozen=True)
class RackRead:
    """A position of the file: `code` of the thing, '' where the text names none; `unread`."""

    position: str
    text: str
    code: str
    unread: bool
    fault: RackChange | None = None
    """What the laboratory's records say against the code itself."""


@dataclass(frozen=True)
class RackLine:
    """What would happen at one position."""

    position: str
    change: RackChange
    code: str
    """The thing, or what was read where it names none."""
    before: Spot | None = None


@dataclass(frozen=True)
class RackComparison:
    """All of it, in the order of the positions."""

    lines: tuple[RackLine, ...]

    def of(self, *changes: RackChange) -> tuple[RackLine, ...]:
        """Return the lines of some kinds."""
        return tuple(line for line in self.lines if line.change in changes)

    @property
    def changes(self) -> tuple[RackLine, ...]:
        """Return what would be recorded anew."""
        return self.of(*CHANGES)

    @property
    def problems(self) -> tuple[RackLine, ...]:
        """Return what forbids to apply the file."""
        return self.of(*PROBLEMS)

    @property
    def missing(self) -> tuple[RackLine, ...]:
        """Return what is recorded here and was not read."""
        return self.of(RackChange.MISSING)


class RackRefused(Refusal):
    """A file that cannot be applied: nothing of it was."""

    says = N_(
        "The file cannot be applied: %(count)s positions need somebody to look. "
        "Nothing was changed."
    )
    do = N_("See the list; put right what it names, scan the rack again, and send the new file.")
    status = 422


class RackChangedMeanwhile(Refusal):
    """What would change is not what was shown."""

    says = N_("What is recorded changed since the preview. Nothing was changed.")
    do = N_("Look at the new preview and confirm it.")


class OtherRack(Refusal):
    """A file that names another box."""

    says = N_("The file is of the rack %(rack)s, not of %(place)s.")
    do = N_("Choose the box whose label was on the rack, or scan the rack again.")


class NotABox(Refusal):
    """A place without positions."""

    says = N_("%(place)s is no box with positions.")
    do = N_("Choose the box that the scanner read.")
    status = 422


class RackUnreadable(Refusal):
    """A file of no known shape."""

    says = N_("%(name)s cannot be read as a rack scanner's file: %(where)s.")
    do = N_(
        "Expected: %(expected)s. Found: %(found)s. "
        "Save it as text with a position and a code in each line."
    )
    status = 422


def position_here(scanned: str, *, rows: int, columns: int) -> str | None:
    """Return a scanner's position (I9) as it is called here (J9); None where the box has none."""
    row, column = SCANNER_ROWS.index(scanned[0]), int(scanned[1:])
    return f"{LETTERS[row]}{column}" if row < rows and column <= columns else None


def compare(
    reads: Sequence[RackRead], recorded: Mapping[str, str], elsewhere: Mapping[str, Spot],
    *, place: str,
) -> RackComparison:  # fmt: skip
    """Compare what a scanner read with what is recorded.

    `reads`: the positions at which a tube was seen. `recorded`: position to code of the box now.
    `elsewhere`: where the things that were read are recorded now, here or in another place.
    """
    counts = Counter(read.code or read.text for read in reads if not read.unread)
    seen = {read.code for read in reads if read.code}
    taken = {read.position: read for read in reads}
    lines = [_line(read, counts, recorded, seen, elsewhere, place) for read in reads]
    for position, code in recorded.items():
        if code in seen:
            continue
        there = taken.get(position)
        if there is not None and there.unread:
            continue
        change = RackChange.MISSING if there is None else RackChange.MISSING_IN_THE_WAY
        lines.append(RackLine(position, change, code, Spot(place, position)))
    return RackComparison(tuple(sorted(lines, key=_in_order)))


def _line(
    read: RackRead, counts: Mapping[str, int], recorded: Mapping[str, str], seen: set[str],
    elsewhere: Mapping[str, Spot], place: str,
) -> RackLine:  # fmt: skip
    here = recorded.get(read.position)
    if read.fault is RackChange.NOT_HERE:
        return RackLine(read.position, read.fault, read.code or read.text)
    if read.unread:
        # What is recorded here may be what could not be read, unless it was read elsewhere.
        if here is not None and here not in seen:
            return RackLine(read.position, RackChange.UNREAD_KEPT, here)
        return RackLine(read.position, RackChange.UNREAD, read.text)
    if counts[read.code or read.text] > 1:
        return RackLine(read.position, RackChange.TWICE, read.code or read.text)
    if read.fault is not None:
        return RackLine(read.position, read.fault, read.code or read.text)
    if here == read.code:
        return RackLine(read.position, RackChange.SAME, read.code)
    before = elsewhere.get(read.code)
    change = RackChange.NEW if before is None else RackChange.MOVED
    return RackLine(read.position, change, read.code, before)


def _in_order(line: RackLine) -> tuple[int, int, bool]:
    """Sort by position; what was read before what should be there."""
    ousted = line.change is RackChange.MISSING_IN_THE_WAY
    if line.change is RackChange.NOT_HERE:
        return (len(LETTERS), 0, ousted)
    return (LETTERS.index(line.position[0]), int(line.position[1:]), ousted)
