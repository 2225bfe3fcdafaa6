# SPDX-License-Identifier: Apache-2.0
"""Codes, lineage and holds: what is held holds back all that came from it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from lims.core.actors import SYSTEM
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries
from lims.custody.rules import (
    AlreadyDerived,
    EventId,
    GapKind,
    HoldReason,
    NoSuchHold,
    OnHold,
    Tag,
)


def test_a_code_is_given_once(empty_database: Database, bone: str, acts: Any) -> None:
    with pytest.raises(IntegrityError), empty_database.writing() as session:
        acts.coded(session, bone)


def test_a_thing_cannot_come_from_an_unknown_one(
    empty_database: Database, at: datetime, acts: Any
) -> None:
    with pytest.raises(NotFound), empty_database.writing() as session:
        acts.coded(session, draw_code(Kind.ALIQUOT), draw_code(Kind.BONE))
    with pytest.raises(ValueError, match="reason"), empty_database.writing() as session:
        operations.create_subject(
            session, draw_code(Kind.ALIQUOT), Tag.ALIQUOT_TUBE_TAKEN, by=SYSTEM, at=at,
            content={}, state="created", parents=[draw_code(Kind.BONE)],
        )  # fmt: skip


def test_a_clock_that_steps_back_makes_nothing_older_than_what_it_came_from(
    empty_database: Database, at: datetime
) -> None:
    parent, child = draw_code(Kind.BONE), draw_code(Kind.ALIQUOT)
    with empty_database.writing() as session:
        operations.create_subject(
            session, parent, Tag.SAMPLE_CODE_GIVEN, by=SYSTEM, at=at, content={}, state="coded"
        )
        operations.create_subject(
            session, child, Tag.ALIQUOT_TUBE_TAKEN, by=SYSTEM, at=at - timedelta(seconds=30),
            content={}, state="created", parents=[parent], reason="ground",
        )  # fmt: skip

    with empty_database.reading() as session:
        made = queries.subject(session, child)
        assert made is not None
        assert made.created_at == at
        assert {gap.kind for gap in queries.gaps(session, child)} == {GapKind.UNSIGNED}


def test_lineage_is_followed_both_ways(empty_database: Database, lineage: dict[str, str]) -> None:
    of = lineage
    with empty_database.reading() as session:
        assert queries.ancestors(session, of["extract"]) == (of["powder"], of["bone"])
        assert set(queries.ancestors(session, of["plate"])) == set(of.values()) - {of["plate"]}
        assert queries.ancestors(session, of["bone"]) == ()
        assert queries.descendants(session, of["bone"]) == (
            of["powder"],
            of["extract"],
            of["plate"],
        )
        (link,) = queries.parents(session, of["extract"])
        assert (link.parent, link.reason) == (of["powder"], "taken")
        (link,) = queries.children(session, of["extract"])
        assert link.child == of["plate"]
        streams = [e.stream for e in queries.history(session, of["extract"], with_ancestors=True)]
        assert set(streams) == {of["bone"], of["powder"], of["extract"]}


def test_lineage_never_closes_a_circle(
    empty_database: Database, lineage: dict[str, str], acts: Any
) -> None:
    with empty_database.writing() as session:
        event_id = EventId(acts.note(session, lineage["bone"]))
        for child, parent in (("bone", "extract"), ("bone", "bone"), ("extract", "powder")):
            with pytest.raises(AlreadyDerived):
                operations.derive(
                    session, lineage[child], lineage[parent], reason="pooled", event_id=event_id
                )
        operations.derive(
            session, lineage["extract"], lineage["other powder"], reason="pooled",
            event_id=event_id,
        )  # fmt: skip
    with empty_database.reading() as session:
        assert lineage["other bone"] in queries.ancestors(session, lineage["extract"])


def test_a_hold_holds_back_all_that_came_from_the_thing(
    empty_database: Database, lineage: dict[str, str], at: datetime, acts: Any
) -> None:
    with empty_database.writing() as session:
        set_by = operations.set_hold(
            session, lineage["bone"], HoldReason.SEAL, by=acts.by, at=at, content={"seal": "S1"}
        )
    with empty_database.reading() as session:
        for name in ("bone", "powder", "extract", "plate"):
            (hold,) = queries.blocked(session, lineage[name])
            assert (hold.code, hold.reason, hold.set_by_event) == (
                lineage["bone"],
                HoldReason.SEAL,
                set_by,
            )
            assert (hold.since, str(hold.words)) == (
                at,
                "its seal or package was not as dispatched",
            )
            with pytest.raises(OnHold, match="is on hold"):
                operations.refuse_if_held(session, lineage[name])
        assert queries.blocked(session, lineage["other powder"]) == ()
        operations.refuse_if_held(session, lineage["other bone"])


def test_what_is_taken_from_a_held_thing_is_held_too(
    empty_database: Database, bone: str, at: datetime, acts: Any
) -> None:
    powder = draw_code(Kind.ALIQUOT)
    with empty_database.writing() as session:
        operations.set_hold(session, bone, HoldReason.CONSENT, by=SYSTEM, at=at)
        acts.coded(session, powder, bone)
        assert len(queries.blocked(session, powder)) == 1


def test_a_hold_is_lifted_once_with_its_reason(
    empty_database: Database, bone: str, at: datetime, acts: Any
) -> None:
    later = at + timedelta(hours=1)
    with empty_database.writing() as session:
        operations.set_hold(session, bone, HoldReason.LABEL, by=acts.by, at=at)
        operations.set_hold(session, bone, HoldReason.REQUEST, by=acts.by, at=later)
        first, second = queries.blocked(session, bone)
    with empty_database.writing() as session:
        operations.lift_hold(session, first.id, by=acts.by, at=later, because="label compared")
        assert queries.blocked(session, bone) == (second,)
    for hold_id in (first.id, 10_000):
        with pytest.raises(NoSuchHold), empty_database.writing() as session:
            operations.lift_hold(session, hold_id, by=acts.by, at=later, because="again")
    with empty_database.reading() as session:
        event = queries.history(session, bone)[-1]
        assert event.tag is Tag.SUBJECT_HOLD_LIFTED
        assert event.content == {
            "reason": "label",
            "set_by": first.set_by_event,
            "because": "label compared",
        }
        held = queries.holds_of(session, bone)
        assert [hold.lifted_by_event for hold in held] == [event.id, None]


def test_a_change_of_state_says_from_what_to_what(
    empty_database: Database, bone: str, at: datetime, acts: Any
) -> None:
    with empty_database.writing() as session:
        operations.change_state(
            session, bone, "accepted", Tag.SAMPLE_ITEM_ACCEPTED, by=acts.by, at=at, content={}
        )
        with pytest.raises(NotFound):
            operations.change_state(
                session, "BXXXXXXXX", "accepted", Tag.SAMPLE_ITEM_ACCEPTED, by=SYSTEM, at=at,
                content={},
            )  # fmt: skip
    with empty_database.reading() as session:
        thing = queries.subject(session, bone)
        assert thing is not None
        assert thing.state == "accepted"
        assert queries.history(session, bone)[-1].content == {"from": "coded", "to": "accepted"}
