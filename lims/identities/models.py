# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of persons. Every `bytes` column is a sealed field, or a blind index of one.

A person's own key seals names, contacts and free text in every row that belongs to the person.
A row's `ref` binds its fields to it, and names its own stream in the ledger.
"""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy import Index as TableIndex
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from lims.cases.rules import SamplingState
from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.identities.rules import LaterAct as LaterAct
from lims.identities.rules import RelationKind
from lims.samples.rules import Consumption, ExpectedSex, Material

Ref = String(32)
Index = LargeBinary(8)
LIFTED = Once("lifted_at", columns=("lifted_at", "lifted_by"), always=("reason",))
"""A legal hold is lifted once."""


class Named:
    """The columns of a person's number and name."""

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    # A file number of the laboratory's own.
    number: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(Index, unique=True)
    given: Mapped[bytes] = mapped_column(LargeBinary)
    father: Mapped[bytes] = mapped_column(LargeBinary)
    grandfather: Mapped[bytes] = mapped_column(LargeBinary)
    family: Mapped[bytes] = mapped_column(LargeBinary)
    mother: Mapped[bytes] = mapped_column(LargeBinary)
    kunya: Mapped[bytes] = mapped_column(LargeBinary)
    # As it is written in Latin letters, where anybody did.
    latin: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_by: Mapped[str] = mapped_column(String(80))


class MissingPerson(Named, Base):
    """A person reported missing."""

    __tablename__ = "missing_person"

    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    sex: Mapped[ExpectedSex] = mapped_column(stored_enum(ExpectedSex))
    # Date or year of birth, as it was told.
    birth: Mapped[bytes] = mapped_column(LargeBinary)
    circumstances: Mapped[bytes] = mapped_column(LargeBinary)


class Donor(Named, Base):
    """A relative who gives a reference sample."""

    __tablename__ = "donor"

    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    sex: Mapped[ExpectedSex] = mapped_column(stored_enum(ExpectedSex))
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[bytes] = mapped_column(LargeBinary)
    notes: Mapped[bytes] = mapped_column(LargeBinary)


class NameIndex(Base):
    """A part of a person's name, blind: it can be looked up, and not read."""

    __tablename__ = "name_index"
    __table_args__ = (
        CheckConstraint("(missing_ref IS NULL) <> (donor_ref IS NULL)", name="one_person"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    part: Mapped[bytes] = mapped_column(Index, index=True)
    missing_ref: Mapped[str | None] = mapped_column(ForeignKey("missing_person.ref"), index=True)
    donor_ref: Mapped[str | None] = mapped_column(ForeignKey("donor.ref"), index=True)


class Relation(Base):
    """What a donor declares to be to a missing person. The laboratory is never told."""

    __tablename__ = "relation"
    __table_args__ = (UniqueConstraint("donor_ref", "missing_ref"),)

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    donor_ref: Mapped[str] = mapped_column(ForeignKey("donor.ref"))
    missing_ref: Mapped[str] = mapped_column(ForeignKey("missing_person.ref"), index=True)
    kind: Mapped[RelationKind] = mapped_column(stored_enum(RelationKind))
    declared_at: Mapped[datetime]
    declared_by: Mapped[str] = mapped_column(String(80))


class Consent(Base):
    """A form that a donor signed: its version, what it covers, who witnessed it."""

    __tablename__ = "consent"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    donor_ref: Mapped[str] = mapped_column(ForeignKey("donor.ref"), index=True)
    version: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    given_on: Mapped[date] = mapped_column(Date)
    witness: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")
    withdrawn_because: Mapped[bytes] = mapped_column(LargeBinary)


class ReferenceSampling(Base):
    """A blood card or swab that a donor gave."""

    __tablename__ = "reference_sampling"
    __table_args__ = (
        CheckConstraint("material IN ('blood card', 'buccal swab')", name="line_of_material"),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    donor_ref: Mapped[str] = mapped_column(ForeignKey("donor.ref"), index=True)
    material: Mapped[Material] = mapped_column(stored_enum(Material))
    expected_sex: Mapped[ExpectedSex] = mapped_column(stored_enum(ExpectedSex))
    # The customer's rule for the last of it.
    consumption: Mapped[Consumption] = mapped_column(
        stored_enum(Consumption), default=Consumption.FREE
    )
    taken_on: Mapped[date] = mapped_column(Date)
    taken_by: Mapped[bytes] = mapped_column(LargeBinary)
    seal_number: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[SamplingState] = mapped_column(stored_enum(SamplingState), index=True)
    withdrawn_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_by: Mapped[str] = mapped_column(String(80))


class ReferenceCoding(Base):
    """Which code a reference sampling was given: the other place where the sides meet."""

    __tablename__ = "reference_coding"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    list_ref: Mapped[str] = mapped_column(ForeignKey("coding_list.ref"), index=True)
    sampling_ref: Mapped[str] = mapped_column(ForeignKey("reference_sampling.ref"), unique=True)
    code: Mapped[bytes] = mapped_column(LargeBinary)
    code_index: Mapped[bytes] = mapped_column(Index, unique=True)


class LegalHold(Base):
    """A law or a court that forbids to erase a person for now; it lets nobody read either."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        TableIndex(
            "uq_legal_hold_standing", "donor_ref", unique=True,
            sqlite_where=sql("lifted_at IS NULL"), postgresql_where=sql("lifted_at IS NULL"),
        ),
        # The reason goes with the person where a laboratory without encryption erases one.
        {"info": guarded(LIFTED)},
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    donor_ref: Mapped[str] = mapped_column(ForeignKey("donor.ref"))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(80), default="")


class ToTell(Base):
    """What the ledger is to learn of a code, at an hour drawn for it alone.

    It names no person. `told_event` is the event that told it.
    """

    __tablename__ = "to_tell"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"))
    act: Mapped[LaterAct] = mapped_column(stored_enum(LaterAct))
    due_at: Mapped[datetime] = mapped_column(index=True)
    asked_by: Mapped[str] = mapped_column(String(80))
    told_event: Mapped[str | None] = mapped_column(String(36))
