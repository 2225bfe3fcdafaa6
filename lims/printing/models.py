# SPDX-License-Identifier: Apache-2.0
"""Tables of labels: one live label a thing, by the database; jobs of many; alarms."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.printing.rules import PENDING, AlarmWhy, LabelState, Settled

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
        Index("ix_label_waiting", "station_code", "state", "job_id", "place", "id"),
        Index("ix_label_of_job", "job_id", "place", "id"),
        # The print ledger, newest first: all of it, of a person, of a printer, of an outcome, of
        # any two of them.
        Index("ix_label_ordered", "queued_at", "id"),
        Index("ix_label_ordered_by", "queued_by", "queued_at", "id"),
        Index("ix_label_ordered_at", "station_code", "queued_at", "id"),
        Index("ix_label_outcome", "state", "queued_at", "id"),
        Index("ix_label_by_at", "queued_by", "station_code", "queued_at", "id"),
        Index("ix_label_by_outcome", "queued_by", "state", "queued_at", "id"),
        Index("ix_label_at_outcome", "station_code", "state", "queued_at", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payload: Mapped[str] = mapped_column(String(11), unique=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    # The job of many labels that it belongs to, and its number in it.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("print_job.id"))
    place: Mapped[int | None]
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
    # What became of a label that nobody scanned back, as somebody of quality found out.
    settled: Mapped[Settled | None] = mapped_column(stored_enum(Settled))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))


class PrintJob(Base):
    """Many labels printed one after the other; how far it is, its instances say."""

    __tablename__ = "print_job"
    __table_args__ = (Index("ix_print_job_about", "about", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The batch, plate, place or tube whose labels these are.
    about: Mapped[str] = mapped_column(ForeignKey("subject.code"))
    # Where the next of its labels comes out.
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    labels: Mapped[int]
    # Counts the acts of people on it: who acts on an older one is told so.
    revision: Mapped[int] = mapped_column(default=0)
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))


class Alarm(Base):
    """A label that must not be on anything, or that nobody ordered; it stands until answered."""

    __tablename__ = "label_alarm"
    __table_args__ = (Index("ix_label_alarm_open", "answered_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The scan that raised it; a printer raises one without a scan.
    scan_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    why: Mapped[AlarmWhy] = mapped_column(stored_enum(AlarmWhy))
    # What was read, or how the printer's counter jumped.
    read: Mapped[str] = mapped_column(String(40))
    # The thing it touches, where the laboratory knows one.
    code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    raised_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(400), default="")


class LabelSheet(Base):
    """Labels put on sheets for an office printer; its file is given out once."""

    __tablename__ = "label_sheet"
    __table_args__ = (Index("ix_label_sheet_stock", "station_code", "stock", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    layout: Mapped[str] = mapped_column(String(40))
    layout_version: Mapped[int]
    stock: Mapped[str] = mapped_column(String(20))
    # The first place used, counted from 1, and places of the first sheet that were passed over.
    start: Mapped[int]
    used: Mapped[list[int]] = mapped_column(JSON)
    # Tenths of a millimetre, to the right and down.
    offset_x: Mapped[int]
    offset_y: Mapped[int]
    anchor: Mapped[str] = mapped_column(String(40))
    # Payload, number of the sheet from 1, place on it from 1; in the order of printing.
    placed: Mapped[list[list[Any]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    given_at: Mapped[datetime | None]
    given_by: Mapped[str | None] = mapped_column(String(80))


class LabelQueue(Base):
    """Counts the changes of a station's labels, so that its page can be told of them."""

    __tablename__ = "label_queue"

    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
