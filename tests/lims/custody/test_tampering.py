# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to an exported ledger, the verifier says so and names the event."""

import datetime
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
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


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("index", [0, 17, 39, 40, 77, 118, 119])
def test_a_flipped_byte_is_found_in_whatever_event_it_lies(
    signed_ledger: Make, index: int, kept: bool
) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    lines = ledger.lines()
    line = bytearray(lines[index])
    line[line.index(b'"mass_mg":') + len(b'"mass_mg":')] ^= 1
    lines[index] = bytes(line)
    ledger.write(lines)
    report = ledger.verify()
    assert report.verdict == "broken"
    if kept:
        assert names(first(report), ledger.events[index])
        assert first(report).index == index
        assert "changed" in first(report).words
    else:
        start = index // 40 * 40
        assert any(
            finding.index == index or f"Among events {start} to {start + 39}" in finding.words
            for finding in report.findings
        )
    ran = run(ledger)
    assert ran.returncode == 1
    assert ran.stdout.startswith("BROKEN")


@pytest.fixture
def one_ledger(signed_ledger: Make) -> Any:
    return signed_ledger()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0), bit=st.integers(0, 7))
def test_no_flipped_bit_anywhere_in_the_export_goes_unseen(
    one_ledger: Any, position: int, bit: int
) -> None:
    whole = bytearray(one_ledger.export.read_bytes())
    whole[position % len(whole)] ^= 1 << bit
    *lines, rest = bytes(whole).split(b"\n")
    report = verifier.verify(
        [line + b"\n" for line in lines] + ([rest] if rest else []),
        verifier.read_notes(one_ledger.checkpoints),
        one_ledger.key,
    )
    assert report.verdict == "broken"


@pytest.mark.parametrize("kept", [True, False])
def test_a_deleted_event_is_named_by_the_one_that_misses_it(
    signed_ledger: Make, kept: bool
) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    stream = ledger.events[50]["stream"]
    follower = next(e for e in ledger.events[51:] if e["stream"] == stream)
    lines = ledger.lines()
    del lines[50]
    ledger.write(lines)
    report = ledger.verify()
    assert report.verdict == "broken"
    finding = next(f for f in report.findings if f.reason == "seq")
    assert names(finding, follower)
    assert f"Event {ledger.events[50]['seq']} of the stream {stream} is missing" in finding.words
    if kept:
        assert first(report).index == 50
        assert "1 events that were signed are missing before this one" in first(report).words


@pytest.mark.parametrize("kept", [True, False])
def test_an_event_deleted_and_the_whole_log_chained_anew_is_found(
    signed_ledger: Make, kept: bool
) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    del ledger.events[50]
    ledger.chain()
    ledger.write()
    report = ledger.verify()
    assert report.verdict == "broken"
    if kept:
        assert first(report).index == 50
    else:
        assert "Among events 40 to 79" in first(report).words
        assert first(report).note == "000000000080.checkpoint"


@pytest.mark.parametrize("kept", [True, False])
def test_an_event_edited_and_the_whole_log_chained_anew_is_found(
    signed_ledger: Make, kept: bool
) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    ledger.events[50]["actor"] = "u:9999"
    ledger.chain()
    ledger.write()
    report = ledger.verify()
    assert report.verdict == "broken"
    if kept:
        assert names(first(report), ledger.events[50])
        assert "changed after it was signed" in first(report).words
    else:
        assert "Among events 40 to 79" in first(report).words


@pytest.mark.parametrize("kept", [True, False])
def test_two_events_of_different_samples_swapped_are_found(signed_ledger: Make, kept: bool) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    other = next(
        i for i in range(51, 60) if ledger.events[i]["stream"] != ledger.events[50]["stream"]
    )
    events = ledger.events
    events[50], events[other] = events[other], events[50]
    ledger.write()
    report = ledger.verify()
    assert report.verdict == "broken"
    if kept:
        assert first(report).index == 50
        assert f"moved: it was signed as event {other}" in first(report).words


@pytest.mark.parametrize("kept", [True, False])
def test_an_event_put_in_with_an_earlier_date_is_found(signed_ledger: Make, kept: bool) -> None:
    ledger = signed_ledger()
    if kept:
        ledger.keep_leaves()
    forged = ledger.events[50] | {
        "id": "01a20c23-c300-7968-9a76-83e06bdeed78",
        "idem": "forged-key-000000",
        "stream": "Bforged",
    }
    ledger.events.insert(50, forged)
    ledger.chain()
    ledger.write()
    report = ledger.verify()
    assert report.verdict == "broken"
    if kept:
        assert names(first(report), forged)
        assert "put in after the signing" in first(report).words


@pytest.mark.parametrize("cut", [1, 39, 40, 119, 120])
def test_a_cut_tail_is_found_and_the_last_event_left_is_named(
    signed_ledger: Make, cut: int
) -> None:
    ledger = signed_ledger()
    ledger.write(ledger.lines()[:-cut])
    report = ledger.verify()
    finding = first(report)
    assert "120 events were signed at 2026-11-24T06:02:00.000000Z" in finding.words
    assert f"{cut} are missing" in finding.words
    if cut < 120:
        assert names(finding, ledger.events[-cut - 1])
        assert "The end of the ledger was cut off after this event" in finding.words


