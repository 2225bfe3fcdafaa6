# SPDX-License-Identifier: Apache-2.0
"""`lims erasures apply`: what was erased stays erased after a copy of the database came back."""

from pathlib import Path

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
from lims.core.clock import now
from lims.core.settings import Settings
from lims.founding.erasures import Applied, apply_erasures


@click.group()
def erasures() -> None:
    """The list of persons' keys that were destroyed."""


@erasures.command("apply")
@folder_option
@json_option
@plain_errors
def apply(folder: Path, as_json: bool) -> None:
    """Destroy again what a restored copy brought back; run it after every restore."""
    lab = open_laboratory(folder)
    lab.database.close()
    applied = apply_erasures(lab.settings, by=console(), at=now())
    if as_json:
        print_json(applied.as_json())
        return
    tell(f"{applied.listed} destroyed keys are on the list.")
    report(applied)


def erase_before_opening(settings: Settings) -> None:
    """Apply the list before anything is served; say on standard error what it found."""
    report(apply_erasures(settings, by=console(), at=now()))


def report(applied: Applied) -> None:
    """Say what was found, where there is anything to say."""
    if applied.destroyed_again:
        tell(f"{applied.destroyed_again} keys had come back with the database: destroyed again.")
    if applied.newer_checkpoint:
        tell(
            f"The database is older than the checkpoint of {applied.newer_checkpoint} events in "
            "this folder: it was restored from a copy. Tell the quality officer."
        )
    if applied.cleaned:
        tell(f"Destroyed keys were taken out of {', '.join(applied.cleaned)} too.")
    if applied.uncleaned:
        tell(f"{', '.join(applied.uncleaned)} cannot be opened and may hold keys: delete it.")
