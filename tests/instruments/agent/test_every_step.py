# SPDX-License-Identifier: Apache-2.0
"""The power goes at every single step: no label twice, no scan lost, in one process and no time."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from instruments.agent import scanning
from instruments.agent.health import Board
from instruments.agent.journal import Journal, LabelState
from instruments.agent.printing import PrinterThread
from instruments.agent.scanning import Delivery, ScannerThread
from instruments.agent.server import BenchClaimed, Server, ServerAway
from instruments.agent.settings import (
    BenchSettings,
    Flow,
    PrinterSettings,
    ScannerSettings,
)
from instruments.agent.telling import LabelFetcher, Messenger
from instruments.ports import PortGone
from instruments.printers import Language, TsplPrinter, ZebraPrinter
from instruments.scanners import ScannerModel, Tone, tone_of
from instruments.virtual.paper import PrintedLabels
from instruments.virtual.printer import VirtualPrinter
from instruments.virtual.tspl import VirtualTsplPrinter

STATION = "T346790RK"
FINAL = {"printed", "ambiguous", "lost"}


class Cut(BaseException):
    """The power is gone."""


class Power:
    """Counts the steps of a run, and ends it at one of them."""

    def __init__(self) -> None:
        self.steps = 0
        self.cut_at: int | None = None

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.cut_at:
            raise Cut


class PoweredJournal(Journal):
    """A journal whose every transaction may be the last, before it is on the disk and after."""

    power: Power | None = None

    @contextmanager
    def _writing(self):
        if self.power is not None:
            self.power.step()
        with super()._writing() as connection:
            yield connection
        if self.power is not None:
            self.power.step()


def label_of(instance: str, language: Language) -> bytes:
    """A label that tells its instance, as text or as the dots of a picture."""
    if language is Language.TSPL:
        return f"SIZE 9 mm,9 mm\r\nCLS\r\nBITMAP 1,1,11,1,0,{instance}\r\nPRINT 1,1\r\n".encode()
    return f"^XA^FO10,10^FD{instance}^FS^PQ1^XZ".encode()


class Office:
    """The server's side of labels and scans, strict as the real one, in one function."""

    def __init__(self, power: Power, language: Language = Language.ZPL) -> None:
        self.power = power
        self.language = language
        self.away = False
        self.claimed = False
        self.states: dict[str, str] = {}
        self.fences: dict[str, int] = {}
        self.told: dict[str, list[str]] = {}
        self.scans: list[dict] = []
        self.faults: list[dict] = []
        self.judge: Callable[[dict], str] = lambda _: "accepted"
        self.on_final: Callable[[], None] = lambda: None

    def queue(self, instance: str) -> None:
        self.states[instance] = "queued"
        self.fences[instance] = 0
        self.told[instance] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.power.step()
        if self.away:
            raise httpx.ConnectError("no route")
        if self.claimed:
            return httpx.Response(423, json={"error": "BenchClaimed"})
        if request.method == "GET":
            answer = httpx.Response(200, json={"jobs": self._lease("idle=1" in str(request.url))})
        else:
            answer = self._take(request.url.path, json.loads(request.content))
        self.power.step()
        return answer

    def _lease(self, idle: bool) -> list[dict]:
        jobs = []
        for instance, state in self.states.items():
            if state == "queued" or (state == "leased" and idle):
                # An instance of which bytes may have gone out is never leased again.
                assert "intent" not in self.told[instance]
                self.states[instance] = "leased"
                self.fences[instance] += 1
                content = label_of(instance, self.language)
                jobs.append(
                    {
                        "instance": instance,
                        "fence": self.fences[instance],
                        "language": self.language.value,
                        self.language.value: base64.b64encode(content).decode(),
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "dpi": 300,
                        "hold_seconds": 7200,
                    }
                )
        return jobs

    def _take(self, path: str, body: dict) -> httpx.Response:
        if path.endswith("/heartbeat"):
            return httpx.Response(200, json={})
        if path.endswith("/scans"):
            known = {scan["scan_id"] for scan in self.scans}
            if body["scan_id"] not in known:
                self.scans.append(body)
            return httpx.Response(201, json={"tone": self.judge(body)})
        if path.endswith("/faults"):
            if body["fault_id"] not in {fault["fault_id"] for fault in self.faults}:
                self.faults.append(body)
            return httpx.Response(201, json={})
        instance = path.split("/")[-2]
        state, outcome = self.states[instance], body["outcome"]
        follows = {
            "intent": {"leased"}, "sent": {"intent"}, "printed": {"intent", "sent", "ambiguous"},
            "ambiguous": {"intent", "sent"}, "lost": {"intent", "sent", "ambiguous"},
            "failed_safe": {"leased"},
        }[outcome]  # fmt: skip
        if body["fence"] != self.fences[instance]:
            return httpx.Response(409, json={})
        if state != outcome:
            if state not in follows:
                return httpx.Response(409, json={})
            self.states[instance] = "queued" if outcome == "failed_safe" else outcome
            self.told[instance].append(outcome)
        if set(self.states.values()) <= FINAL:
            self.on_final()
        return httpx.Response(200, json={})


