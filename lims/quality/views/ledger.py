# SPDX-License-Identifier: Apache-2.0
"""The ledger and its proof: read, verified, signed, exported."""

import io
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Response, send_file, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text, now
from lims.core.words import Say
from lims.custody import verifier
from lims.custody.operations import (
    checkpoint,
    daily_signer,
    days_left,
    publish,
    read_public_key,
)
from lims.custody.operations.verifying import remembered, verify_ledger
from lims.custody.queries import (
    checkpoint_due,
    export_lines,
    head,
    history,
    recent,
)
from lims.custody.queries.anchors import check_anchor
from lims.custody.queries.witnesses import newest_cosignatures, witness_keys
from lims.custody.rules import Event
from lims.custody.rules.anchors import VERDICT_WORDS
from lims.people.queries import initials_of
from lims.quality.operations import (
    draw_sheet,
    record_check,
    record_export,
    sheet_of,
)
from lims.quality.queries import ledger_state
from lims.quality.rules import NothingSigned, TooManyToRead
from lims.quality.schemas import (
    AnchorSchema,
    LedgerPageSchema,
    SheetSchema,
    VerifySchema,
)
from lims.quality.views.blueprint import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, translate
from lims.web.pages import (
    code_in_path,
    done,
    form,
    laboratory,
    page,
    query,
    reading,
    settings,
    write,
)
from lims.web.rights import Right

PAGE = 50
READ_ALL = 500_000  # events that are read at once on request; beyond, the command does it
VERIFIER = Path(verifier.__file__)


@blueprint.get("/ledger")
@needs(Right.SEE_LEDGER)
def ledger() -> ResponseReturnValue:
    """Show the ledger, the newest event first, or the events of one thing."""
    asked = query(LedgerPageSchema())
    code = code_in_path(asked["code"]) if asked["code"] else ""
    with reading() as session:
        if code:
            events = tuple(reversed(history(session, code, with_ancestors=True)))
        else:
            events = recent(session, limit=PAGE, before=asked["before"])
        state = ledger_state(session)
        names = {event.actor for event in events} | {event.stream for event in events}
        who = initials_of(session, names)
    last = events[-1].index if events and not code else 0
    return page(
        "quality/ledger.html",
        state=state,
        code=code,
        events=[_shown(event, who) for event in events],
        older=url_for("quality.ledger", before=last) if last > 0 else "",
        newest=url_for("quality.ledger") if asked["before"] is not None else "",
        proof=_proof(),
        may_read_all=state.size <= READ_ALL,
        key=settings().public_key.read_text("ascii").strip(),
    )


@blueprint.post("/ledger/verify")
@needs(Right.SEE_LEDGER)
def post_verify() -> ResponseReturnValue:
    """Verify what is new or, on request, every event; record what came of it."""
    lab = laboratory()
    whole = form(VerifySchema())["whole"]
    at = now()
    with reading() as session:
        if whole and head(session).size > READ_ALL:
            raise TooManyToRead(most=READ_ALL)
        report = verify_ledger(session, lab.settings, at=at, whole=whole)

    def act(session: Session) -> dict[str, Any]:
        record_check(session, report, by=signed_in(), at=at)
        covered = report.coverage
        return {
            "verdict": report.verdict,
            "size": report.report.size,
            "unsigned": report.report.unsigned,
            "findings": [
                {"words": found.words, "index": found.index, "stream": found.stream}
                for found in report.report.findings
            ],
            "problems": report.problems,
            "begun": covered.begun,
            "sampled": covered.sampled,
            "whole_at": covered.whole_at,
            "whole_size": covered.whole_size,
        }

    answer = write(act)
    whole_at = from_utc_text(answer["whole_at"]) if answer["whole_at"] else None
    return page("quality/verified.html", answer=answer, whole_at=whole_at)


@blueprint.get("/ledger/sheet")
@needs(Right.SEE_LEDGER)
def get_sheet() -> ResponseReturnValue:
    """Hand out the sheet of a day as PDF."""
    held = settings()
    day = query(SheetSchema())["day"] or now().astimezone(held.time_zone).date()
    with reading() as session:
        drawn = sheet_of(session, day, held.time_zone, (held.laboratory, held.laboratory_ar))
    if drawn is None:
        raise NothingSigned(day=day.isoformat())
    return send_file(
        io.BytesIO(draw_sheet(drawn, partial(translate, into="ar"))),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{day.isoformat()}.pdf",
    )


