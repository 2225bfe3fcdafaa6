# SPDX-License-Identifier: Apache-2.0
"""Tables of quantities. Concentrations are whole femtograms per microlitre (1 ng/µl = 10^6)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum


class Target(StrEnum):
    """What a quantification kit measures."""

    SMALL = "small autosomal"
    LARGE = "large autosomal"
    Y = "Y"
    IPC = "IPC"


class QuantificationImport(Base):
    """One table of quantities that was taken in: a file, or figures entered by hand."""

    __tablename__ = "quantification_import"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    # SHA-256 of the file; NULL where a person entered the figures.
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


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
