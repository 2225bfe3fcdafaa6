# SPDX-License-Identifier: Apache-2.0
"""Pages of analyzer runs: the list, the import, a run, a well's electropherogram."""

import json
from collections.abc import Callable, Mapping

from flask import request, url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.code_keys import code_key
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.genotyping import operations, queries
from lims.genotyping.models import Injection, Run, RunFile, Severity
from lims.genotyping.rules import ROLE_WORDS
from lims.genotyping.rules.controls import CONSUMABLE_WORDS
from lims.genotyping.rules.files import MOST_PROBLEMS
from lims.genotyping.rules.findings import TITLES
from lims.genotyping.rules.refusals import RunRefused
from lims.genotyping.rules.samples import machine_labels
from lims.genotyping.rules.states import RUN_TONES, RUN_WORDS, SEVERITY_TONES, SEVERITY_WORDS
from lims.genotyping.schemas import (
    ImportSchema,
    InjectionSchema,
    ListSchema,
    PlateSchema,
    ReasonSchema,
)
from lims.genotyping.views.blueprint import Answer, blueprint, spoken
from lims.people.queries import initials_of
from lims.people.views import re_authenticate
from lims.plates.models import Well
from lims.web.errors import answer, wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both, in_words
from lims.web.pages import (
    code_in_path,
    done,
    form,
    laboratory,
    page,
    query,
    reading,
    write,
)
from lims.web.rights import Right

PAGE = 50


@blueprint.get("/runs", endpoint="runs")
@needs(Right.SEE_RUNS)
def run_list() -> Answer:
    """List runs, the newest first, and the plates that wait for theirs."""
    before = query(ListSchema())["before"]
    with reading() as session:
        found, onward = queries.runs(session, limit=PAGE, before=before)
        if wants_json():
            return {
                "runs": [
                    {
                        "id": one.run.id, "plate": one.run.plate_code, "kit": one.run.kit,
                        "state": one.run.state.value, "files": one.files,
                    }
                    for one in found
                ],
                "next": onward,
            }  # fmt: skip
        return page(
            "genotyping/runs.html", runs=found, plates=queries.plates_to_run(session),
            initials=initials_of(session, {one.run.imported_by for one in found}),
            run_words=RUN_WORDS, run_tones=RUN_TONES, before=before,
            next_url=url_for("genotyping.runs", before=onward) if onward else "",
        )  # fmt: skip


@blueprint.get("/runs/new")
@needs(Right.IMPORT_RUNS)
def new_run() -> Answer:
    """Ask for the files of a run."""
    with reading() as session:
        plates = queries.plates_to_run(session)
    return page(
        "genotyping/new_run.html", plates=plates, plate=query(PlateSchema())["plate"],
        problems=(), more=0, result=None,
    )  # fmt: skip


@blueprint.post("/runs")
@needs(Right.IMPORT_RUNS)
def post_run() -> Answer:
    """Import a run from uploaded files, or only say what would happen."""
    sent = form(ImportSchema())
    code = code_in_path(sent["plate"], Kind.PLATE)
    files = []
    for one in request.files.getlist("files"):
        if one.filename:
            files.append((one.filename, one.read()))
        one.close()
    lab = laboratory()

    def keep(do: Callable[[Session], dict[str, object]]) -> Mapping[str, object]:
        return write(do)

    try:
        result = operations.import_run(
            files, code, reading=reading, write=keep, store=lab.files, by=signed_in(), at=now(),
            dry_run=sent["dry_run"],
        )  # fmt: skip
    except RunRefused as refused:
        return _refused(refused, code)
    if wants_json():
        return done(result.as_json())
    if result.run is not None:
        return done({"to": url_for("genotyping.run", run_id=result.run)})
    with reading() as session:
        plates = queries.plates_to_run(session)
    return page(
        "genotyping/new_run.html", plates=plates, plate=code, problems=(), more=0, result=result,
        run_words=RUN_WORDS, run_tones=RUN_TONES, severity_words=SEVERITY_WORDS,
    )  # fmt: skip


def _refused(refused: RunRefused, code: str) -> Answer:
    told = refused.problems[:MOST_PROBLEMS]
    if wants_json():
        response = answer(refused)
        body = response.get_json()
        body["problems"] = [in_both(one) for one in told]
        response.set_data(json.dumps(body))
        return response
    with reading() as session:
        plates = queries.plates_to_run(session)
    return page(
        "genotyping/new_run.html", status=refused.status, plates=plates, plate=code,
        problems=[in_words(one) for one in told], more=len(refused.problems) - len(told),
        result=None,
    )  # fmt: skip


