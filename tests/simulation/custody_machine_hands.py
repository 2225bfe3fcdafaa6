# SPDX-License-Identifier: Apache-2.0
"""Acts that pass things on: stored, handed over, lost, found, held back, given away."""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.scans import StationKind
from lims.custody.rules import GONE, MISSING, HoldReason
from lims.handovers.operations import (
    accept_handover,
    give_outside,
    open_handover,
    outside,
    refuse_handover,
    take_back,
    take_over,
    withdraw_handover,
)
from lims.handovers.rules import DESPITE_HOLDS, Difference, Purpose
from lims.quality.operations import lift
from lims.quality.rules import Decision
from lims.samples.operations import quarantine, record_found, record_missing
from lims.storage.operations import put, take
from tests.simulation.custody_machine_checks import check_then
from tests.simulation.custody_machine_model import ENDS, Listed, Thing
from tests.simulation.custody_machine_steps import (
    EVERY,
    How,
    Steps,
    how,
    newest_hold,
    picks,
    who,
)
from tests.simulation.custody_machine_world import BEGIN

COMMITMENT = "0123456789abcdef" * 4
STORES = frozenset({Role.TECHNICIAN, Role.MANAGER})


class Hands(Steps):
    """Who has things."""

    @rule(
        number=picks, box=st.integers(0, 1), position=st.sampled_from(["", "", "A1", "B3"]),
        by=who, how=how,
    )  # fmt: skip
    def store(self, number: int, box: int, position: str, by: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: not one.away)
        if thing is None:
            return
        person, place, code = self.actor(by, thing), self.world.boxes[box], thing.code
        station = self.station(StationKind.STORAGE)

        def act(session: Session, at: datetime) -> dict[str, object]:
            row = put(session, code, place, position, by=person, at=at, station=station)
            return {"position": row.position}

        here = [one for one in self.model.things.values() if one.holder == place]
        full = len(here) >= 6 if not position else any(
            one.position in (position, f"{position[0]}0{position[1]}") for one in here
        )  # fmt: skip
        allowed = not full and (
            thing.holder == person.id
            or (thing.stored and not (thing.holder == place and not position))
        )
        answer = self.attempt("store", act, person, how, allowed=allowed)
        if answer is not None:
            free = str(answer["position"])
            assert self.model.free_position(place, free), f"two things at {free}"
            thing.passes(place, place, free)

    @rule(number=picks, by=who, for_work=st.booleans(), how=how)
    def take_out(self, number: int, by: int, for_work: bool, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.stored)
        if thing is None:
            return
        person, code = self.actor(by, thing), thing.code
        station = self.station(StationKind.STORAGE)

        def act(session: Session, at: datetime) -> dict[str, object]:
            take(session, code, by=person, at=at, station=station, for_work=for_work)
            return {}

        allowed = thing.stored and (not for_work or self.model.free(thing))
        if self.attempt("take out", act, person, how, allowed=allowed) is not None:
            thing.passes(person.id, station)

    @rule(
        numbers=st.lists(picks, min_size=1, max_size=2), by=who, to=st.integers(0, 5),
        purpose=st.sampled_from(Purpose), how=how,
    )  # fmt: skip
    def hand_over(self, numbers: list[int], by: int, to: int, purpose: Purpose, how: How) -> None:
        things = self.some(numbers)
        if not things:
            return
        giver, receiver = self.actor(by, things[0]), self.people[to]
        listed, station = [one.code for one in things], self.station(StationKind.HANDOVER)

        def act(session: Session, at: datetime) -> dict[str, object]:
            row = open_handover(
                session, listed, by=giver, to=receiver, purpose=purpose, at=at, station=station
            )
            return {"number": row.id}

        allowed = giver.id != receiver.id and self.givable(things, giver, purpose)
        answer = self.attempt("open a hand-over", act, giver, how, allowed=allowed)
        if answer is None:
            return
        opened = Listed(
            int(str(answer["number"])), giver, receiver, purpose in DESPITE_HOLDS, tuple(listed)
        )
        self.model.open[opened.number] = opened
        for thing in things:
            thing.waits = opened.number
            if thing.stored:
                thing.passes(giver.id, station)

    @precondition(lambda self: self.model.open)
    @rule(
        number=picks, answer=st.sampled_from(["accept", "accept", "refuse", "withdraw"]),
        by=st.sampled_from([0, 0, 0, 1, 2, 3]), differs=st.sampled_from([None, None, *Difference]),
        how=how,
    )  # fmt: skip
    def answer(
        self, number: int, answer: str, by: int, differs: Difference | None, how: How
    ) -> None:
        listed = list(self.model.open.values())[number % len(self.model.open)]
        should = listed.giver if answer == "withdraw" else listed.receiver
        person = should if by == 0 else self.people[by - 1]
        station = self.station(StationKind.HANDOVER)
        kept = {listed.things[0]: differs} if differs and answer == "accept" else {}

        def act(session: Session, at: datetime) -> dict[str, object]:
            if answer == "accept":
                accept_handover(
                    session, listed.number, by=person, at=at, station=station, differences=kept
                )
            elif answer == "refuse":
                refuse_handover(session, listed.number, by=person, at=at, reason="no")
            else:
                withdraw_handover(session, listed.number, by=person, at=at, reason="no")
            return {"holds": {code: newest_hold(session, code) for code in kept}}

        passing = [self.model.things[code] for code in listed.things if code not in kept]
        allowed = person.id == should.id and (
            answer != "accept"
            or all(
                one.holder == listed.giver.id and (listed.despite_holds or self.model.free(one))
                for one in passing
            )
        )
        told = self.attempt(f"{answer} a hand-over", act, person, how, allowed=allowed)
        if told is None:
            return
        del self.model.open[listed.number]
        for code in listed.things:
            self.model.things[code].waits = None
        if answer == "accept":
            for one in passing:
                one.passes(person.id, station)
        holds = told["holds"]
        assert isinstance(holds, dict)
        for code, hold in holds.items():
            self.model.things[code].holds[hold] = HoldReason.DISCREPANCY

    @rule(number=picks, how=how)
    def take_over(self, number: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: not one.away and not one.stored)
        if thing is None:
            return
        by, witness, code = self.world.cast.quality, self.world.cast.manager, thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            take_over(session, [code], by=by, witness=witness, reason="he is ill", at=at)
            return {}

        allowed = (
            thing.waits is None and not thing.away and not thing.stored
            and thing.holder not in (by.id, witness.id)
        )  # fmt: skip
        if self.attempt("take over", act, by, how, allowed=allowed) is not None:
            thing.passes(by.id)
            self.model.takeovers.add(code)

    @rule(numbers=st.lists(picks, min_size=1, max_size=2), by=who, how=how)
    def give_outside(self, numbers: list[int], by: int, how: How) -> None:
        things = self.some(numbers)
        if not things:
            return
        giver, listed = self.actor(by, things[0]), [one.code for one in things]

        def act(session: Session, at: datetime) -> dict[str, object]:
            give_outside(
                session, listed, by=giver, commitment=COMMITMENT, purpose=Purpose.REVIEW, at=at
            )
            return {}

        allowed = self.givable(things, giver, Purpose.REVIEW)
        if self.attempt("give outside", act, giver, how, allowed=allowed) is not None:
            for thing in things:
                thing.passes(outside(COMMITMENT))

    @rule(number=picks, by=st.integers(1, 6), how=how)
    def come_back(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.outside)
        if thing is None:
            return
        person, code = self.people[by - 1], thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            take_back(session, [code], by=person, commitment=COMMITMENT, at=at)
            return {}

        if self.attempt("come back", act, person, how, allowed=thing.outside) is not None:
            thing.passes(person.id)

    @rule(number=picks, by=st.integers(1, 6), how=how)
    def hold_back(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: not one.away)
        if thing is None:
            return
        person, code = self.people[by - 1], thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            quarantine(session, code, HoldReason.INCIDENT, remark="it fell", by=person, at=at)
            return {"hold": newest_hold(session, code)}

        answer = self.attempt("hold back", act, person, how, allowed=True)
        assert answer is not None
        thing.holds[int(str(answer["hold"]))] = HoldReason.INCIDENT

    @rule(number=picks, how=how)
    def release(self, number: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: bool(one.holds))
        hold = next(
            (id_ for id_, why in thing.holds.items() if why is not HoldReason.CONSENT), None
        ) if thing else None  # fmt: skip
        if thing is None or hold is None:
            return
        by = self.world.cast.quality

        def act(session: Session, at: datetime) -> dict[str, object]:
            lift(session, hold, decision=Decision.UNFOUNDED, because="seen", by=by, at=at)
            return {}

        if self.attempt("release", act, by, how, allowed=True) is not None:
            del thing.holds[hold]

    @rule(number=picks, by=st.integers(1, 6), how=how)
    def lose(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: not one.away)
        if thing is None:
            return
        person, code = self.people[by - 1], thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            record_missing(session, code, remark="not there", by=person, at=at)
            return {}

        allowed = not thing.away and thing.state not in ENDS
        if self.attempt("lose", act, person, how, allowed=allowed) is not None:
            thing.passes(MISSING)

    @rule(number=picks, by=st.integers(1, 6), how=how)
    def find(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.holder == MISSING)
        if thing is None:
            return
        person, code = self.people[by - 1], thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            record_found(session, code, remark="under the bench", by=person, at=at)
            return {"hold": newest_hold(session, code)}

        allowed = thing.holder == MISSING
        answer = self.attempt("find", act, person, how, allowed=allowed)
        if answer is not None:
            thing.passes(person.id)
            thing.holds[int(str(answer["hold"]))] = HoldReason.DISCREPANCY

    @rule(by=st.integers(0, 5), share=st.integers(0, 100))
    def look_back(self, by: int, share: int) -> None:
        then = BEGIN + (self.world.newest - BEGIN) * share / 100
        for holder in (self.people[by].id, self.world.boxes[0], MISSING, GONE):
            check_then(self.world, self.model, holder, then)

    def some(self, numbers: list[int]) -> list[Thing]:
        """Return the things picked, each once."""
        found = (
            self.pick(number, EVERY, wants=lambda one: not one.away and one.waits is None)
            for number in numbers
        )
        return list({one.code: one for one in found if one is not None}.values())

    def givable(self, things: list[Thing], giver: Actor, purpose: Purpose) -> bool:
        """Return whether somebody may give these."""
        return all(
            one.waits is None and (purpose in DESPITE_HOLDS or self.model.free(one))
            and (one.holder == giver.id or (one.stored and giver.role in STORES))
            for one in things
        )  # fmt: skip
