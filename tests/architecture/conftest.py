# SPDX-License-Identifier: Apache-2.0
"""A laboratory in which there is something of everything that a page can show."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    set_hold,
    write_public_key,
)
from lims.custody.rules import HoldReason
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_agent_key, issue_badge
from lims.people.queries import station
from lims.people.rules import Activity, Line
from tests.cast import Cast

Build = Callable[..., str]


@pytest.fixture
def filled(
    database: Database,
    settings: Settings, cast: Cast, at: datetime, a_lot: Build, an_instrument: Build,
    extracts: Callable[..., tuple[str, ...]], a_plate: Build, a_bone_sample: Build,
) -> str:  # fmt: skip
    """Fill the laboratory, its folder too; returns the key of the extraction bench's agent."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=31)

    def fill(session: Session) -> str:
        made = extracts(session, samples=2)
        extracts(session, line=Line.REFERENCE)
        held = a_bone_sample(session)
        set_hold(session, held, HoldReason.SEAL, by=cast.quality, at=at)
        a_plate(session, activity=Activity.QUANTIFICATION, holding=made)
        an_instrument(session)
        a_lot(session, released=False)
        person = session.get_one(Person, cast.technician.person)
        issue_badge(session, person, hash_pin("2468"), by=cast.administrator, at=at)
        bench = station(session, cast.stations[StationKind.EXTRACTION])
        return issue_agent_key(session, bench, by=cast.administrator, at=at)

    with database.writing() as session:
        return fill(session)
