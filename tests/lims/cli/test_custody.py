# SPDX-License-Identifier: Apache-2.0
"""`lims custody`: the state of a thing's history at an instant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import Settings, write_settings
from lims.custody.operations import append, create_subject
from lims.custody.rules import Tag
from tests.cast import Cast

Run = Callable[..., Any]


def test_an_instant_shows_what_had_happened_by_then_and_who_acted_last(
    lims: Run, database: Database, settings: Settings, cast: Cast, at: datetime
) -> None:
    write_settings(settings)
    code, station = draw_code(Kind.BONE), draw_code(Kind.STATION)
    with database.writing() as session:
        create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=cast.manager, at=at, content={},
            state="coded", device=station,
        )  # fmt: skip
    with database.writing() as session:
        append(
            session, Tag.SUBJECT_NOTE_ADDED, code, {"note": 1}, by=cast.technician,
            at=at + timedelta(hours=3), occurred=at + timedelta(hours=1),
        )  # fmt: skip

    def ask(*more: object) -> Any:
        return lims("custody", code, *more, "--folder", settings.folder, "--json")

    before = ask("--at", (at - timedelta(seconds=1)).isoformat()).json
    first = ask("--at", (at + timedelta(minutes=30)).isoformat()).json
    both = ask().json
    local = at.astimezone(settings.time_zone).replace(tzinfo=None).isoformat()
    words = lims("custody", code, "--folder", settings.folder)
    wrong = ask("--at", "yesterday")
    unknown = lims("custody", draw_code(Kind.BONE), "--folder", settings.folder)

    assert (before["events"], before["last"], before["station"]) == ([], None, None)
    assert [event["type"] for event in first["events"]] == ["sample:code:given"]
    assert first["last"]["actor"] == cast.manager.id
    assert [event["type"] for event in both["events"]] == [
        "sample:code:given", "subject:note:added",
    ]  # fmt: skip
    assert both["last"]["actor"] == cast.technician.id
    assert both["station"]["code"] == station
    assert len(ask("--at", local).json["events"]) == 1
    assert "Last act: Note added" in words.out
    assert (wrong.status, unknown.status) == (2, 1)
