# SPDX-License-Identifier: Apache-2.0
"""Tables of analyzer runs, injections, findings, readings and profiles.

What tells of a person's alleles is sealed by the key of the reference sample it comes from
(`key_code`), bound to table, column and row; of bones and controls it is stored plain.
"""

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from instruments.analyzers.plate_records import AnalyzerModel as AnalyzerModel
from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, guarded
from lims.genotyping.rules import ProfileState as ProfileState
from lims.genotyping.rules import RunState as RunState
from lims.genotyping.rules import Severity as Severity


class OfCode:
    """The column that says under which reference sample's key a row is sealed; NULL for none."""

    key_code: Mapped[str | None] = mapped_column(ForeignKey("sample.code"))


class Run(Base):
    """One import of an analyzer run onto an injection plate."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    instrument: Mapped[str] = mapped_column(String(120))
    # The analyzer's own clock, which carries no zone: as written in the files.
    started: Mapped[str] = mapped_column(String(40))
    kit: Mapped[str] = mapped_column(String(60))
    state: Mapped[RunState] = mapped_column(stored_enum(RunState))
    # genotyping.rules.calls.Thresholds that it was judged by.
    thresholds: Mapped[dict[str, object]] = mapped_column(JSON)
    # What the files say of consumables that run out: [kind, lot, expiry as written].
    consumables: Mapped[list[object]] = mapped_column(JSON)
    # The set of file hashes, hashed: the same files again are the same run.
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(80))


class RunFile(Base):
    """A raw file of the analyzer, stored unchanged under its hash; the same bytes only once."""

    __tablename__ = "run_file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)


class Injection(OfCode, Base):
    """One capillary electrophoresis of one well, imported once.

    `identity` is the analyzer's id, or our key of an injection without one.
    """

    __tablename__ = "injection"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("run_file.sha256"), unique=True)
    identity: Mapped[str] = mapped_column(String(200), unique=True)
    sample_name: Mapped[str] = mapped_column(String(200))
    # Whether it was sized and has a ladder: whether people can read it.
    readable: Mapped[bool]
    # genotyping.rules.calls.MachineCalls: size fit, peaks, calls; whole numbers only. Sealed.
    calls: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def ref(self) -> str:
        """What binds its sealed column to the row."""
        return self.sha256


class Finding(OfCode, Base):
    """What a rule of quality found in a run, a well or a locus."""

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    injection_id: Mapped[int | None] = mapped_column(ForeignKey("injection.id"), index=True)
    well_id: Mapped[int | None] = mapped_column(ForeignKey("well.id"))
    rule: Mapped[str] = mapped_column(String(12))
    locus: Mapped[str] = mapped_column(String(20), default="")
    severity: Mapped[Severity] = mapped_column(stored_enum(Severity))
    # Nothing of the run is released while it stands unanswered.
    stops_run: Mapped[bool]
    # core.words.Say as JSON; sealed, since it may name alleles.
    seen: Mapped[bytes] = mapped_column(LargeBinary)
    # core.words.Say as JSON: names nothing that was seen.
    do: Mapped[dict[str, object]] = mapped_column(JSON)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str] = mapped_column(String(300), default="")

    @property
    def ref(self) -> str:
        """What binds its sealed column to the row."""
        return (
            f"{self.run_id}.{self.injection_id or 0}.{self.well_id or 0}.{self.rule}.{self.locus}"
        )


class Reading(OfCode, Base):
    """One reader's calls of one injection. A submitted reading never changes."""

    __tablename__ = "reading"
    __table_args__ = (
        UniqueConstraint("injection_id", "reader"),
        UniqueConstraint("injection_id", "number"),
        CheckConstraint("number IN (1, 2, 3)", name="number"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    injection_id: Mapped[int] = mapped_column(ForeignKey("injection.id"), index=True)
    # 1 and 2 are the independent readers, 3 the adjudicator.
    number: Mapped[int]
    reader: Mapped[str] = mapped_column(String(80))
    # locus -> {"alleles": [...], "machine": [...], "reason": "..."}; sealed.
    calls: Mapped[bytes] = mapped_column(LargeBinary)
    # The ledger holds a hash of salt and calls: it proves them and betrays nothing of them. Sealed.
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    submitted_at: Mapped[datetime]

    @property
    def ref(self) -> str:
        """What binds its sealed columns to the row."""
        return f"{self.injection_id}.{self.number}"


class Profile(OfCode, Base):
    """The accepted alleles of a sample, or the refusal with its reasons; versioned, immutable."""

    __tablename__ = "profile"
    __table_args__ = (
        UniqueConstraint("sample_code", "version"),
        Index(
            "uq_profile_current", "sample_code", unique=True,
            sqlite_where=text("state = 'accepted'"),
            postgresql_where=text("state = 'accepted'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sample_code: Mapped[str] = mapped_column(ForeignKey("sample.code"), index=True)
    version: Mapped[int]
    injection_id: Mapped[int] = mapped_column(ForeignKey("injection.id"), index=True)
    state: Mapped[ProfileState] = mapped_column(stored_enum(ProfileState))
    kit: Mapped[str] = mapped_column(String(60))
    # locus -> [alleles]; {} for a refused one. Sealed.
    alleles: Mapped[bytes] = mapped_column(LargeBinary)
    reasons: Mapped[list[object]] = mapped_column(JSON)
    # Sealed.
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(80))

    @property
    def ref(self) -> str:
        """What binds its sealed columns to the row."""
        return f"{self.sample_code}.{self.version}"


class PlateRecordTemplate(Base):
    """One version of a record of the laboratory's own analyzer, from which others are written."""

    __tablename__ = "plate_record_template"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 1", name="version"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    model: Mapped[AnalyzerModel] = mapped_column(stored_enum(AnalyzerModel))
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