class Line:
    """The printer's line: every write may be the last, and the plug may come out after n bytes."""

    def __init__(self, printer: VirtualPrinter | VirtualTsplPrinter, power: Power) -> None:
        self.printer = printer
        self.power = power
        self.left: int | None = None
        self.only: bytes = b""
        self._answers = bytearray()

    def write(self, payload: bytes, *, within: float) -> None:
        self.power.step()
        if self.left is not None and payload.startswith(self.only):
            self.printer.take(payload[: self.left], at=0.0)
            self.left = None
            raise PortGone("line", "unplugged")
        self._answers += self.printer.take(payload, at=0.0)
        self.power.step()

    def read(self, *, within: float, most: int = 4096) -> bytes:
        chunk = bytes(self._answers[:most])
        del self._answers[:most]
        return chunk

    def discard_input(self) -> None:
        self._answers.clear()


class ToldAtOnce(Messenger):
    """Tells in the thread of whoever has something to tell."""

    def nudge(self) -> None:
        try:
            while self.tell_next():
                continue
        except ServerAway:
            return


class World:
    """A bench, its printer and its server, that go on after each loss of power."""

    def __init__(self, folder: Path, language: Language = Language.ZPL) -> None:
        self.folder = folder
        self.power = Power()
        self.office = Office(self.power, language)
        self.paper = PrintedLabels(folder / "printed", language=language)
        tspl = language is Language.TSPL
        self.driver = TsplPrinter if tspl else ZebraPrinter
        self.virtual = (VirtualTsplPrinter if tspl else VirtualPrinter)(self.paper, seconds=0.0)
        self.settings = PrinterSettings("line", 300, 9600, Flow.NONE, language)
        self.line = Line(self.virtual, self.power)
        self.now = datetime(2026, 3, 14, 9, tzinfo=UTC)
        self.ticked = 0.0
        self.journal: PoweredJournal | None = None

    def clock(self) -> str:
        return self.now.isoformat()

    def ticks(self) -> float:
        self.ticked += 6.0
        return self.ticked

    def start(self) -> None:
        """Switch on: the journal of before, everything else new."""
        if self.journal is not None:
            self.journal.close()
        self.journal = PoweredJournal(self.folder / "bench.journal")
        self.journal.power = self.power
        self.stop = threading.Event()
        self.office.on_final = self.stop.set
        settings = BenchSettings("http://127.0.0.1", None, self.folder, ())
        self.server = Server(
            settings,
            key="key",
            agent=self.journal.agent,
            clock=self.clock,
            ticks=self.ticks,
            transport=httpx.MockTransport(self.office.answer),
        )
        self.messenger = ToldAtOnce(self.journal, {STATION: self.server}, self.stop)
        self.fetcher = LabelFetcher(
            STATION, self.settings, journal=self.journal, server=self.server, stop=self.stop
        )
        self.printing = PrinterThread(
            STATION,
            self.settings,
            journal=self.journal,
            server=self.server,
            messenger=self.messenger,
            fetcher=self.fetcher,
            board=Board(),
            stop=self.stop,
        )

    def fetch(self) -> None:
        for job in self.fetcher.fetch():
            self.fetcher.jobs.put(job)

    def work(self) -> None:
        """From switching on until every label has its final word."""
        self.printing.give_back_leases()
        self.messenger.nudge()
        self.fetch()
        try:
            if not set(self.office.states.values()) <= FINAL:
                self.printing.serve(self.driver(self.line, silence=0.0, print_time=0.2))
        except PortGone:
            self.messenger.nudge()
            self.work()

    def came_out(self) -> list[str]:
        return [
            label.zpl.split("^FD")[1].split("^FS")[0] if label.zpl else label.tspl[-24:-13].decode()
            for label in self.paper.after(0)
        ]

    def close(self) -> None:
        self.server.close()
        self.journal.close()


