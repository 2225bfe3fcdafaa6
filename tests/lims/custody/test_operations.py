# SPDX-License-Identifier: Apache-2.0
"""Events are written with the act or not at all, whole and in one chain."""

import itertools
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from lims.core.actors import SYSTEM, Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries, verifier
from lims.custody.models import Subject
from lims.custody.rules import (
    LedgerNotStarted,
    Tag,
)
from lims.migrations import upgrade


def test_an_act_and_its_event_are_written_together(
    empty_database: Database, at: datetime, acts: Any
) -> None:
    code = draw_code(Kind.BONE)
    with empty_database.writing("key-of-the-request-1") as session:
        event_id = operations.create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=acts.by, at=at, state="coded",
            content={"element": "femur", "mass_ug": 12_000_000}, device="T4679CDF3",
            occurred=at - timedelta(hours=2),
        )  # fmt: skip
    with empty_database.reading() as session:
        (event,) = queries.history(session, code)
        assert session.get_one(Subject, code).state == "coded"
        assert queries.event_of(session, event_id) == event
    assert (event.id, event.index, event.seq, event.stream) == (event_id, 0, 0, code)
    assert (event.tag, event.words) == (Tag.SAMPLE_CODE_GIVEN, "Code given")
    assert (event.actor, event.device) == ("u:7c1e", "T4679CDF3")
    assert (event.occurred, event.recorded) == (at - timedelta(hours=2), at)
    assert event.content == {
        "element": "femur", "mass_ug": 12_000_000, "state": "coded", "held_by": "u:7c1e",
        "held_at": "T4679CDF3",
    }  # fmt: skip


def test_an_act_that_fails_leaves_no_event(empty_database: Database, bone: str, acts: Any) -> None:
    with pytest.raises(NotFound), empty_database.writing() as session:
        acts.coded(session, draw_code(Kind.ALIQUOT), bone, "BXXXXXXXX")
    with empty_database.reading() as session:
        assert len(queries.history(session, bone)) == 1
        assert queries.head(session).size == 1


def test_what_a_savepoint_takes_back_is_not_recorded(
    empty_database: Database, bone: str, acts: Any
) -> None:
    with empty_database.writing() as session:
        acts.note(session, bone, said="before")
        taken_back = session.begin_nested()
        acts.note(session, bone, said="inside")
        with session.begin_nested():
            acts.note(session, bone, said="deeper")
        taken_back.rollback()
        with session.begin_nested():
            acts.note(session, bone, said="after")
    with empty_database.reading() as session:
        said = [event.content.get("said") for event in queries.history(session, bone)]
    assert said == [None, "before", "after"]


def test_the_chain_of_a_thing_goes_on_over_transactions(
    empty_database: Database, bone: str, acts: Any
) -> None:
    for number in range(5):
        with empty_database.writing() as session:
            acts.note(session, bone, number=number)
            acts.note(session, bone, number=number, again=True)
    with empty_database.reading() as session:
        events = queries.history(session, bone)
        lines = list(queries.export_lines(session))
    assert [event.seq for event in events] == list(range(11))
    for line, following in itertools.pairwise(lines):
        assert json.loads(following)["prev"] == verifier.leaf_hash(line[:-1]).hex()
    assert acts.verify(empty_database).verdict == "unsigned"


def test_an_event_may_name_one_of_the_same_act_as_its_cause(
    empty_database: Database, bone: str, at: datetime, acts: Any
) -> None:
    with empty_database.writing() as session:
        batch = operations.append(session, Tag.BATCH_WORK_STARTED, "zz-batch", {}, by=SYSTEM, at=at)
        operations.append(session, Tag.ALIQUOT_TUBE_USED, bone, {}, by=SYSTEM, at=at, cause=batch)
    with empty_database.reading() as session:
        assert queries.history(session, bone)[-1].cause == batch
    assert acts.verify(empty_database).report.findings == []


def test_the_order_of_calls_inside_an_act_does_not_show_in_the_log(
    empty_database: Database, at: datetime
) -> None:
    """Coding writes a sealed and a laboratory event for each thing; neighbours would pair them."""
    names = ["q7", "B3", "a9", "B1", "z2", "B2"]
    with empty_database.writing() as session:
        for name in names:
            operations.append(
                session, Tag.SUBJECT_NOTE_ADDED, name, {}, by=SYSTEM, at=at,
                idem=operations.unlinked(),
            )  # fmt: skip
    with empty_database.reading() as session:
        events = queries.recent(session, limit=10)
        bodies = [json.loads(line) for line in queries.export_lines(session)]
    assert [event.stream for event in reversed(events)] == sorted(names)
    assert len({body["idem"][:8] for body in bodies}) == len(names)


