# SPDX-License-Identifier: Apache-2.0
"""Alarms of labels: what was read, what it touches, what comes next, what was done."""

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.bench.queries.alarms import PAGE, AlarmRow, open_alarms
from lims.bench.queries.alarms import alarms as all_alarms
from lims.bench.schemas import AlarmSchema, AlarmsSchema
from lims.bench.views.pages import blueprint
from lims.core.clock import now
from lims.core.words import N_
from lims.printing.operations import answer_alarm
from lims.printing.rules import AlarmWhy
from lims.samples.rules import state_look
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, page, query, reading, write
from lims.web.rights import Right

WHY_WORDS = {
    AlarmWhy.VOID: N_("Voided label"),
    AlarmWhy.UNKNOWN: N_("Label not printed here"),
    AlarmWhy.COUNTER: N_("Labels nobody ordered"),
}
NEXT_WORDS = {
    AlarmWhy.VOID: N_(
        "Find the label and what it is on. The tube with the live label is the right one: set the "
        "other one on hold until it is clear what is in it, and destroy the voided label."
    ),
    AlarmWhy.UNKNOWN: N_(
        "Keep what carries it apart: find out where it comes from before anything of it is used."
    ),
    AlarmWhy.COUNTER: N_(
        "The printer's counter went on without a job. Look at the printer for labels that came "
        "out, ask who printed from its panel, and destroy them."
    ),
}


@blueprint.get("/alarms")
@needs(Right.SEE_LEDGER)
def alarms() -> ResponseReturnValue:
    """Show labels that must not be on anything: those that stand first, then all, newest first."""
    before = query(AlarmsSchema())["before"]
    with reading() as session:
        standing = [] if before else open_alarms(session)
        rows = all_alarms(session, before=before)
    return page(
        "bench/alarms.html", standing=standing, answered=[one for one in rows if _answered(one)],
        whole=before == 0, words=WHY_WORDS, upcoming=NEXT_WORDS, look=state_look, at=now(),
        further=url_for("bench.alarms", before=rows[-1].alarm.id) if len(rows) == PAGE else "",
        first=url_for("bench.alarms") if before else "",
    )  # fmt: skip


@blueprint.post("/alarms/<int:number>/answer")
@needs(Right.SET_HOLDS)
def post_alarm_answer(number: int) -> ResponseReturnValue:
    """Answer an alarm: what was found, and done."""
    reason = form(AlarmSchema())["reason"]

    def act(session: Session) -> dict[str, object]:
        answer_alarm(session, number, reason=reason, by=signed_in(), at=now())
        return {"to": url_for("bench.alarms")}

    return done(write(act))


def _answered(row: AlarmRow) -> bool:
    return row.alarm.answered_at is not None
