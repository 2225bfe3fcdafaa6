# SPDX-License-Identifier: Apache-2.0
"""Tables of instruments: their plans of calibration and maintenance, and what runs out on them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, Once, guarded
from lims.equipment.rules import ConsumableKind, InstrumentKind, PlanKind

INSTALLED = Once(
    column="removed_at", columns=("removed_at",), always=("injections", "runs"),
)  # fmt: skip
"""A consumable is what it is; it is removed once, and its counts move."""


class Instrument(Base):
    """An analyzer, cycler, balance or pipette, with a label of kind C: it stands somewhere."""

    __tablename__ = "instrument"
    __table_args__ = (CheckConstraint("(out_since IS NULL) = (out_by = '')", name="out"),)

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[InstrumentKind] = mapped_column(stored_enum(InstrumentKind))
    activity: Mapped[str] = mapped_column(String(40))
    serial: Mapped[str] = mapped_column(String(60), default="", index=True)
    # The nearest due day of its plans of calibration.
    calibration_due: Mapped[date] = mapped_column(Date)
    out_since: Mapped[datetime | None]
    out_by: Mapped[str] = mapped_column(String(80), default="")
    out_reason: Mapped[str] = mapped_column(String(200), default="")
    registered_at: Mapped[datetime]


class InstrumentPlan(Base):
    """What is done to an instrument again and again, and when it is due."""

    __tablename__ = "instrument_plan"
    __table_args__ = (
        UniqueConstraint("instrument_code", "name"),
        CheckConstraint("interval_days > 0", name="interval"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    instrument_code: Mapped[str] = mapped_column(ForeignKey("instrument.code"), index=True)
    kind: Mapped[PlanKind] = mapped_column(stored_enum(PlanKind))
    name: Mapped[str] = mapped_column(String(80))
    interval_days: Mapped[int]
    due: Mapped[date] = mapped_column(Date, index=True)


class InstrumentUpkeep(Base):
    """A calibration or maintenance that was done: by whom, and the number of its certificate."""

    __tablename__ = "instrument_upkeep"
    __table_args__ = ({"info": guarded(APPEND_ONLY)},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("instrument_plan.id"), index=True)
    done_on: Mapped[date] = mapped_column(Date)
    # As the certificate says: a firm, or somebody of the house.
    done_by: Mapped[str] = mapped_column(String(80))
    certificate: Mapped[str] = mapped_column(String(120))
    due: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Consumable(Base):
    """An array, polymer, buffer or septa on an analyzer, with what it has done so far."""

    __tablename__ = "consumable"
    __table_args__ = (
        CheckConstraint("injections >= 0 AND runs >= 0", name="counts"),
        # One of a kind at a time.
        Index(
            "uq_consumable_installed", "instrument_code", "kind", unique=True,
            sqlite_where=text("removed_at IS NULL"), postgresql_where=text("removed_at IS NULL"),
        ),
        {"info": guarded(INSTALLED)},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    instrument_code: Mapped[str] = mapped_column(ForeignKey("instrument.code"), index=True)
    kind: Mapped[ConsumableKind] = mapped_column(stored_enum(ConsumableKind))
    # The laboratory's lot, where it was received as one.
    lot_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    # The maker's lot or serial number.
    number: Mapped[str] = mapped_column(String(60))
    expires: Mapped[date | None] = mapped_column(Date)
    most_injections: Mapped[int | None]
    most_runs: Mapped[int | None]
    injections: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    installed_at: Mapped[datetime]
    installed_by: Mapped[str] = mapped_column(String(80))
    removed_at: Mapped[datetime | None]


class ConsumableUse(Base):
    """What an imported run of a plate took of a consumable."""

    __tablename__ = "consumable_use"
    __table_args__ = (
        UniqueConstraint("consumable_id", "run"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    consumable_id: Mapped[int] = mapped_column(ForeignKey("consumable.id"), index=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    # The number of the imported run.
    run: Mapped[int]
    injections: Mapped[int]
    at: Mapped[datetime]
