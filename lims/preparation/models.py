# SPDX-License-Identifier: Apache-2.0
"""Tables of preparation. A set is a batch of the activity preparation."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, Once, guarded
from lims.preparation.rules import Method, PictureOf, ToolAct, ToolKind


class PreparedSample(Base):
    """That a sample is prepared in a set; taken out again only with a reason."""

    __tablename__ = "prepared_sample"
    __table_args__ = (
        UniqueConstraint("set_code", "number"),
        CheckConstraint("(taken_out_at IS NULL) = (taken_out_because = '')", name="taken_out"),
        {"info": guarded(Once("taken_out_at", columns=("taken_out_at", "taken_out_because")))},
    )

    set_code: Mapped[str] = mapped_column(ForeignKey("batch.code"), primary_key=True)
    sample_code: Mapped[str] = mapped_column(
        ForeignKey("sample.code"), primary_key=True, index=True
    )
    number: Mapped[int]
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(80))
    taken_out_at: Mapped[datetime | None]
    taken_out_because: Mapped[str] = mapped_column(String(200), default="")


class CleaningStep(Base):
    """One step of cleaning that was done with a sample of a set."""

    __tablename__ = "cleaning_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
        ),
        CheckConstraint("minutes BETWEEN 0 AND 10000", name="minutes"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    set_code: Mapped[str] = mapped_column(String(9), index=True)
    sample_code: Mapped[str] = mapped_column(String(9), index=True)
    method: Mapped[Method] = mapped_column(stored_enum(Method))
    minutes: Mapped[int]
    lot_code: Mapped[str | None] = mapped_column(ForeignKey("lot.code"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class PreparedPart(Base):
    """A part that a set gave: micrograms before, as powder, remaining, lost; they add up.

    A punch or a lysate has no masses.
    """

    __tablename__ = "prepared_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
        ),
        UniqueConstraint("set_code", "sample_code"),
        CheckConstraint("(before_ug IS NULL) = (powder_ug IS NULL)", name="weighed"),
        CheckConstraint("powder_ug > 0 AND powder_ug <= before_ug", name="powder"),
        CheckConstraint(
            "(remains_ug IS NULL) = (lost_ug IS NULL)"
            " AND (remains_ug IS NULL) = (remains_at IS NULL)",
            name="remains",
        ),
        CheckConstraint(
            "remains_ug IS NULL OR (remains_ug >= 0 AND lost_ug >= 0"
            " AND powder_ug + remains_ug + lost_ug = before_ug)",
            name="sum",
        ),
        {
            "info": guarded(
                Once("remains_at", columns=("remains_at", "remains_by", "remains_ug", "lost_ug"))
            )
        },
    )

    aliquot_code: Mapped[str] = mapped_column(ForeignKey("aliquot.code"), primary_key=True)
    set_code: Mapped[str] = mapped_column(String(9))
    sample_code: Mapped[str] = mapped_column(String(9), index=True)
    before_ug: Mapped[int | None] = mapped_column(BigInteger)
    powder_ug: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    remains_ug: Mapped[int | None] = mapped_column(BigInteger)
    lost_ug: Mapped[int | None] = mapped_column(BigInteger)
    remains_at: Mapped[datetime | None]
    remains_by: Mapped[str] = mapped_column(String(80), default="")


class Tool(Base):
    """A mill, cutter or blade with a label of kind C; it may be an instrument too."""

    __tablename__ = "preparation_tool"

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    kind: Mapped[ToolKind] = mapped_column(stored_enum(ToolKind))
    name: Mapped[str] = mapped_column(String(60), unique=True)
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(String(80))


class ToolRecord(Base):
    """One use or one decontamination of a tool, numbered in its own order."""

    __tablename__ = "tool_record"
    __table_args__ = (
        ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
        ),
        CheckConstraint("(act = 'used') = (sample_code IS NOT NULL)", name="sample_of_use"),
        CheckConstraint("(act = 'used') = (method IS NULL)", name="method_of_act"),
        CheckConstraint("act <> 'used' OR set_code IS NOT NULL", name="set_of_use"),
        CheckConstraint("minutes BETWEEN 0 AND 10000", name="minutes"),
        {"info": guarded(APPEND_ONLY)},
    )

    tool_code: Mapped[str] = mapped_column(ForeignKey("preparation_tool.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    act: Mapped[ToolAct] = mapped_column(stored_enum(ToolAct))
    set_code: Mapped[str | None] = mapped_column(ForeignKey("batch.code"), index=True)
    sample_code: Mapped[str | None] = mapped_column(String(9), index=True)
    method: Mapped[Method | None] = mapped_column(stored_enum(Method))
    minutes: Mapped[int] = mapped_column(default=0)
    lot_code: Mapped[str | None] = mapped_column(ForeignKey("lot.code"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class LaboratoryPhotograph(Base):
    """A photograph taken in the laboratory; its bytes lie in the store by their hash.

    That of a reference sample is sealed under the key of its code.
    """

    __tablename__ = "laboratory_photograph"
    __table_args__ = (
        ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
        ),
        UniqueConstraint("sample_code", "sha256"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because = '')", name="withdrawn"),
        {
            "info": guarded(
                Once(
                    "withdrawn_at", columns=("withdrawn_at", "withdrawn_by", "withdrawn_because")
                )
            )
        },
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    set_code: Mapped[str] = mapped_column(String(9), index=True)
    sample_code: Mapped[str] = mapped_column(String(9))
    kind: Mapped[PictureOf] = mapped_column(stored_enum(PictureOf))
    sha256: Mapped[str] = mapped_column(String(64))
    thumbnail_sha256: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(4))
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")
    withdrawn_because: Mapped[str] = mapped_column(String(200), default="")
