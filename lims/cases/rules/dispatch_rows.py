# SPDX-License-Identifier: Apache-2.0
"""One row of a dispatch list: what it says, what is wrong with it, what makes it the same thing."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lims.cases.rules.dispatch_columns import ELEMENTS, MATERIALS, SIDES, Column
from lims.core.spelling import normalised, number_key
from lims.core.words import N_, Say
from lims.people.rules import Line
from lims.samples.rules import ELEMENT_WORDS, LINE_OF_MATERIAL, Material, Side

LARGEST_COUNT = 999
_MASS = re.compile(r"([0-9]{1,9})(?:[.,\u066b]([0-9]{1,6}))?(mg|g|مغ|ملغ|غ|غم|جم)?")
_MG = frozenset({"mg", "مغ", "ملغ"})
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")


class RowVerdict(StrEnum):
    """What becomes of a row."""

    TAKEN = "taken"
    REMARKED = "taken with a remark"
    REFUSED = "refused"


ROW_LOOKS = {
    RowVerdict.TAKEN: ("ok", N_("taken")),
    RowVerdict.REMARKED: ("warn", N_("taken with a remark")),
    RowVerdict.REFUSED: ("bad", N_("refused")),
}


@dataclass(frozen=True)
class TableRow:
    """One row of a table as a file gave it: its number there, from 1, and its cells as text.

    `faults` are cells that no text can be made of (by place, from 0), `dates` the names of cells
    that a spreadsheet holds as dates.
    """

    line: int
    cells: tuple[str, ...]
    faults: Mapping[int, Say] = field(default_factory=dict)
    dates: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListRow:
    """One row of a list with its verdict. `line` is its number in the file, from 1.

    `other` holds the cells of columns that nobody knows: header and text. Masses in micrograms.
    """

    line: int
    seal: str = ""
    package: str = ""
    site: str = ""
    case: str = ""
    field: str = ""
    donor: str = ""
    element: str = ""
    side: Side = Side.UNKNOWN
    material: Material | None = None
    mass_ug: int | None = None
    count: int = 1
    taken_on: date | None = None
    remarks: str = ""
    other: tuple[tuple[str, str], ...] = ()
    refused: tuple[Say, ...] = ()
    remarked: tuple[Say, ...] = ()

    @property
    def verdict(self) -> RowVerdict:
        """What becomes of it."""
        if self.refused:
            return RowVerdict.REFUSED
        return RowVerdict.REMARKED if self.remarked else RowVerdict.TAKEN

    @property
    def number(self) -> str:
        """The number by which it is scanned and spoken of."""
        return self.donor or self.field

    def refuse(self, text: str, **values: str | int) -> "ListRow":
        """Return the row refused for one reason more."""
        return replace(self, refused=(*self.refused, Say(text, values)))

    def remark(self, text: str, **values: str | int) -> "ListRow":
        """Return the row with one remark more."""
        return replace(self, remarked=(*self.remarked, Say(text, values)))

    def as_facts(self) -> list[object]:
        """Return what the row says, whatever file said it: for the hash of the content."""
        return [
            normalised(self.seal), normalised(self.package), normalised(self.site),
            normalised(self.case), normalised(self.field), normalised(self.donor), self.element,
            self.side.value, self.material.value if self.material else "", self.mass_ug or 0,
            self.count, self.taken_on.isoformat() if self.taken_on else "",
            normalised(self.remarks), sorted([normalised(h), normalised(t)] for h, t in self.other),
        ]  # fmt: skip


@dataclass(frozen=True)
class ReadList:
    """A list as it was read: which header was taken for which column, and the rows.

    `unknown` are headers whose cells are kept with the row and not understood.
    """

    line: Line
    columns: tuple[tuple[str, Column], ...]
    unknown: tuple[str, ...]
    rows: tuple[ListRow, ...]

    @property
    def refused(self) -> int:
        """How many rows are refused."""
        return sum(row.verdict is RowVerdict.REFUSED for row in self.rows)

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the rows say, whatever the file is called and in what order they are."""
        facts = sorted(json.dumps(row.as_facts(), ensure_ascii=False) for row in self.rows)
        return hashlib.sha256("\n".join([self.line.value, *facts]).encode()).hexdigest()


