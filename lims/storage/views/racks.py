# SPDX-License-Identifier: Apache-2.0
"""The page at which a whole-rack scanner's file is shown against a box, and applied."""

import base64
import binascii

from flask import request, url_for
from sqlalchemy.orm import Session

from instruments.racks import LARGEST_FILE
from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.storage.operations.racks import RackPreview, apply_rack, preview_rack, read_rack_file
from lims.storage.queries import path_of
from lims.storage.rules.racks import CHANGE_WORDS, RackLine
from lims.storage.schemas import RackSchema
from lims.storage.views.blueprint import Answer, blueprint
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, page, reading, write
from lims.web.rights import Right


@blueprint.post("/storage/<code>/rack")
@needs(Right.STORE_THINGS)
def post_rack(code: str) -> Answer:
    """Show what a rack scanner's file would change; with the preview's token, change it."""
    read = code_in_path(code, Kind.CONTAINER)
    sent = form(RackSchema())
    content, name = _file(sent["content"], sent["name"])
    # Parsed before the door is opened.
    file = read_rack_file(content, name=name)
    if not sent["confirmed"]:
        with reading() as session:
            shown = preview_rack(session, read, file, content, by=signed_in())
            if wants_json():
                return preview_json(shown)
            places = {line.before.place for line in shown.comparison.lines if line.before}
            ways = {place: path_of(session, place) for place in places}
            return page(
                "storage/rack.html", shown=shown, place=shown.place, ways=ways,
                change_words=CHANGE_WORDS, path=path_of(session, read),
                content=base64.b64encode(content).decode(), name=name,
            )  # fmt: skip
    files = laboratory().files

    def apply(session: Session) -> dict[str, object]:
        applied = apply_rack(
            session, read, file, content, confirmed=sent["confirmed"], by=signed_in(), at=now()
        )
        # On disk before the commit that names it, and only once nothing was refused.
        files.keep(content)
        return {
            "to": url_for("storage.place", code=read), "changed": applied.changed,
            "placed": applied.placed, "missing": list(applied.missing),
            "at": utc_text(applied.at),
        }  # fmt: skip

    return done(write(apply))


def preview_json(shown: RackPreview) -> dict[str, object]:
    """Return what a file would do as JSON."""
    return {
        "box": shown.place.code, "rack": shown.file.rack, "scanned": shown.file.scanned,
        "confirm": shown.token, "applied": utc_text(shown.before.imported_at)
        if shown.before else None,
        "changes": len(shown.comparison.changes), "problems": len(shown.comparison.problems),
        "missing": [line.code for line in shown.comparison.missing],
        "lines": [line_json(line) for line in shown.comparison.lines],
    }  # fmt: skip


def line_json(line: RackLine) -> dict[str, object]:
    """Return one position as JSON."""
    return {
        "position": line.position, "what": line.change.value, "read": line.code,
        "from": line.before.place if line.before else None,
        "from_position": line.before.position if line.before else None,
    }  # fmt: skip


def _file(carried: str, name: str) -> tuple[bytes, str]:
    """Return the file that was sent, or that the preview carried on."""
    given = request.files.get("file")
    if given is not None and given.filename:
        return given.read(LARGEST_FILE + 1), given.filename[-120:]
    try:
        content = base64.b64decode(carried, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(field="content", problem=Say(N_("It is malformed."))) from None
    if not content:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    return content, name or "rack"
