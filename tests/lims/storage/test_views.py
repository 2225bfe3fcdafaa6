# SPDX-License-Identifier: Apache-2.0
"""Pages of storage, and where a thing is."""

from collections.abc import Callable
from datetime import datetime

import pypdfium2
import pytest
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import set_hold
from lims.custody.rules import HoldReason
from lims.printing.queries import labels_of
from lims.storage.operations import put
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
JSON = {"Accept": "application/json"}


def test_a_manager_builds_the_tree_and_the_label_of_a_box_comes_out(
    database: Database, cast: Cast, sign_in: SignIn, key: Key
) -> None:
    client, station = sign_in(cast.manager), cast.stations[StationKind.STORAGE]

    def add(**sent: object) -> str:
        answer = client.post("/storage/places", json={**sent, "request_key": key()}, headers=JSON)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["code"])

    assert "There is no place yet" in client.get("/storage").get_data(as_text=True)
    room = add(kind="room", name="Cold room 1")
    freezer = add(kind="freezer", name="F2", parent=room)
    box = add(kind="box", name="B07", parent=freezer, rows=9, columns=9, takes="extracts",
              station=station)  # fmt: skip
    form = client.post(
        "/storage/places",
        data={"kind": "shelf", "name": "S1", "parent": freezer, "rows": "", "request_key": key()},
    )

    with database.reading() as session:
        (label,) = labels_of(session, box)
    assert (label.layout, label.station_code) == ("box", station)
    assert label.lines["line1"] == "Cold room 1 › F2"
    assert form.status_code == 303
    listed = client.get("/storage", headers=JSON).get_json()["places"]
    assert [(one["name"], one["depth"], one["places"]) for one in listed] == [
        ("Cold room 1", 0, 1), ("F2", 1, 2),
    ]  # fmt: skip
    page = client.get(f"/storage/{freezer}").get_data(as_text=True)
    assert "B07" in page
    assert "S1" in page


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"kind": "room", "name": " "}, 422), ({"kind": "box", "name": "B"}, 422),
        ({"kind": "room", "name": "R", "rows": 3, "columns": 3}, 422),
        ({"kind": "room", "name": "R", "parent": "C34679CDF"}, 404),
        ({"kind": "drawer", "name": "D"}, 422), ({"kind": "freezer", "name": "F"}, 422),
        ({"kind": "room", "name": "Twice"}, 409),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_is_refused(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_place: Build,
    sent: dict[str, object], status: int,
) -> None:  # fmt: skip
    with database.writing() as session:
        a_place(session, name="Twice")
    answer = sign_in(cast.manager).post(
        "/storage/places", json={**sent, "request_key": key()}, headers=JSON
    )

    assert answer.status_code == status, answer.get_data(as_text=True)


