# SPDX-License-Identifier: Apache-2.0
"""The ledger alone tells what the tables say: who held each thing, where, and its state."""

from typing import Any

import pytest
from sqlalchemy import select

from lims.core.codes import Kind
from lims.core.db import Database
from lims.custody.models import Subject
from lims.custody.queries import events_of, gaps_of, intervals_each, tracked_codes
from lims.custody.rules import FROM_CREATION, Event, GapKind, replay
from lims.features import GAP_CHECKS

pytestmark = pytest.mark.timeout(120)


def test_the_events_of_every_thing_replay_to_what_the_tables_say(
    filled: Any, database: Database
) -> None:
    with database.reading() as session:
        codes = [code for page in tracked_codes(session) for code in page]
        state = dict(session.execute(select(Subject.code, Subject.state)).all())
        events: dict[str, list[Event]] = {}
        for event in events_of(session, codes):
            events.setdefault(event.stream, []).append(event)
        held = intervals_each(session, codes)
        found = gaps_of(session, codes, GAP_CHECKS)

    assert {code[0] for code in codes} >= {"B", "R", "A", "X", "P"}
    for code in codes:
        replayed = replay(events[code])
        assert replayed.intervals == held.get(code, ()), code
        assert replayed.state == state[code], code
        if Kind(code[0]) in FROM_CREATION:
            assert held[code][-1].ended_at is None
    # The builders of the tests give labels without their event; all else is as a stranger wants it.
    assert {gap.kind for gap in found} <= {GapKind.LABEL, GapKind.UNSIGNED}, [
        (gap.code, str(gap.say)) for gap in found if gap.kind is not GapKind.LABEL
    ]
