# SPDX-License-Identifier: Apache-2.0
"""The page of an injection plate: its map, the names of the analyzer, its record."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.genotyping import operations, queries
from lims.genotyping.rules.plates import read_names
from lims.genotyping.schemas import NamesSchema
from lims.genotyping.views.blueprint import Answer, blueprint
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right


@blueprint.get("/injection/<code>")
@needs(Right.SEE_RUNS)
def plate(code: str) -> Answer:
    """Show an injection plate: what stands where, what the analyzer calls it, its runs."""
    read = code_in_path(code, Kind.PLATE)
    with reading() as session:
        picture = queries.plate_picture(session, read)
        if wants_json():
            return {
                "code": read, "kit": picture.plate.kit, "state": picture.state,
                "size_standard": picture.plate.size_standard,
                "file_plate_name": picture.plate.file_plate_name,
                "made_from": picture.plate.made_from,
                "wells": [
                    {
                        "position": well.position, "role": well.role.value,
                        "holds": well.subject_code, "sample_name": picture.names[well.position],
                    }
                    for well in picture.wells
                ],
                "runs": [run.id for run in picture.runs],
            }  # fmt: skip
        return page(
            "genotyping/plate.html", picture=picture, templates=queries.record_templates(session),
            table="\n".join(
                f"{well.position}\t{well.file_sample_name}"
                for well in picture.wells
                if well.file_sample_name
            ),
        )  # fmt: skip


@blueprint.post("/injection/<code>/names")
@needs(Right.WORK_BATCHES)
def post_names(code: str) -> Answer:
    """Say which names the analyzer was given, where they are not the codes."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(NamesSchema())
    names = read_names(sent["names"])

    def name(session: Session) -> dict[str, object]:
        wells = queries.plate_picture(session, read).wells
        # The table is the whole of it: a well that it does not name goes back to its code.
        whole = {well.position: "" for well in wells if well.file_sample_name} | names
        operations.name_for_analyzer(
            session, read, names=whole, file_plate_name=sent["file_plate_name"], by=signed_in(),
            at=now(),
        )  # fmt: skip
        return {"to": url_for("genotyping.plate", code=read)}

    return done(write(name))
