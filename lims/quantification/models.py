# SPDX-License-Identifier: Apache-2.0
"""Tables of quantities. Concentrations are whole femtograms per microlitre (1 ng/µl = 10^6)."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.quantification.rules import CurveOrigin as CurveOrigin
from lims.quantification.rules import NextStep as NextStep
from lims.quantification.rules import Target as Target


class QuantificationLimits(Base):
    """One version of the laboratory's limits: proposed by one, approved or refused by another.

    The newest approved version is in force. Version 0 is what the program comes with.
    """

    __tablename__ = "quantification_limits"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("settled_by IS NULL OR settled_by != proposed_by", name="two_people"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_somebody"),
        CheckConstraint("(settled_at IS NULL) = (approved IS NULL)", name="settled_is_said"),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Limits.as_text(): every figure by its name, whole numbers.
    figures: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(80))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))
    approved: Mapped[bool | None]


class QuantificationMapping(Base):
    """One version of how the laboratory reads a table of its own; the newest of a name is used."""

    __tablename__ = "quantification_mapping"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    # HeaderMapping.as_json() as canonical JSON text.
    figures: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class QuantificationImport(Base):
    """One table of quantities that was taken in: a file, or figures entered by hand."""

    __tablename__ = "quantification_import"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    # SHA-256 of the file; NULL where a person entered the figures.
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    # Why it replaces earlier figures; '' where it replaces none.
    reason: Mapped[str] = mapped_column(String(200), default="")
    # What the file is, as its reader calls it; '' for figures entered by hand.
    source: Mapped[str] = mapped_column(String(40), default="")
    mapping_id: Mapped[int | None] = mapped_column(ForeignKey("quantification_mapping.id"))
    # The version of the limits that its figures were judged by.
    limits_version: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class QuantificationCurve(Base):
    """A standard curve of a target: the one the file gives, and the one fitted to its standards."""

    __tablename__ = "quantification_curve"

    import_id: Mapped[int] = mapped_column(ForeignKey("quantification_import.id"), primary_key=True)
    target: Mapped[Target] = mapped_column(stored_enum(Target), primary_key=True)
    origin: Mapped[CurveOrigin] = mapped_column(stored_enum(CurveOrigin), primary_key=True)
    # Thousandths of a cycle, per tenfold quantity; R² in millionths.
    slope_milli: Mapped[int]
    intercept_milli: Mapped[int | None]
    r2_ppm: Mapped[int | None]


class Quantity(Base):
    """One target in one well; a later figure voids the earlier one and keeps it."""

    __tablename__ = "quantity"
    __table_args__ = (
        Index(
            "uq_quantity_valid", "well_id", "target", unique=True,
            sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL"),
        ),
        CheckConstraint("fg_per_ul IS NULL OR fg_per_ul >= 0", name="concentration"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("quantification_import.id"), index=True)
    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"), index=True)
    extract_code: Mapped[str | None] = mapped_column(ForeignKey("extract.code"), index=True)
    target: Mapped[Target] = mapped_column(stored_enum(Target))
    # NULL: not detected.
    fg_per_ul: Mapped[int | None] = mapped_column(BigInteger)
    # Thousandths of a cycle; NULL: undetermined.
    ct_milli: Mapped[int | None]
    # The figure exactly as the file or the person wrote it.
    as_written: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime]
    voided_at: Mapped[datetime | None]


class QuantityDecision(Base):
    """What follows for an extract: proposed by the limits, until a person has confirmed it.

    A later decision voids the earlier one and keeps it. One made by a person instead of a proposal
    names the proposal and says why.
    """

    __tablename__ = "quantity_decision"
    __table_args__ = (
        Index(
            "uq_quantity_decision_valid", "extract_code", unique=True,
            sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL"),
        ),
        Index(
            "ix_quantity_decision_proposed", "plate_code",
            sqlite_where=text("voided_at IS NULL AND confirmed_at IS NULL"),
            postgresql_where=text("voided_at IS NULL AND confirmed_at IS NULL"),
        ),
        CheckConstraint("(volume_nl IS NULL) = (drawn_nl IS NULL)", name="plan_is_whole"),
        CheckConstraint("volume_nl IS NULL OR (volume_nl > 0 AND drawn_nl > 0)", name="volume"),
        CheckConstraint("dilution >= 1", name="dilution"),
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_by_somebody"
        ),
        CheckConstraint(
            "instead_of IS NULL OR (confirmed_at IS NOT NULL AND reason != '')", name="says_why"
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    extract_code: Mapped[str] = mapped_column(ForeignKey("extract.code"), index=True)
    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"))
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("quantification_import.id"))
    step: Mapped[NextStep] = mapped_column(stored_enum(NextStep))
    # Of the small autosomal target; NULL: not detected.
    fg_per_ul: Mapped[int | None] = mapped_column(BigInteger)
    # What goes into the reaction, of the extract or of its dilution 1:dilution; NULL: nothing.
    volume_nl: Mapped[int | None]
    dilution: Mapped[int]
    drawn_nl: Mapped[int | None]
    template_fg: Mapped[int | None] = mapped_column(BigInteger)
    low_template: Mapped[bool]
    # Small over large in thousandths; NULL: unknown.
    di_milli: Mapped[int | None] = mapped_column(BigInteger)
    degraded: Mapped[bool]
    ipc_shift_milli: Mapped[int | None]
    inhibited: Mapped[bool]
    # The version of the limits that proposed it.
    limits_version: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    # NULL: proposed only. A person confirmed it, or decided it instead of a proposal.
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(80))
    instead_of: Mapped[int | None] = mapped_column(ForeignKey("quantity_decision.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")
    voided_at: Mapped[datetime | None]
