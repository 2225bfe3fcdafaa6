# SPDX-License-Identifier: Apache-2.0
"""Tables of samples and aliquots. Each is one coded subject; its state stands there."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, stored_enum
from lims.samples.rules import AliquotKind as AliquotKind
from lims.samples.rules import Consumption
from lims.samples.rules import ExpectedSex as ExpectedSex
from lims.samples.rules import Line as Line
from lims.samples.rules import Material as Material
from lims.samples.rules import Side as Side


class Sample(Base):
    """A bone sample or a reference sample, as the laboratory knows it."""

    __tablename__ = "sample"
    __table_args__ = (
        # The list is read newest first, a page at a time.
        Index("ix_sample_registered", "registered_at", "code"),
        # So is the list of one line. An index of the line alone would be read whole.
        Index("ix_sample_of_line", "line", "registered_at", "code"),
        CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name="mass"),
        CheckConstraint(
            "(line = 'bone') = (material IN ('bone', 'tooth'))", name="material_of_line"
        ),
        CheckConstraint("line <> 'bone' OR (element <> '' AND mass_ug > 0)", name="bone"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    line: Mapped[Line] = mapped_column(stored_enum(Line))
    material: Mapped[Material] = mapped_column(stored_enum(Material))
    element: Mapped[str] = mapped_column(String(40), default="")
    side: Mapped[Side] = mapped_column(stored_enum(Side), default=Side.UNKNOWN)
    mass_ug: Mapped[int | None] = mapped_column(BigInteger)
    expected_sex: Mapped[ExpectedSex] = mapped_column(stored_enum(ExpectedSex))
    # Random group codes, which only managers see; '' where the group would be under ten.
    site_group: Mapped[str] = mapped_column(String(12), default="")
    burial_condition: Mapped[str] = mapped_column(String(12), default="")
    # The customer's rule for the last of it.
    consumption: Mapped[Consumption] = mapped_column(
        stored_enum(Consumption), default=Consumption.FREE
    )
    registered_at: Mapped[datetime]
    # Whoever coded it may not accept it.
    registered_by: Mapped[str] = mapped_column(String(80))
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(String(80))


class Aliquot(Base):
    """A part of a sample: powder or punch, lysate or dilution."""

    __tablename__ = "aliquot"
    __table_args__ = (
        CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name="mass"),
        CheckConstraint("volume_nl IS NULL OR volume_nl > 0", name="volume"),
        CheckConstraint("kind <> 'powder' OR mass_ug IS NOT NULL", name="powder_has_mass"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    sample_code: Mapped[str] = mapped_column(ForeignKey("sample.code"), index=True)
    kind: Mapped[AliquotKind] = mapped_column(stored_enum(AliquotKind))
    mass_ug: Mapped[int | None] = mapped_column(BigInteger)
    volume_nl: Mapped[int | None] = mapped_column(BigInteger)
    taken_at: Mapped[datetime]
    taken_by: Mapped[str] = mapped_column(String(80))
    expires: Mapped[date | None]
