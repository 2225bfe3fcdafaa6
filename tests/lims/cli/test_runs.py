# SPDX-License-Identifier: Apache-2.0
"""`lims inspect` and `lims import-run` at the console."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lims.core.db import Database
from lims.core.settings import Settings, write_settings
from lims.genotyping.models import Run as AnalyzerRun
from lims.genotyping.models import RunFile
from tests.cast import PASSWORD

Run = Callable[..., Any]
KEYS = {
    "path", "sha256", "format", "abif_version", "sample_name", "well", "plate", "run_name",
    "instrument_model", "instrument_serial", "run_started", "injection_id", "size_standard",
    "dyes", "channels", "signal", "generations", "off_scale", "problems",
}  # fmt: skip


@pytest.fixture
def imported(
    database: Database, settings: Settings, filled: str, tmp_path: Path
) -> tuple[Path, str]:
    """The files of a run that was imported, as the analyzer's folder, and the plate's code."""
    write_settings(settings)
    folder = tmp_path / "run"
    folder.mkdir()
    with database.reading() as session:
        plate = session.scalars(select(AnalyzerRun.plate_code)).one()
        for number, stored in enumerate(session.scalars(select(RunFile)).all()):
            content = (settings.files / stored.sha256[:2] / stored.sha256).read_bytes()
            (folder / f"{number:02d}.fsa").write_bytes(content)
    return folder, plate


def runs(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count(AnalyzerRun.id))).one()


def test_what_a_file_says_is_told_under_the_fixed_names(
    lims: Run, imported: tuple[Path, str]
) -> None:
    folder, plate = imported
    told = lims("inspect", folder, "--json")

    assert told.status == 0
    assert len(told.json) == len(list(folder.iterdir()))
    assert set(told.json[0]) == KEYS
    assert {row["plate"] for row in told.json} == {plate}
    assert {row["signal"] for row in told.json} == {"current"}


def test_a_file_that_cannot_be_read_is_told_beside_those_that_can(
    lims: Run, imported: tuple[Path, str], tmp_path: Path
) -> None:
    good = next(imported[0].iterdir())
    cut = tmp_path / "cut.fsa"
    cut.write_bytes(good.read_bytes()[:5000])
    pointer = tmp_path / "pointer.fsa"
    pointer.write_text("version https://git-lfs.example/spec/v1\noid sha256:00\nsize 1\n", "ascii")
    with zipfile.ZipFile(tmp_path / "packed.fsa", "w") as packed:
        packed.writestr("a.fsa", b"ABIF")
    told = lims("inspect", good, cut, pointer, tmp_path / "packed.fsa", tmp_path / "gone", "--json")
    failed = [row for row in told.json if "error" in row]

    assert told.status == 1
    assert "error" not in told.json[0]
    assert len(failed) == 4
    assert all(set(row) == {"path", "sha256", "error"} for row in failed)


def test_the_same_files_again_change_nothing_and_say_so(
    lims: Run, imported: tuple[Path, str], database: Database, settings: Settings
) -> None:
    folder, plate = imported
    again = lims("import-run", folder, "--plate", plate, "--folder", settings.folder,
                 "--as", "salma", "--json", typed=PASSWORD + "\n")  # fmt: skip

    assert again.status == 0, again.said
    assert again.json["changed"] is False
    assert runs(database) == 1


def test_a_run_with_one_damaged_file_is_refused_whole(
    lims: Run, imported: tuple[Path, str], database: Database, settings: Settings
) -> None:
    folder, plate = imported
    damaged = next(folder.iterdir())
    damaged.write_bytes(damaged.read_bytes()[:4000])
    refused = lims("import-run", folder, "--plate", plate, "--folder", settings.folder,
                   "--as", "salma", "--json", typed=PASSWORD + "\n")  # fmt: skip

    assert refused.status == 1
    assert damaged.name in refused.out
    assert runs(database) == 1


def test_nobody_imports_under_a_name_without_its_password(
    lims: Run, imported: tuple[Path, str], database: Database, settings: Settings
) -> None:
    folder, plate = imported
    refused = lims("import-run", folder, "--plate", plate, "--folder", settings.folder,
                   "--as", "salma", typed="not the password\n")  # fmt: skip

    assert refused.status == 1
    assert refused.out == ""
    assert runs(database) == 1
