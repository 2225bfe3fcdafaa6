# SPDX-License-Identifier: Apache-2.0
"""Pages of a batch, a plate, the list of both, and the worklist."""

from flask import Blueprint, current_app, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.custody.queries import blocked, children
from lims.people.queries import initials_of
from lims.people.rules import ACTIVITY_WORDS, LINE_WORDS, Activity
from lims.plates import operations, queries
from lims.plates.models import BatchMember, Well
from lims.plates.rules import OPEN_STATES, ROLE_MARKS, STAGE_WORDS, Stage, WellRole
from lims.plates.schemas import AfterSchema, VoidSchema, WorklistSchema
from lims.plates.views.judged import judged
from lims.procedures.models import Procedure
from lims.repeats.rules import KIND_WORDS, REASON_WORDS
from lims.samples.operations import what_is
from lims.samples.queries import read_prefix
from lims.samples.rules import ALIQUOT_WORDS, state_look
from lims.web.errors import wants_json
from lims.web.filters import role as drawn_role
from lims.web.guard import may_here, needs, right_of, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("plates", __name__)


@blueprint.get("/worklist")
@needs(Right.WORK_BATCHES)
def worklist() -> Answer:
    """Show what waits for a stage: the urgent first, then the oldest."""
    asked = query(WorklistSchema())
    after, search = asked["after"], read_prefix(asked["search"])
    with reading() as session:
        counts = queries.waiting_counts(session)
        stage = asked["stage"] or next((one for one in Stage if counts[one]), Stage.RECEPTION)
        rows = queries.waiting(
            session, stage, line=asked["line"], search=search, after=after,
            limit=queries.SHOWN + 1,
        )  # fmt: skip
        more, rows = len(rows) > queries.SHOWN, rows[: queries.SHOWN]
        if wants_json():
            return {
                "counts": {one.value: count for one, count in counts.items()},
                "stage": stage.value, "after": rows[-1].code if more else None,
                "waiting": [
                    {
                        "code": row.code, "since": utc_text(row.since), "on_hold": row.held,
                        "sample": row.sample.code if row.sample else None, "urgent": row.urgent,
                        "repeats": [
                            {"kind": one.kind.value, "reason": one.reason.value}
                            for one in row.repeats
                        ],
                    }
                    for row in rows
                ],
            }  # fmt: skip
        at = now()

        def here(last: str | None = None) -> str:
            return url_for(
                "plates.worklist", stage=stage.value, search=search or None, after=last,
                line=asked["line"].value if asked["line"] else None,
            )  # fmt: skip

        return page(
            "plates/worklist.html", counts=counts, stage=stage, rows=rows, words=STAGE_WORDS,
            what_is=what_is, aliquot_words=ALIQUOT_WORDS, line=asked["line"], search=search,
            days={row.code: max(0, (at - row.since).days) for row in rows},
            lines=[(one.value, translate(words)) for one, words in LINE_WORDS.items()],
            links={row.code: _page_of(row.code) for row in rows},
            kind_words=KIND_WORDS, reason_words=REASON_WORDS,
            further=here(rows[-1].code) if more else "", first=here() if after else "",
        )  # fmt: skip


@blueprint.get("/batches")
@needs(Right.SEE_SAMPLES)
def work() -> Answer:
    """List batches and plates, newest first."""
    asked = query(AfterSchema())
    with reading() as session:
        found = queries.work(session, after=asked["after"])
        return page(
            "plates/work.html", found=found, look=state_look, activity_words=ACTIVITY_WORDS,
            line_words=LINE_WORDS,
            links={row.code: _page_of(row.code) for row in found.rows},
            further=url_for("plates.work", after=found.after) if found.after else "",
            first=url_for("plates.work") if asked["after"] else "",
        )  # fmt: skip


@blueprint.get("/batches/<code>")
@needs(Right.SEE_SAMPLES)
def batch(code: str) -> Answer:
    """Show a batch: its rack, what was used, what came out."""
    read = code_in_path(code, Kind.BATCH)
    with reading() as session:
        found = queries.batch_of(session, read)
        members = queries.members_of(session, read)
        state = queries.state_of(session, read)
        if found.activity is Activity.PREPARATION:
            return redirect(url_for("preparation.prepared", code=read))
        made = [link.child for link in children(session, read)]
        if wants_json():
            return {
                "code": read, "activity": found.activity.value, "line": found.line.value,
                "state": state, "outcome": found.outcome,
                "members": [_member_json(member) for member in members],
                "made": made, "uses": [used.code for used in queries.uses_of(session, read)],
            }  # fmt: skip
        return page(
            "plates/batch.html", batch=found, members=members, state=state, look=state_look,
            wells={member.position: _standing(member) for member in members},
            procedure=session.get_one(Procedure, found.procedure_id), made=made,
            uses=queries.uses_of(session, read), holds=blocked(session, read),
            staff=initials_of(session, {member.placed_by for member in members}),
            activity_words=ACTIVITY_WORDS, line_words=LINE_WORDS, open=state in OPEN_STATES,
            judged=judged(session, found, state),
        )  # fmt: skip


