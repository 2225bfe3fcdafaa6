# SPDX-License-Identifier: Apache-2.0
"""A server, virtual devices and an agent for the tests, each as real as can be on one machine."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from instruments.virtual.control import VirtualBench
from instruments.virtual.paths import printer_link, scanner_link

STATION = "T346790RK"
KEY = "a-key-of-the-tests"
Answer = tuple[int, object]

PATIENCE = 60.0
"""Seconds until a test that waits gives up: a busy machine is slow, and only a hang is a fault."""


def eventually(true: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait for something to become true; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


class Peer:
    """The server's bench interface, as far as an agent sees it; everything said to it is kept."""

    def __init__(self) -> None:
        self.scans: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.racks: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, Any]] = []
        self.beats: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.tone = "accepted"
        self.scan_status = 201
        self.judging = threading.Event()
        self.judging.set()
        self.fences: dict[str, int] = {}
        self.unable: set[str] = set()
        self.stale: set[str] = set()
        self.dpi = 300
        self.language = "zpl"
        self.on_outcome: Callable[[dict[str, Any]], None] = lambda _: None
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        peer = self

        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(peer.take_question(self.path))

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                self._answer(peer.take(self.path, body, self.headers["Authorization"]))

            def _answer(self, answer: Answer) -> None:
                text = json.dumps(answer[1]).encode()
                try:
                    self.send_response(answer[0])
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing on the tests' output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Exchange)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, path: str, body: dict[str, Any], key: str) -> Answer:
        if key != f"Bearer {KEY}":
            return 401, {"error": "key"}
        if self._server is None:
            return 503, {}  # a connection kept alive over our stop
        if path == "/api/bench/heartbeat":
            self.beats.append(body)
            return 200, {}
        if path == f"/api/bench/{STATION}/scans":
            self.judging.wait(PATIENCE)
            with self._lock:
                if self.scan_status == 201 and body["scan_id"] not in {
                    scan["scan_id"] for scan in self.scans
                }:
                    self.scans.append(body)
            say = {"en": "Taken.", "ar": "مقبولة"}
            return self.scan_status, {"verdict": "accepted", "say": say, "tone": self.tone}
        if path == f"/api/bench/{STATION}/racks":
            self.racks.append(body)
            return 201, {"verdict": "accepted", "tone": "accepted"}
        if path == f"/api/bench/{STATION}/faults":
            self.faults.append(body)
            return 201, {}
        if path.endswith("/outcome"):
            instance = path.split("/")[-2]
            self.outcomes.append({"instance": instance, **body})
            self.on_outcome(body)
            if body["outcome"] in self.unable:
                return 422, {}
            if body["outcome"] in self.stale:
                return 409, {}
            if self.fences.get(instance, body["fence"]) != body["fence"]:
                return 409, {}
            return 200, {}
        return 404, {}

    def take_question(self, path: str) -> Answer:
        asked = f"/api/bench/{STATION}/labels?wait=3&most=20&dpi={self.dpi}"
        if self.language != "zpl":
            asked += f"&language={self.language}"
        assert path.removesuffix("&idle=1") == asked
        deadline = time.monotonic() + 0.3
        while self._server is not None and time.monotonic() < deadline:
            with self._lock:
                if self.jobs:
                    jobs, self.jobs = self.jobs, []
                    return 200, {"jobs": jobs}
            time.sleep(0.02)
        return (200, {"jobs": []}) if self._server is not None else (503, {})

    def lease(
        self,
        instance: str,
        *,
        fence: int = 1,
        zpl: bytes = b"^XA^FO10,10^FDB346790RK01^FS^PQ1^XZ",
        sha256: str | None = None,
        dpi: int = 300,
        hold: int = 0,
    ) -> None:
        job = {
            "instance": instance,
            "fence": fence,
            "language": self.language,
            self.language: base64.b64encode(zpl).decode(),
            "sha256": sha256 or hashlib.sha256(zpl).hexdigest(),
            "dpi": dpi,
            "hold_seconds": hold,
        }
        with self._lock:
            self.jobs.append(job)

    def told(self, instance: str) -> list[str]:
        """The outcomes told of an instance, in order."""
        return [one["outcome"] for one in self.outcomes if one["instance"] == instance]

    def device(self, kind: str) -> tuple[str, str]:
        """The state and detail of a device in the last heartbeat."""
        if not self.beats:
            return ("", "")
        for station in self.beats[-1]["stations"]:
            for device in station["devices"]:
                if device["kind"] == kind:
                    return (device["state"], device["detail"])
        return ("", "")


