# SPDX-License-Identifier: Apache-2.0
"""What was erased stays erased after a copy of the database came back, by every command."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.erasures import PERSON, DestroyedKey, erasure_list
from lims.core.sealing import SealedKey, destroy_key, open_vault
from lims.core.settings import read_settings
from lims.identities.operations import register_donor
from lims.identities.rules import Names


def a_donor(folder: Path) -> tuple[str, str]:
    """Record a donor; return the ref and the name of its key."""
    settings = read_settings(folder)
    database, vault = open_database(settings), open_vault(settings)
    with database.writing() as session:
        donor = register_donor(
            session, vault, Names("Canary"), number="D-1", by=Actor("console:test"), at=now()
        )
        key = session.scalars(select(SealedKey.ref)).one()
    database.empty_log()
    database.close()
    return donor, key


def wrapped(path: Path, ref: str) -> bytes:
    """Return what of a key stands in a database."""
    with closing(sqlite3.connect(path)) as opened:
        found: bytes = opened.execute(
            "SELECT wrapped FROM sealed_key WHERE ref = ?", (ref,)
        ).fetchone()[0]
    return found


def test_a_restored_copy_is_erased_again_and_copies_in_the_folder_are_cleaned(
    laboratory: Path, lims: Callable[..., Any]
) -> None:
    _, ref = a_donor(laboratory)
    settings = read_settings(laboratory)
    file = laboratory / "lims.sqlite"
    old, kept = laboratory / "old.sqlite", laboratory / "lims.before-0009.sqlite"
    shutil.copyfile(file, old)
    shutil.copyfile(file, kept)
    database = open_database(settings)
    with database.writing() as session:
        destroy_key(session, ref, at=now())
    database.close()
    blob = wrapped(old, ref)
    assert blob

    # A crash kept the key off the list: the database lists it.
    applied = lims("erasures", "apply", "--folder", laboratory, "--json")
    assert applied.status == 0, applied.said
    assert (applied.json["added"], applied.json["destroyed_again"]) == (1, 0)
    assert applied.json["cleaned"] == [kept.name]
    assert set(erasure_list(settings).read()) == {DestroyedKey(PERSON, ref)}
    assert blob not in kept.read_bytes()

    for path in laboratory.glob("lims.sqlite*"):
        path.unlink()
    shutil.copyfile(old, file)
    assert wrapped(file, ref) == blob
    opened = lims("upgrade", "--folder", laboratory)
    assert opened.status == 0, opened.said
    assert "destroyed again" in opened.said
    assert wrapped(file, ref) == b""
    assert blob not in file.read_bytes()
    again = lims("erasures", "apply", "--folder", laboratory)
    assert again.status == 0
    assert "1 destroyed keys are on the list" in again.said

    # A list that somebody changed opens nothing.
    listed = settings.keys / "erasures"
    listed.write_bytes(listed.read_bytes().replace(ref.encode(), b"0" * 32))
    refused = lims("erasures", "apply", "--folder", laboratory)
    assert refused.status == 2
    assert "is not as it was written" in refused.said