def test_a_file_that_ends_in_the_middle_of_an_event_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    whole = b"".join(ledger.lines())
    ledger.export.write_bytes(whole[:-40])
    finding = first(ledger.verify())
    assert (finding.line, finding.reason) == (120, "line")
    assert finding.stream == ledger.events[-1]["stream"] or finding.id == ledger.events[-1]["id"]
    ledger.export.write_bytes(whole[:-1])
    assert "the file ends in the middle of it" in first(ledger.verify()).words


def test_keys_in_another_order_are_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    lines = ledger.lines()
    held = json.loads(lines[33])
    turned = dict(reversed(held.items()))
    lines[33] = json.dumps(turned, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    ledger.write(lines)
    finding = first(ledger.verify())
    assert (finding.line, finding.index, finding.reason) == (34, 33, "canonical")
    assert names(finding, ledger.events[33])


def test_a_replayed_event_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    lines = ledger.lines()
    lines.insert(100, lines[33])
    ledger.write(lines)
    finding = first(ledger.verify())
    assert (finding.index, finding.reason) == (100, "id")
    assert names(finding, ledger.events[33])


def test_a_replayed_act_under_a_new_id_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(60)
    ledger.events[44]["idem"] = ledger.events[3]["idem"]
    ledger.chain()
    ledger.write()
    finding = first(ledger.verify())
    assert finding.reason == "idem"
    assert names(finding, ledger.events[44])


def test_a_ledger_signed_with_another_key_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.events[5]["actor"] = "u:9999"
    ledger.chain()
    ledger.write()
    ledger.daily = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
    for size in (40, 80, 120):
        ledger.sign(size)
    report = ledger.verify()
    assert {finding.reason for finding in report.findings} == {"checkpoint-signature"}
    assert report.found == 3


def test_a_daily_key_certified_by_another_long_term_key_is_refused(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.certify(by=Ed25519PrivateKey.from_private_bytes(b"f" * 32))
    report = ledger.verify()
    assert first(report).reason == "certificate-signature"
    assert report.checkpoints == 0


def test_a_daily_key_cannot_sign_another_day(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.sign(120, at=datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC), name="later")
    finding = first(ledger.verify())
    assert (finding.reason, finding.note) == ("checkpoint-signature", "later.checkpoint")
    assert "certified for 2026-11-25" in finding.words


def test_a_history_rewritten_with_the_stolen_key_is_found_by_one_old_checkpoint(
    signed_ledger: Make,
) -> None:
    ledger = signed_ledger(120, every=120)
    kept = ledger.sign(80, name="paper-of-the-partner")
    old = kept.read_text()
    ledger.events[5]["actor"] = "u:9999"
    ledger.chain()
    ledger.write()
    ledger.sign(120)
    ledger.sign(80, name="paper-of-the-partner")
    assert ledger.verify().verdict == "sound", "nobody outside holds an old checkpoint"
    kept.write_text(old)
    report = ledger.verify()
    assert first(report).note == "paper-of-the-partner.checkpoint"
    assert "are not those that were signed" in first(report).words


def test_two_checkpoints_of_one_size_that_differ_are_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.events[5]["actor"] = "u:9999"
    ledger.chain()
    ledger.sign(80, name="second")
    report = ledger.verify()
    assert any(finding.reason == "checkpoint-fork" for finding in report.findings)


def test_a_larger_checkpoint_with_an_earlier_date_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.sign(110, at=datetime.datetime(2026, 11, 24, 0, 30, tzinfo=datetime.UTC))
    finding = first(ledger.verify())
    assert finding.reason == "checkpoint-time"


def test_a_checkpoint_with_false_last_events_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    ledger.sign(100, heads=bytes(32))
    finding = first(ledger.verify())
    assert (finding.reason, finding.note) == ("heads", "000000000100.checkpoint")


def test_a_checkpoint_or_certificate_that_was_damaged_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    for path in sorted(ledger.checkpoints.iterdir()):
        content = path.read_bytes()
        for position in range(0, len(content), 7):
            damaged = bytearray(content)
            damaged[position] ^= 1
            path.write_bytes(bytes(damaged))
            assert ledger.verify().verdict == "broken", (path.name, position)
        path.write_bytes(content[: len(content) // 2])
        assert ledger.verify().verdict == "broken"
        path.write_bytes(content)
    assert ledger.verify().verdict == "sound"


def test_the_checkpoint_of_another_log_is_refused(signed_ledger: Make) -> None:
    ledger = signed_ledger()
    origin, ledger.origin = ledger.origin, "osteon.example/other"
    ledger.sign(90)
    ledger.origin = origin
    assert first(ledger.verify()).reason == "checkpoint-origin"


def test_an_event_of_another_log_is_refused(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(20)
    ledger.events[7]["log"] = "osteon.example/other"
    ledger.chain()
    ledger.write()
    finding = first(ledger.verify())
    assert finding.reason == "origin"
    assert names(finding, ledger.events[7])


def test_an_event_whose_cause_is_not_in_the_ledger_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(20)
    ledger.events[7]["cause"] = ledger.events[9]["id"]
    ledger.events[8]["cause"] = "01a20c23-c300-7968-9a76-83e06bdeed78"
    ledger.chain()
    ledger.write()
    report = ledger.verify()
    assert report.found == 1
    assert first(report).reason == "cause"
    assert names(first(report), ledger.events[8])


def test_a_stream_that_begins_with_a_reference_to_nothing_is_found(signed_ledger: Make) -> None:
    ledger = signed_ledger(0)
    ledger.fill(3, streams=1)
    ledger.events[0]["prev"] = "0" * 64
    ledger.write()
    assert first(ledger.verify()).words.startswith("The first event of the stream")
