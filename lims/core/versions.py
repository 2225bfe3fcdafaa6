# SPDX-License-Identifier: Apache-2.0
"""Versions of a document: where one stands, which follows which. Approved by a second person."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from lims.core.words import N_


class VersionState(StrEnum):
    """Where a version stands at an instant."""

    DRAFT = "draft"
    APPROVED = "approved"
    IN_FORCE = "in force"
    WITHDRAWN = "withdrawn"


STATE_WORDS = {
    VersionState.DRAFT: N_("draft: a second person must approve it"),
    VersionState.APPROVED: N_("approved, not in force yet"),
    VersionState.IN_FORCE: N_("in force"),
    VersionState.WITHDRAWN: N_("withdrawn"),
}


class Version(Protocol):
    """What this file asks of a version: its number, and when it was approved and withdrawn."""

    version: int
    approved_at: datetime | None
    approved_by: str
    valid_from: datetime | None
    withdrawn_at: datetime | None


Kept = TypeVar("Kept", bound=Version)


def state_at(
    at: datetime, *, valid_from: datetime | None, withdrawn_at: datetime | None
) -> VersionState:
    """Return where a version stands at an instant; a version without `valid_from` is a draft.

    `withdrawn_at` may lie ahead: the instant from which the version that follows is in force.
    """
    if withdrawn_at is not None and withdrawn_at <= at:
        return VersionState.WITHDRAWN
    if valid_from is None:
        return VersionState.DRAFT
    return VersionState.IN_FORCE if valid_from <= at else VersionState.APPROVED


def is_pending(one: Version) -> bool:
    """Return whether a version is a draft that nobody has decided."""
    return one.approved_at is None and one.withdrawn_at is None


def approve(
    chosen: Kept,
    others: Iterable[Kept],
    *,
    by: str,
    at: datetime,
    valid_from: datetime | None = None,
) -> tuple[datetime, tuple[Kept, ...]]:
    """Approve a draft, in force from `valid_from` but not from before `at`.

    The versions before it end when it begins. Returns that instant and those that it ends.
    """
    begins = at if valid_from is None else max(valid_from, at)
    chosen.approved_at, chosen.approved_by, chosen.valid_from = at, by, begins
    ended = []
    for former in others:
        if former.version >= chosen.version or former.approved_at is None:
            continue
        if former.withdrawn_at is None or former.withdrawn_at > begins:
            former.withdrawn_at = begins
            ended.append(former)
    return begins, tuple(ended)


def withdraw(chosen: Kept, others: Iterable[Kept], *, at: datetime) -> Kept | None:
    """Withdraw a version at once; return the one that stays in force in its place, if one does.

    That is the version that would have ended when this one began.
    """
    stays = None
    if state_at(at, valid_from=chosen.valid_from, withdrawn_at=None) is VersionState.APPROVED:
        ended = [
            one
            for one in others
            if one.version < chosen.version and one.withdrawn_at == chosen.valid_from
        ]
        stays = max(ended, key=lambda one: one.version, default=None)
    chosen.withdrawn_at = at
    if stays is not None:
        stays.withdrawn_at = None
    return stays


def one_line_ends(text: str) -> str:
    """Return a text with the line ends of files, whatever a browser sends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
