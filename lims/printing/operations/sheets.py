# SPDX-License-Identifier: Apache-2.0
"""Labels on sheets for an office printer: made, given out once, spoiled places asked for again.

A sheet takes the place of printer and agent: its labels are leased to it, begun and sent when its
PDF is given out, and live when they are scanned back. An office printer proves nothing.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labels import pdf
from labels.errors import LabelError
from labels.layout import Values
from labels.sheets import places
from labels.sheets import sheet as stock_of
from lims.core.actors import Actor
from lims.core.codes import threes
from lims.custody.operations import lock_subjects
from lims.custody.queries import anchor
from lims.layouts.queries import in_use, version
from lims.printing.models import LabelInstance, LabelSheet
from lims.printing.operations.labels import again, changed, record_print_outcome
from lims.printing.queries.sheets import beginning, labels_on, sheet_of
from lims.printing.rules import (
    LabelState,
    PrintOutcome,
    SheetEmpty,
    SheetGivenOut,
    SheetReasonMissing,
    SheetRefused,
    SheetTooOld,
)

HELD = timedelta(hours=2)
"""For how long a sheet that nobody has fetched keeps its labels from the printers."""

MOST = 500
SPOILABLE = (LabelState.INTENT, LabelState.SENT, LabelState.PRINTED, LabelState.AMBIGUOUS)


def make_sheet(
    session: Session,
    station: str,
    *,
    layout: str,
    stock: str,
    start: int,
    used: Collection[int],
    offset: tuple[int, int],
    reason: str,
    by: Actor,
    at: datetime,
) -> LabelSheet:
    """Put the labels of a layout that wait at a station on sheets, from place `start` on.

    `used` are places of the first sheet that are spoiled or taken; `offset` is in tenths of a
    millimetre, right and down. Beginning elsewhere than where the last sheet ended needs a
    `reason`. Raises SheetRefused, SheetReasonMissing, SheetEmpty.
    """
    try:
        paper = stock_of(stock)
    except LabelError as error:
        raise SheetRefused(fault=stock) from error
    if start != beginning(session, station, stock).place and not reason.strip():
        raise SheetReasonMissing()
    used_layout = in_use(session, layout).layout
    if not paper.holds(used_layout.width_mm, used_layout.height_mm):
        size = f"{used_layout.width_mm:g} × {used_layout.height_mm:g} mm"
        raise SheetRefused(fault=f"{stock}: {paper.width:g} × {paper.height:g} mm < {size}")
    rows = session.scalars(
        select(LabelInstance)
        .where(
            LabelInstance.station_code == station,
            LabelInstance.state == LabelState.QUEUED,
            LabelInstance.layout == layout,
        )
        .order_by(LabelInstance.job_id.asc().nulls_first(), LabelInstance.place, LabelInstance.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    ).all()
    # One file, one version of the layout: what was ordered with another waits for the next sheet.
    rows = [row for row in rows if row.layout_version == rows[0].layout_version]
    if not rows:
        raise SheetEmpty()
    try:
        where = places(paper, len(rows), start=start, skip=used)
    except LabelError as error:
        raise SheetRefused(fault=f"{stock}: {start}") from error
    made = LabelSheet(
        station_code=station, layout=layout, layout_version=rows[0].layout_version, stock=stock,
        start=start, used=sorted(set(used)), offset_x=offset[0], offset_y=offset[1],
        anchor=anchor(session), reason=reason,
        placed=[
            [row.payload, one.sheet + 1, one.place] for row, one in zip(rows, where, strict=True)
        ],
        made_at=at, made_by=by.id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for row in rows:
        row.state = LabelState.LEASED
        row.fence += 1
        row.leased_to = f"sheet:{made.id}"
        row.lease_ends = at + HELD
        row.changed_at = at
    changed(session, station)
    return made


def give_out(session: Session, number: int, *, by: Actor, at: datetime) -> LabelSheet:
    """Give a sheet's PDF out, once: from now on each of its labels may be on paper.

    Raises SheetGivenOut; SheetTooOld when a printer was given one of its labels meanwhile.
    """
    made = sheet_of(session, number, lock=True)
    if made.given_at is not None:
        raise SheetGivenOut()
    rows = labels_on(session, made)
    mine = f"sheet:{made.id}"
    if any(row.leased_to != mine or row.state is not LabelState.LEASED for row in rows.values()):
        raise SheetTooOld()
    made.given_at, made.given_by = at, by.id
    lock_subjects(session, {row.code for row in rows.values()})
    for payload, _, _ in made.placed:
        fence = rows[payload].fence
        for outcome in (PrintOutcome.INTENT, PrintOutcome.SENT):
            record_print_outcome(
                session, payload, outcome, station=made.station_code, fence=fence, by=by, at=at,
                detail=mine if outcome is PrintOutcome.SENT else "",
            )  # fmt: skip
    return made


def drawn(session: Session, made: LabelSheet) -> bytes:
    """Return a sheet's PDF: the same bytes whenever it is asked for."""
    rows = labels_on(session, made)
    values = [
        Values(
            payload, code=threes(rows[payload].code), kind=rows[payload].lines["kind"],
            line1=rows[payload].lines["line1"], line2=rows[payload].lines["line2"],
            date=made.made_at.date().isoformat(), anchor=made.anchor,
        )
        for payload, _, _ in made.placed
    ]  # fmt: skip
    return pdf.render_sheet(
        version(session, made.layout, made.layout_version).layout, values,
        sheet=stock_of(made.stock), start=made.start, skip=made.used,
        offset_mm=(made.offset_x / 10, made.offset_y / 10),
    )  # fmt: skip


def spoil(
    session: Session, number: int, spoiled: Collection[int], *, reason: str, by: Actor, at: datetime
) -> int:
    """Void the labels at some places of a sheet, counted through all its sheets, and order others.

    Those scanned back already stay. Returns how many were ordered again.
    """
    made = sheet_of(session, number, lock=True)
    if made.given_at is None:
        raise SheetTooOld()
    rows = labels_on(session, made)
    chosen = [rows[made.placed[index - 1][0]] for index in sorted(set(spoiled))
              if 1 <= index <= len(made.placed)]  # fmt: skip
    lock_subjects(session, {row.code for row in chosen})
    count = 0
    for row in chosen:
        session.refresh(row)
        if row.state in SPOILABLE:
            again(session, row, reason=reason, station=made.station_code, by=by, at=at)
            count += 1
    if not count:
        raise SheetEmpty()
    return count
