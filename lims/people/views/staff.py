# SPDX-License-Identifier: Apache-2.0
"""The administrator's pages of people: accounts, roles, authorisations, badges."""

from collections.abc import Callable

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import local, now
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.people import operations, queries
from lims.people.models import Person
from lims.people.rules import ACTIVITY_WORDS, ROLE_WORDS, is_locked
from lims.people.schemas import (
    AuthorisationSchema,
    EliminationSchema,
    NothingSchema,
    PersonSchema,
    RoleSchema,
)
from lims.people.views.shown_once import Once, answer_once
from lims.people.views.who import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, reading, settings, write
from lims.web.rights import NEEDS_SECOND_FACTOR, Right

Answer = AnyResponse | tuple[str, int]


@blueprint.get("/people")
@needs(Right.KEEP_PEOPLE)
def people() -> Answer:
    """List the accounts."""
    at = now()
    with reading() as session:
        found = queries.people(session)
        return page(
            "people/people.html",
            people=found,
            locked={person.id for person in found if is_locked(person.locked_until, at)},
            refused=queries.refused_today(session, at),
            roles=_roles(),
            role_words=ROLE_WORDS,
            needing=NEEDS_SECOND_FACTOR,
        )


@blueprint.post("/people")
@needs(Right.KEEP_PEOPLE)
def post_person() -> Answer:
    """Add an account and invite its owner."""
    sent = form(PersonSchema())
    once = Once()

    def add(session: Session) -> dict[str, object]:
        person = operations.add_person(session, **sent, by=signed_in(), at=now())
        invitation = operations.invite(session, person, by=signed_in(), at=now())
        once.secret, once.until = invitation.start_code, invitation.until
        return {"to": _at(person.ref), "person": person.ref, "initials": person.initials}

    return answer_once(write(add), once, kind="start")


@blueprint.get("/people/<ref>")
@needs(Right.KEEP_PEOPLE)
def person(ref: str) -> Answer:
    """Show one account with what can be done to it."""
    at = now()
    with reading() as session:
        found = queries.person_by_ref(session, ref)
        return page(
            "people/person.html",
            person=found,
            is_locked=is_locked(found.locked_until, at),
            invited=found.start_code_until is not None and at < found.start_code_until,
            oneself=signed_in().person == found.id,
            badges=queries.badges_of(session, found),
            authorisations=queries.authorisations_of(session, found),
            today=local(at, settings().time_zone).date(),
            roles=_roles(),
            role_words=ROLE_WORDS,
            activity_words=ACTIVITY_WORDS,
            activities=[(act.value, translate(words)) for act, words in ACTIVITY_WORDS.items()],
            needing=NEEDS_SECOND_FACTOR,
        )


@blueprint.post("/people/<ref>/invite")
@needs(Right.KEEP_PEOPLE)
def post_invite(ref: str) -> Answer:
    """Draw a new start code for a person who has none or forgot the password."""
    form(NothingSchema())
    once = Once()

    def invite(session: Session) -> dict[str, object]:
        found = queries.person_by_ref(session, ref)
        invitation = operations.invite(session, found, by=signed_in(), at=now())
        once.secret, once.until = invitation.start_code, invitation.until
        return {"to": _at(ref), "person": ref, "initials": found.initials}

    return answer_once(write(invite), once, kind="start")


@blueprint.post("/people/<ref>/role")
@needs(Right.KEEP_PEOPLE)
def post_role(ref: str) -> Answer:
    """Give a person another role."""
    role = form(RoleSchema())["role"]

    def change(session: Session, found: Person) -> None:
        operations.change_role(session, found, role, by=signed_in(), at=now())

    return _act(ref, change)


@blueprint.post("/people/<ref>/disable")
@needs(Right.KEEP_PEOPLE)
def post_disable(ref: str) -> Answer:
    """Disable an account; its sessions end at once."""
    form(NothingSchema())

    def disable(session: Session, found: Person) -> None:
        operations.disable_person(session, found, by=signed_in(), at=now())

    return _act(ref, disable)


