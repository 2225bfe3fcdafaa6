# SPDX-License-Identifier: Apache-2.0
"""What printers say, as conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.conversation import ConversationBroken, conversation, rehearse
from instruments.ports import PortGone, open_port
from instruments.printers import (
    Identity,
    PrinterFault,
    PrinterNotReady,
    PrinterState,
    Proof,
    ZebraPrinter,
    read_extended,
    read_status,
)

HS = b"~HS"
HQES = b"~HQES"
HI = b"~HI"
ODOMETER = b'! U1 getvar "odometer.total_label_count"\r\n'
FINE = (
    b"\x02\r\nPRINTER STATUS\r\nERRORS: 0 00000000 00000000\r\n"
    b"WARNINGS: 0 00000000 00000000\r\n\x03"
)


def host_status(*, paper=0, pause=0, waiting=0, partial=0, hot=0, head=0, ribbon=0, remaining=0):
    return (
        f"\x02030,{paper},{pause},0225,{waiting:03},0,0,{partial},000,0,0,{hot}\x03\r\n"
        f"\x02001,0,{head},{ribbon},1,2,6,0,{remaining:08},1,000\x03\r\n\x021234,0\x03\r\n"
    ).encode()


def extended(*, errors, warnings="00000000", high="00000000", flag=1):
    return (
        f"\x02\r\nPRINTER STATUS\r\nERRORS:         {flag} {high} {errors}\r\n"
        f"WARNINGS:       0 00000000 {warnings}\r\n\x03"
    ).encode()


READY = host_status()


def test_a_ready_printer_is_ready():
    status = read_status(READY)

    assert status.state is PrinterState.READY
    assert status.queue_empty


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ({"paper": 1}, PrinterFault.PAPER_OUT),
        ({"pause": 1}, PrinterFault.PAUSED),
        ({"head": 1}, PrinterFault.HEAD_OPEN),
        ({"ribbon": 1}, PrinterFault.RIBBON_OUT),
        ({"hot": 1}, PrinterFault.OVER_TEMPERATURE),
    ],
)
def test_every_flag_names_its_fault(flags, fault):
    status = read_status(host_status(**flags))

    assert status.state is PrinterState.FAULT
    assert status.faults == {fault}
    assert status.words == fault.value


@pytest.mark.parametrize("flags", [{"waiting": 1}, {"remaining": 2}, {"partial": 1}])
def test_a_printer_that_still_holds_something_is_busy(flags):
    status = read_status(host_status(**flags))

    assert status.state is PrinterState.BUSY
    assert not status.queue_empty


@given(st.binary(max_size=200))
def test_noise_is_unknown(noise):
    status = read_status(noise)

    assert status.state is PrinterState.UNKNOWN
    assert not status.queue_empty


@pytest.mark.parametrize("cut", range(len(READY) - 3))
def test_an_answer_cut_short_is_unknown(cut):
    assert read_status(READY[:cut]).state is PrinterState.UNKNOWN


def test_extended_errors_are_named_and_unknown_bits_are_errors_too():
    assert read_extended(FINE) == set()
    assert read_extended(extended(errors="00000005")) == {
        PrinterFault.PAPER_OUT,
        PrinterFault.HEAD_OPEN,
    }
    assert read_extended(extended(errors="00010000")) == {PrinterFault.OTHER}
    assert read_extended(extended(errors="00000000", high="00000001")) == {PrinterFault.OTHER}
    assert read_extended(extended(errors="00000000")) == {PrinterFault.OTHER}
    assert read_extended(b"nothing of the kind") is None


def test_the_printer_says_what_it_is():
    with conversation([(HI, b"\x02ZTC ZD421-300dpi ZPL,V93.20.15Z,12,8176KB\x03\r\n")]) as wire:
        identity = ZebraPrinter(wire).identify()

    assert identity == Identity("ZTC ZD421-300dpi ZPL", "V93.20.15Z", 12)
    assert identity.dpi == 300


def test_a_session_begins_with_an_empty_printer_that_repeats_nothing():
    with conversation([(b"~JA^XA^JZN^XZ", None)]) as wire:
        ZebraPrinter(wire).start_session()


def test_silence_is_unknown_and_never_ready():
    with conversation([(HS, None), (HQES, None)]) as wire:
        assert ZebraPrinter(wire).status().state is PrinterState.UNKNOWN


def test_a_printer_silent_on_the_one_question_may_name_its_fault_on_the_other():
    with conversation([(HS, None), (HQES, extended(errors="00000001"))]) as wire:
        status = ZebraPrinter(wire).status()

    assert status.state is PrinterState.FAULT
    assert status.faults == {PrinterFault.PAPER_OUT}


def test_no_errors_on_the_one_question_do_not_make_up_for_silence_on_the_other():
    with conversation([(HS, None), (HQES, FINE)]) as wire:
        assert ZebraPrinter(wire).status().state is PrinterState.UNKNOWN


def test_an_old_printer_without_extended_status_is_asked_for_it_once():
    with conversation([(HS, READY), (HQES, None), (HS, READY)]) as wire:
        printer = ZebraPrinter(wire)

        assert printer.status().state is PrinterState.READY
        assert printer.status().state is PrinterState.READY


def test_extended_status_that_falls_silent_is_unknown():
    with conversation([(HS, READY), (HQES, FINE), (HS, READY), (HQES, None)]) as wire:
        printer = ZebraPrinter(wire)
        printer.status()

        assert printer.status().state is PrinterState.UNKNOWN


def test_the_odometer_is_read_with_and_without_a_line_end():
    with conversation([(ODOMETER, b'"123"'), (ODOMETER, b'"124"\r\n'), (ODOMETER, b'"?"')]) as wire:
        printer = ZebraPrinter(wire)

        assert [printer.odometer() for _ in range(3)] == [123, 124, None]


def test_nothing_is_sent_to_a_printer_in_fault():
    with (
        conversation([(HS, host_status(paper=1)), (HQES, FINE)]) as wire,
        pytest.raises(PrinterNotReady) as caught,
    ):
        ZebraPrinter(wire).ready_odometer()

    assert caught.value.status.faults == {PrinterFault.PAPER_OUT}


def proof(*exchanges, before=5, print_time=0.35):
    with conversation(exchanges) as wire:
        return ZebraPrinter(wire, print_time=print_time).prove(odometer_before=before)


def test_a_label_is_printed_when_the_odometer_is_one_further():
    outcome = proof(
        (HS, host_status(waiting=1)),
        (HQES, FINE),
        (HS, READY),
        (HQES, FINE),
        (ODOMETER, b'"6"'),
    )

    assert outcome.proof is Proof.PRINTED
    assert outcome.odometer_after == 6


def test_an_odometer_that_jumped_is_ambiguous():
    outcome = proof((HS, READY), (HQES, FINE), (ODOMETER, b'"8"'), (b"~JA", None))

    assert outcome.proof is Proof.AMBIGUOUS
    assert outcome.detail == "odometer-jumped:5->8"


def test_an_odometer_that_never_moves_is_ambiguous_when_the_time_is_over():
    looks = [(HS, READY), (HQES, FINE), (ODOMETER, b'"5"')]

    outcome = proof(*looks, *looks, (b"~JA", None), print_time=0.15)

    assert outcome.proof is Proof.AMBIGUOUS
    assert outcome.detail == "not-proven-in-time"


def test_a_fault_or_silence_after_sending_is_ambiguous_and_empties_the_printer():
    fault = proof((HS, host_status(ribbon=1)), (HQES, FINE), (b"~JA", None))
    silence = proof((HS, None), (HQES, None), (b"~JA", None))

    assert (fault.proof, fault.detail) == (Proof.AMBIGUOUS, "ribbon-out")
    assert (silence.proof, silence.detail) == (Proof.AMBIGUOUS, "unknown")


def test_a_printer_without_an_odometer_proves_nothing():
    outcome = proof((HS, READY), (HQES, FINE), (ODOMETER, b'"?"'), (b"~JA", None))

    assert (outcome.proof, outcome.detail) == (Proof.AMBIGUOUS, "no-odometer")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (b'"5"', Proof.LOST),
        (b'"6"', Proof.PRINTED),
        (b'"7"', Proof.AMBIGUOUS),
        (None, Proof.AMBIGUOUS),
    ],
)
def test_after_a_power_cut_the_odometer_decides(count, expected):
    with conversation([(HS, READY), (HQES, FINE), (ODOMETER, count)]) as wire:
        outcome = ZebraPrinter(wire).resolve(odometer_before=5)

    assert outcome.proof is expected


def test_half_a_label_left_in_the_printer_is_thrown_away_before_the_odometer_is_believed():
    with conversation(
        [
            (HS, host_status(partial=1)),
            (HQES, FINE),
            (b"~JA", None),
            (HS, READY),
            (HQES, FINE),
            (ODOMETER, b'"5"'),
        ]
    ) as wire:
        assert ZebraPrinter(wire).resolve(odometer_before=5).proof is Proof.LOST


def test_a_conversation_breaks_on_anything_else():
    with (
        pytest.raises(ConversationBroken, match="sent b'~HI'"),
        conversation([(HS, READY)]) as wire,
    ):
        wire.write(HI, within=1)
    with pytest.raises(ConversationBroken, match="never sent"), conversation([(HS, READY)]):
        pass
    with pytest.raises(ConversationBroken, match="never read"), conversation([(HS, READY)]) as wire:
        wire.write(HS, within=1)
    with pytest.raises(ConversationBroken, match="after the end"), conversation([]) as wire:
        wire.write(HS, within=1)
    with pytest.raises(ConversationBroken, match="sent only"), conversation([(HS, None)]) as wire:
        wire.write(b"~", within=1)


def test_a_laboratory_can_try_its_own_device_against_a_conversation():
    with open_port("loop://") as port:
        same = rehearse(port, [(b"echo", b"echo")], within=0.2)
        other = rehearse(port, [(b"echo", b"answer")], within=0.2)

    assert same == []
    assert [(one.step, one.answered) for one in other] == [(0, b"echo")]


def test_a_line_that_goes_while_a_label_is_watched_is_ambiguous():
    class Cut:
        def read(self, *, within, most=4096):
            raise PortGone("printer", "unplugged")

        def write(self, payload, *, within):
            raise PortGone("printer", "unplugged")

        def discard_input(self):
            raise PortGone("printer", "unplugged")

    outcome = ZebraPrinter(Cut()).prove(odometer_before=5)

    assert (outcome.proof, outcome.detail) == (Proof.AMBIGUOUS, "port-gone")
