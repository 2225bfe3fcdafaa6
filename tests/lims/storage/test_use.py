# SPDX-License-Identifier: Apache-2.0
"""Whatever is used at a bench is no longer in its box: one place at any instant."""

from collections.abc import Callable
from datetime import datetime

from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.samples.operations import take_powder
from lims.storage.operations import put
from lims.storage.queries import where
from tests.cast import Cast

Build = Callable[..., str]


def test_a_bone_that_is_ground_is_out_of_its_box(
    database: Database,
    cast: Cast,
    at: datetime,
    a_box: Build,
    a_bone_sample: Build,
) -> None:
    station = cast.stations[StationKind.PREPARATION]
    with database.writing() as session:
        box = a_box(session)
        bone = a_bone_sample(session)
        put(session, bone, box, by=cast.technician, at=at)
    with database.writing() as session:
        take_powder(session, bone, 100_000, by=cast.technician, at=at, station=station)

    with database.reading() as session:
        place = where(session, bone)
        moves = [e.content for e in history(session, bone) if e.tag is Tag.SAMPLE_ITEM_MOVED]
    assert place is None
    assert [move.get("from") for move in moves] == [None, box]
    assert moves[-1]["why"] == "used"
