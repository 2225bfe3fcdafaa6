# SPDX-License-Identifier: Apache-2.0
"""One's own account: password and second factor."""

from typing import Any

import flask
from flask import redirect, url_for
from markupsafe import Markup
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.errors import Refusal
from lims.people import operations, queries
from lims.people.operations import second_factor_key
from lims.people.rules import (
    ACTIVITY_WORDS,
    ROLE_WORDS,
    PasswordWrong,
    SecondFactorEnrolled,
    SecondFactorMissing,
    SecondFactorState,
    SecondFactorWrong,
    WeakPassword,
)
from lims.people.schemas import (
    BeginFactorSchema,
    DigitsSchema,
    NothingSchema,
    PasswordSchema,
)
from lims.people.views.door import same_twice
from lims.people.views.who import (
    blueprint,
    complete_person_here,
    let_in,
    own,
    own_sitting,
    policy,
    re_authenticate,
)
from lims.web.errors import wants_json
from lims.web.guard import needs
from lims.web.locale import in_words
from lims.web.pages import done, form, laboratory, page, reading, settings, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int]
QUIET_ZONE = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""


@blueprint.get("/account")
@needs(Right.SEE_OWN_ACCOUNT)
def account() -> Answer:
    """Show one's own account."""
    if complete_person_here().second_factor is SecondFactorState.TO_ENROL:
        return redirect(url_for("people.factor"), 303)
    return _account()


@blueprint.post("/account/password")
@needs(Right.SEE_OWN_ACCOUNT)
def post_password() -> Answer:
    """Change one's own password; other sessions end."""
    complete_person_here()
    sent = form(PasswordSchema())
    with reading() as session:
        person = own(session)
    try:
        same_twice(sent["password"], sent["again"])
        re_authenticate(sent["present"])
        hashed = operations.hash_password(
            sent["password"], login=person.login, name=person.name,
            laboratory=settings().laboratory,
        )  # fmt: skip
    except (PasswordWrong, WeakPassword) as refusal:
        if wants_json():
            raise
        return _account(refusal=refusal)

    def change(session: Session) -> dict[str, object]:
        operations.change_password(
            session, own(session), hashed, sitting=own_sitting(session), at=now()
        )
        return {"to": url_for("people.account", said="password")}

    return redirect(str(write(change)["to"]), 303)


@blueprint.post("/account/sessions/end")
@needs(Right.SEE_OWN_ACCOUNT)
def post_sessions_end() -> Answer:
    """End one's own sessions on other devices."""
    complete_person_here()
    form(NothingSchema())

    def end(session: Session) -> dict[str, object]:
        person, sitting = own(session), own_sitting(session)
        operations.sign_out_elsewhere(session, person, by=person.actor, at=now(), but=sitting)
        return {"to": url_for("people.account", said="elsewhere")}

    return done(write(end))


@blueprint.get("/account/second-factor")
@needs(Right.SEE_OWN_ACCOUNT)
def factor() -> Answer:
    """Explain the second factor and offer to set it up."""
    who = complete_person_here()
    if who.second_factor is SecondFactorState.PASSED:
        return redirect(url_for("people.account"), 303)
    return page(
        "people/factor.html", state=who.second_factor.value, drawing=None, secret="", problem=""
    )


@blueprint.post("/account/second-factor")
@needs(Right.SEE_OWN_ACCOUNT)
def post_factor() -> Answer:
    """Draw a second factor and show it, this once."""
    who = complete_person_here()
    if who.second_factor is SecondFactorState.PASSED:
        raise SecondFactorEnrolled()
    sent = form(BeginFactorSchema())
    if who.second_factor is SecondFactorState.NOT_NEEDED:
        # Whoever must set one up has just come through the door; here the desk may be left.
        try:
            re_authenticate(sent["present"])
        except PasswordWrong as refusal:
            return page(
                "people/factor.html", status=refusal.status, state=who.second_factor.value,
                drawing=None, secret="", problem=in_words(refusal.say),
            )  # fmt: skip
    key = second_factor_key(settings().keys, settings().passphrase)
    with laboratory().database.writing() as session:
        operations.enrol_second_factor(session, own(session), key=key)
    return _drawn()


@blueprint.post("/account/second-factor/confirm")
@needs(Right.SEE_OWN_ACCOUNT)
def post_factor_confirm() -> Answer:
    """Take the first six digits; from now on the second factor is asked."""
    complete_person_here()
    sent = form(DigitsSchema())
    key = second_factor_key(settings().keys, settings().passphrase)
    with laboratory().database.writing() as session:
        attempt = operations.confirm_second_factor(
            session, own_sitting(session), sent["digits"], key=key, policy=policy(), at=now()
        )
    try:
        token = attempt.settle()
    except SecondFactorWrong as refusal:
        if wants_json():
            raise
        return _drawn(problem=in_words(refusal.say), status=refusal.status)
    let_in(token)
    return redirect(url_for("people.account", said="factor"), 303)


def qr_drawing(text: str) -> Markup:
    """Return a QR code as SVG: black on white in every theme, one square a module.

    ISO/IEC 18004, error correction M; drawn without styles, as our pages allow none.
    """
    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    squares = "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)
    )
    side = count + 2 * QUIET_ZONE
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" width="{1}" height="{1}" aria-hidden="true" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}h-{0}z"/>'
        '<path fill="#000" d="{2}"/></svg>'
    ).format(side, side * 5, squares)


def _account(refusal: Refusal | None = None) -> tuple[str, int]:
    with reading() as session:
        person = own(session)
        return page(
            "people/account.html",
            status=refusal.status if refusal is not None else 200,
            person=person,
            badges=queries.badges_of(session, person),
            sessions=queries.sessions_standing(session, person, at=now()),
            authorisations=queries.authorisations_of(session, person),
            problem=in_words(refusal.say) if refusal is not None else "",
            advice=in_words(refusal.advice) if refusal is not None else "",
            said=flask.request.args.get("said", ""),
            role_words=ROLE_WORDS,
            activity_words=ACTIVITY_WORDS,
        )


def _drawn(problem: str = "", status: int = 200) -> tuple[str, int]:
    key = second_factor_key(settings().keys, settings().passphrase)
    who = complete_person_here()
    with reading() as session:
        person = own(session)
    if person.second_factor is None:
        raise SecondFactorMissing()
    if person.second_factor_since is not None:
        # What was confirmed is never shown again.
        raise SecondFactorEnrolled()
    secret = operations.unseal(person.second_factor, ref=person.ref, key=key)
    address = operations.enrolment_address(
        secret, login=person.login, laboratory=settings().laboratory
    )
    return page(
        "people/factor.html", status=status, state=who.second_factor.value,
        drawing=qr_drawing(address), secret=secret, problem=problem,
    )  # fmt: skip
