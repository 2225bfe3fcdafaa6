# SPDX-License-Identifier: Apache-2.0
"""What the custody machine believes of each thing: the tables are held against it."""

from dataclasses import dataclass, field

from lims.core.actors import Actor
from lims.custody.rules import GONE, MISSING, OUTSIDE, HoldReason, is_place
from lims.samples.rules import Consumption

ENDS = frozenset({"destroyed", "returned", "discarded"})
ADVANCED = {"coded": 0, "accepted": 1, "in preparation": 2, "in process": 3}
"""How far samples come here; their ends are not in it."""


@dataclass
class Thing:
    """One tracked thing as it must be: who holds it where, how much is left, its state."""

    code: str
    holder: str
    place: str
    state: str
    parents: tuple[str, ...] = ()
    position: str = ""
    left: int | None = None
    sample: str = ""
    """The code of the sample that it is of; its own for a sample, '' for a reagent blank."""
    what: str = ""
    """The kind of an aliquot, the material of a sample, 'blank' or 'extract'."""
    consumption: Consumption = Consumption.FREE
    permitted: bool = False
    coder: str = ""
    donor: str = ""
    holds: dict[int, HoldReason] = field(default_factory=dict)
    queued: bool = False
    waits: int | None = None
    """The hand-over in which it waits."""

    @property
    def kind(self) -> str:
        """The letter of its code."""
        return self.code[0]

    @property
    def stored(self) -> bool:
        """Whether it stands in a box."""
        return is_place(self.holder)

    @property
    def outside(self) -> bool:
        """Whether somebody from outside has it."""
        return self.holder.startswith(OUTSIDE)

    @property
    def away(self) -> bool:
        """Whether nobody in the laboratory can lay a hand on it."""
        return self.outside or self.holder in (MISSING, GONE)

    def passes(self, holder: str, place: str = "", position: str = "") -> None:
        """Come to another holder and place."""
        self.holder, self.place, self.position = holder, place, position

    def ends(self, state: str) -> None:
        """Be no more: nothing is left of what was measured."""
        self.passes(GONE)
        self.state = state
        if self.left is not None:
            self.left = 0


@dataclass
class Listed:
    """One hand-over that waits for its answer."""

    number: int
    giver: Actor
    receiver: Actor
    despite_holds: bool
    things: tuple[str, ...]


@dataclass
class Model:
    """All things of one run, and what may be done with them."""

    things: dict[str, Thing] = field(default_factory=dict)
    open: dict[int, Listed] = field(default_factory=dict)
    takeovers: set[str] = field(default_factory=set)

    def add(self, thing: Thing) -> None:
        """Take up a new thing."""
        self.things[thing.code] = thing

    def behind(self, code: str) -> tuple[Thing, ...]:
        """Return a thing and all it came from that is tracked."""
        one = self.things[code]
        found = [one]
        for parent in one.parents:
            if parent in self.things:
                found += self.behind(parent)
        return tuple(found)

    def free(self, thing: Thing, *, but: HoldReason | None = None) -> bool:
        """Return whether neither it nor what it came from is on hold (for another reason)."""
        reasons = {reason for one in self.behind(thing.code) for reason in one.holds.values()}
        return not reasons - {but} and thing.state not in ENDS

    def at_hand(self, thing: Thing, by: Actor) -> bool:
        """Return whether somebody may work with it: he holds it, or takes it from storage."""
        return thing.holder == by.id or thing.stored

    def last(self, thing: Thing, quantity: int) -> bool:
        """Return whether to take so much is to take the last of a bone, or of its powder."""
        if thing.left is None or thing.kind == "X" or thing.left > quantity:
            return False
        if thing.kind == "B":
            return True
        if thing.what != "powder":
            return False
        others = [
            one for one in self.things.values()
            if one.sample == thing.sample and one.code != thing.code
            and (one.kind == "B" or (one.what == "powder" and one.state == "created"))
        ]  # fmt: skip
        return not any(one.left for one in others)

    def permitted(self, thing: Thing) -> bool:
        """Return whether the customer lets the last of it be used."""
        sample = self.things[thing.sample]
        return sample.consumption is Consumption.FREE or (
            sample.consumption is Consumption.ASK and sample.permitted
        )

    def may_take(self, thing: Thing, quantity: int, witness: Actor | None, by: Actor) -> bool:
        """Return whether so much may be taken, seen from how much there is."""
        if not self.last(thing, quantity):
            return True
        return self.permitted(thing) and witness is not None and witness.id != by.id

    def advance(self, code: str, to: str) -> None:
        """Let a sample come as far as `to`, never back, and never from its end."""
        sample = self.things[code]
        if ADVANCED.get(sample.state, 9) < ADVANCED[to]:
            sample.state = to

    def free_position(self, place: str, position: str) -> bool:
        """Return whether nothing stands at a position of a box."""
        return not any(
            one.holder == place and one.position == position for one in self.things.values()
        )
