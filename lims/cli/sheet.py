# SPDX-License-Identifier: Apache-2.0
"""`lims ledger sheet`, `lims ledger anchor`: the ledger on paper, paper against the ledger."""

import sys
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from lims.cli.common import folder_option, json_option, open_laboratory, plain_errors, print_json
from lims.cli.common import tell as say
from lims.cli.proof import write_whole
from lims.core.clock import now, utc_text
from lims.custody import verifier
from lims.custody.queries.anchors import check_anchor
from lims.custody.rules.anchors import VERDICT_WORDS, AnchorVerdict
from lims.quality.operations import draw_sheet, sheet_of
from lims.web.locale import translate


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; else today.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF."
)
@folder_option
@json_option
@plain_errors
def sheet(day: datetime | None, out: Path, folder: Path, as_json: bool) -> None:
    """Draw the sheet of a day: the newest checkpoint to be printed, compared and signed in ink."""
    lab = open_laboratory(folder)
    asked = (day or now().astimezone(lab.settings.time_zone)).date()
    with lab.database.reading() as session:
        drawn = sheet_of(
            session, asked, lab.settings.time_zone,
            (lab.settings.laboratory, lab.settings.laboratory_ar),
        )  # fmt: skip
    if drawn is None:
        raise click.ClickException(
            f"Nothing was signed up to {asked.isoformat()}: `lims ledger checkpoint` signs."
        )
    write_whole(out, [draw_sheet(drawn, partial(translate, into="ar"))])
    if as_json:
        mark = verifier.read_checkpoint(verifier.read_note(drawn.signed.note.encode()).text)
        print_json(
            {
                "file": str(out),
                "date": asked.isoformat(),
                "size": mark.size,
                "root": mark.root.hex(),
                "added": drawn.signed.end - drawn.signed.first,
            }
        )
    else:
        say(f"The sheet of {asked.isoformat()} is in {out}. Print it on A4 at 100 %.")


@click.command()
@click.argument("text")
@folder_option
@json_option
@plain_errors
def anchor(text: str, folder: Path, as_json: bool) -> None:
    """Compare the anchor on a label or slip, such as 1284:QJ2A7XK3MD, with the ledger.

    Exit 0 it fits, 1 it does not, 3 it fits and no checkpoint covers it yet.
    """
    lab = open_laboratory(folder)
    with lab.database.reading() as session:
        found = check_anchor(session, text)
    if as_json:
        print_json(
            {
                "verdict": found.verdict.value,
                "size": found.size,
                "at": utc_text(found.at) if found.at else None,
                "signed": found.signed,
                "signed_at": utc_text(found.signed_at) if found.signed_at else None,
            }
        )
    else:
        click.echo(VERDICT_WORDS[found.verdict])
        if found.at is not None:
            click.echo(f"The last of {found.size} events was recorded at {utc_text(found.at)}.")
        if found.signed_at is not None:
            click.echo(f"Covered by the checkpoint of {found.signed} events.")
    sys.exit({AnchorVerdict.FITS: 0, AnchorVerdict.UNSIGNED: 3}.get(found.verdict, 1))
