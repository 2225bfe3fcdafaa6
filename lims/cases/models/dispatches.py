# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of dispatches: lists, packages and their seals, items, discrepancies, holders.

Every `bytes` column is a sealed field under the dispatch's key, or a blind index of one.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.cases.models.columns import Index as Blind
from lims.cases.models.columns import Ref
from lims.cases.rules.dispatches import (
    Decision,
    DiscrepancyKind,
    DispatchState,
    ItemState,
    PackageState,
    SealEnd,
)
from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.people.rules import Line
from lims.samples.rules import Material, Side

Who = String(80)
DECIDED = Once(
    "decided_at",
    columns=("decision", "decided_because", "decided_at", "decided_by", "witness"),
)
"""A discrepancy is decided once, and what it was stays as it was recorded."""


class Sender(Base):
    """An authority or mortuary that sends; what its columns are called is kept with it."""

    __tablename__ = "dispatch_sender"

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(Blind, unique=True)
    # JSON: header of its lists to the column it stands for.
    mapping: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Who)


class Dispatch(Base):
    """One list of one sender, and how far what it announces has come."""

    __tablename__ = "dispatch"
    __table_args__ = (
        CheckConstraint("state = 'announced' OR arrived_at IS NOT NULL OR state = 'refused'",
                        name="arrived"),
        CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="received"),
        CheckConstraint("arrived_by IS NULL OR arrived_by <> delivered_by", name="two_hands"),
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    sender_ref: Mapped[str] = mapped_column(ForeignKey("dispatch_sender.ref"), index=True)
    line: Mapped[Line] = mapped_column(stored_enum(Line))
    state: Mapped[DispatchState] = mapped_column(stored_enum(DispatchState))
    # The sender's number of the list; '' where it has none.
    number: Mapped[bytes] = mapped_column(LargeBinary)
    file_name: Mapped[bytes] = mapped_column(LargeBinary)
    # Which bytes it was read from, and what they said, whatever the file was called. The list is
    # there once: the same bytes, or the same rows in another file, find these taken.
    bytes_index: Mapped[bytes | None] = mapped_column(Blind, unique=True)
    content_index: Mapped[bytes | None] = mapped_column(Blind, unique=True)
    # JSON: headers, what each was taken for, and those that nobody knows.
    columns: Mapped[bytes] = mapped_column(LargeBinary)
    # Why items of an earlier list are sent again; '' for a first list.
    again: Mapped[bytes] = mapped_column(LargeBinary)
    cancelled_because: Mapped[bytes] = mapped_column(LargeBinary)
    # Who brought it: JSON of name, organisation, document; '' before arrival. Sealed under a key of
    # the person's own, so that it can be erased without the list.
    deliverer: Mapped[bytes] = mapped_column(LargeBinary)
    deliverer_key: Mapped[str | None] = mapped_column(ForeignKey("sealed_key.ref"))
    # A colleague's actor id, or outside:<beginning of the commitment>.
    delivered_by: Mapped[str | None] = mapped_column(Who)
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_by: Mapped[str] = mapped_column(Who)
    arrived_at: Mapped[datetime | None]
    arrived_by: Mapped[str | None] = mapped_column(Who)
    received_at: Mapped[datetime | None]
    received_by: Mapped[str | None] = mapped_column(Who)


