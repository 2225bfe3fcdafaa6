# SPDX-License-Identifier: Apache-2.0
"""Acts by which things end: thrown away, destroyed, returned for ever, consent withdrawn."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy.orm import Session

from lims.custody.rules import GONE, HoldReason
from lims.identities.operations import tell_next, withdraw_consent
from lims.samples.operations import (
    close_returned,
    destroy,
    discard,
    queue_destruction,
    withdraw_destruction,
)
from lims.samples.rules import DestructionReason, DiscardReason
from tests.simulation.custody_machine_model import ENDS
from tests.simulation.custody_machine_steps import (
    EVERY,
    How,
    Steps,
    how,
    newest_hold,
    picks,
    who,
)
from tests.simulation.custody_machine_world import BEGIN, DAYS


class Ends(Steps):
    """How things end."""

    @rule(number=picks, by=who, witnessed=st.booleans(), how=how)
    def throw_away(self, number: int, by: int, witnessed: bool, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.kind in "AX" and not one.away)
        if thing is None:
            return
        person, code = self.actor(by, thing), thing.code
        witness = self.world.cast.manager if witnessed else None

        def act(session: Session, at: datetime) -> dict[str, object]:
            discard(session, code, DiscardReason.BROKEN, by=person, at=at, witness=witness)
            return {}

        allowed = (
            thing.kind in "AX" and self.model.free(thing, but=HoldReason.CONSENT)
            and thing.holder == person.id
            and (not thing.left or self.model.may_take(thing, thing.left, witness, person))
        )  # fmt: skip
        if self.attempt("throw away", act, person, how, allowed=allowed) is not None:
            thing.ends("discarded")

    @rule(number=picks, off=st.sampled_from([False, False, True]), how=how)
    def queue(self, number: int, off: bool, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.queued is off)
        if thing is None:
            return
        by, code = self.world.cast.quality, thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            if off:
                withdraw_destruction(session, code, because="not yet", by=by, at=at)
            else:
                queue_destruction(session, code, DestructionReason.COURT, by=by, at=at)
            return {}

        allowed = thing.queued if off else (
            not thing.queued and thing.state not in ENDS and thing.holder != GONE
        )  # fmt: skip
        if self.attempt("queue for destruction", act, by, how, allowed=allowed) is not None:
            thing.queued = not off

    @rule(number=picks, by=who, alone=st.sampled_from([False] * 4 + [True]), how=how)
    def destroy(self, number: int, by: int, alone: bool, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.queued)
        if thing is None:
            return
        person, code = self.actor(by, thing), thing.code
        other = next(one for one in self.people if one.id != person.id)
        witness = person if alone else other

        def act(session: Session, at: datetime) -> dict[str, object]:
            destroy(session, code, witness=witness, by=person, at=at)
            return {}

        allowed = (
            thing.queued and not alone and self.model.free(thing, but=HoldReason.CONSENT)
            and thing.holder == person.id
        )  # fmt: skip
        if self.attempt("destroy", act, person, how, allowed=allowed) is not None:
            thing.ends("destroyed")
            thing.queued = False

    @rule(number=picks, how=how)
    def close(self, number: int, how: How) -> None:
        thing = self.pick(number, EVERY, wants=lambda one: one.outside)
        if thing is None:
            return
        by, code = self.world.cast.quality, thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            close_returned(session, code, by=by, at=at)
            return {}

        allowed = thing.outside and thing.state not in ENDS
        if self.attempt("close as returned", act, by, how, allowed=allowed) is not None:
            thing.state, thing.queued = "returned", False

    @rule(number=picks, how=how)
    def withdraw(self, number: int, how: How) -> None:
        thing = self.pick(number, "R", wants=lambda one: bool(one.donor))
        if thing is None or not thing.donor:
            return
        by, donor, code, world = self.world.cast.coordinator, thing.donor, thing.code, self.world

        def act(session: Session, at: datetime) -> dict[str, object]:
            withdraw_consent(session, world.vault, donor, reason="he asked", by=by, at=at)
            return {"hold": newest_hold(session, code)}

        answer = self.attempt("withdraw consent", act, by, how, allowed=True)
        assert answer is not None
        thing.holds[int(str(answer["hold"]))], thing.donor = HoldReason.CONSENT, ""

    @precondition(lambda self: self.world.now < BEGIN + timedelta(days=DAYS - 5))
    @rule()
    def a_day_later(self) -> None:
        """The worker tells the ledger what was withdrawn, and signs."""
        self.world.tick(25 * 3600)
        more = True
        while more:
            with self.world.database.writing() as session:
                more = tell_next(session, at=self.world.now)
        self.world.sign()
