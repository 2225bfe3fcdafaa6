# SPDX-License-Identifier: Apache-2.0
"""`lims import-dispatch`: the list of what a sender announces."""

import hashlib
import secrets
import sys
from pathlib import Path

import click

from lims.cases.operations.dispatch_files import LARGEST_LIST_MB, read_list
from lims.cases.operations.dispatches import check_unseen, import_list, judge
from lims.cases.queries.dispatches import sender_named
from lims.cases.rules.dispatch_rows import ReadList
from lims.cli.common import (
    acting,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.core.clock import now
from lims.core.errors import Refusal
from lims.core.sealing import open_vault
from lims.people.rules import Line


@click.command("import-dispatch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sender", required=True, help="Authority or mortuary that sends.")
@click.option(
    "--line", default=Line.BONE.value, show_default=True,
    type=click.Choice([line.value for line in Line]), help="Remains or references.",
)  # fmt: skip
@click.option("--number", default="", help="The sender's number of the list.")
@click.option("--again", default="", help="Why something of an earlier list is sent again.")
@click.option("--dry-run", is_flag=True, help="Give the verdict on each row, store nothing.")
@click.option("--as", "login", default=None, help="Act as this person; asks for the password.")
@folder_option
@json_option
@plain_errors
def import_dispatch(
    file: Path,
    sender: str,
    line: str,
    number: str,
    again: str,
    dry_run: bool,
    login: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Take a dispatch list (CSV, XLSX) as a whole, or nothing; exit 1 if it is refused."""
    lab = open_laboratory(folder)
    by, vault = acting(lab, login), open_vault(lab.settings)
    with file.open("rb") as opened:
        # One byte more than is taken is enough to refuse it.
        content = opened.read(LARGEST_LIST_MB * 1_000_000 + 1)
    digest = hashlib.sha256(content).hexdigest()
    judged: ReadList | None = None
    refused: Refusal | None = None
    ref = ""
    try:
        with lab.database.reading() as session:
            known = sender_named(session, vault, sender)
        read = read_list(
            content, name=file.name, line=Line(line), mapping=known.mapping if known else None
        )
        with lab.database.reading() as session:
            judged = judge(session, vault, read, sender=sender, again=again)
            check_unseen(session, vault, read, bytes_hash=digest)
        if not dry_run:
            with lab.database.writing(secrets.token_hex(16)) as session:
                ref = import_list(
                    session, vault, read, sender=sender, number=number, file_name=file.name,
                    bytes_hash=digest, again=again, by=by, at=now(),
                )  # fmt: skip
    except Refusal as problem:
        refused = problem
    rows_refused = judged.refused if judged is not None else 0
    if as_json:
        print_json(_as_json(judged, refused, ref, dry_run=dry_run))
    else:
        _show(judged, refused, dry_run=dry_run)
    if refused is not None or rows_refused:
        sys.exit(1)


def _show(judged: ReadList | None, refused: Refusal | None, *, dry_run: bool) -> None:
    for row in judged.rows if judged is not None else ():
        words = "; ".join(str(why) for why in (*row.refused, *row.remarked))
        click.echo(
            f"row {row.line}: {row.number or '-'} (seal {row.seal or '-'}): {row.verdict.value}"
            + (f": {words}" if words else "")
        )
    if judged is not None and judged.unknown:
        tell(f"Columns that nobody knows, kept with each row: {', '.join(judged.unknown)}")
    if refused is not None:
        tell(f"{refused.say}\n{refused.advice or ''}".strip())
    elif judged is not None and judged.refused:
        tell(f"{judged.refused} of {len(judged.rows)} rows are refused. Nothing was stored.")
    elif judged is not None:
        done = "can be taken. Nothing was stored." if dry_run else "taken."
        tell(f"{len(judged.rows)} rows {done}")


def _as_json(
    judged: ReadList | None, refused: Refusal | None, ref: str, *, dry_run: bool
) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "taken": bool(ref),
        "dispatch": ref or None,
        "problem": refused.name if refused is not None else None,
        "say": str(refused.say) if refused is not None else None,
        "columns": [[header, column.value] for header, column in judged.columns] if judged else [],
        "unknown": list(judged.unknown) if judged else [],
        "rows": [
            {
                "row": row.line,
                "item": row.number,
                "case": row.case,
                "seal": row.seal,
                "verdict": row.verdict.value,
                "refused": [str(why) for why in row.refused],
                "remarked": [str(why) for why in row.remarked],
            }
            for row in (judged.rows if judged else ())
        ],
    }
