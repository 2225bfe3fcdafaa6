# SPDX-License-Identifier: Apache-2.0
"""Pages of samples and of every coded thing: the list, the lineage, the custody timeline."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import utc_text
from lims.core.codes import Kind, is_code
from lims.equipment.queries import is_instrument
from lims.people.queries import stations
from lims.people.rules import LINE_WORDS
from lims.printing.queries import labels_of
from lims.samples import queries
from lims.samples.operations import what_is
from lims.samples.queries import Branch, Happened, SampleRow, Thing
from lims.samples.rules import (
    CONSUMPTION_WORDS,
    KIND_WORDS,
    MATERIAL_WORDS,
    SEX_WORDS,
    STATE_LOOKS,
    WHY_WORDS,
    Line,
    SampleState,
    state_look,
)
from lims.samples.schemas import SampleSearchSchema
from lims.samples.views.menu import menu_of, reasons
from lims.storage.queries import Whereabouts, where
from lims.storage.rules import KINDS_OF_USE, BoxUse
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both, in_words, language, translate
from lims.web.pages import code_in_path, page, query, reading
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("samples", __name__)

PAGE_OF_QUEUE = 50
"""How many things a page of the queue of destruction shows."""


@blueprint.get("/samples")
@needs(Right.SEE_SAMPLES)
def samples() -> Answer:
    """List samples, newest first; a whole code leads straight to its thing."""
    asked = query(SampleSearchSchema())
    prefix = queries.read_prefix(asked["search"])
    if is_code(prefix):
        return redirect(url_for("samples.thing", code=prefix))
    with reading() as session:
        found = queries.samples(
            session, prefix=prefix, line=asked["line"], state=asked["state"], after=asked["after"]
        )
        if wants_json():
            return {"samples": [_row_json(row) for row in found.rows], "after": found.after}
        kept: dict[str, Any] = {
            name: request.args[name] for name in ("search", "line", "state")
                if request.args.get(name)}  # fmt: skip
        return page(
            "samples/samples.html", found=found, asked=asked, what_is=what_is, look=state_look,
            lines=[(line.value, translate(words)) for line, words in LINE_WORDS.items()],
            states=[
                (state.value, translate(STATE_LOOKS[state.value][1])) for state in SampleState
            ],
            first=url_for("samples.samples", **kept) if asked["after"] else "",
            further=url_for("samples.samples", **kept, after=found.after) if found.after else "",
        )  # fmt: skip


@blueprint.get("/samples/<code>")
@needs(Right.SEE_SAMPLES)
def thing(code: str) -> Answer:
    """Show a coded thing: facts, holds, lineage, custody."""
    read = code_in_path(code)
    with reading() as session:
        found = queries.thing(session, read)
        if wants_json():
            return _thing_json(found) | {
                "place": _place_json(where(session, found.code)),
                "amounts": _amounts_json(session, found.code),
            }
        left = None
        if found.sample is not None and found.sample.line is Line.BONE:
            left = queries.powder_left(session, found.sample)
        return page(
            "samples/thing.html", thing=found, left_ug=left, look=state_look, what_is=what_is,
            kind_words=KIND_WORDS, material_words=MATERIAL_WORDS, sex_words=SEX_WORDS,
            roots=[_node(root) for root in found.roots],
            events=[_event(one) for one in found.happened],
            menu=menu_of(session, found, signed_in().id), reasons=reasons(),
            why_words=WHY_WORDS, consumption_words=CONSUMPTION_WORDS,
            all_stations=_printers(session),
            work=_page_of(found.code) if found.kind in (Kind.BATCH, Kind.PLATE) else "",
            printers=_printers(session) if labels_of(session, found.code) else [],
            place=where(session, found.code),
            recallable=found.kind is Kind.LOT or is_instrument(session, found.code),
            storable=found.kind in KINDS_OF_USE[BoxUse.ANYTHING],
        )  # fmt: skip


def _printers(session: Session) -> list[tuple[str, str]]:
    """Return the open stations, at whose printers a new label can come out."""
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None
    ]


def _page_of(code: str) -> str:
    if code[0] == Kind.BATCH:
        return url_for("plates.batch", code=code)
    if code[0] == Kind.PLATE:
        return url_for("plates.plate", code=code)
    return url_for("samples.thing", code=code)


def _node(branch: Branch) -> dict[str, object]:
    kind = translate(branch.words)
    state = translate(state_look(branch.state)[1])
    return {
        "words": kind[:1].upper() + kind[1:],
        "code": branch.code,
        "note": state,
        "url": _page_of(branch.code),
        "here": branch.here,
        "state": branch.look,
        "children": [_node(child) for child in branch.children],
    }


def _event(one: Happened) -> dict[str, object]:
    detail = in_words(queries.in_detail(one.event))
    about = f"\u2068{one.about}\u2069" if one.about else ""
    return {
        "words": translate(one.event.words),
        "at": one.event.occurred,
        "index": one.event.index,
        "by": one.who,
        "note": " · ".join(part for part in (about, detail) if part),
        "verified": one.sound,
        "refused": str(one.event.tag) in _BAD,
    }


_BAD = frozenset(
    {
        "subject:hold:set", "label:instance:voided", "profile:record:refused",
        "run:injection:voided", "plate:well:voided", "batch:member:removed",
        "sample:item:rejected", "scan:code:stopped", "sample:item:missed",
        "sample:item:destroyed", "sample:destruction:queued",
    }
)  # fmt: skip
"""Events that a reader of a timeline must not overlook."""


def _row_json(row: SampleRow) -> dict[str, object]:
    sample = row.sample
    return {
        "code": sample.code,
        "line": sample.line.value,
        "material": sample.material.value,
        "element": sample.element,
        "side": sample.side.value,
        "mass_ug": sample.mass_ug,
        "state": row.state,
        "on_hold": row.held,
        "registered": utc_text(sample.registered_at),
    }


def _place_json(found: Whereabouts | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "code": found.place, "position": found.position, "since": utc_text(found.since),
        "by": found.who, "path": [one.name for one in found.path],
    }  # fmt: skip


def _amounts_json(session: Session, code: str) -> list[dict[str, object]]:
    return [
        {
            "number": row.number, "unit": row.unit.value, "change": row.change, "left": row.left,
            "why": row.why.value, "from": row.source, "added": row.added, "at": utc_text(row.at),
        }
        for row in queries.amounts_of(session, code)
    ]  # fmt: skip


def _thing_json(found: Thing) -> dict[str, object]:
    def branch(node: Branch) -> dict[str, object]:
        return {
            "code": node.code, "state": node.state, "mass_ug": node.mass_ug,
            "volume_nl": node.volume_nl, "children": [branch(child) for child in node.children],
        }  # fmt: skip

    return {
        "code": found.code,
        "kind": found.kind.name.lower(),
        "state": found.state,
        "holds": [
            {"code": hold.code, "reason": hold.reason.value, "say": in_both(hold.words)}
            for hold in found.holds
        ],
        "lineage": [branch(root) for root in found.roots],
        "events": found.events,
        "custody_sound": found.sound,
        "history": [
            {
                "index": one.event.index, "type": str(one.event.tag), "stream": one.event.stream,
                "at": utc_text(one.event.occurred), "by": one.who,
                "content": dict(one.event.content), "sound": one.sound,
            }
            for one in found.happened
        ],
    }  # fmt: skip
