# SPDX-License-Identifier: Apache-2.0
"""What a batch or plate takes to the bench: its worksheet, its robot file, what was made."""

import io
from functools import partial

from flask import Blueprint, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.custody.queries import anchor
from lims.people.queries import initials_of, who
from lims.people.rules import ACTIVITY_WORDS
from lims.samples.rules import state_look
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, laboratory, page, query, reading, write
from lims.web.rights import Right
from lims.worksheets import operations, queries
from lims.worksheets.rules import PAPER_WORDS, PaperKind
from lims.worksheets.schemas import NothingSchema, ShownSchema

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("worksheets", __name__)

SHOWN = 12
"""So many lines of a robot's file are shown before it is written."""


@blueprint.get("/worksheets/<code>")
@needs(Right.SEE_SAMPLES)
def papers(code: str) -> Answer:
    """Show what was printed and written, and the robot's file as it would be now."""
    read = code_in_path(code, Kind.BATCH, Kind.PLATE)
    asked = query(ShownSchema())["template"]
    with reading() as session:
        sheet = queries.sheet_of(session, read)
        made = queries.papers_of(session, read)
        if wants_json():
            return {
                "code": read,
                "made": [
                    {
                        "number": one.number, "kind": one.kind.value, "template": one.template,
                        "at": utc_text(one.at), "to": url_for(
                            "worksheets.paper", code=read, number=one.number
                        ),
                    }
                    for one in made
                ],
            }  # fmt: skip
        for_robot = sheet.activity in queries.ROBOT_ACTIVITIES and sheet.is_plate
        saved = queries.saved_templates(session) if for_robot else ()
        chosen = next((one for one in saved if one.name == asked), saved[0] if saved else None)
        wells = queries.robot_wells(session, read) if chosen else ()
        compared = queries.last_compared(session, read) if for_robot else None
        return page(
            "worksheets/papers.html", sheet=sheet, made=made, look=state_look,
            activity_words=ACTIVITY_WORDS, paper_words=PAPER_WORDS, for_robot=for_robot,
            saved=saved, chosen=chosen, rows=chosen.template.rows(wells) if chosen else (),
            most=SHOWN, compared=compared, staff=initials_of(session, {one.by for one in made}),
        )  # fmt: skip


@blueprint.post("/worksheets/<code>")
@needs(Right.WORK_BATCHES)
def post_paper(code: str) -> Answer:
    """Print the worksheet in the language of the page."""
    read = code_in_path(code, Kind.BATCH, Kind.PLATE)
    form(NothingSchema())
    held, files, at = laboratory().settings, laboratory().files, now()

    def print_it(session: Session) -> dict[str, object]:
        drawn = operations.draw_worksheet(
            queries.sheet_of(session, read), laboratory=(held.laboratory, held.laboratory_ar),
            at=at, by=who(session, signed_in().id), anchor=anchor(session),
            arabic=language() == "ar", translate=partial(translate, into=language()),
        )  # fmt: skip
        made = operations.keep_worksheet(
            session, read, drawn, language=language(), files=files, by=signed_in(), at=at
        )
        return {
            "to": url_for("worksheets.paper", code=read, number=made.id), "number": made.id,
            "sha256": made.sha256,
        }  # fmt: skip

    return done(write(print_it))


@blueprint.get("/worksheets/<code>/<int:number>")
@needs(Right.SEE_SAMPLES)
def paper(code: str, number: int) -> Answer:
    """Hand out a worksheet or a robot's file as it was made."""
    read = code_in_path(code, Kind.BATCH, Kind.PLATE)
    with reading() as session:
        found = queries.paper_of(session, read, number)
        is_sheet = found.kind is PaperKind.WORKSHEET
        content = laboratory().files.read(found.sha256)
    return send_file(
        io.BytesIO(content), mimetype="application/pdf" if is_sheet else "text/csv",
        as_attachment=not is_sheet,
        download_name=f"{read}-{number}.{'pdf' if is_sheet else 'csv'}",
    )  # fmt: skip
