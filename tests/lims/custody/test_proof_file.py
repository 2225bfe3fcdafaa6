# SPDX-License-Identifier: Apache-2.0
"""The proof of one thing holds without Osteon, says nothing of other things, and cannot be bent."""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries, verifier
from lims.custody.rules import NotCovered, NotProved

Lines = list[bytes]


@dataclass(frozen=True)
class Proved:
    """The proof of an extract, and the key to check it with."""

    codes: dict[str, str]
    lines: Lines
    key: verifier.PublicKey

    def values(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]

    def check(self, lines: Lines) -> verifier.ProofReport:
        return verifier.check_proof(lines, self.key)


def rewritten(values: list[Any]) -> Lines:
    """Write a forger's lines, the heading's counts made right."""
    values[0]["lines"] = len(values)
    values[0]["events"] = sum(value["kind"] == "event" for value in values)
    return [verifier.canonical(value) + b"\n" for value in values]


def sign(database: Database, keys: Any, at: datetime) -> None:
    with database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)


def prove(database: Database, keys: Any, code: str) -> Lines:
    with database.reading() as session:
        notes = verifier.read_notes(keys.checkpoints)
        return queries.proof_lines(session, code, keys.public, notes)


@pytest.fixture
def proved(
    empty_database: Database, lineage: dict[str, str], acts: Any, keys: Any, at: datetime
) -> Proved:
    for turn in range(5):
        with empty_database.writing() as session:
            for code in lineage.values():
                acts.note(session, code, turn=turn, words="ختم مكسور")
        sign(empty_database, keys, at + timedelta(minutes=turn))
    return Proved(lineage, prove(empty_database, keys, lineage["extract"]), keys.public)


def test_a_proof_is_sound_and_shows_the_thing_and_what_it_came_from(proved: Proved) -> None:
    report = proved.check(proved.lines)

    assert (report.verdict, report.exit_status, report.findings) == ("sound", 0, [])
    assert report.code == proved.codes["extract"]
    assert report.streams == [proved.codes[name] for name in ("extract", "powder", "bone")]
    assert (report.size, report.signed) == (18, 36)


def test_a_proof_says_nothing_of_other_things(proved: Proved) -> None:
    whole = b"".join(proved.lines)

    for name in ("other bone", "other powder", "plate"):
        assert proved.codes[name].encode() not in whole


def test_what_is_not_signed_yet_cannot_be_proved(
    empty_database: Database, proved: Proved, acts: Any, keys: Any, at: datetime
) -> None:
    with empty_database.writing() as session:
        acts.note(session, proved.codes["bone"], said="after the checkpoint")
    with pytest.raises(NotCovered):
        prove(empty_database, keys, proved.codes["extract"])
    assert prove(empty_database, keys, proved.codes["other powder"])
    with pytest.raises(NotFound):
        prove(empty_database, keys, draw_code(Kind.BONE))
    sign(empty_database, keys, at + timedelta(hours=1))

    assert len(prove(empty_database, keys, proved.codes["extract"])) == len(proved.lines) + 1


def test_a_ledger_that_was_changed_or_lost_its_certificate_gives_no_proof(
    empty_database: Database, proved: Proved, keys: Any
) -> None:
    with pytest.raises(NotProved), empty_database.reading() as session:
        queries.proof_lines(session, proved.codes["extract"], keys.public, [])
    if not empty_database.is_sqlite:
        return  # the role of the application cannot change an event there
    with empty_database.engine.connect() as connection:
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).scalars()
        for name in triggers.all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(
            text("UPDATE ledger_event SET body = CAST(replace(body, :old, :new) AS BLOB)"),
            {"old": '"turn":3', "new": '"turn":4'},
        )
        connection.commit()
    with pytest.raises(NotProved):
        prove(empty_database, keys, proved.codes["extract"])


