# SPDX-License-Identifier: Apache-2.0
"""The virtual scanner and printer, worked over their socket and driven over their lines."""

import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from instruments.ports import PortGone, open_port
from instruments.printers import PrinterFault, PrinterState, Proof, ZebraPrinter
from instruments.scanners import ScannerModel, SsiFrames, SsiOpcode, Tone, feedback, ssi_packet
from instruments.virtual.control import VirtualBench, VirtualBenchFault
from instruments.virtual.paper import Fault
from instruments.virtual.paths import devices_folder, printer_link, scanner_link

STATION = "T346790RK"
LABEL = b"^XA^FO10,10^FDB346790RK01^FS^PQ1^XZ"


class Devices:
    """The process of the virtual devices of one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.bench = VirtualBench(folder)
        self.process = None

    def start(self, *more):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "instruments.virtual"),
                *("--folder", str(self.folder), "--print-seconds", "0.02", *more),
            ],
            stdin=subprocess.PIPE,
        )
        self.bench.wait_until_ready(seconds=60)
        return self

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def printer(self, **more):
        port = open_port(str(printer_link(self.folder, STATION)), xonxoff=True)
        return ZebraPrinter(port, silence=0.3, print_time=1.0, **more)


@pytest.fixture
def devices(tmp_path):
    made = Devices(tmp_path).start("--station", STATION)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    made.process.stdin.close()


@pytest.fixture
def printer(devices):
    made = devices.printer()
    yield made
    made.wire.close()


def printed(printer):
    before = printer.ready_odometer()
    printer.send(LABEL)
    return printer.prove(odometer_before=before)


def test_a_scan_nobody_listens_to_says_so(devices):
    with pytest.raises(VirtualBenchFault, match="nobody-listens"):
        devices.bench.scan(STATION, "B346790RK01")


def test_a_scan_goes_over_the_line_and_its_feedback_comes_back(devices):
    with open_port(str(scanner_link(devices.folder, STATION))) as host:
        seen = []

        def serve():
            seen.append(host.read(within=60))
            host.write(feedback(ScannerModel.HONEYWELL, Tone.REFUSED), within=1)

        serving = threading.Thread(target=serve)
        serving.start()
        heard = devices.bench.scan(STATION, "B346790RK01")
        serving.join()

    assert seen == [b"]d1B346790RK01\r"]
    assert heard.tone is Tone.REFUSED
    assert heard.feedback == b"\x1b8,\x1b8,"


def test_a_scan_without_an_answer_hears_nothing(devices):
    with open_port(str(scanner_link(devices.folder, STATION))):
        heard = devices.bench.scan(STATION, "B346790RK01", wait=0.2)

    assert (heard.tone, heard.feedback) == (None, b"")


def test_an_ssi_scanner_speaks_in_packets(tmp_path):
    devices = Devices(tmp_path).start("--station", STATION, "--scanner-model", "ssi")
    with open_port(str(scanner_link(tmp_path, STATION))) as host:
        frames = SsiFrames()
        scans = []

        def serve():
            while not scans:
                scans.extend(frames.feed(host.read(within=1), at=time.monotonic()))
            host.write(frames.replies(), within=1)
            time.sleep(0.1)
            host.write(feedback(ScannerModel.SSI, Tone.ACCEPTED), within=1)

        serving = threading.Thread(target=serve)
        serving.start()
        heard = devices.bench.scan(STATION, "B346790RK01")
        serving.join()
    devices.end()

    assert [(scan.text, scan.symbology) for scan in scans] == [("B346790RK01", "]d1")]
    assert heard.tone is Tone.ACCEPTED
    assert heard.feedback.startswith(ssi_packet(SsiOpcode.ACK))


def test_a_label_is_printed_kept_and_counted(devices, printer):
    outcome = printed(printer)

    assert outcome.proof is Proof.PRINTED
    (label,) = devices.bench.labels(STATION)
    assert (label.number, label.zpl.encode()) == (1, LABEL)
    assert devices.bench.labels(STATION, after=1) == []


def test_a_format_that_only_configures_makes_no_label(devices, printer):
    printer.start_session()

    assert printer.status().state is PrinterState.READY
    assert printer.odometer() == 0


def test_the_odometer_survives_a_restart(devices, printer):
    printed(printer)
    devices.bench.fault(STATION, Fault.COUNTER_JUMP, labels=4)
    printer.wire.close()
    devices.end()

    again = Devices(devices.folder).start()
    made = again.printer()
    assert made.odometer() == 5
    assert printed(made).odometer_after == 6
    assert [label.number for label in again.bench.labels(STATION)] == [1, 6]
    made.wire.close()
    again.end()


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault.PAPER_OUT, PrinterFault.PAPER_OUT),
        (Fault.RIBBON_OUT, PrinterFault.RIBBON_OUT),
        (Fault.HEAD_OPEN, PrinterFault.HEAD_OPEN),
        (Fault.OVER_TEMPERATURE, PrinterFault.OVER_TEMPERATURE),
        (Fault.PAUSED, PrinterFault.PAUSED),
    ],
)
def test_a_fault_is_named_and_ends_when_it_is_mended(devices, printer, fault, named):
    devices.bench.fault(STATION, fault)
    broken = printer.status()
    devices.bench.fault(STATION, Fault.NONE)

    assert named in broken.faults
    assert printer.status().state is PrinterState.READY


def test_a_silent_printer_says_nothing_and_prints_nothing(devices, printer):
    devices.bench.fault(STATION, Fault.SILENT)

    assert printer.status().state is PrinterState.UNKNOWN
    printer.send(LABEL)
    time.sleep(0.1)
    assert devices.bench.labels(STATION) == []


def test_a_mute_printer_prints_and_says_nothing(devices, printer):
    before = printer.ready_odometer()
    devices.bench.fault(STATION, Fault.MUTE)
    printer.send(LABEL)

    assert printer.prove(odometer_before=before).proof is Proof.AMBIGUOUS
    assert len(devices.bench.labels(STATION)) == 1


def test_an_unplugged_printer_is_gone_and_comes_back_under_its_name(devices, printer):
    devices.bench.fault(STATION, Fault.UNPLUGGED)
    with pytest.raises(PortGone):
        printer.status()
    with pytest.raises(PortGone):
        devices.printer()
    devices.bench.fault(STATION, Fault.NONE)

    again = devices.printer()
    assert printed(again).proof is Proof.PRINTED
    again.wire.close()


def test_labels_waiting_for_paper_are_thrown_away_when_asked(devices, printer):
    devices.bench.fault(STATION, Fault.PAPER_OUT)
    printer.send(LABEL)
    assert printer.status().formats_waiting == 1
    printer.cancel_all()
    devices.bench.fault(STATION, Fault.NONE)

    assert printer.status().state is PrinterState.READY
    assert printer.odometer() == 0


def test_half_a_label_shows_as_a_partial_format(devices, printer):
    printer.send(LABEL[:15])

    assert printer.status().partial_format


def test_the_state_tells_who_listens(devices, printer):
    (state,) = devices.bench.state()

    assert (state.station, state.printer_heard, state.scanner_heard) == (STATION, True, False)
    assert state.printer == printer_link(devices.folder, STATION)


def test_stations_can_be_added_while_it_runs(devices):
    devices.bench.add("T34679CDF")
    devices.bench.add("T34679CDF")

    assert [state.station for state in devices.bench.state()] == [STATION, "T34679CDF"]
    assert scanner_link(devices.folder, "T34679CDF").is_symlink()


@pytest.mark.parametrize(
    "request_line",
    [b"nonsense\n", b"{}\n", b"[]\n", b'{"do":"scan"}\n', b'{"do":"fly","station":"T346790RK"}\n'],
)
def test_a_request_that_makes_no_sense_is_refused_and_the_rest_goes_on(devices, request_line):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(60)
        line.connect(str(devices_folder(devices.folder) / "control.sock"))
        line.sendall(request_line)
        assert b'"ok": false' in line.recv(4096)

    assert len(devices.bench.state()) == 1


def test_a_request_may_come_in_pieces(devices):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(60)
        line.connect(str(devices_folder(devices.folder) / "control.sock"))
        line.sendall(b'{"do":')
        time.sleep(0.05)
        line.sendall(b'"state"}\n')
        assert b'"ok": true' in line.recv(4096)


def test_unknown_stations_and_unsafe_names_are_refused(devices):
    with pytest.raises(VirtualBenchFault, match="unknown-station"):
        devices.bench.labels("T9")
    with pytest.raises(VirtualBenchFault, match="bad-station"):
        devices.bench.add("../T9")


def test_a_folder_with_a_long_path_works(tmp_path):
    folder = tmp_path / ("long" * 30) / ("longer" * 20)
    devices = Devices(folder).start("--station", STATION)

    assert devices.bench.state()[0].station == STATION
    devices.end()


def test_only_one_process_plays_the_devices_of_a_folder(devices):
    second = subprocess.run(
        [sys.executable, "-m", "instruments.virtual", "--folder", str(devices.folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert "already run" in second.stderr
    assert len(devices.bench.state()) == 1


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, None])
def test_it_ends_when_asked_or_left_alone_and_takes_its_links_away(devices, asked):
    if asked is None:
        devices.process.stdin.close()
    else:
        devices.process.send_signal(asked)

    assert devices.process.wait(60) == 0
    assert not scanner_link(devices.folder, STATION).is_symlink()
    with pytest.raises(VirtualBenchFault, match="not-running"):
        devices.bench.state()


def test_after_a_kill_it_starts_again_in_the_same_folder(devices):
    devices.process.kill()
    devices.process.wait()

    again = Devices(devices.folder).start()
    assert [state.station for state in again.bench.state()] == [STATION]
    again.end()
