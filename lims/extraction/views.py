# SPDX-License-Identifier: Apache-2.0
"""The page of extraction: open batches, those done last, a new one."""

from flask import Blueprint, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.scans import StationKind
from lims.extraction import operations, queries
from lims.extraction.schemas import BatchSchema
from lims.people.queries import open_station, stations
from lims.people.rules import LINE_WORDS
from lims.plates.rules import Activity
from lims.procedures.queries import current_procedures
from lims.samples.rules import state_look
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import done, form, page, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int]

blueprint = Blueprint("extraction", __name__)


@blueprint.get("/extraction")
@needs(Right.WORK_BATCHES)
def overview() -> Answer:
    """List extraction batches and offer a new one."""
    with reading() as session:
        arabic = language() == "ar"
        return page(
            "extraction/overview.html", batches=queries.extraction_batches(session),
            look=state_look, line_words={one.value: words for one, words in LINE_WORDS.items()},
            lines=[(one.value, translate(words)) for one, words in LINE_WORDS.items()],
            procedures=[
                (one.id, f"{one.name} v{one.version} · {(arabic and one.title_ar) or one.title}")
                for one in current_procedures(session, Activity.EXTRACTION, at=now())
            ],
            stations=[
                (one.station.code, one.station.name_ar if arabic else one.station.name)
                for one in stations(session)
                if one.station.closed_at is None and one.station.kind is StationKind.EXTRACTION
            ],
        )  # fmt: skip


@blueprint.post("/extraction")
@needs(Right.WORK_BATCHES)
def post_batch() -> Answer:
    """Open a batch; its card comes out at the station chosen."""
    sent = form(BatchSchema())

    def opened(session: Session) -> dict[str, object]:
        station = open_station(session, sent["station"])
        batch = operations.open_extraction(
            session, line=sent["line"], procedure_id=sent["procedure"], station=station.code,
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("plates.batch", code=batch.code), "code": batch.code,
            "label": batch.label,
        }  # fmt: skip

    return done(write(opened))
