# SPDX-License-Identifier: Apache-2.0
"""Tools: register, use for a sample, decontaminate before another one is touched."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.words import N_, Say
from lims.custody.operations import (
    append,
    create_subject,
    fresh_code,
    lock_subject,
    refuse_if_held,
)
from lims.custody.rules import Tag
from lims.equipment.queries import is_instrument
from lims.equipment.rules import InstrumentState
from lims.people.queries import require_authorised, require_elimination, who
from lims.people.rules import Activity
from lims.plates.operations import record_use
from lims.preparation.models import Tool, ToolRecord
from lims.preparation.operations.sets import in_set, working_set
from lims.preparation.queries import asked_of, lot_in_set, tool_records
from lims.preparation.rules import (
    METHOD_WORDS,
    Method,
    NotATool,
    NotDecontaminated,
    ReagentAwaited,
    ToolAct,
    ToolKind,
    ToolThere,
    check_minutes,
    still_dirty,
)
from lims.printing.operations import queue_label
from lims.printing.queries import check_label
from lims.samples.operations import check_preparation
from lims.storage.operations import require_at_hand

ANY = N_("any decontamination")


def register_tool(
    session: Session, *, kind: ToolKind, name: str, by: Actor, at: datetime, instrument: str = "",
    station: str = "",
) -> str:  # fmt: skip
    """Register a tool and queue its label; `instrument` is the code of one that is a tool.

    Returns its code. Raises ToolThere, NotATool, NotFound.
    """
    name = name.strip()
    if instrument and not is_instrument(session, instrument):
        raise NotATool(code=instrument)
    code = instrument or fresh_code(session, Kind.CONTAINER)
    there = session.scalar(select(Tool.code).where((Tool.name == name) | (Tool.code == code)))
    if there is not None:
        raise ToolThere(name=name, code=there)
    content = {"kind": kind.value, "name": name}
    if instrument:
        append(session, Tag.TOOL_RECORD_ADDED, stream=code, by=by, at=at, content=content)
    else:
        create_subject(
            session, code, Tag.TOOL_RECORD_ADDED, by=by, at=at, device=station, content=content,
            state=InstrumentState.IN_USE,
        )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(
                Tool(code=code, kind=kind, name=name, registered_at=at, registered_by=by.id)
            )
            session.flush()
    except IntegrityError:
        raise ToolThere(name=name, code=code) from None
    if station and not instrument:
        queue_label(
            session, code, layout="reagent lot", station=station, kind=kind.value.upper(),
            line1=name, by=by, at=at,
        )  # fmt: skip
    return code


def use_tool(
    session: Session, set_code: str, code: str, tool: str, *, by: Actor, at: datetime,
    station: str = "",
) -> Tool:  # fmt: skip
    """Record that a tool touches a sample; for the same sample again nothing changes.

    Raises NotATool, NotDecontaminated, NotOpen, OnHold, NotInSet, PreparedAlready, and what
    usable_instrument raises where the tool is an instrument.
    """
    working_set(session, set_code)
    in_set(session, set_code, code)
    check_preparation(session, code, by=by, at=at, station=station)
    require_at_hand(session, code, by)
    found = tool_of(session, tool)
    lock_subject(session, tool)
    refuse_if_held(session, tool)
    check_label(session, tool)
    last, since = tool_records(session, tool)
    other = last is not None and (last.sample_code, last.set_code) != (code, set_code)
    lacks = still_dirty(asked_of(session, set_code).decontamination, since, touched=other)
    if lacks and last is not None:
        raise NotDecontaminated(
            tool=found.name, sample=last.sample_code or "", at=f"{last.at:%Y-%m-%d %H:%M} UTC",
            who=who(session, last.by), code=code,
            methods=Say(METHOD_WORDS[lacks[0]] if lacks[0] is not None else ANY),
        )  # fmt: skip
    if is_instrument(session, tool):
        record_use(
            session, set_code, tool, activity=Activity.PREPARATION, by=by, at=at, station=station
        )
    if last is not None and not other and not since:
        return found
    _record(
        session, tool, ToolAct.USED, set_code=set_code, sample=code, method=None, minutes=0,
        lot=None, by=by, at=at,
    )  # fmt: skip
    content: dict[str, object] = {"batch": set_code, "used": tool, "tool": found.name}
    if since:
        content["decontaminated"] = ", ".join(sorted({one.value for one in since}))
    append(
        session, Tag.SAMPLE_TOOL_USED, stream=code, by=by, at=at, device=station, content=content
    )
    return found


def decontaminate(
    session: Session, tool: str, method: Method, *, by: Actor, at: datetime, minutes: int = 0,
    lot: str | None = None, set_code: str | None = None, station: str = "",
) -> None:  # fmt: skip
    """Record one decontamination of a tool. Raises NotATool, MinutesWrong, NotAuthorised."""
    tool_of(session, tool)
    lock_subject(session, tool)
    require_authorised(session, by, Activity.PREPARATION, on=at.date())
    require_elimination(session, by)
    _record(
        session, tool, ToolAct.DECONTAMINATED, set_code=set_code, sample=None, method=method,
        minutes=check_minutes(minutes), lot=lot, by=by, at=at,
    )  # fmt: skip
    content: dict[str, object] = {"method": method.value}
    if minutes:
        content["minutes"] = minutes
    if lot is not None:
        content["used"] = lot
    append(
        session, Tag.TOOL_WORK_DECONTAMINATED, stream=tool, by=by, at=at, device=station,
        content=content,
    )  # fmt: skip


def decontaminate_as_asked(
    session: Session, set_code: str, tool: str, *, by: Actor, at: datetime, station: str = ""
) -> int:
    """Record that a tool was decontaminated as the set's procedure says; return how many steps.

    Raises as decontaminate does, and ReagentAwaited.
    """
    working_set(session, set_code)
    asked = asked_of(session, set_code).decontamination
    for one in asked:
        lot = lot_in_set(session, set_code, one.reagent) if one.reagent else None
        if one.reagent and lot is None:
            raise ReagentAwaited(reagent=one.reagent, set=set_code)
        decontaminate(
            session, tool, one.method, minutes=one.minutes, set_code=set_code,
            lot=lot.code if lot is not None else None, by=by, at=at, station=station,
        )  # fmt: skip
    return len(asked)


def tool_of(session: Session, code: str) -> Tool:
    """Return a tool; raises NotATool."""
    found = session.get(Tool, code)
    if found is None:
        raise NotATool(code=code)
    return found


def _record(
    session: Session, tool: str, act: ToolAct, *, set_code: str | None, sample: str | None,
    method: Method | None, minutes: int, lot: str | None, by: Actor, at: datetime,
) -> None:  # fmt: skip
    number = session.scalar(
        select(func.max(ToolRecord.number)).where(ToolRecord.tool_code == tool)
    ) or 0  # fmt: skip
    session.add(
        ToolRecord(
            tool_code=tool, number=number + 1, act=act, set_code=set_code, sample_code=sample,
            method=method, minutes=minutes, lot_code=lot, at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()
