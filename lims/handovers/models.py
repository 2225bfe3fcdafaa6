# SPDX-License-Identifier: Apache-2.0
"""Tables of hand-overs and of the things in each. No row is ever deleted."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.handovers.rules import Difference, HandOverState, Purpose, ThingState, Way

_WAITING = text("state = 'waiting'")
_OPEN = text("state = 'open'")
ANSWERED = Once("state", open="waiting", columns=("state", "difference", "note"))
"""The receiver answers for a thing once."""


class HandOver(Base):
    """That a giver hands a list of things to a receiver; `id` is its number.

    `giver` and `receiver` are holders as custody names them: actors, or `outside:<prefix>`.
    """

    __tablename__ = "handover"
    __table_args__ = (
        Index("ix_handover_receiver", "receiver", "id"),
        Index("ix_handover_giver", "giver", "id"),
        # What waits for somebody: asked by every page.
        Index("ix_handover_waiting", "receiver", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("giver <> receiver", name="two_parties"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(ended_at IS NULL) = (ended_event IS NULL)", name="ended_by_event"),
        CheckConstraint("ended_at IS NULL OR ended_at >= opened_at", name="in_time"),
        CheckConstraint("way = 'hand' OR state <> 'open'", name="only_two_wait"),
        CheckConstraint("(way = 'taken') = (witness <> '')", name="taken_before_a_witness"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    way: Mapped[Way] = mapped_column(stored_enum(Way))
    giver: Mapped[str] = mapped_column(String(80))
    receiver: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[Purpose] = mapped_column(stored_enum(Purpose))
    place: Mapped[str] = mapped_column(String(CODE_LENGTH))
    """The station at which it was opened, '' for a page."""
    witness: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    """Why it was refused, withdrawn or taken over."""
    state: Mapped[HandOverState] = mapped_column(stored_enum(HandOverState))
    opened_at: Mapped[datetime]
    opened_event: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_event: Mapped[str | None] = mapped_column(String(64))

    things: Mapped[list["HandedThing"]] = relationship(order_by="HandedThing.code")

    @property
    def stream(self) -> str:
        """The stream of the ledger that tells of it."""
        return f"handover:{self.id}"


class HandedThing(Base):
    """A thing of a hand-over, and what became of it."""

    __tablename__ = "handed_thing"
    __table_args__ = (
        # A thing waits for one receiver.
        Index(
            "uq_handed_thing_waiting", "code", unique=True,
            sqlite_where=_WAITING, postgresql_where=_WAITING,
        ),
        Index("ix_handed_thing_code", "code"),
        CheckConstraint("difference IS NULL OR state = 'kept'", name="difference_stays"),
        # Without a row number of its own: it would tell the order in which things were listed.
        {"sqlite_with_rowid": False, "info": guarded(ANSWERED)},
    )  # fmt: skip

    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), primary_key=True)
    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
    state: Mapped[ThingState] = mapped_column(stored_enum(ThingState))
    difference: Mapped[Difference | None] = mapped_column(stored_enum(Difference))
    note: Mapped[str] = mapped_column(String(200))


TABLES = (HandOver, HandedThing)
