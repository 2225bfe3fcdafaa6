# SPDX-License-Identifier: Apache-2.0
"""Procedures: what a document may say, the second person, what is in force when, the pages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.errors import ReasonMissing
from lims.custody.queries import events_of
from lims.custody.rules import Tag
from lims.people.models import Person
from lims.people.operations import authorise
from lims.people.rules import Activity, Line, NotAuthorisedFor
from lims.plates.operations import open_batch, place_in_batch
from lims.procedures.models import Procedure
from lims.procedures.operations import approve_procedure, draft_procedure, withdraw_procedure
from lims.procedures.queries import current_procedure, current_procedures, usable_procedure
from lims.procedures.rules import (
    OwnDraft,
    ProcedureEnded,
    ProcedureNotInForce,
    ProcedureOfOtherLine,
    ProcedureRefused,
    ProcedureWithdrawn,
    VersionDecided,
    VersionNotNewer,
    VersionPending,
    read_document,
)
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]

DOCUMENT = """
name = "EX-04"
title = "Bone: silica"
title_ar = "العظام: السيليكا"
activity = "extraction"
lines = ["bone"]

[controls]
blank = 2

[limits]
elution_ul = "50.5"

[[step]]
words = "Demineralise."
words_ar = "أزل المعادن."

[[reagent]]
name = "extraction buffer"
volume_ul = "0.25"
required = true

