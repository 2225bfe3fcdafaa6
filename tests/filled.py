# SPDX-License-Identifier: Apache-2.0
"""A laboratory in which there is something of everything that a page can show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run
from instruments.analyzers.plate_records import AnalyzerModel
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import Role, Sex, SyntheticInstrument, draw_genotype, seeded
from lims.amplification.operations import (
    complete_amplification,
    load_for_amplification,
    open_amplification,
    use_lot,
)
from lims.core.actors import Actor
from lims.core.catalogue import shipped_controls, shipped_kit, shipped_size_standards
from lims.core.clock import now
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.scans import StationKind
from lims.core.sealing import open_vault
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    checkpoint,
    create_long_term_key,
    daily_signer,
    long_term_signer,
    publish,
    set_hold,
    write_public_key,
)
from lims.custody.rules import HoldReason
from lims.genotyping.models import Injection
from lims.genotyping.operations import (
    accept_profile,
    complete_injection_plate,
    import_run,
    keep_record_template,
    open_injection_plate,
    submit_reading,
    use_on_injection_plate,
)
from lims.genotyping.queries import awaited_wells, reading_case
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_agent_key, issue_badge
from lims.people.queries import station
from lims.people.rules import Activity, Line
from lims.plates.models import Well
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
from lims.storage.operations import add_place, put
from lims.storage.rules import PlaceKind
from tests.cast import Cast
from tests.sealed import Sealed

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
KIT = "PowerPlex 16"
ROLES = {
    WellRole.SAMPLE: Role.SAMPLE, WellRole.BLANK: Role.BLANK, WellRole.POSITIVE: Role.POSITIVE,
    WellRole.NEGATIVE: Role.NEGATIVE, WellRole.LADDER: Role.LADDER,
}  # fmt: skip


@dataclass(frozen=True)
class Builders:
    """The builders of `tests.builders` that the path needs."""

    extracts: Extracts
    a_procedure: Callable[..., int]
    a_lot: Build
    a_live_label: Build


@pytest.fixture
def filled(
    database: Database, settings: Settings, cast: Cast, at: datetime, extracts: Extracts,
    a_plate: Build, a_lot: Build, a_procedure: Callable[..., int], a_live_label: Build,
    an_instrument: Build, a_bone_sample: Build,
) -> str:  # fmt: skip
    """Fill the laboratory and its folder; returns the key of the extraction bench's agent."""
    make = Builders(extracts, a_procedure, a_lot, a_live_label)
    present = now()
    _keys(settings)
    with database.writing() as session:
        kept = extracts(session, line=Line.REFERENCE)[0]
        _stored(session, kept, a_live_label, cast, at)
        held = a_bone_sample(session)
        set_hold(session, held, HoldReason.SEAL, by=cast.quality, at=at)
        a_bone_sample(session, accepted=False)
        a_plate(session, activity=Activity.QUANTIFICATION)
        an_instrument(session)
        a_lot(session, released=False)
        person = session.get_one(Person, cast.technician.person)
        issue_badge(session, person, hash_pin("2468"), by=cast.administrator, at=present)
        bench = station(session, cast.stations[StationKind.EXTRACTION])
        key = issue_agent_key(session, bench, by=cast.administrator, at=present)
        plate = _amplified(session, make, cast, at)
        injected = _injected(session, make, cast, plate, at)
        _sealed(session, settings, cast, at)
    _imported(database, settings, cast, injected, at)
    with database.writing() as session:
        _read(session, cast, injected, at)
    with database.writing() as session:
        checkpoint(session, daily_signer(settings.keys, origin=settings.origin, at=present),
                   at=present)  # fmt: skip
    with database.reading() as session:
        publish(session, settings.checkpoints)
    return key


def _stored(session: Session, tube: str, a_live_label: Build, cast: Cast, at: datetime) -> None:
    """Put a tube into a box in a freezer in a room."""
    room = add_place(session, kind=PlaceKind.ROOM, name="Cold room", by=cast.manager, at=at)
    freezer = add_place(
        session, kind=PlaceKind.FREEZER, name="F1", parent=room, by=cast.manager, at=at
    )
    box = add_place(
        session, kind=PlaceKind.BOX, name="B01", parent=freezer, rows=9, columns=9,
        by=cast.manager, at=at,
    )  # fmt: skip
    a_live_label(session, box)
    put(session, tube, box, by=cast.technician, at=at)


def _keys(settings: Settings) -> None:
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=31)


