# SPDX-License-Identifier: Apache-2.0
"""What the people of the run of the stages write down, and what follows from it alone.

The laboratory's own lineage and recall are compared with this book, never the other way round.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Work:
    """A batch or plate: what stands where in it, and what was used."""

    code: str
    places: dict[str, str] = field(default_factory=dict)
    """Thing by position; '' for a control, standard or ladder."""
    used: set[str] = field(default_factory=set)
    """Lots and instruments."""
    made_from: str = ""
    """The amplification plate of an injection plate."""


@dataclass
class Book:
    """What was done, as the people who did it wrote it down."""

    batches: dict[str, Work] = field(default_factory=dict)
    sets: dict[str, Work] = field(default_factory=dict)
    """Sets in which samples were prepared."""
    quantified: dict[str, Work] = field(default_factory=dict)
    amplified: dict[str, Work] = field(default_factory=dict)
    injected: dict[str, Work] = field(default_factory=dict)
    sample_of: dict[str, str] = field(default_factory=dict)
    """Sample of each part."""
    set_of: dict[str, str] = field(default_factory=dict)
    """Set of each part."""
    part_of: dict[str, str] = field(default_factory=dict)
    """Part of each extract, '' for a blank."""
    batch_of: dict[str, str] = field(default_factory=dict)
    """Batch of each extract."""

    @property
    def plates(self) -> dict[str, Work]:
        """Every plate."""
        return self.quantified | self.amplified | self.injected

    def above(self, extract: str) -> set[str]:
        """Return what an extract was made of, over every step."""
        part = self.part_of[extract]
        own = {part, self.sample_of[part], self.set_of[part]} if part else set()
        return own | {self.batch_of[extract]}

    def works_of(self, extract: str) -> set[str]:
        """Return every batch and plate that an extract went through."""
        plates = {code for code, work in self.plates.items() if extract in work.places.values()}
        part = self.part_of[extract]
        return plates | {self.batch_of[extract]} | ({self.set_of[part]} if part else set())

    def reached(self, lot: str) -> "Reached":
        """Count what a lot touched, by the book."""
        batches = {code for code, work in self.batches.items() if lot in work.used}
        used_on = {code for code, work in self.plates.items() if lot in work.used}
        parts = {thing for code in batches for thing in self.batches[code].places.values() if thing}
        sets = {code for code, work in self.sets.items() if lot in work.used}
        prepared = {part for part, own in self.set_of.items() if own in sets}
        parts |= prepared
        extracts = {
            code for code, batch in self.batch_of.items()
            if batch in batches or self.part_of[code] in prepared
        }  # fmt: skip
        wells = {
            (code, place)
            for code, work in self.plates.items()
            for place, thing in work.places.items()
            if code in used_on or thing in extracts
        }
        wells |= self._by_figures(wells)
        wells |= {
            (code, place)
            for code, work in self.injected.items()
            for place in work.places
            if (work.made_from, place) in wells
        }
        stood = {self.plates[code].places[place] for code, place in wells} - {""}
        things = parts | extracts | stood
        return Reached(
            works=frozenset(batches | sets | used_on), wells=frozenset(wells),
            things=frozenset(things), samples=frozenset(self._samples(things)),
        )  # fmt: skip

    def _by_figures(self, wells: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return the amplified wells whose volumes rest on touched quantifications.

        The volume of a blank is the same whatever was measured of it.
        """
        measured = {
            self.quantified[code].places[place] for code, place in wells if code in self.quantified
        } - {""}
        return {
            (code, place)
            for code, work in self.amplified.items()
            for place, thing in work.places.items()
            if thing in measured and self.part_of[thing]
        }

    def _samples(self, things: Iterable[str]) -> set[str]:
        parts = {self.part_of.get(thing, thing) for thing in things}
        return {self.sample_of[part] for part in parts if part in self.sample_of}


@dataclass(frozen=True)
class Reached:
    """What a lot touched."""

    works: frozenset[str]
    wells: frozenset[tuple[str, str]]
    things: frozenset[str]
    samples: frozenset[str]
