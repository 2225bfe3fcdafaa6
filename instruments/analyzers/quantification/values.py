# SPDX-License-Identifier: Apache-2.0
"""What a real-time PCR table says, with the text that each figure stood in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Target(StrEnum):
    """What a quantification kit measures."""

    SMALL = "small autosomal"
    LARGE = "large autosomal"
    Y = "Y"
    IPC = "IPC"


class Task(StrEnum):
    """What a well is for."""

    SAMPLE = "sample"
    STANDARD = "standard"
    NO_TEMPLATE = "no template"


@dataclass(frozen=True)
class MeasuredQuantity:
    """One target in one well; `line` is the row's line in the file or sheet, from 1."""

    line: int
    well: str | None  # A01; None where the table has no wells
    sample: str
    target_text: str
    target: Target | None  # None for a target that no quantification kit is known to have
    task: Task
    quantity: Decimal | None  # ng/µl; None where the table gives none
    quantity_text: str
    ct: Decimal | None  # cycles; None where undetermined or not given
    ct_text: str
    omitted: bool

    @property
    def undetermined(self) -> bool:
        """Say whether the instrument saw no amplification."""
        return self.ct is None and self.ct_text.casefold().startswith("und")


@dataclass(frozen=True)
class StandardCurve:
    """The standard curve of one target: Ct = slope * log10(quantity) + intercept."""

    target_text: str
    target: Target | None
    slope: Decimal
    intercept: Decimal | None
    r_squared: Decimal | None
    efficiency_percent: Decimal | None


@dataclass(frozen=True)
class QuantificationTable:
    """A whole table: its rows, its standard curves and what its head says of the run."""

    name: str
    source: str  # "QuantStudio text", "QuantStudio workbook", "workbook" or "plain table"
    head: Mapping[str, str]
    rows: tuple[MeasuredQuantity, ...]
    curves: tuple[StandardCurve, ...]
    notes: tuple[str, ...]  # what the file does not say, and what was rewritten while reading
