# SPDX-License-Identifier: Apache-2.0
"""Tables of counts of a place, of every code read during one, and of whole-rack imports."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, guarded
from lims.storage.rules.counts import Difference as Difference
from lims.storage.rules.counts import Settled as Settled


class PlaceCount(Base):
    """A count of all that stands in a place; open until somebody closes it."""

    __tablename__ = "place_count"
    __table_args__ = (
        # Two people count one room together, not against each other.
        Index(
            "uq_place_count_open", "place_code", unique=True,
            sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_place_count_place", "place_code", "id"),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place_code: Mapped[str] = mapped_column(ForeignKey("place.code"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))


class CountScan(Base):
    """One code read during a count, as it was read; the row stays for ever."""

    __tablename__ = "count_scan"
    __table_args__ = (
        Index("ix_count_scan_of", "count_id", "id"),
        # Where somebody is at work in the count now.
        Index("ix_count_scan_by", "count_id", "scanned_by", "id"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("place_count.id"))
    text: Mapped[str] = mapped_column(String(40))
    """What was read."""
    code: Mapped[str] = mapped_column(String(9))
    """The thing or place of this laboratory that it names, '' where it names none."""
    place_code: Mapped[str] = mapped_column(ForeignKey("place.code"))
    """The place inside the counted one that was scanned last by the same person, or that one."""
    scanned_at: Mapped[datetime]
    scanned_by: Mapped[str] = mapped_column(String(80))


class CountDifference(Base):
    """What a closed count found otherwise than recorded, and what was done about it."""

    __tablename__ = "count_difference"
    __table_args__ = (
        UniqueConstraint("count_id", "text"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_whom"),
        CheckConstraint("(settled_at IS NULL) = (settled_as IS NULL)", name="settled_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("place_count.id"))
    kind: Mapped[Difference] = mapped_column(stored_enum(Difference))
    text: Mapped[str] = mapped_column(String(40))
    """The thing's code; what was read where it names no thing."""
    recorded_in: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    position: Mapped[str] = mapped_column(String(3))
    seen_in: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    settled_as: Mapped[Settled | None] = mapped_column(stored_enum(Settled))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200))


class RackImport(Base):
    """A file of a whole-rack scanner that was applied to a box: once for ever."""

    __tablename__ = "rack_import"
    __table_args__ = (
        UniqueConstraint("place_code", "sha256"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place_code: Mapped[str] = mapped_column(ForeignKey("place.code"))
    sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(120))
    rack: Mapped[str] = mapped_column(String(40))
    """The rack's own number as the scanner read it; '' where the file has none."""
    placed: Mapped[int]
    missing: Mapped[int]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(80))
