# SPDX-License-Identifier: Apache-2.0
"""`lims import-quantification`: shown first, taken in once, refused with a reason for programs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lims.cli import main
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import read_settings
from lims.quantification.queries import imports_of
from tests.cast import PASSWORD, Cast, settle

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]


@pytest.fixture
def laboratory(tmp_path: Path) -> Path:
    """A laboratory's folder as `lims init` leaves it."""
    folder = tmp_path / "laboratory"
    made = CliRunner().invoke(
        main, ["init", "--folder", str(folder), "--origin", "lab.example/q", "--no-passphrase"]
    )
    assert made.exit_code == 0, made.stderr
    return folder


@pytest.fixture
def database(laboratory: Path) -> Iterator[Database]:
    """The database of that laboratory, with the cast."""
    opened = open_database(read_settings(laboratory))
    settle(opened)
    yield opened
    opened.close()


def test_a_table_is_shown_then_taken_in_once_at_the_console(
    laboratory: Path, database: Database, cast: Cast, extracts: Extracts, a_filled_plate: Build,
    tmp_path: Path,
) -> None:  # fmt: skip
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
    login = next(one for one, actor in cast.actors.items() if actor == cast.technician)
    file, wrong = tmp_path / "results.csv", tmp_path / "wrong.csv"
    file.write_text(
        f"Well;Sample;Target;Task;Quantity\nA1;{code};Small;;0,25\nB1;{blank};Small;;0\n"
        "C1;NTC;Small;NTC;0\n", "utf-8",
    )  # fmt: skip
    wrong.write_text(file.read_text("utf-8").replace(code, blank), "utf-8")

    def run(which: Path, *more: str) -> tuple[int, Any, str]:
        arguments = [str(which), "--plate", plate, "--folder", str(laboratory)]
        ran = CliRunner().invoke(
            main, ["import-quantification", *arguments, *more], input=f"{PASSWORD}\n"
        )
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        told = json.loads(ran.stdout) if "--json" in more and ran.stdout else ran.stdout
        return ran.exit_code, told, ran.stderr

    dry = run(file, "--dry-run", "--json")[1]
    with database.reading() as session:
        before = imports_of(session, plate)
    taken = run(file, "--as", login)
    again = run(file)
    refused = run(wrong, "--json")
    with database.reading() as session:
        entries = imports_of(session, plate)

    assert (dry["changed"], dry["dry_run"], dry["already_imported"], before) == (
        False, True, False, (),
    )  # fmt: skip
    assert [(one["position"], one["verdict"]) for one in dry["wells"]] == [
        ("A01", "sample"), ("B01", "clean"), ("C01", "clean"),
    ]  # fmt: skip
    assert dry["wells"][0]["proposed"] == {"step": "amplify", "volume_nl": 4000, "dilution": 1}
    assert [one["rule"] for one in dry["findings"]] == ["R25"]
    assert taken[0] == 0
    assert f"A01 {code}: amplify, 4 µl" in taken[2]
    assert "confirm it" in taken[1]
    assert "imported already" in again[1]
    assert [one.file_name for one in entries] == ["results.csv"]
    assert (refused[0], refused[1]["refused"], refused[1]["changed"]) == (1, "WellDisagrees", False)
    assert "nothing imported" in refused[1]["say"]
