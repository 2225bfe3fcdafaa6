# SPDX-License-Identifier: Apache-2.0
"""What a genotype table says: rows of alleles, with the text they stood in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class AlleleKind(StrEnum):
    """What a cell says of an allele."""

    CALLED = "called"
    OFF_LADDER = "off ladder"
    OUT_OF_RANGE = "out of range"
    NO_CALL = "no call"


@dataclass(frozen=True)
class AlleleCall:
    """One allele: the cell's text as it stands, and the allele in its one spelling."""

    text: str
    allele: str
    kind: AlleleKind
    height: Decimal | None  # RFU
    size: Decimal | None  # bp


@dataclass(frozen=True)
class GenotypeRow:
    """The alleles of one sample at one marker; `line` is the row's line in the file, from 1."""

    line: int
    sample: str
    sample_file: str | None
    well: str | None
    marker_text: str
    marker: str
    calls: tuple[AlleleCall, ...]
    other: Mapping[str, str] = field(default_factory=dict)

    @property
    def alleles(self) -> tuple[str, ...]:
        """The called alleles in the order of the table, repeated where the table repeats them."""
        return tuple(call.allele for call in self.calls if call.kind is AlleleKind.CALLED)


@dataclass(frozen=True)
class GenotypeTable:
    """A whole table: its rows, and how its header was understood."""

    name: str
    encoding: str
    delimiter: str
    layout: str  # "a row per marker" or "a column per marker"
    columns: Mapping[str, str]  # header text -> what it was taken for; unknown ones say "kept"
    rows: tuple[GenotypeRow, ...]
    notes: tuple[str, ...]  # what was rewritten while reading

    @property
    def samples(self) -> tuple[str, ...]:
        """The sample names in the order of the table."""
        return tuple(dict.fromkeys(row.sample for row in self.rows))