class Package(Base):
    """What one seal of a list closes."""

    __tablename__ = "dispatch_package"
    __table_args__ = (
        UniqueConstraint("dispatch_ref", "number"),
        # A sender announces a seal once; `round` counts where it says why it does so again.
        UniqueConstraint("sender_ref", "seal_index", "round"),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    dispatch_ref: Mapped[str] = mapped_column(ForeignKey("dispatch.ref"))
    sender_ref: Mapped[str] = mapped_column(ForeignKey("dispatch_sender.ref"))
    number: Mapped[int]
    round: Mapped[int]
    # The number of the package itself, on its label; '' where it has none.
    label: Mapped[bytes] = mapped_column(LargeBinary)
    label_index: Mapped[bytes] = mapped_column(Blind, index=True)
    # The seal that the list announces.
    seal_number: Mapped[bytes] = mapped_column(LargeBinary)
    seal_index: Mapped[bytes] = mapped_column(Blind, index=True)
    state: Mapped[PackageState] = mapped_column(stored_enum(PackageState))


class PackageSeal(Base):
    """A seal that closed a package: when, and what followed when it was broken."""

    __tablename__ = "package_seal"
    __table_args__ = (
        UniqueConstraint("package_ref", "number"),
        UniqueConstraint("package_ref", "number", "broken_at"),
        # The next seal closes what the last one opened: none is passed over.
        ForeignKeyConstraint(
            ("package_ref", "previous"), ("package_seal.package_ref", "package_seal.number"),
            name="previous_seal",
        ),
        CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1", name="previous"
        ),
        CheckConstraint("(broken_at IS NULL) = (broken_by IS NULL)", name="broken"),
        CheckConstraint("broken_by IS NULL OR broken_by <> witness", name="witnessed"),
        CheckConstraint("broken_at IS NULL OR broken_at >= applied_at", name="order"),
        CheckConstraint("followed_by = '' OR broken_at IS NOT NULL", name="followed"),
        Index(
            "uq_package_seal_whole", "package_ref", unique=True,
            sqlite_where=text("broken_at IS NULL"), postgresql_where=text("broken_at IS NULL"),
        ),
    )  # fmt: skip

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    package_ref: Mapped[str] = mapped_column(ForeignKey("dispatch_package.ref"))
    number: Mapped[int]
    previous: Mapped[int | None]
    seal_number: Mapped[bytes] = mapped_column(LargeBinary)
    seal_index: Mapped[bytes] = mapped_column(Blind, index=True)
    # When it was put on; the first one: when it was read here.
    applied_at: Mapped[datetime]
    applied_by: Mapped[str] = mapped_column(Who)
    broken_at: Mapped[datetime | None]
    broken_by: Mapped[str | None] = mapped_column(Who)
    witness: Mapped[str] = mapped_column(Who, default="")
    broken_because: Mapped[bytes] = mapped_column(LargeBinary)
    followed_by: Mapped[SealEnd] = mapped_column(stored_enum(SealEnd))
    followed_at: Mapped[datetime | None]


class DispatchItem(Base):
    """One row of a list: what was announced, and what came."""

    __tablename__ = "dispatch_item"
    __table_args__ = (
        UniqueConstraint("dispatch_ref", "number"),
        # One thing is announced once; `round` counts where a list says why it comes again.
        UniqueConstraint("identity_index", "round"),
        CheckConstraint("expected > 0", name="expected"),
        CheckConstraint("counted >= 0 AND counted <= expected", name="counted"),
        CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name="mass"),
        CheckConstraint("read_mass_ug IS NULL OR read_mass_ug > 0", name="read_mass"),
        CheckConstraint("(counted = 0) = (scanned_at IS NULL)", name="scanned"),
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    dispatch_ref: Mapped[str] = mapped_column(ForeignKey("dispatch.ref"))
    package_ref: Mapped[str] = mapped_column(ForeignKey("dispatch_package.ref"), index=True)
    # The row of the file, from 1.
    number: Mapped[int]
    round: Mapped[int]
    identity_index: Mapped[bytes] = mapped_column(Blind)
    site: Mapped[bytes] = mapped_column(LargeBinary)
    # These three as the indexes of the site, the case and the item: so that one finds the other.
    site_index: Mapped[bytes] = mapped_column(Blind)
    case_number: Mapped[bytes] = mapped_column(LargeBinary)
    case_index: Mapped[bytes] = mapped_column(Blind)
    field_number: Mapped[bytes] = mapped_column(LargeBinary)
    field_index: Mapped[bytes] = mapped_column(Blind, index=True)
    donor_number: Mapped[bytes] = mapped_column(LargeBinary)
    # What the bar code of the item says: its field number, or the donor's number.
    scan_index: Mapped[bytes] = mapped_column(Blind, index=True)
    element: Mapped[str] = mapped_column(String(40), default="")
    side: Mapped[Side] = mapped_column(stored_enum(Side))
    material: Mapped[Material] = mapped_column(stored_enum(Material))
    mass_ug: Mapped[int | None] = mapped_column(BigInteger)
    expected: Mapped[int]
    taken_on: Mapped[date | None] = mapped_column(Date)
    remarks: Mapped[bytes] = mapped_column(LargeBinary)
    # JSON: cells of columns that nobody knows.
    other: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[ItemState] = mapped_column(stored_enum(ItemState))
    counted: Mapped[int] = mapped_column(default=0)
    read_mass_ug: Mapped[int | None] = mapped_column(BigInteger)
    scanned_at: Mapped[datetime | None]
    scanned_by: Mapped[str | None] = mapped_column(Who)
    # What it became: a bone sampling, or a reference sampling.
    sampling_ref: Mapped[str | None] = mapped_column(Ref, unique=True)


