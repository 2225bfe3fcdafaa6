# SPDX-License-Identifier: Apache-2.0
"""Extracts with a quantity and amplification plates for the tests of this feature."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lims.amplification.operations import open_amplification, use_lot
from lims.people.rules import Activity, Line
from lims.plates.queries import wells_of
from lims.plates.rules import WellRole
from lims.quantification.operations import (
    complete_quantification,
    confirm_decisions,
    load_extract,
    open_quantification,
    record_quantities,
    to_confirm,
)
from lims.quantification.rules import Figure, Target
from tests.cast import Cast

KIT = "PowerPlex 16"


@pytest.fixture
def quantified(
    cast: Cast, at: datetime, extracts: Callable[..., tuple[str, ...]],
    a_procedure: Callable[..., int], a_live_label: Callable[..., str],
) -> Callable[..., tuple[str, ...]]:  # fmt: skip
    """Extract bones and measure them; `amounts` in fg/µl, None not detected. The blank's last."""

    def build(session: Session, *amounts: int | None) -> tuple[str, ...]:
        codes = extracts(session, samples=len(amounts))
        plate = open_quantification(
            session, procedure_id=a_procedure(session, activity=Activity.QUANTIFICATION),
            kit="Quantifiler Trio", by=cast.technician, at=at,
        ).code  # fmt: skip
        a_live_label(session, plate)
        for code in codes:
            load_extract(session, plate, code, by=cast.technician, at=at)
        complete_quantification(session, plate, standards=False, by=cast.technician, at=at)
        held = [well for well in wells_of(session, plate) if well.role is not WellRole.STANDARD]
        figures = [
            Figure(well.position, Target.SMALL, amount, None, "")
            for well, amount in zip(held, (*amounts, None, None), strict=True)
        ]
        record_quantities(session, plate, figures, by=cast.technician, at=at)
        if seen := to_confirm(session, plate):
            confirm_decisions(session, plate, seen, by=cast.technician, at=at)
        return codes

    return build


@pytest.fixture
def an_empty_plate(
    cast: Cast, at: datetime, a_procedure: Callable[..., int], a_live_label: Callable[..., str]
) -> Callable[..., str]:
    """Open an amplification plate whose label is live."""

    def build(session: Session, *, line: Line = Line.BONE, kit: str = KIT) -> str:
        opened = open_amplification(
            session, procedure_id=a_procedure(session, activity=Activity.AMPLIFICATION), kit=kit,
            line=line, by=cast.technician, at=at,
        )  # fmt: skip
        a_live_label(session, opened.code)
        return opened.code

    return build


@pytest.fixture
def with_lots(cast: Cast, at: datetime, a_lot: Callable[..., str]) -> Callable[..., None]:
    """Scan the lots of the kit and of its control DNA for a plate."""

    def build(session: Session, plate: str) -> None:
        for reagent in (KIT, "positive control 9947A"):
            lot = a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
            use_lot(session, plate, lot, by=cast.technician, at=at)

    return build
