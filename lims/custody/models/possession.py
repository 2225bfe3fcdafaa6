# SPDX-License-Identifier: Apache-2.0
"""Who holds a thing and where: intervals that the database itself keeps without gap or overlap."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, BigId
from lims.custody.models.ledger import EVENT_ID_LENGTH

_STANDING = text("ended_at IS NULL")
_ENDED = text("ended_at IS NOT NULL")


def _event() -> ForeignKey:
    return ForeignKey("ledger_event.event_id", deferrable=True, initially="DEFERRED")


class Possession(Base):
    """That a thing was with one holder at one place from one instant to another.

    Interval n + 1 begins at the very instant at which n ends: the foreign key onto the row before
    it says so, hence there is no gap and no overlap; the partial unique index leaves one open, and
    the foreign key onto the row that follows lets none end into nothing.
    `fork` is computed from both ends (rules.fork_of) and finds who held what at an instant.
    """

    __tablename__ = "possession"
    # What the database computes is asked for only where somebody reads it.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012  # SQLAlchemy's own attribute
    __table_args__ = (
        UniqueConstraint("code", "number", "ended_at"),
        UniqueConstraint("code", "number", "began_at"),
        ForeignKeyConstraint(
            ["code", "previous", "began_at"],
            ["possession.code", "possession.number", "possession.ended_at"],
            deferrable=True, initially="DEFERRED",
        ),
        # None ends without the one that follows.
        ForeignKeyConstraint(
            ["code", "following", "ended_at"],
            ["possession.code", "possession.number", "possession.began_at"],
            deferrable=True, initially="DEFERRED", name="followed",
        ),
        CheckConstraint("number >= 1", name="counted"),
        CheckConstraint(
            "(number = 1 AND previous IS NULL) OR (number > 1 AND previous IS NOT NULL AND"
            " previous = number - 1)",
            name="follows",
        ),
        CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="in_time"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_event IS NULL) AND (ended_at IS NULL) = (fork IS NULL)",
            name="ended",
        ),
        Index(
            "uq_possession_standing", "code", unique=True,
            sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        # What a holder has now, and what is at a place now.
        Index(
            "ix_possession_holder_now", "holder", "code",
            sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        Index(
            "ix_possession_place_now", "place", "code",
            sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        # What a holder had, and what was at a place, at an instant of the past.
        Index(
            "ix_possession_holder_then", "holder", "fork",
            sqlite_where=_ENDED, postgresql_where=_ENDED,
        ),
        Index(
            "ix_possession_place_then", "place", "fork",
            sqlite_where=_ENDED, postgresql_where=_ENDED,
        ),
        # Without a row number of its own: it would tell the order in which things were coded.
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous: Mapped[int | None]
    following: Mapped[int | None] = mapped_column(
        Computed("CASE WHEN ended_at IS NULL THEN NULL ELSE number + 1 END", persisted=True)
    )
    holder: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(CODE_LENGTH))
    position: Mapped[str] = mapped_column(String(3))
    began_at: Mapped[datetime]
    began_event: Mapped[str] = mapped_column(String(EVENT_ID_LENGTH), _event())
    ended_at: Mapped[datetime | None]
    ended_event: Mapped[str | None] = mapped_column(String(EVENT_ID_LENGTH), _event())
    fork: Mapped[int | None] = mapped_column(BigId)
