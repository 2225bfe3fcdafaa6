# SPDX-License-Identifier: Apache-2.0
"""Gaps in the custody of a thing: what a careful stranger would ask about, found in its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lims.core.clock import utc_text
from lims.core.codes import Kind
from lims.core.words import N_, Say
from lims.custody.rules.events import Event
from lims.custody.rules.possession import (
    FROM_CREATION,
    TRACKED,
    Interval,
    is_away,
    is_place,
    replay,
)
from lims.custody.rules.tags import Tag

LATE = timedelta(seconds=60)
"""An event may be recorded so long after it happened, and the clock may step back so far."""


class GapKind(StrEnum):
    """What a gap is about."""

    POSSESSION = "possession"
    HANDS = "hands"
    PARENT = "parent"
    QUANTITY = "quantity"
    SEAL = "seal"
    LABEL = "label"
    CLOCK = "clock"
    LATE = "late"
    UNSIGNED = "unsigned"


@dataclass(frozen=True)
class Gap:
    """One gap: which thing, what about, in words; `event` is an index in the log if it has one.

    The value `who` of its words is the id of an actor: the edge shows initials (`named`).
    """

    code: str
    kind: GapKind
    say: Say
    event: int | None = None
    at: datetime | None = None

    def named(self, initials: Mapping[str, str]) -> "Gap":
        """Return the same gap with initials in place of the ids of actors."""
        values = {
            name: initials.get(value, value) if isinstance(value, str) else value
            for name, value in self.say.values.items()
        }
        return replace(self, say=Say(self.say.text, values))

    @property
    def actors(self) -> tuple[str, ...]:
        """The ids of the actors that its words name."""
        return tuple(
            value for name, value in self.say.values.items()
            if name in ("who", "holder") and isinstance(value, str)
        )  # fmt: skip


MOVES = frozenset(
    {
        Tag.SAMPLE_ITEM_MOVED, Tag.ALIQUOT_TUBE_MOVED, Tag.EXTRACT_TUBE_MOVED, Tag.PLATE_ITEM_MOVED,
    }
)  # fmt: skip
"""Acts by which a thing comes into storage, out of it, or along to another bench: who moves it
holds it, or takes it from storage. From one person to another it comes only by a hand-over."""

BY_HAND = frozenset(
    {
        Tag.SAMPLE_ITEM_CLEANED, Tag.SAMPLE_ITEM_CUT, Tag.SAMPLE_ITEM_GROUND,
        Tag.SAMPLE_TOOL_USED, Tag.SAMPLE_PHOTOGRAPH_ADDED,
        Tag.SAMPLE_ITEM_CONSUMED, Tag.ALIQUOT_TUBE_USED, Tag.ALIQUOT_TUBE_CONSUMED,
        Tag.AMPLIFICATION_WELL_LOADED, Tag.PLATE_WELL_LOADED, Tag.PLATE_WELL_VOIDED,
        Tag.PLATE_WORK_STARTED, Tag.PLATE_WORK_COMPLETED,
    }
)  # fmt: skip
"""Acts that only somebody can do who has the thing in hand."""

USES = (BY_HAND | {Tag.SAMPLE_ITEM_ACCEPTED, Tag.EXTRACT_TUBE_USED}) - {Tag.PLATE_WORK_STARTED}
"""Acts on a thing that must know by its label which thing it is."""


def gaps_in_events(
    code: str, events: Sequence[Event], intervals: Sequence[Interval]
) -> tuple[Gap, ...]:
    """Return the gaps in one thing: its events in their order, its intervals as the table has them.

    Of what is not tracked (a batch, a lot) only the clock is judged.
    """
    found = [*_clock(code, events)]
    if code[:1] in {kind.value for kind in TRACKED}:
        found += _possession(code, events, intervals)
        found += _hands(code, events)
        found += _seals(code, events)
        found += _labels(code, events)
    return tuple(found)


def _clock(code: str, events: Sequence[Event]) -> Iterable[Gap]:
    newest: Event | None = None
    for event in events:
        if newest is not None and newest.recorded - event.recorded > LATE:
            yield Gap(
                code, GapKind.CLOCK,
                Say(
                    N_("The clock went back: event %(event)s is dated before event %(former)s."),
                    {"event": event.index, "former": newest.index},
                ),
                event.index, event.recorded,
            )  # fmt: skip
        if abs(event.recorded - event.occurred) > LATE:
            yield Gap(
                code, GapKind.LATE,
                Say(
                    N_("%(what)s at %(occurred)s was recorded only at %(recorded)s."),
                    {
                        "what": Say(event.words), "occurred": utc_text(event.occurred)[:19] + "Z",
                        "recorded": utc_text(event.recorded)[:19] + "Z",
                    },
                ),
                event.index, event.recorded,
            )  # fmt: skip
        if newest is None or event.recorded > newest.recorded:
            newest = event


def _possession(code: str, events: Sequence[Event], intervals: Sequence[Interval]) -> Iterable[Gap]:
    told = replay(events).intervals
    if not told and not intervals:
        if Kind(code[0]) in FROM_CREATION:
            yield Gap(
                code, GapKind.POSSESSION, Say(N_("Nobody is recorded to have held it.")), None, None
            )
        return
    index: dict[str, int] = {event.id: event.index for event in events}
    for number, (said, kept) in enumerate(_paired(told, intervals), start=1):
        if said == kept:
            continue
        one = said or kept
        event = index.get(one.began_event) if one is not None else None
        yield Gap(
            code, GapKind.POSSESSION,
            Say(
                N_("Holder %(number)s in the table is not the one that the ledger tells of."),
                {"number": number},
            ),
            event, one.began_at if one is not None else None,
        )  # fmt: skip
    if told and told[-1].ended_at is None and intervals and intervals[-1].ended_at is not None:
        yield Gap(
            code, GapKind.POSSESSION, Say(N_("Nobody holds it since the last interval ended.")),
            None, intervals[-1].ended_at,
        )  # fmt: skip


def _paired(
    told: Sequence[Interval], kept: Sequence[Interval]
) -> Iterable[tuple[Interval | None, Interval | None]]:
    for place in range(max(len(told), len(kept))):
        yield (
            told[place] if place < len(told) else None,
            kept[place] if place < len(kept) else None,
        )


def _hands(code: str, events: Sequence[Event]) -> Iterable[Gap]:
    """Find acts by somebody who did not hold the thing then."""
    holder: str | None = None
    for event in events:
        passes_to = event.content.get("held_by")
        moved = event.tag in MOVES and isinstance(passes_to, str)
        if (moved or event.tag in BY_HAND) and holder is not None and holder != event.actor:
            taken_out = is_place(holder) and moved
            if not taken_out:
                yield Gap(code, GapKind.HANDS, _without(event, holder), event.index, event.recorded)
        if event.tag == Tag.SUBJECT_CUSTODY_TAKEN_OVER:
            yield Gap(
                code, GapKind.HANDS,
                Say(
                    N_("%(who)s took it over from %(holder)s, who did not act."),
                    {"who": event.actor, "holder": holder or ""},
                ),
                event.index, event.recorded,
            )  # fmt: skip
        if isinstance(passes_to, str):
            holder = passes_to


def _without(event: Event, holder: str) -> Say:
    values: dict[str, str | int | Say] = {"what": Say(event.words), "who": event.actor}
    if is_place(holder):
        return Say(
            N_("%(what)s, by %(who)s, while it stood in storage (%(holder)s)."),
            values | {"holder": holder},
        )
    if is_away(holder):
        return Say(N_("%(what)s, by %(who)s, while nobody in the laboratory held it."), values)
    return Say(
        N_("%(what)s, by %(who)s, while %(holder)s held it."), values | {"holder": holder}
    )  # fmt: skip


def _seals(code: str, events: Sequence[Event]) -> Iterable[Gap]:
    """Find broken seals after which the thing went on with neither a new seal nor a use."""
    broken: Event | None = None
    holder = ""
    for event in events:
        passes_to = event.content.get("held_by")
        if event.tag == Tag.SAMPLE_SEAL_BROKEN:
            broken = event
        elif event.tag == Tag.SAMPLE_SEAL_APPLIED or event.tag in USES:
            broken = None
        elif broken is not None and isinstance(passes_to, str) and passes_to != holder:
            yield Gap(
                code, GapKind.SEAL,
                Say(
                    N_("The seal was broken (event %(event)s), and it went on without a new one."),
                    {"event": broken.index},
                ),
                event.index, event.recorded,
            )  # fmt: skip
            broken = None
        if isinstance(passes_to, str):
            holder = passes_to


def _labels(code: str, events: Sequence[Event]) -> Iterable[Gap]:
    """Find the first use of a thing whose label had not been scanned back by then."""
    for event in events:
        if event.tag == Tag.LABEL_INSTANCE_VERIFIED:
            return
        if event.tag in USES:
            yield Gap(
                code, GapKind.LABEL,
                Say(
                    N_("%(what)s before its label was scanned back."), {"what": Say(event.words)}
                ),
                event.index, event.recorded,
            )  # fmt: skip
            return
