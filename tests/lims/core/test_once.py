# SPDX-License-Identifier: Apache-2.0
"""The same request twice has one effect; the doors commit all or nothing."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.errors import BadInput
from lims.core.once import KeyUsedElsewhere, RequestKey, once
from lims.custody.operations import append
from lims.custody.queries import history
from lims.custody.rules import Tag

ME = Actor("u:0123456789ab")
KEY = "0123456789abcdef"


def _note(session: Session, at: datetime) -> dict[str, object]:
    append(session, Tag.SUBJECT_NOTE_ADDED, stream="notes", by=ME, at=at, content={})
    return {"said": "done"}


def _notes(database: Database) -> int:
    with database.reading() as session:
        return len(history(session, "notes"))


def test_a_request_sent_again_is_answered_as_before_and_does_nothing(
    empty_database: Database, at: datetime
) -> None:
    answers = [
        once(empty_database, KEY, act="note", by=ME, at=at, do=lambda s: _note(s, at))
        for _ in range(3)
    ]

    assert answers == [{"said": "done"}] * 3
    assert _notes(empty_database) == 1


def test_a_key_of_another_act_or_another_person_is_refused(
    empty_database: Database, at: datetime
) -> None:
    once(empty_database, KEY, act="note", by=ME, at=at, do=lambda s: _note(s, at))

    for act, by in (("other", ME), ("note", Actor("u:ffffffffffff"))):
        with pytest.raises(KeyUsedElsewhere):
            once(empty_database, KEY, act=act, by=by, at=at, do=lambda s: _note(s, at))
    assert _notes(empty_database) == 1


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "0123456789abcde/"])
def test_a_malformed_key_is_refused_before_anything_is_done(
    empty_database: Database, at: datetime, key: str
) -> None:
    with pytest.raises(BadInput):
        once(empty_database, key, act="note", by=ME, at=at, do=lambda s: _note(s, at))
    assert _notes(empty_database) == 0


def test_an_act_that_fails_leaves_neither_rows_nor_events_nor_its_key(
    empty_database: Database, at: datetime
) -> None:
    def fail(session: Session) -> dict[str, object]:
        _note(session, at)
        raise BadInput(field="x", problem="y")

    with pytest.raises(BadInput):
        once(empty_database, KEY, act="note", by=ME, at=at, do=fail)

    with empty_database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RequestKey)) == 0
    assert _notes(empty_database) == 0
    once(empty_database, KEY, act="note", by=ME, at=at, do=lambda s: _note(s, at))
    assert _notes(empty_database) == 1


def test_eight_threads_with_one_key_have_one_effect_and_one_answer(
    empty_database: Database, at: datetime
) -> None:
    start = threading.Barrier(8)
    answers: list[dict[str, object]] = []

    def send() -> None:
        start.wait()
        answers.append(
            once(empty_database, KEY, act="note", by=ME, at=at, do=lambda s: _note(s, at))
        )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [{"said": "done"}] * 8
    assert _notes(empty_database) == 1


def test_the_reading_door_keeps_nothing(empty_database: Database, at: datetime) -> None:
    with empty_database.reading() as session:
        append(session, Tag.SUBJECT_NOTE_ADDED, stream="notes", by=ME, at=at, content={})

    assert _notes(empty_database) == 0
