# SPDX-License-Identifier: Apache-2.0
"""What a count of a place finds: pure comparison of what is recorded with what was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_

LONGEST_READ = 40


class Difference(StrEnum):
    """How what was read differs from what is recorded."""

    MISSING = "missing"
    """Recorded here and not read."""
    ELSEWHERE = "elsewhere"
    """Read here and recorded in another place."""
    NOWHERE = "nowhere"
    """Read here and recorded in no place."""
    UNKNOWN = "unknown"
    """Read here and no code of a thing that is kept in storage."""


class Settled(StrEnum):
    """What was done about a difference."""

    MOVED = "moved"
    """Recorded where it was found."""
    EXPLAINED = "explained"
    """Left as recorded, for a reason that was written down."""


DIFFERENCE_WORDS = {
    Difference.MISSING: N_("should be here and is not"),
    Difference.ELSEWHERE: N_("is here and is recorded elsewhere"),
    Difference.NOWHERE: N_("is here and is recorded in no place"),
    Difference.UNKNOWN: N_("is here and is unknown"),
}
SETTLED_WORDS = {
    Settled.MOVED: N_("recorded where it was found"),
    Settled.EXPLAINED: N_("explained"),
}


@dataclass(frozen=True)
class Spot:
    """Where a thing is recorded; the position is '' on a shelf."""

    place: str
    position: str


@dataclass(frozen=True)
class Read:
    """One code read: `code` is '' where it names nothing that is stored; `place` where."""

    text: str
    code: str
    place: str


@dataclass(frozen=True)
class Found:
    """One difference."""

    kind: Difference
    text: str
    recorded: Spot | None
    seen_in: str


@dataclass(frozen=True)
class Tally:
    """What a count has found so far."""

    expected: int
    seen: int
    """Of those expected."""
    differences: tuple[Found, ...]

    @property
    def missing(self) -> int:
        """Return how many of those expected were not read."""
        return self.expected - self.seen

    @property
    def strange(self) -> int:
        """Return how many things were read that are not recorded where they were read."""
        return sum(one.kind is not Difference.MISSING for one in self.differences)


class CountClosed(Refusal):
    """A scan or act for a count that is closed."""

    says = N_("This count was closed by %(who)s, %(when)s.")
    do = N_("Open another count of the place. What you scan then is kept there.")


class TooManyToCount(Refusal):
    """A place that holds more than can be counted at once."""

    says = N_("%(place)s holds more than %(most)s things.")
    do = N_("Count it part by part: a freezer, a shelf or a box at a time.")


class NothingToSettle(Refusal):
    """A difference that is settled, or that cannot be settled in this way."""

    says = N_("There is nothing to settle here any more.")
    do = N_("Read the page again: somebody may have settled it.")


class ReasonMissing(Refusal):
    """A correction without a reason."""

    says = N_("A correction needs its reason.")
    do = N_("Write in a few words what was found.")
    status = 422


MOST_THINGS = 20_000
"""So many things are counted in one count."""


def tally(
    recorded: Mapping[str, Spot],
    reads: Sequence[Read],
    *,
    counted: str,
    elsewhere: Mapping[str, Spot],
) -> Tally:
    """Compare what is recorded inside a place with what was read there.

    `recorded`: the things recorded in `counted` or in a place inside it. `elsewhere`: where else
    the things are recorded that were read. A thing read while no inner place was scanned counts
    as seen wherever inside it is recorded. The last reading of a thing says where it is.
    """
    last: dict[str, Read] = {}
    for read in reads:
        last.pop(read.code or read.text, None)
        last[read.code or read.text] = read
    found: list[Found] = []
    seen = 0
    for read in last.values():
        spot = recorded.get(read.code) if read.code else None
        if not read.code:
            found.append(Found(Difference.UNKNOWN, read.text, None, read.place))
        elif spot is None:
            other = elsewhere.get(read.code)
            if other is not None and other.place == read.place:
                # It stands in its box; the box itself is what is strange here.
                continue
            kind = Difference.NOWHERE if other is None else Difference.ELSEWHERE
            found.append(Found(kind, read.code, other, read.place))
        else:
            seen += 1
            if read.place not in (counted, spot.place):
                found.append(Found(Difference.ELSEWHERE, read.code, spot, read.place))
    missing = [
        Found(Difference.MISSING, code, spot, "")
        for code, spot in recorded.items()
        if code not in last
    ]
    return Tally(len(recorded), seen, (*missing, *found))
