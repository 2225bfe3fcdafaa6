# SPDX-License-Identifier: Apache-2.0
"""Tables of label instances: one live label a thing, by the database."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.printing.rules import PENDING, LabelState

_PENDING = ", ".join(f"'{state.value}'" for state in PENDING)


class LabelInstance(Base):
    """One physical label: its payload is the code and two characters of its own."""

    __tablename__ = "label_instance"
    __table_args__ = (
        Index(
            "uq_label_active", "code", unique=True,
            sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'"),
        ),
        Index(
            "uq_label_pending", "code", unique=True,
            sqlite_where=text(f"state IN ({_PENDING})"),
            postgresql_where=text(f"state IN ({_PENDING})"),
        ),
        # What a station's printer waits for. Whole, not partial: states come as parameters, and
        # SQLite then sees no partial index that would do.
        Index("ix_label_waiting", "station_code", "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payload: Mapped[str] = mapped_column(String(11), unique=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    layout: Mapped[str] = mapped_column(String(40))
    # Which version of it, 0 being the one that came with the software; and the SHA-256 of its file.
    layout_version: Mapped[int] = mapped_column(default=0)
    layout_sha256: Mapped[str] = mapped_column(String(64), default="")
    # The values of the layout's fields that do not follow from the code.
    lines: Mapped[dict[str, str]] = mapped_column(JSON)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    state: Mapped[LabelState] = mapped_column(stored_enum(LabelState))
    # Counts up with every lease; an agent with an older one is refused.
    fence: Mapped[int] = mapped_column(default=0)
    lease_ends: Mapped[datetime | None]
    # The name of the agent that has it: when that one says it holds nothing, the lease is over.
    leased_to: Mapped[str] = mapped_column(String(40), default="")
    # SHA-256 of the bytes that were given to the agent.
    sha256: Mapped[str] = mapped_column(String(64), default="")
    odometer_before: Mapped[int | None]
    odometer_after: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    fault: Mapped[str] = mapped_column(String(200), default="")
    queued_at: Mapped[datetime]
    queued_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]


class LabelQueue(Base):
    """Counts the changes of a station's labels, so that its page can be told of them."""

    __tablename__ = "label_queue"

    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