@blueprint.post("/batches/<code>/void")
@needs(Right.WORK_BATCHES)
def post_void_placement(code: str) -> Answer:
    """Take a placement back with a reason."""
    read = code_in_path(code, Kind.BATCH)
    sent = form(VoidSchema())

    def void(session: Session) -> dict[str, object]:
        operations.void_placement(session, read, **sent, by=signed_in(), at=now())
        return {"to": url_for("plates.batch", code=read)}

    return done(write(void))


@blueprint.get("/plates/<code>")
@needs(Right.SEE_SAMPLES)
def plate(code: str) -> Answer:
    """Show a plate: its map, what was used, what was made from it."""
    read = code_in_path(code, Kind.PLATE)
    with reading() as session:
        found = queries.plate_of(session, read)
        wells = queries.wells_of(session, read)
        state = queries.state_of(session, read)
        made = [link.child for link in children(session, read)]
        if wants_json():
            return {
                "code": read, "activity": found.activity.value, "kit": found.kit,
                "size_standard": found.size_standard, "made_from": found.made_from,
                "state": state, "outcome": found.outcome,
                "wells": [_well_json(well) for well in wells], "made": made,
                "uses": [used.code for used in queries.uses_of(session, read)],
            }  # fmt: skip
        return page(
            "plates/plate.html", plate=found, filled=wells, state=state, look=state_look,
            wells={well.position: _standing(well) for well in wells},
            procedure=session.get_one(Procedure, found.procedure_id), made=made,
            uses=queries.uses_of(session, read), holds=blocked(session, read),
            staff=initials_of(session, {well.filled_by for well in wells}),
            activity_words=ACTIVITY_WORDS, open=state in OPEN_STATES,
            judged=judged(session, found, state),
            role_words={well.role: translate(drawn_role(ROLE_MARKS[well.role])[2])
                        for well in wells},
            stage=_stage_page(found.activity, read),
        )  # fmt: skip


_FEATURES = {Activity.INJECTION: "genotyping"}
"""Where the page of a plate's stage lives, if not in the feature of the activity's name."""


def _stage_page(activity: Activity, code: str) -> str:
    """Return where the stage shows this plate, '' for whoever may not see it there."""
    endpoint = f"{_FEATURES.get(activity, activity.value)}.plate"
    if endpoint not in current_app.view_functions:
        return ""
    right = right_of(current_app, endpoint)
    return url_for(endpoint, code=code) if right is None or may_here(right) else ""


@blueprint.post("/plates/<code>/void")
@needs(Right.WORK_BATCHES)
def post_void_filling(code: str) -> Answer:
    """Take a filling back with a reason."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(VoidSchema())

    def void(session: Session) -> dict[str, object]:
        operations.void_filling(session, read, **sent, by=signed_in(), at=now())
        return {"to": url_for("plates.plate", code=read)}

    return done(write(void))


def _page_of(code: str) -> str:
    if code[0] == Kind.PLATE:
        return url_for("plates.plate", code=code)
    if code[0] == Kind.BATCH:
        return url_for("plates.batch", code=code)
    return url_for("samples.thing", code=code)


def _standing(what: BatchMember | Well) -> dict[str, object]:
    role = ROLE_MARKS[what.role]
    shown: dict[str, object] = {"role": role}
    if what.subject_code is not None:
        words = translate(drawn_role(role)[2])
        shown |= {"words": f"{words} {what.subject_code}", "url": _page_of(what.subject_code)}
        if what.role is WellRole.SAMPLE:
            # The end of a code tells tubes apart at a glance.
            shown["mark"] = what.subject_code[-3:]
    return shown


def _member_json(member: BatchMember) -> dict[str, object]:
    return {
        "position": member.position,
        "role": member.role.value,
        "code": member.subject_code,
        "placed": utc_text(member.placed_at),
    }


def _well_json(well: Well) -> dict[str, object]:
    return {
        "position": well.position, "role": well.role.value, "code": well.subject_code,
        "volume_nl": well.volume_nl, "file_sample_name": well.file_sample_name,
        "filled": utc_text(well.filled_at),
    }  # fmt: skip
