# SPDX-License-Identifier: Apache-2.0
"""`lims stock`, `lims instruments`: what runs out, and what is due."""

from pathlib import Path

import click

from lims.cli.common import (
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
)
from lims.core.clock import local, now
from lims.core.codes import threes
from lims.equipment.queries import installed_on, instruments, on_analyzer, plans_of
from lims.equipment.rules import consumable_state
from lims.reagents.queries import FILTERS, lots_page
from lims.reagents.rules import words_of


@click.command()
@click.option("--state", type=click.Choice(FILTERS[1:]), help="Lots of one state only.")
@click.option("--within", type=click.IntRange(0, 10_000), help="Last day of use within DAYS.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=5_000, show_default=True)
@folder_option
@json_option
@plain_errors
def stock(state: str | None, within: int | None, limit: int, folder: Path, as_json: bool) -> None:
    """List lots of reagents, what must be used first at the top."""
    lab = open_laboratory(folder)
    today = local(now(), lab.settings.time_zone).date()
    with lab.database.reading() as session:
        found = lots_page(session, today=today, state=state or "", within=within, limit=limit).rows
    rows = [
        {
            "code": one.code, "reagent": one.reagent, "number": one.number,
            "activity": one.activity, "state": one.state, "expires": one.expires.isoformat(),
            "use_by": one.use_by.isoformat(), "days_left": one.days_left(today),
            "left": one.left, "unit": one.unit.value, "containers": one.containers,
            "unopened": one.unopened,
        }
        for one in found
    ]  # fmt: skip
    if as_json:
        print_json({"today": today.isoformat(), "lots": rows})
        return
    for one in found:
        click.echo(
            f"{threes(one.code)}  {one.state:<11}  {one.days_left(today):>5} days  "
            f"{words_of(one.left, one.unit)} left  {one.reagent} {one.number}"
        )
    click.echo(f"{len(found)} lots.")


@click.command(name="instruments")
@click.option("--within", type=click.IntRange(0, 10_000), help="Due within DAYS only.")
@folder_option
@json_option
@plain_errors
def list_instruments(within: int | None, folder: Path, as_json: bool) -> None:
    """List instruments with what is due, and what runs out on analyzers."""
    lab = open_laboratory(folder)
    today = local(now(), lab.settings.time_zone).date()
    with lab.database.reading() as session:
        found = [
            one for one in instruments(session, today=today)
            if within is None or (one.next_due - today).days <= within
        ]  # fmt: skip
        codes = [one.code for one in found]
        plans, installed = plans_of(session, *codes), installed_on(session, *codes)
        rows = [
            {
                "code": one.code, "name": one.name, "kind": one.kind, "serial": one.serial,
                "state": one.state, "next_due": one.next_due.isoformat(),
                "days_left": (one.next_due - today).days,
                "plans": [
                    {"name": plan.name, "kind": plan.kind.value, "due": plan.due.isoformat()}
                    for plan in plans if plan.instrument_code == one.code
                ],
                "consumables": [
                    {
                        "kind": each.kind.value, "number": each.number,
                        "expires": None if each.expires is None else each.expires.isoformat(),
                        "injections": each.injections, "most_injections": each.most_injections,
                        "runs": each.runs, "most_runs": each.most_runs,
                        "state": consumable_state(on_analyzer(each), today=today),
                    }
                    for each in installed if each.instrument_code == one.code
                ],
            }
            for one in found
        ]  # fmt: skip
    if as_json:
        print_json({"today": today.isoformat(), "instruments": rows})
        return
    for one in found:
        click.echo(f"{threes(one.code)}  {one.state:<8}  due {one.next_due}  {one.name}")
    click.echo(f"{len(found)} instruments.")
