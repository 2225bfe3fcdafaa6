# SPDX-License-Identifier: Apache-2.0
"""Kill the server at random under load, again and again: is anything lost, or done twice?

Each round starts the server, sends scans from six clients (five receive bones, one puts them into
boxes), kills it with SIGKILL at a random instant, starts it again, sends every scan without an
answer again under its own id, and some that had one. Then what is stored is compared with what was
answered, and the ledger is verified. Run on purpose; CI runs a twentieth.

    python tests/simulation/kill_server.py [--rounds 100] [--seed 1] [--database URL --owner URL]

The last line is one JSON object; the exit status is 1 unless it says "ok".
"""

import argparse
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import func, select

from lims.bench.models import ScanRecord
from lims.core.scans import StationKind
from lims.custody.models import LedgerEvent
from lims.custody.operations import create_long_term_key, read_public_key, write_public_key
from lims.custody.queries import verify_database
from tests.simulation.laboratory import Laboratory, found

RECEIVERS = 5
SAMPLES_OF_A_ROUND = 60


@dataclass
class Scan:
    """One scan: its id for ever, where, what, and the answer once there is one."""

    scan_id: str
    station: StationKind
    payload: str
    answer: dict[str, object] | None = None


@dataclass
class Load:
    """Clients that send scans until they are stopped or the server is gone."""

    laboratory: Laboratory
    address: str
    waiting: list[list[Scan]]
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start one thread a client."""
        for queue in self.waiting:
            thread = threading.Thread(target=self._send, args=(queue,))
            thread.start()
            self.threads.append(thread)

    def join(self) -> None:
        """Wait until every client has ended."""
        for thread in self.threads:
            thread.join()

    def _send(self, queue: list[Scan]) -> None:
        with httpx.Client(base_url=self.address, timeout=30) as client:
            for scan in queue:
                if self.stop.is_set():
                    return
                try:
                    scan.answer = post(client, self.laboratory, scan)
                except httpx.TransportError:
                    return


def post(client: httpx.Client, laboratory: Laboratory, scan: Scan) -> dict[str, object]:
    """Send one scan and return its answer; raises TransportError where the server is gone."""
    answer = client.post(
        f"/api/bench/{laboratory.cast.stations[scan.station]}/scans",
        json={"scan_id": scan.scan_id, "text": scan.payload, "source": "serial"},
        headers={"Authorization": f"Bearer {laboratory.keys[scan.station]}"},
    )
    if answer.status_code != 201:
        raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
    told = answer.json()
    if not isinstance(told, dict):
        raise TypeError("an answer is an object")
    return told


class Server:
    """The server as people run it, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lims", "serve", "--folder", str(folder), "--port", str(port),
             "--without-worker"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        for _ in range(600):
            try:
                httpx.get(f"{self.address}/healthz", timeout=5)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """End it as a power cut of the process would: no warning, no cleaning up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def simulate(laboratory: Laboratory, *, rounds: int, seed: int) -> dict[str, object]:
    """Run so many rounds on a laboratory with 60 waiting samples a round; return what came out."""
    rng = random.Random(seed)  # noqa: S311  # repeatable
    public = create_long_term_key(laboratory.settings.keys, origin=laboratory.settings.origin)
    write_public_key(laboratory.settings.folder / "ledger.pub", public)
    samples = iter(laboratory.samples)
    every: list[Scan] = []
    received: list[str] = []
    resent = differing = unanswered = 0
    verdicts: set[str] = set()
    server = Server(laboratory.settings.folder)
    for number in range(rounds):
        receiving = [
            Scan(f"{rng.getrandbits(128):032x}", StationKind.RECEPTION, next(samples))
            for _ in range(SAMPLES_OF_A_ROUND)
        ]
        storing = [
            Scan(f"{rng.getrandbits(128):032x}", StationKind.STORAGE, payload)
            for thing in received[-SAMPLES_OF_A_ROUND // 3 :]
            for payload in (rng.choice(laboratory.boxes), thing)
        ]
        load = Load(
            laboratory, server.address,
            [receiving[client::RECEIVERS] for client in range(RECEIVERS)] + [storing],
        )  # fmt: skip
        load.start()
        time.sleep(rng.uniform(0.02, 0.6))
        server.kill()
        load.stop.set()
        load.join()
        server = Server(laboratory.settings.folder)
        with httpx.Client(base_url=server.address, timeout=30) as client:
            for scan in receiving + storing:
                if scan.answer is None:
                    unanswered += 1
                    scan.answer = post(client, laboratory, scan)
                elif rng.random() < 0.2:
                    resent += 1
                    differing += post(client, laboratory, scan) != scan.answer
        every += receiving + storing
        received = [scan.payload for scan in receiving]
        verdict = _verdict(laboratory)
        verdicts.add(verdict)
        print(
            f"round {number + 1} of {rounds}: {len(every)} scans, ledger {verdict}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    server.kill()
    return _compare(laboratory, every) | {
        "rounds": rounds,
        "seed": seed,
        "scans": len(every),
        "sent_again_without_answer": unanswered,
        "sent_again_with_answer": resent,
        "answers_that_differ": differing,
        "ledger": sorted(verdicts),
    }


def _verdict(laboratory: Laboratory) -> str:
    database = laboratory.open()
    try:
        with database.reading() as session:
            key = read_public_key(laboratory.settings.folder / "ledger.pub")
            return verify_database(session, key, {}).verdict
    finally:
        database.close()


def _compare(laboratory: Laboratory, every: list[Scan]) -> dict[str, object]:
    database = laboratory.open()
    with database.reading() as session:
        stored = {row.scan_id: row for row in session.scalars(select(ScanRecord))}
        rows = session.scalar(select(func.count()).select_from(ScanRecord))
        acts = Counter(
            (event["stream"], event["type"])
            for event in map(json.loads, session.scalars(select(LedgerEvent.body)))
        )
    database.close()
    lost = [scan.scan_id for scan in every if scan.scan_id not in stored]
    changed = [
        scan.scan_id
        for scan in every
        if scan.scan_id in stored
        and scan.answer is not None
        and stored[scan.scan_id].verdict.value != scan.answer["verdict"]
    ]
    received = {s.payload[:9] for s in every if s.station is StationKind.RECEPTION}
    twice = [code for code in received if acts[code, "sample:item:accepted"] > 1]
    missing = [code for code in received if acts[code, "sample:item:accepted"] == 0]
    refused = Counter(str(s.answer["verdict"]) for s in every if s.answer is not None)
    return {
        "lost": len(lost) + len(missing),
        "twice": len(twice) + (rows or 0) - len(every),
        "changed": len(changed),
        "verdicts": dict(refused),
    }


def passed(result: dict[str, object]) -> bool:
    """Return whether nothing was lost, doubled or changed, and the ledger was sound each time."""
    return (
        all(result[name] == 0 for name in ("lost", "twice", "changed", "answers_that_differ"))
        and result["ledger"] == ["unsigned"]
        and result["sent_again_without_answer"] != 0
    )


def main() -> int:
    """Found a laboratory, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database, as lims_app")
    parser.add_argument("--owner", default="", help="the same as its owner")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osteon-kill-") as place:
        laboratory = found(
            Path(place), samples=asked.rounds * SAMPLES_OF_A_ROUND, url=asked.database,
            owner=asked.owner,
        )  # fmt: skip
        result = simulate(laboratory, rounds=asked.rounds, seed=asked.seed)
    ok = passed(result)
    print(json.dumps({"ok": ok} | result))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
