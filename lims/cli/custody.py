# SPDX-License-Identifier: Apache-2.0
"""`lims custody`: what had happened to a thing by an instant, who held it, where, in what state;
or what one person held, or what was at one place, at an instant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from lims.cli.common import folder_option, json_option, open_laboratory, plain_errors, print_json
from lims.core.clock import now, utc_text
from lims.core.codes import is_code, read_payload, threes
from lims.core.errors import NotFound
from lims.custody.queries import (
    ancestors,
    at_place_at,
    held_by_at,
    history,
    holder_at,
    holds_at,
    subject,
)
from lims.custody.rules import Event, HoldThen, Interval, replay
from lims.people.queries import actor_of_initials, initials_of

_AT_ONCE = 500


@click.command()
@click.argument("code", required=False)
@click.option("--at", "asked_at", metavar="TIME", help="The instant, ISO 8601; else now.")
@click.option("--held-by", metavar="WHO", help="A staff number: what this person held.")
@click.option("--place", metavar="CODE", help="A station or place of storage: what was there.")
@folder_option
@json_option
@plain_errors
def custody(
    code: str | None,
    asked_at: str | None,
    held_by: str | None,
    place: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Say who held a thing at an instant, where, and its events up to it.

    With --held-by or --place in place of CODE: everything that a person held, or that was at a
    station or in a place of storage, at an instant.
    """
    if [code, held_by, place].count(None) != 2:
        raise click.UsageError("Give one of CODE, --held-by WHO and --place CODE.")
    lab = open_laboratory(folder)
    at = _instant(asked_at, lab.settings.time_zone)
    with lab.database.reading() as session:
        if code is not None:
            known = _known(session, read_payload(code).code, at)
            if as_json:
                print_json(known.as_json())
            else:
                known.tell()
            return
        things = list(_things(session, held_by, place, at))
        who = initials_of(session, {one.holder for one in things})
    if as_json:
        print_json(
            {
                "held_by": held_by,
                "place": read_payload(place).code if place else None,
                "at": utc_text(at),
                "things": [_interval(one, who) | {"code": one.code} for one in things],
            }
        )
        return
    for one in things:
        holder, where = who.get(one.holder, _place(one.holder)), _place(one.place)
        line = f"{threes(one.code)}  since {utc_text(one.began_at)}  {holder}  {where}"
        click.echo(f"{line} {one.position}".rstrip())
    click.echo(f"{len(things)} at {utc_text(at)}")


@dataclass(frozen=True)
class _Known:
    """What is known of one thing at an instant."""

    code: str
    at: datetime
    events: tuple[Event, ...]
    held: Interval | None
    holds: tuple[HoldThen, ...]
    state: str
    who: dict[str, str]

    @property
    def seen(self) -> Event | None:
        """The last event with a station."""
        return next((event for event in reversed(self.events) if event.device), None)

    @property
    def condition(self) -> str:
        """The condition that was recorded last."""
        told = (event.content.get("condition") for event in reversed(self.events))
        return next((said for said in told if isinstance(said, str)), "")

    def as_json(self) -> dict[str, object]:
        last = self.events[-1] if self.events else None
        seen = self.seen
        return {
            "code": self.code,
            "at": utc_text(self.at),
            "held": _interval(self.held, self.who) if self.held else None,
            "state": self.state or None,
            "condition": self.condition or None,
            "holds": [
                {"code": one.code, "reason": one.reason.value, "since": utc_text(one.since)}
                for one in self.holds
            ],
            "last": _event(last, self.by(last)) if last else None,
            "station": {"code": seen.device, "since": utc_text(seen.occurred)} if seen else None,
            "events": [_event(event, self.by(event)) for event in self.events],
        }

    def tell(self) -> None:
        click.echo(f"{threes(self.code)}  at {utc_text(self.at)}")
        for event in self.events:
            click.echo(
                f"{event.index:>8}  {utc_text(event.occurred)}  {event.words}  "
                f"{self.by(event)}  {_place(event.device)}"
            )
        if not self.events:
            click.echo("Nothing had happened to it by then.")
            return
        last, seen = self.events[-1], self.seen
        click.echo(
            f"Last act: {last.words}, by {self.by(last)}. "
            f"Last station: {_place(seen.device) if seen else 'none'}."
        )
        if self.held is not None:
            holder = self.who.get(self.held.holder, _place(self.held.holder))
            place = f"{_place(self.held.place)} {self.held.position}".strip() or "no place"
            click.echo(f"Held by {holder} since {utc_text(self.held.began_at)}, at {place}.")
        condition = f" Condition: {self.condition}." if self.condition else ""
        click.echo(f"State: {self.state or 'none'}.{condition}")
        for one in self.holds:
            click.echo(f"On hold since {utc_text(one.since)}: {one.words} ({threes(one.code)}).")

    def by(self, event: Event) -> str:
        return self.who.get(event.actor, event.actor)


def _known(session: Session, code: str, at: datetime) -> _Known:
    if subject(session, code) is None:
        raise NotFound(code=code)
    events = history(session, code)
    past = sorted(
        (event for event in events if event.occurred <= at),
        key=lambda event: (event.occurred, event.index),
    )
    held = holder_at(session, code, at)
    actors = {event.actor for event in past} | ({held.holder} if held else set())
    return _Known(
        code, at, tuple(past), held,
        holds_at(session, [code, *ancestors(session, code)], at),
        replay(event for event in events if event.recorded <= at).state,
        dict(initials_of(session, actors)),
    )  # fmt: skip


def _things(
    session: Session, held_by: str | None, place: str | None, at: datetime
) -> Iterator[Interval]:
    after = ""
    ask: Callable[..., Iterable[Interval]]
    if place is not None:
        whose, ask = read_payload(place).code, at_place_at
    else:
        whose, ask = actor_of_initials(session, held_by or ""), held_by_at
    while some := list(ask(session, whose, at, limit=_AT_ONCE, after=after)):
        yield from some
        after = some[-1].code


def _instant(given: str | None, zone: ZoneInfo) -> datetime:
    """Read an instant; one without an offset is meant by the laboratory's clock."""
    if given is None:
        return now()
    try:
        read = datetime.fromisoformat(given)
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{given} is not a time such as 2026-11-24T08:30 or 2026-11-24T06:30Z"
        ) from None


def _place(device: str) -> str:
    return threes(device) if is_code(device) else device


def _interval(one: Interval, who: Mapping[str, str]) -> dict[str, object]:
    return {
        "holder": one.holder,
        "by": who.get(one.holder, one.holder),
        "place": one.place or None,
        "position": one.position or None,
        "since": utc_text(one.began_at),
        "until": utc_text(one.ended_at) if one.ended_at else None,
    }


def _event(event: Event, who: str) -> dict[str, object]:
    return {
        "index": event.index,
        "type": str(event.tag),
        "words": event.words,
        "actor": event.actor,
        "by": who,
        "station": event.device,
        "occurred": utc_text(event.occurred),
        "recorded": utc_text(event.recorded),
        "data": event.content,
    }
