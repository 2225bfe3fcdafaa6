# SPDX-License-Identifier: Apache-2.0
"""Pages of batches, plates and the worklist."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.operations import set_hold
from lims.custody.rules import HoldReason
from lims.people.rules import Line
from lims.plates.operations import place_in_batch
from lims.plates.queries import members_of, waiting, wells_of
from lims.plates.rules import Stage
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
JSON = {"Accept": "application/json"}


def test_the_worklist_counts_what_waits_for_each_stage(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, a_bone_sample: Build,
    a_reference_sample: Build, an_aliquot: Build, a_batch: Build, an_extract: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        coded = a_bone_sample(session, accepted=False)
        accepted = a_reference_sample(session)
        tube, placed = an_aliquot(session), an_aliquot(session)
        place_in_batch(session, a_batch(session), placed, line=Line.BONE, by=cast.technician, at=at)
        extract = an_extract(session)
    client = sign_in(cast.technician)

    def waits(stage: str) -> list[str]:
        said = client.get(f"/worklist?stage={stage}", headers=JSON).get_json()
        return [row["code"] for row in said["waiting"]]

    counts = client.get("/worklist", headers=JSON).get_json()["counts"]
    assert counts == {
        "reception": 1, "preparation": 1, "extraction": 1, "quantification": 2,
        "confirmation": 0, "amplification": 0, "injection": 0, "genotyping": 0,
    }  # fmt: skip
    assert waits("reception") == [coded]
    assert waits("preparation") == [accepted]
    assert waits("extraction") == [tube]
    assert extract in waits("quantification")
    assert client.get("/worklist?stage=extraction").status_code == 200


def test_the_worklist_asks_no_more_of_the_database_for_more_rows(
    database: Database, an_aliquot: Build
) -> None:
    def asked() -> int:
        statements: list[str] = []

        def count(*arguments: object) -> None:
            statements.append(str(arguments[2]))

        event.listen(database.engine, "before_cursor_execute", count)
        with database.reading() as session:
            waiting(session, Stage.EXTRACTION)
        event.remove(database.engine, "before_cursor_execute", count)
        return len(statements)

    with database.writing() as session:
        an_aliquot(session)
    one = asked()
    with database.writing() as session:
        for _ in range(20):
            an_aliquot(session)

    assert asked() == one


def test_the_worklist_shows_which_sample_is_behind_and_inherited_holds(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, an_aliquot: Build,
    extracts: Callable[..., tuple[str, ...]],
) -> None:  # fmt: skip
    with database.writing() as session:
        bone = a_bone_sample(session)
        extract, blank = extracts(session, aliquots=(an_aliquot(session, sample=bone),))
        set_hold(session, bone, HoldReason.CONSENT, by=cast.quality, at=at)
    with database.reading() as session:
        rows = {row.code: row for row in waiting(session, Stage.QUANTIFICATION)}
        of_references = waiting(session, Stage.QUANTIFICATION, line=Line.REFERENCE)

    sample = rows[extract].sample
    assert sample is not None
    assert sample.code == bone
    assert rows[extract].held
    assert rows[blank].sample is None
    assert not rows[blank].held
    assert of_references == ()


def test_the_page_of_a_batch_shows_its_rack_and_takes_a_placement_back(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, a_batch: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
        place_in_batch(session, batch, tube, line=Line.BONE, by=cast.technician, at=at)
    client = sign_in(cast.technician)
    page = client.get(f"/batches/{batch}").get_data(as_text=True)
    said = client.get(f"/batches/{batch}", headers=JSON).get_json()
    without = client.post(f"/batches/{batch}/void", data={"request_key": key(), "position": "A1"})
    taken = client.post(
        f"/batches/{batch}/void",
        data={"request_key": key(), "position": "A1", "reason": "wrong tube"},
    )

    assert f"sample {tube}" in page
    assert [(one["position"], one["code"]) for one in said["members"]] == [("A1", tube)]
    assert without.status_code == 422
    assert taken.status_code == 303
    with database.reading() as session:
        assert members_of(session, batch) == ()


def test_the_page_of_a_plate_shows_its_map_and_takes_a_filling_back(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_plate: Build, an_extract: Build
) -> None:
    with database.writing() as session:
        extract = an_extract(session)
        plate = a_plate(session, holding=(extract,), kit="Quantifiler Trio")
    client = sign_in(cast.technician)
    page = client.get(f"/plates/{plate}").get_data(as_text=True)
    said = client.get(f"/plates/{plate}", headers=JSON).get_json()
    taken = client.post(
        f"/plates/{plate}/void",
        data={"request_key": key(), "position": "A01", "reason": "dropped"},
    )

    assert f"sample {extract}" in page
    assert page.count('<th scope="row">') >= 8
    assert said["kit"] == "Quantifiler Trio"
    assert [(one["position"], one["code"]) for one in said["wells"]] == [("A01", extract)]
    assert taken.status_code == 303
    with database.reading() as session:
        assert wells_of(session, plate) == ()


def test_the_list_of_batches_and_plates_is_newest_first_and_paged(
    database: Database, cast: Cast, sign_in: SignIn, a_batch: Build, a_plate: Build
) -> None:
    with database.writing() as session:
        codes = {a_batch(session) for _ in range(30)} | {a_plate(session) for _ in range(25)}
    client = sign_in(cast.auditor)
    first = client.get("/batches").get_data(as_text=True)
    after = first.split("after=")[1].split('"')[0]
    second = client.get(f"/batches?after={after}").get_data(as_text=True)

    on_first = {code for code in codes if code in first}
    on_second = {code for code in codes if code in second}
    assert len(on_first) == 50
    assert on_first | on_second == codes


@pytest.mark.parametrize("path", ["/batches/G34679CDF", "/plates/P34679CDF", "/plates/nothing"])
def test_a_batch_or_plate_that_is_not_there_is_not_found(
    cast: Cast, sign_in: SignIn, path: str
) -> None:
    assert sign_in(cast.technician).get(path).status_code == 404


def test_empty_pages_say_what_will_fill_them(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.technician)
    for path in ("/worklist", "/batches", "/stock", "/samples", "/extraction"):
        answer = client.get(path, headers={"Accept-Language": "ar"})
        assert answer.status_code == 200
        assert 'dir="rtl"' in answer.get_data(as_text=True)
