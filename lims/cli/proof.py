# SPDX-License-Identifier: Apache-2.0
"""`lims ledger prove`, `lims package`: the custody of one thing, to be checked without Osteon."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click
from sqlalchemy.orm import Session

from lims.cli.common import (
    Opened,
    console,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.core.clock import now
from lims.core.codes import read_payload, threes
from lims.custody import verifier
from lims.custody.operations import daily_signer, publish, read_public_key
from lims.custody.queries import proof_lines
from lims.custody.rules import Tag
from lims.features import PACKAGE_SECTIONS
from lims.quality.operations import (
    Laboratory,
    cosigned_files,
    prepare_package,
    record_and_sign,
    record_package,
)
from lims.quality.queries.preparation import photograph_section
from lims.web.locale import translate

out_option = click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)


def signed_now(lab: Opened, code: str, tag: Tag) -> None:
    """Record that a proof of a thing is made, and sign all events there are, this one among them.

    Raises NotFound, NoDailyKey, CheckpointBackwards; then nothing is recorded.
    """
    at = now()
    signer = daily_signer(
        lab.settings.keys, origin=lab.settings.origin, at=at, passphrase=lab.settings.passphrase
    )
    with lab.database.writing() as session:
        record_and_sign(session, code, tag, signer, by=console(), at=at)
    with lab.database.reading() as session:
        publish(session, lab.settings.checkpoints)


def proof_of(session: Session, lab: Opened, code: str, *, with_shared: bool) -> list[bytes]:
    """Return the lines of the proof of a thing. Raises NotFound, NotCovered, NotProved."""
    key = read_public_key(lab.settings.public_key)
    notes = verifier.read_notes(lab.settings.checkpoints)
    return proof_lines(session, code, key, notes, with_shared=with_shared)


def write_whole(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file so that it is there whole or not at all."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        out.writelines(parts)
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, file)


shared_option = click.option(
    "--with-batches",
    "with_shared",
    is_flag=True,
    help="Show the events of batches and plates too; they name the codes of other things.",
)


@click.command()
@click.argument("code")
@out_option
@shared_option
@folder_option
@json_option
@plain_errors
def prove(code: str, out: Path, with_shared: bool, folder: Path, as_json: bool) -> None:
    """Write the events of one thing and its ancestors with their proofs; nothing of other things.

    All events are signed first, so that the proof covers the last one.
    """
    lab = open_laboratory(folder)
    asked = read_payload(code).code
    signed_now(lab, asked, Tag.LEDGER_PROOF_MADE)
    with lab.database.reading() as session:
        lines = proof_of(session, lab, asked, with_shared=with_shared)
    write_whole(out, lines)
    report = verifier.check_proof(lines, read_public_key(lab.settings.public_key))
    if as_json:
        print_json(
            {
                "file": str(out),
                "code": asked,
                "things": report.streams,
                "left_out": report.left_out,
                "events": report.size,
                "signed": report.signed,
                "verdict": report.verdict,
            }
        )
        return
    tell(
        f"{report.size} events of {threes(asked)} and what it came from are in {out}. "
        "Verify them with lims/custody/verifier.py --proof."
    )


@click.command()
@click.argument("code")
@out_option
@shared_option
@folder_option
@json_option
@plain_errors
def package(code: str, out: Path, with_shared: bool, folder: Path, as_json: bool) -> None:
    """Write one zip about a thing for a court: timeline as PDF, proof, key, verifier, instructions.

    All events are signed first; that the package was made is the last of them.
    """
    lab = open_laboratory(folder)
    asked = read_payload(code).code
    at = now()
    held = lab.settings
    signer = daily_signer(held.keys, origin=held.origin, at=at, passphrase=held.passphrase)
    mine = Laboratory(
        (held.laboratory, held.laboratory_ar), read_public_key(held.public_key),
        partial(translate, into="ar"),
    )  # fmt: skip
    with lab.database.reading() as session:
        made = prepare_package(
            session, asked, laboratory=mine, at=at,
            sections=(*PACKAGE_SECTIONS, photograph_section(lab.files)),
            with_shared=with_shared, beside=cosigned_files(held.checkpoints, held.witnesses),
        )  # fmt: skip
    with lab.database.writing() as session:
        record_package(session, made, signer, by=console(), at=at)
    with lab.database.reading() as session:
        publish(session, held.checkpoints)
        lines = proof_of(session, lab, asked, with_shared=with_shared)
    write_whole(out, [made.zipped(lines)])
    if as_json:
        print_json({"file": str(out), "code": asked, "package": made.id})
    else:
        tell(f"The package {made.id} is in {out}. Its README.txt says how to check it.")
