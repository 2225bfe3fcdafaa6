# SPDX-License-Identifier: Apache-2.0
"""`lims worklist`, `lims batch show`, `lims lineage`, `lims recall`: the work of the stages."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lims.cli.common import (
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
)
from lims.core.clock import utc_text
from lims.core.codes import Kind, read_payload, threes
from lims.people.queries import initials_of
from lims.people.rules import Line
from lims.plates.models import BatchMember, Well
from lims.plates.queries import (
    batch_of,
    members_of,
    plate_of,
    state_of,
    uses_of,
    waiting,
    waiting_counts,
    wells_of,
)
from lims.plates.rules import Stage
from lims.procedures.queries import procedure_of
from lims.quality.queries import lineage_of, reach_of
from lims.samples.queries import read_prefix


@click.command()
@click.argument("stage", type=click.Choice([stage.value for stage in Stage]))
@click.option("--line", type=click.Choice([line.value for line in Line]), help="Of one line only.")
@click.option("--search", default="", help="Codes of the thing or its sample that begin so.")
@click.option("--after", default="", help="Only what comes after this code.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=5_000, show_default=True)
@folder_option
@json_option
@plain_errors
def worklist(
    stage: str, line: str | None, search: str, after: str, limit: int, folder: Path, as_json: bool
) -> None:
    """List what waits for a stage: the urgent first, then the oldest."""
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        found = waiting(
            session, Stage(stage), line=Line(line) if line else None, search=read_prefix(search),
            after=read_prefix(after), limit=limit,
        )  # fmt: skip
        count = waiting_counts(session)[Stage(stage)]
    rows = [
        {
            "code": one.code,
            "state": one.state,
            "since": utc_text(one.since),
            "sample": one.sample.code if one.sample else None,
            "line": one.sample.line.value if one.sample else None,
            "on_hold": one.held,
            "urgent": one.urgent,
            "repeats": [
                {
                    "repeat": again.id,
                    "kind": again.kind.value,
                    "reason": again.reason.value,
                    "why": again.words,
                    "of": again.parent_code,
                    "position": again.position,
                }
                for again in one.repeats
            ],
        }
        for one in found
    ]
    repeats = {one.code: one.repeats for one in found}
    if as_json:
        print_json({"stage": stage, "line": line, "waiting": count, "things": rows})
        return
    click.echo(f"{count} wait for {stage}.")
    for row in rows:
        marks = "  urgent" * bool(row["urgent"]) + "  on hold" * bool(row["on_hold"])
        again = "".join(
            f"  {one.kind.value}: {one.reason.value}" for one in repeats[str(row["code"])]
        )
        click.echo(
            f"{threes(str(row['code']))}  {row['state']:<12}  since {row['since']}{marks}{again}"
        )


@click.group()
def batch() -> None:
    """Batches and plates."""


@batch.command()
@click.argument("code")
@folder_option
@json_option
@plain_errors
def show(code: str, folder: Path, as_json: bool) -> None:
    """Show a batch or a plate: its procedure, what stands in it, its lots and instruments."""
    read = read_payload(code)
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        is_plate = read.kind is Kind.PLATE
        work = plate_of(session, read.code) if is_plate else batch_of(session, read.code)
        procedure = procedure_of(session, work.procedure_id)
        places: tuple[Well | BatchMember, ...] = (
            wells_of(session, read.code) if is_plate else members_of(session, read.code)
        )
        who = initials_of(session, {work.opened_by})
        told: dict[str, Any] = {
            "code": read.code,
            "kind": read.kind.value,
            "activity": work.activity.value,
            "line": work.line.value if work.line else None,
            "state": state_of(session, read.code),
            "procedure": procedure.name,
            "version": procedure.version,
            "opened": utc_text(work.opened_at),
            "opened_by": who.get(work.opened_by, work.opened_by),
            "completed": utc_text(work.completed_at) if work.completed_at else None,
            "positions": [_place(one) for one in places],
            "used": [
                {"code": one.code, "name": one.name, "number": one.number, "until": str(one.until)}
                for one in uses_of(session, read.code)
            ],
        }
    if as_json:
        print_json(told)
        return
    click.echo(
        f"{threes(told['code'])}  {told['activity']}  {told['state']}  "
        f"{told['procedure']} v{told['version']}"
    )
    for one in told["positions"]:
        click.echo(f"  {one['position']:<4} {one['role']:<9} {threes(one['code'] or '-')}")
    for used in told["used"]:
        click.echo(f"  with {used['name']} {used['number']} ({threes(used['code'])})")


def _place(one: Well | BatchMember) -> dict[str, object]:
    volume = one.volume_nl if isinstance(one, Well) else None
    return {
        "position": one.position, "role": one.role.value, "code": one.subject_code,
        "volume_nl": volume,
    }  # fmt: skip


@click.command()
@click.argument("code")
@folder_option
@json_option
@plain_errors
def lineage(code: str, folder: Path, as_json: bool) -> None:
    """Show where a thing came from and what became of it: wells, lots, instruments, people."""
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        found = lineage_of(session, read_payload(code).code)
    told = _plain(asdict(found))
    if as_json:
        print_json(told)
        return
    for node in (*reversed(found.above), found.thing, *found.below):
        made = ", ".join(f"{how} of {threes(parent)}" for parent, how in node.parents)
        click.echo(f"{threes(node.code)}  {node.state}  {made}".rstrip())
    for one in found.standings:
        taken = "  taken back" if one.voided else ""
        click.echo(f"  {threes(one.code)} in {threes(one.work)} {one.position} by {one.by}{taken}")
    for result in found.results:
        profiles = ", ".join(
            f"profile {v} of {threes(s)}: {state}" for s, v, state in result.profiles
        )
        click.echo(
            f"  {threes(result.plate)} {result.position}: {result.file}  {profiles}".rstrip()
        )


@click.command()
@click.argument("lot")
@folder_option
@json_option
@plain_errors
def recall(lot: str, folder: Path, as_json: bool) -> None:
    """List all that a lot or an instrument touched: batches, samples, wells, runs, profiles."""
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        found = reach_of(session, read_payload(lot).code)
    if as_json:
        print_json(_plain(asdict(found)))
        return
    click.echo(f"{found.name} {found.number} ({threes(found.code)})")
    for words, codes in (
        ("used in", found.works), ("plates", found.plates), ("tubes", found.things),
        ("samples", found.samples),
    ):  # fmt: skip
        click.echo(f"{words}: {', '.join(threes(code) for code in codes) or 'none'}")
    click.echo(f"wells: {len(found.wells)}, injections: {len(found.injections)}")
    for one in found.profiles:
        click.echo(f"profile {one.version} of {threes(one.sample)}: {one.state}")


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: instants as text, tuples as lists."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
