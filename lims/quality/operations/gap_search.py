# SPDX-License-Identifier: Apache-2.0
"""The search for gaps in the whole laboratory: asked for on a page, done by the worker bit by bit.

How far it is and what it found lies in a file, which each step replaces as a whole: it goes on
after a restart, and the last result stays until the next search.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import SYSTEM, Actor
from lims.core.clock import utc_text
from lims.custody.models import Subject
from lims.custody.operations import append
from lims.custody.queries import GapCheck, gaps_of, tracked_codes
from lims.custody.rules import TRACKED, Gap, GapKind, Tag
from lims.quality.operations.acts import LEDGER_STREAM
from lims.quality.rules import SearchRuns

LISTED = 1_000
"""So many gaps are kept in words; the rest is counted."""


@dataclass(frozen=True)
class GapSearch:
    """How far a search is: `after` is the last thing looked at, `done_at` "" until the end.

    `found` are the gaps in words (`core.words.Say` as JSON), at most LISTED; `gaps` counts all.
    """

    asked_at: str
    asked_by: str
    whole: int
    checked: int = 0
    after: str = ""
    gaps: int = 0
    done_at: str = ""
    found: tuple[Mapping[str, Any], ...] = ()


def read_search(file: Path) -> GapSearch | None:
    """Return the last search, None where there is none that can be read."""
    try:
        held = json.loads(file.read_text("utf-8"))
        return GapSearch(**held | {"found": tuple(held["found"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep_search(file: Path, search: GapSearch) -> None:
    """Write the file so that it is there whole or not at all."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("w", encoding="utf-8") as out:
        json.dump(asdict(search), out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, file)


def ask_search(session: Session, last: GapSearch | None, *, by: Actor, at: datetime) -> GapSearch:
    """Record that a search is asked for, and return it to be kept. Raises SearchRuns."""
    if last is not None and not last.done_at:
        raise SearchRuns(checked=last.checked, whole=last.whole)
    whole = session.scalar(
        select(func.count()).select_from(Subject).where(Subject.kind.in_(sorted(TRACKED)))
    )
    append(
        session, Tag.LEDGER_GAPS_ASKED, stream=LEDGER_STREAM, by=by, at=at,
        content={"things": whole or 0},
    )  # fmt: skip
    return GapSearch(utc_text(at), by.id, whole or 0)


def search_on(session: Session, search: GapSearch, checks: Sequence[GapCheck]) -> GapSearch | None:
    """Look at the next things by code; None when there is none left."""
    codes = next(tracked_codes(session, after=search.after), ())
    if not codes:
        return None
    found = [gap for gap in gaps_of(session, codes, checks) if gap.kind is not GapKind.UNSIGNED]
    kept = search.found + tuple(_kept(gap) for gap in found)
    return replace(
        search, checked=search.checked + len(codes), after=codes[-1],
        gaps=search.gaps + len(found), found=kept[:LISTED],
    )  # fmt: skip


def end_search(session: Session, search: GapSearch, *, at: datetime) -> GapSearch:
    """Record what came of a search, and return it to be kept."""
    append(
        session, Tag.LEDGER_GAPS_SEARCHED, stream=LEDGER_STREAM, by=SYSTEM, at=at,
        content={"things": search.checked, "gaps": search.gaps},
    )  # fmt: skip
    return replace(search, done_at=utc_text(at))


def _kept(gap: Gap) -> dict[str, Any]:
    return {
        "code": gap.code, "kind": gap.kind.value, "say": gap.say.as_json(), "event": gap.event,
        "at": utc_text(gap.at) if gap.at is not None else "",
    }  # fmt: skip
