# SPDX-License-Identifier: Apache-2.0
"""`lims where`: where a thing is."""

from pathlib import Path

import click

from lims.cli.common import (
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
)
from lims.core.clock import utc_text
from lims.core.codes import read_payload, threes
from lims.handovers.queries import names_of, open_of
from lims.storage.queries.history import located


@click.command()
@click.argument("code")
@folder_option
@json_option
@plain_errors
def where(code: str, folder: Path, as_json: bool) -> None:
    """Say in which place a thing is, since when, and who put it there; or who holds it."""
    read = read_payload(code).code
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        whole = located(session, read)
        waiting = open_of(session, [read]).get(read)
        names = names_of(session, [waiting.giver, waiting.receiver]) if waiting else {}
    found, standing = whole.stored, whole.standing
    if as_json:
        print_json(
            {
                "code": read,
                "stored": found is not None,
                "place": found.place if found else None,
                "position": found.position if found else None,
                "path": [
                    {"code": one.code, "kind": one.kind.value, "name": one.name}
                    for one in (found.path if found else ())
                ],
                "since": utc_text(found.since) if found else None,
                "by": found.who if found else None,
                "held_by": standing.holder if standing else None,
                "holder": whole.holder or None,
                "held_at": standing.place if standing else None,
                "held_since": utc_text(standing.since) if standing else None,
                "hand_over": {
                    "number": waiting.number,
                    "giver": names.get(waiting.giver, waiting.giver),
                    "receiver": names.get(waiting.receiver, waiting.receiver),
                    "since": utc_text(waiting.since),
                }
                if waiting
                else None,
            }
        )
    elif found is not None:
        way = " > ".join(one.name for one in found.path)
        by = f", put there by {found.who}" if found.who else ""
        at = f" {found.position}" if found.position else ""
        click.echo(f"{threes(read)}: {way}{at} ({found.place}), since {utc_text(found.since)}{by}")
    else:
        click.echo(f"{threes(read)} is in no place of storage.")
        if standing is not None:
            at = f" at {standing.place}" if standing.place else ""
            who = f"held by {whole.holder}" if whole.holder else standing.holder.partition(":")[0]
            click.echo(f"{who}{at}, since {utc_text(standing.since)}")
    if waiting is not None and not as_json:
        giver, receiver = (names.get(one, one) for one in (waiting.giver, waiting.receiver))
        click.echo(
            f"In the open hand-over {waiting.number} from {giver} to {receiver}, "
            f"since {utc_text(waiting.since)}"
        )
