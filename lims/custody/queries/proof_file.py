# SPDX-License-Identifier: Apache-2.0
"""The proof of one thing: its events and those of all it came from, in a file that stands alone."""

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody import verifier
from lims.custody.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf
from lims.custody.queries.ledger import head, last_checkpoint
from lims.custody.queries.lineage import ancestors, subject
from lims.custody.queries.proofs import inclusion_proofs, last_proof
from lims.custody.rules import NotCovered, NotProved

_SHARED = (Kind.BATCH, Kind.PLATE)


def proof_lines(
    session: Session,
    code: str,
    key: verifier.PublicKey,
    notes: Iterable[tuple[str, bytes]],
    *,
    with_shared: bool = False,
) -> list[bytes]:
    """Return the proof of a thing and of all it came from, one line each with its newline.

    `key` is the long-term key, `notes` the files of the checkpoints folder: the certificate of the
    newest checkpoint's day is taken from them. Of other things the proof shows nothing but hashes.
    The events of batches and plates that it came through name the things beside it, so these are
    left out, and the heading says so, unless `with_shared`.
    Format: docs/custody-format.md. Raises NotFound, NotCovered where an event of them came after
    the newest checkpoint, NotProved where the proof would not hold: then the ledger was changed, or
    the certificate is gone.
    """
    if subject(session, code) is None:
        raise NotFound(code=code)
    above = ancestors(session, code)
    left_out = [] if with_shared else [one for one in above if one[0] in _SHARED]
    streams = [code, *(one for one in above if one not in left_out)]
    found = (
        select(LedgerLeaf.idx, LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerEvent.stream.in_(streams))
        .order_by(LedgerLeaf.idx)
    )
    events = {index: bytes(body) for index, body in session.execute(found)}
    newest = last_checkpoint(session)
    if newest is None or max(events, default=0) >= newest.size:
        raise NotCovered(code=code)
    try:
        values = [
            *_signed(newest, notes),
            *_events(session, events, newest.size),
            *_lasts(session, streams),
        ]
        heading = {
            "kind": "proof", "v": verifier.VERSION, "log": head(session).origin,
            "key": key.line(), "code": code, "streams": streams, "left_out": left_out,
            "events": len(events), "lines": len(values) + 1,
        }  # fmt: skip
        lines = [verifier.canonical(value) + b"\n" for value in (heading, *values)]
    except ValueError as error:  # the database holds bytes that are not those of an event
        raise NotProved(code=code, problem=str(error)) from None
    report = verifier.check_proof(lines, key)
    if report.verdict != "sound":
        problem = str(report.findings[0]) if report.findings else f"last events: {report.open}"
        raise NotProved(code=code, problem=problem)
    return lines


def _signed(
    newest: LedgerCheckpoint, notes: Iterable[tuple[str, bytes]]
) -> Iterator[dict[str, object]]:
    mark = verifier.read_checkpoint(verifier.read_note(newest.note.encode()).text)
    certificate = f"{mark.at[:10]}.certificate"
    for name, content in notes:
        if name == certificate:
            yield {"kind": "note", "name": name, "text": content.decode("utf-8")}
    yield {"kind": "note", "name": f"{newest.size:012d}.checkpoint", "text": newest.note}


def _events(session: Session, events: dict[int, bytes], size: int) -> Iterator[dict[str, object]]:
    paths = inclusion_proofs(session, events, size)
    for index, body in events.items():
        path = [step.hex() for step in paths[index]]
        yield {"kind": "event", "index": index, "path": path, "event": json.loads(body)}


def _lasts(session: Session, streams: Iterable[str]) -> Iterator[dict[str, object]]:
    for stream in streams:
        last = last_proof(session, stream)
        if last is not None:
            entries, path = ([one.hex() for one in held] for held in (last.entries, last.path))
            yield {"kind": "last", "stream": stream, "entries": entries, "path": path}
