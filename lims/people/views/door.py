# SPDX-License-Identifier: Apache-2.0
"""The door: sign in, second factor, first password, sign out, language, first page."""

from urllib.parse import urlsplit

import flask
from flask import Response, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from lims.core.actors import Role
from lims.core.clock import now
from lims.core.words import N_, Say
from lims.people import operations, queries
from lims.people.operations import second_factor_key
from lims.people.rules import (
    SecondFactorState,
    SecondFactorWrong,
    SignInRefused,
    StartCodeRefused,
    WeakPassword,
    local_path,
)
from lims.people.schemas import (
    DigitsSchema,
    LanguageSchema,
    NothingSchema,
    SignInSchema,
    StartSchema,
)
from lims.people.views.who import (
    SignedIn,
    blueprint,
    let_in,
    own_sitting,
    person_here,
    policy,
)
from lims.web.errors import wants_json
from lims.web.guard import needs, public, right_of
from lims.web.locale import COOKIE, in_words
from lims.web.pages import form, laboratory, page, reading, settings
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int]

ENTRANCES: dict[Role, tuple[str, ...]] = {
    Role.TECHNICIAN: ("bench.benches",),
    Role.MANAGER: ("throughput.overview",),
    Role.QUALITY: ("quality.ledger",),
    Role.COORDINATOR: ("identities.intake", "cases.intake", "cases.cases"),
    Role.RECEPTION: ("cases.cases",),
    Role.ADMINISTRATOR: ("people.people",),
    Role.AUDITOR: ("quality.ledger",),
    Role.PARTNER: (),
}
"""Where each role begins: the first endpoint that this application has."""

YEAR = 365 * 24 * 3600
NOT_THE_SAME = Say(N_("the two that you typed are not the same"))


@blueprint.get("/")
@public
def home() -> AnyResponse:
    """Lead everybody to where they begin."""
    who: SignedIn | None = g.get("who")
    if who is None or who.sitting is None:
        return redirect(url_for("people.sign_in"), 303)
    if not who.second_factor.is_complete:
        return redirect(url_for("people.second_factor"), 303)
    views = flask.current_app.view_functions
    for endpoint in ENTRANCES[who.role] if who.role is not None else ():
        if endpoint in views and right_of(flask.current_app, endpoint) in who.rights:
            return redirect(url_for(endpoint), 303)
    return redirect(url_for("people.account"), 303)


@blueprint.get("/sign-in")
@public
def sign_in() -> Answer:
    """Show the door, or go on if it stands open."""
    back = page_of_ours(request.args.get("back", ""))
    if g.get("who") is not None:
        return redirect(back, 303)
    return _door(back=back)


@blueprint.post("/sign-in")
@public
def post_sign_in() -> Answer:
    """Open a session; every refusal reads the same."""
    sent = form(SignInSchema())
    back = page_of_ours(sent["back"])
    if not sent["login"] or not sent["password"]:
        return _door(back=back, login=sent["login"], missing=True, status=422)
    with reading() as session:
        known = queries.person_by_login(session, sent["login"])
        stored = known.password_hash if known is not None else None
    checked = operations.check_stored_password(stored, sent["password"])
    who: SignedIn | None = g.get("who")
    with laboratory().database.writing() as session:
        attempt = operations.sign_in(session, sent["login"], checked, policy=policy(), at=now())
        if attempt.refusal is None and who is not None and who.sitting is not None:
            operations.sign_out(session, own_sitting(session), at=now())
    try:
        token = attempt.settle()
    except SignInRefused as refusal:
        if wants_json():
            raise
        return _door(back=back, login=sent["login"], refusal=refusal, status=refusal.status)
    let_in(token)
    return redirect(url_for("people.second_factor", back=back), 303)


@blueprint.get("/sign-in/second-factor")
@needs(Right.SEE_OWN_ACCOUNT)
def second_factor() -> Answer:
    """Ask for the six digits where they are due; lead on where they are not."""
    back = page_of_ours(request.args.get("back", ""))
    who = person_here()
    if who.second_factor is SecondFactorState.TO_ENROL:
        return redirect(url_for("people.factor"), 303)
    if who.second_factor.is_complete:
        return redirect(back, 303)
    return page("people/second_factor.html", back=back, problem="")


