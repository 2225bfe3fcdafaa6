# SPDX-License-Identifier: Apache-2.0
"""Applying the file of a whole-rack scanner to a box: shown first, then all of it or nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.errors import AnalyzerFileError
from instruments.racks import RackFile, RackPosition, Seen, read_rack
from lims.core.actors import Actor
from lims.core.codes import Kind, MistypedCode, Payload, read_payload
from lims.custody.models import Subject
from lims.custody.operations import append, lock_subject
from lims.custody.queries import held_each
from lims.custody.rules import Tag, is_place
from lims.printing.queries import live_label
from lims.storage.models import Place, RackImport, Stored
from lims.storage.operations.moving import lock_things, rearrange, working_place
from lims.storage.queries import place_of
from lims.storage.rules import KINDS_OF_USE, BoxUse
from lims.storage.rules.counts import Spot
from lims.storage.rules.racks import (
    NotABox,
    OtherRack,
    RackChange,
    RackChangedMeanwhile,
    RackComparison,
    RackRead,
    RackRefused,
    RackUnreadable,
    compare,
    position_here,
)


@dataclass(frozen=True)
class RackPreview:
    """What a file would do: `token` names exactly this, and is sent back to confirm it."""

    place: Place
    file: RackFile
    sha256: str
    comparison: RackComparison
    token: str
    before: RackImport | None
    """The same file, applied to this box earlier."""


@dataclass(frozen=True)
class RackApplied:
    """What a file did; `changed` is False where it had been applied before, `at` says when."""

    changed: bool
    placed: int
    missing: tuple[str, ...]
    at: datetime


def read_rack_file(content: bytes, *, name: str) -> RackFile:
    """Read a rack scanner's file. Raises RackUnreadable, which says where and what was expected."""
    try:
        return read_rack(content, name=name)
    except AnalyzerFileError as fault:
        raise RackUnreadable(
            name=name[:60], where=fault.where, expected=fault.expected, found=fault.found
        ) from fault


def preview_rack(
    session: Session, box: str, file: RackFile, content: bytes, *, by: Actor
) -> RackPreview:
    """Compare a file with what is recorded of a box. Changes nothing.

    Raises NotFound, NotABox, OtherRack.
    """
    place = place_of(session, box)
    if place.rows is None or place.columns is None:
        raise NotABox(place=place.name)
    _refuse_other_rack(place, file)
    reads = [_read(session, place, one, by) for one in file.positions if one.seen is not Seen.EMPTY]
    recorded: dict[str, str] = dict(
        session.execute(
            select(Stored.position, Stored.code).where(
                Stored.place_code == box, Stored.taken_at.is_(None)
            )
        ).all()
    )
    codes = {read.code for read in reads if read.code}
    elsewhere = {
        code: Spot(at, position)
        for code, at, position in session.execute(
            select(Stored.code, Stored.place_code, Stored.position).where(
                Stored.code.in_(codes), Stored.taken_at.is_(None)
            )
        )
    }
    comparison = compare(reads, recorded, elsewhere, place=box)
    sha256 = hashlib.sha256(content).hexdigest()
    token = hashlib.sha256(f"{sha256}{comparison.lines!r}".encode()).hexdigest()[:32]
    before = session.scalar(
        select(RackImport).where(RackImport.place_code == box, RackImport.sha256 == sha256)
    )
    return RackPreview(place, file, sha256, comparison, token, before)


def apply_rack(
    session: Session,
    box: str,
    file: RackFile,
    content: bytes,
    *,
    confirmed: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> RackApplied:
    """Record every thing of a file at the position at which the scanner read it, or nothing.

    `confirmed` is the token of the preview that was shown. What is missing stays recorded where it
    is: that a scanner did not see a tube does not say where it went. Raises as preview_rack does,
    RackRefused, RackChangedMeanwhile, and as `move_many` does.
    """
    first = preview_rack(session, box, file, content, by=by)
    if first.before is not None:
        one = first.before
        missing = tuple(line.code for line in first.comparison.missing)
        return RackApplied(False, one.placed, missing, one.imported_at)
    before = lock_things(session, [line.code for line in first.comparison.changes])
    place = working_place(session, box)
    shown = preview_rack(session, box, file, content, by=by)
    if shown.token != confirmed:
        raise RackChangedMeanwhile()
    if shown.comparison.problems:
        raise RackRefused(count=len(shown.comparison.problems))
    missing = tuple(line.code for line in shown.comparison.missing)
    wanted = {line.code: line.position for line in shown.comparison.changes}
    session.add(
        RackImport(
            place_code=box, sha256=shown.sha256, file_name=file.name[:120], rack=file.rack[:40],
            placed=len(wanted), missing=len(missing), imported_at=at, imported_by=by.id,
        )
    )  # fmt: skip
    lock_subject(session, box)
    event = append(
        session, Tag.PLACE_RACK_IMPORTED, stream=box, by=by, at=at, device=station,
        content={
            "sha256": shown.sha256, "placed": len(wanted), "missing": list(missing),
            "unread": [one.position for one in shown.comparison.of(RackChange.UNREAD_KEPT)],
        },
    )  # fmt: skip
    if wanted:
        rearrange(
            session, place, wanted, before, by=by, at=at, station=station, why="rack scan",
            cause=event,
        )  # fmt: skip
    session.flush()
    return RackApplied(True, len(wanted), missing, at)


def _refuse_other_rack(place: Place, file: RackFile) -> None:
    """Refuse a file whose rack number is the label of another box of this laboratory."""
    try:
        payload = read_payload(file.rack)
    except MistypedCode:
        # The rack's own number, given by its maker.
        return
    if payload.code != place.code:
        raise OtherRack(rack=payload.code, place=place.name)


def _read(session: Session, place: Place, one: RackPosition, by: Actor) -> RackRead:
    here = position_here(one.position, rows=place.rows or 0, columns=place.columns or 0)
    if here is None:
        return RackRead(one.position, one.code or one.position, "", False, RackChange.NOT_HERE)
    if one.seen is Seen.UNREAD:
        return RackRead(here, here, "", True)
    try:
        payload = read_payload(one.code)
    except MistypedCode:
        return RackRead(here, one.code[:40], "", False, RackChange.UNKNOWN)
    fault = _fault(session, place, payload, by)
    code = "" if fault is RackChange.UNKNOWN else payload.code
    return RackRead(here, one.code[:40], code, False, fault)


def _fault(session: Session, place: Place, payload: Payload, by: Actor) -> RackChange | None:
    """Return what forbids to record what was read; None where nothing does."""
    if (
        payload.kind not in KINDS_OF_USE[BoxUse.ANYTHING]
        or session.get(Subject, payload.code) is None
    ):
        return RackChange.UNKNOWN
    if Kind(payload.code[0]) not in KINDS_OF_USE[place.takes]:
        return RackChange.WRONG_BOX
    label = live_label(session, payload.code)
    if label is None:
        return RackChange.NO_LABEL
    if payload.instance and label.payload != str(payload):
        return RackChange.OLD_LABEL
    standing = held_each(session, [payload.code]).get(payload.code)
    if standing is not None and not is_place(standing.holder) and standing.holder != by.id:
        return RackChange.HELD_BY_OTHER
    return None
