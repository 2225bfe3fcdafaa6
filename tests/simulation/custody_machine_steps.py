# SPDX-License-Identifier: Apache-2.0
"""What every act of the custody machine has in common: who, when, how it is sent, what follows."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import Refusal
from lims.core.scans import StationKind
from lims.custody.models import Hold
from tests.simulation.custody_machine_checks import check
from tests.simulation.custody_machine_model import Model, Thing
from tests.simulation.custody_machine_world import Act, World

how = st.tuples(
    st.sampled_from(["once"] * 8 + ["twice", "crash", "restart"]),
    st.sampled_from([1, 0, 7, 600, -5, -30]),
)
"""How an act is sent, and by how many seconds the clock went on (or back) before it."""
picks = st.integers(0, 30)
who = st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
"""0 is whoever holds the thing, if it is a person."""
How = tuple[str, int]
EVERY = "BRAX"
"""The kinds that are tracked from their creation."""


class Steps(RuleBasedStateMachine):
    """The world, what is believed of it, and one way for every act."""

    def __init__(
        self, open_world: Callable[[], AbstractContextManager[World]], tried: Counter[str]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._opened = open_world()
        self.world = self._opened.__enter__()
        self.model = Model()
        self.tried = tried
        self.changed = False
        cast = self.world.cast
        self.technicians = (cast.technician, cast.first_reader, cast.second_reader)
        self.people = (*self.technicians, cast.manager, cast.quality, cast.coordinator)
        self._by_id = {one.id: one for one in self.people}

    def teardown(self) -> None:
        """Close the world."""
        self._opened.__exit__(None, None, None)

    @invariant()
    def all_holds(self) -> None:
        """Hold everything against everything, after each act."""
        if self.changed:
            check(self.world, self.model)
            self.changed = False

    def station(self, kind: StationKind) -> str:
        """Return the code of a station."""
        return self.world.cast.stations[kind]

    def pick(self, number: int, kinds: str, *, wants: Callable[[Thing], bool]) -> Thing | None:
        """Return a thing of these kinds: one that is wanted, four times of five; None if none."""
        every = [one for one in self.model.things.values() if one.kind in kinds]
        wanted = [one for one in every if wants(one)]
        among = every if number % 5 == 4 or not wanted else wanted
        return among[number % len(among)] if among else None

    def actor(self, number: int, thing: Thing) -> Actor:
        """Return somebody: whoever holds the thing, or any other."""
        if number == 0:
            return self._by_id.get(thing.holder, self.technicians[0])
        return self.people[number - 1]

    def worker(self, number: int, thing: Thing) -> Actor:
        """Return a technician: whoever holds the thing, or any other."""
        by = self.actor(number, thing)
        return by if by in self.technicians else self.technicians[number % 3]

    def attempt(
        self, name: str, act: Act, by: Actor, how: How, *, allowed: bool
    ) -> dict[str, object] | None:
        """Try an act; it must be done or refused as the model says. None where it was refused."""
        sent, seconds = how
        self.world.tick(seconds)
        self.changed = True
        if sent == "restart":
            self.world.restart()
        if sent == "crash":
            try:
                self.world.crash(act, by)
            except Refusal as refused:
                if allowed:
                    raise AssertionError(f"{name}: {refused.name}: {refused.say}") from refused
            check(self.world, self.model)
        try:
            answer = self.world.do(name, act, by, twice=sent == "twice")
        except Refusal as refused:
            if allowed:
                raise AssertionError(f"{name}: {refused.name}: {refused.say}") from refused
            self.tried[f"{name} refused"] += 1
            return None
        assert allowed, f"{name} was done, and must be refused"
        self.tried[name] += 1
        return answer


def codes(answer: dict[str, object], name: str) -> Iterable[str]:
    """Return the codes in an answer."""
    found = answer[name]
    assert isinstance(found, list)
    return [str(one) for one in found]


def newest_hold(session: Session, code: str) -> int:
    """Return the number of the hold that was set last."""
    found = session.scalar(select(Hold.id).where(Hold.code == code).order_by(Hold.id.desc()))
    assert found is not None
    return found
