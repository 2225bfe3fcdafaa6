# SPDX-License-Identifier: Apache-2.0
"""The check of an anchor: what a label or a slip says of the ledger as it was when printed."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text
from lims.custody import verifier
from lims.custody.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf
from lims.custody.queries.ledger import head
from lims.custody.queries.proofs import consistency_proof, root_of
from lims.custody.rules.anchors import AnchorMistyped, AnchorVerdict

_ANCHOR = re.compile(r"(0|[1-9]\d{0,15}):([A-Z2-7]{10})", re.ASCII)


@dataclass(frozen=True)
class AnchorCheck:
    """What became of an anchor of `size` events.

    `at` is when the last of these was recorded; `signed` and `signed_at` the checkpoint that
    covers them, 0 and None while there is none.
    """

    verdict: AnchorVerdict
    size: int
    at: datetime | None = None
    signed: int = 0
    signed_at: datetime | None = None


def check_anchor(session: Session, text: str) -> AnchorCheck:
    """Compare an anchor, `size:ten letters`, with the ledger. Raises AnchorMistyped."""
    match = _ANCHOR.fullmatch("".join(text.split()).upper())
    if match is None:
        raise AnchorMistyped(text=text[:40])
    size = int(match[1])
    if size > head(session).size:
        return AnchorCheck(AnchorVerdict.LONGER, size)
    at = _recorded(session, size)
    try:
        root = root_of(session, size)
    except (KeyError, ValueError):
        return AnchorCheck(AnchorVerdict.ANOTHER, size, at)
    if base64.b32encode(root).decode()[:10] != match[2]:
        return AnchorCheck(AnchorVerdict.ANOTHER, size, at)
    covering = session.scalars(
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size >= max(size, 1))
        .order_by(LedgerCheckpoint.size)
        .limit(1)
    ).one_or_none()
    if covering is None:
        return AnchorCheck(AnchorVerdict.UNSIGNED, size, at)
    mark = verifier.read_checkpoint(verifier.read_note(covering.note.encode()).text)
    if size and not verifier.check_consistency(
        size, root, mark.size, mark.root, consistency_proof(session, size, mark.size)
    ):
        return AnchorCheck(AnchorVerdict.ANOTHER, size, at)
    return AnchorCheck(AnchorVerdict.FITS, size, at, mark.size, covering.at)


def _recorded(session: Session, size: int) -> datetime | None:
    found = (
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx == size - 1)
    )
    body = session.scalars(found).one_or_none()
    return None if body is None else from_utc_text(json.loads(body)["recorded"])