_ELEMENT_OF = {normalised(key): key for key in ELEMENT_WORDS} | {
    normalised(word): key for key, words in ELEMENTS.items() for word in words
}
_SIDE_OF = {normalised(word): side for side, words in SIDES.items() for word in words}
_MATERIAL_OF = {normalised(word): made for made, words in MATERIALS.items() for word in words}


def identity(row: ListRow) -> tuple[str, ...]:
    """Return what makes two rows the same thing: one may be announced once only."""
    if row.donor:
        return ("donor", number_key(row.donor), row.material.value if row.material else "")
    return (
        "bone", number_key(row.site), number_key(row.case), number_key(row.field), row.element,
        row.side.value,
    )  # fmt: skip


def with_element(row: ListRow, element: str, side: str) -> ListRow:
    """Take element and side as said; what is not understood is kept as a remark."""
    if element:
        known = _ELEMENT_OF.get(normalised(element), "")
        row = replace(row, element=known)
        if not known:
            row = replace(row, other=(*row.other, ("element", element[:120]))).remark(
                N_("“%(read)s” is no element of the list; it is filled in before coding"),
                read=element[:40],
            )
    if side:
        found = _SIDE_OF.get(normalised(side))
        row = replace(row, side=found or Side.UNKNOWN)
        if found is None:
            row = replace(row, other=(*row.other, ("side", side[:120]))).remark(
                N_("the side “%(read)s” is not understood; it is kept as a remark"),
                read=side[:40],
            )
    return row


def with_material(row: ListRow, material: str, line: Line) -> ListRow:
    """Take the material: bone and tooth need not be told."""
    if not material:
        made = Material.TOOTH if row.element == "tooth" else Material.BONE
        return replace(row, material=made if line is Line.BONE else None)
    found = _MATERIAL_OF.get(normalised(material))
    if found is None or LINE_OF_MATERIAL[found] is not line:
        return row.refuse(N_("the material “%(read)s” is none of this list"), read=material[:40])
    return replace(row, material=found)


def with_mass(row: ListRow, mass: str, unit: str) -> ListRow:
    """Take the mass, in the unit of the cell or else `unit`; exact, in whole micrograms."""
    if not mass:
        return row
    found = _MASS.fullmatch(normalised(mass).replace(" ", ""))
    if found is None:
        return row.refuse(N_("the mass “%(read)s” is not a figure"), read=mass[:40])
    written = ("mg" if found[3] in _MG else "g") if found[3] else unit
    figure = Decimal(f"{found[1]}.{found[2] or 0}") * (1_000 if written == "mg" else 1_000_000)
    if figure <= 0 or figure != int(figure):
        return row.refuse(N_("the mass “%(read)s” is nothing, or finer than 1 µg"), read=mass[:40])
    return replace(row, mass_ug=int(figure))


def with_count(row: ListRow, count: str) -> ListRow:
    """Take how many pieces are meant."""
    if not count:
        return row
    text = normalised(count)
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) == 0:
        return row.refuse(
            N_("the count “%(read)s” is no whole number from 1 to %(largest)s"),
            read=count[:40], largest=LARGEST_COUNT,
        )  # fmt: skip
    return replace(row, count=int(text))


def with_day(row: ListRow, day: str) -> ListRow:
    """Take the day on which it was sampled."""
    if not day:
        return row
    text = normalised(day)
    day_first = _DAY_FIRST.fullmatch(text)
    try:
        found = (
            date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
            if day_first
            else date.fromisoformat(text)
        )
    except ValueError:
        return row.refuse(
            N_("“%(read)s” is no day: write it as 2026-03-31 or 31/03/2026"), read=day[:40]
        )
    return replace(row, taken_on=found)