@pytest.fixture
def world(tmp_path):
    made = []

    def build(name="world", language=Language.ZPL):
        folder = tmp_path / name
        folder.mkdir()
        made.append(World(folder, language))
        return made[-1]

    yield build
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("printer_too", "language", "stride"),
    [
        (False, Language.ZPL, 1),
        (True, Language.ZPL, 1),
        # The steps are the agent's; what a TSPL printer does with half a label is seen in a few.
        (True, Language.TSPL, 4),
    ],
    ids=["computer", "computer-and-printer", "computer-and-tspl-printer"],
)
def test_killed_at_every_step_no_label_comes_out_twice_and_each_has_its_word(
    world, printer_too, language, stride
):
    whole = world("whole", language)
    whole.office.queue("B346790RK01")
    whole.start()
    whole.work()
    assert whole.office.told["B346790RK01"] == ["intent", "sent", "printed"]
    steps = whole.power.steps
    assert steps > 30

    words = set()
    for step in range(1, steps + 1, stride):
        one = world(f"cut-{step}", language)
        one.office.queue("B346790RK01")
        one.start()
        one.power.cut_at = one.power.steps + step
        with pytest.raises(Cut):
            one.work()
        if printer_too:
            one.virtual.forget()
        one.start()
        one.work()

        told, out = one.office.told["B346790RK01"], one.came_out()
        words.add(told[-1])
        assert len(out) <= 1, step
        assert told[-1] in FINAL, step
        assert (told[-1], len(out)) not in {("lost", 1), ("printed", 0)}, (step, told, out)
        assert one.journal.next_outcome() is None
    # Of some steps alone none may be the one before the label's first byte.
    assert words == {"printed", "lost"} if stride == 1 else "printed" in words


@pytest.mark.parametrize(("language", "stride"), [(Language.ZPL, 1), (Language.TSPL, 12)])
def test_unplugged_after_every_byte_of_a_label_it_is_never_sent_again(world, language, stride):
    label = label_of("B346790RK01", language)
    for count in range(0, len(label) + 1, stride):
        one = world(f"after-{count}", language)
        one.office.queue("B346790RK01")
        one.start()
        one.line.left, one.line.only = count, label[:6]
        one.work()

        assert one.office.told["B346790RK01"] == ["intent", "ambiguous"]
        assert len(one.came_out()) == (count == len(label))