@blueprint.get("/runs/<int:run_id>", endpoint="run")
@needs(Right.SEE_RUNS)
def one_run(run_id: int) -> Answer:
    """Show a run: what was found where, gravest first."""
    with reading() as session:
        picture = queries.run_picture(session, run_id)
        if wants_json():
            return _run_json(picture)
        return page(
            "genotyping/run.html", picture=picture, run=picture.run,
            decisive=picture.of(Severity.FAIL, Severity.HOLD),
            doubtful=picture.of(Severity.WARN), noted=picture.of(Severity.NOTE),
            initials=initials_of(
                session,
                {picture.run.imported_by}
                | {one.finding.decided_by or "" for one in picture.findings},
            ),
            titles=TITLES, spoken=spoken, run_words=RUN_WORDS, run_tones=RUN_TONES,
            role_words=ROLE_WORDS, severity_words=SEVERITY_WORDS, severity_tones=SEVERITY_TONES,
            consumable_words=CONSUMABLE_WORDS,
        )  # fmt: skip


def _run_json(picture: queries.RunPicture) -> dict[str, object]:
    return {
        "id": picture.run.id, "plate": picture.run.plate_code, "kit": picture.run.kit,
        "state": picture.run.state.value, "files": picture.files,
        "injections": [
            {
                "id": one.id, "well": one.position, "role": one.role.value, "holds": one.subject,
                "sha256": one.sha256, "readable": one.readable,
            }
            for one in picture.injections
        ],
        "findings": [
            {
                "id": one.finding.id, "rule": one.finding.rule, "well": one.position,
                "severity": one.finding.severity.value, "stops_run": one.finding.stops_run,
                "answered": one.finding.decided_at is not None,
                "answerable": one.answerable, "seen": spoken(one.seen),
                "do": spoken(one.finding.do),
            }
            for one in picture.findings
        ],
    }  # fmt: skip


@blueprint.get("/runs/<int:run_id>/wells/<well>")
@needs(Right.SEE_RUNS)
def well(run_id: int, well: str) -> Answer:
    """Show the electropherogram of a well, in all dyes, with its peaks as a table."""
    wanted = query(InjectionSchema())["injection"]
    with reading() as session:
        found = queries.injections_of_well(session, run_id, well)
        chosen = next((one for one in found if one.id == wanted), found[0])
        run = session.get_one(Run, run_id)
        filled = session.get_one(Well, chosen.well_id)
        calls = queries.calls_of_injection(session, chosen)
        kit = queries.kit_of_run(session, run)
        other = queries.other_injection(session, chosen)
        return page(
            "genotyping/well.html", run=run, injection=chosen, well=filled, calls=calls, kit=kit,
            injections=found, other=other, file=session.get_one(RunFile, chosen.sha256),
            labels=machine_labels(calls, kit, queries.thresholds_of_run(run)),
            findings=queries.findings_of(session, chosen.id), titles=TITLES, spoken=spoken,
            role_words=ROLE_WORDS, severity_words=SEVERITY_WORDS, severity_tones=SEVERITY_TONES,
        )  # fmt: skip


@blueprint.get("/injections/<int:injection_id>/signal")
@needs(Right.SEE_RUNS)
def signal(injection_id: int) -> Answer:
    """Return an injection's signal as the viewer draws it, from its stored file."""
    with reading() as session:
        injection = session.get(Injection, injection_id)
        if injection is None:
            raise NotFound(code=str(injection_id))
        run = session.get_one(Run, injection.run_id)
        file = session.get_one(RunFile, injection.sha256)
        key = code_key(session, injection.key_code)
        calls = queries.calls_of_injection(session, injection)
        ladder = queries.ladder_used(session, injection)
    return queries.electropherogram(
        laboratory().files.read(injection.sha256, key),
        name=file.name,
        kit=queries.kit_of_run(session, run),
        calls=calls,
        ladder=ladder,
        thresholds=queries.thresholds_of_run(run),
    )


@blueprint.post("/findings/<int:finding_id>/answer")
@needs(Right.SET_HOLDS)
def post_answer(finding_id: int) -> Answer:
    """Let a run go on in spite of a finding, with a reason and a signature."""
    sent = form(ReasonSchema())
    re_authenticate(sent["password"])

    def let_go(session: Session) -> dict[str, object]:
        run = operations.answer_finding(
            session, finding_id, reason=sent["reason"], by=signed_in(), at=now()
        )
        return {"to": url_for("genotyping.run", run_id=run.id), "state": run.state.value}

    return done(write(let_go))