@blueprint.get("/ledger/anchor")
@needs(Right.SEE_LEDGER)
def get_anchor() -> ResponseReturnValue:
    """Compare the anchor on a label or slip with the ledger."""
    text = query(AnchorSchema())["anchor"]
    found = None
    if text:
        with reading() as session:
            found = check_anchor(session, text)
    words = translate(VERDICT_WORDS[found.verdict]) if found is not None else ""
    return page("quality/anchor.html", text=text, found=found, words=words)


@blueprint.post("/ledger/checkpoint")
@needs(Right.SIGN_CHECKPOINT)
def post_checkpoint() -> ResponseReturnValue:
    """Sign all events there are, with today's key."""
    lab = laboratory()
    at = now()
    signer = daily_signer(
        lab.settings.keys, origin=lab.settings.origin, at=at, passphrase=lab.settings.passphrase
    )

    def act(session: Session) -> dict[str, Any]:
        made = checkpoint(session, signer, at=at)
        return {"signed": made is not None, "to": url_for("quality.ledger")}

    answer = write(act)
    with reading() as session:
        publish(session, lab.settings.checkpoints)
    return done(answer)


@blueprint.post("/ledger/export")
@needs(Right.SEE_LEDGER)
def post_export() -> ResponseReturnValue:
    """Hand out every event as NDJSON; that it was handed out is the last of them."""

    def act(session: Session) -> dict[str, Any]:
        size = head(session).size
        record_export(session, size=size, by=signed_in(), at=now())
        return {"size": size}

    write(act)
    database = laboratory().database

    def lines() -> Any:
        with database.reading() as session:
            yield from export_lines(session)

    return Response(
        stream_with_context(lines()),
        mimetype="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="ledger.ndjson"'},
    )


@blueprint.get("/ledger/verifier.py")
@needs(Right.SEE_LEDGER)
def get_verifier() -> ResponseReturnValue:
    """Hand out the verifier: one file of plain Python that needs nothing of Osteon."""
    return send_file(VERIFIER, mimetype="text/x-python", as_attachment=True)


@blueprint.get("/ledger/checkpoints.json")
@needs(Right.SEE_LEDGER)
def get_checkpoints() -> ResponseReturnValue:
    """Hand out the signed checkpoints, the certificates of the daily keys and the public key."""
    held = settings()
    files = {
        name: content.decode("utf-8") for name, content in verifier.read_notes(held.checkpoints)
    }
    body = json.dumps({"key": held.public_key.read_text("ascii"), "checkpoints": files})
    return Response(
        body,
        mimetype="application/json",
        headers={"Content-Disposition": 'attachment; filename="checkpoints.json"'},
    )


def _proof() -> dict[str, Any]:
    """Say how the ledger is signed, witnessed and verified: what stands beside it on its page."""
    held, at = settings(), now()
    with reading() as session:
        late = checkpoint_due(
            session, at=at, events=2 * held.checkpoint_events, minutes=2 * held.checkpoint_minutes
        )
    known = remembered(held, read_public_key(held.public_key))
    whole_at = known.whole_at if known is not None else ""
    return {
        "days_left": days_left(held.keys, at=at),
        "late": late,
        "whole_at": from_utc_text(whole_at) if whole_at else None,
        "whole_size": known.whole_size if known is not None else 0,
        "witnesses": newest_cosignatures(held.checkpoints, witness_keys(held.witnesses)),
        "today": at.astimezone(held.time_zone).date(),
    }


def _shown(event: Event, who: Mapping[str, str]) -> dict[str, Any]:
    return {
        "index": event.index,
        "stream": event.stream,
        # A person's own stream is shown by the staff number, other streams that are no code by
        # the beginning of their random name.
        "about": who.get(event.stream, event.stream[:12]),
        "words": in_words(Say(event.words)),
        "by": who.get(event.actor, event.actor),
        "at": event.recorded,
        "occurred": event.occurred,
        "device": event.device,
    }