def _amplified(session: Session, make: Builders, cast: Cast, at: datetime) -> str:
    """Take two bones through quantification onto a completed amplification plate."""
    by = cast.technician
    codes = make.extracts(session, samples=2)
    measured = open_quantification(
        session, procedure_id=make.a_procedure(session, activity=Activity.QUANTIFICATION),
        kit="Quantifiler Trio", by=by, at=at,
    ).code  # fmt: skip
    make.a_live_label(session, measured)
    for code in codes:
        load_extract(session, measured, code, by=by, at=at)
    complete_quantification(session, measured, standards=False, by=by, at=at)
    wells = [one for one in wells_of(session, measured) if one.role is not WellRole.STANDARD]
    amounts = [80_000, 60_000, None, None]
    record_quantities(
        session, measured,
        [Figure(well.position, Target.SMALL, amount, None, "")
         for well, amount in zip(wells, amounts, strict=True)],
        by=by, at=at,
    )  # fmt: skip
    confirm_decisions(session, measured, to_confirm(session, measured), by=by, at=at)
    plate = open_amplification(
        session, procedure_id=make.a_procedure(session, activity=Activity.AMPLIFICATION), kit=KIT,
        line=Line.BONE, by=by, at=at,
    ).code  # fmt: skip
    make.a_live_label(session, plate)
    for reagent in (KIT, "positive control 9947A"):
        lot = make.a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
        use_lot(session, plate, lot, by=by, at=at)
    for code in codes:
        load_for_amplification(session, plate, code, by=by, at=at)
    complete_amplification(session, plate, by=by, at=at)
    return plate


def _injected(session: Session, make: Builders, cast: Cast, plate: str, at: datetime) -> str:
    make.a_procedure(session, activity=Activity.INJECTION)
    opened = open_injection_plate(session, plate, by=cast.technician, at=at)
    make.a_live_label(session, opened.code)
    lot = make.a_lot(session, reagent=f"{KIT} ladder", activity=Activity.INJECTION)
    use_on_injection_plate(session, opened.code, lot, by=cast.technician, at=at)
    complete_injection_plate(session, opened.code, by=cast.technician, at=at)
    record = (
        b"Plate Name\tOwner\nOLD\tAB\nWell\tSample Name\tSample Type\n"
        b"A01\tL\tAllelic Ladder\nB01\tS\tSample\nC01\tP\tPositive Control\n"
        b"D01\tN\tNegative Control\n"
    )
    keep_record_template(
        session, record, name="own", model=AnalyzerModel.A3130, file_name="own.txt",
        by=cast.manager, at=at,
    )  # fmt: skip
    return opened.code


def _imported(database: Database, settings: Settings, cast: Cast, plate: str, at: datetime) -> None:
    kit = shipped_kit(KIT)
    with database.reading() as session:
        awaited = awaited_wells(session, plate)
    control = shipped_controls()[kit.positive_control or ""]
    genotypes = {
        WellRole.SAMPLE: draw_genotype(kit, seeded("filled"), sex=Sex.MALE),
        WellRole.POSITIVE: {m.name: control[m.name] for m in kit.markers if m.name in control},
    }
    files = synthetic_run(
        kit,
        [SyntheticWell(well.position, well.name, ROLES[well.role], genotypes.get(well.role, {}))
         for well in awaited],
        size_standard=size_standards_of(kit, shipped_size_standards())[0], plate=plate,
        instrument=SyntheticInstrument(), started=datetime(2026, 3, 14, 11, 20), seed=7,  # noqa: DTZ001  # an analyzer's clock has no zone
    )  # fmt: skip

    def write(do: Callable[[Session], dict[str, object]]) -> dict[str, object]:
        with database.writing() as session:
            return do(session)

    import_run(
        list(files.items()), plate, reading=database.reading, write=write,
        store=FileStore(settings.files), by=cast.technician, at=at,
    )  # fmt: skip


def _read(session: Session, cast: Cast, plate: str, at: datetime) -> None:
    """Have the first sample read twice and accepted, the second read once."""
    injections = session.scalars(
        select(Injection.id)
        .join(Well, Well.id == Injection.well_id)
        .where(Well.plate_code == plate, Well.role == WellRole.SAMPLE)
        .order_by(Well.id)
    ).all()

    def reads(injection: int, readers: Iterable[Actor]) -> None:
        machine = reading_case(session, injection).machine
        written = {locus: " ".join(alleles) for locus, alleles in machine.items()}
        for reader in readers:
            submit_reading(session, injection, written=written, reasons={}, by=reader, at=at)

    reads(injections[0], (cast.first_reader, cast.second_reader))
    reads(injections[1], (cast.first_reader,))
    accept_profile(session, injections[0], by=cast.manager, at=at)


def _sealed(session: Session, settings: Settings, cast: Cast, at: datetime) -> None:
    """Record a site with bones, and a family that misses somebody."""
    sealed = Sealed(open_vault(settings), FileStore(settings.files), cast, at)
    sealed.bones(session)
    donor = sealed.a_donor(session)
    sealed.a_relation(session, donor, sealed.a_missing_person(session))
    sealed.a_reference(session, donor=donor)
    sealed.a_dispatch(session)
