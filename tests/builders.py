# SPDX-License-Identifier: Apache-2.0
"""Builders, one a table: `a_bone_sample(session)` makes what a test needs and returns its code.

Each makes what it stands on where it is not given. A thing made here has a live label unless
`labelled=False`.
"""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.codes import draw_instance
from lims.core.scans import StationKind
from lims.equipment.operations import register_instrument
from lims.equipment.rules import InstrumentKind
from lims.extraction.operations import complete_extraction, load_aliquot, open_extraction
from lims.people.rules import Activity, Line
from lims.plates.operations import fill_well, open_plate, record_use
from lims.plates.rules import PLATE_POSITIONS, WellRole
from lims.printing.models import LabelInstance
from lims.printing.rules import PENDING, LabelState
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.procedures.queries import current_procedure
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.reagents.queries import reagent_named
from lims.samples.operations import (
    accept_sample,
    register_bone_sample,
    register_reference_sample,
    take_lysate,
    take_powder,
    take_punch,
)
from lims.samples.rules import ExpectedSex, Material, Side
from tests.cast import Cast

Build = Callable[..., str]
"""A builder: takes the session and keywords, returns the code of what it made."""


@pytest.fixture
def a_live_label(cast: Cast, at: datetime) -> Build:
    """Give a thing its live label, as if it had been printed and scanned back."""

    def build(session: Session, code: str) -> str:
        pending = session.scalar(
            select(LabelInstance).where(
                LabelInstance.code == code, LabelInstance.state.in_(PENDING)
            )
        )
        if pending is not None:
            pending.state = LabelState.ACTIVE
            session.flush()
            return pending.payload
        label = LabelInstance(
            payload=code + draw_instance(), code=code, layout="tube",
            lines={"line1": "", "line2": "", "kind": ""},
            station_code=cast.stations[StationKind.RECEPTION], state=LabelState.ACTIVE,
            lease_ends=None, odometer_before=None, odometer_after=None, queued_at=at,
            queued_by=cast.coordinator.id, changed_at=at,
        )  # fmt: skip
        session.add(label)
        session.flush()
        return label.payload

    return build


