# SPDX-License-Identifier: Apache-2.0
"""The pages of genotyping: what they show, in both languages, and what they take."""

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.genotyping.models import Run
from lims.people.rules import Activity
from lims.plates.models import Plate
from lims.plates.queries import state_of, wells_of
from lims.plates.rules import WellRole
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelState
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]


@pytest.fixture
def imported(
    an_injection_plate: Any, a_run_of: Any, import_files: Any
) -> Callable[..., tuple[Any, int]]:
    """A plate with its run imported."""

    def build(**how: Any) -> tuple[Any, int]:
        plate = an_injection_plate(samples=1)
        return plate, import_files(a_run_of(plate, **how), plate.code).run

    return build


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_of_genotyping_opens_for_who_works_with_it(
    language: str, imported: Any, sign_in: SignIn, cast: Cast, database: Database
) -> None:
    plate, run = imported()
    for actor in (cast.technician, cast.first_reader, cast.manager, cast.quality):
        client = sign_in(actor)
        client.set_cookie("osteon_language", language)
        listed = client.get("/readings", headers={"Accept": "application/json"}).get_json()
        injection = listed["readings"][0]["injection"]
        for address in (
            "/runs", f"/runs/{run}", f"/runs/{run}/wells/A01", f"/runs/{run}/wells/E1",
            "/readings", f"/readings/{injection}", f"/injection/{plate.code}",
        ):  # fmt: skip
            answer = client.get(address)
            assert answer.status_code == 200, (actor.role, address)
    assert sign_in(cast.technician).get(f"/runs/new?plate={plate.code}").status_code == 200
    assert sign_in(cast.partner).get(f"/runs/{run}").status_code == 403


def test_a_run_is_uploaded_looked_at_and_imported_on_the_page(
    an_injection_plate: Any,
    a_run_of: Any,
    sign_in: SignIn,
    cast: Cast,
    database: Database,
    key: Any,
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate)
    client = sign_in(cast.technician)

    def send(**more: str) -> Any:
        answer = client.post(
            "/runs",
            data={
                "request_key": key(), "plate": plate.code, **more,
                "files": [(io.BytesIO(content), name) for name, content in files],
            },
            content_type="multipart/form-data",
        )  # fmt: skip
        # The test client leaves the file of a large form open.
        answer.request.environ["wsgi.input"].close()
        return answer

    looked = send(dry_run="yes")
    assert looked.status_code == 200
    assert b"What would happen" in looked.data
    assert _runs(database) == 0
    assert send().status_code == 303
    assert _runs(database) == 1
    again = send()
    assert again.status_code == 303
    assert _runs(database) == 1


def test_a_refused_upload_names_every_problem_on_the_page(
    an_injection_plate: Any, sign_in: SignIn, cast: Cast, database: Database, key: Any
) -> None:
    plate = an_injection_plate(samples=1)
    answer = sign_in(cast.technician).post(
        "/runs",
        data={
            "request_key": key(), "plate": plate.code,
            "files": [(io.BytesIO(b"PK\x03\x04"), "run.fsa"), (io.BytesIO(b""), "b.hid")],
        },
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert "run.fsa is a zip archive" in shown
    assert "b.hid is empty" in shown
    assert _runs(database) == 0


def _runs(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Run)) or 0


def test_the_viewer_is_given_every_dye_of_the_stored_file_with_sizes_that_grow(
    imported: Any, sign_in: SignIn, cast: Cast
) -> None:
    _, run = imported()
    client = sign_in(cast.first_reader)
    shown = client.get(f"/runs/{run}", headers={"Accept": "application/json"}).get_json()
    for injection in shown["injections"]:
        drawn = client.get(f"/injections/{injection['id']}/signal").get_json()
        assert [dye["number"] for dye in drawn["dyes"]] == [1, 2, 3, 4, 5]
        assert sum(dye["size_standard"] for dye in drawn["dyes"]) == 1
        assert all(len(dye["raw"]) == len(dye["points"]) for dye in drawn["dyes"])
        pairs = drawn["bp"]
        assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
        assert {peak["kind"] for peak in drawn["peaks"]} <= {
            "allele", "off-ladder", "stutter", "pull-up", "artefact", "size", "not-called",
        }  # fmt: skip
        assert drawn["bins"]