def test_the_events_of_a_request_carry_its_key_and_a_repetition_is_refused(
    empty_database: Database, bone: str, acts: Any
) -> None:
    key = "request-0000000000000001"
    with empty_database.writing(key) as session:
        acts.note(session, bone)
        acts.note(session, bone)
    with pytest.raises(IntegrityError), empty_database.writing(key) as session:
        acts.note(session, bone)
    with empty_database.reading() as session:
        idems = [json.loads(line)["idem"] for line in queries.export_lines(session)]
    assert idems[1:] == [f"{key}:0", f"{key}:1"]


@pytest.mark.parametrize(
    "content",
    [
        {"mass_mg": 12.5},
        {"Größe": 1},
        {"a": 2**53},
        {"a": "e\u0301"},
        {"a": b"x"},
        {"a": "x" * 70_000},
    ],
)
def test_content_that_no_verifier_would_accept_is_refused_at_once(
    empty_database: Database, bone: str, at: datetime, content: dict[str, object]
) -> None:
    with empty_database.writing() as session, pytest.raises(verifier.Malformed):
        operations.append(session, Tag.SUBJECT_NOTE_ADDED, bone, content, by=SYSTEM, at=at)
    with empty_database.reading() as session:
        assert queries.head(session).size == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream": "two words"},
        {"device": 'a"b'},
        {"cause": "x"},
        {"by": Actor("Ahmed")},
        {"idem": "a b"},
    ],
)
def test_an_event_with_a_wrong_place_or_actor_is_refused_at_once(
    empty_database: Database, at: datetime, wrong: dict[str, object]
) -> None:
    right: dict[str, object] = {"stream": "B1", "by": SYSTEM, "at": at, "content": {}}
    with empty_database.writing() as session, pytest.raises(verifier.Malformed):
        operations.append(session, Tag.SUBJECT_NOTE_ADDED, **(right | wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_an_instant_without_a_zone_is_refused(empty_database: Database, bone: str) -> None:
    with empty_database.writing() as session, pytest.raises(ValueError, match="zone"):
        operations.append(
            session, Tag.SUBJECT_NOTE_ADDED, bone, {}, by=SYSTEM,
            at=datetime(2026, 1, 1),  # noqa: DTZ001  # naive on purpose
        )  # fmt: skip


def test_a_ledger_keeps_the_name_it_was_started_with(empty_database: Database) -> None:
    with empty_database.writing() as session:
        operations.start_ledger(session, origin="osteon.example/test")
        with pytest.raises(ValueError, match="this ledger is"):
            operations.start_ledger(session, origin="osteon.example/other")
        with pytest.raises(verifier.Malformed):
            operations.start_ledger(session, origin="two words")


def test_nothing_is_recorded_before_the_ledger_was_started(tmp_path: Path, at: datetime) -> None:
    new = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    upgrade(new.engine)
    with pytest.raises(LedgerNotStarted), new.writing() as session:
        operations.append(session, Tag.SUBJECT_NOTE_ADDED, "B1", {}, by=SYSTEM, at=at)
    with pytest.raises(LedgerNotStarted), new.reading() as session:
        queries.head(session)
    new.close()


def test_many_at_once_append_without_gap_or_fork(
    empty_database: Database, bone: str, acts: Any
) -> None:
    streams = [bone, *(draw_code(Kind.BONE) for _ in range(3))]
    failures: list[BaseException] = []
    start = threading.Barrier(6)

    def work(own: int) -> None:
        try:
            start.wait()
            for turn in range(15):
                with empty_database.writing() as session:
                    order = streams if own % 2 else streams[::-1]
                    for stream in order[: 1 + turn % 4]:
                        acts.note(session, stream, own=own, turn=turn)
        except BaseException as error:  # shown to the test, which fails
            failures.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    report = acts.verify(empty_database)
    assert (report.verdict, report.problems) == ("unsigned", [])
    assert report.report.size == 1 + 6 * sum(1 + turn % 4 for turn in range(15))


def test_an_act_on_very_many_things_is_written_whole(
    empty_database: Database, at: datetime, keys: Any, acts: Any
) -> None:
    with empty_database.writing() as session:
        for number in range(2_500):
            acts.note(session, f"B{number}")
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    assert acts.verify(empty_database).verdict == "sound"


def test_event_ids_hold_the_time_of_the_act(
    empty_database: Database, bone: str, at: datetime, acts: Any
) -> None:
    with empty_database.writing() as session:
        event_id = acts.note(session, bone)
    assert int(event_id.replace("-", "")[:12], 16) == int(at.timestamp() * 1000)
