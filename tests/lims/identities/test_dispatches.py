# SPDX-License-Identifier: Apache-2.0
"""References that come in a dispatch: by the donor's number, recorded by the coordinator."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases import operations as cases
from lims.cases.models import Item
from lims.cases.operations import receiving, seals
from lims.cases.operations.discrepancies import decide, record_discrepancy
from lims.cases.operations.dispatch_files import read_list
from lims.cases.operations.dispatches import import_list
from lims.cases.queries.receiving import awaited
from lims.cases.rules.dispatches import DayNotThere, Decision, DiscrepancyKind, InQuarantine
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.identities.models import ReferenceSampling
from lims.identities.operations import code_references, record_reference
from lims.identities.operations.dispatches import record_listed_references
from lims.identities.rules import DonorsUnknown
from lims.people.rules import Line
from lims.samples.models import Sample
from lims.samples.rules import Consumption, Material
from tests.cast import Cast
from tests.sealed import Sealed, picture


def test_what_was_scanned_becomes_samples_of_the_donors_under_their_numbers(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast,
    sign_in: Callable[[Actor], FlaskClient], key: Callable[[], str],
) -> None:  # fmt: skip
    at = sealed.at = now() - timedelta(minutes=5)
    by = cast.reception
    content = b"Seal,Donor number,Material,Count\nS-1,D-17,FTA card,1\nS-1,D-18,swab,2\n"
    with database.writing() as session:
        first = sealed.a_donor(session, number="D-17")
        read = read_list(content, name="list.csv", line=Line.REFERENCE)
        ref = import_list(session, vault, read, sender="Office", by=by, at=at)
        receiving.arrive(
            session, vault, ref, deliverer=receiving.Outsider("A Driver", "", "N-1"),
            receiver_name="R", by=by, at=at,
        )  # fmt: skip
        bag = receiving.read_at_receiving(session, vault, ref, "S-1", by=by, at=at).package
        seals.break_seal(
            session, vault, bag, reason="to count", witness=cast.coordinator, by=by, at=at
        )
        for text in ("D-17", "D-18", "D-18"):
            receiving.read_at_receiving(session, vault, ref, text, by=by, at=at)
        seals.empty_package(session, vault, bag, by=by, at=at)
        with pytest.raises(DayNotThere):
            receiving.receive(session, vault, ref, by=by, at=at)
        receiving.receive(session, vault, ref, taken_on=date(2026, 3, 1), by=by, at=at)
        with pytest.raises(DonorsUnknown) as unknown:
            record_listed_references(session, vault, ref, by=cast.coordinator, at=at)
        assert "D-18" in str(unknown.value)
        assert "D-17" not in str(unknown.value)
        second = sealed.a_donor(session, number="D-18")

    coordinator = sign_in(cast.coordinator)
    path = f"/intake/dispatches/{ref}/references"
    assert path in coordinator.get(f"/cases/dispatches/{ref}").text
    assert path not in sign_in(by).get(f"/cases/dispatches/{ref}").text
    for _ in range(2):
        assert coordinator.post(path, data={"request_key": key()}).status_code == 303
    with database.reading() as session:
        taken = session.scalars(select(ReferenceSampling)).all()
        assert sorted((one.donor_ref, one.material) for one in taken) == sorted(
            [(first, Material.BLOOD_CARD), *[(second, Material.BUCCAL_SWAB)] * 2]
        )


def test_a_reference_is_not_coded_while_its_dispatch_differs_nor_when_it_was_kept_out(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str,
) -> None:  # fmt: skip
    at = sealed.at = now() - timedelta(minutes=5)
    by, day = cast.reception, date(2026, 3, 1)
    content = b"Seal,Donor number,Material,Count,Taken on\nS-5,D-41,FTA card,1,2026-03-01\n"

    def code(session: Session, ref: str) -> str:
        return code_references(
            session, vault, [ref], station=intake, minimum=1, by=cast.coordinator, at=at
        )

    with database.writing() as session:
        donor, other = sealed.a_donor(session, number="D-41"), sealed.a_donor(session)
        read = read_list(content, name="list.csv", line=Line.REFERENCE)
        ref = import_list(session, vault, read, sender="Office", by=by, at=at)
        receiving.arrive(
            session, vault, ref, deliverer=receiving.Outsider("A Driver", "", "N-1"),
            receiver_name="R", by=by, at=at,
        )  # fmt: skip
        (bag,) = awaited(session, ref)
        differs = record_discrepancy(
            session, vault, ref, DiscrepancyKind.SEAL, package_ref=bag.ref, read="S-9",
            reason="another seal", photograph=None, files=sealed.files, by=by, at=at,
        )  # fmt: skip
        # Recorded by hand under the donor, it is in quarantine all the same; a swab is not it.
        card = sealed.a_reference(session, donor=donor)
        swab = record_reference(
            session, vault, donor, material=Material.BUCCAL_SWAB, taken_on=day,
            by=cast.coordinator, at=at,
        )  # fmt: skip
        with pytest.raises(InQuarantine):
            code(session, card)
        assert code(session, sealed.a_reference(session, donor=other))
        assert code(session, swab)
        decide(
            session, vault, differs, Decision.KEEP_OUT, reason="the seal was torn",
            witness=cast.coordinator, by=by, at=at,
        )  # fmt: skip
        with pytest.raises(InQuarantine):
            code(session, card)
        later = record_reference(
            session, vault, donor, material=Material.BLOOD_CARD, taken_on=date(2026, 3, 9),
            by=cast.coordinator, at=at,
        )  # fmt: skip
        assert code(session, later), "another card of another day"


def test_the_customer_s_rule_goes_into_the_laboratory_with_the_code(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str,
    sign_in: Callable[[Actor], FlaskClient], key: Callable[[], str],
) -> None:  # fmt: skip
    sealed.at = now() - timedelta(minutes=5)
    with database.writing() as session:
        item, donor = sealed.an_item(session), sealed.a_donor(session)
        case = session.get_one(Item, item).case_ref
    client = sign_in(cast.coordinator)
    for page in (f"/cases/items/{item}", f"/intake/donors/{donor}"):
        assert 'name="consumption"' in client.get(page).text
    sent = {"taken_on": "2026-03-01", "consumption": "perhaps"}
    bone = f"/cases/{case}/items/{item}/samplings"
    of_bone = sent | {"material": "bone", "mass": "900", "element": "femur"}
    assert client.post(bone, data=of_bone | {"request_key": key()}).status_code == 422
    asked = client.post(bone, json=of_bone | {"request_key": key(), "consumption": "never"})
    card = client.post(
        f"/intake/donors/{donor}/references",
        json=sent | {"material": "blood card", "request_key": key(), "consumption": "ask"},
    )
    assert (asked.status_code, card.status_code) == (201, 201), (asked.text, card.text)
    assert "may never be used up" in client.get(f"/cases/items/{item}").text
    by, at = cast.coordinator, now()
    with database.writing() as session:
        refs = [asked.get_json()["ref"]]
        cases.add_photograph(
            session, vault, sealed.files, refs[0], cases.read_photograph(picture()), by=by, at=at
        )
        cases.code_remains(session, vault, refs, station=intake, minimum=1, by=by, at=at)
        given = [card.get_json()["ref"]]
        code_references(session, vault, given, station=intake, minimum=1, by=by, at=at)
        rules = {one.line: one.consumption for one in session.scalars(select(Sample))}
        assert rules == {Line.BONE: Consumption.NEVER, Line.REFERENCE: Consumption.ASK}
