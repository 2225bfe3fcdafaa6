# SPDX-License-Identifier: Apache-2.0
"""Where the demonstration may be built, and where it must not."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from lims.core.db import Database
from lims.core.settings import Settings, read_settings
from lims.custody import verifier
from lims.custody.operations import read_public_key
from lims.custody.queries import verify_database
from lims.demo.command import demo
from lims.demo.laboratory import (
    BUILT_FILE,
    NotADemonstration,
    check_folder,
    open_demonstration,
    write_bench_file,
)
from lims.founding import make_laboratory


def test_a_demonstration_is_built_once_and_then_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "demonstration"
    settings, built = open_demonstration(folder)
    again, the_same = open_demonstration(folder)

    assert settings.demonstration
    assert again.origin == settings.origin
    assert the_same == built


def test_a_real_laboratory_is_never_taken_for_a_demonstration(tmp_path: Path) -> None:
    folder = tmp_path / "laboratory"
    make_laboratory(Settings(folder=folder, origin="osteon.example/real"))

    answer = CliRunner().invoke(demo, ["--folder", str(folder), "--no-browser"])

    assert answer.exit_code == 1
    assert "real laboratory" in answer.output
    assert not read_settings(folder).demonstration


def test_a_folder_of_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", "utf-8")

    answer = CliRunner().invoke(demo, ["--folder", str(tmp_path), "--no-browser"])

    assert answer.exit_code == 1
    assert "holds other things" in answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_refused_as_a_folder(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()

    with pytest.raises(NotADemonstration, match="is a file"):
        check_folder(place)


def test_a_demonstration_that_was_not_built_to_its_end_is_refused(built_folder: Path) -> None:
    (built_folder / BUILT_FILE).unlink()

    with pytest.raises(NotADemonstration, match="not built to its end"):
        open_demonstration(built_folder)


def test_a_demonstration_with_another_database_is_refused(built_folder: Path) -> None:
    with pytest.raises(NotADemonstration, match="another database"):
        open_demonstration(built_folder, "postgresql+psycopg://nobody@127.0.0.1:1/none")


def test_a_run_through_wants_a_fresh_folder(built_folder: Path) -> None:
    answer = CliRunner().invoke(demo, ["--run-through", "--folder", str(built_folder)])

    assert answer.exit_code == 1
    assert "fresh demonstration" in answer.output


def test_a_busy_port_is_said_clearly(tmp_path: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        answer = CliRunner().invoke(
            demo, ["--folder", str(tmp_path / "demo"), "--port", str(port), "--no-browser"]
        )

    assert answer.exit_code == 1
    assert f"Port {port}" in answer.output
    assert "--port" in answer.output


def test_keys_of_agents_are_readable_by_their_owner_alone(built_folder: Path) -> None:
    settings, built = open_demonstration(built_folder)
    bench = write_bench_file(settings, built, port=8400).read_text("utf-8")

    keys = list((settings.keys / "agents").iterdir())
    assert len(keys) == len(built.stations)
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    assert not any(key.read_text("ascii").strip() in bench for key in keys)


def test_the_fictional_laboratory_has_a_sound_ledger(built_folder: Path) -> None:
    settings, _ = open_demonstration(built_folder)
    database = Database(settings.database_url)
    with database.reading() as session:
        report = verify_database(
            session, read_public_key(settings.public_key),
            verifier.read_notes(settings.checkpoints),
        )  # fmt: skip
    database.close()

    assert report.verdict == "unsigned"
    assert not report.problems
    assert not report.report.regressions