def test_a_block_of_labels_is_printed_while_the_server_is_away_and_told_in_order(world):
    one = world()
    instances = [f"B346790{number:02}01" for number in range(20)]
    for instance in instances:
        one.office.queue(instance)
    one.start()
    one.fetch()
    one.office.away = True

    worker = threading.Thread(target=one.printing.serve, args=(ZebraPrinter(one.line, silence=0),))
    worker.start()
    wait_until(lambda: len(one.came_out()) == 20)
    one.office.away = False
    wait_until(lambda: one.journal.next_outcome() is None, act=one.messenger.nudge)
    worker.join(60)

    assert one.came_out() == instances
    assert set(map(tuple, one.office.told.values())) == {("intent", "sent", "printed")}


def test_a_lease_that_ended_while_the_server_was_away_prints_nothing(world):
    one = world()
    one.office.queue("B346790RK01")
    one.start()
    one.fetch()
    one.office.away = True
    one.ticked += 7200

    worker = threading.Thread(target=one.printing.serve, args=(ZebraPrinter(one.line, silence=0),))
    worker.start()
    wait_until(lambda: one.journal.unfinished_labels(STATION) == [])
    one.stop.set()
    worker.join(60)

    assert one.came_out() == []
    one.office.away = False
    one.messenger.nudge()
    assert one.office.told["B346790RK01"] == ["failed_safe"]


def test_an_agent_whose_bench_is_anothers_prints_nothing_of_what_it_holds(world):
    one = world()
    one.office.queue("B346790RK01")
    one.start()
    one.fetch()
    one.office.claimed = True

    worker = threading.Thread(target=one.printing.serve, args=(ZebraPrinter(one.line, silence=0),))
    worker.start()
    wait_until(lambda: one.journal.unfinished_labels(STATION) == [])
    one.stop.set()
    worker.join(60)

    assert one.came_out() == []
    assert one.server.claimed.is_set()
    waiting = one.journal.next_outcome()
    assert (waiting.outcome, waiting.detail) == (LabelState.FAILED_SAFE, "no-leave:bench-claimed")


def wait_until(true, *, seconds=60.0, act=lambda: None):
    gate = threading.Event()
    for _ in range(int(seconds / 0.02)):
        act()
        if true():
            return
        gate.wait(0.02)
    raise AssertionError("it did not come true in time")


class Scanner:
    """A scanner's line: says what it is given, hears the tones, and is then unplugged."""

    def __init__(self, chunks: list[bytes], power: Power) -> None:
        self.chunks = chunks
        self.power = power
        self.heard: list[Tone | None] = []

    def read(self, *, within: float, most: int = 4096) -> bytes:
        if not self.chunks:
            raise PortGone("scanner", "unplugged")
        return self.chunks.pop(0)

    def write(self, payload: bytes, *, within: float) -> None:
        self.power.step()
        self.heard.append(tone_of(ScannerModel.HONEYWELL, payload))

    def discard_input(self) -> None:
        """Nothing is thrown away here."""


class ScanBench:
    """The scanner's half of the world; nobody judges until `deliver` is called."""

    def __init__(self, one: World) -> None:
        self.world = one
        self.delivery = Delivery(STATION, one.journal, one.server, one.stop)
        self.thread = ScannerThread(
            STATION,
            ScannerSettings("scanner", ScannerModel.HONEYWELL, 9600),
            journal=one.journal,
            delivery=self.delivery,
            board=Board(),
            stop=one.stop,
            clock=one.clock,
        )

    def scan(self, *chunks: bytes) -> list[Tone | None]:
        line = Scanner(list(chunks), self.world.power)
        with pytest.raises(PortGone):
            self.thread.serve(line)
        return line.heard

    def deliver(self) -> None:
        while self.delivery.judge_next():
            continue


@pytest.fixture
def no_patience(monkeypatch):
    """The server never answers in time for a tone."""
    monkeypatch.setattr(scanning, "TONE_BUDGET", 0.0)


