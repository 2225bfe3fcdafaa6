# SPDX-License-Identifier: Apache-2.0
"""What the verifier says of sound ledgers, of lines that are no events, and on the command line."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.custody import verifier

Make = Callable[..., Any]


def run(ledger: Any, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier as a stranger does: one file, no packages, no paths of ours."""
    command = [sys.executable, "-I", "-S", verifier.__file__, str(ledger.export)]
    paths = ["--checkpoints", str(ledger.checkpoints), "--key", str(ledger.key_file)]
    return subprocess.run([*command, *paths, *more], capture_output=True, text=True)


def first(report: verifier.Report) -> verifier.Finding:
    assert report.verdict == "broken", report
    return report.findings[0]


def names(finding: verifier.Finding, event: dict[str, Any]) -> bool:
    return (finding.id, finding.stream, finding.seq, finding.type) == (
        event["id"],
        event["stream"],
        event["seq"],
        event["type"],
    )


def test_a_ledger_as_it_was_written_is_sound(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    report = ledger.verify()
    assert (report.verdict, report.exit_status) == ("sound", 0)
    assert (report.size, report.signed, report.unsigned, report.checkpoints) == (120, 120, 0, 3)
    assert not report.findings
    assert not report.regressions


def test_a_stranger_gets_exit_status_0_and_a_sentence(signed_ledger: Make) -> None:
    ran = run(signed_ledger())
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("SOUND: every event is as it was signed.")
    assert ran.stderr == ""


def test_events_after_the_last_checkpoint_are_reported_as_unsigned(signed_ledger: Make) -> None:
    ledger = signed_ledger(100, every=40)
    ran = run(ledger, "--json")
    told = json.loads(ran.stdout)
    assert ran.returncode == 3
    assert (told["verdict"], told["unsigned"], told["signed"]) == ("unsigned", 20, 80)
    assert run(ledger).stdout.startswith("SOUND, but the last events are not covered")


def test_a_ledger_without_any_checkpoint_is_unsigned_as_a_whole(signed_ledger: Make) -> None:
    ledger = signed_ledger(10)
    report = ledger.verify()
    assert (report.verdict, report.unsigned) == ("unsigned", 10)


def test_an_empty_ledger_is_sound(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.sign(0)
    report = ledger.verify()
    assert (report.verdict, report.size, report.root) == ("sound", 0, verifier.EMPTY_ROOT.hex())


def test_other_files_among_the_checkpoints_are_ignored_and_listed(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    (ledger.checkpoints / "photo.jpg").write_bytes(bytes(range(256)) * 2000)
    (ledger.checkpoints / "letter.txt").write_text("Dear colleague,\n\nthank you.\n")
    (ledger.checkpoints / "folder").mkdir()
    report = ledger.verify()
    assert report.verdict == "sound"
    assert report.ignored == ["letter.txt", "photo.jpg"]


def test_a_checkpoint_saved_from_an_email_under_another_name_counts(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    for path in ledger.checkpoints.glob("*.checkpoint"):
        path.rename(path.with_suffix(".txt"))
    assert ledger.verify().checkpoints == 3


def test_a_second_signature_of_a_witness_does_not_disturb(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    path = next(ledger.checkpoints.glob("*.checkpoint"))
    other = base64.b64encode(b"\x00\x01\x02\x03" + bytes(72)).decode()
    path.write_text(path.read_text() + f"— partner.example {other}\n")
    assert ledger.verify().verdict == "sound"


def test_two_acts_at_once_are_no_clock_that_went_back(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(120)
    ledger.events[70]["recorded"] = ledger.events[11]["recorded"]
    ledger.chain()
    ledger.write()
    assert ledger.verify().regressed == 0
    ledger.events[71]["recorded"] = ledger.events[8]["recorded"]
    ledger.chain()
    ledger.write()
    assert ledger.verify().regressed == 1


def test_a_clock_that_went_back_is_listed_and_is_no_error(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(120)
    ledger.events[70]["recorded"] = "2026-11-23T06:00:00.000000Z"
    ledger.chain()
    ledger.sign()
    ledger.write()
    report = ledger.verify()
    assert report.verdict == "sound"
    assert report.regressed == 1
    assert names(report.regressions[0], ledger.events[70])
    assert "clock went back" in report.regressions[0].words


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        ({"extra": 1}, "fields", "unknown fields: ['extra']"),
        ({"cause": None}, "fields", "fields missing: ['cause']"),
        ({"actor": "somebody"}, "field", "'actor'"),
        ({"actor": "u:"}, "field", "'actor'"),
        ({"type": "sample:seal"}, "field", "'type'"),
        ({"type": "Sample:seal:broken"}, "field", "'type'"),
        ({"occurred": "2026-11-24T06:00:00Z"}, "field", "'occurred'"),
        ({"occurred": "2026-11-24T24:00:00.000000Z"}, "field", "'occurred'"),
        ({"occurred": "2026-02-29T06:00:00.000000Z"}, "time", "2026-02-29"),
        ({"id": "01a20c23-c300-4968-9a76-83e06bdeed78"}, "field", "'id'"),
        ({"stream": "two words"}, "field", "'stream'"),
        ({"stream": ""}, "field", "'stream'"),
        ({"seq": -1}, "field", "'seq'"),
        ({"seq": "0"}, "field", "'seq'"),
        ({"v": 2}, "field", "'v'"),
        ({"v": True}, "field", "'v'"),
        ({"data": []}, "field", "'data'"),
        ({"idem": ""}, "field", "'idem'"),
        ({"prev": "00"}, "field", "'prev'"),
    ],
)
def test_an_event_that_is_not_in_the_format_is_named_with_its_line(
    signed_ledger: Make, change: dict[str, Any], reason: str, says: str
) -> None:
    ledger = signed_ledger(5)
    event = {key: value for key, value in (ledger.events[2] | change).items() if value is not None}
    lines = ledger.lines()
    lines[2] = verifier.canonical(event) + b"\n"
    ledger.write(lines)
    finding = next(f for f in ledger.verify().findings if f.line == 3)
    assert finding.reason == reason
    assert says in finding.words


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\n", "not JSON"),
        (b"[]\n", "not a JSON object"),
        (b"{}\n", "fields missing"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b"\xef\xbb\xbf{}\n", "byte order mark"),
        (b"{}\r\n", "carriage return"),
        (b'{"a":1.5}\n', "not a whole number"),
        (b"x" * 70_000 + b"\n", "longer than 65536"),
        (b"[" * 60_000 + b"\n", "not JSON"),
        (b'{"a":' + b"9" * 60_000 + b"}\n", "beyond 2^53"),
    ],
)
def test_a_line_that_is_no_event_is_reported_with_its_number(
    signed_ledger: Make, line: bytes, says: str
) -> None:
    ledger = signed_ledger(5)
    ledger.write([*ledger.lines()[:3], line, *ledger.lines()[3:]])
    finding = first(ledger.verify())
    assert finding.line == 4
    assert says in finding.words


def test_data_that_hides_another_field_is_not_taken(signed_ledger: Make) -> None:
    """The form is checked by one pattern: nothing inside `data` may stand for what follows it."""
    ledger = signed_ledger(5)
    lines = ledger.lines()
    hidden = b'"data":{},"data":{"device":"T9"'
    lines[2] = lines[2].replace(b'"data":{', hidden + b",", 1)
    ledger.write(lines)
    assert first(ledger.verify()).line == 3


def test_a_file_of_rubbish_is_broken_and_its_faults_are_counted(signed_ledger: Make) -> None:
    ledger = signed_ledger(5)
    ledger.export.write_bytes(b"rubbish\n" * 500)
    report = ledger.verify()
    assert report.found == 500
    assert len(report.findings) == verifier.LISTED
    assert "and 480 more" in verifier.in_words(report)


def test_an_endless_line_is_read_in_pieces_and_refused(signed_ledger: Make) -> None:
    ledger = signed_ledger(5)
    with ledger.export.open("wb") as file:
        for _ in range(64):
            file.write(b"x" * 1_000_000)
    report = ledger.verify()
    assert (report.size, first(report).reason) == (1, "length")


def test_the_command_says_what_it_cannot_read(signed_ledger: Make) -> None:
    ledger = signed_ledger(5)
    ledger.key_file.write_text("osteon.example/test+00000000+AAAA\n")
    ran = run(ledger)
    assert ran.returncode == 2
    assert "cannot be used" in ran.stderr
    ledger.export.unlink()
    ledger.key_file.write_text(ledger.key.line())
    ran = run(ledger)
    assert ran.returncode == 2
    assert "Cannot read" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_command_gives_its_findings_as_json(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.write(ledger.lines()[:100])
    ran = run(ledger, "--json")
    told = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert told["verdict"] == "broken"
    assert told["findings"][0]["index"] == 99
    assert told["findings"][0]["id"] == ledger.events[99]["id"]


def test_a_key_line_is_read_back_as_written_and_nothing_else_is_taken(signed_ledger: Make) -> None:
    key = signed_ledger(1).key
    assert verifier.read_key(key.line() + "\n") == key
    for wrong in ("", "a+b", key.line()[:-4], key.line().replace("test", "tost"), "a" + key.line()):
        with pytest.raises(verifier.Malformed):
            verifier.read_key(wrong)


def test_the_leaf_hashes_kept_beside_the_checkpoints_are_not_believed(
    signed_ledger: Make,
) -> None:
    """Who forges the events may forge the leaf hashes: then the interval is named instead."""
    ledger = signed_ledger()
    ledger.events[50]["actor"] = "u:9999"
    ledger.chain()
    ledger.write()
    ledger.keep_leaves()
    assert "Among events 40 to 79" in first(ledger.verify()).words
    (ledger.checkpoints / verifier.LEAVES).write_bytes(b"short")
    assert "Among events 40 to 79" in first(ledger.verify()).words


def test_the_heads_of_streams_prove_that_an_event_is_the_last_of_its_stream() -> None:
    heads = verifier.Heads()
    assert heads.root() == verifier.EMPTY_HEADS[verifier.DEPTH]
    leaves = {f"B{number}": verifier.leaf_hash(str(number).encode()) for number in range(300)}
    for stream, leaf in leaves.items():
        heads.put(stream, 1, leaf)
        heads.root()
    grown = heads.root()
    whole = verifier.Heads()
    for stream, leaf in reversed(leaves.items()):
        whole.put(stream, 1, leaf)
    assert whole.root() == grown, "the root does not depend on the order in which streams grew"
    heads.put("B7", 2, leaves["B8"])
    assert heads.root() != grown


def test_the_files_of_a_ledger_may_lie_on_a_path_with_blanks(
    signed_ledger: Make, tmp_path: Path
) -> None:
    ledger = signed_ledger(5)
    moved = tmp_path / "مجلد with blanks"
    moved.mkdir()
    ledger.export = ledger.export.rename(moved / "the export.ndjson")
    assert run(ledger).returncode == 3


@pytest.mark.parametrize("depth", [100, 900, 980, 995, 1000, 5000])
@pytest.mark.parametrize("inside", ["", "ع"])
def test_data_nested_to_any_depth_is_judged_without_a_crash(
    signed_ledger: Make, depth: int, inside: str
) -> None:
    ledger = signed_ledger(5)
    lines = ledger.lines()
    nest = "[" * depth + f'"{inside}"' + "]" * depth
    lines[2] = lines[2].replace(b'"mass_mg":2', f'"mass_mg":{nest}'.encode())
    ledger.write(lines)
    assert ledger.verify().size == 5
    lines[2] = lines[2].replace(b'"v":1', b'"v":3')
    ledger.write(lines)
    assert any(finding.line == 3 for finding in ledger.verify().findings)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.lists(st.binary(max_size=80), max_size=4))
def test_whatever_bytes_come_the_verifier_gives_a_verdict(
    lines: list[bytes], notes: list[bytes]
) -> None:
    key = verifier.PublicKey("osteon.example/test", bytes(32))
    report = verifier.verify(
        [line + b"\n" for line in lines],
        [(f"{number}.checkpoint", note) for number, note in enumerate(notes)],
        key,
    )
    assert report.verdict == ("broken" if lines or notes else "sound")
    assert verifier.in_words(report)
    json.dumps(report.as_json())


@settings(max_examples=300, deadline=None)
@given(drawn=st.data())
def test_a_note_that_was_altered_anywhere_is_refused_or_not_signed(drawn: st.DataObject) -> None:
    secret = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    key = verifier.PublicKey("osteon.example/test", secret.public_key().public_bytes_raw())
    text = verifier.Checkpoint(key.name, 5, bytes(32), "2026-11-24T06:00:00.000000Z", bytes(32), 1)
    written = verifier.sign_note(text.text(), key, secret.sign).written().encode()
    start = drawn.draw(st.integers(0, len(written) - 1))
    end = drawn.draw(st.integers(start, min(start + 3, len(written))))
    altered = written[:start] + drawn.draw(st.binary(max_size=3)) + written[end:]
    try:
        note = verifier.read_note(altered)
    except verifier.Malformed:
        return
    assert note.signed_by(key) == (altered == written)
