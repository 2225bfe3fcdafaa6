# SPDX-License-Identifier: Apache-2.0
"""The demonstration's first page: what to try in five steps, and the doors of all roles."""

from dataclasses import dataclass
from datetime import timedelta

import pyotp
from flask import abort, g, redirect, request, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.errors import NotFound
from lims.demo import bench_views
from lims.demo.accounts import ACCOUNTS, PASSWORD, PIN, Account
from lims.demo.blueprint import blueprint, play, refuse_elsewhere
from lims.demo.laboratory import read_built
from lims.people.operations import open_session, second_factor_key, sign_out, unseal
from lims.people.queries import person_by_login
from lims.people.rules import ROLE_WORDS, STEP_SECONDS
from lims.people.views.door import page_of_ours
from lims.people.views.who import let_in, own_sitting, policy
from lims.web.guard import by_key, public
from lims.web.pages import form, laboratory, page, reading, settings
from lims.web.rights import NEEDS_SECOND_FACTOR

Answer = AnyResponse | tuple[str, int]


class EnterSchema(Schema):
    """Signing in with one click, and where to go then."""

    to = fields.String(load_default="/", validate=validate.Length(max=200))


@dataclass(frozen=True)
class Door:
    """An account on the first page; `digits` where its role needs a second factor; its badge."""

    login: str
    initials: str
    role: str
    digits: str
    badge: str


@blueprint.before_app_request
def lead() -> AnyResponse | None:
    """Lead newcomers to the first page, and cut the agents off while the network is away."""
    if not settings().demonstration:
        return None
    if play().network_away and by_key():
        abort(503)
    if request.path == "/" and g.get("who") is None:
        return redirect(url_for("demo.first"), 303)
    return None


@blueprint.app_context_processor
def ways() -> dict[str, str]:
    """Give every page the way back to the demonstration's own pages."""
    if not settings().demonstration:
        return {}
    return {"demo_first": url_for("demo.first"), "demo_bench": url_for("demo.bench")}


@blueprint.get("/demo")
@public
def first() -> Answer:
    """Show what to try, and the doors of all roles."""
    refuse_elsewhere()
    at = now()
    badges = read_built(settings().folder).badges
    with reading() as session:
        doors = [
            Door(
                one.login, one.initials, ROLE_WORDS[one.role], _digits(session, one),
                badges.get(one.login, ""),
            )
            for one in ACCOUNTS
        ]  # fmt: skip
    return page(
        "demo/first.html", doors=doors, password=PASSWORD, pin=PIN,
        digits_until=at + timedelta(seconds=STEP_SECONDS - int(at.timestamp()) % STEP_SECONDS),
    )  # fmt: skip


@blueprint.post("/demo/sign-in/<login>")
@public
def post_enter(login: str) -> AnyResponse:
    """Sign in as somebody of the demonstration with one click, second factor passed."""
    refuse_elsewhere()
    to = page_of_ours(form(EnterSchema())["to"])
    if login not in {account.login for account in ACCOUNTS}:
        raise NotFound(code=login[:40])
    at = now()
    with laboratory().database.writing() as session:
        person = person_by_login(session, login)
        if person is None or person.disabled_at is not None:
            raise NotFound(code=login[:40])
        who = g.get("who")
        if who is not None and who.sitting is not None:
            sign_out(session, own_sitting(session), at=at)
        token = open_session(session, person, policy=policy(), at=at, second_factor=True)
    let_in(token)
    return redirect(to, 303)


def _digits(session: Session, account: Account) -> str:
    if account.role not in NEEDS_SECOND_FACTOR:
        return ""
    person = person_by_login(session, account.login)
    if person is None or person.second_factor is None:
        return ""
    key = second_factor_key(settings().keys, settings().passphrase)
    return pyotp.TOTP(unseal(person.second_factor, ref=person.ref, key=key)).now()


__all__ = ["bench_views", "blueprint"]
