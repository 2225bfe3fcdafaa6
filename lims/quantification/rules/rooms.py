# SPDX-License-Identifier: Apache-2.0
"""How much of an extract an amplification holds: the limit beside the laboratory's own."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lims.procedures.rules import Document
from lims.quantification.rules.deciding import Limits


@dataclass(frozen=True)
class Room:
    """What a reaction holds, nanolitres: all of it, and how much of that is the kit's mix."""

    reaction_nl: int
    mix_nl: int
    control_nl: int | None = None
    """What goes in of the control DNA, None where the procedure does not say."""

    @property
    def template_nl(self) -> int:
        """Return what is left for extract and water."""
        return self.reaction_nl - self.mix_nl


def room_of(document: Document) -> Room | None:
    """Return the reaction of a procedure: `reaction_ul` and `mix_ul` of its limits, else None.

    Without `mix_ul` the volumes of its required reagents are the mix.
    """
    reaction = document.limits.get("reaction_ul")
    mix = document.limits.get("mix_ul")
    mix_nl = (
        sum(one.volume_nl or 0 for one in document.reagents if one.required)
        if mix is None
        else int(mix * 1000)
    )
    if reaction is None or not 0 < mix_nl < reaction * 1000:
        return None
    control = document.limits.get("control_ul")
    return Room(int(reaction * 1000), mix_nl, None if control is None else int(control * 1000))


def within(limits: Limits, rooms: Iterable[Room | None]) -> Limits:
    """Return the limits with no larger volume than the smallest of these reactions holds.

    So what is decided fits whichever kit the extract is amplified with.
    """
    most = min((room.template_nl for room in rooms if room is not None), default=None)
    if most is None or most >= limits.max_volume_nl:
        return limits
    return replace(limits, max_volume_nl=max(most, limits.min_volume_nl))
