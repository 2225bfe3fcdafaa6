# SPDX-License-Identifier: Apache-2.0
"""A second person confirms with badge and PIN; whoever acts confirms with the own."""

from collections.abc import Callable
from datetime import datetime

import flask
import pytest
from flask import Flask

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import Refusal
from lims.core.scans import StationKind
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.people import operations
from lims.people.models import Badge, Person
from lims.people.rules import (
    BadgeRevoked,
    MayNotConfirm,
    NotABadge,
    OwnBadgeMissing,
    PasswordWrong,
    PinWrong,
    SamePerson,
)
from lims.people.views import confirm_badge, confirm_oneself, load_signed_in, witness_of
from tests.cast import PASSWORD, Cast

PIN = "2468"
Issue = Callable[..., str]


@pytest.fixture
def issue(database: Database, cast: Cast) -> Issue:
    """Issue a badge with the PIN of the tests."""
    hashed = operations.hash_pin(PIN)
    administrator = cast.actors["adam"]

    def issued(actor: Actor, at: datetime | None = None) -> str:
        with database.writing() as session:
            person = session.get_one(Person, actor.person)
            badge = operations.issue_badge(
                session, person, hashed, by=administrator, at=at or now()
            )  # fmt: skip
            return badge.code

    return issued


def test_a_second_person_confirms_with_badge_and_pin_and_nothing_else_does(
    app: Flask, database: Database, cast: Cast, issue: Issue
) -> None:
    badge = issue(cast.first_reader)
    auditors = issue(cast.actors["amal"])
    gone = issue(cast.second_reader)
    with database.writing() as session:
        operations.revoke_badge(
            session, session.get_one(Badge, gone), by=cast.actors["adam"], at=now()
        )  # fmt: skip
    with app.test_request_context():
        salma = cast.technician
        assert confirm_badge(f" {badge[:3]} {badge[3:]} ", PIN, not_by=salma) == cast.first_reader
        for code, pin, refusal in (
            (badge, PIN, SamePerson),
            (badge, "1357", SamePerson),
        ):
            with pytest.raises(refusal):
                confirm_badge(code, pin, not_by=cast.first_reader)
        for code, pin, refused in (
            (badge, "8642", PinWrong),
            (badge, "", PinWrong),
            (gone, PIN, BadgeRevoked),
            (auditors, PIN, MayNotConfirm),
            (draw_code(Kind.BADGE), PIN, NotABadge),
            (cast.stations[StationKind.STORAGE], PIN, NotABadge),
            ("no code at all", PIN, NotABadge),
        ):
            with pytest.raises(refused):
                confirm_badge(code, pin, not_by=salma)
        with database.writing() as session:
            session.get_one(Person, cast.first_reader.person).disabled_at = now()
        with pytest.raises(BadgeRevoked):
            confirm_badge(badge, PIN, not_by=salma)


def test_wrong_pins_are_counted_and_lock_like_passwords_and_a_right_one_ends_the_count(
    app: Flask, database: Database, cast: Cast, issue: Issue
) -> None:
    badge = issue(cast.first_reader)

    def tried(pin: str) -> type[Refusal] | None:
        try:
            confirm_badge(badge, pin, not_by=cast.technician)
        except Refusal as refusal:
            return type(refusal)
        return None

    with app.test_request_context():
        assert [tried("1357") for _ in range(4)] == [PinWrong] * 4
        assert tried(PIN) is None
        assert [tried("1357") for _ in range(5)] == [PinWrong] * 5
        assert tried(PIN) is PinWrong, "the account rests"
    with database.reading() as session:
        person = session.get_one(Person, cast.first_reader.person)
        assert person.locked_until is not None
        assert person.failed_attempts == 0, "passwords are counted apart"
        told = [event.tag for event in history(session, person.stream)]
        assert told.count(Tag.PERSON_SESSION_REFUSED) == 9
        assert told.count(Tag.PERSON_ACCOUNT_LOCKED) == 1


def test_whoever_acts_confirms_with_the_own_pin_or_password_and_never_as_the_second_person(
    app: Flask, cast: Cast, issue: Issue, sign_in: Callable[[Actor], object]
) -> None:
    badge = issue(cast.technician)
    others = issue(cast.first_reader)
    for actor, works in ((cast.technician, True), (cast.second_reader, False)):
        client = sign_in(actor)
        with client.session_transaction() as cookie:  # type: ignore[attr-defined]  # a test client
            token = cookie["token"]
        with app.test_request_context():
            request_of(app, token)
            confirm_oneself(PASSWORD)
            with pytest.raises(PasswordWrong):
                confirm_oneself("not the password at all")
            with pytest.raises(PinWrong if works else OwnBadgeMissing):
                confirm_oneself("9753")
            if works:
                confirm_oneself(PIN)
                with pytest.raises(SamePerson):
                    witness_of({"witness_badge": badge, "witness_pin": PIN})
                assert (
                    witness_of({"witness_badge": others, "witness_pin": PIN}) == cast.first_reader
                )  # fmt: skip


def request_of(app: Flask, token: str) -> None:
    """Make the request under way one of whoever has this token."""

    flask.session["token"] = token
    flask.g.who = load_signed_in()