# Whether an answer comes in the time of a tone is for the tests that keep it waiting to say; on a
# busy machine it is not for the others to fail of.
PATIENT_AGENT = (
    "import instruments.agent.scanning as scanning\n"
    "from instruments.agent.cli import main\n"
    f"scanning.TONE_BUDGET = {PATIENCE}\n"
    "main()\n"
)


class Bench:
    """One laboratory folder with virtual devices, a server and an agent that can be killed."""

    def __init__(self, folder: Path, peer: Peer) -> None:
        self.folder = folder
        self.peer = peer
        self.devices = VirtualBench(folder)
        self.config = folder / "bench.toml"
        self.scanner = scanner_link(folder, STATION)
        self.printer = printer_link(folder, STATION)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.agent: subprocess.Popen[bytes] | None = None

    def start_devices(self, *, print_seconds: float = 0.1) -> None:
        self.virtual = self._start(
            *("-m", "instruments.virtual"),
            *("--folder", str(self.folder)),
            *("--station", STATION),
            *("--print-seconds", str(print_seconds)),
            *("--printer-language", self.peer.language),
        )

    def restart_devices(self, *, print_seconds: float) -> None:
        """Switch the virtual devices off and on again, with a printer of another speed."""
        self.virtual.terminate()
        assert self.virtual.wait(PATIENCE) == 0
        eventually(lambda: self.peer.device("printer")[0] == "gone")
        self.start_devices(print_seconds=print_seconds)
        self.ready()

    def write_config(self, *, more: str = "") -> None:
        key = self.folder / "bench.key"
        key.write_text(KEY + "\n", "ascii")
        key.chmod(0o600)
        self.config.write_text(
            f'server = "{self.peer.address}"\n'
            'key_file = "bench.key"\n'
            'journal = "bench.journal"\n'
            "[[station]]\n"
            f'code = "{STATION}"\n'
            f'scanner = "{self.scanner}"\n'
            'scanner_model = "honeywell"\n'
            f'printer = "{self.printer}"\n'
            f'printer_model = "{self.peer.language}"\n'
            "dpi = 300\n" + more,
            "utf-8",
        )

    def start_agent(self, *, patient: bool = True) -> subprocess.Popen[bytes]:
        """Start the agent; one that is not patient keeps the time of a tone."""
        self.agent = self._start(
            *(("-c", PATIENT_AGENT) if patient else ("-m", "instruments.agent")),
            *("--config", str(self.config), "--ends-with-parent"),
        )
        return self.agent

    def kill_agent(self) -> None:
        assert self.agent is not None
        os.kill(self.agent.pid, signal.SIGKILL)
        self.agent.wait(PATIENCE)

    def ready(self) -> None:
        """Wait until the server has heard that both devices are ready."""
        eventually(lambda: self.peer.device("scanner")[0] == "ready")
        eventually(lambda: self.peer.device("printer")[0] == "ready")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE)
        self._processes.append(process)
        return process

    def close(self) -> None:
        """End at once; how the two end when they are asked to has tests of its own."""
        for process in self._processes:
            process.kill()
            process.wait(PATIENCE)
            if process.stdin is not None:
                process.stdin.close()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    return eventually


@pytest.fixture
def station() -> str:
    return STATION


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bench_being_set_up(tmp_path: Path, peer: Peer) -> Iterator[Bench]:
    """Virtual devices that start, and a configuration."""
    made = Bench(tmp_path, peer)
    try:
        made.start_devices()
        made.write_config()
        yield made
    finally:
        made.close()


@pytest.fixture
def bench(bench_being_set_up: Bench) -> Bench:
    """Virtual devices that run, and no agent yet."""
    bench_being_set_up.devices.wait_until_ready(seconds=PATIENCE)
    return bench_being_set_up


@pytest.fixture
def working(bench_being_set_up: Bench) -> Bench:
    """A bench whose agent runs and whose devices are ready."""
    bench_being_set_up.start_agent()
    bench_being_set_up.ready()
    return bench_being_set_up


@pytest.fixture
def tspl_bench(tmp_path: Path, peer: Peer) -> Iterator[Bench]:
    """The same with a TSPL printer."""
    peer.language = "tspl"
    made = Bench(tmp_path, peer)
    try:
        made.start_devices()
        made.write_config()
        made.start_agent()
        made.ready()
        yield made
    finally:
        made.close()
