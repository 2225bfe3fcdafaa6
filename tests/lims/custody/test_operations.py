# SPDX-License-Identifier: Apache-2.0
"""Events are written with the act or not at all, and nothing that is written changes."""

import itertools
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import SYSTEM, Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries, verifier
from lims.custody.models import APPEND_ONLY, Hold, Subject
from lims.custody.rules import (
    AlreadyDerived,
    CheckpointBackwards,
    EventId,
    HoldReason,
    LedgerNotStarted,
    NoSuchHold,
    OnHold,
    Tag,
)
from lims.migrations import upgrade

TECHNICIAN = Actor("u:7c1e")


@dataclass
class Keys:
    """The keys of a laboratory in a folder of their own."""

    folder: Path
    checkpoints: Path
    public: verifier.PublicKey
    long_term: operations.Signer

    def signer(self, at: datetime) -> operations.Signer:
        return operations.daily_signer(self.folder, origin=self.public.name, at=at)


@pytest.fixture
def keys(tmp_path: Path, at: datetime) -> Keys:
    folder, checkpoints = tmp_path / "keys", tmp_path / "checkpoints"
    public = operations.create_long_term_key(folder, origin="osteon.example/test")
    long_term = operations.long_term_signer(folder, origin=public.name)
    operations.certify_days(folder, checkpoints, long_term, first=at.date())
    return Keys(folder, checkpoints, public, long_term)


@pytest.fixture
def bone(empty_database: Database, at: datetime) -> str:
    code = draw_code(Kind.BONE)
    with empty_database.writing() as session:
        _coded(session, code, at)
    return code


def _coded(session: Session, code: str, at: datetime, *parents: str) -> None:
    operations.create_subject(
        session, code, Tag.SAMPLE_CODE_GIVEN, by=TECHNICIAN, at=at, content={}, state="coded",
        parents=parents, reason="taken" if parents else "",
    )  # fmt: skip


def _note(session: Session, code: str, at: datetime, **content: object) -> str:
    return operations.append(session, Tag.SUBJECT_NOTE_ADDED, code, content, by=TECHNICIAN, at=at)


def _verify(empty_database: Database, keys: Keys) -> queries.DatabaseReport:
    with empty_database.reading() as session:
        return queries.verify_database(session, keys.public, verifier.read_notes(keys.checkpoints))


def test_an_act_and_its_event_are_written_together(empty_database: Database, at: datetime) -> None:
    code = draw_code(Kind.BONE)
    with empty_database.writing("key-of-the-request-1") as session:
        event_id = operations.create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=TECHNICIAN, at=at, state="coded",
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
    assert event.content == {"element": "femur", "mass_ug": 12_000_000}


def test_an_act_that_fails_leaves_no_event(
    empty_database: Database, bone: str, at: datetime
) -> None:
    with pytest.raises(NotFound), empty_database.writing() as session:
        _coded(session, draw_code(Kind.ALIQUOT), at, bone, "BXXXXXXXX")
    with empty_database.reading() as session:
        assert len(queries.history(session, bone)) == 1
        assert queries.head(session).size == 1


def test_what_a_savepoint_takes_back_is_not_recorded(
    empty_database: Database, bone: str, at: datetime
) -> None:
    with empty_database.writing() as session:
        _note(session, bone, at, said="before")
        taken_back = session.begin_nested()
        _note(session, bone, at, said="inside")
        with session.begin_nested():
            _note(session, bone, at, said="deeper")
        taken_back.rollback()
        with session.begin_nested():
            _note(session, bone, at, said="after")
    with empty_database.reading() as session:
        said = [event.content.get("said") for event in queries.history(session, bone)]
    assert said == [None, "before", "after"]


