# SPDX-License-Identifier: Apache-2.0
"""A day of eight hours at three benches, compressed: is every scan judged and every label told?

Three bench agents, a server and virtual scanners and printers run as processes; six stations are
worked by people who know only what they hear, see on the page and hold in the hand. They receive,
verify labels, grind, extract, store and hand over, and make mistakes; devices, agents and server
break at random, by the seed. In the evening everything sent by a scanner and everything that came
out of a printer is compared with what is on record. Run on purpose; CI runs a small share.

    python tests/simulation/bench_day.py [--seed 1] [--scans 3000] [--labels 600]
        [--database URL --owner URL | --postgres] [--keep FOLDER]

The last line is one JSON object; the exit status is 1 unless it says "ok".
"""

import argparse
import contextlib
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from instruments.virtual.control import Fault
from lims.core.scans import StationKind
from lims.people.models import StationAgent
from lims.printing.models import LabelInstance
from lims.printing.rules import PENDING, LabelState
from tests.simulation.bench_day_account import Account, settle_account
from tests.simulation.bench_day_faults import Gremlin, Rival
from tests.simulation.bench_day_laboratory import (
    BENCHES,
    Agent,
    Devices,
    Laboratory,
    Server,
    found_day,
    write_config,
)
from tests.simulation.bench_day_notes import Tally
from tests.simulation.bench_day_people import Post
from tests.simulation.bench_day_rooms import Store, Wet
from tests.simulation.bench_day_work import Bench, Front, Things
from tests.simulation.own_postgres import own_database

CROWD = {"front": Front, "wet": Wet, "store": Store}
LONGEST = 3000.0
EVENING = 120.0


