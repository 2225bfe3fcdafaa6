# SPDX-License-Identifier: Apache-2.0
"""The one place where an error becomes an answer: a page for people, JSON for programs."""

import json

import structlog
from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError

from lims.core.clock import now
from lims.core.errors import NotFound, Refusal, StorageFull
from lims.core.files import FileDamaged
from lims.core.words import N_, Say
from lims.web.guard import NotSignedIn
from lims.web.locale import in_both, in_words
from lims.web.pages import fresh_key, laboratory

log = structlog.get_logger()


class FormTooOld(Refusal):
    """The form's token does not fit the session: it is old, or it was not sent by our page."""

    says = N_("This form is too old, or it was not sent by a page of this system.")
    do = N_("Open the page again and repeat. Nothing was stored.")
    status = 400


class AlreadyThere(Refusal):
    """The database refused a second one of something that may be there only once."""

    says = N_("This is already stored, or somebody stored it at the same moment.")
    do = N_("Open the page again and look. Nothing was stored twice.")


class Broken(Refusal):
    """The program failed. The cause is in the log, never on the page."""

    says = N_("Something failed in the program. Nothing was stored.")
    do = N_("Try again. If it fails again, tell the administrator the time: %(at)s.")
    status = 500


class WrongRequest(Refusal):
    """What HTTP itself refuses: method, size, type."""

    says = N_("The request cannot be answered: %(problem)s.")
    do = N_("Go back and try another way.")
    status = 400


HTTP_PROBLEMS = {
    400: N_("it is malformed"),
    405: N_("this address does not take this method"),
    408: N_("it took too long"),
    413: N_("it is too large"),
    415: N_("this kind of content is not taken"),
    429: N_("too many requests in a short time"),
    503: N_("the server is busy"),
}


def wants_json() -> bool:
    """Return whether a program asked: JSON in, JSON out."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or request.path.startswith("/api/") or best == "application/json"


def answer(refusal: Refusal, status: int | None = None) -> Response:
    """Return the page or the JSON of a refusal."""
    code = status or refusal.status
    if wants_json():
        body: dict[str, object] = {"error": refusal.name, "say": in_both(refusal.say)}
        if refusal.advice is not None:
            body["do"] = in_both(refusal.advice)
        return Response(json.dumps(body), status=code, mimetype="application/json")
    words = render_template(
        "shared/error.html",
        status=code,
        say=in_words(refusal.say),
        advice=in_words(refusal.advice),
        sign_in=isinstance(refusal, NotSignedIn),
        key=fresh_key(),
    )
    return Response(words, status=code)


def install(app: Flask) -> None:
    """Answer every error; the last one catches what nobody foresaw."""

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return answer(error)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Response:
        return answer(FormTooOld())

    @app.errorhandler(IntegrityError)
    def twice(error: IntegrityError) -> Response:
        # The statement's values stay out of the log: they may be personal.
        log.warning("integrity", path=request.path, cause=type(error.orig).__name__)
        return answer(AlreadyThere())

    @app.errorhandler(OperationalError)
    def no_room(error: OperationalError) -> Response:
        cause = error.orig
        full = (getattr(cause, "sqlite_errorname", ""), getattr(cause, "sqlstate", ""))
        if "SQLITE_FULL" in full or "53100" in full:
            log.error("disk full", path=request.path)
            return answer(StorageFull(free_mb=laboratory().files.free_mb()))
        log.error("failed", path=request.path, cause=type(cause).__name__, code=full)
        return answer(Broken(at=_instant()))

    @app.errorhandler(FileDamaged)
    def damaged(error: FileDamaged) -> Response:
        log.error("file damaged", cause=str(error))
        return answer(Broken(at=_instant()))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        code = error.code or 500
        if code == 404:
            return answer(NotFound(code=request.path[:80]))
        if isinstance(error, InternalServerError):
            log.error("failed", path=request.path, exc_info=error.original_exception or error)
            return answer(Broken(at=_instant()))
        return answer(
            WrongRequest(problem=Say(HTTP_PROBLEMS.get(code, HTTP_PROBLEMS[400]))), status=code
        )


def _instant() -> str:
    return now().strftime("%Y-%m-%d %H:%M:%S UTC")
