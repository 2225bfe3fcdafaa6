# SPDX-License-Identifier: Apache-2.0
"""Templates of robot files, and a plate's file: written, compared."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, language, translate
from lims.web.pages import code_in_path, done, form, laboratory, page, query, reading, write
from lims.web.rights import Right
from lims.worksheets import operations, queries
from lims.worksheets.rules import (
    PLACEHOLDER_WORDS,
    Ends,
    RobotWell,
    Separator,
    Template,
    TemplateRefused,
    read_template,
)
from lims.worksheets.schemas import EditSchema, TemplateSchema, WriteSchema
from lims.worksheets.views.papers import SHOWN, Answer, blueprint

BEGINNING = "Plate = {plate}\nWell = {position}\nSource = {source}\nVolume = {volume}\n"
"""The columns that the editor begins with."""

EMPTY: dict[str, object] = {
    "name": "", "text": BEGINNING, "separator": Separator.COMMA, "ends": Ends.CRLF, "decimal": ".",
    "extracts_only": "", "plate": "",
}  # fmt: skip

SEPARATOR_WORDS = {
    Separator.COMMA: N_("comma"), Separator.SEMICOLON: N_("semicolon"), Separator.TAB: N_("tab"),
}  # fmt: skip
END_WORDS = {Ends.CRLF: N_("CR LF, as on Windows"), Ends.LF: N_("LF, as on Unix")}

# What a template is tried on where no plate is named.
EXAMPLE: tuple[RobotWell, ...] = (
    RobotWell("P0000000000", "A01", "sample", "X0000000000", "A1", "G0000000000", 4_500, 1, 10_500),
    RobotWell("P0000000000", "B01", "blank", "X1111111111", "A2", "G0000000000", 15_000, 1, 0),
    RobotWell("P0000000000", "C01", "negative", diluent_nl=15_000, volume_nl=0),
)


@blueprint.get("/robots")
@needs(Right.SEE_SAMPLES)
def templates() -> Answer:
    """List the templates, and begin one or go on with one."""
    asked = query(EditSchema())["name"]
    with reading() as session:
        saved = queries.saved_templates(session)
        if wants_json():
            return {
                "templates": [
                    {"name": one.name, "version": one.version, **one.template.as_json()}
                    for one in saved
                ]
            }
        chosen = next((one for one in saved if one.name == asked), None)
        sent: Mapping[str, object] = EMPTY
        if chosen is not None:
            sent = EMPTY | {
                "name": chosen.name, "text": chosen.template.text,
                "separator": chosen.template.separator, "ends": chosen.template.ends,
                "decimal": chosen.template.decimal,
                "extracts_only": "yes" if chosen.template.extracts_only else "",
            }  # fmt: skip
        return _page(session, saved, sent)


@blueprint.post("/robots/preview")
@needs(Right.WRITE_PROCEDURES)
def post_preview() -> Answer:
    """Show what a template writes, for a plate or for an example; nothing is saved."""
    sent = form(TemplateSchema())
    template, wrong = None, ""
    try:
        template = _template(sent)
    except TemplateRefused as refusal:
        wrong = in_words(refusal.say)
    with reading() as session:
        wells = EXAMPLE
        if sent["plate"].strip():
            wells = queries.robot_wells(session, code_in_path(sent["plate"], Kind.PLATE))
        rows = template.rows(wells)[:SHOWN] if template else []
        return _page(
            session, queries.saved_templates(session), sent, template=template, rows=rows,
            wrong=wrong,
        )  # fmt: skip


@blueprint.post("/robots")
@needs(Right.WRITE_PROCEDURES)
def post_template() -> Answer:
    """Save a template as the next version of its name."""
    sent = form(TemplateSchema())
    template = _template(sent)

    def save(session: Session) -> dict[str, object]:
        row = operations.save_template(session, sent["name"], template, by=signed_in(), at=now())
        return {
            "to": url_for("worksheets.templates", name=row.name), "name": row.name,
            "version": row.version,
        }  # fmt: skip

    return done(write(save))


@blueprint.post("/robots/<code>/file")
@needs(Right.WORK_BATCHES)
def post_file(code: str) -> Answer:
    """Write a plate for the robot."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(WriteSchema())
    files = laboratory().files

    def make(session: Session) -> dict[str, object]:
        made = operations.write_robot_file(
            session, read, sent["template"], language=language(), files=files, by=signed_in(),
            at=now(),
        )  # fmt: skip
        return {
            "to": url_for("worksheets.paper", code=read, number=made.id), "number": made.id,
            "sha256": made.sha256,
        }  # fmt: skip

    return done(write(make))


@blueprint.post("/robots/<code>/compare")
@needs(Right.WORK_BATCHES)
def post_compared(code: str) -> Answer:
    """Compare a robot's file with its plate: all wells agree, or the first that does not."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(WriteSchema())
    given = request.files.get("file")
    if given is None or not given.filename:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    content, name = given.read(), given.filename[-200:]
    files = laboratory().files

    def compare(session: Session) -> dict[str, object]:
        agree = operations.compare_robot_file(
            session, read, sent["template"], content, file_name=name, by=signed_in(), at=now()
        )
        files.keep(content)
        return {
            "to": url_for("worksheets.papers", code=read, template=sent["template"]),
            "agree": agree,
        }  # fmt: skip

    return done(write(compare))


def _template(sent: Mapping[str, Any]) -> Template:
    return read_template(
        sent["text"], separator=sent["separator"], ends=sent["ends"], decimal=sent["decimal"],
        extracts_only=sent["extracts_only"] == "yes",
    )  # fmt: skip


def _page(
    session: Session, saved: tuple[queries.SavedTemplate, ...], sent: Mapping[str, object], *,
    template: Template | None = None, rows: list[dict[str, str]] | None = None, wrong: str = "",
) -> tuple[str, int]:  # fmt: skip
    return page(
        "worksheets/templates.html", saved=saved, sent=sent, template=template, rows=rows,
        wrong=wrong, placeholders=PLACEHOLDER_WORDS,
        separators=[(one.value, translate(words)) for one, words in SEPARATOR_WORDS.items()],
        ends=[(one.value, translate(words)) for one, words in END_WORDS.items()],
        staff=initials_of(session, {one.by for one in saved}),
    )  # fmt: skip
