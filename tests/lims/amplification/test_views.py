# SPDX-License-Identifier: Apache-2.0
"""Pages and bench of amplification over HTTP."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from lims.amplification.queries import amplifications_of
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.rules import Activity
from lims.plates.queries import state_of
from lims.plates.rules import WorkState
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
Told = dict[str, dict[str, str]]


@pytest.fixture
def scan(cast: Cast, sign_in: SignIn, key: Key) -> Callable[..., Told]:
    """Work at the amplification bench: scan a code, give a command, answer a question."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.AMPLIFICATION]
    client.post(f"/bench/{station}/take", data={"request_key": key()})

    def scanned(text: str = "", *, command: str = "", entry: str = "") -> Told:
        if command:
            sent = {"command_id": key(), "command": command}
            answer = client.post(f"/api/bench/{station}/commands", json=sent)
        elif entry:
            sent = {"entry_id": key(), "name": "reason", "value": entry}
            answer = client.post(f"/api/bench/{station}/entries", json=sent)
        else:
            sent = {"scan_id": key(), "text": text, "source": "typed", "reason": "label damaged"}
            answer = client.post(f"/api/bench/{station}/scans", json=sent)
        assert answer.status_code == 201, answer.json
        assert client.get(f"/bench/{station}").status_code == 200
        told: Told = answer.json
        return told

    return scanned


def test_a_plate_is_set_up_by_scans_and_tells_each_volume(
    database: Database, quantified: Extracts, an_empty_plate: Build, a_lot: Build,
    scan: Callable[..., Told],
) -> None:  # fmt: skip
    with database.writing() as session:
        rich, weak, thick, blank = quantified(session, 250_000, 20_000, 50_000_000)
        plate = an_empty_plate(session)
        kit, control = (
            a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
            for reagent in ("PowerPlex 16", "positive control 9947A")
        )
    said = [scan(code)["say"]["en"] for code in (plate, kit, rich, weak, thick)]
    early = scan(command="done")
    with_control = scan(control)
    without_blank = scan(command="done")
    said.append(scan(blank)["say"]["en"])
    done = scan(command="done")
    with database.reading() as session:
        state = state_of(session, plate)

    spaced = " ".join((thick[:3], thick[3:6], thick[6:]))
    assert said[0].endswith("with PowerPlex 16 is worked on here.")
    assert said[2].endswith("put 4 µl into well A01.")
    assert said[3].endswith("put 15 µl into well B01. Low template.")
    assert said[4] == f"Dilute {spaced} 1:100, put 2 µl into well C01."
    assert said[5].startswith("Blank")
    assert "has no positive control" in early["say"]["en"]
    assert with_control["verdict"] == "accepted"
    assert "has no blank on this plate" in without_blank["say"]["en"]
    assert "positive control in E01, negative control in F01" in done["say"]["en"]
    assert state == WorkState.COMPLETED


def test_a_sample_that_was_amplified_before_is_loaded_after_its_reason_is_given(
    database: Database, quantified: Extracts, an_empty_plate: Build, scan: Callable[..., Told]
) -> None:
    with database.writing() as session:
        code, blank = quantified(session, 250_000)
        plate = an_empty_plate(session)
    scan(plate)
    scan(code)
    asked = scan(code)
    other = scan(blank)
    too_early = scan(command="done")
    helped = scan(command="help")
    answered = scan(entry="A replicate for the consensus profile.")
    scan(code)
    undone = scan(command="undo")
    after = scan(blank)
    with database.reading() as session:
        rows = amplifications_of(session, plate)

    assert "amplified 1 time. A reason is needed." in asked["say"]["en"]
    assert "still missing" in other["say"]["en"]
    assert too_early["verdict"] == "refused"
    assert helped["say"] == asked["say"]
    assert answered["position"] == "B01"
    assert "it is in no well" in undone["say"]["en"]
    assert after["position"] == "C01"
    assert [rows[position].number for position in ("A01", "B01", "C01")] == [1, 2, 0]


def test_what_does_not_belong_at_the_bench_is_refused_and_help_is_given(
    database: Database, a_bone_sample: Build, an_empty_plate: Build, a_plate: Build,
    a_lot: Build, scan: Callable[..., Told],
) -> None:  # fmt: skip
    with database.writing() as session:
        bone, other = a_bone_sample(session), a_plate(session)
        plates = [an_empty_plate(session) for _ in range(2)]
        lot = a_lot(session, reagent="GlobalFiler", activity=Activity.AMPLIFICATION)
    said = [
        scan(bone), scan(command="done"), scan(lot), scan(other), scan(plates[0]),
        scan(plates[1]), scan(lot), scan(command="undo"), scan(command="next"),
        scan(plates[1]), scan(command="help"),
    ]  # fmt: skip

    assert [one["verdict"] for one in said] == [
        "refused", "refused", "refused", "refused", "accepted", "refused", "refused", "refused",
        "accepted", "accepted", "accepted",
    ]  # fmt: skip


def test_a_plate_is_opened_on_the_page_and_shows_its_reactions(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_procedure: Callable[..., int],
    quantified: Extracts, an_empty_plate: Build, with_lots: Callable[..., None],
    scan: Callable[..., Told],
) -> None:  # fmt: skip
    with database.writing() as session:
        procedure = a_procedure(session, activity=Activity.AMPLIFICATION)
        code, blank = quantified(session, 20_000)
    client = sign_in(cast.technician)
    sent = {
        "kit": "GlobalFiler", "procedure": procedure, "line": "bone", "request_key": key(),
        "station": cast.stations[StationKind.AMPLIFICATION],
    }  # fmt: skip
    before = client.get("/amplification").get_data(as_text=True)
    unknown = client.post("/amplification", data=sent | {"kit": "Kit of nobody"})
    opened = client.post("/amplification", data=sent | {"request_key": key()})
    empty = client.get(opened.headers["Location"]).get_data(as_text=True)
    with database.writing() as session:
        plate = an_empty_plate(session)
        with_lots(session, plate)
    for one in (plate, code, blank):
        scan(one)
    scan(command="done")
    shown = client.get(f"/amplification/{plate}").get_data(as_text=True)
    as_json = client.get(f"/amplification/{plate}", headers={"Accept": "application/json"}).json
    with database.reading() as session:
        state = state_of(session, plate)

    assert code in before.replace("</i><i>", "")
    assert unknown.status_code == 422
    assert "the lot of GlobalFiler" in empty
    assert "low template" in shown
    assert as_json["wells"][0]["volume_nl"] == 15_000
    assert as_json["state"] == state == WorkState.COMPLETED
    assert sign_in(cast.partner).get("/amplification").status_code == 403