def test_killed_at_every_step_of_a_scan_each_acknowledged_one_is_judged_once_in_order(
    world, no_patience
):
    frames = [b"]d1B346790RK01\r", b"]d1B346790RK02\r", b"]d1B346790RK03\r"]
    whole = world("whole")
    whole.start()
    bench = ScanBench(whole)
    first = whole.power.steps
    bench.scan(*frames)
    bench.deliver()
    steps = whole.power.steps - first
    assert len(whole.office.scans) == 3
    assert steps > 15

    for step in range(1, steps + 1):
        one = world(f"cut-{step}")
        one.start()
        bench = ScanBench(one)
        one.power.cut_at = one.power.steps + step
        line = Scanner(list(frames), one.power)
        with pytest.raises((Cut, PortGone)) as ended:
            bench.thread.serve(line)
        if ended.type is PortGone:
            with pytest.raises(Cut):
                bench.deliver()
        one.start()
        ScanBench(one).deliver()

        texts = [scan["text"] for scan in one.office.scans]
        assert texts == sorted(texts), step
        assert len(set(texts)) == len(texts), step
        acknowledged = [f"B346790RK0{number + 1}" for number in range(len(line.heard))]
        assert texts[: len(acknowledged)] == acknowledged, step
        assert one.journal.next_scan(STATION) is None


def test_a_scanner_unplugged_after_every_byte_gives_a_whole_scan_or_a_told_fault(
    world, no_patience
):
    frame = b"]d1B346790RK01\r"
    for count in range(len(frame) + 1):
        one = world(f"after-{count}")
        one.start()
        bench = ScanBench(one)
        bench.scan(*([frame[:count]] if count else []))
        bench.deliver()

        assert [scan["text"] for scan in one.office.scans] == (
            ["B346790RK01"] if count == len(frame) else []
        )
        told = [bytes.fromhex(fault["raw"]) for fault in one.office.faults]
        assert told == ([] if count in (0, len(frame)) else [frame[:count]])


def test_an_hour_without_the_server_keeps_every_scan_in_order_and_tells_the_bad_one_once(
    world, no_patience
):
    one = world()
    one.start()
    bench = ScanBench(one)
    one.office.away = True
    began = one.now
    for minute in range(60):
        one.now = began + timedelta(minutes=minute)
        assert bench.scan(b"]d1B3467%02d0K01\r" % minute) == [Tone.STORED]
        with pytest.raises(ServerAway):
            bench.deliver()
    assert one.journal.waiting(STATION).scans == 60
    assert bench.scan(b"", b"") == []

    one.now = began + timedelta(hours=1)
    one.office.away = False
    one.office.judge = lambda scan: "refused" if scan["seq"] == 7 else "stored"
    bench.deliver()

    assert [scan["text"] for scan in one.office.scans] == [f"B3467{n:02}0K01" for n in range(60)]
    held = [
        datetime.fromisoformat(scan["sent_at"]) - datetime.fromisoformat(scan["device_time"])
        for scan in one.office.scans
    ]
    assert held == [timedelta(minutes=60 - minute) for minute in range(60)]
    # The first quiet moment tells once that one of the sixty was refused.
    assert bench.scan(b"", b"") == [Tone.REFUSED]


def test_an_hour_in_which_all_went_well_is_followed_by_silence_not_by_a_false_acceptance(
    world, no_patience
):
    one = world()
    one.start()
    bench = ScanBench(one)
    one.office.away = True
    bench.scan(b"]d1B346790RK01\r")
    one.office.away = False
    one.office.judge = lambda _: "stored"
    bench.deliver()

    assert bench.scan(b"", b"") == []


def test_a_second_agent_keeps_no_scan_and_says_refused(world, no_patience):
    one = world()
    one.start()
    bench = ScanBench(one)
    one.office.claimed = True
    with pytest.raises(BenchClaimed):
        one.server.heartbeat({}, {})

    assert bench.scan(b"]d1B346790RK01\r") == [Tone.REFUSED]
    assert one.journal.waiting(STATION).scans == 0

    one.office.claimed = False
    one.server.heartbeat({STATION: []}, {})
    assert bench.scan(b"]d1B346790RK01\r") == [Tone.STORED]
