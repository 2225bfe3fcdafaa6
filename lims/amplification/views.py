# SPDX-License-Identifier: Apache-2.0
"""Pages of amplification: plates, what waits for one, and a plate's reactions."""

from flask import Blueprint, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.amplification import operations, queries
from lims.amplification.schemas import PlateSchema
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.extraction.queries import blanks_of
from lims.kits.queries import kits_in_force
from lims.people.queries import open_station
from lims.people.rules import LINE_WORDS
from lims.plates.rules import Activity
from lims.procedures.queries import current_procedures
from lims.quantification.queries import plates_shown
from lims.quantification.schemas import AfterSchema
from lims.quantification.views import stations_of
from lims.samples.rules import state_look
from lims.web.errors import wants_json
from lims.web.filters import role as drawn_role
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("amplification", __name__)

PAGE = 50


@blueprint.get("/amplification")
@needs(Right.SEE_SAMPLES)
def overview() -> Answer:
    """List the plates, what waits for one, and offer a new one."""
    after = query(AfterSchema())["after"]
    with reading() as session:
        waiting = queries.extracts_to_amplify(session, after=after, limit=PAGE + 1)
        plates = plates_shown(session, Activity.AMPLIFICATION)
        if wants_json():
            return {
                "plates": [
                    {"code": one.code, "kit": one.kit, "state": one.state} for one in plates
                ],
                "waiting": [one.code for one in waiting[:PAGE]],
            }
        return page(
            "amplification/overview.html", plates=plates, waiting=waiting[:PAGE],
            after=waiting[PAGE - 1].code if len(waiting) > PAGE else "", first=not after,
            blanks=blanks_of(session, {one.batch for one in waiting[:PAGE]}), look=state_look,
            line_words={one.value: words for one, words in LINE_WORDS.items()},
            lines=[(one.value, translate(words)) for one, words in LINE_WORDS.items()],
            kits=[(kit.name, kit.name) for kit in kits_in_force(session, at=now())],
            procedures=[
                (one.id, f"{one.name} v{one.version}")
                for one in current_procedures(session, Activity.AMPLIFICATION, at=now())
            ],
            stations=stations_of(session, StationKind.AMPLIFICATION),
        )  # fmt: skip


@blueprint.post("/amplification")
@needs(Right.WORK_BATCHES)
def post_plate() -> Answer:
    """Open a plate; its label comes out at the station chosen."""
    sent = form(PlateSchema())

    def opened(session: Session) -> dict[str, object]:
        plate = operations.open_amplification(
            session, procedure_id=sent["procedure"], kit=sent["kit"], line=sent["line"],
            file_plate_name=sent["file_plate_name"],
            station=open_station(session, sent["station"]).code, by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("amplification.plate", code=plate.code), "code": plate.code,
            "label": plate.label,
        }  # fmt: skip

    return done(write(opened))


@blueprint.get("/amplification/<code>")
@needs(Right.SEE_SAMPLES)
def plate(code: str) -> Answer:
    """Show the reactions of a plate and what it still lacks."""
    read = code_in_path(code, Kind.PLATE)
    with reading() as session:
        shown = queries.plate_page(session, read)
        if wants_json():
            return {
                "code": read, "kit": shown.plate.kit, "state": shown.state,
                "reaction_nl": shown.room.reaction_nl if shown.room else None,
                "mix_nl": shown.room.mix_nl if shown.room else None,
                "wells": [
                    {
                        "position": row.position, "role": row.role, "holds": row.code,
                        "volume_nl": row.reaction.extract_volume_nl if row.reaction else None,
                        "dilution": row.reaction.dilution if row.reaction else None,
                        "template_fg": row.reaction.template_fg if row.reaction else None,
                        "low_template": bool(row.reaction and row.reaction.low_template),
                        "drawn_nl": row.setup.drawn_nl, "diluent_nl": row.setup.diluent_nl,
                        "water_nl": row.setup.water_nl, "over_nl": row.setup.over_nl,
                    }
                    for row in shown.rows
                ],
            }  # fmt: skip
        return page(
            "amplification/plate.html", shown=shown, look=state_look,
            role_words={row.role: translate(drawn_role(row.role)[2]) for row in shown.rows},
            line_words={one.value: words for one, words in LINE_WORDS.items()},
        )  # fmt: skip
