# SPDX-License-Identifier: Apache-2.0
"""What stands on an injection plate, where it comes from, and what the analyzer calls it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.extraction.models import Extract
from lims.genotyping.models import Injection, Run, RunFile
from lims.genotyping.queries.opened import plain_calls
from lims.genotyping.rules.controls import unexplained
from lims.genotyping.rules.files import AwaitedWell, Known, name_of_well
from lims.plates.models import Well
from lims.plates.queries import wells_of
from lims.reagents.models import Lot
from lims.samples.models import Aliquot, Sample
from lims.samples.rules import ExpectedSex, Line


@dataclass(frozen=True)
class Origin:
    """Where the extract of a well comes from; a reagent blank has no sample."""

    extract: str
    batch: str
    sample: str
    expected_sex: ExpectedSex
    line: Line | None

    @property
    def key_code(self) -> str | None:
        """The reference sample whose key seals what is learnt of it; None for a bone."""
        return self.sample if self.line is Line.REFERENCE else None


def sample_name(well: Well) -> str:
    """Return the sample name that the analyzer is given for a well."""
    return name_of_well(
        well.role, well.position, subject=well.subject_code or "", given=well.file_sample_name
    )


def awaited_wells(session: Session, plate_code: str) -> tuple[AwaitedWell, ...]:
    """Return the filled wells of a plate with the names their files must carry."""
    return tuple(
        AwaitedWell(well.id, well.position, well.role, sample_name(well))
        for well in wells_of(session, plate_code)
    )


def origins(session: Session, extracts: Iterable[str]) -> dict[str, Origin]:
    """Return, by extract code, where each comes from; other codes are left out."""
    rows = session.execute(
        select(Extract.code, Extract.batch_code, Sample)
        .outerjoin(Aliquot, Aliquot.code == Extract.source_code)
        .outerjoin(Sample, Sample.code == Aliquot.sample_code)
        .where(Extract.code.in_(set(extracts)))
    )
    return {
        code: Origin(
            code,
            batch,
            sample.code if sample is not None else "",
            sample.expected_sex if sample is not None else ExpectedSex.UNKNOWN,
            sample.line if sample is not None else None,
        )
        for code, batch, sample in rows
    }


def lot_words(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return what each lot is (its reagent), by code."""
    rows = session.execute(select(Lot.code, Lot.reagent).where(Lot.code.in_(codes)))
    return {code: reagent for code, reagent in rows}  # noqa: C416  # rows are no pairs to mypy


def known_files(session: Session, hashes: Collection[str]) -> dict[str, Known]:
    """Return which of these files were imported before, by SHA-256."""
    rows = session.execute(
        select(RunFile.sha256, RunFile.name, Run.plate_code, Run.imported_at)
        .join(Run, Run.id == RunFile.run_id)
        .where(RunFile.sha256.in_(hashes))
    )
    return {sha: Known(name, plate, f"{at:%Y-%m-%d}") for sha, name, plate, at in rows}


def known_injections(session: Session, identities: Collection[str]) -> dict[str, Known]:
    """Return which of these injections were imported before, by identity."""
    rows = session.execute(
        select(Injection.identity, RunFile.name, Run.plate_code, Run.imported_at)
        .join(RunFile, RunFile.sha256 == Injection.sha256)
        .join(Run, Run.id == Injection.run_id)
        .where(Injection.identity.in_(identities))
    )
    return {identity: Known(name, plate, f"{at:%Y-%m-%d}") for identity, name, plate, at in rows}


def run_of_files(session: Session, hashes: Collection[str]) -> Run | None:
    """Return the one run that all these files were imported in, else None."""
    found = session.execute(select(RunFile.run_id).where(RunFile.sha256.in_(hashes))).all()
    runs = {row.run_id for row in found}
    if len(found) != len(set(hashes)) or len(runs) != 1:
        return None
    return session.get_one(Run, runs.pop())


def blanks_passed(session: Session, batches: Collection[str]) -> frozenset[str]:
    """Return those extraction batches whose blank was typed before and gave no finding."""
    rows = session.execute(
        select(Extract.batch_code, Injection)
        .join(Well, Well.subject_code == Extract.code)
        .join(Injection, Injection.well_id == Well.id)
        .where(Extract.batch_code.in_(batches), Extract.is_blank)
    )
    passed: set[str] = set()
    failed: set[str] = set()
    for batch, injection in rows:
        read = plain_calls(injection)
        if read.size is not None and read.size.sized:
            (failed if unexplained(read, least=1) else passed).add(batch)
    return frozenset(passed - failed)