def test_the_chain_of_a_thing_goes_on_over_transactions(
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    for number in range(5):
        with empty_database.writing() as session:
            _note(session, bone, at, number=number)
            _note(session, bone, at, number=number, again=True)
    with empty_database.reading() as session:
        events = queries.history(session, bone)
        lines = list(queries.export_lines(session))
    assert [event.seq for event in events] == list(range(11))
    for line, following in itertools.pairwise(lines):
        assert json.loads(following)["prev"] == verifier.leaf_hash(line[:-1]).hex()
    assert _verify(empty_database, keys).verdict == "unsigned"


def test_an_event_may_name_one_of_the_same_act_as_its_cause(
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    with empty_database.writing() as session:
        batch = operations.append(session, Tag.BATCH_WORK_STARTED, "zz-batch", {}, by=SYSTEM, at=at)
        operations.append(session, Tag.ALIQUOT_TUBE_USED, bone, {}, by=SYSTEM, at=at, cause=batch)
    with empty_database.reading() as session:
        assert queries.history(session, bone)[-1].cause == batch
    assert _verify(empty_database, keys).report.findings == []


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
    empty_database: Database, bone: str, at: datetime
) -> None:
    key = "request-0000000000000001"
    with empty_database.writing(key) as session:
        _note(session, bone, at)
        _note(session, bone, at)
    with pytest.raises(IntegrityError), empty_database.writing(key) as session:
        _note(session, bone, at)
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
        _note(session, bone, datetime(2026, 1, 1))  # noqa: DTZ001  # naive on purpose


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


# --- things with codes ----------------------------------------------------------------------------


def test_a_code_is_given_once(empty_database: Database, bone: str, at: datetime) -> None:
    with pytest.raises(IntegrityError), empty_database.writing() as session:
        _coded(session, bone, at)


def test_a_thing_cannot_come_from_an_unknown_one(empty_database: Database, at: datetime) -> None:
    with pytest.raises(NotFound), empty_database.writing() as session:
        _coded(session, draw_code(Kind.ALIQUOT), at, draw_code(Kind.BONE))
    with pytest.raises(ValueError, match="reason"), empty_database.writing() as session:
        operations.create_subject(
            session, draw_code(Kind.ALIQUOT), Tag.ALIQUOT_TUBE_TAKEN, by=SYSTEM, at=at,
            content={}, state="created", parents=[draw_code(Kind.BONE)],
        )  # fmt: skip


@pytest.fixture
def lineage(empty_database: Database, bone: str, at: datetime) -> dict[str, str]:
    """Two bones, powders, an extract of one, and a plate of both."""
    codes = {
        "bone": bone,
        "other bone": draw_code(Kind.BONE),
        "powder": draw_code(Kind.ALIQUOT),
        "other powder": draw_code(Kind.ALIQUOT),
        "extract": draw_code(Kind.EXTRACT),
        "plate": draw_code(Kind.PLATE),
    }
    with empty_database.writing() as session:
        _coded(session, codes["other bone"], at)
        _coded(session, codes["powder"], at, codes["bone"])
        _coded(session, codes["other powder"], at, codes["other bone"])
        _coded(session, codes["extract"], at, codes["powder"])
        _coded(session, codes["plate"], at, codes["extract"], codes["other powder"])
    return codes


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
    empty_database: Database, lineage: dict[str, str], at: datetime
) -> None:
    with empty_database.writing() as session:
        event_id = EventId(_note(session, lineage["bone"], at))
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
    empty_database: Database, lineage: dict[str, str], at: datetime
) -> None:
    with empty_database.writing() as session:
        set_by = operations.set_hold(
            session, lineage["bone"], HoldReason.SEAL, by=TECHNICIAN, at=at, content={"seal": "S1"}
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
    empty_database: Database, bone: str, at: datetime
) -> None:
    powder = draw_code(Kind.ALIQUOT)
    with empty_database.writing() as session:
        operations.set_hold(session, bone, HoldReason.CONSENT, by=SYSTEM, at=at)
        _coded(session, powder, at, bone)
        assert len(queries.blocked(session, powder)) == 1


