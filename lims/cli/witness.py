# SPDX-License-Identifier: Apache-2.0
"""`lims ledger witness`: a partner's word that the ledger only grew, asked for, given, taken in."""

import json
import sys
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
from lims.custody import verifier
from lims.custody.operations import read_public_key
from lims.custody.operations.witnessing import keep_cosigned, take_cosigned
from lims.custody.queries.witnesses import cosigned_size, growth, witness_keys
from lims.custody.rules.witnessing import NotACheckpoint

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("checkpoint", type=_file)
@click.option("--key", type=_file, help="Cosign it, with this secret of a witness.")
@click.option("--proof", type=_file, help="With --key: what the laboratory sent beside it.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --key: the file in which the witness remembers what it signed.",
)
@click.option("--ledger", type=_file, help="With --key, the first time: the ledger's public key.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option(
    "--since",
    type=click.IntRange(0),
    help="Prove that it grew from so many events; else from what was cosigned last.",
)
@folder_option
@json_option
@plain_errors
def witness(
    checkpoint: Path, key: Path | None, proof: Path | None, state: Path | None,
    ledger: Path | None, out: Path | None, since: int | None, folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Have CHECKPOINT witnessed by a partner.

    With --key, on the partner's side: check that it continues the one signed last, and cosign it.
    At the laboratory: a plain checkpoint is made ready to be sent (--out, the proof that goes with
    it); one that came back cosigned is checked and kept.
    """
    if key is not None:
        if proof is None or state is None:
            raise click.UsageError("--key needs --proof and --state")
        more = ["--ledger", str(ledger)] if ledger is not None else []
        more += ["--out", str(out)] if out is not None else []
        more += ["--json"] if as_json else []
        sys.exit(
            verifier.main(
                ["--witness", str(checkpoint), "--proof", str(proof), "--key", str(key),
                 "--state", str(state), *more]
            )
        )  # fmt: skip
    content = checkpoint.read_bytes()[: verifier.MAX_NOTE + 1]
    try:
        note = verifier.read_note(content)
        mark = verifier.read_checkpoint(note.text)
    except verifier.Malformed as error:
        raise NotACheckpoint(problem=error.words) from None
    if any(name.startswith(f"{mark.origin}/") for name, _, _ in note.signatures) and (
        len(note.signatures) == 1
    ):
        _ask(mark, checkpoint, out, since, folder, as_json=as_json)
    else:
        _take(content, folder, as_json=as_json)


def _ask(
    mark: verifier.Checkpoint, checkpoint: Path, out: Path | None, since: int | None,
    folder: Path, *, as_json: bool,
) -> None:  # fmt: skip
    """Write what a witness needs beside the checkpoint."""
    lab = open_laboratory(folder)
    begin = since
    if begin is None:
        begin = cosigned_size(lab.settings.checkpoints, witness_keys(lab.settings.witnesses))
    file = out if out is not None else checkpoint.with_suffix(".growth")
    try:
        with lab.database.reading() as session:
            shown = growth(
                session, mark, since=begin, notes=verifier.read_notes(lab.settings.checkpoints)
            )
    except ValueError as error:
        raise NotACheckpoint(problem=str(error)) from None
    verifier.write_safely(file, shown.written())
    if as_json:
        print_json({"checkpoint": str(checkpoint), "proof": str(file), "since": begin})
        return
    tell(
        f"Send the partner {checkpoint} and {file} (the first time {lab.settings.public_key} and "
        "lims/custody/verifier.py too). It proves that the ledger grew from "
        f"{begin} to {mark.size} events."
    )


def _take(content: bytes, folder: Path, *, as_json: bool) -> None:
    """Check a cosigned checkpoint that came back, and keep it."""
    lab = open_laboratory(folder)
    folder_of_notes = lab.settings.checkpoints
    with lab.database.writing() as session:
        note = take_cosigned(
            session, content, read_public_key(lab.settings.public_key),
            verifier.read_notes(folder_of_notes), witness_keys(lab.settings.witnesses),
            folder=folder_of_notes, witness_folder=lab.settings.witnesses, by=console(), at=now(),
        )  # fmt: skip
    file = keep_cosigned(folder_of_notes, note)
    mark = verifier.read_checkpoint(note.text)
    names = [name for name, _, held in note.signatures if len(held) == 72]
    if as_json:
        click.echo(json.dumps({"size": mark.size, "witnesses": names, "file": str(file)}))
    else:
        tell(f"{mark.size} events are witnessed by {', '.join(names)}: {file}")
