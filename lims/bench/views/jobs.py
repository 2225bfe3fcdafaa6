# SPDX-License-Identifier: Apache-2.0
"""Jobs of many labels: ordered for a set of things, followed live, stopped, resumed, moved."""

from typing import Any

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.bench.operations.sets import SetLabel, labels_together
from lims.bench.queries import ShownDevice, revisions, shown_devices
from lims.bench.schemas import (
    JobActSchema,
    JobAgainSchema,
    JobMoveSchema,
    JobPageSchema,
    JobsSchema,
    OrderJobSchema,
    SeenSchema,
)
from lims.bench.views.feed import Feed
from lims.bench.views.pages import blueprint, device_words, printer_trouble, station_feed
from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.core.words import N_, Say
from lims.people.models import Station
from lims.people.queries import initials_of, stations
from lims.printers.rules import trouble_of
from lims.printing.operations import (
    Wanted,
    move_job,
    order_job,
    print_again,
    resume_job,
    size_of,
    stop_job,
)
from lims.printing.queries import job_of, jobs_shown, labels_of_job, newest_jobs
from lims.printing.rules import (
    JOB_LOOKS,
    JOB_WORDS,
    MOST_LABELS,
    STATE_LOOKS,
    STATE_WORDS,
    JobState,
    LabelState,
    NothingToPrint,
)
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

PAGE = 50

START_AGENT = N_("Start the bench agent, or move the job to another printer.")
LOOK_AT_PRINTER = N_("Look at the printer, its cable and its mains, or move the job.")
NO_PRINTER = N_("No printer has answered at this station yet.")
AGENT_SILENT = N_("The bench agent does not answer.")
WHY_AGAIN = (
    N_("The label is damaged or cannot be read."),
    N_("No label came out of the printer."),
    N_("The label is lost."),
    N_("Wrong roll or ribbon in the printer."),
)
"""Reasons for a new label, as stored and as shown."""


@blueprint.get("/labels/of/<code>")
@needs(Right.SEE_SAMPLES)
def label_set(code: str) -> ResponseReturnValue:
    """Show the labels of a batch, plate, place or tube with its parts, to print them as one job."""
    about = code_in_path(code)
    with reading() as session:
        rows = labels_together(session, about)
        jobs = jobs_shown(session, newest_jobs(session, about=about, limit=5))
        places = _printers(session)
        last = next((one.label.station_code for one in rows if one.label is not None), "")
        sizes = {one.code: _size(session, one) for one in rows}
        if wants_json():
            return {
                "about": about,
                "labels": [
                    {"code": one.code, "needs": one.needs, "size": sizes[one.code],
                     "state": one.label.state.value if one.label else None}
                    for one in rows
                ],
            }  # fmt: skip
        return page(
            "bench/label_set.html", about=about, rows=rows, sizes=sizes, jobs=jobs,
            words=STATE_WORDS, looks=STATE_LOOKS, job_words=JOB_WORDS, job_looks=JOB_LOOKS,
            printers=list(places.items()), printer=last if last in places else "",
            reasons=WHY_AGAIN, again=any(one.label is not None for one in rows),
        )  # fmt: skip