def samples_for(labels: int) -> int:
    """Return how many samples wait for their label in the morning."""
    return max(8, labels * 2 // 5)


class Day:
    """A running day."""

    def __init__(self, lab: Laboratory, *, scans: int, labels: int, seed: int) -> None:
        self.lab, self.seed = lab, seed
        self.tally = Tally(scans, labels)
        folder = lab.settings.folder
        rng = random.Random(seed)  # noqa: S311  # repeatable
        codes = [lab.cast.stations[kind] for kinds in BENCHES.values() for kind in kinds]
        self.devices = Devices(folder, codes, print_seconds=0.05)
        self.server = Server(folder)
        wrong = rng.choice(list(BENCHES))
        off = {wrong: rng.choice((-1, 1)) * 86_400.0}
        throttled = rng.choice(list(BENCHES))
        self.agents = {
            name: Agent(
                write_config(
                    lab, name, kinds, server=self.server.address, devices=folder,
                    flow="xonxoff" if name == throttled else "none",
                ),
                folder / f"agent-{name}.log", clock_off=off.get(name, 0.0),
            )
            for name, kinds in BENCHES.items()
        }  # fmt: skip
        self.rivals = {name: self._rival(name) for name in BENCHES}
        self.posts: dict[StationKind, Post] = {}
        self._rng = rng

    def _rival(self, name: str) -> Rival:
        folder = self.lab.settings.folder / f"rival-{name}"
        folder.mkdir()
        config = write_config(
            self.lab, f"rival-{name}", BENCHES[name], server=self.server.address, devices=folder
        )
        codes = [self.lab.cast.stations[kind] for kind in BENCHES[name]]
        return Rival(
            Agent(config, folder / "agent.log"), Devices(folder, codes, print_seconds=0.05)
        )

    def begin(self) -> None:
        """Start everything and wait until all stations' devices are ready."""
        for one in (self.devices, self.server):
            one.start()
        self.devices.bench.wait_until_ready(seconds=60)
        self.server.wait()
        for agent in self.agents.values():
            agent.start()
        for kind in (kind for kinds in BENCHES.values() for kind in kinds):
            self.posts[kind] = Post(
                self.lab, kind, self.devices.bench, self.server.address, self.tally
            )
        self.before = {post.code: post.odometer() for post in self.posts.values()}

    def work(self, *, short: bool) -> list[Gremlin]:
        """Work until enough was done; raises what broke a bench. A `short` day breaks quickly."""
        stop, evening = threading.Event(), threading.Event()
        things = Things()
        everywhere = tuple(self.posts.values())
        benches: list[Bench] = [
            CROWD[name](
                self.lab, {kind: self.posts[kind] for kind in kinds}, everywhere, things,
                self.tally, random.Random(self._rng.random()), stop, self.server.address,  # noqa: S311
            )
            for name, kinds in BENCHES.items()
        ]  # fmt: skip
        gremlins = [
            Gremlin(
                name, tuple(self.posts[kind] for kind in kinds), self.agents[name], self.server,
                self.tally, random.Random(self._rng.random()), evening, short,  # noqa: S311
                self.rivals[name],
            )
            for name, kinds in BENCHES.items()
        ]  # fmt: skip
        for thread in [*benches, *gremlins]:
            thread.start()
        ends = time.monotonic() + LONGEST
        told = 0.0
        while any(one.is_alive() for one in benches):
            if time.monotonic() - told > 10:
                told = time.monotonic()
                _tell(f"{self.tally.scans} scans, {self.tally.papers} labels")
            if time.monotonic() > ends or any(one.failed for one in gremlins):
                stop.set()
                break
            time.sleep(0.1)
        evening.set()
        for gremlin in gremlins:
            gremlin.join()
        for one in [*benches, *gremlins]:
            if one.failed is not None:
                raise one.failed
        if not self.tally.enough:
            raise RuntimeError("the day is too long")
        return gremlins

    def close_up(self) -> None:
        """Mend everything and see every label through, as the pages ask for."""
        if not self.server.alive:
            self.server.start()
            self.server.wait()
        for post in self.posts.values():
            post.break_printer(Fault.NONE)
            post.break_scanner(Fault.NONE)
        ends = time.monotonic() + EVENING
        while time.monotonic() < ends:
            for post in self.posts.values():
                if not post.here:
                    post.work_as("salma")
                post.take_paper()
                for code in list(post.papers):
                    post.scan_back(code)
                for code in post.waiting_labels():
                    post.settle(code)
            if self._settled():
                return
            time.sleep(0.3)

    def _settled(self) -> bool:
        """Return whether no label is on its way and nothing waits in a journal."""
        database = self.lab.open()
        with database.reading() as session:
            pending = session.scalar(
                select(func.count())
                .select_from(LabelInstance)
                .where(LabelInstance.state.in_(PENDING))
            )
            live = select(LabelInstance.code).where(LabelInstance.state == LabelState.ACTIVE)
            without = session.scalar(
                select(func.count())
                .select_from(LabelInstance)
                .where(LabelInstance.code.not_in(live))
            )
            waiting = [
                one.scans_stored + one.outcomes_stored + one.labels_held
                for one in session.scalars(select(StationAgent))
            ]
        database.close()
        return not pending and not without and not any(waiting)

    def end(self) -> None:
        """End every process, the agents as they are asked to."""
        for post in self.posts.values():
            post.odometer_at_end = post.odometer()
            post.close()
        for agent in self.agents.values():
            agent.send(signal.SIGTERM)
        for agent in self.agents.values():
            agent.end(signal.SIGTERM, seconds=60)
        self.kill()

    def kill(self) -> None:
        """End every process that is left, at once."""
        rivals = [part for one in self.rivals.values() for part in (one.agent, one.devices)]
        for one in (*rivals, *self.agents.values(), self.server, self.devices):
            one.end()


def simulate(
    folder: Path, *, scans: int, labels: int, seed: int, short: bool = False, url: str = "",
    owner: str = "",
) -> dict[str, object]:  # fmt: skip
    """Run a day in an empty folder and return its account.

    In a `short` day only that breaks which is mended in a moment.
    """
    began = time.monotonic()
    lab = found_day(folder, samples=samples_for(labels), url=url, owner=owner)
    day = Day(lab, scans=scans, labels=labels, seed=seed)
    _tell(f"founded in {time.monotonic() - began:.1f} s")
    try:
        day.begin()
        gremlins = day.work(short=short)
        _tell(f"evening after {time.monotonic() - began:.1f} s")
        day.close_up()
        day.end()
        account = settle_account(
            lab, list(day.posts.values()), day.before,
            [agent.journal for agent in day.agents.values()],
            [one.devices.folder for one in day.rivals.values()], day.tally.thrown,
        )  # fmt: skip
    finally:
        day.kill()
    untold = [one for gremlin in gremlins for one in gremlin.untold]
    return _result(account, day, untold) | {
        "seed": seed, "seconds": round(time.monotonic() - began, 1),
        "load": round(os.getloadavg()[0], 1), "cpu_seconds": round(_cpu(), 1),
    }  # fmt: skip


def _result(account: Account, day: Day, untold: list[str]) -> dict[str, object]:
    for words in (*account.wrong_scans, *account.unexplained, *untold, *day.tally.surprises):
        _tell(words)
    return {
        "ok": account.ok and not untold and not day.tally.surprises,
        "scans": account.scans,
        "judged": account.judged,
        "labels": account.labels,
        "objects": account.objects,
        "live": account.live,
        "decoded": account.decoded,
        "unexplained": len(account.unexplained),
        "wrong_scans": len(account.wrong_scans),
        "untold": len(untold),
        "unexpected_answers": len(day.tally.surprises),
        "did": dict(sorted(day.tally.did.items())),
    } | account.more


def _cpu() -> float:
    """Return how many seconds of a core the processes of the day took."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    """Found a laboratory, let the day pass, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scans", type=int, default=3000)
    parser.add_argument("--labels", type=int, default=600)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database, as lims_app")
    parser.add_argument("--owner", default="", help="the same as its owner")
    parser.add_argument("--postgres", action="store_true", help="run a server of its own")
    parser.add_argument("--json", action="store_true", help="say nothing but the last line")
    parser.add_argument("--keep", type=Path, help="an empty folder, kept for a look afterwards")
    asked = parser.parse_args()
    with ExitStack() as stack:
        place = asked.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="osteon-day-"))
        )
        place.mkdir(parents=True, exist_ok=True)
        url, owner = asked.database, asked.owner
        if asked.postgres:
            server = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osteon-pg-")))
            url, owner = stack.enter_context(own_database(server))
        if asked.json:
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        result = simulate(
            place, scans=asked.scans, labels=asked.labels, seed=asked.seed, url=url, owner=owner
        )
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
