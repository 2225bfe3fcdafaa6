# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of remains. Every `bytes` column is a sealed field, or a blind index of one.

A row's `ref` is a random name: it binds the sealed fields to the row, and `s:` + ref is the row's
own stream in the ledger, shared with no other row.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy import Index as TableIndex
from sqlalchemy.orm import Mapped, mapped_column

from lims.cases.models.columns import Index, Ref
from lims.cases.rules import (
    BoneSex,
    Burial,
    Completeness,
    Condition,
    SamplingState,
    Segment,
)
from lims.core.db import Base, stored_enum
from lims.samples.rules import Consumption, ExpectedSex, Material, Side


class Site(Base):
    """A recovery site. Its key seals its cases, their items, samplings and codings."""

    __tablename__ = "recovery_site"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    # A short code of the laboratory's own, like TR04.
    code: Mapped[bytes] = mapped_column(LargeBinary)
    code_index: Mapped[bytes] = mapped_column(Index, unique=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    coordinates: Mapped[bytes] = mapped_column(LargeBinary)
    # What numbers of cases look like there: a regular expression, or nothing.
    number_pattern: Mapped[bytes] = mapped_column(LargeBinary)
    # What the laboratory's managers see instead, once ten samples are coded.
    group: Mapped[str] = mapped_column("group_code", String(12), unique=True)
    group_shown: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))


class Case(Base):
    """An administrative unit of recovered remains: not a person."""

    __tablename__ = "recovery_case"
    __table_args__ = (
        UniqueConstraint("site_ref", "number_index"),
        # Pages of all cases, and of a site's, follow these.
        TableIndex("ix_recovery_case_newest", "opened_at", "ref"),
        TableIndex("ix_recovery_case_of_site", "site_ref", "opened_at", "ref"),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    site_ref: Mapped[str] = mapped_column(ForeignKey("recovery_site.ref"))
    number: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(Index, index=True)
    description: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))


class Item(Base):
    """A recovered item with its field number: a body, a part, a bone."""

    __tablename__ = "recovered_item"
    __table_args__ = (
        UniqueConstraint("case_ref", "number_index"),
        # Pages of a case's items follow it.
        TableIndex("ix_recovered_item_of_case", "case_ref", "recorded_at", "ref"),
        CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name="mass"),
        CheckConstraint("age_from IS NULL OR age_from BETWEEN 0 AND 120", name="age_from"),
        CheckConstraint("age_to IS NULL OR age_to BETWEEN 0 AND 120", name="age_to"),
        CheckConstraint("age_from IS NULL OR age_to IS NULL OR age_from <= age_to", name="ages"),
        CheckConstraint("version > 0", name="version"),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    case_ref: Mapped[str] = mapped_column(ForeignKey("recovery_case.ref"))
    field_number: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(Index, index=True)
    element: Mapped[str] = mapped_column(String(40), default="")
    side: Mapped[Side] = mapped_column(stored_enum(Side))
    segment: Mapped[Segment] = mapped_column(stored_enum(Segment))
    condition: Mapped[Condition] = mapped_column(stored_enum(Condition))
    bone_sex: Mapped[BoneSex] = mapped_column(stored_enum(BoneSex))
    # Years at death, as far as bones and teeth tell.
    age_from: Mapped[int | None]
    age_to: Mapped[int | None]
    completeness: Mapped[Completeness] = mapped_column(stored_enum(Completeness))
    mass_ug: Mapped[int | None] = mapped_column(BigInteger)
    # The last word on each; every earlier one stands in its versions.
    version: Mapped[int]
    description: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))


class BoneSampling(Base):
    """A piece taken from an item for the laboratory."""

    __tablename__ = "bone_sampling"
    __table_args__ = (
        CheckConstraint("mass_ug > 0", name="mass"),
        CheckConstraint("material IN ('bone', 'tooth')", name="line_of_material"),
        CheckConstraint(
            "state <> 'coded' OR (photograph_sha256 <> '' AND element <> '')", name="coded"
        ),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    item_ref: Mapped[str] = mapped_column(ForeignKey("recovered_item.ref"), index=True)
    element: Mapped[str] = mapped_column(String(40), default="")
    side: Mapped[Side] = mapped_column(stored_enum(Side))
    segment: Mapped[bytes] = mapped_column(LargeBinary)
    material: Mapped[Material] = mapped_column(stored_enum(Material))
    mass_ug: Mapped[int] = mapped_column(BigInteger)
    # What the anthropologist expects.
    expected_sex: Mapped[ExpectedSex] = mapped_column(stored_enum(ExpectedSex))
    burial: Mapped[Burial] = mapped_column(stored_enum(Burial))
    # The customer's rule for the last of it; the laboratory is told when it is coded.
    consumption: Mapped[Consumption] = mapped_column(
        stored_enum(Consumption), default=Consumption.FREE
    )
    taken_on: Mapped[date] = mapped_column(Date)
    taken_by: Mapped[bytes] = mapped_column(LargeBinary)
    seal_number: Mapped[bytes] = mapped_column(LargeBinary)
    seal_index: Mapped[bytes] = mapped_column(Index, index=True)
    # Of the photograph with scale that the coding rests on; '' until there is one.
    photograph_sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[SamplingState] = mapped_column(stored_enum(SamplingState), index=True)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_by: Mapped[str] = mapped_column(String(80))


class CodingList(Base):
    """Samplings that were coded together, so that no time tells one from another."""

    __tablename__ = "coding_list"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    size: Mapped[int]
    # Why a shorter list than the laboratory asks for could not wait.
    urgent: Mapped[bytes] = mapped_column(LargeBinary)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    coded_at: Mapped[datetime] = mapped_column(index=True)
    coded_by: Mapped[str] = mapped_column(String(80))


class BoneCoding(Base):
    """Which code a sampling was given: one of the two places where the sides meet, sealed."""

    __tablename__ = "bone_coding"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    list_ref: Mapped[str] = mapped_column(ForeignKey("coding_list.ref"), index=True)
    sampling_ref: Mapped[str] = mapped_column(ForeignKey("bone_sampling.ref"), unique=True)
    code: Mapped[bytes] = mapped_column(LargeBinary)
    code_index: Mapped[bytes] = mapped_column(Index, unique=True)


class BurialGroup(Base):
    """The random group code of a burial condition, which managers see once ten are coded."""

    __tablename__ = "burial_group"

    burial: Mapped[Burial] = mapped_column(stored_enum(Burial), primary_key=True)
    group: Mapped[str] = mapped_column("group_code", String(12), unique=True)
    group_shown: Mapped[bool] = mapped_column(default=False)


class EventSalt(Base):
    """The salt of a sealed event's commitment; destroyed with the key it is sealed under."""

    __tablename__ = "event_salt"

    # The id of the event.
    ref: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)


class Resolution(Base):
    """That a code was resolved, and why."""

    __tablename__ = "code_resolution"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    # The sampling it led to: a bone sampling or a reference sampling.
    sampling_ref: Mapped[str] = mapped_column(Ref, index=True)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    resolved_at: Mapped[datetime]
    resolved_by: Mapped[str] = mapped_column(String(80))
