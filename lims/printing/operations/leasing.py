# SPDX-License-Identifier: Apache-2.0
"""Labels leased to an agent, drawn for its printer."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from labels import tspl, zpl
from labels.adjust import Adjust
from labels.errors import LabelError
from labels.layout import Layout, Values
from lims.core.actors import Actor
from lims.core.codes import threes
from lims.custody.queries import anchor
from lims.layouts.queries import version
from lims.printers.queries import setting_of
from lims.printers.rules import Language
from lims.printing.models import LabelInstance
from lims.printing.queries import waiting
from lims.printing.rules import JOB_BLOCK, LabelState

LEASE = timedelta(seconds=60)
"""An agent that took a job and did not declare its intent within this time has lost it."""

HOLD = timedelta(hours=2)
"""For how long an agent that takes a block of jobs keeps them to print while the server is away."""


@dataclass(frozen=True)
class Lease:
    """A job as an agent gets it. `content` is what goes to the printer, byte for byte."""

    payload: str
    fence: int
    content: bytes
    sha256: str
    dpi: int
    hold: timedelta
    language: Language = Language.ZPL


def lease_labels(
    session: Session, station: str, *, dpi: int, by: Actor, at: datetime, limit: int = 1,
    hold: timedelta = LEASE, agent: str = "", idle: bool = False,
    language: Language = Language.ZPL,
) -> tuple[Lease, ...]:  # fmt: skip
    """Give the next labels of a station to its agent, rendered for a printer of `dpi`.

    They are moved, and printed as dark and as fast, as the station's printer is set to.

    For the time `hold` nobody else is given them: so long the agent may print them without asking,
    also while the server is away. A lease that ended without intent is given again under a higher
    fence; one with intent never. An `agent` that is `idle` holds nothing: what it was given before
    never reached it, and is given again. Single labels come before those of jobs, and of a job
    only a few are given at a time.
    """
    rows = session.scalars(
        select(LabelInstance)
        .where(waiting(station, at, idle=agent if idle else ""))
        .order_by(LabelInstance.job_id.asc().nulls_first(), LabelInstance.place, LabelInstance.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    adjust = setting_of(session, station).adjust_for(language, dpi)
    alone = sum(row.job_id is None for row in rows)
    leases = []
    for row in rows[: max(alone, JOB_BLOCK)]:
        used = version(session, row.layout, row.layout_version)
        content = _render(row, used.layout, anchor(session), at, dpi, language, adjust)
        # The shipped layout may be of a newer release than when the label was ordered.
        row.layout_sha256 = used.sha256
        row.state = LabelState.LEASED
        row.fence += 1
        row.leased_to = agent
        row.lease_ends = at + hold
        row.sha256 = hashlib.sha256(content).hexdigest()
        row.changed_at = at
        leases.append(Lease(row.payload, row.fence, content, row.sha256, dpi, hold, language))
    return tuple(leases)


def _render(
    row: LabelInstance, layout: Layout, anchored: str, at: datetime, dpi: int, language: Language,
    adjust: Adjust,
) -> bytes:  # fmt: skip
    one = partial(
        _rendered, layout, row.payload, row.code, row.lines["kind"], row.lines["line1"],
        row.lines["line2"], at.date().isoformat(), anchored, dpi, language,
    )  # fmt: skip
    try:
        return one(adjust)
    except LabelError:
        # A layout changed after the printer was set leaves its offset no room: rather a label that
        # lies a little off, which its scan proves, than a queue that stands still.
        return one(replace(adjust, x=0, y=0))


@lru_cache(maxsize=256)
def _rendered(
    layout: Layout, payload: str, code: str, kind: str, line1: str, line2: str, date: str,
    anchored: str, dpi: int, language: Language, adjust: Adjust,
) -> bytes:  # fmt: skip
    values = Values(
        payload=payload, code=threes(code), kind=kind, line1=line1, line2=line2, date=date,
        anchor=anchored,
    )  # fmt: skip
    render = tspl.render if language is Language.TSPL else zpl.render
    return render(layout, values, dpi=dpi, adjust=adjust)
