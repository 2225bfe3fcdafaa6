# SPDX-License-Identifier: Apache-2.0
"""Tables of the catalogue of reagents, of lots, their containers, and what was done with them."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, Once, guarded
from lims.people.rules import Activity
from lims.reagents.rules import ContainerEnd, LotActKind, ReagentUnit

RELEASED = Once(
    column="released_at",
    columns=("released_at", "released_by", "tested"),
    always=("use_by", "quarantined_at", "quarantined_by", "quarantine_reason", "ended_at"),
)
"""What came in never changes; it is released once. Quarantine and the end come and go."""
OPENED = Once(
    column="opened_at",
    columns=("opened_at", "opened_by"),
    always=("used", "ended_at", "end", "end_reason"),
)
"""A container is opened once; what is left in it changes."""


class Reagent(Base):
    """A reagent, kit, control or consumable that the laboratory buys or makes."""

    __tablename__ = "reagent"
    __table_args__ = (
        UniqueConstraint("name", "activity"),
        CheckConstraint("open_days IS NULL OR open_days > 0", name="open_days"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # As procedures name it: "extraction buffer", "PowerPlex 16", "positive control 9947A" ...
    name: Mapped[str] = mapped_column(String(80))
    activity: Mapped[Activity] = mapped_column(stored_enum(Activity))
    maker: Mapped[str] = mapped_column(String(80))
    catalogue_number: Mapped[str] = mapped_column(String(60))
    # What amounts of its lots are counted in.
    unit: Mapped[ReagentUnit] = mapped_column(stored_enum(ReagentUnit))
    storage: Mapped[str] = mapped_column(String(80))
    # How many days a container keeps after it was opened; None: as long as it is in date.
    open_days: Mapped[int | None]
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(80))


class Lot(Base):
    """A delivered lot of a reagent, with a label of its own; one or more containers alike."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("reagent_id", "number"),
        CheckConstraint("released_by <> received_by", name="second_person"),
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="release"),
        CheckConstraint("use_by <= expires", name="not_longer"),
        Index("ix_lot_use_by", "use_by", "code"),
        {"info": guarded(RELEASED)},
    )  # fmt: skip

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    reagent_id: Mapped[int] = mapped_column(ForeignKey("reagent.id"), index=True)
    # The catalogue's name and activity.
    reagent: Mapped[str] = mapped_column(String(80), index=True)
    activity: Mapped[str] = mapped_column(String(40))
    # The maker's lot number.
    number: Mapped[str] = mapped_column(String(60))
    expires: Mapped[date] = mapped_column(Date)
    # The last day of use: its expiry, or earlier where a container stands open.
    use_by: Mapped[date] = mapped_column(Date)
    received_on: Mapped[date] = mapped_column(Date)
    received_by: Mapped[str] = mapped_column(String(80))
    condition: Mapped[str] = mapped_column(String(120))
    certificate: Mapped[str] = mapped_column(String(120))
    seal: Mapped[str] = mapped_column(String(60))
    registered_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(80))
    # What quality control tested before it let the lot go.
    tested: Mapped[str] = mapped_column(String(300), default="")
    quarantined_at: Mapped[datetime | None]
    quarantined_by: Mapped[str] = mapped_column(String(80), default="")
    quarantine_reason: Mapped[str] = mapped_column(String(200), default="")
    ended_at: Mapped[datetime | None]


class LotContainer(Base):
    """One bottle, vial or kit box of a lot; no more comes out of it than is in it."""

    __tablename__ = "lot_container"
    __table_args__ = (
        UniqueConstraint("lot_code", "number"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("used >= 0 AND used <= amount", name="not_below_nothing"),
        CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name="opening"),
        CheckConstraint("(ended_at IS NULL) = (\"end\" IS NULL)", name="ending"),
        # One at a time stands open.
        Index(
            "uq_container_open", "lot_code", unique=True,
            sqlite_where=text("opened_at IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=text("opened_at IS NOT NULL AND ended_at IS NULL"),
        ),
        {"info": guarded(OPENED)},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_code: Mapped[str] = mapped_column(ForeignKey("lot.code"), index=True)
    number: Mapped[int]
    # Whole numbers of the reagent's unit.
    amount: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    opened_at: Mapped[datetime | None]
    opened_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    end: Mapped[ContainerEnd | None] = mapped_column(stored_enum(ContainerEnd))
    end_reason: Mapped[str] = mapped_column(String(200), default="")


class LotAct(Base):
    """What was done with a lot: the amounts that went where, and every act upon it."""

    __tablename__ = "lot_act"
    __table_args__ = (
        Index("ix_lot_act_lot", "lot_code", "id"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_code: Mapped[str] = mapped_column(ForeignKey("lot.code"))
    act: Mapped[LotActKind] = mapped_column(stored_enum(LotActKind))
    container: Mapped[int | None]
    # How what is left changed: below zero for what was used.
    change: Mapped[int] = mapped_column(BigInteger, default=0)
    # The batch, plate, set or tube that it went into.
    work_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
