# SPDX-License-Identifier: Apache-2.0
"""How the holders and places of the ledger are shown to people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.words import N_, Say
from lims.custody.rules import GONE, MISSING, OUTSIDE, is_place
from lims.people.models import Station
from lims.people.queries import initials_of
from lims.storage.models import Place


@dataclass(frozen=True)
class Names:
    """The staff numbers of people, and the names of places in English and in Arabic."""

    people: Mapping[str, str]
    places: Mapping[str, tuple[str, str]]

    def holder(self, holder: str) -> Say:
        """Return who holds, in words."""
        if holder == MISSING:
            return Say(N_("nobody: it is missing"))
        if holder == GONE:
            return Say(N_("nobody: used up, destroyed or returned"))
        if holder.startswith(OUTSIDE):
            return Say(N_("somebody from outside"))
        if is_place(holder):
            return Say(N_("storage, %(place)s"), {"place": self.place(holder)})
        return Say("%(who)s", {"who": self.people.get(holder, holder)})

    def place(self, code: str, *, arabic: bool = False) -> str:
        """Return the name of a station or place of storage; its code where it has none."""
        return self.places.get(code, (code, code))[arabic]


def names_of(session: Session, holders: Iterable[str], places: Iterable[str]) -> Names:
    """Return the names of holders and places; three queries, however many."""
    asked = set(holders)
    codes = {code for code in (*places, *asked) if code[:1] in ("T", "C")}
    stations = session.execute(
        select(Station.code, Station.name, Station.name_ar).where(Station.code.in_(codes))
    )
    stores = session.execute(select(Place.code, Place.name).where(Place.code.in_(codes)))
    return Names(
        initials_of(session, asked),
        {row.code: (row.name, row.name_ar) for row in stations}
        | {row.code: (row.name, row.name) for row in stores},
    )
