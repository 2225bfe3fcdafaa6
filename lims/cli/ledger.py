# SPDX-License-Identifier: Apache-2.0
"""`lims ledger` and `lims history`: verify, export, sign, certify; the path of one thing."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import click

from lims.cli.common import (
    console,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.cli.later import LateGroup, Later
from lims.core.clock import now, utc_text
from lims.core.codes import read_payload, threes
from lims.core.errors import NotFound
from lims.custody import verifier
from lims.custody.operations import (
    append,
    checkpoint,
    daily_signer,
    days_left,
    publish,
)
from lims.custody.operations.verifying import verify_ledger
from lims.custody.queries import export_lines, head, parents, subject
from lims.custody.queries import history as history_of
from lims.custody.queries.verification import DatabaseReport
from lims.custody.rules import Event, Tag
from lims.founding import certify

LATER = {
    "anchor": Later(
        "lims.cli.sheet",
        "anchor",
        "Compare the anchor on a label or slip, such as 1284:QJ2A7XK3MD, with the ledger.",
    ),
    "prove": Later(
        "lims.cli.proof",
        "prove",
        "Write the events of one thing and its ancestors with their proofs; "
        "nothing of other things.",
    ),
    "sheet": Later(
        "lims.cli.sheet",
        "sheet",
        "Draw the sheet of a day: the newest checkpoint to be printed, compared and signed in ink.",
    ),
    "witness": Later(
        "lims.cli.witness",
        "witness",
        "Have CHECKPOINT witnessed by a partner.",
    ),
}


@click.group(cls=LateGroup, later=LATER)
def ledger() -> None:
    """The ledger: everything that was ever done, in a form that anybody can verify."""


@ledger.command("verify")
@folder_option
@json_option
@click.option("--full", is_flag=True, help="Read every event, not only what is new.")
@plain_errors
def verify(folder: Path, as_json: bool, full: bool) -> None:
    """Verify the ledger: what came since the last time, some of the rest by chance, or all of it.

    Exit 0 sound, 1 broken, 3 sound with an unsigned tail. Interrupted while it reads every event,
    the next one goes on where it stood.
    """
    lab = open_laboratory(folder)
    tell("Reading every event ..." if full else "Reading what is new ...")
    try:
        with lab.database.reading() as session:
            size = head(session).size
            report = verify_ledger(
                session, lab.settings, at=now(), whole=full, progress=_progress(size)
            )
    except KeyboardInterrupt:
        tell("\nInterrupted: nothing is said about the ledger. The next one goes on from here.")
        sys.exit(130)
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(verifier.in_words(report.report))
        for problem in report.problems:
            click.echo(problem)
        click.echo(_covered(report))
    sys.exit(report.exit_status)


def _progress(size: int) -> Callable[[int], None]:
    """Say on a terminal how far it is, and how long it will take."""
    began = monotonic()
    first: list[int] = []

    def say(done: int) -> None:
        first[:] = first or [done]
        rate = (done - first[0]) / max(monotonic() - began, 0.001)
        if sys.stderr.isatty() and rate:
            left = (size - done) / rate
            click.echo(f"\r{done:,} of {size:,} events, {left:,.0f} s left  ", nl=False, err=True)

    return say


def _covered(report: DatabaseReport) -> str:
    """Say what was read."""
    held, size = report.coverage, report.report.size
    if held.whole:
        return f"Every one of the {size} events was read."
    last = f"{held.whole_size} events at {held.whole_at}" if held.whole_at else "never"
    return (
        f"Read: the {size - held.begun} new events, {held.sampled} of the others by chance. Every"
        f" event was read last: {last}; --full reads them all again."
    )


@ledger.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@folder_option
@json_option
@plain_errors
def export(file: Path, folder: Path, as_json: bool) -> None:
    """Write every event as a line of NDJSON, for the verifier that needs no Osteon."""
    lab = open_laboratory(folder)
    with lab.database.writing() as session:
        append(session, Tag.LEDGER_EXPORT_MADE, stream="ledger", by=console(), at=now(), content={})
    fresh = file.with_name(file.name + ".new")
    with lab.database.reading() as session, fresh.open("wb") as out:
        size = head(session).size
        done = 0
        for line in export_lines(session):
            out.write(line)
            done += 1
            if done % 20_000 == 0:
                tell(f"{done} of {size} events")
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, file)
    with lab.database.reading() as session:
        publish(session, lab.settings.checkpoints)
    if as_json:
        print_json({"file": str(file), "events": done})
    else:
        tell(f"{done} events are in {file}. Verify them with lims/custody/verifier.py.")


@ledger.command("checkpoint")
@folder_option
@json_option
@plain_errors
def sign(folder: Path, as_json: bool) -> None:
    """Sign all events there are, with today's key."""
    lab = open_laboratory(folder)
    at = now()
    signer = daily_signer(
        lab.settings.keys, origin=lab.settings.origin, at=at, passphrase=lab.settings.passphrase
    )
    with lab.database.writing() as session:
        made = checkpoint(session, signer, at=at)
    with lab.database.reading() as session:
        publish(session, lab.settings.checkpoints)
        size = head(session).size
    if as_json:
        print_json({"size": size, "signed": made is not None, "note": made.note if made else None})
    elif made is None:
        tell(f"All {size} events were signed already.")
    else:
        click.echo(made.note)