def test_any_byte_that_is_changed_is_found(proved: Proved) -> None:
    whole = b"".join(proved.lines)
    dice = random.Random(7)  # noqa: S311  # test material
    for place in dice.sample(range(len(whole)), 200):
        changed = bytearray(whole)
        changed[place] ^= 1 << dice.randrange(7)
        lines = bytes(changed).splitlines(keepends=True)

        assert proved.check(lines).verdict == "broken", place


def test_a_line_left_out_moved_or_sent_twice_is_found(proved: Proved) -> None:
    lines = proved.lines
    for number in range(len(lines)):
        assert proved.check(lines[:number] + lines[number + 1 :]).verdict == "broken"
        assert proved.check([*lines[:number], lines[number], *lines[number:]]).verdict == "broken"
        assert proved.check(lines[:number]).verdict == "broken"
    assert proved.check([lines[0], *lines[:0:-1]]).verdict == "broken"


def first(values: list[Any], kind: str, stream: str, seq: int = 0) -> Any:
    return next(
        value
        for value in values
        if value["kind"] == kind
        and (
            (value["event"]["stream"], value["event"]["seq"]) == (stream, seq)
            if kind == "event"
            else value["stream"] == stream
        )
    )


@pytest.mark.parametrize("seq", [0, 2, 5])
def test_an_event_left_out_by_a_forger_is_named(proved: Proved, seq: int) -> None:
    values = proved.values()
    code = proved.codes["bone"]
    values.remove(first(values, "event", code, seq))
    report = proved.check(rewritten(values))

    assert report.exit_status == 1
    (finding,) = report.findings
    assert code in finding.words
    assert finding.reason == ("last" if seq == 5 else "seq")


def test_an_event_changed_by_a_forger_is_named(proved: Proved) -> None:
    values = proved.values()
    code = proved.codes["powder"]
    first(values, "event", code, 2)["event"]["actor"] = "u:other"
    (finding,) = proved.check(rewritten(values)).findings

    assert (finding.reason, finding.stream, finding.seq) == ("inclusion", code, 2)


def test_an_event_whose_number_was_changed_is_named(proved: Proved) -> None:
    values = proved.values()
    code = proved.codes["powder"]
    first(values, "event", code, 5)["index"] += 1
    report = proved.check(rewritten(values))

    assert {finding.reason for finding in report.findings} == {"inclusion"}


def test_an_ancestor_left_out_by_a_forger_is_missed_by_name(proved: Proved) -> None:
    code = proved.codes["bone"]
    values = [
        value
        for value in proved.values()
        if value.get("stream") != code and value.get("event", {}).get("stream") != code
    ]
    values[0]["streams"].remove(code)
    (finding,) = proved.check(rewritten(values)).findings

    assert finding.reason == "parent"
    assert code in finding.words


def test_events_cut_off_with_the_proof_of_the_last_one_leave_that_open(proved: Proved) -> None:
    values = proved.values()
    code = proved.codes["bone"]
    values.remove(first(values, "last", code))
    values.remove(first(values, "event", code, 5))
    report = proved.check(rewritten(values))

    assert (report.verdict, report.exit_status, report.open) == ("open", 3, [code])


def test_an_older_proof_of_the_last_event_does_not_fit(
    empty_database: Database, proved: Proved, acts: Any, keys: Any, at: datetime
) -> None:
    with empty_database.writing() as session:
        acts.note(session, proved.codes["bone"], said="one more")
    sign(empty_database, keys, at + timedelta(hours=1))
    values = [json.loads(line) for line in prove(empty_database, keys, proved.codes["extract"])]
    old = first(proved.values(), "last", proved.codes["bone"])
    values.remove(first(values, "event", proved.codes["bone"], 6))
    values[values.index(first(values, "last", proved.codes["bone"]))] = old
    (finding,) = proved.check(rewritten(values)).findings

    assert finding.reason == "last"


