# SPDX-License-Identifier: Apache-2.0
"""Counting a place: what should be here and is not, what is here and should not."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.queries import history
from lims.custody.rules import HeldByOther, Tag
from lims.storage.operations import put, take
from lims.storage.operations.counts import (
    close_count,
    open_count,
    record_read,
    settle_explained,
    settle_found,
)
from lims.storage.queries import where
from lims.storage.queries.counts import count_shown, differences_left
from lims.storage.rules import MovedMeanwhile, PlaceKind
from lims.storage.rules.counts import CountClosed, Difference, NothingToSettle, ReasonMissing
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
JSON = {"Accept": "application/json"}


def test_a_count_finds_what_is_missing_strange_and_in_the_wrong_box_and_each_is_settled(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=a_place(session))
        left, right = (a_box(session, parent=freezer, name=name) for name in ("B01", "B02"))
        far, lost_box = a_box(session), a_box(session, name="B77")
        good, wrong, missing, other, loose, guest = (an_aliquot(session) for _ in range(6))
        for tube, box in (
            (good, left), (wrong, left), (missing, right), (other, far), (guest, lost_box),
        ):  # fmt: skip
            put(session, tube, box, by=cast.technician, at=at)
        number = open_count(session, freezer, by=cast.technician, at=at).id
        for text in (left, good, good, right, wrong, other, loose, "NOT A CODE", lost_box, guest):
            record_read(session, number, text, by=cast.technician, at=at)
        # Another person goes on with the same count, in no box.
        assert open_count(session, freezer, by=cast.first_reader, at=at).id == number
        assert record_read(session, number, good, by=cast.first_reader, at=at).place_code == freezer
    with database.reading() as session:
        live = count_shown(session, number, actor=cast.technician.id)
    with database.writing() as session:
        said = close_count(session, number, by=cast.technician, at=at)
        with pytest.raises(CountClosed):
            record_read(session, number, good, by=cast.technician, at=at)

    with database.reading() as session:
        shown = count_shown(session, number, actor=cast.technician.id)
        told = {(one.kind, one.text): one.id for one in shown.differences}
        event = history(session, freezer)[-1]
    assert set(told) == {
        (Difference.MISSING, missing), (Difference.ELSEWHERE, wrong),
        (Difference.ELSEWHERE, other), (Difference.NOWHERE, loose),
        (Difference.UNKNOWN, "NOT A CODE"), (Difference.ELSEWHERE, lost_box),
    }  # fmt: skip
    assert [one.text for one in live.differences] == [one.text for one in shown.differences]
    assert (said.expected, said.seen, said.missing, said.strange) == (3, 2, 1, 5)
    assert shown.people == (("T-01", 10), ("T-02", 1))
    assert [(one.name, one.expected, one.seen) for one in shown.parts] == [
        ("B01", 2, 2), ("B02", 1, 0),
    ]  # fmt: skip
    assert event.tag == Tag.PLACE_RECORD_COUNTED
    assert event.content["missing_codes"] == [missing]
    assert (event.content["scans"], event.content["expected"]) == (11, 3)

    with database.writing() as session:

        def ids(text: str) -> int:
            return next(number for (_, read), number in told.items() if read == text)

        with pytest.raises(ReasonMissing):
            settle_found(session, number, ids(other), reason=" ", by=cast.technician, at=at)
        settle_found(
            session, number, ids(other), reason="put back wrongly", by=cast.technician, at=at
        )
        settle_found(session, number, ids(lost_box), reason="moved", by=cast.manager, at=at)
        settle_found(session, number, ids(loose), reason="seen", by=cast.technician, at=at)
        settle_explained(
            session, number, ids(missing), reason="in the centrifuge", by=cast.technician, at=at
        )
        with pytest.raises(NothingToSettle):
            settle_explained(session, number, ids(other), reason="x", by=cast.technician, at=at)
        put(session, wrong, far, by=cast.first_reader, at=at)
        with pytest.raises(MovedMeanwhile):
            settle_found(session, number, ids(wrong), reason="x", by=cast.technician, at=at)
        assert differences_left(session, number) == 2
    with database.reading() as session:
        found = where(session, other)
        box_now = where(session, lost_box)
        moved = history(session, other)[-1]
    assert found is not None
    assert found.place == right
    assert box_now is not None
    assert box_now.place == freezer
    assert moved.content["why"] == "count: put back wrongly"


def test_what_somebody_else_holds_is_recorded_in_storage_only_by_who_keeps_the_stock(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube = a_box(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
        take(session, tube, by=cast.first_reader, at=at)
        number = open_count(session, box, by=cast.technician, at=at).id
        record_read(session, number, tube, by=cast.technician, at=at)
        close_count(session, number, by=cast.technician, at=at)
        (one,) = count_shown(session, number, actor=cast.technician.id).differences
        assert one.kind is Difference.NOWHERE
        with pytest.raises(HeldByOther) as refused:
            settle_found(session, number, one.id, reason="it is here", by=cast.technician, at=at)
        assert refused.value.values["who"] == "T-02"
        settle_found(
            session, number, one.id, reason="it is here", by=cast.manager, at=at, overrule=True
        )
    with database.reading() as session:
        assert where(session, tube) is not None


def test_no_scan_is_lost_when_six_people_count_one_box_at_once(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box = a_box(session)
        tubes = [an_aliquot(session) for _ in range(12)]
        for tube in tubes:
            put(session, tube, box, by=cast.technician, at=at)
    gate = threading.Barrier(6)

    def count(number: int) -> int:
        gate.wait(timeout=60)
        with database.writing() as session:
            opened = open_count(session, box, by=cast.technician, at=at).id
        for tube in tubes[number * 2 : number * 2 + 2]:
            with database.writing() as session:
                record_read(session, opened, tube, by=cast.technician, at=at)
        return opened

    with ThreadPoolExecutor(6) as threads:
        opened = set(threads.map(count, range(6)))

    assert len(opened) == 1
    with database.reading() as session:
        shown = count_shown(session, opened.pop(), actor=cast.technician.id)
    assert (shown.tally.expected, shown.tally.seen, shown.differences) == (12, 12, ())


def test_a_count_is_worked_at_its_page_in_both_languages(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, a_box: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        box, tube, strange = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
    client = sign_in(cast.technician)

    def send(path: str, **sent: str) -> dict[str, object]:
        answer = client.post(path, json={**sent, "request_key": key()}, headers=JSON)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        said: dict[str, object] = answer.get_json()
        return said

    number = send(f"/storage/{box}/count")["count"]
    again = key()
    for _ in range(2):
        client.post(
            f"/storage/counts/{number}/reads", json={"text": strange, "request_key": again},
            headers=JSON,
        )  # fmt: skip
    page = client.get(f"/storage/counts/{number}").get_data(as_text=True)
    said = client.get(f"/storage/counts/{number}", headers=JSON).get_json()
    assert (said["expected"], said["seen"], said["missing"], said["strange"]) == (1, 0, 1, 1)
    assert said["people"] == [{"who": "T-01", "scans": 1}]
    assert "is here and is recorded in no place" in page
    assert "Go on counting" in client.get(f"/storage/{box}").get_data(as_text=True)
    assert "B07" in client.get("/storage").get_data(as_text=True)

    send(f"/storage/counts/{number}/close")
    said = client.get(f"/storage/counts/{number}", headers=JSON).get_json()
    found = {one["read"]: one["id"] for one in said["differences"]}
    send(f"/storage/counts/{number}/differences/{found[strange]}", how="moved", reason="found")
    send(
        f"/storage/counts/{number}/differences/{found[tube]}", how="explained", reason="at work"
    )  # fmt: skip
    page = client.get(f"/storage/counts/{number}").get_data(as_text=True)
    stored = client.get(f"/storage/{box}", headers=JSON).get_json()["things"]

    assert "recorded where it was found" in page
    assert {one["code"] for one in stored} == {tube, strange}
    assert client.get("/storage/counts/999999").status_code == 404
