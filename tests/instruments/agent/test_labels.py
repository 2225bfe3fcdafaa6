# SPDX-License-Identifier: Apache-2.0
"""Labels through the agent: server, journal, printer, proof."""

import hashlib
import time

import pytest

from instruments.virtual.paper import Fault

INSTANCE = "B346790RK01"


def printed(bench, station):
    return bench.devices.labels(station)


def test_a_label_is_announced_printed_and_proven_by_the_odometer(working, peer, station, wait_for):
    peer.lease(INSTANCE, fence=7)

    wait_for(lambda: peer.told(INSTANCE) == ["intent", "sent", "printed"])

    intent, _, printed = peer.outcomes
    assert intent["fence"] == printed["fence"] == 7
    assert (intent["odometer_before"], printed["odometer_after"]) == (0, 1)
    (label,) = working.devices.labels(station)
    assert label.zpl == "^XA^FO10,10^FDB346790RK01^FS^PQ1^XZ"


def test_labels_come_out_one_after_the_other(working, peer, station, wait_for):
    for number in range(3):
        peer.lease(f"B346790RK0{number}")

    wait_for(lambda: peer.told("B346790RK02") == ["intent", "sent", "printed"])

    assert [label.number for label in working.devices.labels(station)] == [1, 2, 3]
    assert [one["odometer_before"] for one in peer.outcomes if one["outcome"] == "printed"] == [
        0,
        1,
        2,
    ]


def test_the_server_hears_of_the_intent_before_the_first_byte(working, peer, station, wait_for):
    printed_by_then = []
    peer.on_outcome = lambda body: printed_by_then.append(
        (body["outcome"], len(working.devices.labels(station)))
    )

    peer.lease(INSTANCE)
    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["printed"])

    assert printed_by_then[0] == ("intent", 0)


def test_a_stale_lease_is_never_printed(working, peer, station, wait_for):
    peer.fences[INSTANCE] = 2
    peer.lease(INSTANCE, fence=1)
    wait_for(lambda: peer.told(INSTANCE) == ["intent"])
    peer.lease("B346790RK02")

    wait_for(lambda: peer.told("B346790RK02")[-1:] == ["printed"])

    assert len(working.devices.labels(station)) == 1


@pytest.mark.parametrize(
    ("fault", "state", "detail"),
    [
        (Fault.PAPER_OUT, "fault", "paper-out,paused"),
        (Fault.RIBBON_OUT, "fault", "paused,ribbon-out"),
        (Fault.HEAD_OPEN, "fault", "head-open,paused"),
        (Fault.UNPLUGGED, "gone", "port-gone"),
    ],
)
def test_a_printer_in_fault_says_so_and_gets_its_label_when_it_is_mended(
    working, peer, station, wait_for, fault, state, detail
):
    working.devices.fault(station, fault)
    wait_for(lambda: peer.device("printer") == (state, detail))

    working.devices.fault(station, Fault.NONE)
    peer.lease(INSTANCE)

    wait_for(lambda: peer.told(INSTANCE)[-3:] == ["intent", "sent", "printed"])
    assert len(working.devices.labels(station)) == 1


def test_a_silent_printer_is_unknown_and_nothing_is_sent_to_it(working, peer, station, wait_for):
    working.devices.fault(station, Fault.SILENT)
    wait_for(lambda: peer.device("printer") == ("unknown", "unknown"))

    peer.lease(INSTANCE)
    time.sleep(0.6)

    assert "intent" not in peer.told(INSTANCE)
    assert working.devices.labels(station) == []


def test_a_label_torn_off_half_way_is_ambiguous_and_does_not_come_out_later(
    working, peer, station, wait_for
):
    working.devices.fault(station, Fault.PAPER_OUT_MID_LABEL)
    peer.lease(INSTANCE)
    wait_for(lambda: peer.told(INSTANCE) == ["intent", "sent", "ambiguous"])
    assert peer.outcomes[-1]["detail"].startswith("paper-out")

    working.devices.fault(station, Fault.NONE)
    peer.lease("B346790RK02", zpl=b"^XA^FO9,9^FDB346790RK02^FS^PQ1^XZ")

    wait_for(lambda: peer.told("B346790RK02")[-1:] == ["printed"])
    (label,) = printed(working, station)
    assert "B346790RK02" in label.zpl


