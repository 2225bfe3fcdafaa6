# SPDX-License-Identifier: Apache-2.0
"""Quantification plates and tables of quantities for the tests of this feature."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from instruments.analyzers.quantification import QuantificationTable, read_quantities
from lims.people.rules import Activity, Line
from lims.quantification.operations import (
    complete_quantification,
    load_extract,
    open_quantification,
)
from tests.cast import Cast

HEAD = "* Experiment Name = trial\n* Instrument Type = QuantStudio 5\n\n[Results]\n"
COLUMNS = (
    "Well\tWell Position\tOmit\tSample Name\tTarget Name\tTask\tCт\tQuantity\tSlope\t"
    "R(superscript 2)"
)
TARGETS = ("T.Small Autosomal", "T.Large Autosomal", "T.IPC")

Extracts = Callable[..., tuple[str, ...]]


@pytest.fixture
def an_open_plate(
    cast: Cast, at: datetime, a_procedure: Callable[..., int], a_live_label: Callable[..., str]
) -> Callable[..., str]:
    """Open a quantification plate whose label is live."""

    def build(session: Session, *, line: Line | None = None) -> str:
        opened = open_quantification(
            session, procedure_id=a_procedure(session, activity=Activity.QUANTIFICATION),
            kit="Quantifiler Trio", line=line, by=cast.technician, at=at,
        )  # fmt: skip
        a_live_label(session, opened.code)
        return opened.code

    return build


@pytest.fixture
def a_filled_plate(
    cast: Cast, at: datetime, an_open_plate: Callable[..., str]
) -> Callable[..., str]:
    """Fill a plate with extracts and complete it; no standards of its own."""

    def build(session: Session, codes: tuple[str, ...], *, standards: bool = False) -> str:
        plate = an_open_plate(session)
        for code in codes:
            load_extract(session, plate, code, by=cast.technician, at=at)
        complete_quantification(session, plate, standards=standards, by=cast.technician, at=at)
        return plate

    return build


@pytest.fixture
def a_table() -> Callable[..., QuantificationTable]:
    """Write a table as a QuantStudio exports it, and read it.

    `rows` are (well, sample, small, large, Ct of the internal control); "" is undetermined. The
    no-template well is `empty`, with `empty_amount`.
    """

    def build(
        rows: list[tuple[str, str, str, str, str]],
        *,
        empty: str,
        empty_amount: str = "",
        slope: str = "-3.312",
        r2: str = "0.998",
    ) -> QuantificationTable:
        lines = []
        for well, sample, *figures in rows:
            for target, figure in zip(TARGETS, figures, strict=True):
                quantity = "" if target == "T.IPC" else figure
                cycle = figure if target == "T.IPC" else ("29.5" if figure else "Undetermined")
                lines.append(
                    "\t".join(
                        ("1", well, "false", sample, target, "UNKNOWN", cycle or "Undetermined",
                         quantity, "" if target == "T.IPC" else slope,
                         "" if target == "T.IPC" else r2)
                    )
                )  # fmt: skip
        for target in TARGETS:
            amount = empty_amount if target == TARGETS[0] else ""
            cycle = "27.000" if target == "T.IPC" else ("38.1" if amount else "Undetermined")
            lines.append(
                "\t".join(("1", empty, "false", "NTC", target, "NTC", cycle, amount, "", ""))
            )
        text = HEAD + COLUMNS + "\n" + "\n".join(lines) + "\n"
        return read_quantities(text.encode(), name="trial.txt")

    return build
