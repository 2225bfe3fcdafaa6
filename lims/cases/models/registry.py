# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of the registry: versions of items, numbers, photographs, individuals.

Every `bytes` column is a sealed field under the row's key, or a blind index of one.
"""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy import Index as TableIndex
from sqlalchemy.orm import Mapped, mapped_column

from lims.cases.models.columns import Index, Ref
from lims.cases.rules import DecisionKind, NumberKind, PhotographKind
from lims.core.db import Base, stored_enum
from lims.core.guards import APPEND_ONLY, guarded

Who = String(80)
STANDING = text("withdrawn_at IS NULL")


class ItemVersion(Base):
    """What was recorded of an item from one correction to the next; the first is number 1."""

    __tablename__ = "item_version"
    __table_args__ = (
        UniqueConstraint("item_ref", "number"),
        CheckConstraint("number > 0", name="number"),
        {"info": guarded(APPEND_ONLY)},
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    item_ref: Mapped[str] = mapped_column(ForeignKey("recovered_item.ref"))
    number: Mapped[int]
    # JSON of the facts of rules.ItemFacts.
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    # Why it was corrected; '' of the first.
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Who)


class Individual(Base):
    """One person, as far as the remains tell: cases and individuals meet in many ways."""

    __tablename__ = "individual"
    __table_args__ = (CheckConstraint("number > 0", name="number"),)

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    # The laboratory's own: 1, 2, 3 ...
    number: Mapped[int] = mapped_column(unique=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(Who)


class ThingNumber(Base):
    """A number that somebody else counts a thing by."""

    __tablename__ = "thing_number"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN case_ref IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN item_ref IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN sampling_ref IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN individual_ref IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_thing",
        ),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        TableIndex(
            "uq_thing_number_standing", "identity_index", unique=True,
            sqlite_where=STANDING, postgresql_where=STANDING,
        ),
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    case_ref: Mapped[str | None] = mapped_column(ForeignKey("recovery_case.ref"), index=True)
    item_ref: Mapped[str | None] = mapped_column(ForeignKey("recovered_item.ref"), index=True)
    sampling_ref: Mapped[str | None] = mapped_column(ForeignKey("bone_sampling.ref"), index=True)
    individual_ref: Mapped[str | None] = mapped_column(ForeignKey("individual.ref"), index=True)
    kind: Mapped[NumberKind] = mapped_column(stored_enum(NumberKind))
    issuer: Mapped[bytes] = mapped_column(LargeBinary)
    number: Mapped[bytes] = mapped_column(LargeBinary)
    # Of the number alone, to find it; and of kind, number and issuer, which stand once.
    number_index: Mapped[bytes] = mapped_column(Index, index=True)
    identity_index: Mapped[bytes] = mapped_column(Index)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Who)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Who)
    withdrawn_because: Mapped[bytes] = mapped_column(LargeBinary)


class FieldPhotograph(Base):
    """A photograph of an item or of a sampling; its bytes lie sealed in the store of files."""

    __tablename__ = "field_photograph"
    __table_args__ = (
        CheckConstraint("(item_ref IS NULL) <> (sampling_ref IS NULL)", name="one_thing"),
        CheckConstraint("size_bytes > 0 AND width > 0 AND height > 0", name="size"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        TableIndex(
            "uq_field_photograph_item", "item_ref", "sha256", unique=True,
            sqlite_where=STANDING, postgresql_where=STANDING,
        ),
        TableIndex(
            "uq_field_photograph_sampling", "sampling_ref", "sha256", unique=True,
            sqlite_where=STANDING, postgresql_where=STANDING,
        ),
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    item_ref: Mapped[str | None] = mapped_column(ForeignKey("recovered_item.ref"), index=True)
    sampling_ref: Mapped[str | None] = mapped_column(ForeignKey("bone_sampling.ref"), index=True)
    kind: Mapped[PhotographKind] = mapped_column(stored_enum(PhotographKind))
    # Of the bytes as they came: the name under which the store keeps them once for this key.
    sha256: Mapped[str] = mapped_column(String(64))
    thumbnail_sha256: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(4))
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    # When, by whom and where it was taken, as far as whoever recorded it knows.
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[bytes] = mapped_column(LargeBinary)
    place: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Who)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Who)
    withdrawn_because: Mapped[bytes] = mapped_column(LargeBinary)


class IndividualDecision(Base):
    """What was decided of whose remains they are, on what evidence, by whom; two persons."""

    __tablename__ = "individual_decision"
    __table_args__ = (
        CheckConstraint("decided_by <> witness", name="two_decide"),
        CheckConstraint("(kind = 'undone') = (undoes IS NOT NULL)", name="undoes"),
        {"info": guarded(APPEND_ONLY)},
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    kind: Mapped[DecisionKind] = mapped_column(stored_enum(DecisionKind))
    # A decision is undone once; to undo that, it is decided again.
    undoes: Mapped[str | None] = mapped_column(ForeignKey("individual_decision.ref"), unique=True)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    evidence: Mapped[bytes] = mapped_column(LargeBinary)
    decided_at: Mapped[datetime] = mapped_column(index=True)
    decided_by: Mapped[str] = mapped_column(Who)
    witness: Mapped[str] = mapped_column(Who)


class Assignment(Base):
    """To whom an item or a sampling belongs from one decision to the next; to nobody: NULL."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("(item_ref IS NULL) <> (sampling_ref IS NULL)", name="one_thing"),
        UniqueConstraint("item_ref", "number"),
        UniqueConstraint("sampling_ref", "number"),
        CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1", name="previous"
        ),
        # None is passed over, of a thing of either kind.
        ForeignKeyConstraint(
            ("item_ref", "previous"), ("assignment.item_ref", "assignment.number"),
            name="previous_of_item",
        ),
        ForeignKeyConstraint(
            ("sampling_ref", "previous"), ("assignment.sampling_ref", "assignment.number"),
            name="previous_of_sampling",
        ),
        {"info": guarded(APPEND_ONLY)},
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    decision_ref: Mapped[str] = mapped_column(ForeignKey("individual_decision.ref"), index=True)
    item_ref: Mapped[str | None] = mapped_column(ForeignKey("recovered_item.ref"))
    sampling_ref: Mapped[str | None] = mapped_column(ForeignKey("bone_sampling.ref"))
    number: Mapped[int]
    previous: Mapped[int | None]
    individual_ref: Mapped[str | None] = mapped_column(ForeignKey("individual.ref"), index=True)
    decided_at: Mapped[datetime]

    @property
    def thing_ref(self) -> str:
        """The item's ref, or the sampling's."""
        return self.item_ref or self.sampling_ref or ""
