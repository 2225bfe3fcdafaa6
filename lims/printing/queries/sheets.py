# SPDX-License-Identifier: Apache-2.0
"""Sheets of labels: what waits to be put on one, which there were, where the next begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labels.sheets import sheet as stock_of
from lims.core.errors import NotFound
from lims.printing.models import LabelInstance, LabelSheet
from lims.printing.rules import LabelState


@dataclass(frozen=True)
class Waiting:
    """Labels of one layout that wait at a station's printer."""

    station: str
    layout: str
    labels: int


@dataclass(frozen=True)
class Beginning:
    """Where the next label goes on a station's sheets of a stock, and how its printer lies off.

    Offsets in tenths of a millimetre.
    """

    place: int = 1
    offset_x: int = 0
    offset_y: int = 0


def waiting_for_sheets(session: Session) -> Sequence[Waiting]:
    """Return what waits at every station, by layout."""
    rows = session.execute(
        select(LabelInstance.station_code, LabelInstance.layout, func.count())
        .where(LabelInstance.state == LabelState.QUEUED)
        .group_by(LabelInstance.station_code, LabelInstance.layout)
        .order_by(LabelInstance.station_code, LabelInstance.layout)
    )
    return [Waiting(station, layout, count) for station, layout, count in rows]


def beginning(session: Session, station: str, stock: str) -> Beginning:
    """Return where the last sheet of this stock at this station ended."""
    last = session.scalar(
        select(LabelSheet)
        .where(LabelSheet.station_code == station, LabelSheet.stock == stock)
        .order_by(LabelSheet.id.desc())
        .limit(1)
    )
    if last is None:
        return Beginning()
    place = last.placed[-1][2] % stock_of(stock).count + 1
    return Beginning(place, last.offset_x, last.offset_y)


def newest_sheets(session: Session, *, limit: int = 20) -> Sequence[LabelSheet]:
    """Return the sheets made last, the newest first."""
    return session.scalars(select(LabelSheet).order_by(LabelSheet.id.desc()).limit(limit)).all()


def sheet_of(session: Session, number: int, *, lock: bool = False) -> LabelSheet:
    """Return a sheet; raises NotFound."""
    found = session.get(LabelSheet, number, with_for_update=lock, populate_existing=lock)
    if found is None:
        raise NotFound(code=str(number))
    return found


def labels_on(session: Session, made: LabelSheet) -> Mapping[str, LabelInstance]:
    """Return the labels of a sheet by payload."""
    payloads = [payload for payload, _, _ in made.placed]
    rows = session.scalars(select(LabelInstance).where(LabelInstance.payload.in_(payloads)))
    return {row.payload: row for row in rows}
