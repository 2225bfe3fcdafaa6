# SPDX-License-Identifier: Apache-2.0
"""Plates for real runs: demonstration samples are taken through all stages by their operations.

What stands in a real file is somebody's work of long ago; here it gets samples, a batch, an
amplification and an injection plate of its own, whose wells carry the names in the files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit
from lims.amplification.models import Amplification
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.settings import read_settings
from lims.demo.laboratory import Built, read_built
from lims.demo.stock import print_queue
from lims.extraction.operations import (
    advance_extract,
    complete_extraction,
    load_aliquot,
    open_extraction,
)
from lims.extraction.rules import ExtractState
from lims.genotyping.operations import (
    complete_injection_plate,
    name_for_analyzer,
    open_injection_plate,
    use_on_injection_plate,
)
from lims.people.models import Person
from lims.people.rules import Activity, Line
from lims.plates.operations import complete_plate, fill_well, open_plate, record_use
from lims.plates.rules import PLATE_POSITIONS, WellRole
from lims.printing.operations import queue_label
from lims.procedures.queries import current_procedures
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.reagents.queries import reagent_named
from lims.samples.operations import accept_sample, register_reference_sample, take_punch
from lims.samples.rules import ExpectedSex, Material

EXTRACT_NL = 2_000


@dataclass(frozen=True)
class NamedWell:
    """A well as the files have it: its role, and the name that the analyzer was given."""

    role: WellRole
    name: str


@dataclass(frozen=True)
class RealPlate:
    """An injection plate that waits for real files; `samples` are codes by extract."""

    code: str
    samples: dict[str, str]


@dataclass(frozen=True)
class _Bench:
    """Who works, where labels come out, and when: the same for a whole plate."""

    session: Session
    built: Built
    actors: Mapping[str, Actor]
    at: datetime

    @property
    def technician(self) -> Actor:
        return self.actors["technician"]

    def label(self, code: str, layout: str) -> None:
        """Give a thing its live label."""
        station = self.built.stations["injection"]
        queue_label(self.session, code, layout=layout, station=station, by=self.technician,
                    at=self.at)  # fmt: skip
        print_queue(
            self.session, {"injection": station}, by=self.technician, at=self.at, counted=False
        )


def make_plate(
    folder: Path, kit: Kit, wells: Mapping[str, NamedWell], *, file_plate_name: str
) -> RealPlate:
    """Make an injection plate whose wells are those of a run's files, in one transaction.

    `folder` is the demonstration's. Raises the refusals of the operations.
    """
    settings, built = read_settings(folder), read_built(folder)
    database = open_database(settings)
    try:
        with database.writing() as session:
            actors = {person.login: person.actor for person in session.scalars(select(Person))}
            return _made(_Bench(session, built, actors, now()), kit, wells, file_plate_name)
    finally:
        database.close()


def _made(
    bench: _Bench, kit: Kit, wells: Mapping[str, NamedWell], file_plate_name: str
) -> RealPlate:
    many = sum(1 for well in wells.values() if well.role is WellRole.SAMPLE)
    extracts, blank = _extracted(bench, many)
    amplified = _amplified(bench, kit, wells, tuple(extracts), blank)
    session, by, at = bench.session, bench.technician, bench.at
    opened = open_injection_plate(session, amplified, by=by, at=at)
    bench.label(opened.code, "plate")
    lot = _lot(bench, f"{kit.name} ladder", Activity.INJECTION)
    use_on_injection_plate(session, opened.code, lot, by=by, at=at)
    for position, well in wells.items():
        if well.role is WellRole.LADDER and position not in opened.ladders:
            fill_well(session, opened.code, position, role=WellRole.LADDER, by=by, at=at)
    name_for_analyzer(
        session, opened.code, names={position: well.name for position, well in wells.items()},
        file_plate_name=file_plate_name, by=by, at=at,
    )  # fmt: skip
    complete_injection_plate(session, opened.code, by=by, at=at)
    return RealPlate(opened.code, extracts)


def _extracted(bench: _Bench, many: int) -> tuple[dict[str, str], str]:
    """Code, accept, punch and extract `many` blood cards; returns samples by extract, the blank."""
    session, by, at = bench.session, bench.technician, bench.at
    procedure = current_procedures(session, Activity.EXTRACTION, at=at, line=Line.REFERENCE)[0].id
    batch = open_extraction(session, line=Line.REFERENCE, procedure_id=procedure, by=by, at=at)
    bench.label(batch.code, "batch card")
    record_use(session, batch.code, bench.built.stock["proteinase"],
               activity=Activity.EXTRACTION, by=by, at=at)  # fmt: skip
    samples: dict[str, str] = {}
    for _ in range(many):
        sample = register_reference_sample(
            session, material=Material.BLOOD_CARD, expected_sex=ExpectedSex.UNKNOWN,
            by=bench.actors["coordinator"], at=at,
        )  # fmt: skip
        bench.label(sample, "tube")
        accept_sample(session, sample, by=by, at=at)
        punch = take_punch(session, sample, by=by, at=at).code
        bench.label(punch, "tube")
        load_aliquot(session, batch.code, punch, by=by, at=at)
        samples[punch] = sample
    order = list(samples.values())
    extracts: dict[str, str] = {}
    blank = ""
    for made in complete_extraction(session, batch.code, by=by, at=at):
        bench.label(made.code, "tube")
        if made.is_blank:
            blank = made.code
        else:
            extracts[made.code] = order[len(extracts)]
    return extracts, blank


def _amplified(
    bench: _Bench, kit: Kit, wells: Mapping[str, NamedWell], extracts: tuple[str, ...],
    blank: str,
) -> str:  # fmt: skip
    """Amplify onto the very positions of the files; what they lack stands in free wells."""
    session, by, at = bench.session, bench.technician, bench.at
    procedure = current_procedures(session, Activity.AMPLIFICATION, at=at)[0].id
    plate = open_plate(
        session, activity=Activity.AMPLIFICATION, procedure_id=procedure, kit=kit.name,
        line=Line.REFERENCE, by=by, at=at,
    ).code  # fmt: skip
    bench.label(plate, "plate")
    control = _lot(bench, f"Positive control {kit.positive_control}", Activity.AMPLIFICATION)
    for lot in (_lot(bench, f"{kit.name} kit", Activity.AMPLIFICATION), control):
        record_use(session, plate, lot, activity=Activity.AMPLIFICATION, by=by, at=at)
    tubes = iter(extracts)
    stands = {
        position: well.role for position, well in wells.items() if well.role is not WellRole.LADDER
    }
    free = [one for one in reversed(PLATE_POSITIONS) if one not in wells]
    for role in (WellRole.BLANK, WellRole.POSITIVE, WellRole.NEGATIVE):
        if role not in stands.values():
            stands[free.pop(0)] = role
    contents: dict[WellRole, Callable[[], str | None]] = {
        WellRole.SAMPLE: lambda: next(tubes), WellRole.BLANK: lambda: blank,
        WellRole.POSITIVE: lambda: control, WellRole.NEGATIVE: lambda: None,
    }  # fmt: skip
    for position, role in stands.items():
        code = contents[role]()
        extract = code if role in (WellRole.SAMPLE, WellRole.BLANK) else None
        well = fill_well(session, plate, position, role=role, subject=code, by=by, at=at)
        session.add(
            Amplification(
                well_id=well.id, plate_code=plate, extract_code=extract,
                number=1 if role is WellRole.SAMPLE else 0,
                extract_volume_nl=EXTRACT_NL if extract else 0, template_fg=None,
                low_template=False, amplified_at=at,
            )
        )  # fmt: skip
        if extract is not None:
            advance_extract(session, extract, ExtractState.AMPLIFIED, by=by, at=at)
    complete_plate(session, plate, by=by, at=at)
    return plate


def _lot(bench: _Bench, reagent: str, activity: Activity) -> str:
    manager = bench.actors["manager"]
    kind = reagent_named(bench.session, reagent, activity) or add_reagent(
        bench.session, name=reagent, activity=activity, by=manager, at=bench.at
    )
    code = receive_lot(
        bench.session, kind.id, number=f"R-{now():%H%M%S%f}", containers=1, each=50_000_000,
        expires=bench.at.date() + timedelta(days=300), by=manager, at=bench.at,
    )  # fmt: skip
    release_lot(
        bench.session, code, tested="a known sample", by=bench.actors["quality"], at=bench.at
    )  # fmt: skip
    bench.label(code, "reagent lot")
    return code