def test_a_box_is_a_picture_with_its_free_positions_and_a_list(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube, held = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
        put(session, held, box, "C3", by=cast.technician, at=at)
        set_hold(session, held, HoldReason.LABEL, by=cast.quality, at=at)
    client = sign_in(cast.technician)

    page = client.get(f"/storage/{box}").get_data(as_text=True)
    said = client.get(f"/storage/{box}", headers=JSON).get_json()

    assert f'aria-label="A1, {tube}"' in page
    assert f'aria-label="C3, {held}, in quarantine"' in page
    assert 'aria-label="A2, next position"' in page
    assert 'aria-label="J9, free"' in page
    assert page.count(", free") == 78
    assert "2 in, 79 free" in page
    assert said["next_free"] == "A2"
    assert [(one["code"], one["position"], one["on_hold"]) for one in said["things"]] == [
        (tube, "A1", False), (held, "C3", True),
    ]  # fmt: skip
    # Only who keeps the stock may name places.
    assert "/name" not in page


def test_the_page_of_a_thing_says_where_it_is_and_a_code_leads_there(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube, loose = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)
        put(session, tube, box, "D4", by=cast.technician, at=at)
    client = sign_in(cast.auditor)

    page = client.get(f"/samples/{tube}").get_data(as_text=True)
    said = client.get(f"/samples/{tube}", headers=JSON).get_json()["place"]
    nowhere = client.get(f"/samples/{loose}").get_data(as_text=True)
    led = client.get("/storage", query_string={"search": f"{tube[:3]} {tube[3:].lower()}"})
    to_box = client.get("/storage", query_string={"search": box})
    lost = client.get("/storage", query_string={"search": loose}).get_data(as_text=True)
    named = client.get("/storage", query_string={"search": "b0"}).get_data(as_text=True)
    unknown = client.get("/storage", query_string={"search": "%"}).get_data(as_text=True)

    assert f'href="/storage/{box}"' in page
    assert "D4" in page
    assert (said["code"], said["position"], said["by"], said["path"][-1]) == (
        box, "D4", "T-01", "B07",
    )  # fmt: skip
    assert "in no place of storage" in nowhere
    assert led.headers["Location"] == f"/storage/{box}#{tube}"
    assert to_box.headers["Location"] == f"/storage/{box}"
    assert "in no place of storage" in lost
    assert f'href="/storage/{box}"' in named
    assert "No place has such a name" in unknown
    assert client.get(f"/samples/{box}").status_code == 200


def test_a_moved_box_is_found_where_it_went(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, a_box: Build,
    a_place: Build, an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        room = a_place(session)
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F9")
        box, tube = a_box(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
    client = sign_in(cast.manager)
    assert f'value="{freezer}"' in client.get(f"/storage/{box}").get_data(as_text=True)

    moved = client.post(f"/storage/{box}/move", data={"to": freezer, "request_key": key()})
    again = client.post(f"/storage/{box}/move", json={"to": freezer, "request_key": key()})

    assert moved.status_code == 303
    assert again.status_code == 409
    path = client.get(f"/samples/{tube}", headers=JSON).get_json()["place"]["path"]
    assert path[1] == "F9"


@pytest.mark.parametrize("login", ["salma", "nadia", "amal", "yusuf", "rima", "piet", "adam"])
def test_only_the_manager_names_places_and_outsiders_see_none(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_box: Build, login: str
) -> None:
    with database.writing() as session:
        box = a_box(session)
    client = sign_in(cast.actors[login])
    sees = 200 if login in ("salma", "nadia", "amal") else 403

    assert client.get("/storage").status_code == sees
    assert client.get(f"/storage/{box}").status_code == sees
    kept = ("move", "put", "contents", "count", "rack")
    for path in (f"/storage/{box}/{what}" for what in kept if login != "salma"):
        assert client.post(path, json={"request_key": key()}).status_code == 403
    for path in ("/storage/places", f"/storage/{box}/name", f"/storage/{box}/retire"):
        assert client.post(path, json={"request_key": key()}).status_code == 403


def test_an_instrument_has_no_page_among_the_places(
    database: Database, cast: Cast, sign_in: SignIn, an_instrument: Build
) -> None:
    with database.writing() as session:
        code = an_instrument(session)

    for path in (code, "B34679CDF", "nonsense"):
        assert sign_in(cast.technician).get(f"/storage/{path}").status_code == 404


def test_a_free_position_is_chosen_on_the_picture_and_things_are_moved_by_list(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, a_box: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        box, other = a_box(session, name="B07"), a_box(session, name="B08")
        tubes = [an_aliquot(session) for _ in range(3)]
        for tube in tubes[:2]:
            put(session, tube, box, by=cast.technician, at=at)
    client = sign_in(cast.technician)

    page = client.get(f"/storage/{box}").get_data(as_text=True)
    chosen = client.get(f"/storage/{box}?position=C5").get_data(as_text=True)
    stored = client.post(
        f"/storage/{box}/put", data={"thing": tubes[2], "position": "C5", "request_key": key()}
    )
    only = client.get(f"/storage/{box}?kind=X").get_data(as_text=True)
    moved = client.post(
        f"/storage/{box}/contents",
        data={"list": "\r\n".join(tubes), "to": other, "keep": "yes", "request_key": key()},
    )
    again = client.post(
        f"/storage/{box}/contents",
        data={"list": tubes[0], "to": other, "request_key": key()},
    )

    assert f'href="/storage/{box}?position=C5#put"' in page
    assert "Scan what stands at C5" in chosen
    assert stored.headers["Location"] == f"/storage/{box}#{tubes[2]}"
    assert "Nothing of this kind stands here" in only
    assert moved.status_code == 303
    assert again.status_code == 409
    said = client.get(f"/storage/{other}", headers=JSON).get_json()["things"]
    assert {one["code"]: one["position"] for one in said} == dict(
        zip(tubes, ("A1", "A2", "C5"), strict=True)
    )
    told = client.get(f"/storage/things/{tubes[2]}", headers=JSON).get_json()
    assert [one["position"] for one in told["stages"]] == ["C5", "C5"]
    assert (told["held_by"], told["holder"]) == (other, None)


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (10, 10), (8, 12), (16, 24)])
def test_the_map_of_a_box_is_one_page_of_a4_in_both_languages(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, a_box: Build, a_place: Build,
    an_aliquot: Build, rows: int, columns: int,
) -> None:  # fmt: skip
    with database.writing() as session:
        room = a_place(session, name="غرفة التبريد 1")
        box = a_box(session, parent=room, name="B07", rows=rows, columns=columns)
        tube = an_aliquot(session)
        put(session, tube, box, f"A{columns}", by=cast.technician, at=at)

    answer = sign_in(cast.auditor).get(f"/storage/{box}/map.pdf")

    opened = pypdfium2.PdfDocument(answer.data)
    sheets = len(opened)
    size = [round(one) for one in opened[0].get_size()]
    words = opened[0].get_textpage().get_text_range()
    opened.close()
    assert answer.mimetype == "application/pdf"
    assert (sheets, size) == (1, [595, 842])
    assert tube[:3] in words
    assert f"1 in, {rows * columns - 1} free" in words


def test_a_place_is_renamed_retired_and_its_history_told_at_its_page(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_box: Build
) -> None:
    with database.writing() as session:
        box = a_box(session, name="B07")
    client = sign_in(cast.manager)

    named = client.post(f"/storage/{box}/name", data={"name": "B99", "request_key": key()})
    found = client.get("/storage", query_string={"search": "b07"}).get_data(as_text=True)
    retired = client.post(
        f"/storage/{box}/retire", data={"reason": "cracked", "request_key": key()}
    )
    page = client.get(f"/storage/{box}").get_data(as_text=True)

    assert (named.status_code, retired.status_code) == (303, 303)
    assert "B99" in found
    assert "out of use" in page
    assert "added as" in page
    assert "/retire" not in page
