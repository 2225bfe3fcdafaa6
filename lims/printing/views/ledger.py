# SPDX-License-Identifier: Apache-2.0
"""The print ledger, its export, and the labels that nobody scanned back."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

from flask import Response, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.people.models import Station
from lims.people.queries import actor_of_initials, initials_of, stations
from lims.printing.models import LabelInstance
from lims.printing.operations import settle_label
from lims.printing.queries import Key, Printed, all_printed, printed, unexplained
from lims.printing.rules import SETTLED_WORDS, STATE_LOOKS, STATE_WORDS, LabelState
from lims.printing.schemas import LedgerSchema, SettleSchema, UnexplainedSchema
from lims.printing.views.blueprint import blueprint
from lims.web.errors import wants_json
from lims.web.guard import may_here, needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import (
    code_in_path,
    done,
    form,
    laboratory,
    page,
    query,
    reading,
    settings,
    write,
)
from lims.web.rights import Right

PAGE = 50
MOST_COUNTED = 1_000
OUTCOMES = (
    LabelState.ACTIVE, LabelState.PRINTED, LabelState.AMBIGUOUS, LabelState.LOST, LabelState.VOID,
    LabelState.QUEUED, LabelState.STOPPED,
)  # fmt: skip
COLUMNS = (
    "ordered_utc", "label", "thing", "layout", "layout_version", "printer", "by", "first_or_again",
    "reason", "job", "number_in_job", "outcome", "settled", "changed_utc", "remark",
)  # fmt: skip
"""Of the export: in English in every language, for programs."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@blueprint.get("/labels/printed")
@needs(Right.SEE_PRINTS)
def ledger() -> ResponseReturnValue:
    """Show what was printed: by whom, of what, where, why, and what became of it."""
    typed = query(LedgerSchema())
    with reading() as session:
        asked = _asked(session, typed)
        rows = printed(session, asked, before=_read_key(typed["before"]), limit=PAGE + 1)
        more, rows = len(rows) > PAGE, rows[:PAGE]
        places = {one.station.code: one.station for one in stations(session)}
        who = initials_of(session, {row.queued_by for row in rows})
        if wants_json():
            return {
                "labels": [_as_json(row, who) for row in rows],
                "before": _key(rows[-1]) if more else "",
            }
        kept = _kept(typed)
        return page(
            "printing/ledger.html", rows=rows, staff=who, typed=typed, filtered=bool(kept),
            printers=_named({code: places[code] for code in _shown_stations(places)}),
            names=dict(_named(places)), words=STATE_WORDS, looks=STATE_LOOKS,
            settled=SETTLED_WORDS,
            outcomes=[(one.value, translate(STATE_WORDS[one])) for one in OUTCOMES],
            further=url_for("printing.ledger", **kept, before=_key(rows[-1])) if more else "",
            first=url_for("printing.ledger", **kept) if typed["before"] else "",
            export=url_for("printing.ledger_csv", **kept),
        )  # fmt: skip


@blueprint.get("/labels/printed.csv")
@needs(Right.SEE_PRINTS)
def ledger_csv() -> ResponseReturnValue:
    """Answer with everything asked for as a table of comma-separated values, whatever its size."""
    typed = query(LedgerSchema())
    database = laboratory().database
    with reading() as session:
        asked = _asked(session, typed)

    def lines() -> Iterator[str]:
        # The mark tells spreadsheets that it is UTF-8.
        yield "\ufeff" + _line(COLUMNS)
        with database.reading() as session:
            who: dict[str, str] = {}
            for row in all_printed(session, asked):
                if row.queued_by not in who:
                    who |= {row.queued_by: row.queued_by}
                    who |= initials_of(session, [row.queued_by])
                yield _line(_cells(row, who))

    return Response(
        stream_with_context(lines()), mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=labels-printed.csv"},
    )  # fmt: skip


