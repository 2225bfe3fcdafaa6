# SPDX-License-Identifier: Apache-2.0
"""A whole-rack scanner's file on a box: shown first, all of it or nothing, once."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.printing.queries import live_label
from lims.storage.operations import put
from lims.storage.operations.racks import apply_rack, preview_rack, read_rack_file
from lims.storage.queries import contents
from lims.storage.rules.racks import (
    NotABox,
    OtherRack,
    RackChange,
    RackChangedMeanwhile,
    RackRefused,
    RackUnreadable,
)
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
JSON = {"Accept": "application/json"}


def test_a_file_moves_swaps_and_adds_all_at_once_and_the_second_time_changes_nothing(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, far = a_box(session, rows=8, columns=12), a_box(session)
        one, two, gone, new, distant = (an_aliquot(session) for _ in range(5))
        put(session, one, box, "A1", by=cast.technician, at=at)
        put(session, two, box, "A2", by=cast.technician, at=at)
        put(session, gone, box, "H12", by=cast.technician, at=at)
        put(session, distant, far, "J9", by=cast.technician, at=at)
        label = live_label(session, new)
        assert label is not None
        content = (
            f"Position,Tube ID\nA1,{two}\nA2,{one}\nA3,{label.payload}\nA4,{distant}\nB1,NO TUBE\n"
        ).encode()
        file = read_rack_file(content, name="rack.csv")
        with pytest.raises(RackChangedMeanwhile):
            apply_rack(session, box, file, content, confirmed="", by=cast.technician, at=at)
        shown = preview_rack(session, box, file, content, by=cast.technician)
        assert [(line.position, line.change) for line in shown.comparison.lines] == [
            ("A1", RackChange.MOVED), ("A2", RackChange.MOVED), ("A3", RackChange.NEW),
            ("A4", RackChange.MOVED), ("H12", RackChange.MISSING),
        ]  # fmt: skip
    with database.writing() as session:
        done = apply_rack(
            session, box, file, content, confirmed=shown.token, by=cast.technician, at=at
        )
    with database.writing() as session:
        again = apply_rack(
            session, box, file, content, confirmed=shown.token, by=cast.technician,
            at=at + timedelta(hours=1),
        )  # fmt: skip

    with database.reading() as session:
        now = {thing.code: thing.position for thing in contents(session, box).contents}
        event = history(session, box)[-1]
        moved = history(session, distant)[-1]
    assert now == {two: "A1", one: "A2", new: "A3", distant: "A4", gone: "H12"}
    assert (done.changed, done.placed, done.missing) == (True, 4, (gone,))
    assert (again.changed, again.at) == (False, at)
    assert event.tag == Tag.PLACE_RACK_IMPORTED
    assert event.content["missing"] == [gone]
    assert moved.cause == event.id
    assert moved.content["from"] == far


def test_what_somebody_must_look_at_forbids_the_whole_file(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build, an_extract: Build
) -> None:
    with database.writing() as session:
        box = a_box(session, name="B07")
        good, bare, in_the_way = (
            an_aliquot(session), an_aliquot(session, labelled=False), an_aliquot(session),
        )  # fmt: skip
        put(session, in_the_way, box, "A1", by=cast.technician, at=at)
        content = (
            f"A1;{good}\nA2;NO READ\nA3;FX05653780\nA4;{bare}\nB10;{good}\nI9;{good}\n"
        ).encode()
        file = read_rack_file(content, name="rack.csv")
        shown = preview_rack(session, box, file, content, by=cast.technician)
        with pytest.raises(RackRefused) as refused:
            apply_rack(
                session, box, file, content, confirmed=shown.token, by=cast.technician, at=at
            )
    with database.reading() as session:
        assert [one.code for one in contents(session, box).contents] == [in_the_way]
    assert [(line.position, line.change) for line in shown.comparison.problems] == [
        ("A1", RackChange.TWICE), ("A1", RackChange.MISSING_IN_THE_WAY),
        ("A2", RackChange.UNREAD), ("A3", RackChange.UNKNOWN), ("A4", RackChange.NO_LABEL),
        ("J9", RackChange.TWICE), ("B10", RackChange.NOT_HERE),
    ]  # fmt: skip
    assert refused.value.values["count"] == 7


def test_a_file_of_another_box_or_of_no_rack_is_refused(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build
) -> None:
    with database.writing() as session:
        box, other, room = a_box(session), a_box(session), a_place(session)
        content = f"{other},A1,NO TUBE\n".encode()
        file = read_rack_file(content, name="rack.csv")
        with pytest.raises(OtherRack):
            preview_rack(session, box, file, content, by=cast.technician)
        with pytest.raises(NotABox):
            preview_rack(session, room, file, content, by=cast.technician)
    with pytest.raises(RackUnreadable, match="line 1"):
        read_rack_file(b"hello\n", name="rack.csv")


def test_the_page_shows_the_file_and_changes_nothing_before_it_is_confirmed(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, a_box: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        box, tube = a_box(session, name="B07"), an_aliquot(session)
        put(session, tube, box, "A1", by=cast.technician, at=at)
    client, content = sign_in(cast.technician), f"A01,NO TUBE\nC03,{tube}\n".encode()

    def send(**more: object) -> object:
        return client.post(
            f"/storage/{box}/rack",
            data={"file": (io.BytesIO(content), "rack.csv"), "request_key": key(), **more},
            headers=JSON,
        )

    page = client.post(
        f"/storage/{box}/rack",
        data={"file": (io.BytesIO(content), "rack.csv"), "request_key": key()},
    )
    said = send().get_json()
    before = client.get(f"/storage/{box}", headers=JSON).get_json()["things"]
    applied = send(confirmed=said["confirm"])
    again = send(confirmed=said["confirm"]).get_json()
    after = client.get(f"/storage/{box}", headers=JSON).get_json()["things"]
    missing = client.post(f"/storage/{box}/rack", data={"request_key": key()})

    assert page.status_code == 200
    assert "is moved here" in page.get_data(as_text=True)
    assert [one["position"] for one in before] == ["A1"]
    assert applied.status_code == 201
    assert applied.get_json()["placed"] == 1
    assert again["changed"] is False
    assert [one["position"] for one in after] == ["C3"]
    assert missing.status_code == 422
