# SPDX-License-Identifier: Apache-2.0
"""Which layout is in use, and which there were."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from labels import catalogue
from labels.files import file_name, read
from labels.layout import Layout
from lims.layouts.models import LayoutVersion
from lims.layouts.rules import SHIPPED, LayoutUnknown, Versioned


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a layout's file, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def in_use(session: Session, name: str) -> Versioned:
    """Return the layout that labels are printed with: the newest saved, else the shipped one.

    Raises LayoutUnknown.
    """
    row = session.scalar(
        select(LayoutVersion)
        .where(LayoutVersion.name == name)
        .order_by(LayoutVersion.number.desc())
        .limit(1)
    )
    return _shipped(name) if row is None else _saved(row)


def version(session: Session, name: str, number: int) -> Versioned:
    """Return one version of a layout; 0 is the shipped one. Raises LayoutUnknown."""
    if number == SHIPPED:
        return _shipped(name)
    row = session.get(LayoutVersion, (name, number))
    if row is None:
        raise LayoutUnknown(name=name)
    return _saved(row)


def versions(session: Session, name: str) -> Sequence[LayoutVersion]:
    """Return every version that was saved of a layout, the newest first."""
    return session.scalars(
        select(LayoutVersion)
        .where(LayoutVersion.name == name)
        .order_by(LayoutVersion.number.desc())
    ).all()


def newest(session: Session) -> dict[str, LayoutVersion]:
    """Return the newest saved version of each layout that the laboratory has changed or made."""
    last = select(LayoutVersion.name, func.max(LayoutVersion.number).label("number")).group_by(
        LayoutVersion.name
    ).subquery()  # fmt: skip
    rows = session.scalars(
        select(LayoutVersion).join(
            last, and_(LayoutVersion.name == last.c.name, LayoutVersion.number == last.c.number)
        )
    )
    return {row.name: row for row in rows}


def _shipped(name: str) -> Versioned:
    if name not in catalogue.NAMES:
        raise LayoutUnknown(name=name)
    text = catalogue.text(name)
    return Versioned(catalogue.layout(name), SHIPPED, text, sha256_of(text))


def _saved(row: LayoutVersion) -> Versioned:
    return Versioned(_read(row.text, row.name), row.number, row.text, row.sha256)


@lru_cache(maxsize=64)
def _read(text: str, name: str) -> Layout:
    return read(text, file=file_name(name), name=name)
