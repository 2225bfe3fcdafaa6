# SPDX-License-Identifier: Apache-2.0
"""`lims ledger` and `lims history`: the proof at the console, and what breaks it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lims.core.db import Database
from lims.core.settings import Settings, write_settings
from lims.genotyping.models import Profile

Run = Callable[..., Any]
VERIFIER = Path(__file__).parents[3] / "lims" / "custody" / "verifier.py"


def add_account(lims: Run, folder: Path, login: str) -> None:
    added = lims(
        "user", "add", login, "--name", "Somebody", "--initials", f"{login[:1].upper()}-09",
        "--role", "auditor", "--folder", folder,
    )  # fmt: skip
    assert added.status == 0


def standalone(export: Path, folder: Path) -> int:
    ran = subprocess.run(
        # -I and -S: without any package that is installed here.
        [sys.executable, "-I", "-S", str(VERIFIER), str(export), "--checkpoints",
         str(folder / "checkpoints"), "--key", str(folder / "ledger.pub")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode


def test_the_verdict_is_an_unsigned_tail_then_sound_once_it_is_signed(
    lims: Run, laboratory: Path
) -> None:
    add_account(lims, laboratory, "maryam")
    before = lims("ledger", "verify", "--folder", laboratory, "--json")
    signed = lims("ledger", "checkpoint", "--folder", laboratory, "--json")
    after = lims("ledger", "verify", "--folder", laboratory, "--json")

    assert (before.status, before.json["verdict"]) == (3, "unsigned")
    assert signed.json["signed"] is True
    assert (after.status, after.json["verdict"]) == (0, "sound")


def test_signing_again_when_nothing_happened_makes_no_second_checkpoint(
    lims: Run, laboratory: Path
) -> None:
    add_account(lims, laboratory, "maryam")
    lims("ledger", "checkpoint", "--folder", laboratory)
    again = lims("ledger", "checkpoint", "--folder", laboratory, "--json")

    assert again.status == 0
    assert again.json["signed"] is False


def test_an_export_is_verified_with_nothing_but_python(
    lims: Run, laboratory: Path, tmp_path: Path
) -> None:
    add_account(lims, laboratory, "maryam")
    export = tmp_path / "export.ndjson"
    unsigned = lims("ledger", "export", export, "--folder", laboratory, "--json")
    assert standalone(export, laboratory) == 3
    lims("ledger", "checkpoint", "--folder", laboratory)
    assert standalone(export, laboratory) == 0
    whole = export.read_bytes()
    lines = whole.splitlines(keepends=True)
    for broken in (
        b"".join(lines[:-1]),
        b"".join(lines[1:]),
        b"".join([lines[1], lines[0], *lines[2:]]),
        whole.replace(b"person:account:added", b"person:account:closed", 1),
    ):
        export.write_bytes(broken)
        assert standalone(export, laboratory) == 1

    assert unsigned.json == {"file": str(export), "events": unsigned.json["events"]}


def test_an_event_changed_behind_the_back_of_the_database_is_named(
    lims: Run, laboratory: Path
) -> None:
    add_account(lims, laboratory, "maryam")
    lims("ledger", "checkpoint", "--folder", laboratory)
    with sqlite3.connect(laboratory / "lims.sqlite") as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE ledger_event SET body = x'7b7d'")
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_event'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(
            "UPDATE ledger_event SET body = CAST(replace(CAST(body AS TEXT), 'console:', "
            "'console:x') AS BLOB) WHERE CAST(body AS TEXT) LIKE '%account:added%'"
        )
    connection.close()
    verified = lims("ledger", "verify", "--folder", laboratory, "--json")

    assert verified.status == 1
    assert verified.json["verdict"] == "broken"
    assert "person:account:added" in verified.out


def test_the_public_key_is_shown_and_days_are_certified_in_one_sitting(
    lims: Run, laboratory: Path
) -> None:
    shown = lims("ledger", "key", "--folder", laboratory, "--json")
    certified = lims("ledger", "key", "--certify", "--folder", laboratory, "--json")

    assert shown.json["key"] == (laboratory / "ledger.pub").read_text("ascii").strip()
    assert shown.json["days_left"] == 31
    assert shown.json["certified"] == 0
    assert certified.json["days_left"] >= 31


def test_a_code_that_is_mistyped_or_unknown_has_no_history(lims: Run, laboratory: Path) -> None:
    mistyped = lims("history", "B7K3Q9FM5", "--folder", laboratory, "--json")

    assert mistyped.status == 1
    assert "check character" in mistyped.said
    assert mistyped.out == ""


def test_the_history_of_an_extract_leads_back_to_the_bone(
    lims: Run, database: Database, settings: Settings, an_extract: Callable[..., str]
) -> None:
    write_settings(settings)
    with database.writing() as session:
        extract = an_extract(session)
    told = lims("history", extract, "--folder", settings.folder, "--json")
    words = lims("history", extract, "--folder", settings.folder)
    kinds = [link["parent"][0] for link in told.json["path"]]

    assert told.status == 0
    assert told.json["code"] == extract
    assert kinds[:2] in (["A", "G"], ["G", "A"])
    assert kinds[-1] == "B"
    assert {event["stream"][0] for event in told.json["events"]} >= {"X", "A", "B"}
    assert set(told.json["events"][0]) >= {"index", "id", "type", "words", "actor", "recorded"}
    assert extract[:3] in words.out


def test_the_whole_laboratory_from_bone_to_profile_is_verified_on_both_databases(
    lims: Run, database: Database, settings: Settings, filled: str
) -> None:
    write_settings(settings)
    verified = lims("ledger", "verify", "--folder", settings.folder, "--json")
    with database.reading() as session:
        assert session.query(Profile).count() == 1

    assert verified.status in (0, 3), verified.out
    assert verified.json["verdict"] in ("sound", "unsigned")
