# SPDX-License-Identifier: Apache-2.0
"""Tables of the benches: who sits there, what is going on, what was read and what was said."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.bench.rules import DeviceState, Ended, RecordKind
from lims.core.db import Base, BigId, stored_enum
from lims.core.scans import Command, Source, Verdict


class BenchSession(Base):
    """Somebody working at a station, from taking the bench to leaving it; one at a time."""

    __tablename__ = "bench_session"
    __table_args__ = (
        Index(
            "uq_bench_session_open", "station_code", unique=True,
            sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    # The badge whose PIN opened it; None for one opened from the page of somebody signed in.
    badge: Mapped[str | None] = mapped_column(String(11))
    opened_at: Mapped[datetime]
    # Of the last scan, entry or command.
    last_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ended: Mapped[Ended | None] = mapped_column(stored_enum(Ended))
    # What was going on when somebody else began to work here: it comes back with the person.
    kept: Mapped[dict[str, object] | None] = mapped_column(JSON)


class StationState(Base):
    """What is going on at a station: the last outcome's memory. `revision` counts changes up."""

    __tablename__ = "station_state"

    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    focus: Mapped[str | None] = mapped_column(String(11))
    held: Mapped[str | None] = mapped_column(String(11))
    step: Mapped[str] = mapped_column(String(40), default="")
    memory: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    ask: Mapped[dict[str, object] | None] = mapped_column(JSON)
    next: Mapped[dict[str, object] | None] = mapped_column(JSON)
    # A wrong tube stops the work: only the right one ends it.
    stopped: Mapped[bool] = mapped_column(default=False)
    # The badge whose PIN is awaited to open work here, and since when.
    badge: Mapped[str | None] = mapped_column(String(11))
    badge_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class ScanRecord(Base):
    """Everything read, typed or commanded at a station, and the verdict: once for each id."""

    __tablename__ = "scan_record"
    __table_args__ = (Index("ix_scan_record_recent", "station_code", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Made by the client: the same id again gets the same answer.
    scan_id: Mapped[str] = mapped_column(String(64), unique=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    kind: Mapped[RecordKind] = mapped_column(stored_enum(RecordKind))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("bench_session.id"))
    # What the station waited for when it was read.
    step: Mapped[str] = mapped_column(String(40), default="")
    source: Mapped[Source | None] = mapped_column(stored_enum(Source))
    text: Mapped[str] = mapped_column(String(200))
    raw: Mapped[str] = mapped_column(String(2000), default="")
    symbology: Mapped[str] = mapped_column(String(10), default="")
    device: Mapped[str] = mapped_column(String(120), default="")
    sequence: Mapped[int | None]
    device_time: Mapped[datetime | None]
    # By the same clock, however wrong: what lies between the two is how long the scan was stored.
    sent_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    received_at: Mapped[datetime]
    verdict: Mapped[Verdict] = mapped_column(stored_enum(Verdict))
    say: Mapped[dict[str, object]] = mapped_column(JSON)
    advice: Mapped[dict[str, object] | None] = mapped_column(JSON)
    subject: Mapped[str | None] = mapped_column(String(11))
    position: Mapped[str | None] = mapped_column(String(12))
    labels: Mapped[list[str]] = mapped_column(JSON, default=list)


class Device(Base):
    """What an agent last said of a scanner or printer of its station."""

    __tablename__ = "device"

    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    port: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[DeviceState] = mapped_column(stored_enum(DeviceState))
    detail: Mapped[str] = mapped_column(String(200), default="")
    heard_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Screen(Base):
    """A browser that shows one station without anybody signed in."""

    __tablename__ = "bench_screen"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), index=True)
    # SHA-256 of the code that opens it once, then of the token that the browser keeps.
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    code_until: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class CommandCard(Base):
    """A command as a card of one station: its label is tracked like every other."""

    __tablename__ = "command_card"
    __table_args__ = (UniqueConstraint("station_code", "command"),)

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"))
    command: Mapped[Command] = mapped_column(stored_enum(Command))
