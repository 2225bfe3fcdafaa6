# SPDX-License-Identifier: Apache-2.0
"""What lets a batch or plate be released, worked on, completed and reviewed, and what does not.

Each refusal is seen on the page and, where the bench does the same, by scan; in both languages.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.amplification.operations import open_amplification
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import lift_hold, set_hold
from lims.custody.queries import history, holds_of
from lims.custody.rules import HoldReason, Tag
from lims.equipment.models import Instrument
from lims.extraction.operations import load_aliquot
from lims.people.rules import Activity, Line
from lims.plates import operations
from lims.plates.models import Batch
from lims.plates.queries import state_of
from lims.plates.rules import ReviewOutcome, WorkState
from lims.printing.models import LabelInstance
from lims.procedures.operations import approve_procedure, draft_procedure
from tests.cast import Cast

Build = Callable[..., Any]
JSON = {"Accept": "application/json"}


def test_a_batch_is_released_worked_on_and_reviewed_only_when_every_check_holds(
    database: Database, cast: Cast, at: datetime, at_bench: Build, said: Build,
    sign_in: Callable[[Actor], FlaskClient], key: Callable[[], str], a_batch: Build, a_lot: Build,
    an_instrument: Build, an_aliquot: Build,
) -> None:  # fmt: skip
    bench = at_bench(StationKind.EXTRACTION)
    client, quality = sign_in(cast.technician), sign_in(cast.quality)

    def build(session: Session) -> tuple[str, ...]:
        reference = an_aliquot(session, line=Line.REFERENCE)
        return (
            a_batch(session), an_aliquot(session), an_aliquot(session), reference,
            a_lot(session), an_instrument(session),
        )  # fmt: skip

    with database.writing() as session:
        batch, tube, other, reference, lot, instrument = build(session)
        label = _labels(session, batch, tube, other, reference, lot, instrument)

    def change(what: type[Any], code: str, **values: object) -> None:
        with database.writing() as session:
            for name, value in values.items():
                setattr(session.get_one(what, code), name, value)

    def released_by_page() -> str:
        body = {"request_key": key()}
        return said(client.post(f"/batches/{batch}/release", json=body, headers=JSON))

    def both(words: str) -> None:
        """Hold that the page and the bench refuse alike."""
        assert words in released_by_page()
        assert words in said(bench.command("done"))

    assert bench.scan(label[batch]).json["verdict"] == "accepted"
    both("names no lot of an extraction reagent")
    bench.scan(label[lot])
    both("holds no sample")
    bench.scan(label[tube])
    assert "cannot share a batch" in said(bench.scan(label[reference]))
    bench.scan(label[tube])
    bench.scan(label[instrument])
    with database.reading() as session:
        assert state_of(session, batch) == WorkState.DRAFT

    with database.writing() as session:
        set_hold(session, lot, HoldReason.INCIDENT, by=cast.quality, at=at)
    both("on hold")
    with database.writing() as session:
        (hold,) = _holds(session, lot)
        lift_hold(session, hold, by=cast.quality, at=at, because="looked at")
    change(Instrument, instrument, calibration_due=date(2020, 1, 1))
    both("calibration overdue since 2020-01-01")
    change(Instrument, instrument, calibration_due=date(2035, 1, 1))
    with database.writing() as session:
        set_hold(session, tube, HoldReason.SEAL, by=cast.quality, at=at)
    both("on hold")
    with database.writing() as session:
        (hold,) = _holds(session, tube)
        lift_hold(session, hold, by=cast.quality, at=at, because="looked at")
        text = (
            'name = "EX-04"\ntitle = "extraction"\nactivity = "extraction"\n[controls]\n'
            'blank = 1\n[[step]]\nwords = "Do it."\n'
        )
        newer = draft_procedure(session, text, version=8, reason="another", by=cast.manager, at=at)
        approve_procedure(session, newer.id, by=cast.quality, at=at)
        old = session.get_one(Batch, batch).procedure_id
    both("v7 is withdrawn; current is v8")
    change(Batch, batch, procedure_id=newer.id)
    assert old != newer.id

    # Planned, then released on the page: from then on each tube is scanned into its place.
    with database.writing() as session:
        load_aliquot(session, batch, other, by=cast.technician, at=at)
        operations.await_scans(session, batch)
    body = {"request_key": key()}
    assert client.post(f"/batches/{batch}/release", json=body, headers=JSON).status_code < 400
    assert "is released" in released_by_page()
    assert "not scanned into their places" in said(bench.command("done"))
    wrong = bench.scan(label[other])
    assert wrong.json["verdict"] == "stop"
    assert "Position A1 expects" in said(wrong)
    assert bench.scan(label[tube]).json["verdict"] == "accepted"
    assert "stands in A1 already" in said(bench.scan(label[tube]))
    bench.scan(label[other])
    with database.reading() as session:
        assert state_of(session, batch) == WorkState.RUNNING

    def reviewed(by: FlaskClient, outcome: str, reason: str = "") -> Any:
        body = {"request_key": key(), "outcome": outcome, "reason": reason}
        return by.post(f"/batches/{batch}/review", json=body, headers=JSON)

    assert "only what is completed is reviewed" in said(reviewed(quality, "pass"))
    assert bench.command("done").json["verdict"] == "accepted"
    assert reviewed(client, "pass").status_code == 403
    assert "is not measured" in said(reviewed(quality, "pass"))
    assert "reason" in said(reviewed(quality, "fail"))
    with database.writing() as session:
        session.get_one(Batch, batch).opened_by = cast.quality.id
    assert "you worked on it" in said(reviewed(quality, "fail", "it leaked"))
    with database.writing() as session:
        session.get_one(Batch, batch).opened_by = cast.technician.id
        set_hold(session, batch, HoldReason.CONTROL, by=cast.quality, at=at)
    assert "it is on hold" in said(reviewed(quality, "exceptions", "still good"))
    page = quality.get(f"/batches/{batch}").get_data(as_text=True)
    assert "Sign the review" in page
    assert "is not measured" in page
    assert reviewed(quality, "fail", "it leaked").status_code < 400
    with database.writing() as session:
        assert session.get_one(Batch, batch).outcome is ReviewOutcome.FAIL
        operations.mark_repeated(session, batch, "G00000000", by=cast.technician, at=at)
        assert state_of(session, batch) == WorkState.REPEATED
    with database.reading() as session:
        tags = [event.tag for event in history(session, batch)]
    order = (
        Tag.BATCH_RECORD_OPENED, Tag.BATCH_WORK_RELEASED, Tag.BATCH_WORK_STARTED,
        Tag.BATCH_WORK_COMPLETED, Tag.BATCH_WORK_REVIEWED, Tag.BATCH_WORK_REPEATED,
    )  # fmt: skip
    assert tuple(tag for tag in tags if tag in order) == order
    assert "it leaked" in quality.get(f"/batches/{batch}").get_data(as_text=True)


def test_an_amplification_plate_is_released_with_kit_controls_and_the_blank_of_each_batch(
    database: Database, cast: Cast, at: datetime, at_bench: Build, said: Build,
    sign_in: Callable[[Actor], FlaskClient], key: Callable[[], str], extracts: Build,
    a_procedure: Build, a_lot: Build, a_live_label: Build,
) -> None:  # fmt: skip
    bench = at_bench(StationKind.AMPLIFICATION)
    client, quality = sign_in(cast.technician), sign_in(cast.quality)
    with database.writing() as session:
        extract, blank = extracts(session, line=Line.REFERENCE)
        plate = open_amplification(
            session, procedure_id=a_procedure(session, activity=Activity.AMPLIFICATION),
            kit="PowerPlex 16", line=Line.REFERENCE, by=cast.technician, at=at,
        ).code  # fmt: skip
        kit, control = (
            a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
            for reagent in ("PowerPlex 16", "positive control 9947A")
        )
        a_live_label(session, plate)
        label = _labels(session, extract, blank, plate, kit, control)

    def both(words: str) -> None:
        body = {"request_key": key()}
        answer = client.post(f"/plates/{plate}/release", json=body, headers=JSON)
        assert words in said(answer)
        assert words in said(bench.command("done"))

    bench.scan(label[plate])
    both("holds no sample")
    bench.scan(label[extract])
    both("names no lot of PowerPlex 16")
    bench.scan(label[kit])
    both("has no positive control")
    bench.scan(label[control])
    both("has no blank on this plate")
    bench.scan(label[blank])
    assert "positive control in C01" in bench.command("done").json["say"]["en"]
    body = {"request_key": key(), "outcome": "pass"}
    refused = quality.post(f"/plates/{plate}/review", json=body, headers=JSON)
    assert "its controls are not injected" in said(refused)
    assert "its controls are not injected" in quality.get(f"/plates/{plate}").get_data(as_text=True)
    with database.writing() as session:
        again = open_amplification(
            session, procedure_id=a_procedure(session, activity=Activity.AMPLIFICATION),
            kit="PowerPlex 16", line=Line.REFERENCE, by=cast.technician, at=at,
        ).code  # fmt: skip
        label[again] = a_live_label(session, again)
    bench.scan(label[again])
    asked = bench.scan(label[extract]).json
    assert "amplified 1 time. A reason is needed." in asked["say"]["en"]
    assert asked["say"]["ar"] != asked["say"]["en"]


def _labels(session: Session, *codes: str) -> dict[str, str]:
    """Return what the live label of each code says."""
    found = select(LabelInstance.code, LabelInstance.payload).where(LabelInstance.code.in_(codes))
    return dict(session.execute(found).all())


def _holds(session: Session, code: str) -> tuple[int, ...]:
    return tuple(hold.id for hold in holds_of(session, code))