@blueprint.get("/labels/unexplained")
@needs(Right.SEE_LEDGER)
def unexplained_labels() -> ResponseReturnValue:
    """Show labels perhaps printed that nobody scanned back: each is found out about."""
    after = query(UnexplainedSchema())["after"]
    with reading() as session:
        rows = unexplained(session, at=now(), after=after, limit=PAGE + 1)
        more, rows = len(rows) > PAGE, rows[:PAGE]
        who = initials_of(session, {row.queued_by for row in rows})
        if wants_json():
            return {"labels": [_as_json(row, who) for row in rows]}
        return page(
            "printing/unexplained.html", rows=rows, staff=who, words=STATE_WORDS, looks=STATE_LOOKS,
            names=dict(_named({one.station.code: one.station for one in stations(session)})),
            ways=[(one.value, translate(words)) for one, words in SETTLED_WORDS.items()],
            further=url_for("printing.unexplained_labels", after=rows[-1].id) if more else "",
            first=url_for("printing.unexplained_labels") if after else "",
        )  # fmt: skip


@blueprint.post("/labels/unexplained/<int:number>")
@needs(Right.SET_HOLDS)
def post_settle(number: int) -> ResponseReturnValue:
    """Say what became of a label that nobody scanned back."""
    said = form(SettleSchema())

    def act(session: Session) -> dict[str, object]:
        settle_label(session, number, said["how"], reason=said["reason"], by=signed_in(), at=now())
        return {"to": url_for("printing.unexplained_labels")}

    return done(write(act))


def _sees_intake() -> bool:
    """Return whether the labels of the intake are shown: the laboratory side sees its own."""
    return may_here(Right.SEE_LEDGER) or may_here(Right.KEEP_STATIONS)


def _shown_stations(places: Mapping[str, Station]) -> list[str]:
    return [
        code for code, one in places.items()
        if one.kind is not StationKind.INTAKE or _sees_intake()
    ]  # fmt: skip


def _named(places: Mapping[str, Station]) -> list[tuple[str, str]]:
    arabic = language() == "ar"
    return [(code, one.name_ar if arabic else one.name) for code, one in places.items()]


def _asked(session: Session, typed: Mapping[str, Any]) -> Printed:
    zone = settings().time_zone

    def midnight(day: Any, days: int = 0) -> datetime | None:
        return datetime.combine(day + timedelta(days=days), time.min, zone) if day else None

    return Printed(
        actor=actor_of_initials(session, typed["who"]) if typed["who"].strip() else "",
        code=code_in_path(typed["code"]) if typed["code"].strip() else "",
        station=code_in_path(typed["station"], Kind.STATION) if typed["station"].strip() else "",
        job=typed["job"], since=midnight(typed["since"]), until=midnight(typed["until"], 1),
        state=typed["outcome"], sealed=_sees_intake(),
    )  # fmt: skip


def _kept(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters as they stand in an address."""
    kept = {name: str(typed[name]) for name in ("who", "code", "station") if typed[name].strip()}
    kept |= {name: str(typed[name]) for name in ("job", "since", "until") if typed[name]}
    return kept | ({"outcome": typed["outcome"].value} if typed["outcome"] else {})


def _key(row: LabelInstance) -> str:
    return f"{(row.queued_at - _EPOCH) // _MICROSECOND}-{row.id}"


def _read_key(text: str) -> Key | None:
    if not text:
        return None
    micros, _, number = text.partition("-")
    # Far beyond the calendar there is nothing before which a page could begin.
    return _EPOCH + min(int(micros), 2**55) * _MICROSECOND, int(number)


def _as_json(row: LabelInstance, who: Mapping[str, str]) -> dict[str, object]:
    return {
        "label": row.payload, "code": row.code, "layout": row.layout, "station": row.station_code,
        "by": who.get(row.queued_by, row.queued_by), "reason": row.reason, "job": row.job_id,
        "ordered": utc_text(row.queued_at), "outcome": row.state.value,
        "settled": row.settled.value if row.settled else None, "changed": utc_text(row.changed_at),
    }  # fmt: skip


def _cells(row: LabelInstance, who: Mapping[str, str]) -> tuple[object, ...]:
    return (
        utc_text(row.queued_at), row.payload, row.code, row.layout, row.layout_version,
        row.station_code, who[row.queued_by], "again" if row.reason else "first", row.reason,
        row.job_id or "", row.place or "", row.state.value,
        row.settled.value if row.settled else "", utc_text(row.changed_at), row.fault,
    )  # fmt: skip


def _line(cells: tuple[object, ...]) -> str:
    out = StringIO()
    csv.writer(out).writerow([_harmless(str(cell)) for cell in cells])
    return out.getvalue()


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
