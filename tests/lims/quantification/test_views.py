# SPDX-License-Identifier: Apache-2.0
"""Pages and bench of quantification over HTTP."""

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.rules import Activity
from lims.plates.queries import state_of, wells_of
from lims.plates.rules import WellRole, WorkState
from lims.quantification.queries import decision_of, imports_of
from lims.quantification.rules import LIMIT_FIELDS, LIMITS, limit_text
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]


@pytest.fixture
def scan(cast: Cast, sign_in: SignIn, key: Key) -> Callable[..., dict[str, object]]:
    """Work at the quantification bench: scan a code, give a command, answer a question."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.QUANTIFICATION]
    client.post(f"/bench/{station}/take", data={"request_key": key()})

    def scanned(text: str = "", *, command: str = "", entry: str = "") -> dict[str, object]:
        if command:
            sent = {"command_id": key(), "command": command}
            answer = client.post(f"/api/bench/{station}/commands", json=sent)
        elif entry:
            sent = {"entry_id": key(), "name": "curve", "value": entry}
            answer = client.post(f"/api/bench/{station}/entries", json=sent)
        else:
            sent = {"scan_id": key(), "text": text, "source": "typed", "reason": "label damaged"}
            answer = client.post(f"/api/bench/{station}/scans", json=sent)
        assert answer.status_code == 201, answer.json
        assert client.get(f"/bench/{station}").status_code == 200
        return answer.json

    return scanned


def test_a_plate_is_filled_by_scans_undone_and_completed(
    database: Database, extracts: Extracts, an_open_plate: Build,
    a_lot: Build, scan: Callable[..., dict[str, object]],
) -> None:  # fmt: skip
    with database.writing() as session:
        one, blank = extracts(session)
        plate = an_open_plate(session)
        lot = a_lot(session, reagent="Quantifiler Trio", activity=Activity.QUANTIFICATION)
    lost = scan(one)
    taken = scan(plate)
    chosen = scan(entry="stored")
    used = scan(lot)
    first = scan(one)
    twice = scan(one)
    undone = scan(command="undo")
    again = [scan(code)["position"] for code in (one, blank)]
    done = scan(command="done")
    with database.reading() as session:
        wells = wells_of(session, plate)
        state = state_of(session, plate)

    assert (lost["verdict"], taken["verdict"]) == ("refused", "accepted")
    assert "One well is kept" in chosen["say"]["en"]  # type: ignore[index]  # a dict of languages
    assert "Quantifiler Trio" in used["say"]["en"]  # type: ignore[index]
    assert (first["position"], twice["verdict"], undone["position"]) == ("A01", "refused", "A01")
    assert again == ["A01", "B01"]
    assert done["verdict"] == "accepted"
    assert [well.role for well in wells] == [WellRole.SAMPLE, WellRole.BLANK, WellRole.NEGATIVE]
    assert state == WorkState.COMPLETED


def test_a_plate_is_opened_on_the_page_and_its_label_printed_at_the_bench(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_procedure: Callable[..., int]
) -> None:
    with database.writing() as session:
        procedure = a_procedure(session, activity=Activity.QUANTIFICATION)
    client = sign_in(cast.technician)
    page = client.get("/quantification").get_data(as_text=True)
    answer = client.post(
        "/quantification",
        data={
            "kit": "Quantifiler Trio", "procedure": procedure, "request_key": key(),
            "station": cast.stations[StationKind.QUANTIFICATION],
        },
    )  # fmt: skip
    shown = client.get(answer.headers["Location"]).get_data(as_text=True)

    assert "Open a plate" in page
    assert answer.status_code == 303
    assert "Quantifiler Trio" in shown
    assert "scan DONE at the bench first" in shown


def test_the_results_of_the_cycler_are_imported_on_the_page_once(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, extracts: Extracts,
    a_filled_plate: Build,
) -> None:  # fmt: skip
    def send(content: bytes, name: str = "results.csv") -> tuple[int, str]:
        answer = client.post(
            f"/quantification/{plate}/table",
            data={"file": (io.BytesIO(content), name), "request_key": key()},
            content_type="multipart/form-data",
        )
        return answer.status_code, answer.get_data(as_text=True)

    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
    client = sign_in(cast.technician)
    table = (
        f"\ufeffWell;Sample;Target;Task;Quantity\nA1;{code};Small;;0,25\nB1;{blank};Small;;0,004\n"
        "C1;NTC;Small;NTC;0\n"
    ).encode()
    wrong = send(table.replace(code.encode(), b"femur"))
    broken = send(b"\x00\x01\x02 not a table")
    nothing = client.post(f"/quantification/{plate}/table", data={"request_key": key()})
    first = send(table)
    second = send(table, "renamed.csv")
    shown = client.get(f"/quantification/{plate}").get_data(as_text=True)
    as_json = client.get(f"/quantification/{plate}", headers={"Accept": "application/json"}).json
    with database.reading() as session:
        entries = imports_of(session, plate)
        decision = decision_of(session, code)

    assert wrong[0] == 409
    assert "nothing imported" in wrong[1]
    assert broken[0] == 422
    assert "cannot be read" in broken[1]
    assert nothing.status_code == 422
    assert (first[0], second[0]) == (303, 303)
    assert [entry.file_name for entry in entries] == ["results.csv"]
    assert decision is not None
    assert decision.volume_nl == 4_000
    assert "the whole extraction batch is on hold" in shown
    assert as_json["wells"][0]["decision"]["step"] == "amplify"
    assert [one["weight"] for one in as_json["findings"]] == ["hold", "warn"]


def test_figures_are_entered_by_hand_on_the_page(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, extracts: Extracts,
    a_filled_plate: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
    client = sign_in(cast.technician)

    def send(**columns: list[str]) -> int:
        sent = {
            "position": ["A01", "B01", "C01"], "small": ["0,25", "ND", "ND"],
            "large": ["0.2", "", ""], "y": ["", "", ""], "ipc": ["27.1", "", "27"],
            "request_key": key(), **columns,
        }  # fmt: skip
        return client.post(f"/quantification/{plate}/figures", data=sent).status_code

    refused = [
        send(small=["0,25", "x", ""]), send(small=["0,25"]),
        send(small=["", "", ""], large=["", "", ""], ipc=["", "", ""]),
    ]  # fmt: skip
    taken = send()
    with database.reading() as session:
        decision = decision_of(session, code)

    assert refused == [422, 422, 422]
    assert taken == 303
    assert decision is not None
    assert (decision.fg_per_ul, decision.di_milli, decision.ipc_shift_milli) == (
        250_000,
        1_250,
        100,
    )


def test_only_technicians_record_quantities_and_outsiders_see_nothing(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, extracts: Extracts,
    a_filled_plate: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        plate = a_filled_plate(session, extracts(session))
    for actor, sees in ((cast.manager, 200), (cast.quality, 200), (cast.partner, 403),
                        (cast.coordinator, 403)):  # fmt: skip
        client = sign_in(actor)
        assert client.get("/quantification").status_code == sees
        assert client.get(f"/quantification/{plate}").status_code == sees
        sent = {"position": ["A01"], "small": ["1"], "request_key": key()}
        assert client.post(f"/quantification/{plate}/figures", data=sent).status_code == 403


def test_a_file_is_looked_at_first_then_taken_in_and_its_proposals_are_confirmed(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, extracts: Extracts,
    a_filled_plate: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, two, blank = extracts(session, samples=2)
        plate = a_filled_plate(session, (one, two, blank))
    client = sign_in(cast.technician)
    table = (
        "Position;Tube;Small ng;Large ng;IPC Ct\n"
        f"A1;{one};0,25;0,02;27\nB1;{two};0,01;0,0001;27\nC1;{blank};0;0;27\nD1;NTC;0;0;27\n"
    )
    columns = {
        "sample": "Tube", "well": "Position", "small autosomal quantity": "Small ng",
        "large autosomal quantity": "Large ng", "IPC ct": "IPC Ct",
    }  # fmt: skip

    def post(path: str, **fields: object) -> TestResponse:
        return client.post(f"/quantification/{path}", data={"request_key": key(), **fields})

    def file(name: str = "own.csv") -> tuple[io.BytesIO, str]:
        return io.BytesIO(table.replace("NTC;0;0", "NTC;;").encode()), name

    unread = post(f"{plate}/preview", file=file())
    sample = post("mappings/sample", file=file()).get_data(as_text=True)
    mapped = {"field": [*columns], "column": [*columns.values()], "name": "own", "decimal": ","}
    sha256 = sample.split('name="sha256" value="')[1][:64]
    tried = post("mappings/sample", sha256=sha256, file_name="own.csv", **mapped)
    broken = post("mappings", **{**mapped, "column": ["", *list(columns.values())[1:]]})
    saved = post("mappings", **mapped)
    listed = client.get("/quantification/mappings").get_data(as_text=True)
    shown = post(f"{plate}/preview", file=file(), mapping="own")
    with database.reading() as session:
        before = imports_of(session, plate)
    taken = post(f"{plate}/table", sha256=sha256, name="own.csv", mapping="own")
    on_page = client.get(f"/quantification/{plate}").get_data(as_text=True)
    as_json = client.get(f"/quantification/{plate}", headers={"Accept": "application/json"}).json
    ticked = [f"{well['holds']}:{well['decision']['seen']}"
              for well in as_json["wells"] if well["decision"]]  # fmt: skip
    malformed = post(f"{plate}/decisions", confirm=["X1:y"])
    confirmed = post(f"{plate}/decisions", confirm=ticked[:1])
    instead = post(
        f"{plate}/override", decision=ticked[1], step="new sample", reason="too little bone"
    )
    overview = client.get("/quantification", headers={"Accept": "application/json"}).json
    after = client.get(f"/quantification/{plate}").get_data(as_text=True)
    with database.reading() as session:
        entry = imports_of(session, plate)[0]
        decisions = [decision_of(session, code) for code in (one, two)]

    assert unread.status_code == 422
    assert "mapping" in unread.get_data(as_text=True)
    assert "Position" in sample
    assert "0.25 ng/µl" in tried.get_data(as_text=True)
    assert (broken.status_code, saved.status_code, before) == (422, 303, ())
    assert "Small ng" in listed
    assert shown.status_code == 200
    assert "What the file says" in shown.get_data(as_text=True)
    assert taken.status_code == 303
    assert (entry.file_name, entry.sha256, entry.mapping_id) == ("own.csv", sha256, 1)
    assert "proposed, not confirmed" in on_page
    assert ("How much each well holds" in on_page, "Degradation" in on_page) == (True, True)
    assert as_json["to_confirm"] == [one, two]
    assert (malformed.status_code, confirmed.status_code, instead.status_code) == (422, 303, 303)
    assert overview["to_confirm"] == {}
    assert "too little bone" in after
    assert [one.step.value if one else "" for one in decisions] == ["amplify", "new sample"]


def test_limits_are_proposed_and_approved_on_their_page(
    cast: Cast, sign_in: SignIn, key: Key
) -> None:
    as_json = {"Accept": "application/json"}
    manager, quality = sign_in(cast.manager), sign_in(cast.quality)
    form = {one.name: limit_text(LIMITS, one) for one in LIMIT_FIELDS}
    form |= {"dilutions": "10, 100", "aim_fg": "0.8", "reason": "validation 7"}

    def post(client: FlaskClient, path: str, **fields: str) -> int:
        answer = client.post(f"/quantification/{path}", data={"request_key": key(), **fields})
        return answer.status_code

    shown = manager.get("/quantification/limits").get_data(as_text=True)
    answers = [
        post(manager, "limits", **{**form, "aim_fg": "much"}), post(manager, "limits", **form),
        post(manager, "limits/1", verdict="approve"), post(quality, "limits/1", verdict="approve"),
        post(sign_in(cast.technician), "limits", **form),
    ]  # fmt: skip
    told = manager.get("/quantification/limits", headers=as_json).json

    assert "the program comes with" in shown
    assert answers == [422, 303, 409, 303, 403]
    assert (told["version"], told["limits"]["aim_fg"], told["proposed"]) == (1, 800_000, [])
