# SPDX-License-Identifier: Apache-2.0
"""The assistant that sets a bench up tries what it writes down."""

import pytest

from instruments.agent.settings import read_key
from instruments.agent.setup import TrialFailed, hear_scan, print_test, trial_label, write_key
from instruments.printers import ZebraPrinter
from instruments.scanners import ScannerModel, Tone, tone_of
from instruments.virtual.paper import Fault, PrintedLabels
from instruments.virtual.printer import VirtualPrinter


class Wire:
    """A line to a virtual printer, or of a scanner that says what it is given."""

    def __init__(self, printer=None, said=()):
        self.printer = printer
        self.said = list(said)
        self.heard = []

    def read(self, *, within, most=4096):
        return self.said.pop(0) if self.said else b""

    def write(self, payload, *, within):
        if self.printer is None:
            self.heard.append(tone_of(ScannerModel.HONEYWELL, payload))
        elif answer := self.printer.take(payload, at=0.0):
            self.said.append(answer)

    def discard_input(self):
        self.said.clear()


@pytest.fixture
def printer(tmp_path):
    return VirtualPrinter(PrintedLabels(tmp_path), seconds=0.0)


def test_the_test_label_says_what_was_asked_and_is_proven_by_the_counter(printer):
    counter = print_test(ZebraPrinter(Wire(printer), silence=0.0), dpi=300, text="TEST000042")

    assert counter == 1
    (label,) = printer.labels.after(0)
    assert label.zpl.encode() == trial_label("TEST000042", dpi=300)


@pytest.mark.parametrize(
    ("fault", "dpi", "reason"),
    [
        (Fault.PAPER_OUT, 300, "printer-not-ready"),
        (Fault.SILENT, 300, "printer-not-ready"),
        (Fault.NONE, 203, "wrong-dpi"),
    ],
)
def test_a_printer_that_is_not_as_it_should_be_is_named_and_prints_nothing(
    printer, fault, dpi, reason
):
    printer.set_fault(fault)
    with pytest.raises(TrialFailed) as caught:
        print_test(ZebraPrinter(Wire(printer), silence=0.0), dpi=dpi, text="TEST000042")

    assert caught.value.reason == reason
    assert printer.labels.after(0) == []


def test_a_scan_is_heard_and_sounds_accepted():
    wire = Wire(said=[b"]d1TEST0", b"00042\r"])

    scan = hear_scan(wire, ScannerModel.HONEYWELL)

    assert (scan.text, scan.symbology) == ("TEST000042", "]d1")
    assert wire.heard == [Tone.ACCEPTED]


def test_noise_is_no_scan_and_silence_ends_the_wait():
    wire = Wire(said=[b"\xff\xfe\r"])
    with pytest.raises(TrialFailed, match=r"no-scan: .*ff fe"):
        hear_scan(wire, ScannerModel.HONEYWELL)
    assert wire.heard == [Tone.REFUSED]
    with pytest.raises(TrialFailed, match="nothing-scanned"):
        hear_scan(Wire(), ScannerModel.HONEYWELL, within=0.0)


def test_a_key_is_written_whole_for_its_owner_alone(tmp_path):
    path = tmp_path / "bench.key"
    write_key(path, "old")
    write_key(path, "new")

    assert read_key(path) == "new"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]
