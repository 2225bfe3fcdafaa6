# SPDX-License-Identifier: Apache-2.0
"""Taking in what a partner signed: that it saw the ledger of so many events, and that it grew."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.custody import verifier
from lims.custody.models import LedgerCheckpoint
from lims.custody.operations.ledger import append
from lims.custody.queries.witnesses import COSIGNED
from lims.custody.rules import Tag
from lims.custody.rules.witnessing import (
    AnotherHistory,
    CosignatureWrong,
    NotACheckpoint,
    NotWitnessed,
)

LEDGER_STREAM = "ledger"
_AHEAD = 86_400  # seconds that a partner's clock may stand before ours


def take_cosigned(
    session: Session,
    content: bytes,
    key: verifier.PublicKey,
    notes: Iterable[tuple[str, bytes]],
    witnesses: Iterable[verifier.PublicKey],
    *,
    folder: Path,
    witness_folder: Path,
    by: Actor,
    at: datetime,
) -> verifier.Note:
    """Take in a cosigned checkpoint; return it with all signatures of known witnesses under it.

    One event for each signature that is new. `key` is the long-term key, `notes` the files of the
    checkpoints `folder`. After the transaction: `keep_cosigned`. Raises NotACheckpoint,
    AnotherHistory, NotWitnessed, CosignatureWrong.
    """
    certificates = [held for name, held in notes if name.endswith(".certificate")]
    try:
        note = verifier.read_note(content)
        mark, _ = verifier.signed_checkpoint(note, certificates, key)
    except (verifier.Malformed, verifier.Refused) as error:
        raise NotACheckpoint(problem=error.words) from None
    stored = session.get(LedgerCheckpoint, mark.size)
    ours = verifier.read_note(stored.note.encode()) if stored is not None else None
    if ours is None or ours.text != note.text:
        raise AnotherHistory(size=mark.size)
    path = folder / f"{mark.size:012d}{COSIGNED}"
    known = verifier.read_note(path.read_bytes()) if path.is_file() else ours
    fresh = []
    for witness in witnesses:
        try:
            times = note.cosigned_by(witness)
        except verifier.Malformed:
            raise CosignatureWrong(name=witness.name) from None
        if any(signed > at.timestamp() + _AHEAD for signed in times):
            raise CosignatureWrong(name=witness.name)
        fresh += [
            (witness, signed, line)
            for signed in times
            for line in note.signatures
            if line[:2] == (witness.name, witness.id) and int.from_bytes(line[2][:8]) == signed
        ]
    if not fresh:
        raise NotWitnessed(folder=str(witness_folder))
    lines = dict.fromkeys((*known.signatures, *(line for _, _, line in fresh)))
    for witness, signed, line in fresh:
        if line not in known.signatures:
            append(
                session, Tag.LEDGER_CHECKPOINT_WITNESSED, stream=LEDGER_STREAM, by=by, at=at,
                content={
                    "size": mark.size,
                    "root": mark.root.hex(),
                    "witness": witness.line(),
                    "signed_at": utc_text(datetime.fromtimestamp(signed, UTC)),
                    "signature": base64.b64encode(line[1] + line[2]).decode(),
                },
            )  # fmt: skip
    return verifier.Note(note.text, tuple(lines))


def keep_cosigned(folder: Path, note: verifier.Note) -> Path:
    """Write a cosigned checkpoint beside the plain one; return the file. Raises OSError."""
    size = verifier.read_checkpoint(note.text).size
    path = folder / f"{size:012d}{COSIGNED}"
    verifier.write_safely(path, note.written())
    return path