def test_a_line_that_breaks_in_the_middle_of_a_label_is_ambiguous(working, peer, station, wait_for):
    peer.on_outcome = lambda body: (
        working.devices.fault(station, Fault.UNPLUGGED_AFTER, after=10)
        if body["outcome"] == "intent"
        else None
    )
    peer.lease(INSTANCE, zpl=b"^XA^FO10,10^FD" + b"A" * 6000 + b"^FS^PQ1^XZ")

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["ambiguous"])

    assert peer.outcomes[-1]["detail"] == "port-gone"
    assert printed(working, station) == []


def test_a_power_cut_of_the_printer_after_the_label_was_sent_is_ambiguous(
    working, peer, station, wait_for
):
    working.restart_devices(print_seconds=1.0)
    peer.on_outcome = lambda body: (
        working.devices.fault(station, Fault.POWER_CYCLE) if body["outcome"] == "sent" else None
    )
    peer.lease(INSTANCE)

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["ambiguous"])
    peer.on_outcome = lambda _: None
    peer.lease("B346790RK02")

    wait_for(lambda: peer.told("B346790RK02")[-1:] == ["printed"])
    assert len(printed(working, station)) == 1


def test_a_counter_that_jumps_while_a_label_is_made_is_ambiguous(working, peer, station, wait_for):
    peer.on_outcome = lambda body: (
        working.devices.fault(station, Fault.COUNTER_JUMP, labels=3)
        if body["outcome"] == "intent"
        else None
    )
    peer.lease(INSTANCE)

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["ambiguous"])

    assert peer.outcomes[-1]["detail"].startswith("odometer-jumped:0->")


def test_labels_made_at_the_panel_are_told_with_the_next_label(working, peer, station, wait_for):
    peer.lease(INSTANCE)
    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["printed"])
    working.devices.fault(station, Fault.COUNTER_JUMP, labels=4)

    peer.lease("B346790RK02")

    wait_for(lambda: peer.told("B346790RK02")[-1:] == ["printed"])
    intent = next(one for one in peer.outcomes if one["instance"] == "B346790RK02")
    assert intent["detail"] == "counter-jumped:1->5"


def test_a_printer_that_answers_noise_is_not_trusted(working, peer, station, wait_for):
    working.devices.fault(station, Fault.GARBAGE)

    wait_for(lambda: peer.device("printer")[0] == "unknown")
    working.devices.fault(station, Fault.NONE)
    wait_for(lambda: peer.device("printer")[0] == "ready")


def test_a_label_altered_on_the_way_is_not_printed(working, peer, station, wait_for):
    peer.lease(INSTANCE, sha256=hashlib.sha256(b"another").hexdigest())

    wait_for(lambda: peer.told(INSTANCE) == ["failed_safe"])

    assert peer.outcomes[-1]["detail"].startswith("label-altered")
    assert printed(working, station) == []


def test_a_label_that_would_configure_the_printer_is_not_printed(working, peer, station, wait_for):
    peer.lease(INSTANCE, zpl=b"^XA^FO1,1^FDx^FS^JUS^XZ")

    wait_for(lambda: peer.told(INSTANCE) == ["intent", "lost"])

    assert printed(working, station) == []


def test_a_label_for_another_resolution_is_not_printed(working, peer, station, wait_for):
    peer.lease(INSTANCE, dpi=203)

    wait_for(lambda: peer.told(INSTANCE) == ["intent", "lost"])

    assert peer.outcomes[-1]["detail"] == "wrong-dpi:203"


def test_a_printer_of_another_resolution_than_set_gets_no_labels(bench, peer, wait_for):
    bench.config.write_text(bench.config.read_text("utf-8").replace("dpi = 300", "dpi = 203"))

    bench.start_agent()

    wait_for(lambda: peer.device("printer") == ("fault", "wrong-dpi:300"))


def test_an_instance_that_may_exist_is_not_printed_again_under_another_fence(
    working, peer, station, wait_for
):
    peer.lease(INSTANCE, fence=1)
    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["printed"])

    peer.lease(INSTANCE, fence=2)

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["ambiguous"])
    assert peer.outcomes[-1]["detail"] == "sent-before:printed"
    assert len(printed(working, station)) == 1


