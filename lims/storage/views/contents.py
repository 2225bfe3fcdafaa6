# SPDX-License-Identifier: Apache-2.0
"""What is put into a place at its page, moved from it by list, and its map on paper."""

import io
import re
from functools import partial

from flask import send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.codes import Kind, read_payload
from lims.custody.queries import anchor
from lims.storage.operations import put
from lims.storage.operations.box_map import draw_map
from lims.storage.operations.moving import move_many
from lims.storage.queries import contents
from lims.storage.schemas import ManySchema, PutSchema
from lims.storage.views.blueprint import Answer, blueprint, place_in
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, laboratory, reading, write
from lims.web.rights import Right


@blueprint.post("/storage/<code>/put")
@needs(Right.STORE_THINGS)
def post_put(code: str) -> Answer:
    """Put a thing at the position that was chosen on the picture."""
    sent = form(PutSchema())
    read = code_in_path(code, Kind.CONTAINER)
    thing = read_payload(sent["thing"]).code

    def store(session: Session) -> dict[str, object]:
        row = put(session, thing, read, sent["position"], by=signed_in(), at=now())
        return {
            "to": url_for("storage.place", code=read, _anchor=thing), "position": row.position,
        }  # fmt: skip

    return done(write(store))


@blueprint.post("/storage/<code>/contents")
@needs(Right.STORE_THINGS)
def post_contents(code: str) -> Answer:
    """Move things of a list into another place: all of them, or none."""
    sent = form(ManySchema())
    code_in_path(code, Kind.CONTAINER)
    listed = [*sent["things"], *re.split(r"[\r\n,;\t]+", sent["list"])]
    things = [read_payload(one).code for one in listed if one.strip()]

    def move(session: Session) -> dict[str, object]:
        to = place_in(sent["to"])
        moved = move_many(
            session, things, to, keep_positions=sent["keep"] == "yes", by=signed_in(), at=now()
        )
        return {"to": url_for("storage.place", code=to), "moved": moved}

    return done(write(move))


@blueprint.get("/storage/<code>/map.pdf")
@needs(Right.SEE_STOCK)
def get_map(code: str) -> AnyResponse:
    """Hand out the map of a box, or the list of a shelf, as A4."""
    read = code_in_path(code, Kind.CONTAINER)
    held = laboratory().settings
    with reading() as session:
        drawn = draw_map(
            contents(session, read), laboratory=(held.laboratory, held.laboratory_ar), at=now(),
            anchor=anchor(session), arabic=partial(translate, into="ar"),
        )  # fmt: skip
    return send_file(
        io.BytesIO(drawn), mimetype="application/pdf", as_attachment=True,
        download_name=f"{read}.pdf",
    )  # fmt: skip
