# SPDX-License-Identifier: Apache-2.0
"""`lims custody`: what had happened to a thing by an instant, who acted on it last, and where."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from lims.cli.common import folder_option, json_option, open_laboratory, plain_errors, print_json
from lims.core.clock import now, utc_text
from lims.core.codes import is_code, read_payload, threes
from lims.core.errors import NotFound
from lims.custody.queries import history, subject
from lims.custody.rules import Event
from lims.people.queries import initials_of


@click.command()
@click.argument("code")
@click.option("--at", "asked_at", metavar="TIME", help="The instant, ISO 8601; else now.")
@folder_option
@json_option
@plain_errors
def custody(code: str, asked_at: str | None, folder: Path, as_json: bool) -> None:
    """Show the events of a thing up to an instant, who acted last, and at which station."""
    lab = open_laboratory(folder)
    at = _instant(asked_at, lab.settings.time_zone)
    asked = read_payload(code).code
    with lab.database.reading() as session:
        if subject(session, asked) is None:
            raise NotFound(code=asked)
        events = sorted(
            (event for event in history(session, asked) if event.occurred <= at),
            key=lambda event: (event.occurred, event.index),
        )
        who = initials_of(session, {event.actor for event in events})
    last = events[-1] if events else None
    seen = next((event for event in reversed(events) if event.device), None)
    if as_json:
        print_json(
            {
                "code": asked,
                "at": utc_text(at),
                "last": _event(last, who.get(last.actor, last.actor)) if last else None,
                "station": {"code": seen.device, "since": utc_text(seen.occurred)}
                if seen
                else None,
                "events": [_event(event, who.get(event.actor, event.actor)) for event in events],
            }
        )
        return
    click.echo(f"{threes(asked)}  at {utc_text(at)}")
    for event in events:
        click.echo(
            f"{event.index:>8}  {utc_text(event.occurred)}  {event.words}  "
            f"{who.get(event.actor, event.actor)}  {_place(event.device)}"
        )
    if last is None:
        click.echo("Nothing had happened to it by then.")
        return
    click.echo(
        f"Last act: {last.words}, by {who.get(last.actor, last.actor)}. "
        f"Last station: {_place(seen.device) if seen else 'none'}."
    )


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