@blueprint.post("/people/<ref>/sessions/end")
@needs(Right.KEEP_PEOPLE)
def post_sign_out_person(ref: str) -> Answer:
    """End a person's sessions, for a device that is lost."""
    form(NothingSchema())

    def end(session: Session, found: Person) -> None:
        operations.sign_out_elsewhere(session, found, by=signed_in(), at=now())

    return _act(ref, end)


@blueprint.post("/people/<ref>/second-factor/reset")
@needs(Right.KEEP_PEOPLE)
def post_factor_reset(ref: str) -> Answer:
    """Take a lost second factor away."""
    form(NothingSchema())

    def reset(session: Session, found: Person) -> None:
        operations.reset_second_factor(session, found, by=signed_in(), at=now())

    return _act(ref, reset)


@blueprint.post("/people/<ref>/elimination")
@needs(Right.KEEP_PEOPLE)
def post_elimination(ref: str) -> Answer:
    """Record since when the elimination profile is on file."""
    since = form(EliminationSchema())["since"]

    def record(session: Session, found: Person) -> None:
        operations.record_elimination(session, found, since=since, by=signed_in(), at=now())

    return _act(ref, record)


@blueprint.post("/people/<ref>/authorisations")
@needs(Right.KEEP_PEOPLE)
def post_authorisation(ref: str) -> Answer:
    """Authorise a person for an activity."""
    sent = form(AuthorisationSchema())

    def authorise(session: Session, found: Person) -> None:
        operations.authorise(session, found, **sent, by=signed_in(), at=now())

    return _act(ref, authorise)


@blueprint.post("/people/<ref>/authorisations/<int:number>/withdraw")
@needs(Right.KEEP_PEOPLE)
def post_withdraw(ref: str, number: int) -> Answer:
    """Withdraw an authorisation."""
    form(NothingSchema())

    def withdraw(session: Session, found: Person) -> None:
        given = queries.authorisation(session, number)
        if given.person_id != found.id:
            raise NotFound(code=str(number))
        operations.withdraw_authorisation(session, given, by=signed_in(), at=now())

    return _act(ref, withdraw)


@blueprint.post("/people/<ref>/badges")
@needs(Right.KEEP_PEOPLE)
def post_badge(ref: str) -> Answer:
    """Issue a badge; its PIN is shown once."""
    form(NothingSchema())
    once = Once()
    drawn = operations.draw_pin()
    pin = operations.hash_pin(drawn)

    def issue(session: Session) -> dict[str, object]:
        found = queries.person_by_ref(session, ref)
        badge = operations.issue_badge(session, found, pin, by=signed_in(), at=now())
        once.secret = drawn
        return {"to": _at(ref), "code": badge.code, "initials": found.initials}

    return answer_once(write(issue), once, kind="pin")


@blueprint.post("/people/<ref>/badges/<code>/revoke")
@needs(Right.KEEP_PEOPLE)
def post_badge_revoke(ref: str, code: str) -> Answer:
    """Revoke a badge."""
    form(NothingSchema())
    read = code_in_path(code, Kind.BADGE)

    def revoke(session: Session, found: Person) -> None:
        badge = queries.badge(session, read)
        if badge.person_id != found.id:
            raise NotFound(code=read)
        operations.revoke_badge(session, badge, by=signed_in(), at=now())

    return _act(ref, revoke)


def _act(ref: str, do: Callable[[Session, Person], None]) -> Answer:
    """Do one act to one account and go back to its page."""

    def act(session: Session) -> dict[str, object]:
        do(session, queries.person_by_ref(session, ref))
        return {"to": _at(ref), "person": ref}

    return done(write(act))


def _at(ref: str) -> str:
    return url_for("people.person", ref=ref)


def _roles() -> list[tuple[str, str]]:
    return [(role.value, translate(words)) for role, words in ROLE_WORDS.items()]