def test_a_hold_is_lifted_once_with_its_reason(
    empty_database: Database, bone: str, at: datetime
) -> None:
    later = at + timedelta(hours=1)
    with empty_database.writing() as session:
        operations.set_hold(session, bone, HoldReason.LABEL, by=TECHNICIAN, at=at)
        operations.set_hold(session, bone, HoldReason.REQUEST, by=TECHNICIAN, at=later)
        first, second = queries.blocked(session, bone)
    with empty_database.writing() as session:
        operations.lift_hold(session, first.id, by=TECHNICIAN, at=later, because="label compared")
        assert queries.blocked(session, bone) == (second,)
    for hold_id in (first.id, 10_000):
        with pytest.raises(NoSuchHold), empty_database.writing() as session:
            operations.lift_hold(session, hold_id, by=TECHNICIAN, at=later, because="again")
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
    empty_database: Database, bone: str, at: datetime
) -> None:
    with empty_database.writing() as session:
        operations.change_state(
            session, bone, "accepted", Tag.SAMPLE_ITEM_ACCEPTED, by=TECHNICIAN, at=at, content={}
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


# --- nothing that is written changes --------------------------------------------------------------


@pytest.fixture
def full(
    empty_database: Database, lineage: dict[str, str], at: datetime, keys: Keys
) -> dict[str, str]:
    """A row in every guarded table."""
    with empty_database.writing() as session:
        operations.set_hold(session, lineage["bone"], HoldReason.SEAL, by=SYSTEM, at=at)
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    return lineage


FORBIDDEN = [
    "UPDATE ledger_event SET body = body",
    "UPDATE ledger_leaf SET leaf = leaf",
    "UPDATE ledger_node SET h = h",
    "UPDATE ledger_checkpoint SET note = 'x'",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET origin = 'osteon.example/other'",
    "UPDATE derivation SET reason = 'x'",
    "UPDATE subject SET code = 'BXXXXXXXX' WHERE code NOT IN (SELECT child FROM derivation)",
    "UPDATE hold SET reason = 'label'",
    "UPDATE hold SET set_by_event = 'x'",
    *("DELETE FROM " + table for table in (*APPEND_ONLY, "ledger_head", "subject", "hold")),
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_refuses_to_change_what_is_written(
    empty_database: Database, full: dict[str, str], statement: str
) -> None:
    with pytest.raises(DBAPIError), empty_database.writing() as session:
        session.execute(text(statement))
    with empty_database.reading() as session:
        assert queries.head(session).size == 7


def test_a_row_cannot_be_replaced_even_where_sqlite_is_opened_by_another_program(
    empty_database: Database, full: dict[str, str]
) -> None:
    """INSERT OR REPLACE deletes silently while recursive_triggers is off, SQLite's default."""
    if not empty_database.is_sqlite:
        pytest.skip("INSERT OR REPLACE is SQLite's")
    raw = empty_database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA recursive_triggers=OFF")
        for table in (*APPEND_ONLY, "ledger_head", "subject", "hold"):
            rows = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert rows[0] > 0, table
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(f"REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
        for column in ("idem", "stream, sseq"):
            others = {
                "event_id": "'new'", "stream": "'s'", "sseq": "0", "body": "x''",
                "leaf": "x''", "idem": "'i'",
            }  # fmt: skip
            for name in column.split(", "):
                others[name] = name
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(
                    f"INSERT OR REPLACE INTO ledger_event SELECT {others['event_id']},"  # noqa: S608
                    f" {others['stream']}, {others['sseq']}, x'', x'', {others['idem']}"
                    " FROM ledger_event LIMIT 1"
                )
    finally:
        raw.close()


def test_the_role_of_the_application_cannot_switch_the_triggers_off(
    empty_database: Database, full: dict[str, str]
) -> None:
    if empty_database.is_sqlite:
        pytest.skip("SQLite has no roles: there only the checkpoint outside helps")
    for statement in (
        "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "TRUNCATE ledger_event CASCADE",
        "DROP TABLE ledger_event CASCADE",
        "DROP TRIGGER ledger_event_append_only ON ledger_event",
    ):
        with pytest.raises(DBAPIError), empty_database.writing() as session:
            session.execute(text(statement))


def test_a_hold_is_lifted_only_once_by_the_database_too(
    empty_database: Database, full: dict[str, str], at: datetime
) -> None:
    with empty_database.writing() as session:
        (hold,) = queries.blocked(session, full["bone"])
        operations.lift_hold(session, hold.id, by=SYSTEM, at=at, because="x")
    with pytest.raises(DBAPIError), empty_database.writing() as session:
        session.get_one(Hold, hold.id).lifted_by_event = None


# --- signing --------------------------------------------------------------------------------------


def test_checkpoints_of_the_database_satisfy_the_verifier(
    empty_database: Database, at: datetime, keys: Keys, tmp_path: Path
) -> None:
    codes = [draw_code(Kind.BONE) for _ in range(40)]
    for turn in range(4):
        with empty_database.writing() as session:
            for number, code in enumerate(codes[: 10 * (turn + 1)]):
                if turn == number // 10:
                    _coded(session, code, at)
                _note(session, code, at, turn=turn)
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
    checked = _verify(empty_database, keys)
    assert (checked.verdict, checked.exit_status, checked.problems) == ("sound", 0, [])


def test_a_published_ledger_that_was_changed_is_traced_to_the_event(
    empty_database: Database, bone: str, at: datetime, keys: Keys, tmp_path: Path
) -> None:
    with empty_database.writing() as session:
        for number in range(30):
            _note(session, bone, at, number=number)
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
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    with empty_database.writing() as session:
        _note(session, bone, at)
        mark = operations.checkpoint(session, keys.signer(at), at=at)
        assert mark is not None
        assert mark.size == 2


def test_nothing_is_signed_while_the_clock_stands_before_the_last_checkpoint(
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    earlier = at - timedelta(minutes=5)
    with empty_database.writing() as session:
        _note(session, bone, earlier)
    with pytest.raises(CheckpointBackwards), empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(earlier), at=earlier)


def test_the_key_of_another_day_signs_nothing(
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    with pytest.raises(ValueError, match="is not the key"), empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at + timedelta(days=1)), at=at)


def test_a_checkpoint_is_due_after_enough_events_or_enough_time(
    empty_database: Database, bone: str, at: datetime, keys: Keys
) -> None:
    def due(minutes: int) -> bool:
        with empty_database.reading() as session:
            return queries.checkpoint_due(
                session, at=at + timedelta(minutes=minutes), events=3, minutes=15
            )

    assert not due(14)
    assert due(15)
    with empty_database.writing() as session:
        _note(session, bone, at)
        _note(session, bone, at)
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


# --- the check of the database --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE ledger_event SET stream = 'x' WHERE sseq = 3", "the columns do not say"),
        ("UPDATE ledger_event SET leaf = x'00' WHERE sseq = 3", "the stored leaf hash"),
        ("UPDATE ledger_leaf SET leaf = x'00' WHERE idx = 3", "the stored leaf hash"),
        ("DELETE FROM ledger_leaf WHERE idx = 3", "the log has no event 3"),
        ("DELETE FROM ledger_leaf WHERE idx = 10", "the stored head"),
        ("DELETE FROM ledger_node WHERE level = 1 AND idx = 0", "ledger_node"),
        ("UPDATE ledger_node SET h = x'00' WHERE level = 1 AND idx = 0", "ledger_node"),
        ("UPDATE ledger_head SET frontier = zeroblob(96)", "the stored head"),
    ],
)
def test_an_administrator_who_changes_the_database_is_found(
    tmp_path: Path,
    sqlite_template: Path,
    at: datetime,
    keys: Keys,
    statement: str,
    says: str,
) -> None:
    path = tmp_path / "tampered.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    tampered = Database(f"sqlite:///{path}")
    with tampered.writing() as session:
        operations.start_ledger(session, origin="osteon.example/test")
        for number in range(11):
            _note(session, "B1", at, number=number)
    assert _verify(tampered, keys).problems == []
    with tampered.writing() as session:
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'")
        ).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text(statement))
    report = _verify(tampered, keys)
    tampered.close()
    assert report.verdict == "broken"
    assert report.exit_status == 1
    assert any(says in problem for problem in report.problems), report.problems
    assert any("trigger ledger_event_no_update is missing" in p for p in report.problems)
    assert report.as_json()["verdict"] == "broken"


# --- many at once ---------------------------------------------------------------------------------


def test_many_at_once_append_without_gap_or_fork(
    empty_database: Database, bone: str, at: datetime, keys: Keys
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
                        _note(session, stream, at, own=own, turn=turn)
        except BaseException as error:  # shown to the test, which fails
            failures.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    report = _verify(empty_database, keys)
    assert (report.verdict, report.problems) == ("unsigned", [])
    assert report.report.size == 1 + 6 * sum(1 + turn % 4 for turn in range(15))


def test_an_act_on_very_many_things_is_written_whole(
    empty_database: Database, at: datetime, keys: Keys
) -> None:
    with empty_database.writing() as session:
        for number in range(2_500):
            _note(session, f"B{number}", at)
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    assert _verify(empty_database, keys).verdict == "sound"


def test_event_ids_hold_the_time_of_the_act(empty_database: Database, bone: str) -> None:
    moment = datetime(2026, 11, 24, 6, 0, 0, 123_000, tzinfo=UTC)
    with empty_database.writing() as session:
        event_id = _note(session, bone, moment)
    assert int(event_id.replace("-", "")[:12], 16) == int(moment.timestamp() * 1000)
