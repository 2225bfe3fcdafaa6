# SPDX-License-Identifier: Apache-2.0
"""`lims import-rack`: a whole-rack scanner's file onto a box."""

from pathlib import Path

import click

from lims.cli.common import (
    acting,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.core.clock import now, utc_text
from lims.core.codes import read_payload, threes
from lims.storage.operations.racks import RackPreview, apply_rack, preview_rack, read_rack_file
from lims.storage.rules.racks import CHANGE_WORDS, RackChange, RackRefused


@click.command("import-rack")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--box", required=True, metavar="CODE", help="The box that the scanner read.")
@click.option("--dry-run", is_flag=True, help="Compare, and change nothing.")
@click.option("--as", "login", metavar="LOGIN", help="Act as this person; asks for the password.")
@folder_option
@json_option
@plain_errors
def import_rack(
    file: Path, box: str, dry_run: bool, login: str | None, folder: Path, as_json: bool
) -> None:
    """Record the tubes of a box where a whole-rack scanner read them: all of them, or none."""
    code = read_payload(box).code
    content = file.read_bytes()
    read = read_rack_file(content, name=file.name)
    lab = open_laboratory(folder)
    actor = acting(lab, login)
    with lab.database.reading() as session:
        shown = preview_rack(session, code, read, content, by=actor)
    changed, at = False, None
    if shown.before is not None:
        at = shown.before.imported_at
    elif not dry_run:
        if shown.comparison.problems:
            _tell(shown)
            raise RackRefused(count=len(shown.comparison.problems))
        with lab.database.writing() as session:
            applied = apply_rack(
                session, code, read, content, confirmed=shown.token, by=actor, at=now()
            )
            lab.files.keep(content)
            changed, at = applied.changed, applied.at
    if as_json:
        print_json(
            {
                "box": code, "rack": read.rack, "changed": changed,
                "applied": utc_text(at) if at is not None else None,
                "placed": [line.code for line in shown.comparison.changes],
                "missing": [line.code for line in shown.comparison.missing],
                "problems": len(shown.comparison.problems),
                "lines": [
                    {"position": line.position, "what": line.change.value, "read": line.code}
                    for line in shown.comparison.lines
                ],
            }
        )  # fmt: skip
        return
    _tell(shown)
    if shown.before is not None and at is not None:
        click.echo(f"This file was applied already, {utc_text(at)}. Nothing was changed.")
    elif dry_run:
        click.echo(f"Would change: {len(shown.comparison.changes)}. Nothing was changed.")
    else:
        click.echo(
            f"Recorded: {len(shown.comparison.changes)}. "
            f"Recorded here and not read: {len(shown.comparison.missing)}."
        )


def _tell(shown: RackPreview) -> None:
    for line in shown.comparison.lines:
        if line.change is not RackChange.SAME:
            what = threes(line.code) if len(line.code) == 9 else line.code
            tell(f"{line.position}: {what}: {CHANGE_WORDS[line.change]}")
