# SPDX-License-Identifier: Apache-2.0
"""Tables of batches, plates and wells."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.people.rules import Activity as Activity
from lims.people.rules import Line
from lims.plates.rules import ReviewOutcome
from lims.plates.rules import WellRole as WellRole


class Reviewed:
    """The columns of work that is released, completed and reviewed; the state is the subject's."""

    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(80))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(80))
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[ReviewOutcome | None] = mapped_column(stored_enum(ReviewOutcome))
    # Why it failed, or passes with exceptions.
    review_reason: Mapped[str] = mapped_column(String(300), default="")


class Batch(Reviewed, Base):
    """Samples processed together. Its state (plates.rules.WorkState, a hold) is the subject's."""

    __tablename__ = "batch"

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    activity: Mapped[Activity] = mapped_column(stored_enum(Activity))
    line: Mapped[Line] = mapped_column(stored_enum(Line))
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))


class BatchMember(Base):
    """What stands at a position of a rack: an aliquot, or nothing for the blank; voids stay."""

    __tablename__ = "batch_member"
    __table_args__ = (
        Index(
            "uq_member_position", "batch_code", "position", unique=True,
            sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL"),
        ),
        # Once in one batch of the whole laboratory: a tube cannot be in two racks.
        Index(
            "uq_member_subject", "subject_code", unique=True,
            sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL"),
        ),
        CheckConstraint("(role = 'blank') = (subject_code IS NULL)", name="blank_is_empty"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_code: Mapped[str] = mapped_column(ForeignKey("batch.code"), index=True)
    position: Mapped[str] = mapped_column(String(3))
    role: Mapped[WellRole] = mapped_column(stored_enum(WellRole))
    subject_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    placed_at: Mapped[datetime]
    placed_by: Mapped[str] = mapped_column(String(80))
    # Planned into its place: the tube has still to be scanned there.
    awaits_scan: Mapped[bool] = mapped_column(default=False)
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(200), default="")


class BatchUse(Base):
    """A lot or an instrument that a batch or plate used."""

    __tablename__ = "batch_use"
    __table_args__ = (UniqueConstraint("subject_code", "used_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The batch or the plate.
    subject_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    # The lot or the instrument.
    used_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Plate(Reviewed, Base):
    """A plate of one activity, or strips or a rack in its place. Its state is the subject's."""

    __tablename__ = "plate"

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    activity: Mapped[Activity] = mapped_column(stored_enum(Activity))
    line: Mapped[Line | None] = mapped_column(stored_enum(Line))
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    kit: Mapped[str] = mapped_column(String(60), default="")
    size_standard: Mapped[str] = mapped_column(String(60), default="")
    made_from: Mapped[str | None] = mapped_column(ForeignKey("plate.code"), index=True)
    # The name the analyzer was given for the plate, where it is not our code.
    file_plate_name: Mapped[str] = mapped_column(String(120), default="")
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))


class Well(Base):
    """What stands in a well; a voided filling stays as a row."""

    __tablename__ = "well"
    __table_args__ = (
        Index(
            "uq_well_filled", "plate_code", "position", unique=True,
            sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL"),
        ),
        CheckConstraint(
            "role NOT IN ('sample', 'blank') OR subject_code IS NOT NULL", name="subject_of_sample"
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    position: Mapped[str] = mapped_column(String(3))
    role: Mapped[WellRole] = mapped_column(stored_enum(WellRole))
    # The extract in the well; for a control its lot, for a ladder the kit's lot.
    subject_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    # The well of the plate it was taken from, for injections.
    source_id: Mapped[int | None] = mapped_column(ForeignKey("well.id"), index=True)
    volume_nl: Mapped[int | None]
    # The name that the analyzer was given, where it is not the code.
    file_sample_name: Mapped[str] = mapped_column(String(120), default="")
    filled_at: Mapped[datetime]
    filled_by: Mapped[str] = mapped_column(String(80))
    # Planned into its well: the tube has still to be scanned there.
    awaits_scan: Mapped[bool] = mapped_column(default=False)
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(200), default="")
