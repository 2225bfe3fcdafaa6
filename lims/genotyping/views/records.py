# SPDX-License-Identifier: Apache-2.0
"""Templates of plate records: uploaded, looked at, kept; and the record of a plate that leaves."""

from collections.abc import Mapping

from flask import Response, request, url_for
from sqlalchemy.orm import Session
from werkzeug.utils import secure_filename

from instruments.analyzers.plate_records import AnalyzerModel
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.files import FileDamaged
from lims.core.words import N_, Say
from lims.genotyping import operations, queries
from lims.genotyping.models import PlateRecordTemplate
from lims.genotyping.queries import Understood
from lims.genotyping.rules.records import RecordOutdated, role_words
from lims.genotyping.schemas import RecordSchema, RecordTemplateSchema
from lims.genotyping.views.blueprint import Answer, blueprint
from lims.people.queries import initials_of
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, page, reading, write
from lims.web.rights import Right


@blueprint.get("/plate-records")
@needs(Right.SEE_RUNS)
def record_templates() -> Answer:
    """List the templates of plate records, and take a new one."""
    with reading() as session:
        found = queries.record_templates(session)
        if wants_json():
            return {"templates": [_as_json(one) for one in found]}
        return page(
            "genotyping/record_templates.html", templates=found, models=_models(),
            initials=initials_of(session, {one.by for one in found}),
        )  # fmt: skip


@blueprint.get("/plate-records/<int:number>")
@needs(Right.SEE_RUNS)
def record_template(number: int) -> Answer:
    """Show how a template is understood: its head, and which row serves for what."""
    with reading() as session:
        row = queries.record_template(session, number)
        read = queries.understood(row.content, file_name=row.file_name, model=row.model)
        if wants_json():
            return {**_as_json(row), **_understood_json(read)}
        return page(
            "genotyping/record_template.html", read=read, row=row, kept=True, name=row.name,
            model=row.model.value, file_name=row.file_name, sha256=row.sha256,
            role_words=role_words, versions=queries.template_versions(session, row.name),
            initials=initials_of(session, {row.by}),
        )  # fmt: skip


@blueprint.post("/plate-records")
@needs(Right.WRITE_PROCEDURES)
def post_record_template() -> Answer:
    """Look at a record as template, or keep it as the next version of one."""
    sent = form(RecordTemplateSchema())
    content, file_name = _file_sent(sent)
    model = AnalyzerModel(sent["model"])
    name = sent["name"].strip()
    if not sent["keep"]:
        read = queries.understood(content, file_name=file_name, model=model)
        if wants_json():
            return _understood_json(read)
        return page(
            "genotyping/record_template.html", read=read, row=None, kept=False, name=name,
            model=model.value, file_name=file_name, sha256=laboratory().files.keep(content),
            role_words=role_words, versions=(), initials={},
        )  # fmt: skip

    def keep(session: Session) -> dict[str, object]:
        row = operations.keep_record_template(
            session, content, name=name, model=model, file_name=file_name, by=signed_in(),
            at=now(),
        )  # fmt: skip
        return {"to": url_for("genotyping.record_template", number=row.id), **_as_json(row)}

    return done(write(keep))


@blueprint.post("/injection/<code>/record")
@needs(Right.WORK_BATCHES)
def post_record(code: str) -> Answer:
    """Write the plate's record from a template, and send it as a file."""
    read = code_in_path(code, Kind.PLATE)
    number = form(RecordSchema())["template"]
    files = laboratory().files

    def leave(session: Session) -> dict[str, object]:
        left = operations.let_record_leave(session, read, number, by=signed_in(), at=now())
        return {"sha256": files.keep(left.content), "template": left.template.id}

    told = write(leave)
    content = files.read(str(told["sha256"]))
    with reading() as session:
        template = queries.record_template(session, number)
        # The same request again is answered as before: but never with what no longer stands.
        if queries.plate_record(session, read, template) != content:
            raise RecordOutdated(plate=read)
        ending = template.file_name.rpartition(".")[2].lower()
    ending = ending if ending in ("plt", "txt", "csv") else "txt"
    name = secure_filename(f"{read}-{template.model.value}.{ending}")
    return Response(
        content,
        mimetype="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-SHA256": str(told["sha256"]),
        },
    )


def _file_sent(sent: Mapping[str, str]) -> tuple[bytes, str]:
    given = request.files.get("file")
    if given is not None and given.filename:
        return given.read(), given.filename[-200:]
    if not sent["sha256"]:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    try:
        return laboratory().files.read(sent["sha256"]), sent["file_name"]
    except FileDamaged:
        raise BadInput(field="sha256", problem=Say(N_("is missing"))) from None


def _models() -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in AnalyzerModel]


def _as_json(row: PlateRecordTemplate) -> dict[str, object]:
    return {
        "id": row.id, "name": row.name, "version": row.version, "model": row.model.value,
        "file_name": row.file_name, "sha256": row.sha256,
    }  # fmt: skip


def _understood_json(read: Understood) -> dict[str, object]:
    record = read.template.record
    return {
        "plate": record.plate, "owner": record.owner, "operator": record.operator,
        "wells": record.size, "columns": list(record.columns),
        "rows": {
            role.value: [
                {
                    "line": one.row.line, "name": one.row.name,
                    "given": dict(read.template.given(one)),
                }
                for one in rows
            ]
            for role, rows in read.rows
        },
        "blank_as_negative": read.blank_as_negative,
    }  # fmt: skip
