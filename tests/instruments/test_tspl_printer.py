# SPDX-License-Identifier: Apache-2.0
"""What TSPL printers say, as conversations and with a virtual one that has every fault."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.agent.allowed import LabelRefused, check_label
from instruments.agent.setup import print_test, trial_label
from instruments.conversation import conversation
from instruments.printers import (
    Language,
    PrinterFault,
    PrinterNotReady,
    PrinterState,
    Proof,
    TsplPrinter,
)
from instruments.printers.tspl import CANCEL, EXTENDED, ODOMETER, STATUS, read_byte, read_letters
from instruments.virtual.paper import Fault, PrintedLabels
from instruments.virtual.tspl import VirtualTsplPrinter

LABEL = b"SIZE 9 mm,9 mm\r\nCLS\r\nBITMAP 1,1,1,2,0,\x00\r\r\nBAR 1,1,2,2\r\nPRINT 1,1\r\n"
FINE = b"\x02@@@@\x03\r\n"


class Line:
    """A line to a virtual printer, without time."""

    def __init__(self, printer: VirtualTsplPrinter) -> None:
        self.printer = printer
        self._said = bytearray()

    def read(self, *, within: float, most: int = 4096) -> bytes:
        self.printer.turn(at=0.0)
        chunk = bytes(self._said)
        self._said.clear()
        return chunk

    def write(self, payload: bytes, *, within: float) -> None:
        self._said += self.printer.take(payload, at=0.0)

    def discard_input(self) -> None:
        self._said.clear()


@pytest.fixture(params=[True, False], ids=["letters", "byte-only"])
def virtual(tmp_path, request):
    """A printer of newer firmware, and of older that knows the one byte alone."""
    labels = PrintedLabels(tmp_path, language="tspl")
    return VirtualTsplPrinter(labels, seconds=0.0, extended=request.param)


@pytest.fixture
def printer(virtual):
    return TsplPrinter(Line(virtual), silence=0.0, print_time=0.3)


@pytest.mark.parametrize(
    ("bit", "fault"),
    [
        (0x01, PrinterFault.HEAD_OPEN),
        (0x02, PrinterFault.JAM),
        (0x04, PrinterFault.PAPER_OUT),
        (0x08, PrinterFault.RIBBON_OUT),
        (0x10, PrinterFault.PAUSED),
        (0x40, PrinterFault.COVER_OPEN),
        (0x80, PrinterFault.TEMPERATURE),
    ],
)
def test_every_bit_of_the_status_byte_names_its_fault(bit, fault):
    status = read_byte(bytes([bit]))

    assert (status.state, status.faults) == (PrinterState.FAULT, {fault})
    assert read_byte(b"\x00").state is PrinterState.READY
    assert read_byte(b"\x20").state is PrinterState.BUSY
    assert read_byte(b"").state is read_byte(b"\x00\x00").state is PrinterState.UNKNOWN


@pytest.mark.parametrize(
    ("letters", "faults"),
    [
        (b"E@@A", {PrinterFault.PAPER_OUT}),
        (b"E@@D", {PrinterFault.RIBBON_OUT}),
        (b"E@@`", {PrinterFault.HEAD_OPEN}),
        (b"E@A@", {PrinterFault.OVER_TEMPERATURE}),
        (b"@H@@", {PrinterFault.BUFFER_FULL}),
        (b"`@@@", {PrinterFault.PAUSED}),
        (b"E@@@", {PrinterFault.OTHER}),
        (b"Z@@@", {PrinterFault.OTHER}),
    ],
)
def test_the_four_letters_name_their_fault_and_an_unknown_letter_is_one(letters, faults):
    status = read_letters(b"\x02" + letters + b"\x03\r\n")

    assert (status.state, status.faults) == (PrinterState.FAULT, faults)


@given(st.binary(max_size=40))
def test_noise_is_never_a_ready_printer(noise):
    assert noise == FINE or read_letters(noise).state is not PrinterState.READY
    assert noise == b"\x00" or read_byte(noise).state is not PrinterState.READY


def test_a_conversation_with_a_printer_that_prints_one_label():
    exchanges = [
        (EXTENDED, FINE),
        (STATUS, b"\x00"),
        (ODOMETER, b"LABEL=41\r\n"),
        (LABEL, None),
        (EXTENDED, b"\x02P@@@\x03\r\n"),
        (STATUS, b"\x20"),
        (EXTENDED, FINE),
        (STATUS, b"\x00"),
        (ODOMETER, b"LABEL=42\r\n"),
    ]
    with conversation(exchanges) as wire:
        printer = TsplPrinter(wire, silence=0.0, print_time=5.0)
        before = printer.ready_odometer()
        printer.send(LABEL)
        outcome = printer.prove(odometer_before=before)

    assert (outcome.proof, outcome.odometer_after) == (Proof.PRINTED, 42)


def test_a_label_is_proven_and_kept_byte_for_byte(virtual, printer):
    printer.start_session()
    identity = printer.identify()
    before = printer.ready_odometer()
    printer.send(LABEL)
    outcome = printer.prove(odometer_before=before)

    assert (identity.model, identity.dpi) == ("TTP-300", 300)
    assert (before, outcome.proof, outcome.odometer_after) == (0, Proof.PRINTED, 1)
    assert [one.tspl for one in virtual.labels.after(0)] == [LABEL]
    assert print_test(printer, dpi=300, text="TEST01", language=Language.TSPL) == 2
    assert virtual.labels.after(1)[0].tspl == trial_label("TEST01", dpi=300, language=Language.TSPL)


STOPS = [
    Fault.PAPER_OUT,
    Fault.RIBBON_OUT,
    Fault.HEAD_OPEN,
    Fault.OVER_TEMPERATURE,
    Fault.UNDER_TEMPERATURE,
    Fault.PAUSED,
    Fault.BUFFER_FULL,
    Fault.SILENT,
    Fault.MUTE,
    Fault.GARBAGE,
]


@pytest.mark.parametrize("fault", STOPS)
def test_in_a_fault_nothing_is_sent_and_when_it_comes_between_nobody_claims_a_print(
    virtual, printer, fault
):
    if fault is Fault.BUFFER_FULL and not virtual.extended:
        pytest.skip("the one byte does not tell a full buffer")
    virtual.set_fault(fault)
    with pytest.raises(PrinterNotReady) as refused:
        printer.ready_odometer()
    unknown = fault in (Fault.SILENT, Fault.MUTE, Fault.GARBAGE)
    assert (refused.value.status.state is PrinterState.UNKNOWN) == unknown

    virtual.set_fault(Fault.NONE)
    before = printer.ready_odometer()
    virtual.set_fault(fault)
    printer.send(LABEL)
    outcome = printer.prove(odometer_before=before)
    assert outcome.proof is Proof.AMBIGUOUS

    virtual.set_fault(Fault.NONE)
    virtual.turn(at=1.0)
    assert len(virtual.labels.after(0)) == (fault in (Fault.MUTE, Fault.GARBAGE))


@pytest.mark.parametrize(
    ("between", "detail"),
    [
        (Fault.PAPER_OUT_MID_LABEL, "paper-out"),
        (Fault.POWER_CYCLE, "not-proven-in-time"),
        (Fault.COUNTER_JUMP, "odometer-jumped:0->2"),
    ],
)
def test_what_happens_between_the_first_byte_and_the_proof_makes_a_label_doubtful(
    virtual, printer, between, detail
):
    before = printer.ready_odometer()
    if between is not Fault.PAPER_OUT_MID_LABEL:
        virtual.take(LABEL[:30], at=0.0)
    virtual.set_fault(between, labels=2)
    printer.send(LABEL if between is Fault.PAPER_OUT_MID_LABEL else LABEL[30:-13])
    outcome = printer.prove(odometer_before=before)

    assert (outcome.proof, outcome.detail) == (Proof.AMBIGUOUS, detail)
    virtual.set_fault(Fault.NONE)
    virtual.turn(at=1.0)
    assert virtual.labels.after(0) == []


def test_half_a_picture_left_by_a_killed_agent_is_thrown_away_and_the_label_lost(virtual, printer):
    before = printer.ready_odometer()
    virtual.take(LABEL[:42], at=0.0)

    outcome = printer.resolve(odometer_before=before)

    assert (outcome.proof, outcome.detail) == (Proof.LOST, "after-restart:odometer-unmoved")
    assert virtual.take(CANCEL, at=0.0) == b""


def test_unplugged_after_any_byte_a_label_is_lost_or_whole_on_paper_never_half_believed(virtual):
    for count in range(len(LABEL) + 1):
        printer = TsplPrinter(Line(virtual), silence=0.0, print_time=0.3)
        printer.start_session()
        before = printer.ready_odometer()
        virtual.take(LABEL[:count], at=0.0)

        outcome = TsplPrinter(Line(virtual), silence=0.0, print_time=0.3).resolve(
            odometer_before=before
        )

        came_out = virtual.labels.odometer - before
        assert came_out == (count == len(LABEL)), count
        assert outcome.proof is (Proof.PRINTED if came_out else Proof.LOST), count


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (LABEL.replace(b"1,1\r\n", b"1,2\r\n"), "command-not-allowed"),
        (LABEL.replace(b"PRINT 1,1", b"PRINT 2,1"), "command-not-allowed"),
        (LABEL.replace(b"CLS", b"SET RIBBON OFF"), "command-not-allowed"),
        (LABEL.replace(b"CLS", b"INITIALPRINTER"), "command-not-allowed"),
        (LABEL.replace(b"\x00", b"\x13"), "label-not-plain"),
        (LABEL.replace(b"\x00", b"\x1b"), "label-not-plain"),
        (LABEL + LABEL, "not-one-label"),
        (LABEL[:-2], "command-not-allowed"),
        (b"SIZE 9 mm,9 mm\r\nPRINT 1,1\r\n", "not-one-label"),
        (b"", "command-not-allowed"),
    ],
)
def test_nothing_but_the_drawing_of_one_label_gets_through_to_the_printer(label, reason):
    check_label(LABEL, sha256=sha256(LABEL).hexdigest(), language=Language.TSPL)
    with pytest.raises(LabelRefused) as refused:
        check_label(label, sha256=sha256(label).hexdigest(), language=Language.TSPL)

    assert refused.value.reason == reason