@blueprint.post("/labels/of/<code>")
@needs(Right.PRINT_SETS)
def post_label_set(code: str) -> ResponseReturnValue:
    """Order the labels that were chosen as one job."""
    about = code_in_path(code)
    asked = form(OrderJobSchema())
    station = code_in_path(asked["station"], Kind.STATION)
    chosen = {code_in_path(one) for one in asked["codes"]}

    def act(session: Session) -> dict[str, object]:
        known = {one.code: one for one in labels_together(session, about) if one.can}
        wanted = [one.first or Wanted(code) for code, one in known.items() if code in chosen]
        if len(wanted) != len(chosen):
            raise NothingToPrint(most=str(MOST_LABELS))
        job = order_job(
            session, wanted, about=about, station=station, reason=asked["reason"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("bench.job", number=job.id), "job": job.id}

    return done(write(act))


@blueprint.get("/labels/jobs")
@needs(Right.SEE_SAMPLES)
def jobs() -> ResponseReturnValue:
    """List the jobs of labels, the newest first."""
    before = query(JobsSchema())["before"]
    with reading() as session:
        found = newest_jobs(session, before=before, limit=PAGE + 1)
        more, found = len(found) > PAGE, found[:PAGE]
        return page(
            "bench/jobs.html", rows=jobs_shown(session, found), words=JOB_WORDS, looks=JOB_LOOKS,
            names=_names(session), staff=initials_of(session, {one.ordered_by for one in found}),
            further=url_for("bench.jobs", before=found[-1].id) if more else "",
            first=url_for("bench.jobs") if before else "",
        )  # fmt: skip


@blueprint.get("/labels/jobs/<int:number>")
@needs(Right.SEE_SAMPLES)
def job(number: int) -> ResponseReturnValue:
    """Show a job: how far it is, each of its labels, what it waits for."""
    chosen = query(JobPageSchema())["label"]
    with reading() as session:
        found = job_of(session, number)
        shown = jobs_shown(session, [found])[0]
        labels = labels_of_job(session, number)
        trouble = None
        if shown.state is JobState.PRINTING:
            trouble = _trouble(shown_devices(session, found.station_code, at=now()))
        if wants_json():
            return {
                "job": number, "about": found.about, "station": found.station_code,
                "state": shown.state.value, "revision": found.revision,
                "labels": [
                    {"number": place, "code": row.code, "label": row.payload,
                     "state": row.state.value, "changed": utc_text(row.changed_at)}
                    for place, row in labels.items()
                ],
            }  # fmt: skip
        places = _printers(session)
        return page(
            "bench/job.html", shown=shown, job=found, labels=labels, trouble=trouble,
            chosen=labels.get(chosen), place=chosen, words=STATE_WORDS, looks=STATE_LOOKS,
            job_words=JOB_WORDS, job_looks=JOB_LOOKS, names=_names(session),
            reason_words=[(one, translate(one)) for one in WHY_AGAIN],
            printers=[one for one in places.items() if one[0] != found.station_code],
            size=size_of(session, next(iter(labels.values())).layout) if labels else "",
            staff=initials_of(session, {found.ordered_by, found.changed_by}),
            revision=revisions(session).get(found.station_code, 0),
            waiting=shown.count(LabelState.QUEUED, LabelState.LEASED),
            stopped=shown.count(LabelState.STOPPED), lost=shown.count(LabelState.LOST),
            fault_of=_fault_words,
        )  # fmt: skip


@blueprint.get("/labels/jobs/<int:number>/events")
@needs(Right.SEE_SAMPLES)
def job_events(number: int) -> ResponseReturnValue:
    """Tell the page of a job each time a label of its station has changed."""
    seen = query(SeenSchema())
    with reading() as session:
        station = job_of(session, number).station_code
    feed: Feed = station_feed()
    return Response(
        feed.follow(
            station, lambda after: {"outcomes": [], "devices": []}, seen["after"], seen["revision"]
        ),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@blueprint.post("/labels/jobs/<int:number>/stop")
@needs(Right.PRINT_SETS)
def post_job_stop(number: int) -> ResponseReturnValue:
    """Stop a job after the label that is being printed."""
    asked = form(JobActSchema())

    def act(session: Session) -> dict[str, object]:
        stop_job(session, number, revision=asked["revision"], by=signed_in(), at=now())
        return _to(number)

    return done(write(act))


@blueprint.post("/labels/jobs/<int:number>/resume")
@needs(Right.PRINT_SETS)
def post_job_resume(number: int) -> ResponseReturnValue:
    """Print on: all that waits, or from a label on, also what is not known to have come out."""
    asked = form(JobAgainSchema())

    def act(session: Session) -> dict[str, object]:
        resume_job(
            session, number, place=asked["place"], reason=asked["reason"],
            revision=asked["revision"], by=signed_in(), at=now(),
        )  # fmt: skip
        return _to(number)

    return done(write(act))


@blueprint.post("/labels/jobs/<int:number>/again")
@needs(Right.PRINT_SETS)
def post_job_again(number: int) -> ResponseReturnValue:
    """Print one label of a job again, for a reason; the one before is void."""
    asked = form(JobAgainSchema())

    def act(session: Session) -> dict[str, object]:
        label = print_again(
            session, number, asked["place"], reason=asked["reason"],
            revision=asked["revision"], by=signed_in(), at=now(),
        )  # fmt: skip
        return _to(number) | {"label": label}

    return done(write(act))


@blueprint.post("/labels/jobs/<int:number>/move")
@needs(Right.PRINT_SETS)
def post_job_move(number: int) -> ResponseReturnValue:
    """Let what waits of a job come out of another printer."""
    asked = form(JobMoveSchema())
    station = code_in_path(asked["station"], Kind.STATION)

    def act(session: Session) -> dict[str, object]:
        move_job(
            session, number, station, loaded=asked["loaded"], revision=asked["revision"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        return _to(number)

    return done(write(act))


def _to(number: int) -> dict[str, Any]:
    return {"to": url_for("bench.job", number=number)}


def _name(one: Station) -> str:
    return one.name_ar if language() == "ar" else one.name


def _printers(session: Session) -> dict[str, str]:
    """Return the open stations of the laboratory, at whose printers labels can come out."""
    return {
        one.station.code: _name(one.station)
        for one in stations(session)
        if one.station.closed_at is None and one.station.kind is not StationKind.INTAKE
    }


def _names(session: Session) -> dict[str, str]:
    return {one.station.code: _name(one.station) for one in stations(session)}


def _size(session: Session, one: SetLabel) -> str:
    layout = one.label.layout if one.label is not None else one.first.layout if one.first else ""
    return size_of(session, layout) if layout else ""


def _trouble(devices: list[ShownDevice]) -> tuple[Say, Say] | None:
    """Return what keeps a station's printer from printing, and what to do; None while it may."""
    printers = [one for one in devices if one.kind == "printer"]
    if not printers:
        return Say(NO_PRINTER), Say(START_AGENT)
    if any(one.state == "ready" for one in printers):
        return None
    one = printers[0]
    if one.detail == "silent":
        return Say(AGENT_SILENT), Say(START_AGENT)
    trouble = printer_trouble(one)
    return device_words(one), Say(trouble.act if trouble is not None else LOOK_AT_PRINTER)


def _fault_words(fault: str) -> str:
    """Return what an agent said of a label, as far as there are words for it; '' otherwise."""
    trouble = trouble_of(fault)
    return translate(trouble.happened) if trouble is not None else ""
