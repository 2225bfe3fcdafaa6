# SPDX-License-Identifier: Apache-2.0
"""Amounts: how much there was, what was taken, what is left, kept exact by the database itself."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, stored_enum
from lims.core.guards import APPEND_ONLY, guarded
from lims.samples.rules import AmountUnit, AmountWhy


class Amount(Base):
    """One change of how much there is of a thing; the first one is what was made.

    The foreign key onto the entry before says that each begins with what that one left, and `left`
    is never under nothing: hence what is taken never exceeds what there was. A part that became a
    thing of its own points at the entry that took it from its parent, which no other can; all it
    has besides is what was `added` to dilute it.
    """

    __tablename__ = "amount"
    __table_args__ = (
        UniqueConstraint("code", "number", "left"),
        UniqueConstraint("code", "number", "change", "unit"),
        UniqueConstraint("source", "source_number"),
        ForeignKeyConstraint(
            ["code", "previous", "before"], ["amount.code", "amount.number", "amount.left"],
            deferrable=True, initially="DEFERRED", name="fk_amount_previous",
        ),
        ForeignKeyConstraint(
            ["source", "source_number", "source_change", "unit"],
            ["amount.code", "amount.number", "amount.change", "amount.unit"],
            deferrable=True, initially="DEFERRED", name="fk_amount_source",
        ),
        CheckConstraint(
            "(number = 1 AND previous IS NULL AND before = 0 AND change > 0 AND why = 'made') OR"
            " (number > 1 AND previous IS NOT NULL AND previous = number - 1 AND why <> 'made')",
            name="follows",
        ),
        CheckConstraint("\"left\" = before + change AND \"left\" >= 0", name="left"),
        CheckConstraint(
            "change <> 0 AND (change > 0) = (why IN ('made', 'well voided') OR"
            " (why = 'corrected' AND change > 0))",
            name="change",
        ),
        CheckConstraint(
            "(source IS NULL AND source_number IS NULL AND source_change IS NULL AND added = 0) OR"
            " (number = 1 AND source IS NOT NULL AND source_number IS NOT NULL"
            " AND source_change IS NOT NULL AND source_change < 0 AND added >= 0"
            " AND change = added - source_change)",
            name="source",
        ),
        # Without a row number of its own: it would tell the order in which things were coded.
        {"sqlite_with_rowid": False, "info": guarded(APPEND_ONLY)},
    )  # fmt: skip

    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous: Mapped[int | None]
    unit: Mapped[AmountUnit] = mapped_column(stored_enum(AmountUnit))
    before: Mapped[int] = mapped_column(BigInteger)
    change: Mapped[int] = mapped_column(BigInteger)
    left: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[AmountWhy] = mapped_column(stored_enum(AmountWhy))
    source: Mapped[str | None] = mapped_column(String(CODE_LENGTH))
    source_number: Mapped[int | None]
    source_change: Mapped[int | None] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger, default=0)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class ConsumptionPermission(Base):
    """That the customer permitted to use the last of a sample; recorded by the coordinator."""

    __tablename__ = "consumption_permission"
    __table_args__ = ({"info": guarded(APPEND_ONLY)},)

    code: Mapped[str] = mapped_column(ForeignKey("sample.code"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Figures only: no name comes into the laboratory with it.
    reference: Mapped[str] = mapped_column(String(20))
    given_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))
