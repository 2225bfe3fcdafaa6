# SPDX-License-Identifier: Apache-2.0
"""A label that did not come out: the people at its station are told, and no alarm is raised."""

from datetime import datetime

import pytest

from lims.core.actors import Actor
from lims.core.codes import Kind, Payload, draw_code
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.rules import Tag
from lims.printing.operations import (
    lease_labels,
    queue_label,
    record_print_outcome,
    reprint,
    scan_label,
)
from lims.printing.queries import pending_at
from lims.printing.rules import LabelNotVerified, LabelState, PrintOutcome
from tests.cast import Cast

AGENT = Actor("a:station")


def test_a_label_that_did_not_come_out_is_told_of_at_its_station_until_there_is_another(
    database: Database, cast: Cast, at: datetime
) -> None:
    station, code, by = cast.stations[StationKind.PREPARATION], draw_code(Kind.LOT), cast.technician
    with database.writing() as session:
        create_subject(
            session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
            state="registered",
        )  # fmt: skip
        first = queue_label(session, code, layout="tube", station=station, by=by, at=at)
        (lease,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
        for outcome in (PrintOutcome.INTENT, PrintOutcome.LOST):
            record_print_outcome(
                session, first, outcome, station=station, fence=lease.fence, by=AGENT, at=at
            )
    with database.writing() as session:
        (told,) = pending_at(session, station)
        assert (told.payload, told.state) == (first, LabelState.LOST)
        # Its code is typed, since there is nothing to scan: refused with advice, and no alarm.
        with pytest.raises(LabelNotVerified):
            scan_label(session, Payload(code, ""), station=station, by=by, at=at)
        again = reprint(
            session, code, reason="no label came out", station=station, by=by, at=at
        )  # fmt: skip
        assert [one.payload for one in pending_at(session, station)] == [again]
