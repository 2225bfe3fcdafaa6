# SPDX-License-Identifier: Apache-2.0
"""References that come in a dispatch: by the donor's number, recorded by the coordinator."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.cases.operations import receiving, seals
from lims.cases.operations.dispatch_files import read_list
from lims.cases.operations.dispatches import import_list
from lims.cases.rules.dispatches import DayNotThere
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.identities.models import ReferenceSampling
from lims.identities.operations.dispatches import record_listed_references
from lims.identities.rules import DonorsUnknown
from lims.people.rules import Line
from lims.samples.rules import Material
from tests.cast import Cast
from tests.sealed import Sealed


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