class Discrepancy(Base):
    """What differed, why, and what two persons decided of it."""

    __tablename__ = "dispatch_discrepancy"
    __table_args__ = (
        CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL) AND (decided_at IS NULL) = "
            "(decided_by IS NULL) AND (decided_at IS NULL) = (witness IS NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> witness", name="two_decide"),
        {"info": guarded(DECIDED)},
    )

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"))
    dispatch_ref: Mapped[str] = mapped_column(ForeignKey("dispatch.ref"), index=True)
    package_ref: Mapped[str | None] = mapped_column(ForeignKey("dispatch_package.ref"), index=True)
    item_ref: Mapped[str | None] = mapped_column(ForeignKey("dispatch_item.ref"), index=True)
    kind: Mapped[DiscrepancyKind] = mapped_column(stored_enum(DiscrepancyKind))
    sent: Mapped[bytes] = mapped_column(LargeBinary)
    read: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    # The hash of the picture as it came, and of its sealed bytes in the store; '' for none.
    photograph_sha256: Mapped[str] = mapped_column(String(64), default="")
    photograph_file: Mapped[str] = mapped_column(String(64), default="")
    photograph_type: Mapped[str] = mapped_column(String(4), default="")
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Who)
    decision: Mapped[Decision | None] = mapped_column(stored_enum(Decision))
    decided_because: Mapped[bytes] = mapped_column(LargeBinary)
    decided_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[str | None] = mapped_column(Who)
    witness: Mapped[str | None] = mapped_column(Who)


class SealedPossession(Base):
    """Who held a package or an item before coding: intervals without gap or overlap."""

    __tablename__ = "sealed_possession"
    __table_args__ = (
        UniqueConstraint("thing_ref", "number"),
        UniqueConstraint("thing_ref", "number", "ended_at"),
        ForeignKeyConstraint(
            ("thing_ref", "previous", "began_at"),
            (
                "sealed_possession.thing_ref", "sealed_possession.number",
                "sealed_possession.ended_at",
            ),
            name="no_gap", deferrable=True, initially="DEFERRED",
        ),
        CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1", name="previous"
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_event IS NULL)", name="ended"),
        CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="order"),
        Index(
            "uq_sealed_possession_standing", "thing_ref", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_sealed_possession_holder", "holder", "began_at"),
        {"info": guarded(Once("ended_at", columns=("ended_at", "ended_event")))},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The ref of a package or of an item.
    thing_ref: Mapped[str] = mapped_column(Ref)
    number: Mapped[int]
    previous: Mapped[int | None]
    # An actor's id, "outside:<beginning of a commitment>", "missing" or "coded".
    holder: Mapped[str] = mapped_column(Who)
    began_at: Mapped[datetime]
    began_event: Mapped[str] = mapped_column(String(36))
    ended_at: Mapped[datetime | None]
    ended_event: Mapped[str | None] = mapped_column(String(36))
