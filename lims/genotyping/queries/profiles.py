# SPDX-License-Identifier: Apache-2.0
"""Profiles, and the path of every allele back to the sample in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lims.amplification.models import Amplification
from lims.core.code_keys import Closed, closed_codes, code_keys
from lims.core.errors import NotFound
from lims.extraction.models import Extract
from lims.genotyping.models import Finding, Injection, Profile, ProfileState, Reading, Run, RunFile
from lims.genotyping.queries.opened import (
    Alleles,
    FindingRead,
    alleles_under,
    findings_read,
    reading_under,
)
from lims.genotyping.rules.readings import Call
from lims.plates.models import Plate, Well
from lims.samples.models import Aliquot, Sample


@dataclass(frozen=True)
class Path:
    """Where a profile comes from: raw file, injection, well, amplification, extract, sample."""

    profile: Profile
    # None where the code is closed.
    alleles: Alleles | None
    sha256: str
    file_name: str
    injection: int
    run: Run
    well: Well
    amplified: Well | None
    amplification: Amplification | None
    amplified_at: datetime | None
    extract: Extract
    aliquot: Aliquot
    sample: Sample


@dataclass(frozen=True)
class ProfilePicture:
    """Every version of a sample's profile, the newest first, with where each comes from."""

    sample: Sample
    paths: tuple[Path, ...]
    readings: Mapping[int, Mapping[str, Call]]
    readers: Mapping[int, tuple[str, datetime]]
    findings: tuple[FindingRead, ...]
    # Since when nobody reads it, where that is so.
    closed: Closed | None = None

    @property
    def current(self) -> Path | None:
        """The accepted version, None where there is none."""
        return next(
            (path for path in self.paths if path.profile.state is ProfileState.ACCEPTED), None
        )

    @property
    def shown(self) -> Path | None:
        """The version the page shows: the accepted one, else the newest."""
        return self.current or (self.paths[0] if self.paths else None)


def profile_paths(session: Session, sample_code: str) -> tuple[Path, ...]:
    """Return every version of a sample's profile with its whole path, the newest first."""
    source, source_plate = aliased(Well), aliased(Plate)
    rows = session.execute(
        select(
            Profile, RunFile.sha256, RunFile.name, Injection.id, Run, Well, source, Amplification,
            source_plate.completed_at, Extract, Aliquot, Sample,
        )
        .join(Injection, Injection.id == Profile.injection_id)
        .join(RunFile, RunFile.sha256 == Injection.sha256)
        .join(Run, Run.id == Injection.run_id)
        .join(Well, Well.id == Injection.well_id)
        .outerjoin(source, source.id == Well.source_id)
        .outerjoin(source_plate, source_plate.code == source.plate_code)
        .outerjoin(Amplification, Amplification.well_id == source.id)
        .join(Extract, Extract.code == Well.subject_code)
        .join(Aliquot, Aliquot.code == Extract.source_code)
        .join(Sample, Sample.code == Aliquot.sample_code)
        .where(Profile.sample_code == sample_code)
        .order_by(Profile.version.desc())
    ).all()  # fmt: skip
    keys = code_keys(session, {row[0].key_code for row in rows})
    return tuple(
        Path(
            profile=profile,
            alleles=alleles_under(keys[profile.key_code], profile)
            if profile.key_code in keys
            else None,
            sha256=sha, file_name=name, injection=number, run=run, well=well,
            amplified=amplified, amplification=amplification, amplified_at=at, extract=extract,
            aliquot=aliquot, sample=sample,
        )
        for (
            profile, sha, name, number, run, well, amplified, amplification, at, extract, aliquot,
            sample,
        ) in rows
    )  # fmt: skip


def profile_picture(session: Session, sample_code: str) -> ProfilePicture:
    """Return what the page of a sample's profile shows; raises NotFound for no sample."""
    sample = session.get(Sample, sample_code)
    if sample is None:
        raise NotFound(code=sample_code)
    paths = profile_paths(session, sample_code)
    closed = closed_codes(session, [sample_code]).get(sample_code)
    picture = ProfilePicture(sample, paths, {}, {}, (), closed)
    shown = picture.shown
    if shown is None:
        return picture
    readings = session.scalars(
        select(Reading).where(Reading.injection_id == shown.injection).order_by(Reading.number)
    ).all()
    findings = session.scalars(
        select(Finding).where(Finding.injection_id == shown.injection).order_by(Finding.id)
    ).all()
    keys = code_keys(session, {one.key_code for one in readings})
    return ProfilePicture(
        sample,
        paths,
        {
            one.number: reading_under(keys[one.key_code], one)
            for one in readings
            if one.key_code in keys
        },
        {one.number: (one.reader, one.submitted_at) for one in readings},
        findings_read(session, findings),
        closed,
    )


def profile_of(session: Session, sample_code: str) -> Profile | None:
    """Return the accepted profile of a sample, None without one."""
    return session.scalar(
        select(Profile).where(
            Profile.sample_code == sample_code, Profile.state == ProfileState.ACCEPTED
        )
    )
