# SPDX-License-Identifier: Apache-2.0
"""`lims gaps`: the gaps in the custody of a thing, or of everything in the laboratory."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.cli.common import (
    Opened,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.core.clock import utc_text
from lims.core.codes import read_payload, threes
from lims.custody.models import Subject
from lims.custody.queries import gaps as gaps_of_thing
from lims.custody.queries import gaps_of, tracked_codes
from lims.custody.rules import TRACKED, Gap, GapKind
from lims.features import GAP_CHECKS
from lims.people.queries import initials_of

_TELL_EVERY = 10_000


@click.command()
@click.argument("code", required=False)
@click.option("--after", metavar="CODE", default="", help="Go on after this thing.")
@folder_option
@json_option
@plain_errors
def gaps(code: str | None, after: str, folder: Path, as_json: bool) -> None:
    """List the gaps in the custody of a thing and all it came from, or of the whole laboratory.

    Exit 0 no gaps, 1 gaps. Events that wait for the next checkpoint are told but are no gap.
    """
    lab = open_laboratory(folder)
    if code is not None:
        with lab.database.reading() as session:
            read = read_payload(code).code
            found = _named(session, gaps_of_thing(session, read, GAP_CHECKS))
        _answer(found, as_json=as_json, about={"code": read})
        return
    found, checked, last = _everything(lab, read_payload(after).code if after else "")
    _answer(found, as_json=as_json, about={"checked": checked, "last": last or None})


def _everything(lab: Opened, after: str) -> tuple[list[Gap], int, str]:
    """Go through all that is tracked by code, each page in a look of its own; resumable."""
    found: list[Gap] = []
    unsigned: list[Gap] = []
    checked, last = 0, after
    with lab.database.reading() as session:
        whole = session.scalar(
            select(func.count()).where(Subject.code > after, Subject.kind.in_(sorted(TRACKED)))
        )
    try:
        while True:
            with lab.database.reading() as session:
                codes = next(tracked_codes(session, after=last), ())
                if not codes:
                    break
                page = gaps_of(session, codes, GAP_CHECKS)
                unsigned += [gap for gap in page if gap.kind is GapKind.UNSIGNED]
                found += _named(session, [gap for gap in page if gap not in unsigned])
            last = codes[-1]
            before, checked = checked, checked + len(codes)
            if checked // _TELL_EVERY != before // _TELL_EVERY:
                tell(f"{checked} of {whole} looked at, {len(found)} gaps so far.")
    except KeyboardInterrupt:
        tell(f"Stopped after {checked} of {whole}. To go on: lims gaps --after {last}")
    return [*found, *unsigned[:1]], checked, last


def _named(session: Session, found: Sequence[Gap]) -> list[Gap]:
    who = initials_of(session, {actor for gap in found for actor in gap.actors})
    return [gap.named(who) for gap in found]


def _answer(found: Sequence[Gap], *, as_json: bool, about: dict[str, object]) -> None:
    real = [gap for gap in found if gap.kind is not GapKind.UNSIGNED]
    waits = [gap for gap in found if gap.kind is GapKind.UNSIGNED]
    if as_json:
        print_json(
            about
            | {
                "no_gaps": not real,
                "gaps": [_gap(gap) for gap in real],
                "unsigned_from": waits[0].event if waits else None,
            }
        )
    else:
        for gap in real:
            event = f"event {gap.event}" if gap.event is not None else ""
            click.echo(f"{threes(gap.code)}  {event:<14}  {gap.say}")
        click.echo("No gaps." if not real else f"{len(real)} gaps.")
        for gap in waits:
            click.echo(f"From event {gap.event} on, events wait for the next checkpoint.")
    if real:
        sys.exit(1)


def _gap(gap: Gap) -> dict[str, object]:
    return {
        "code": gap.code,
        "kind": gap.kind.value,
        "event": gap.event,
        "at": utc_text(gap.at) if gap.at else None,
        "words": str(gap.say),
    }
