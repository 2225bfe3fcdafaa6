# SPDX-License-Identifier: Apache-2.0
"""What breaks in the simulated day, and whoever mends it once the page has told them."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from instruments.virtual.control import Fault, Tone, VirtualBenchFault
from tests.simulation.bench_day_laboratory import Agent, Devices, Server
from tests.simulation.bench_day_notes import Tally
from tests.simulation.bench_day_people import Post

TELL_SECONDS = 60.0
"""So long may a fault of a device that stays last before the page shows it."""

_STAYING = (
    Fault.PAPER_OUT, Fault.RIBBON_OUT, Fault.HEAD_OPEN, Fault.OVER_TEMPERATURE, Fault.PAUSED,
    Fault.UNDER_TEMPERATURE, Fault.BUFFER_FULL, Fault.XOFF, Fault.LATE,
    Fault.SILENT, Fault.MUTE, Fault.GARBAGE, Fault.UNPLUGGED,
)  # fmt: skip
_server_turn = threading.Lock()
"""One fault of the server at a time."""


@dataclass
class Rival:
    """A second agent for a bench, with a scanner and a printer of its own at each station."""

    agent: Agent
    devices: Devices


class Gremlin(threading.Thread):
    """Breaks what belongs to one bench, now and then, by its seed; and mends it."""

    def __init__(
        self, name: str, posts: tuple[Post, ...], agent: Agent, server: Server, tally: Tally,
        rng: random.Random, stop: threading.Event, short: bool, rival: Rival,
    ) -> None:  # fmt: skip
        super().__init__(name=f"gremlin of {name}", daemon=True)
        self.failed: BaseException | None = None
        self.untold: list[str] = []
        self._posts, self._agent, self._server = posts, agent, server
        self._tally, self._rng, self._stop_all = tally, rng, stop
        self._short, self._rival = short, rival
        self._deck: list[Callable[[], None]] = []

    def run(self) -> None:
        """Break and mend until the day is over."""
        try:
            while not self._stop_all.wait(self._rng.uniform(0.5, 3 if self._short else 10)):
                if not self._deck:
                    self._deck = self._all()
                    self._rng.shuffle(self._deck)
                self._deck.pop()()
        except BaseException as failure:
            self.failed = failure
            self._stop_all.set()

    def _all(self) -> list[Callable[[], None]]:
        if self._short:
            return [self._jump, self._agent_killed, self._scanner_gone]
        deck: list[Callable[[], None]] = [
            self._staying(fault) for fault in self._rng.sample(_STAYING, 5)
        ]
        deck += [
            self._torn, self._unplugged_after, self._power_cycle, self._jump, self._agent_killed,
            self._agent_killed, self._agent_ended, self._scanner_gone, self._second_agent,
            self._rng.choice((self._server_killed, self._server_frozen)),
        ]  # fmt: skip
        return deck

    def _strike(self, post: Post) -> None:
        """Wait, not for ever, until this printer prints: then the next label is hit."""
        before = post.odometer()
        ends = time.monotonic() + 3.0
        while post.odometer() == before and time.monotonic() < ends:
            time.sleep(0.03)
        time.sleep(self._rng.uniform(0, 0.25))

    def _printer(self) -> Post:
        post = self._rng.choice(self._posts)
        self._strike(post)
        return post

    def _mended_when_told(self, post: Post, what: str) -> None:
        """Mend a printer once its station's page says that something is wrong with it."""
        ends = time.monotonic() + TELL_SECONDS
        while "printer ready" in post.devices_shown():
            if time.monotonic() >= ends:
                self.untold.append(f"{post.kind.value}: {what}")
                break
            time.sleep(0.1)
        time.sleep(self._rng.uniform(0, 0.5))
        post.break_printer(Fault.NONE)

    def _staying(self, fault: Fault) -> Callable[[], None]:
        def act() -> None:
            post = self._printer()
            self._tally.count(f"fault: {fault.value}")
            post.break_printer(fault)
            self._mended_when_told(post, fault.value)

        return act

    def _torn(self) -> None:
        post = self._printer()
        self._tally.count("fault: paper out in the middle of a label")
        post.break_printer(Fault.PAPER_OUT_MID_LABEL)
        time.sleep(2.0)
        post.break_printer(Fault.NONE)

    def _unplugged_after(self) -> None:
        post = self._printer()
        self._tally.count("fault: unplugged after n bytes")
        post.break_printer(Fault.UNPLUGGED_AFTER, after=self._rng.randint(1, 4000))
        ends = time.monotonic() + 3.0
        while "printer ready" in post.devices_shown() and time.monotonic() < ends:
            time.sleep(0.1)
        post.break_printer(Fault.NONE)

    def _power_cycle(self) -> None:
        post = self._printer()
        self._tally.count("fault: power cycle of the printer")
        post.break_printer(Fault.POWER_CYCLE)

    def _jump(self) -> None:
        post = self._printer()
        labels = self._rng.randint(1, 5)
        self._tally.count("fault: counter jumps")
        post.jumps += labels
        post.break_printer(Fault.COUNTER_JUMP, labels=labels)

    def _scanner_gone(self) -> None:
        post = self._rng.choice(self._posts)
        self._tally.count("fault: scanner unplugged")
        post.break_scanner(Fault.UNPLUGGED)
        time.sleep(self._rng.uniform(0.1, 1.5))
        post.break_scanner(Fault.NONE)

    def _agent_killed(self) -> None:
        if self._rng.random() < 0.7:
            self._strike(self._rng.choice(self._posts))
        self._tally.count("fault: agent killed")
        self._agent.end(signal.SIGKILL)
        time.sleep(self._rng.uniform(0, 1))
        self._agent.start()

    def _agent_ended(self) -> None:
        self._tally.count("fault: agent ended and started")
        self._agent.end(signal.SIGTERM, seconds=60)
        self._agent.start()

    def _second_agent(self) -> None:
        """Let a second agent work for this bench: it is refused, and the page says so."""
        self._tally.count("fault: a second agent")
        # A bench whose agent cannot be heard for half a minute is the other agent's by right.
        with _server_turn:
            post = self._rng.choice(self._posts)
            self._rival.devices.start()
            self._rival.agent.start()
            ends = time.monotonic() + TELL_SECONDS
            while "server fault" not in post.devices_shown() and not self._stop_all.is_set():
                if time.monotonic() >= ends:
                    self.untold.append(f"{post.kind.value}: a second agent")
                    break
                time.sleep(0.2)
            else:
                with contextlib.suppress(VirtualBenchFault):
                    heard = self._rival.devices.bench.scan(post.code, "B346790RK01", wait=2.0)
                    if heard.tone not in (None, Tone.REFUSED):
                        self.untold.append(
                            f"{post.kind.value}: the second agent sounded {heard.tone}"
                        )
            self._rival.agent.end()
            self._rival.devices.end()

    def _server_killed(self) -> None:
        with _server_turn:
            self._tally.count("fault: server killed")
            self._server.end(signal.SIGKILL)
            time.sleep(self._rng.uniform(0, 2))
            self._server.start()
            self._server.wait()
            time.sleep(2)

    def _server_frozen(self) -> None:
        with _server_turn:
            self._tally.count("fault: server does not answer")
            self._server.send(signal.SIGSTOP)
            time.sleep(self._rng.uniform(0.2, 3))
            self._server.send(signal.SIGCONT)
            time.sleep(1)
