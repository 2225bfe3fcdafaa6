# SPDX-License-Identifier: Apache-2.0
"""Acts of custody in any order, by anybody: does the laboratory always say who holds what?

A state machine draws acts (code, accept, divide, extract, dilute, store, hand over, lose, find,
destroy, withdraw, and more), lets the right and the wrong people try them, ends the program in the
middle, starts it again, sends acts twice. A few lines in Python say what must come of it; after
every act the tables, the ledger and the gap analysis are held against them. CI runs a few examples.

    python tests/simulation/custody_machine.py [--examples 200] [--steps 60] [--seed 1]
        [--shortest] [--database URL --owner URL]

The last line is one JSON object; the exit status is 0 if it says "ok".
"""

import argparse
import json
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from lims.core.settings import Settings
from lims.samples.rules import Consumption, Material
from tests.simulation.custody_machine_ends import Ends
from tests.simulation.custody_machine_hands import Hands
from tests.simulation.custody_machine_steps import How
from tests.simulation.custody_machine_work import Work
from tests.simulation.custody_machine_world import World, opened
from tests.simulation.laboratory import found

Open = Callable[[], AbstractContextManager[World]]


class Custody(Work, Hands, Ends):
    """All acts: work on things, passing them from hand to hand, ending them."""

    @initialize()
    def begin(self) -> None:
        """Begin with something of everything: there is enough to do with it."""
        plain: How = ("once", 1)
        for rule_of_last in (Consumption.FREE, Consumption.ASK):
            self.code_a_bone(20, rule_of_last, plain)
        self.code_a_reference(Material.BLOOD_CARD, plain)
        self.code_a_reference(Material.BUCCAL_SWAB, plain)
        for technician in (1, 2, 1, 2):
            self.accept(0, technician, plain)
        for number in (0, 0, 1):
            self.grind(number, 0, 50, True, plain)
        self.punch_or_lyse(0, 0, plain)
        self.extract(0, 0, True, plain)
        self.dilute(0, 0, 10, 10, plain)
        self.store(1, 0, "", 0, plain)


Custody.TestCase.settings = settings(deadline=None)


def explore(
    open_world: Open, tried: Counter[str], *, examples: int, steps: int, number: int = 1,
    shortest: bool = False,
) -> None:  # fmt: skip
    """Run so many examples of so many acts, each in a world that `open_world` opens.

    Counts in `tried` how often each act was done and refused. Raises AssertionError for what must
    not be, with the way to it (if asked for, the shortest, which takes long). The same `number`
    draws the same acts.
    """

    def machine() -> Custody:
        return Custody(open_world, tried)

    phases = [Phase.generate, *([Phase.shrink] if shortest else [])]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        seed(number)(machine),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
            phases=phases, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@contextmanager
def _copied(template: Settings) -> Iterator[World]:
    """A world over a copy of a laboratory's database."""
    with tempfile.TemporaryDirectory(prefix="osteon-custody-") as place:
        folder = Path(place)
        shutil.copyfile(template.folder / "lims.sqlite", folder / "lims.sqlite")
        with opened(Settings(folder=folder, origin=template.origin, free_disk_mb=0)) as world:
            yield world


@contextmanager
def _shared(world: World) -> Iterator[World]:
    """The one world of a server's database, example after example."""
    yield world


def main() -> int:
    """Found a laboratory, explore, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shortest", action="store_true", help="look for the shortest way to it")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database, as lims_app")
    parser.add_argument("--owner", default="", help="the same as its owner")
    asked = parser.parse_args()
    tried: Counter[str] = Counter()
    ok = True
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="osteon-custody-"))
        laboratory = found(Path(place), samples=0, url=asked.database, owner=asked.owner)
        if asked.database:
            one = stack.enter_context(opened(laboratory.settings))
            open_world: Open = lambda: _shared(one)  # noqa: E731
        else:
            open_world = lambda: _copied(laboratory.settings)  # noqa: E731
        try:
            explore(
                open_world, tried, examples=asked.examples, steps=asked.steps, number=asked.seed,
                shortest=asked.shortest,
            )  # fmt: skip
        except AssertionError:
            traceback.print_exc()
            ok = False
    print(json.dumps({
        "ok": ok, "examples": asked.examples, "steps": asked.steps, "seed": asked.seed,
        "acts": tried.total(), "tried": dict(sorted(tried.items())),
    }))  # fmt: skip
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