[[instrument]]
kind = "thermal cycler"
program = "29 cycles"
"""

WRONG = {
    "no TOML": ("name =", "it is no TOML"),
    "an unknown key": (DOCUMENT.replace("title_ar", "titel_ar"), "titel_ar is not known"),
    "no step": (DOCUMENT.replace("[[step]]", "[[reagent]]"), "it has no step"),
    "an activity that there is not": (
        DOCUMENT.replace('"extraction"\nlines', '"boiling"\nlines'), "activity: “boiling”",
    ),
    "a line that there is not": (DOCUMENT.replace('["bone"]', '["hair"]'), "lines: expected"),
    "a float": (DOCUMENT.replace('"50.5"', "50.5"), "limits.elution_ul must be a decimal in quo"),
    "true for a number": (DOCUMENT.replace("= 2", "= true"), "controls.blank must be a whole"),
    "too many controls": (DOCUMENT.replace("= 2", "= 97"), "controls.blank must be a whole"),
    "a hundredth of a nanolitre": (DOCUMENT.replace("0.25", "0.00025"), "finer than a nanolitre"),
    "a name for a path": (DOCUMENT.replace("EX-04", "../EX"), "name: “../EX”"),
    "no title": (DOCUMENT.replace("Bone: silica", " "), "title is missing"),
    "one instrument as a list": (
        DOCUMENT.replace("[[instrument]]", "[instrument]"), "[[instrument]]",
    ),
    "words without end": (DOCUMENT + "#" * 64_000, "longer than 64000 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_document_that_nobody_could_work_by_is_refused_and_says_where(wrong: str) -> None:
    text, says = WRONG[wrong]
    with pytest.raises(ProcedureRefused) as refused:
        read_document(text)
    assert says in str(refused.value.say)


def test_figures_are_exact_and_the_shipped_examples_can_all_be_worked_by() -> None:
    document = read_document(DOCUMENT)

    assert document.controls == {"blank": 2}
    assert document.limits == {"elution_ul": Decimal("50.5")}
    assert document.reagents[0].volume_nl == 250
    assert document.lines == (Line.BONE,)
    shipped = [
        read_document(each.read_text("utf-8"))
        for each in (files("lims") / "data" / "procedures").iterdir()
    ]
    assert len({one.name for one in shipped}) == len(shipped) >= 13
    assert all(one.title_ar and all(step.words_ar for step in one.steps) for one in shipped)
    assert {one.activity for one in shipped} == {
        Activity.PREPARATION, Activity.EXTRACTION, Activity.QUANTIFICATION,
        Activity.AMPLIFICATION, Activity.INJECTION,
    }  # fmt: skip


def test_a_version_is_in_force_from_its_day_when_a_second_person_approved_it(
    database: Database, cast: Cast, at: datetime
) -> None:
    tomorrow, later = at + timedelta(days=1), at + timedelta(days=2)
    manager, quality = cast.manager, cast.quality
    with database.writing() as session:
        first = draft_procedure(session, DOCUMENT, reason="the first", by=manager, at=at, version=6)
        with pytest.raises(ProcedureNotInForce):
            usable_procedure(session, first.id, activity=Activity.EXTRACTION, at=at)
        with pytest.raises(VersionPending):
            draft_procedure(session, DOCUMENT, reason="again", by=quality, at=at)
        with pytest.raises(OwnDraft):
            approve_procedure(session, first.id, by=manager, at=at)
        approve_procedure(session, first.id, by=quality, at=at)
        with pytest.raises(VersionDecided):
            approve_procedure(session, first.id, by=quality, at=at)
        with pytest.raises(VersionNotNewer):
            draft_procedure(session, DOCUMENT, reason="back", by=manager, at=at, version=6)
        with pytest.raises(ReasonMissing):
            draft_procedure(session, DOCUMENT, reason=" ", by=manager, at=at)
        second = draft_procedure(session, DOCUMENT, reason="better", by=quality, at=at)
        approve_procedure(session, second.id, by=manager, at=at, valid_from=tomorrow)

        assert second.version == 7
        assert current_procedure(session, "EX-04", at=at) is first
        assert current_procedure(session, "EX-04", at=later) is second
        assert current_procedures(session, Activity.EXTRACTION, at=at) == (first,)
        assert current_procedures(session, Activity.EXTRACTION, at=at, line=Line.REFERENCE) == ()
        with pytest.raises(ProcedureOfOtherLine):
            usable_procedure(
                session, first.id, activity=Activity.EXTRACTION, at=at, line=Line.REFERENCE
            )
        with pytest.raises(ProcedureWithdrawn) as refused:
            usable_procedure(session, first.id, activity=Activity.EXTRACTION, at=later)
        assert str(refused.value.say) == "SOP EX-04 v6 is withdrawn; current is v7."
        withdraw_procedure(session, second.id, reason="not validated", by=quality, at=at)
        assert current_procedure(session, "EX-04", at=later) is first, "the one before stays"
        withdraw_procedure(session, first.id, reason="a fault", by=quality, at=tomorrow)
        with pytest.raises(ProcedureEnded):
            usable_procedure(session, first.id, activity=Activity.EXTRACTION, at=later)
        number = first.id
    with database.reading() as session:
        told = [event.tag for event in events_of(session, [f"procedure:{number}"])]
    assert told == [
        Tag.PROCEDURE_VERSION_ADDED, Tag.PROCEDURE_VERSION_APPROVED,
        Tag.PROCEDURE_VERSION_WITHDRAWN, Tag.PROCEDURE_VERSION_WITHDRAWN,
    ]  # fmt: skip
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(update(Procedure).where(Procedure.id == number).values(approved_by="x"))
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(update(Procedure).where(Procedure.id == number).values(text="x"))


def test_a_procedure_that_asks_for_its_own_authorisation_is_worked_by_nobody_else(
    database: Database, cast: Cast, at: datetime, an_aliquot: Callable[..., str]
) -> None:
    with database.writing() as session:
        tube = an_aliquot(session)
        own = DOCUMENT.replace("lines =", "needs_authorisation = true\nlines =")
        drafted = draft_procedure(session, own, reason="the first", by=cast.manager, at=at)
        approve_procedure(session, drafted.id, by=cast.quality, at=at)
        batch = open_batch(
            session, activity=Activity.EXTRACTION, line=Line.BONE, procedure_id=drafted.id,
            by=cast.technician, at=at,
        ).code  # fmt: skip
        with pytest.raises(NotAuthorisedFor) as refused:
            place_in_batch(session, batch, tube, line=Line.BONE, by=cast.technician, at=at)
        assert "You are not authorised for SOP EX-04" in str(refused.value.say)
        person = session.scalars(
            select(Person).where(Person.id == cast.technician.person)
        ).one()  # fmt: skip
        authorise(
            session, person, activity=Activity.EXTRACTION, procedure="EX-04",
            valid_from=date(2020, 1, 1), valid_until=date(2099, 1, 1), by=cast.manager, at=at,
        )  # fmt: skip
        assert place_in_batch(session, batch, tube, line=Line.BONE, by=cast.technician, at=at)


def test_the_pages_write_approve_and_withdraw_and_a_wrong_document_stores_nothing(
    database: Database, cast: Cast, sign_in: SignIn, key: Key
) -> None:
    manager, quality = sign_in(cast.manager), sign_in(cast.quality)
    sent = {"text": DOCUMENT.replace("\n", "\r\n"), "reason": "the first", "request_key": key()}

    refused = manager.post("/procedures", json={**sent, "text": "name =", "request_key": key()})
    made = manager.post("/procedures", json=sent)
    again = manager.post("/procedures", json=sent)
    assert made.json is not None
    number = made.json["number"]
    own = manager.post(f"/procedures/{number}/approve", json={"request_key": key()})
    shown = quality.get(f"/procedures/{number}").text
    taken = quality.post(f"/procedures/{number}/approve", json={"request_key": key()})

    assert (refused.status_code, made.status_code, again.json) == (422, 201, made.json)
    assert (own.status_code, taken.status_code) == (403, 201)
    assert "draft: a second person must approve it" in shown
    assert "Demineralise." in shown
    technician = sign_in(cast.technician)
    listed = technician.get("/procedures", headers={"Accept": "application/json"}).get_json()
    assert [one["state"] for one in listed["procedures"]] == ["in force"]
    assert technician.get("/procedures/new").status_code == 403
    arabic = quality.get("/procedures/new", headers={"Accept-Language": "ar"}).text
    assert "بعدة GlobalFiler" in arabic
    assert "AM-06" in quality.get("/procedures/new?example=am-globalfiler").text
    assert quality.get("/procedures/new?example=..").status_code == 422
    gone = quality.post(
        f"/procedures/{number}/withdraw", json={"reason": "a fault", "request_key": key()}
    )
    assert gone.status_code == 201
    assert "withdrawn" in quality.get(f"/procedures/{number}").text