def test_killed_after_the_intent_and_before_the_first_byte_the_label_is_lost(
    working, peer, station, wait_for
):
    peer.on_outcome = lambda body: working.kill_agent() if body["outcome"] == "intent" else None
    peer.lease(INSTANCE)
    wait_for(lambda: peer.told(INSTANCE) == ["intent"])
    working.agent.wait(60)
    peer.on_outcome = lambda _: None

    working.start_agent()

    wait_for(lambda: peer.told(INSTANCE) == ["intent", "intent", "lost"])
    assert peer.outcomes[-1]["odometer_after"] == 0
    assert printed(working, station) == []


def test_killed_after_the_label_was_sent_it_is_found_printed(working, peer, station, wait_for):
    peer.on_outcome = lambda body: working.kill_agent() if body["outcome"] == "sent" else None
    peer.lease(INSTANCE)
    wait_for(lambda: "sent" in peer.told(INSTANCE))
    working.agent.wait(60)
    peer.on_outcome = lambda _: None

    working.start_agent()

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["printed"])
    assert len(printed(working, station)) == 1


def test_killed_and_unanswered_by_the_printer_the_label_is_ambiguous(
    working, peer, station, wait_for
):
    def cut(body):
        if body["outcome"] == "sent":
            working.devices.fault(station, Fault.SILENT)
            working.kill_agent()

    peer.on_outcome = cut
    peer.lease(INSTANCE)
    wait_for(lambda: "sent" in peer.told(INSTANCE))
    working.agent.wait(60)
    peer.on_outcome = lambda _: None

    working.start_agent()

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["ambiguous"])


def test_outcomes_found_while_the_server_is_away_are_told_when_it_is_back(
    working, peer, station, wait_for
):
    peer.on_outcome = lambda body: peer.stop() if body["outcome"] == "sent" else None
    peer.lease(INSTANCE)
    wait_for(lambda: len(printed(working, station)) == 1)
    time.sleep(0.3)
    peer.on_outcome = lambda _: None

    peer.start()

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["printed"])
    assert len(printed(working, station)) == 1


def test_a_label_that_gets_no_leave_in_time_is_not_printed_and_not_begun_for_the_server(
    working, peer, station, wait_for
):
    peer.unable = {"intent"}
    peer.lease(INSTANCE)

    wait_for(lambda: peer.told(INSTANCE)[-1:] == ["failed_safe"])

    assert peer.outcomes[-1]["detail"] == "no-leave:server-refused:422"
    assert printed(working, station) == []


def test_not_begun_becomes_lost_when_the_server_had_heard_the_intent(
    working, peer, station, wait_for
):
    peer.unable = {"intent"}
    peer.stale = {"failed_safe"}
    peer.lease(INSTANCE)

    wait_for(lambda: peer.told(INSTANCE)[-2:] == ["failed_safe", "lost"])

    assert printed(working, station) == []


def test_a_tspl_printer_on_a_line_is_proven_and_doubted_as_a_zpl_one_is(
    tspl_bench, peer, station, wait_for
):
    label = b"SIZE 9 mm,9 mm\r\nCLS\r\nBITMAP 1,1,1,2,0,\x00\x0f\r\nPRINT 1,1\r\n"
    peer.lease(INSTANCE, zpl=label)
    wait_for(lambda: peer.told(INSTANCE) == ["intent", "sent", "printed"])
    assert [one.tspl for one in tspl_bench.devices.labels(station)] == [label]

    tspl_bench.devices.fault(station, Fault.PAPER_OUT_MID_LABEL)
    peer.lease("B346790RK02", zpl=label)
    wait_for(lambda: peer.told("B346790RK02") == ["intent", "sent", "ambiguous"])
    wait_for(lambda: peer.device("printer") == ("fault", "paper-out"))
    tspl_bench.devices.fault(station, Fault.NONE)
    peer.lease("B346790RK03", zpl=label)
    wait_for(lambda: peer.told("B346790RK03") == ["intent", "sent", "printed"])
    assert len(tspl_bench.devices.labels(station)) == 2
