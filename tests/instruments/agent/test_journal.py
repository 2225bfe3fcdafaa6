# SPDX-License-Identifier: Apache-2.0
"""The journal keeps scans until they are judged and labels before their first byte."""

import pytest

from instruments.agent.journal import Journal, JournalUnusable, LabelRow, LabelState


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "bench.journal")
    yield made
    made.close()


def add(journal, scan_id, *, station="T1", text="B346790RK01", fault=None):
    journal.add_scan(
        scan_id,
        station=station,
        text=text,
        fault=fault,
        symbology="]d1",
        raw=b"]d1B346790RK01\r",
        device="/dev/a",
        device_time="2026-03-14T09:26:53.589+00:00",
    )


def row(fence=1, state=LabelState.LEASED, before=None):
    return LabelRow("B346790RK01", fence, "T1", state, before)


def test_scans_come_back_oldest_first_and_by_station(journal):
    for scan_id, station in [("a", "T1"), ("b", "T2"), ("c", "T1")]:
        add(journal, scan_id, station=station)

    assert journal.next_scan("T1").scan_id == "a"
    journal.scan_judged("a")
    assert journal.next_scan("T1").scan_id == "c"
    assert journal.next_scan("T2").scan_id == "b"
    assert journal.next_scan("T3") is None


def test_numbers_of_scans_are_never_used_again(journal):
    add(journal, "a")
    first = journal.next_scan("T1").seq
    journal.scan_judged("a")
    add(journal, "b")

    assert journal.next_scan("T1").seq == first + 1


def test_a_rejected_scan_is_kept_with_the_answer_and_not_sent_again(journal):
    add(journal, "a")
    journal.scan_rejected("a", "422 unknown station")

    assert journal.next_scan("T1") is None
    assert journal.rejected_scans() == [("a", "422 unknown station")]


def test_a_fault_is_kept_like_a_scan(journal):
    add(journal, "a", text=None, fault="incomplete")

    waiting = journal.next_scan("T1")
    assert (waiting.fault, waiting.raw) == ("incomplete", b"]d1B346790RK01\r")


def test_what_is_written_outlives_the_process(tmp_path, journal):
    add(journal, "a")
    journal.lease(station="T1", instance="B346790RK01", fence=1, sha256="00")
    journal.intend("B346790RK01", 1, odometer_before=41)
    journal.close()
    second = Journal(tmp_path / "bench.journal")

    assert second.agent == journal.agent
    assert second.next_scan("T1").scan_id == "a"
    assert second.unfinished_labels("T1") == [row(state=LabelState.INTENT, before=41)]
    second.close()


def test_the_same_lease_twice_is_told_how_far_it_came(journal):
    lease = {"station": "T1", "instance": "B346790RK01", "fence": 1, "sha256": "00"}

    assert journal.lease(**lease) is None
    assert journal.lease(**lease) is LabelState.LEASED
    journal.settle(row(), LabelState.PRINTED, odometer_after=1, detail="")
    assert journal.lease(**lease) is LabelState.PRINTED


@pytest.mark.parametrize(
    ("state", "may_exist"),
    [
        (LabelState.INTENT, True),
        (LabelState.SENT, True),
        (LabelState.PRINTED, True),
        (LabelState.AMBIGUOUS, True),
        (LabelState.FAILED_SAFE, False),
        (LabelState.STALE, False),
    ],
)
def test_an_instance_that_may_exist_on_paper_is_known_under_every_fence(journal, state, may_exist):
    journal.lease(station="T1", instance="B346790RK01", fence=1, sha256="00")
    journal.settle(row(), state, odometer_after=None, detail="")

    assert (journal.earlier_state("B346790RK01", 2) == state) is may_exist
    assert journal.earlier_state("B346790RK01", 1) is None


def test_outcomes_wait_in_order_until_they_are_told(journal):
    journal.lease(station="T1", instance="B346790RK01", fence=1, sha256="00")
    journal.settle(row(before=5), LabelState.SENT, odometer_after=None, detail="")
    journal.settle(row(before=5), LabelState.PRINTED, odometer_after=6, detail="odometer")

    first = journal.next_outcome()
    journal.outcome_told(first.number)
    second = journal.next_outcome()
    journal.outcome_told(second.number)

    assert (first.outcome, second.outcome) == (LabelState.SENT, LabelState.PRINTED)
    assert (second.odometer_before, second.odometer_after) == (5, 6)
    assert journal.next_outcome() is None
    assert journal.last_odometer("T1") == 6
    assert journal.last_odometer("T2") is None


def test_the_journal_is_for_its_owner_alone_and_synchronous(tmp_path, journal):
    assert (tmp_path / "bench.journal").stat().st_mode & 0o077 == 0
    assert journal.synchronous() == "FULL"


def test_a_second_agent_cannot_open_the_journal(tmp_path, journal):
    with pytest.raises(JournalUnusable, match="locked"):
        Journal(tmp_path / "bench.journal")


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(b"not a database " * 100)

    with pytest.raises(JournalUnusable):
        Journal(path)
