# SPDX-License-Identifier: Apache-2.0
"""The search for gaps in the whole laboratory goes on bit by bit, keeps its result, is recorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody.operations import append
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.jobs import search_gaps
from lims.quality.operations import keep_search, read_search
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


def test_a_search_finds_what_was_recorded_late_goes_on_after_a_stop_and_is_kept(
    cast: Cast, sign_in: SignIn, key: Key, database: Database, settings: Settings, at: datetime,
    a_bone_sample: Callable[..., str],
) -> None:  # fmt: skip
    with database.writing() as session:
        bones = [a_bone_sample(session) for _ in range(3)]
    with database.writing() as session:
        append(
            session, Tag.SUBJECT_NOTE_ADDED, stream=bones[1], by=cast.technician, at=at, content={},
            occurred=at - timedelta(hours=3),
        )  # fmt: skip
    client = sign_in(cast.quality)
    empty = client.get("/gaps").get_data(as_text=True)
    asked = client.post("/gaps", data={"request_key": key()})
    under_way = client.get("/gaps").get_data(as_text=True)
    twice = client.post("/gaps", data={"request_key": key()})
    stopped = search_gaps(settings, database, seconds=0)  # the worker was stopped at once
    begun = read_search(settings.gap_report)
    ended = search_gaps(settings, database, seconds=60)
    idle = search_gaps(settings, database, seconds=60)
    told = client.get("/gaps", headers={"Accept": "application/json"}).get_json()
    shown = client.get("/gaps").get_data(as_text=True)
    with database.reading() as session:
        last = history(session, "ledger")[-1]

    assert "has not been searched yet" in empty
    assert (asked.status_code, twice.status_code) == (303, 409)
    assert "The search is under way" in under_way
    assert (stopped, ended, idle) == (False, True, False)
    assert begun is not None
    assert (begun.done_at, begun.checked) == ("", 0)
    assert told["search"]["checked"] == told["search"]["things"] >= 3
    assert (bones[1], "late") in {(one["code"], one["kind"]) for one in told["gaps"]}
    assert told["search"]["gaps"] == len(told["gaps"])
    assert f"/custody/{bones[1]}" in shown
    assert (last.tag, last.content["gaps"]) == (Tag.LEDGER_GAPS_SEARCHED, len(told["gaps"]))
    assert sign_in(cast.technician).get("/gaps").status_code == 403

    settings.gap_report.write_text("{", "utf-8")
    assert read_search(settings.gap_report) is None
    assert client.get("/gaps").status_code == 200
    keep_search(settings.gap_report, replace(begun, done_at=begun.asked_at))
    assert "No gaps in" in client.get("/gaps").get_data(as_text=True)