@ledger.command("key")
@folder_option
@json_option
@click.option("--certify", "add", is_flag=True, help="Certify the next daily keys.")
@plain_errors
def key(folder: Path, as_json: bool, add: bool) -> None:
    """Show the ledger's public key and how many days have a certified key; or certify more."""
    lab = open_laboratory(folder)
    made = certify(lab.settings) if add else 0
    line = lab.settings.public_key.read_text("ascii").strip()
    left = days_left(lab.settings.keys, at=now())
    if made:
        with lab.database.writing() as session:
            append(
                session, Tag.LEDGER_DAYS_CERTIFIED, stream="ledger", by=console(), at=now(),
                content={"days": made},
            )  # fmt: skip
    if as_json:
        print_json({"key": line, "days_left": left, "certified": made})
        return
    click.echo(line)
    tell(f"{left} days have a certified key" + (f"; {made} were made now." if made else "."))


@click.command()
@click.argument("code")
@folder_option
@json_option
@plain_errors
def history(code: str, folder: Path, as_json: bool) -> None:
    """Show every event of a coded thing and of all that it came from."""
    lab = open_laboratory(folder)
    asked = read_payload(code).code
    with lab.database.reading() as session:
        found = subject(session, asked)
        if found is None:
            raise NotFound(code=asked)
        events = history_of(session, asked, with_ancestors=True)
        path = []
        waiting = [asked]
        while waiting:
            here = waiting.pop(0)
            links = parents(session, here)
            path += [
                {"child": link.child, "parent": link.parent, "reason": link.reason}
                for link in links
            ]
            waiting += [link.parent for link in links]
    if as_json:
        print_json(
            {
                "code": asked,
                "kind": found.kind.value,
                "state": found.state,
                "path": path,
                "events": [_event_json(event) for event in events],
            }
        )
        return
    click.echo(f"{threes(asked)}  {found.state}")
    for link in path:
        click.echo(f"  {threes(link['child'])} <- {threes(link['parent'])}  ({link['reason']})")
    for event in events:
        click.echo(
            f"{event.index:>8}  {utc_text(event.recorded)}  {threes(event.stream):<11}  "
            f"{event.words}  {event.actor}"
        )


def _event_json(event: Event) -> dict[str, object]:
    return {
        "index": event.index,
        "id": event.id,
        "stream": event.stream,
        "seq": event.seq,
        "type": str(event.tag),
        "words": event.words,
        "actor": event.actor,
        "device": event.device,
        "occurred": utc_text(event.occurred),
        "recorded": utc_text(event.recorded),
        "cause": event.cause,
        "data": event.content,
    }