def test_names_of_the_analyzer_are_pasted_as_a_table_until_a_run_came(
    an_injection_plate: Any, a_run_of: Any, import_files: Any, sign_in: SignIn, cast: Cast,
    database: Database, key: Any,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=1)
    client = sign_in(cast.technician)

    def paste(names: str) -> int:
        return client.post(
            f"/injection/{plate.code}/names",
            data={"request_key": key(), "names": names, "file_plate_name": "MONDAY"},
        ).status_code

    assert paste("A1\tFEMUR 1\nB01 blank one") == 303
    with database.reading() as session:
        names = {well.position: well.file_sample_name for well in wells_of(session, plate.code)}
        assert (names["A01"], names["B01"], names["C01"]) == ("FEMUR 1", "blank one", "")
        assert session.get_one(Plate, plate.code).file_plate_name == "MONDAY"
    assert paste("H12\tnothing stands there") == 422
    assert paste("Z99\twhat") == 422
    assert paste("A01\tONE\nA1\tTWO") == 422
    import_files(a_run_of(plate, plate_name="MONDAY"), plate.code)
    assert paste("A01\tTOO LATE") == 409


def test_a_plate_is_prepared_for_injection_by_scans_alone(
    an_injection_plate: Any, a_lot: Any, sign_in: SignIn, cast: Cast, database: Database, key: Any
) -> None:
    # The fixture's own injection plate stands beside: one amplification, two injections.
    made = an_injection_plate(samples=2)
    with database.writing() as session:
        # The bench reads the real clock.
        session.get_one(Plate, made.amplification).completed_at = now()
        foreign = a_lot(session, reagent="ILS 600", activity=Activity.INJECTION)
        standard = a_lot(session, reagent="GS500 LIZ", activity=Activity.INJECTION)
    station = cast.stations[StationKind.INJECTION]
    client = sign_in(cast.technician)
    client.post(f"/bench/{station}/take", data={"request_key": key()})

    def scan(code: str) -> dict[str, Any]:
        with database.reading() as session:
            live = session.scalar(
                select(LabelInstance.payload).where(
                    LabelInstance.code == code, LabelInstance.state == LabelState.ACTIVE
                )
            )
        answer = client.post(
            f"/api/bench/{station}/scans",
            json={"scan_id": key(), "text": live or code, "source": "serial", "request_key": key()},
        ).get_json()
        assert isinstance(answer, dict)
        return answer

    def command(name: str) -> dict[str, Any]:
        answer = client.post(
            f"/api/bench/{station}/commands",
            json={"command": name, "command_id": key(), "request_key": key()},
        ).get_json()
        assert isinstance(answer, dict)
        return answer

    assert scan(standard)["verdict"] == "refused"
    opened = scan(made.amplification)
    assert opened["verdict"] == "accepted", opened
    payload = opened["labels"][0]
    code = payload[:9]
    assert command("done")["verdict"] == "refused"
    with database.writing() as session:
        label = session.scalars(select(LabelInstance).where(LabelInstance.payload == payload)).one()
        label.state = LabelState.PRINTED
    assert scan(payload)["verdict"] == "accepted"
    assert scan(foreign)["verdict"] == "refused"
    assert scan(standard)["verdict"] == "accepted"
    assert command("done")["verdict"] == "accepted"
    assert client.get(f"/bench/{station}").status_code == 200
    with database.reading() as session:
        assert state_of(session, code) == "completed"
        own, source = wells_of(session, code), wells_of(session, made.amplification)
        copied = {w.position: (w.role, w.subject_code) for w in own if w.role != WellRole.LADDER}
        assert copied == {w.position: (w.role, w.subject_code) for w in source}
        assert sum(1 for well in own if well.role is WellRole.LADDER) == 1