@blueprint.post("/sign-in/second-factor")
@needs(Right.SEE_OWN_ACCOUNT)
def post_second_factor() -> Answer:
    """Take the six digits; the session gets a new token with its rights."""
    sent = form(DigitsSchema())
    back = page_of_ours(sent["back"])
    key = second_factor_key(settings().keys, settings().passphrase)
    with laboratory().database.writing() as session:
        attempt = operations.pass_second_factor(
            session, own_sitting(session), sent["digits"], key=key, policy=policy(), at=now()
        )
    try:
        token = attempt.settle()
    except SecondFactorWrong as refusal:
        if wants_json():
            raise
        problem = in_words(refusal.say)
        return page("people/second_factor.html", status=refusal.status, back=back, problem=problem)
    let_in(token)
    return redirect(back, 303)


@blueprint.post("/sign-out")
@needs(Right.SEE_OWN_ACCOUNT)
def post_sign_out() -> AnyResponse:
    """End the session and forget its cookie."""
    form(NothingSchema())
    with laboratory().database.writing() as session:
        operations.sign_out(session, own_sitting(session), at=now())
    flask.session.clear()
    return redirect(url_for("people.sign_in", said="out"), 303)


@blueprint.get("/start")
@public
def start() -> Answer:
    """Show where a person chooses the first password."""
    return page("people/start.html", login="", problem="", advice="")


@blueprint.post("/start")
@public
def post_start() -> Answer:
    """Set the password that the person chose, with the one-time start code."""
    sent = form(StartSchema())
    at = now()
    with reading() as session:
        known = queries.person_by_login(session, sent["login"])
        fits = operations.start_code_fits(known, sent["start_code"], at=at)
    try:
        if known is None or not fits:
            raise StartCodeRefused()
        hashed = operations.hash_password(
            same_twice(sent["password"], sent["again"]),
            login=known.login,
            name=known.name,
            laboratory=settings().laboratory,
        )
        with laboratory().database.writing() as session:
            person = queries.person_by_ref(session, known.ref)
            operations.set_password(session, person, hashed, start_code=sent["start_code"], at=at)
    except (StartCodeRefused, WeakPassword) as refusal:
        if wants_json():
            raise
        return page(
            "people/start.html", status=refusal.status, login=sent["login"],
            problem=in_words(refusal.say), advice=in_words(refusal.advice),
        )  # fmt: skip
    return redirect(url_for("people.sign_in", said="set"), 303)


@blueprint.post("/language")
@public
def post_language() -> AnyResponse:
    """Remember the language in a cookie and go back."""
    sent = form(LanguageSchema())
    answer = redirect(page_of_ours(sent["back"]), 303)
    answer.set_cookie(
        COOKIE, sent["language"], max_age=YEAR, httponly=True, samesite="Strict",
        secure=bool(flask.current_app.config["SESSION_COOKIE_SECURE"]),
    )  # fmt: skip
    return answer


@blueprint.get("/healthz")
@public
def health() -> Response:
    """Say that the server and its database answer, and nothing else."""
    with reading() as session:
        queries.answers(session)
    return Response('{"ok": true}', mimetype="application/json")


def page_of_ours(wanted: str) -> str:
    """Return `wanted` if it is an address of this site that can be shown, else the first page.

    Where an act was refused for want of a session, its address takes no GET.
    """
    path = local_path(wanted)
    try:
        flask.current_app.url_map.bind("").match(urlsplit(path).path, "GET")
    except HTTPException:
        return "/"
    return path


def same_twice(password: str, again: str) -> str:
    """Return the password; raises WeakPassword where it was typed in two ways."""
    if password != again:
        raise WeakPassword(problem=NOT_THE_SAME)
    return password


def _door(
    *,
    back: str,
    login: str = "",
    missing: bool = False,
    refusal: SignInRefused | None = None,
    status: int = 200,
) -> tuple[str, int]:
    return page(
        "people/sign_in.html",
        status=status,
        back=back,
        login=login,
        missing=missing,
        problem=in_words(refusal.say) if refusal is not None else "",
        advice=in_words(refusal.advice) if refusal is not None else "",
        said=request.args.get("said", ""),
        minutes=settings().session_idle_minutes,
    )
