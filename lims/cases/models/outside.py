# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of people from outside, and of the things that went through their hands."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy import Index as TableIndex
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lims.cases.models.columns import Ref
from lims.cases.rules.outside import OutsideKind, OutsideWay
from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, stored_enum


class OutsideParty(Base):
    """Somebody from outside, at one hand-over: every `bytes` column is sealed under an own key."""

    __tablename__ = "outside_party"
    __table_args__ = (TableIndex("ix_outside_party_at", "recorded_at"),)

    ref: Mapped[str] = mapped_column(Ref, primary_key=True)
    key_ref: Mapped[str] = mapped_column(ForeignKey("sealed_key.ref"), unique=True)
    way: Mapped[OutsideWay] = mapped_column(stored_enum(OutsideWay))
    kind: Mapped[OutsideKind] = mapped_column(stored_enum(OutsideKind))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    organisation: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the commitment that the laboratory's ledger holds."""
    commitment: Mapped[str] = mapped_column(String(64), unique=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))

    things: Mapped[list["OutsideThing"]] = relationship(order_by="OutsideThing.code")


class OutsideThing(Base):
    """That a thing was received or brought by somebody from outside."""

    __tablename__ = "outside_thing"
    __table_args__ = ({"sqlite_with_rowid": False},)

    party_ref: Mapped[str] = mapped_column(ForeignKey("outside_party.ref"), primary_key=True)
    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
