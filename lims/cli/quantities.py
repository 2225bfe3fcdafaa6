# SPDX-License-Identifier: Apache-2.0
"""`lims import-quantification`: a cycler's table onto a quantification plate."""

import hashlib
from pathlib import Path

import click

from instruments.analyzers.contents import LARGEST_FILE
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
from lims.core.codes import read_payload
from lims.core.errors import Refusal
from lims.quantification.operations import (
    Preview,
    import_quantities,
    preview_quantities,
    read_table,
)
from lims.quantification.queries import saved_mapping
from lims.quantification.rules import NEXT_WORDS, VERDICT_WORDS, Finding


@click.command("import-quantification")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--plate", required=True, metavar="CODE", help="The plate that was measured.")
@click.option("--mapping", metavar="NAME", help="Read it by this saved mapping of headers.")
@click.option("--reason", default="", help="Why it replaces figures that are there.")
@click.option("--dry-run", is_flag=True, help="Show each well's verdict, and store nothing.")
@click.option("--as", "login", metavar="LOGIN", help="Act as this person; asks for the password.")
@folder_option
@json_option
@plain_errors
def import_quantification(
    file: Path, plate: str, mapping: str | None, reason: str, dry_run: bool, login: str | None,
    folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Take in the results of a quantification plate: all of them, or nothing.

    The same file again changes nothing. What follows for each extract is proposed; a person
    confirms it on the page of the plate.
    """
    code = read_payload(plate).code
    with file.open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    lab = open_laboratory(folder)
    try:
        with lab.database.reading() as session:
            saved = saved_mapping(session, mapping) if mapping else None
        table = read_table(content, file.name, saved.mapping if saved else None)
        sha256 = hashlib.sha256(content).hexdigest()
        by, at = acting(lab, login), now()
        with lab.database.reading() as session:
            shown = preview_quantities(session, code, table, sha256=sha256, by=by, at=at)
        changed = False
        if not dry_run and shown.known is None:
            with lab.database.writing() as session:
                changed = import_quantities(
                    session, code, table, sha256=sha256, file_name=file.name, reason=reason,
                    mapping_id=saved.id if saved else None, by=by, at=at,
                ).changed  # fmt: skip
                lab.files.keep(content)
    except Refusal as refusal:
        if as_json:
            print_json(
                {
                    "plate": code, "changed": False, "refused": refusal.name,
                    "say": str(refusal.say), "do": str(refusal.advice or ""),
                }
            )  # fmt: skip
            click.get_current_context().exit(1)
        raise
    if as_json:
        print_json({**_as_json(shown), "changed": changed, "dry_run": dry_run})
        return
    _tell(shown)
    if shown.known is not None:
        click.echo(f"This file was imported already, {shown.known.at:%Y-%m-%d %H:%M} UTC. "
                   "Nothing was changed.")  # fmt: skip
    elif dry_run:
        click.echo("Nothing was stored." + (" A reason is needed." if shown.replaces else ""))
    else:
        click.echo("Imported. What follows is proposed: confirm it on the page of the plate.")


def _as_json(shown: Preview) -> dict[str, object]:
    return {
        "plate": shown.plate,
        "already_imported": shown.known is not None, "needs_reason": shown.replaces,
        "limits": shown.limits_version, "held": list(shown.held), "notes": list(shown.notes),
        "findings": [_finding(one) for one in shown.findings],
        "curves": [
            {
                "target": target.value, "slope_milli": curve.slope_milli,
                "intercept_milli": curve.intercept_milli, "r2_ppm": curve.r2_ppm,
            }
            for target, curve in shown.measured.curves.items()
        ],
        "wells": [
            {
                "position": one.well.position, "holds": one.well.subject_code,
                "verdict": one.verdict.value,
                "proposed": None if one.proposed is None else {
                    "step": one.proposed.step.value,
                    "volume_nl": one.proposed.plan.volume_nl if one.proposed.plan else None,
                    "dilution": one.proposed.plan.dilution if one.proposed.plan else None,
                },
            }
            for one in shown.wells
        ],
    }  # fmt: skip


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule, "weight": finding.weight.value, "where": finding.where,
        "say": str(finding.seen), "do": str(finding.do),
    }  # fmt: skip


def _tell(shown: Preview) -> None:
    for one in shown.wells:
        proposed = one.proposed
        words = NEXT_WORDS[proposed.step] if proposed is not None else VERDICT_WORDS[one.verdict]
        amount = ""
        if proposed is not None and proposed.plan is not None:
            amount = f", {proposed.plan.volume_nl / 1000:g} µl"
            amount += f" of 1:{proposed.plan.dilution}" if proposed.plan.dilution > 1 else ""
        tell(f"{one.well.position} {one.well.subject_code or one.well.role.value}: {words}{amount}")
    for finding in shown.findings:
        tell(f"{finding.rule or '!'} {finding.where}: {finding.seen}".replace("  ", " "))
