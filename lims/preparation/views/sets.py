# SPDX-License-Identifier: Apache-2.0
"""Pages of sets and tools: open, clean, take out, complete, decontaminate."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.custody.queries import blocked
from lims.equipment.queries import instruments
from lims.people.queries import initials_of, open_station, stations
from lims.people.rules import LINE_WORDS
from lims.plates.rules import OPEN_STATES, Activity
from lims.preparation import operations, queries
from lims.preparation.rules import TOOL_WORDS, missing_cleaning
from lims.preparation.schemas import (
    CleanedSchema,
    DecontaminationSchema,
    NothingSchema,
    SetSchema,
    StepSchema,
    TakeOutSchema,
    ToolSchema,
)
from lims.preparation.views.blueprint import Answer, blueprint, words
from lims.procedures.queries import current_procedures
from lims.samples.operations import what_is
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right


@blueprint.get("/preparation")
@needs(Right.WORK_BATCHES)
def overview() -> Answer:
    """List sets and tools, and offer new ones."""
    arabic = language() == "ar"
    with reading() as session:
        procedures = current_procedures(session, Activity.PREPARATION, at=now())
        shown = queries.tools(session)
        return page(
            "preparation/overview.html", sets=queries.preparation_sets(session), tools=shown,
            staff=initials_of(session, {one.last.by for one in shown if one.last is not None}),
            lines=[(one.value, translate(said)) for one, said in LINE_WORDS.items()],
            tool_kinds=[(one.value, translate(said)) for one, said in TOOL_WORDS.items()],
            instruments=[
                (one.code, one.name)
                for one in instruments(session, today=now().date())
                if one.activity == Activity.PREPARATION
            ],
            procedures=[
                (one.id, f"{one.name} v{one.version} · {(arabic and one.title_ar) or one.title}")
                for one in procedures
            ],
            stations=[
                (one.station.code, one.station.name_ar if arabic else one.station.name)
                for one in stations(session)
                if one.station.closed_at is None and one.station.kind is StationKind.PREPARATION
            ],
            **words(),
        )  # fmt: skip


@blueprint.post("/preparation")
@needs(Right.WORK_BATCHES)
def post_set() -> Answer:
    """Open a set; its card comes out at the station chosen."""
    sent = form(SetSchema())

    def opened(session: Session) -> dict[str, object]:
        station = open_station(session, sent["station"])
        made = operations.open_set(
            session, line=sent["line"], procedure_id=sent["procedure"], station=station.code,
            by=signed_in(), at=now(),
        )  # fmt: skip
        to = url_for("preparation.prepared", code=made.code)
        return {"to": to, "code": made.code, "label": made.label}

    return done(write(opened))


@blueprint.post("/preparation/tools")
@needs(Right.WORK_BATCHES)
def post_tool() -> Answer:
    """Register a tool; its label comes out at the station chosen."""
    sent = form(ToolSchema())

    def registered(session: Session) -> dict[str, object]:
        sent["station"] = open_station(session, sent["station"]).code
        code = operations.register_tool(session, **sent, by=signed_in(), at=now())
        return {"to": url_for("preparation.overview"), "code": code}

    return done(write(registered))


@blueprint.post("/preparation/tools/<code>/decontaminated")
@needs(Right.WORK_BATCHES)
def post_decontaminated(code: str) -> Answer:
    """Record a decontamination of a tool outside a set."""
    read, sent = code_in_path(code, Kind.CONTAINER), form(DecontaminationSchema())

    def recorded(session: Session) -> dict[str, object]:
        operations.decontaminate(session, read, **sent, by=signed_in(), at=now())
        return {"to": url_for("preparation.overview")}

    return done(write(recorded))


@blueprint.get("/preparation/<code>")
@needs(Right.SEE_SAMPLES)
def prepared(code: str) -> Answer:
    """Show a set: its samples, what was done with each, its photographs."""
    read = code_in_path(code, Kind.BATCH)
    with reading() as session:
        found = queries.the_set(session, read)
        if wants_json():
            return _as_json(found)
        who = {one.row.added_by for one in found.samples}
        who |= {step.by for one in found.samples for step in one.cleaned}
        return page(
            "preparation/set.html", set=found, what_is=what_is, holds=blocked(session, read),
            open=found.state in OPEN_STATES, staff=initials_of(session, who),
            waits={
                one.sample.code: missing_cleaning(found.asked, one.standing)
                for one in found.samples
            },
            lots=[
                (one.code, f"{one.name} {one.number}")
                for one in found.uses if one.code[0] == Kind.LOT
            ],
            **words(),
        )  # fmt: skip


@blueprint.post("/preparation/<code>/cleaned")
@needs(Right.WORK_BATCHES)
def post_cleaned(code: str) -> Answer:
    """Record by one press that one sample, or all that wait, were cleaned as in the procedure."""
    read, sent = code_in_path(code, Kind.BATCH), form(CleanedSchema())

    def cleaned(session: Session) -> dict[str, object]:
        found = queries.the_set(session, read)
        asked = [
            one.sample.code for one in found.samples
            if one.row.taken_out_at is None and one.part is None
            and sent["sample"] in ("", one.sample.code)
        ]  # fmt: skip
        if sent["sample"] and not asked:
            asked = [code_in_path(sent["sample"], Kind.BONE, Kind.REFERENCE)]
        for sample in asked:
            operations.clean_as_asked(session, read, sample, by=signed_in(), at=now())
        return {"to": url_for("preparation.prepared", code=read), "cleaned": asked}

    return done(write(cleaned))


@blueprint.post("/preparation/<code>/steps")
@needs(Right.WORK_BATCHES)
def post_step(code: str) -> Answer:
    """Record one step of cleaning of a sample."""
    read, sent = code_in_path(code, Kind.BATCH), form(StepSchema())
    sample = code_in_path(sent.pop("sample"), Kind.BONE, Kind.REFERENCE)
    lot = code_in_path(sent.pop("lot"), Kind.LOT) if sent["lot"] else sent.pop("lot")

    def recorded(session: Session) -> dict[str, object]:
        operations.clean(
            session, read, sample, lot=lot or None, **sent, by=signed_in(), at=now()
        )  # fmt: skip
        return {"to": url_for("preparation.prepared", code=read)}

    return done(write(recorded))


@blueprint.post("/preparation/<code>/take-out")
@needs(Right.WORK_BATCHES)
def post_taken_out(code: str) -> Answer:
    """Take a sample that was not prepared out of the set."""
    read, sent = code_in_path(code, Kind.BATCH), form(TakeOutSchema())
    sample = code_in_path(sent["sample"], Kind.BONE, Kind.REFERENCE)

    def taken(session: Session) -> dict[str, object]:
        operations.take_out(session, read, sample, reason=sent["reason"], by=signed_in(), at=now())
        return {"to": url_for("preparation.prepared", code=read)}

    return done(write(taken))


@blueprint.post("/preparation/<code>/complete")
@needs(Right.WORK_BATCHES)
def post_complete(code: str) -> Answer:
    """Complete a set."""
    read = code_in_path(code, Kind.BATCH)
    form(NothingSchema())

    def completed(session: Session) -> dict[str, object]:
        count = operations.complete_set(session, read, by=signed_in(), at=now())
        return {"to": url_for("preparation.prepared", code=read), "samples": count}

    return done(write(completed))


def _as_json(found: queries.Set) -> dict[str, object]:
    return {
        "code": found.batch.code, "line": found.batch.line.value, "state": found.state,
        "procedure": f"{found.procedure.name} v{found.procedure.version}",
        "samples": [
            {
                "code": one.sample.code, "taken_out": one.row.taken_out_at is not None,
                "cleaned": [step.method.value for step in one.cleaned],
                "tools": [tool.code for tool in one.tools],
                "photographs": [
                    {
                        "ref": photo.ref, "when": photo.kind.value, "sha256": photo.sha256,
                        "withdrawn": photo.withdrawn_at is not None,
                        "recorded": utc_text(photo.recorded_at),
                    }
                    for photo in one.photographs
                ],
                "part": None if one.part is None else one.part.aliquot_code,
                "before_ug": one.part.before_ug if one.part else None,
                "powder_ug": one.part.powder_ug if one.part else None,
                "remains_ug": one.part.remains_ug if one.part else None,
                "lost_ug": one.part.lost_ug if one.part else None,
            }
            for one in found.samples
        ],
    }  # fmt: skip
