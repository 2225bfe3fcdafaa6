# SPDX-License-Identifier: Apache-2.0
"""Who holds a thing and where: how the ledger says it, and what its events replay to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from lims.core.codes import Kind
from lims.core.errors import Refusal
from lims.core.words import N_
from lims.custody.rules.events import Event

MISSING, GONE, OUTSIDE = "missing", "gone", "outside:"
"""Holders that are neither a person nor a place: lost; destroyed, used up or returned for ever;
given to somebody outside (the prefix of the commitment follows)."""

FROM_CREATION = frozenset({Kind.BONE, Kind.REFERENCE, Kind.ALIQUOT, Kind.EXTRACT})
TRACKED = FROM_CREATION | {Kind.PLATE}
"""What is held by somebody at every instant: a plate from its first use, all others at once."""


@dataclass(frozen=True)
class Standing:
    """Who holds a thing now, and where, since when; `number` counts its intervals from 1."""

    code: str
    holder: str
    place: str
    position: str
    since: datetime
    number: int


@dataclass(frozen=True)
class Interval:
    """That a thing was with a holder at a place from `began_at` to before `ended_at`."""

    code: str
    number: int
    holder: str
    place: str
    position: str
    began_at: datetime
    began_event: str
    ended_at: datetime | None
    ended_event: str | None


@dataclass(frozen=True)
class Replayed:
    """What the events of one thing come to: its intervals, the oldest first, and its state."""

    intervals: tuple[Interval, ...]
    state: str


class HeldByOther(Refusal):
    """Somebody else holds the thing. `who` is the holder as the ledger names him."""

    says: ClassVar[str] = N_("%(code)s is held by %(who)s since %(since)s.")
    do: ClassVar[str] = N_("Let them hand it over to you, or put it in storage.")

    def named(self, who: str) -> "HeldByOther":
        """Return the same refusal with the initials of the holder."""
        return HeldByOther(**{**self.values, "who": who})


class InStorage(Refusal):
    """The thing stands in storage."""

    says: ClassVar[str] = N_("%(code)s is in storage since %(since)s.")
    do: ClassVar[str] = N_("Take it out of storage first: scan it at a storage station.")


class NotHere(Refusal):
    """The thing left the laboratory, is missing, or is there no more."""


class AwayOutside(NotHere):
    """Somebody outside holds it."""

    says: ClassVar[str] = N_("%(code)s is outside the laboratory since %(since)s.")
    do: ClassVar[str] = N_("Receive it back first: it is handed over at reception.")


class Missing(NotHere):
    """It was not found."""

    says: ClassVar[str] = N_("%(code)s is missing since %(since)s.")
    do: ClassVar[str] = N_("If you hold it, report it as found first.")


class Gone(NotHere):
    """It was used up, destroyed or returned for ever."""

    says: ClassVar[str] = N_("%(code)s is there no more since %(since)s.")
    do: ClassVar[str] = N_(
        "It was used up, destroyed or returned. If you hold it, tell the quality officer."
    )


def is_place(holder: str) -> bool:
    """Return whether a holder is a place of storage."""
    return holder[:1] == Kind.CONTAINER and ":" not in holder


def is_away(holder: str) -> bool:
    """Return whether nobody in the laboratory can lay a hand on the thing."""
    return holder in (MISSING, GONE) or holder.startswith(OUTSIDE)


def moves(holder: str, place: str = "", position: str = "") -> dict[str, object]:
    """Return what the event that moves a thing says of it, so that it can be replayed."""
    said: dict[str, object] = {"held_by": holder, "held_at": place}
    if position:
        said["held_position"] = position
    return said


def check_held(standing: Standing, by: str) -> None:
    """Refuse an act on a thing by somebody (an actor's id) who does not hold it.

    Raises HeldByOther, InStorage, NotHere.
    """
    if standing.holder == by:
        return
    since = f"{standing.since:%Y-%m-%d %H:%M} UTC"
    if is_place(standing.holder):
        raise InStorage(code=standing.code, since=since)
    if standing.holder.startswith(OUTSIDE):
        raise AwayOutside(code=standing.code, since=since)
    if standing.holder == MISSING:
        raise Missing(code=standing.code, since=since)
    if standing.holder == GONE:
        raise Gone(code=standing.code, since=since)
    raise HeldByOther(code=standing.code, who=standing.holder, since=since)


def replay(events: Iterable[Event]) -> Replayed:
    """Turn the events of one thing, in their order, into its intervals and its state.

    An interval begins where an event says `held_by`, at the instant it was recorded, or at the
    beginning of the one before where the clock had gone back.
    """
    made: list[Interval] = []
    state = ""
    for event in events:
        # The first event says the state, those that change it from which to which.
        told = event.content.get("to") if "from" in event.content else None
        if event.seq == 0:
            told = event.content.get("state")
        if isinstance(told, str):
            state = told
        holder = event.content.get("held_by")
        if not isinstance(holder, str):
            continue
        at = event.recorded
        if made:
            last = made[-1]
            at = max(at, last.began_at)
            made[-1] = Interval(
                last.code, last.number, last.holder, last.place, last.position, last.began_at,
                last.began_event, at, event.id,
            )  # fmt: skip
        made.append(
            Interval(
                event.stream, len(made) + 1, holder, str(event.content.get("held_at", "")),
                str(event.content.get("held_position", "")), at, event.id, None, None,
            )
        )  # fmt: skip
    return Replayed(tuple(made), state)


def _seconds(instant: datetime) -> int:
    return int((instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def fork_of(began_at: datetime, ended_at: datetime) -> int:
    """Return the number by which the intervals around an instant are found (an interval tree).

    It is the second of the interval that 2 divides most often; every instant has 34 such numbers
    around it (forks_around), whatever is stored. See Kriegel, Pötke, Seidl, VLDB 2000: the
    relational interval tree.
    """
    first, last = _seconds(began_at), _seconds(ended_at)
    if first == last:
        return first
    height = (first ^ last).bit_length() - 1
    return last >> height << height


def forks_around(instant: datetime) -> tuple[int, ...]:
    """Return the forks that an interval around an instant can have."""
    second = _seconds(instant)
    return (second, *((second >> height + 1 << height + 1) | 1 << height for height in range(34)))