def test_a_proof_of_another_laboratory_or_under_another_key_is_not_believed(
    proved: Proved, tmp_path: Path
) -> None:
    other = operations.create_long_term_key(tmp_path / "other", origin=proved.key.name)
    stranger = operations.create_long_term_key(tmp_path / "stranger", origin="lab.example/x")
    values = proved.values()
    values[0]["key"] = other.line()

    assert verifier.check_proof(proved.lines, other).verdict == "broken"
    assert verifier.check_proof(rewritten(values), other).verdict == "broken"
    assert verifier.check_proof(proved.lines, stranger).verdict == "broken"
    assert proved.check(rewritten(values)).findings[0].reason == "key"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        b"null\n",
        b'{"kind":"proof"}\n',
        b'{"kind":["proof"]}\n',
        b'{"kind":{}}\n',
        b"[" * 90_000 + b"\n",
        b'{"event":{},"index":true,"kind":"event","path":[]}\n',
        b'{"event":{"a":'
        + b"[" * 5_000
        + b"]" * 5_000
        + b'},"index":1,"kind":"event","path":[]}\n',
    ],
)
def test_what_is_no_proof_at_all_is_refused_in_words(proved: Proved, garbage: bytes) -> None:
    assert proved.check([garbage] if garbage else []).exit_status == 1
    assert proved.check([*proved.lines, garbage]).exit_status == 1


def test_the_proof_is_checked_with_nothing_but_python(proved: Proved, tmp_path: Path) -> None:
    proof, key = tmp_path / "proof.ndjson", tmp_path / "ledger.pub"
    operations.write_public_key(key, proved.key)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            # -I and -S: without any package that is installed here.
            [sys.executable, "-I", "-S", verifier.__file__, *map(str, arguments)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    proof.write_bytes(b"".join(proved.lines))
    sound = run("--proof", proof, "--key", key, "--json")
    proof.write_bytes(b"".join(proved.lines).replace(b'"turn":3', b'"turn":4', 1))
    broken = run("--proof", proof, "--key", key)
    absent = run("--proof", tmp_path / "none", "--key", key)
    both = run(proof, "--proof", proof, "--key", key)
    neither = run("--key", key)

    assert (sound.returncode, json.loads(sound.stdout)["verdict"]) == (0, "sound")
    assert broken.returncode == 1
    assert "BROKEN" in broken.stdout
    assert "The event is not in the log" in broken.stdout
    assert (absent.returncode, both.returncode, neither.returncode) == (2, 2, 2)
    assert "Traceback" not in absent.stderr + both.stderr + neither.stderr


def test_a_batch_that_other_things_went_through_is_left_out_unless_it_is_asked_for(
    empty_database: Database, lineage: dict[str, str], acts: Any, keys: Any, at: datetime
) -> None:
    batch, extract = draw_code(Kind.BATCH), draw_code(Kind.EXTRACT)
    with empty_database.writing() as session:
        acts.coded(session, batch)
        acts.note(session, batch, member=lineage["other powder"])
    with empty_database.writing() as session:
        acts.coded(session, extract, lineage["powder"], batch)
    sign(empty_database, keys, at)
    lines = prove(empty_database, keys, extract)
    report = verifier.check_proof(lines, keys.public)
    with empty_database.reading() as session:
        notes = verifier.read_notes(keys.checkpoints)
        whole = queries.proof_lines(session, extract, keys.public, notes, with_shared=True)
    shown = verifier.check_proof(whole, keys.public)

    assert (report.verdict, report.left_out) == ("sound", [batch])
    assert batch in verifier.proof_in_words(report)
    assert lineage["other powder"].encode() not in b"".join(lines)
    assert (shown.verdict, shown.left_out) == ("sound", [])
    assert lineage["other powder"].encode() in b"".join(whole)
    values = [json.loads(line) for line in lines]
    values[0]["left_out"] = []
    (finding,) = verifier.check_proof(rewritten(values), keys.public).findings
    assert finding.reason == "parent"
    values[0]["streams"].remove(lineage["powder"])
    values[0]["left_out"] = [batch, lineage["powder"]]
    assert verifier.check_proof(rewritten(values), keys.public).verdict == "broken"
