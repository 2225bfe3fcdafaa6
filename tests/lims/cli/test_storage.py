# SPDX-License-Identifier: Apache-2.0
"""`lims where` at the console."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lims.core.actors import Actor
from lims.core.codes import threes
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import read_settings
from lims.people.operations import add_station
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelState
from lims.samples.operations import register_bone_sample
from lims.samples.rules import ExpectedSex, Material, Side
from lims.storage.operations import add_place, put
from lims.storage.rules import PlaceKind

Run = Callable[..., Any]
BY = Actor("console:tests")


@pytest.fixture
def a_stored_bone(laboratory: Path, at: datetime) -> tuple[str, str, str]:
    """Put a bone into a box of a made laboratory; returns bone, box and room."""
    database = Database(read_settings(laboratory).database_url)
    with database.writing() as session:
        room = add_place(session, kind=PlaceKind.ROOM, name="غرفة التبريد 1", by=BY, at=at)
        freezer = add_place(session, kind=PlaceKind.FREEZER, name="F2", parent=room, by=BY, at=at)
        box = add_place(
            session, kind=PlaceKind.BOX, name="B07", parent=freezer, rows=9, columns=9, by=BY,
            at=at,
        )  # fmt: skip
        bone = register_bone_sample(
            session, element="femur", side=Side.LEFT, material=Material.BONE, mass_ug=2_000_000,
            expected_sex=ExpectedSex.MALE, by=BY, at=at,
        )  # fmt: skip
        station = add_station(
            session, kind=StationKind.STORAGE, name="Stores", name_ar="المخزن", by=BY, at=at
        ).code
        for code in (box, bone):
            session.add(
                LabelInstance(
                    payload=code + "34", code=code, layout="tube", lines={},
                    station_code=station, state=LabelState.ACTIVE, lease_ends=None,
                    odometer_before=None, odometer_after=None, queued_at=at, queued_by=BY.id,
                    changed_at=at,
                )
            )  # fmt: skip
        session.flush()
        put(session, bone, box, "C3", by=BY, at=at)
    database.close()
    return bone, box, room


def test_it_says_the_whole_way_to_a_thing(
    lims: Run, laboratory: Path, a_stored_bone: tuple[str, str, str]
) -> None:
    bone, box, room = a_stored_bone

    words = lims("where", threes(bone).lower(), "--folder", laboratory)
    said = lims("where", bone, "--folder", laboratory, "--json").json
    of_box = lims("where", box, "--folder", laboratory, "--json").json

    assert words.status == 0
    assert f"غرفة التبريد 1 > F2 > B07 C3 ({box})" in words.out
    assert (said["stored"], said["place"], said["position"]) == (True, box, "C3")
    assert [one["kind"] for one in said["path"]] == ["room", "freezer", "box"]
    assert said["by"] == "console:tests"
    assert (said["held_by"], said["holder"], said["hand_over"]) == (box, None, None)
    assert said["since"].startswith("2026-03-14T09:26:53")
    assert [one["name"] for one in of_box["path"]] == ["غرفة التبريد 1", "F2"]
    assert "in no place" in lims("where", room, "--folder", laboratory).out


def test_an_unknown_and_a_mistyped_code_are_refused_with_a_sentence(
    lims: Run, laboratory: Path
) -> None:
    unknown = lims("where", "B34679CDX", "--folder", laboratory)
    mistyped = lims("where", "B34679CDFF", "--folder", laboratory)

    assert (unknown.status, mistyped.status) == (1, 1)
    assert unknown.said.strip()
    assert mistyped.said.strip()
    assert unknown.out == mistyped.out == ""


def test_a_rack_scanners_file_is_compared_then_applied_once(
    lims: Run, laboratory: Path, a_stored_bone: tuple[str, str, str], tmp_path: Path
) -> None:
    bone, box, _ = a_stored_bone
    file, bad = tmp_path / "rack.csv", tmp_path / "bad.csv"
    file.write_text(f"Position;Tube\nA01;NO TUBE\nD05;{bone}\n", "utf-8")
    bad.write_text("A1,FX00001\n", "utf-8")

    def run(which: Path, *more: str) -> Any:
        return lims("import-rack", which, "--box", box, "--folder", laboratory, *more)

    dry = run(file, "--dry-run", "--json").json
    before = lims("where", bone, "--folder", laboratory, "--json").json["position"]
    applied = run(file, "--json").json
    again = run(file)
    refused = run(bad)
    unread = run(tmp_path / "rack.csv", "--json").json

    assert (dry["changed"], dry["placed"], dry["problems"], before) == (False, [bone], 0, "C3")
    assert (applied["changed"], applied["placed"], applied["missing"]) == (True, [bone], [])
    assert lims("where", bone, "--folder", laboratory, "--json").json["position"] == "D5"
    assert "was applied already" in again.out
    assert (refused.status, unread["changed"]) == (1, False)
    assert "no code of a thing" in refused.said
