# SPDX-License-Identifier: Apache-2.0
"""Scans through the agent: scanner, journal, server, tone."""

from instruments.agent.journal import Journal
from instruments.agent.scanning import TONE_BUDGET
from instruments.scanners import Tone
from instruments.virtual.paper import Fault


def test_a_scan_is_judged_by_the_server_and_its_tone_is_heard(working, peer, station):
    heard = working.devices.scan(station, "B346790RK01")

    assert heard.tone is Tone.ACCEPTED
    (scan,) = peer.scans
    assert scan["text"] == "B346790RK01"
    assert scan["symbology"] == "]d1"
    assert bytes.fromhex(scan["raw"]) == b"]d1B346790RK01\r"
    assert scan["source"] == "serial"
    assert scan["device"] == str(working.scanner)


def test_a_refused_scan_sounds_refused(working, peer, station):
    peer.tone = "refused"

    assert working.devices.scan(station, "B346790RK01").tone is Tone.REFUSED


def test_a_scan_of_a_void_label_sounds_like_nothing_else(working, peer, station):
    peer.tone = "ambiguous"

    assert working.devices.scan(station, "B346790RK01").tone is Tone.AMBIGUOUS


def test_a_half_frame_is_reported_as_a_fault_and_never_as_a_scan(working, peer, station, wait_for):
    heard = working.devices.say(station, b"]d1B3467")

    assert heard.tone is Tone.REFUSED
    wait_for(lambda: len(peer.faults) == 1)
    assert peer.faults[0]["kind"] == "incomplete"
    assert peer.scans == []


def test_scans_made_while_the_server_is_away_are_judged_later_in_their_order(
    working, peer, station, wait_for
):
    peer.stop()
    heard = [working.devices.scan(station, f"B34679{n}") for n in range(3)]
    peer.start()

    assert [one.tone for one in heard] == [Tone.STORED] * 3
    wait_for(lambda: len(peer.scans) == 3)
    assert [scan["text"] for scan in peer.scans] == ["B346790", "B346791", "B346792"]
    assert [scan["seq"] for scan in peer.scans] == sorted(scan["seq"] for scan in peer.scans)


def test_a_slow_server_means_the_stored_tone_before_it_answers_and_one_scan(
    bench_being_set_up, peer, station, wait_for
):
    bench_being_set_up.start_agent(patient=False)
    bench_being_set_up.ready()
    peer.judging.clear()

    heard = bench_being_set_up.devices.scan(station, "B346790RK01", wait=10)

    assert TONE_BUDGET <= 0.3
    assert heard.tone is Tone.STORED
    assert peer.scans == []
    peer.judging.set()
    wait_for(lambda: len(peer.scans) == 1)


def test_a_failing_server_is_asked_again_until_it_judges(working, peer, station, wait_for):
    peer.scan_status = 500
    assert working.devices.scan(station, "B346790RK01").tone is Tone.STORED

    peer.scan_status = 201

    wait_for(lambda: len(peer.scans) == 1)


def test_a_scan_the_server_will_never_take_is_kept_and_does_not_stop_the_next(
    working, peer, station
):
    peer.scan_status = 422
    assert working.devices.scan(station, "B346790RK01").tone is Tone.REFUSED
    peer.scan_status = 201

    assert working.devices.scan(station, "B346790RK02").tone is Tone.ACCEPTED
    working.kill_agent()
    journal = Journal(working.folder / "bench.journal")
    ((_, answer),) = journal.rejected_scans()
    journal.close()
    assert answer.startswith("422 ")


def test_scans_survive_a_kill_of_the_agent(working, peer, station, wait_for):
    peer.stop()
    assert working.devices.scan(station, "B346790RK01").tone is Tone.STORED
    working.kill_agent()
    peer.start()

    working.start_agent()

    wait_for(lambda: [scan["text"] for scan in peer.scans] == ["B346790RK01"])


def test_a_scanner_that_is_plugged_in_again_goes_on(working, peer, station, wait_for):
    from_here = len(peer.beats)
    working.devices.fault(station, Fault.UNPLUGGED, device="scanner")
    wait_for(lambda: peer.device("scanner") == ("gone", "port-gone"))
    assert len(peer.beats) > from_here

    working.devices.fault(station, Fault.NONE, device="scanner")
    wait_for(lambda: peer.device("scanner")[0] == "ready")

    assert working.devices.scan(station, "B346790RK01").tone is Tone.ACCEPTED
