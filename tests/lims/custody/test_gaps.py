# SPDX-License-Identifier: Apache-2.0
"""The gap analysis: each kind of gap is found and said, and a whole laboratory has none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries
from lims.custody.models import Subject
from lims.custody.rules import (
    OUTSIDE,
    Event,
    EventId,
    Gap,
    GapKind,
    Tag,
    gaps_in_events,
    moves,
    replay,
)
from lims.custody.rules.gaps import BY_HAND, USES

BONE = "B34679CDF"
BOX = "C4679CDF3"
ME, OTHER = "u:7c1e", "u:9f3b"

Told = Callable[..., tuple[Gap, ...]]


@pytest.fixture
def told(at: datetime) -> Told:
    """The gaps in a story: (tag, actor, content) one minute after the other."""

    def tell(*story: tuple[Tag, str, dict[str, object]], **changes: dict[str, Any]) -> Any:
        events = []
        for index, (tag, actor, content) in enumerate(story):
            when = at + timedelta(minutes=index)
            event = Event(
                index, EventId(f"e{index}"), BONE, index, tag, actor, "", when, when, "", content
            )
            events.append(replace(event, **changes.get(f"event{index}", {})))
        return gaps_in_events(BONE, events, replay(events).intervals)

    return tell


CODED = (Tag.SAMPLE_CODE_GIVEN, ME, moves(ME))
LABELLED: tuple[Tag, str, dict[str, object]] = (Tag.LABEL_INSTANCE_VERIFIED, ME, {})
ACCEPTED = (Tag.SAMPLE_ITEM_ACCEPTED, OTHER, moves(OTHER))
GROUND: tuple[Tag, str, dict[str, object]] = (Tag.SAMPLE_ITEM_GROUND, OTHER, {})


def test_a_whole_story_has_no_gap(told: Told) -> None:
    assert told(
        CODED, LABELLED, ACCEPTED,
        (Tag.SAMPLE_ITEM_MOVED, OTHER, moves(BOX, BOX, "A1")),
        (Tag.SAMPLE_ITEM_MOVED, ME, moves(ME)),
        (Tag.SAMPLE_ITEM_GROUND, ME, {}),
        (Tag.SAMPLE_SEAL_BROKEN, ME, {}), (Tag.SAMPLE_SEAL_APPLIED, ME, {}),
        (Tag.SAMPLE_ITEM_RETURNED, ME, moves(OUTSIDE + "ab12")),
    ) == ()  # fmt: skip


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([(Tag.SAMPLE_ITEM_GROUND, ME, {})], "Ground to powder, by u:7c1e, while u:9f3b held it."),
        ([(Tag.SAMPLE_ITEM_MOVED, ME, moves(ME))], "Moved, by u:7c1e, while u:9f3b held it."),
        (
            [(Tag.SAMPLE_ITEM_MOVED, OTHER, moves(BOX, BOX)), GROUND],
            f"Ground to powder, by u:9f3b, while it stood in storage ({BOX}).",
        ),
        (
            [(Tag.SAMPLE_ITEM_MISSED, OTHER, moves("missing")), GROUND],
            "Ground to powder, by u:9f3b, while nobody in the laboratory held it.",
        ),
    ],
)
def test_an_act_by_somebody_who_did_not_hold_it_is_a_gap(
    told: Told, more: list[Any], words: str
) -> None:
    (gap,) = told(CODED, LABELLED, ACCEPTED, *more)
    assert (gap.kind, str(gap.say), gap.event) == (GapKind.HANDS, words, 2 + len(more))
    assert "T-07" in str(gap.named({"u:9f3b": "T-07", "u:7c1e": "T-07"}).say)


def test_a_use_before_the_label_was_scanned_back_is_a_gap(told: Told) -> None:
    (gap,) = told(CODED, ACCEPTED, LABELLED, GROUND)
    assert (gap.kind, gap.event) == (GapKind.LABEL, 1)


def test_a_broken_seal_without_a_new_one_is_a_gap_once_the_thing_goes_on(told: Told) -> None:
    broken: tuple[Tag, str, dict[str, object]] = (Tag.SAMPLE_SEAL_BROKEN, OTHER, {})
    story = (CODED, LABELLED, ACCEPTED, broken)
    assert told(*story) == ()
    assert told(*story, GROUND, (Tag.SAMPLE_ITEM_MOVED, OTHER, moves(BOX))) == ()
    (gap,) = told(*story, (Tag.SAMPLE_ITEM_MOVED, OTHER, moves(BOX)))
    assert (gap.kind, gap.event) == (GapKind.SEAL, 4)
    assert "event 3" in str(gap.say)


def test_a_clock_that_went_back_and_a_late_record_are_gaps(told: Told, at: datetime) -> None:
    early = at - timedelta(hours=1)
    (gap,) = told(CODED, LABELLED, event1={"recorded": early, "occurred": early})
    assert (gap.kind, gap.event) == (GapKind.CLOCK, 1)
    (gap,) = told(CODED, LABELLED, event1={"occurred": early})
    assert (gap.kind, gap.event) == (GapKind.LATE, 1)
    slightly = at + timedelta(seconds=5)
    assert told(CODED, LABELLED, event1={"occurred": slightly, "recorded": slightly}) == ()


def test_a_thing_whose_table_tells_another_story_than_the_ledger_has_a_gap(
    at: datetime, told: Told
) -> None:
    (gap,) = told((Tag.SAMPLE_CODE_GIVEN, ME, {}))
    assert "Nobody" in str(gap.say)
    event = Event(0, EventId("e0"), BONE, 0, Tag.SAMPLE_CODE_GIVEN, ME, "", at, at, "", moves(ME))
    (kept,) = replay([event]).intervals
    (gap,) = gaps_in_events(BONE, [event], [replace(kept, holder=OTHER)])
    assert (gap.kind, gap.event) == (GapKind.POSSESSION, 0)
    (gap,) = gaps_in_events(BONE, [event], ())
    assert gap.kind is GapKind.POSSESSION


def test_the_analysis_takes_in_all_a_thing_came_from_and_what_features_add(
    empty_database: Database, at: datetime, acts: Any, lineage: dict[str, str]
) -> None:
    with empty_database.writing() as session:
        operations.append(
            session, Tag.SAMPLE_ITEM_GROUND, stream=lineage["bone"], by=Actor(OTHER), at=at,
            content={},
        )  # fmt: skip
        child = draw_code(Kind.ALIQUOT)
        acts.coded(session, child, lineage["bone"])
    with empty_database.reading() as session:
        found = queries.gaps(session, lineage["extract"])
        assert [gap.kind for gap in found] == [GapKind.HANDS, GapKind.LABEL, GapKind.UNSIGNED]
        assert {gap.code for gap in found[:2]} == {lineage["bone"]}
        assert "not signed yet" in str(found[-1].say)

        def check(_session: Any, codes: Any) -> list[Gap]:
            return [Gap(code, GapKind.QUANTITY, found[0].say) for code in codes]

        assert len(queries.gaps(session, lineage["extract"], [check])) == 3 + 3
        with pytest.raises(NotFound):
            queries.gaps(session, draw_code(Kind.BONE))
        everything = [code for page in queries.tracked_codes(session, at_once=2) for code in page]
        assert everything == sorted({*lineage.values(), child})
        (last,) = queries.tracked_codes(session, after=everything[-2])
        assert last == (everything[-1],)


def test_a_child_older_than_its_parent_is_a_gap(
    empty_database: Database, at: datetime, acts: Any, bone: str
) -> None:
    child = draw_code(Kind.ALIQUOT)
    with empty_database.writing() as session:
        # What is made from a parent is never dated before it; what is linked later may be.
        made = operations.create_subject(
            session, child, Tag.ALIQUOT_TUBE_TAKEN, by=acts.by, at=at - timedelta(days=1),
            content={}, state="created",
        )  # fmt: skip
        operations.derive(session, child, bone, reason="ground", event_id=made)
    with empty_database.reading() as session:
        assert session.get_one(Subject, child).created_at < at
        kinds = {gap.kind: gap for gap in queries.gaps(session, child)}
    assert str(kinds[GapKind.PARENT].say).endswith("from which it came.")


def test_a_plate_is_begun_before_its_label_can_be_scanned_and_nothing_else_is_used_so() -> None:
    assert Tag.PLATE_WORK_STARTED in BY_HAND
    assert Tag.PLATE_WORK_STARTED not in USES
    assert BY_HAND - {Tag.PLATE_WORK_STARTED} < USES
