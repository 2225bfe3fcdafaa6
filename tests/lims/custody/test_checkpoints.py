# SPDX-License-Identifier: Apache-2.0
"""What is signed leaves the machine and satisfies the verifier."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.custody import operations, queries, verifier
from lims.custody.rules import (
    CheckpointBackwards,
)


def test_checkpoints_of_the_database_satisfy_the_verifier(
    empty_database: Database, at: datetime, keys: Any, tmp_path: Path, acts: Any
) -> None:
    codes = [draw_code(Kind.BONE) for _ in range(40)]
    for turn in range(4):
        with empty_database.writing() as session:
            for number, code in enumerate(codes[: 10 * (turn + 1)]):
                if turn == number // 10:
                    acts.coded(session, code)
                acts.note(session, code, turn=turn)
        moment = at + timedelta(minutes=turn)
        with empty_database.writing() as session:
            assert operations.checkpoint(session, keys.signer(moment), at=moment) is not None
            assert operations.checkpoint(session, keys.signer(moment), at=moment) is None
    with empty_database.reading() as session:
        assert operations.publish(session, keys.checkpoints) == 4
        assert operations.publish(session, keys.checkpoints) == 0
        (tmp_path / "export").write_bytes(b"".join(queries.export_lines(session)))
        head = queries.head(session)
        rest = list(queries.export_lines(session, start=head.size - 1))
    operations.write_public_key(tmp_path / "ledger.pub", keys.public)
    assert operations.read_public_key(tmp_path / "ledger.pub") == keys.public
    report = verifier.verify_files(tmp_path / "export", keys.checkpoints, tmp_path / "ledger.pub")
    assert (report.verdict, report.checkpoints, report.signed) == ("sound", 4, head.size)
    assert (report.root, len(rest)) == (head.root.hex(), 1)
    checked = acts.verify(empty_database)
    assert (checked.verdict, checked.exit_status, checked.problems) == ("sound", 0, [])


def test_a_published_ledger_that_was_changed_is_traced_to_the_event(
    empty_database: Database, bone: str, at: datetime, keys: Any, tmp_path: Path, acts: Any
) -> None:
    with empty_database.writing() as session:
        for number in range(30):
            acts.note(session, bone, number=number)
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    with empty_database.reading() as session:
        operations.publish(session, keys.checkpoints)
        lines = list(queries.export_lines(session))
    lines[-1] = lines[-1].replace(b'"number":29', b'"number":28')
    (tmp_path / "export").write_bytes(b"".join(lines))
    operations.write_public_key(tmp_path / "ledger.pub", keys.public)
    report = verifier.verify_files(tmp_path / "export", keys.checkpoints, tmp_path / "ledger.pub")
    assert (report.findings[0].index, report.findings[0].stream) == (30, bone)


def test_a_checkpoint_covers_the_events_of_its_own_transaction(
    empty_database: Database, bone: str, at: datetime, keys: Any, acts: Any
) -> None:
    with empty_database.writing() as session:
        acts.note(session, bone)
        mark = operations.checkpoint(session, keys.signer(at), at=at)
        assert mark is not None
        assert mark.size == 2


def test_nothing_is_signed_while_the_clock_stands_before_the_last_checkpoint(
    empty_database: Database, bone: str, at: datetime, keys: Any, acts: Any
) -> None:
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    earlier = at - timedelta(minutes=5)
    with empty_database.writing() as session:
        acts.note(session, bone)
    with pytest.raises(CheckpointBackwards), empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(earlier), at=earlier)


def test_the_key_of_another_day_signs_nothing(
    empty_database: Database, bone: str, at: datetime, keys: Any
) -> None:
    with pytest.raises(ValueError, match="is not the key"), empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at + timedelta(days=1)), at=at)


def test_a_checkpoint_is_due_after_enough_events_or_enough_time(
    empty_database: Database, bone: str, at: datetime, keys: Any, acts: Any
) -> None:
    def due(minutes: int) -> bool:
        with empty_database.reading() as session:
            return queries.checkpoint_due(
                session, at=at + timedelta(minutes=minutes), events=3, minutes=15
            )

    assert not due(14)
    assert due(15)
    with empty_database.writing() as session:
        acts.note(session, bone)
        acts.note(session, bone)
    assert due(0)
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    assert not due(1000)


def test_the_anchor_on_labels_is_the_size_and_the_beginning_of_the_root(
    empty_database: Database, bone: str
) -> None:
    with empty_database.reading() as session:
        size, _, begun = queries.anchor(session).partition(":")
        assert (size, len(begun)) == ("1", 10)