@pytest.fixture
def a_bone_sample(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """Code a femur of two grams and accept it."""

    def build(
        session: Session,
        *,
        element: str = "femur",
        material: Material = Material.BONE,
        mass_ug: int = 2_000_000,
        expected_sex: ExpectedSex = ExpectedSex.MALE,
        accepted: bool = True,
        labelled: bool = True,
    ) -> str:
        code = register_bone_sample(
            session, element=element, side=Side.LEFT, material=material, mass_ug=mass_ug,
            expected_sex=expected_sex, by=cast.coordinator, at=at,
        )  # fmt: skip
        if labelled:
            a_live_label(session, code)
        if accepted:
            accept_sample(session, code, by=cast.technician, at=at)
        return code

    return build


@pytest.fixture
def a_reference_sample(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """Code a blood card and accept it."""

    def build(
        session: Session,
        *,
        material: Material = Material.BLOOD_CARD,
        expected_sex: ExpectedSex = ExpectedSex.FEMALE,
        accepted: bool = True,
        labelled: bool = True,
    ) -> str:
        code = register_reference_sample(
            session, material=material, expected_sex=expected_sex, by=cast.coordinator, at=at
        )
        if labelled:
            a_live_label(session, code)
        if accepted:
            accept_sample(session, code, by=cast.technician, at=at)
        return code

    return build


@pytest.fixture
def an_aliquot(
    cast: Cast, at: datetime, a_bone_sample: Build, a_reference_sample: Build, a_live_label: Build
) -> Build:
    """Take a part of a sample: 200 mg of powder, a punch, or a lysate, as its material asks."""

    def build(
        session: Session,
        *,
        sample: str = "",
        line: Line = Line.BONE,
        mass_ug: int = 200_000,
        swab: bool = False,
        labelled: bool = True,
    ) -> str:
        made_of = Material.BUCCAL_SWAB if swab else Material.BLOOD_CARD
        if not sample and line is Line.BONE and not swab:
            sample = a_bone_sample(session)
        sample = sample or a_reference_sample(session, material=made_of)
        if sample[0] == "B":
            taken = take_powder(session, sample, mass_ug, by=cast.technician, at=at)
        elif swab:
            taken = take_lysate(session, sample, by=cast.technician, at=at)
        else:
            taken = take_punch(session, sample, by=cast.technician, at=at)
        if labelled:
            a_live_label(session, taken.code)
        return taken.code

    return build


@pytest.fixture
def a_procedure(cast: Cast, at: datetime) -> Callable[..., int]:
    """Put a procedure in force, or find the one that is; returns its number."""

    def build(session: Session, *, activity: Activity = Activity.EXTRACTION) -> int:
        name = f"{activity.value[:2].upper()}-04"
        found = current_procedure(session, name, at=at)
        if found is None:
            text = (
                f'name = "{name}"\ntitle = "{activity.value}"\nactivity = "{activity.value}"\n'
                '[[step]]\nwords = "Do it."\n'
            )
            found = draft_procedure(
                session, text, version=7, reason="the first", by=cast.manager, at=at
            )
            approve_procedure(session, found.id, by=cast.quality, at=at)
        return found.id

    return build


@pytest.fixture
def a_lot(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """Register and release a lot of a reagent."""
    numbers = iter(range(1, 1_000_000))

    def build(
        session: Session,
        *,
        reagent: str = "extraction buffer",
        activity: Activity = Activity.EXTRACTION,
        number: str = "",
        expires: date = date(2030, 1, 1),
        released: bool = True,
        labelled: bool = True,
        open_days: int | None = None,
        containers: int = 1,
        each: int = 1_000_000_000,
    ) -> str:
        kind = reagent_named(session, reagent, activity) or add_reagent(
            session, name=reagent, activity=activity, open_days=open_days, by=cast.manager, at=at
        )
        code = receive_lot(
            session, kind.id, number=number or f"L{next(numbers):06d}", expires=expires,
            containers=containers, each=each, by=cast.manager, at=at,
        )  # fmt: skip
        if released:
            release_lot(session, code, tested="known samples", by=cast.quality, at=at)
        if labelled:
            a_live_label(session, code)
        return code

    return build


@pytest.fixture
def an_instrument(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """Register an instrument whose calibration is in date."""
    numbers = iter(range(1, 1_000_000))

    def build(
        session: Session,
        *,
        name: str = "",
        activity: Activity = Activity.EXTRACTION,
        serial: str = "",
        calibration_due: date = date(2030, 1, 1),
        labelled: bool = True,
        kind: InstrumentKind = InstrumentKind.OTHER,
    ) -> str:
        code = register_instrument(
            session, name=name or f"Instrument {next(numbers)}", activity=activity, serial=serial,
            kind=kind, calibration_due=calibration_due, by=cast.manager, at=at,
        )  # fmt: skip
        if labelled:
            a_live_label(session, code)
        return code

    return build


@pytest.fixture
def a_batch(
    cast: Cast, at: datetime, a_procedure: Callable[..., int], a_live_label: Build
) -> Build:
    """Open an extraction batch of one line."""

    def build(session: Session, *, line: Line = Line.BONE, labelled: bool = True) -> str:
        opened = open_extraction(
            session, line=line, procedure_id=a_procedure(session), by=cast.technician, at=at
        )
        if labelled:
            a_live_label(session, opened.code)
        return opened.code

    return build


@pytest.fixture
def extracts(
    cast: Cast, at: datetime, a_batch: Build, a_lot: Build, an_aliquot: Build, a_live_label: Build
) -> Callable[..., tuple[str, ...]]:
    """Extract a batch of `samples` samples of a line; returns the extracts, the blank's last."""

    def build(
        session: Session,
        *,
        samples: int = 1,
        line: Line = Line.BONE,
        aliquots: tuple[str, ...] = (),
        labelled: bool = True,
    ) -> tuple[str, ...]:
        batch = a_batch(session, line=line)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
        tubes = aliquots or tuple(an_aliquot(session, line=line) for _ in range(samples))
        for tube in tubes:
            load_aliquot(session, batch, tube, by=cast.technician, at=at)
        made = complete_extraction(session, batch, by=cast.technician, at=at)
        if labelled:
            for one in made:
                a_live_label(session, one.code)
        return tuple(one.code for one in made)

    return build


@pytest.fixture
def an_extract(extracts: Callable[..., tuple[str, ...]]) -> Build:
    """Extract one sample; returns the extract."""

    def build(session: Session, *, line: Line = Line.BONE, labelled: bool = True) -> str:
        return extracts(session, line=line, labelled=labelled)[0]

    return build


@pytest.fixture
def a_plate(
    cast: Cast, at: datetime, a_procedure: Callable[..., int], a_live_label: Build
) -> Build:
    """Open a plate of an activity; `holding` extracts stand in its first wells."""

    def build(
        session: Session,
        *,
        activity: Activity = Activity.QUANTIFICATION,
        kit: str = "",
        holding: tuple[str, ...] = (),
        labelled: bool = True,
    ) -> str:
        opened = open_plate(
            session, activity=activity, procedure_id=a_procedure(session, activity=activity),
            kit=kit, by=cast.technician, at=at,
        )  # fmt: skip
        for position, code in zip(PLATE_POSITIONS, holding, strict=False):
            fill_well(
                session, opened.code, position, role=WellRole.SAMPLE, subject=code,
                by=cast.technician, at=at,
            )  # fmt: skip
        if labelled:
            a_live_label(session, opened.code)
        return opened.code

    return build
