# SPDX-License-Identifier: Apache-2.0
"""Tables of places of storage, and of what stands where."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.storage.models.counts import CountDifference as CountDifference
from lims.storage.models.counts import CountScan as CountScan
from lims.storage.models.counts import PlaceCount as PlaceCount
from lims.storage.models.counts import RackImport as RackImport
from lims.storage.rules import BoxUse as BoxUse
from lims.storage.rules import PlaceKind as PlaceKind


class Place(Base):
    """A building, room, freezer, shelf, rack or box, with a label of kind C."""

    __tablename__ = "place"
    __table_args__ = (
        # A name tells places in use apart that stand in the same one; NULL equals no NULL.
        Index(
            "uq_place_name", "parent_code", "name", unique=True,
            sqlite_where=text("retired_at IS NULL"), postgresql_where=text("retired_at IS NULL"),
        ),
        Index(
            "uq_place_outermost", "name", unique=True,
            sqlite_where=text("parent_code IS NULL AND retired_at IS NULL"),
            postgresql_where=text("parent_code IS NULL AND retired_at IS NULL"),
        ),
        # The places in one, page by page.
        Index("ix_place_inside", "parent_code", "order_key", "code"),
        CheckConstraint("(kind = 'box') = (rows IS NOT NULL)", name="positions_of_boxes"),
        CheckConstraint("(rows IS NULL) = (columns IS NULL)", name="rows_and_columns"),
        CheckConstraint("rows BETWEEN 1 AND 16", name="rows"),
        CheckConstraint("columns BETWEEN 1 AND 24", name="columns"),
        CheckConstraint("parent_code <> code", name="not_in_itself"),
    )  # fmt: skip

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    kind: Mapped[PlaceKind] = mapped_column(stored_enum(PlaceKind))
    name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    rows: Mapped[int | None]
    columns: Mapped[int | None]
    takes: Mapped[BoxUse] = mapped_column(stored_enum(BoxUse))
    added_at: Mapped[datetime]
    order_key: Mapped[str] = mapped_column(String(120))
    """The name as it is sorted: B2 before B10."""
    retired_at: Mapped[datetime | None]


class PlaceStay(Base):
    """That a place stood in another under a name, from one instant to another.

    Where a thing was at an instant follows from it: what stands in a box has no row of its own for
    the moves of the box.
    """

    __tablename__ = "place_stay"
    __table_args__ = (
        Index(
            "uq_place_stay_now", "code", unique=True,
            sqlite_where=text("until IS NULL"), postgresql_where=text("until IS NULL"),
        ),
        Index("ix_place_stay_code", "code", "since"),
        CheckConstraint("until IS NULL OR until >= since", name="in_time"),
        {"info": guarded(Once("until", columns=("until",)))},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("place.code"))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    name: Mapped[str] = mapped_column(String(60))
    since: Mapped[datetime]
    began_by: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime | None]


class Stored(Base):
    """That a thing stood at a position from one instant to another; the row stays for ever."""

    __tablename__ = "stored"
    __table_args__ = (
        # One thing at a position. What lies loose on a shelf has no position.
        Index(
            "uq_stored_position", "place_code", "position", unique=True,
            sqlite_where=text("taken_at IS NULL AND position <> ''"),
            postgresql_where=text("taken_at IS NULL AND position <> ''"),
        ),
        # One place of a thing.
        Index(
            "uq_stored_thing", "code", unique=True,
            sqlite_where=text("taken_at IS NULL"), postgresql_where=text("taken_at IS NULL"),
        ),
        # What is in a place now, loose things too.
        Index(
            "ix_stored_now", "place_code",
            sqlite_where=text("taken_at IS NULL"), postgresql_where=text("taken_at IS NULL"),
        ),
        CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken"),
        CheckConstraint("taken_at IS NULL OR taken_at >= put_at", name="in_time"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    place_code: Mapped[str] = mapped_column(ForeignKey("place.code"))
    position: Mapped[str] = mapped_column(String(3))
    put_at: Mapped[datetime]
    put_by: Mapped[str] = mapped_column(String(80))
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(String(80))
