# SPDX-License-Identifier: Apache-2.0
"""Plates that an analyzer could have run, and the runs: synthetic ones, and real ones."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run
from instruments.analyzers.kit import Kit
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import (
    Role,
    Sex,
    SyntheticInstrument,
    draw_genotype,
    seeded,
)
from lims.amplification.models import Amplification
from lims.core.actors import Actor
from lims.core.catalogue import shipped_controls, shipped_kit, shipped_size_standards
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.settings import Settings
from lims.genotyping.operations import (
    ImportResult,
    complete_injection_plate,
    import_run,
    name_for_analyzer,
    open_injection_plate,
    use_on_injection_plate,
)
from lims.genotyping.queries import awaited_wells
from lims.people.rules import Activity, Line
from lims.plates.operations import complete_plate, fill_well
from lims.plates.rules import PLATE_POSITIONS, WellRole
from tests.cast import Cast

STARTED = datetime(2026, 3, 14, 11, 20)  # noqa: DTZ001  # an analyzer's clock has no zone


@dataclass
class PlateMade:
    """An injection plate ready for the analyzer, and what stands on it."""

    code: str
    amplification: str
    kit: Kit
    extracts: tuple[str, ...]
    blank: str
    positions: dict[str, str] = field(default_factory=dict)


MakePlate = Callable[..., PlateMade]


@pytest.fixture
def an_injection_plate(
    database: Database, cast: Cast, at: datetime, extracts: Any, a_plate: Any, a_lot: Any,
    a_live_label: Any, a_procedure: Any,
) -> MakePlate:  # fmt: skip
    """Make an injection plate: samples, blank, both controls, ladder; completed.

    `wells` puts samples and controls at given positions under given names of files; else they
    stand in the order of filling.
    """

    def build(
        kit: str = "Identifiler",
        *,
        samples: int = 2,
        line: Line = Line.BONE,
        controls: bool = True,
        blank: bool = True,
        wells: Mapping[str, tuple[WellRole, str]] | None = None,
        file_plate_name: str = "",
        completed: bool = True,
        aliquots: tuple[str, ...] = (),
    ) -> PlateMade:
        by = cast.technician
        with database.writing() as session:
            if wells is not None:
                samples = sum(1 for role, _ in wells.values() if role is WellRole.SAMPLE)
            made = extracts(session, samples=samples, line=line, aliquots=aliquots)
            own, of_blank = made[:-1], made[-1]
            amplification = a_plate(session, activity=Activity.AMPLIFICATION, kit=kit)
            lot = a_lot(session, reagent=f"{kit} kit", activity=Activity.AMPLIFICATION)
            content: list[tuple[str, WellRole, str | None]] = []
            if wells is None:
                places = iter(PLATE_POSITIONS)
                content += [(next(places), WellRole.SAMPLE, code) for code in own]
                if blank:
                    content.append((next(places), WellRole.BLANK, of_blank))
                if controls:
                    content.append((next(places), WellRole.POSITIVE, lot))
                    content.append((next(places), WellRole.NEGATIVE, None))
            else:
                tubes = iter(own)
                content += [
                    (
                        position, role,
                        next(tubes) if role is WellRole.SAMPLE
                        else lot if role is WellRole.POSITIVE
                        else None,
                    )
                    for position, (role, _) in wells.items()
                    if role is not WellRole.LADDER
                ]  # fmt: skip
                taken = {position for position, _, _ in content} | set(wells)
                free = [position for position in PLATE_POSITIONS if position not in taken]
                if blank:
                    content.append((free[-1], WellRole.BLANK, of_blank))
                if not any(role is WellRole.POSITIVE for _, role, _ in content):
                    content.append((free[-2], WellRole.POSITIVE, lot))
                    content.append((free[-3], WellRole.NEGATIVE, None))
            for position, role, code in content:
                well = fill_well(
                    session, amplification, position, role=role, subject=code, by=by, at=at
                )
                is_extract = role in (WellRole.SAMPLE, WellRole.BLANK)
                session.add(
                    Amplification(
                        well_id=well.id, plate_code=amplification,
                        extract_code=code if is_extract else None, number=1,
                        extract_volume_nl=10_000 if is_extract else 0, template_fg=None,
                        low_template=False,
                    )
                )  # fmt: skip
            complete_plate(session, amplification, by=by, at=at)
            a_procedure(session, activity=Activity.INJECTION)
            opened = open_injection_plate(session, amplification, by=by, at=at)
            a_live_label(session, opened.code)
            use_on_injection_plate(
                session, opened.code,
                a_lot(session, reagent=f"{kit} ladder", activity=Activity.INJECTION), by=by, at=at,
            )  # fmt: skip
            if wells is not None:
                for position, (role, _) in wells.items():
                    if role is WellRole.LADDER and position not in opened.ladders:
                        fill_well(session, opened.code, position, role=role, by=by, at=at)
                names = {position: name for position, (_, name) in wells.items()}
                name_for_analyzer(
                    session, opened.code, names=names, file_plate_name=file_plate_name, by=by,
                    at=at,
                )  # fmt: skip
            if completed:
                complete_injection_plate(session, opened.code, by=by, at=at)
        return PlateMade(opened.code, amplification, shipped_kit(kit), own, of_blank)

    return build


@dataclass(frozen=True)
class Changed:
    """How a well of a synthetic run differs from what the plate promises."""

    name: str = ""
    genotype: Mapping[str, tuple[str, ...]] | None = None
    height: int = 1600


MakeRun = Callable[..., list[tuple[str, bytes]]]


@pytest.fixture
def a_run_of(database: Database) -> MakeRun:
    """Draw the files that an analyzer would write for a plate, as it is planned or changed."""

    def build(
        plate: PlateMade,
        *,
        changed: Mapping[str, Changed] | None = None,
        without: Sequence[str] = (),
        seed: int = 7,
        plate_name: str = "",
        sex: Sex = Sex.MALE,
    ) -> list[tuple[str, bytes]]:
        changes = changed or {}
        with database.reading() as session:
            awaited = awaited_wells(session, plate.code)
        control = shipped_controls()[plate.kit.positive_control or ""]
        wells = []
        for well in awaited:
            if well.position in without:
                continue
            change = changes.get(well.position, Changed())
            genotype: Mapping[str, tuple[str, ...]] = {}
            if well.role is WellRole.SAMPLE:
                genotype = draw_genotype(plate.kit, seeded(f"{seed}{well.position}"), sex=sex)
            elif well.role is WellRole.POSITIVE:
                genotype = {m.name: control[m.name] for m in plate.kit.markers if m.name in control}
            role = {
                WellRole.SAMPLE: Role.SAMPLE, WellRole.BLANK: Role.BLANK,
                WellRole.POSITIVE: Role.POSITIVE, WellRole.NEGATIVE: Role.NEGATIVE,
                WellRole.LADDER: Role.LADDER,
            }[well.role]  # fmt: skip
            if change.genotype is not None:
                genotype, role = change.genotype, Role.SAMPLE
            wells.append(
                SyntheticWell(
                    well.position, change.name or well.name, role, genotype, height=change.height
                )
            )
        run = synthetic_run(
            plate.kit, wells,
            size_standard=size_standards_of(plate.kit, shipped_size_standards())[0],
            plate=plate_name or plate.code, instrument=SyntheticInstrument(), started=STARTED,
            seed=seed,
        )  # fmt: skip
        return list(run.items())

    return build


@pytest.fixture
def store(settings: Settings) -> FileStore:
    """Where raw files are kept."""
    return FileStore(settings.files)


@pytest.fixture
def import_files(
    database: Database, store: FileStore, cast: Cast, at: datetime
) -> Callable[..., ImportResult]:
    """Import files onto a plate as the command does."""

    def run(
        files: Sequence[tuple[str, bytes]], plate: str, *, by: Actor | None = None,
        dry_run: bool = False,
    ) -> ImportResult:  # fmt: skip
        def write(do: Callable[[Session], dict[str, object]]) -> dict[str, object]:
            with database.writing() as session:
                return do(session)

        def reading() -> AbstractContextManager[Session]:
            return database.reading()

        return import_run(
            files, plate, reading=reading, write=write, store=store, by=by or cast.technician,
            at=at, dry_run=dry_run,
        )  # fmt: skip

    return run


REAL = {
    "identifiler-run": (
        "Identifiler",
        {
            "H10": (WellRole.LADDER, "Ladder"), "A09": (WellRole.SAMPLE, "MIX05_P"),
            "D09": (WellRole.SAMPLE, "MIX05_A"), "G09": (WellRole.SAMPLE, "MIX05_K"),
            "B10": (WellRole.SAMPLE, "MIX05_F"), "F10": (WellRole.NEGATIVE, "MIX05_neg"),
            "E10": (WellRole.POSITIVE, "MIX05_pos"),
        },
    ),
    "powerplex16-run": (
        "PowerPlex 16",
        {
            "E02": (WellRole.LADDER, "PP16_LADDER"), "A01": (WellRole.SAMPLE, "P_MIX05pp16"),
            "C01": (WellRole.SAMPLE, "A_MIX05pp16"), "E01": (WellRole.SAMPLE, "K_MIX05pp16"),
            "A02": (WellRole.SAMPLE, "F_MIX05pp16"), "D02": (WellRole.NEGATIVE, "neg_pp16"),
            "C02": (WellRole.POSITIVE, "pos_pp16"),
        },
    ),
    "globalfiler-hid": (
        "GlobalFiler",
        {"A11": (WellRole.LADDER, "GF_ladder1")}
        | {
            f"{row}01": (WellRole.SAMPLE, f"GF_{number}_FTA")
            for row, number in zip("ABDEFGH", (1, 2, 4, 5, 6, 7, 8), strict=True)
        },
    ),
}  # fmt: skip


@pytest.fixture
def a_real_run(
    shared_data: Path, an_injection_plate: MakePlate
) -> Callable[[str], tuple[PlateMade, list[tuple[str, bytes]]]]:
    """A run of the shared folder, and a plate that carries the names in its files."""

    def build(name: str) -> tuple[PlateMade, list[tuple[str, bytes]]]:
        kit, wells = REAL[name]
        folder = shared_data / "abif" / "osiris" / name
        files = [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
        plate_name = "FBI_NIST10_092812" if name == "globalfiler-hid" else ""
        return an_injection_plate(kit, wells=wells, file_plate_name=plate_name), files

    return build
