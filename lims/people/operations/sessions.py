# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, counting what fails, and the second factor.

A refused attempt must be stored although it is refused: these acts return an `Attempt`, and the
edge settles it after its transaction has closed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import SYSTEM, Actor
from lims.core.errors import NotFound, Refusal
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.models import Badge, Person, RefusedSignIn, SignInSession
from lims.people.operations.secrets import (
    digest,
    draw_second_factor,
    draw_token,
    fits,
    seal,
    step_of_digits,
    unseal,
)
from lims.people.rules import (
    TOUCH_EVERY,
    BadgeRevoked,
    PasswordWrong,
    PinWrong,
    Policy,
    SecondFactorEnrolled,
    SecondFactorMissing,
    SecondFactorWrong,
    SignInRefused,
    after_failure,
    fold_login,
    is_locked,
)


@dataclass(frozen=True)
class Attempt:
    """What came of an attempt: a session's token, or a refusal that is stored all the same."""

    token: str = ""
    refusal: Refusal | None = None

    def settle(self) -> str:
        """Return the token or raise the refusal; only after the transaction has closed."""
        if self.refusal is not None:
            raise self.refusal
        return self.token


@dataclass(frozen=True)
class CheckedPassword:
    """That a password was checked against a hash before the transaction, and whether it fits."""

    against: str | None
    fits: bool


def check_stored_password(stored: str | None, password: str) -> CheckedPassword:
    """Check a password against a stored hash; slow on purpose, hence before the transaction."""
    return CheckedPassword(stored, fits(stored, password))


def sign_in(
    session: Session, login: str, checked: CheckedPassword, *, policy: Policy, at: datetime
) -> Attempt:
    """Open a session for whoever the sign-in name and the checked password belong to.

    The refusal is the same for an unknown name, a wrong password, a disabled account and one that
    rests after too many failures. What fails is counted here, and five failures lock.
    """
    person = session.scalar(
        select(Person).where(Person.login == fold_login(login)).with_for_update()
    )
    if person is None or person.disabled_at is not None or is_locked(person.locked_until, at):
        _count_refused(session, at)
        return Attempt(refusal=SignInRefused())
    # A password changed between the check and here was checked against the wrong hash.
    if not checked.fits or checked.against != person.password_hash:
        _record_failure(session, person, "password", policy=policy, at=at)
        return Attempt(refusal=SignInRefused())
    if person.second_factor_since is None:
        # With a second factor the count stands until that is passed too: whoever has the password
        # alone could otherwise try six digits without end.
        person.failed_attempts = 0
        person.locked_until = None
    return Attempt(open_session(session, person, policy=policy, at=at))


def open_session(
    session: Session, person: Person, *, policy: Policy, at: datetime, second_factor: bool = False
) -> str:
    """Open a session and return its token, of which only the hash is stored."""
    token = draw_token()
    session.add(
        SignInSession(
            token=digest(token),
            person_id=person.id,
            created_at=at,
            last_seen_at=at,
            ends_at=at + policy.longest,
            second_factor_at=at if second_factor else None,
        )
    )
    append(
        session, Tag.PERSON_SESSION_OPENED, stream=person.stream, by=person.actor, at=at, content={}
    )
    return token


def touch_session(session: Session, sitting: int, *, at: datetime) -> None:
    """Write down that a session is alive, at most once a minute; no act of its own."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == sitting, SignInSession.last_seen_at <= at - TOUCH_EVERY)
        .values(last_seen_at=at)
    )


def sign_out(session: Session, sitting: SignInSession, *, at: datetime) -> None:
    """End a session; again is the same as once."""
    if sitting.ended_at is not None:
        return
    sitting.ended_at = at
    person = session.get_one(Person, sitting.person_id)
    append(
        session, Tag.PERSON_SESSION_CLOSED, stream=person.stream, by=person.actor, at=at, content={}
    )


def sign_out_elsewhere(
    session: Session,
    person: Person,
    *,
    by: Actor,
    at: datetime,
    but: SignInSession | None = None,
) -> None:
    """End every session of a person but one: a desk left open, a device lost."""
    end_sessions(session, person, at=at, but=but)
    append(
        session,
        Tag.PERSON_SESSION_CLOSED,
        stream=person.stream,
        by=by,
        at=at,
        content={"elsewhere": True},
    )


def end_sessions(
    session: Session, person: Person, *, at: datetime, but: SignInSession | None = None
) -> None:
    """End every session of a person but one; part of the act that calls it."""
    standing = select(SignInSession).where(
        SignInSession.person_id == person.id, SignInSession.ended_at.is_(None)
    )
    for sitting in session.scalars(standing):
        if but is None or sitting.id != but.id:
            sitting.ended_at = at


def record_repeated_password(
    session: Session, person: Person, checked: CheckedPassword, *, policy: Policy, at: datetime
) -> Attempt:
    """Take the password that a person at work gave again, for a signature or a change.

    Five failures lock the account and end its sessions: the person may have left the desk.
    """
    session.refresh(person, with_for_update=True)
    if is_locked(person.locked_until, at) or person.disabled_at is not None:
        _count_refused(session, at)
        return Attempt(refusal=PasswordWrong())
    if not checked.fits or checked.against != person.password_hash:
        if _record_failure(session, person, "password", policy=policy, at=at):
            end_sessions(session, person, at=at)
        return Attempt(refusal=PasswordWrong())
    person.failed_attempts = 0
    return Attempt()


def record_pin(
    session: Session, badge_code: str, checked: CheckedPassword, *, policy: Policy, at: datetime
) -> Attempt:
    """Take the PIN of a badge, checked before the transaction (check_stored_password).

    Wrong ones are counted by the badge, and as many as of passwords let the account rest. Sessions
    of its owner go on: the PIN may have been tried by whoever found the badge. Raises NotFound,
    BadgeRevoked.
    """
    badge = session.get(Badge, badge_code, with_for_update=True, populate_existing=True)
    if badge is None:
        raise NotFound(code=badge_code)
    person = session.get_one(Person, badge.person_id, with_for_update=True, populate_existing=True)
    if badge.revoked_at is not None or person.disabled_at is not None:
        raise BadgeRevoked()
    if is_locked(person.locked_until, at):
        _count_refused(session, at)
        return Attempt(refusal=PinWrong())
    if not checked.fits or checked.against != badge.pin_hash:
        badge.failed_pins, locked_until = after_failure(badge.failed_pins, at, policy)
        _told_failure(session, person, "pin", locked_until, policy=policy, at=at)
        return Attempt(refusal=PinWrong())
    badge.failed_pins = 0
    return Attempt()


def enrol_second_factor(session: Session, person: Person, *, key: bytes) -> str:
    """Draw a second factor and return its secret, base32; it counts once it is confirmed.

    Raises SecondFactorEnrolled. Nothing is appended: until it is confirmed nothing has changed.
    """
    if person.second_factor_since is not None:
        raise SecondFactorEnrolled()
    clear = draw_second_factor()
    person.second_factor = seal(clear, ref=person.ref, key=key)
    person.second_factor_step = None
    return clear


def confirm_second_factor(
    session: Session, sitting: SignInSession, typed: str, *, key: bytes, policy: Policy,
    at: datetime,
) -> Attempt:  # fmt: skip
    """Confirm a drawn second factor with its first six digits; the session has passed it too.

    The other sessions of the person end, and this one gets a new token. Raises
    SecondFactorEnrolled, SecondFactorMissing.
    """
    person = session.get_one(Person, sitting.person_id, with_for_update=True)
    if person.second_factor_since is not None:
        raise SecondFactorEnrolled()
    attempt = _take_digits(session, person, sitting, typed, key=key, policy=policy, at=at)
    if attempt.refusal is None:
        person.second_factor_since = at
        end_sessions(session, person, at=at, but=sitting)
        append(
            session,
            Tag.PERSON_FACTOR_ENROLLED,
            stream=person.stream,
            by=person.actor,
            at=at,
            content={},
        )
    return attempt


def pass_second_factor(
    session: Session, sitting: SignInSession, typed: str, *, key: bytes, policy: Policy,
    at: datetime,
) -> Attempt:  # fmt: skip
    """Take six digits; the session then has every right of the role, under a new token.

    Digits are taken once: a replay is refused. Raises SecondFactorMissing.
    """
    person = session.get_one(Person, sitting.person_id, with_for_update=True)
    if person.second_factor_since is None:
        raise SecondFactorMissing()
    attempt = _take_digits(session, person, sitting, typed, key=key, policy=policy, at=at)
    if attempt.refusal is None:
        append(
            session,
            Tag.PERSON_FACTOR_PASSED,
            stream=person.stream,
            by=person.actor,
            at=at,
            content={},
        )
    return attempt


def reset_second_factor(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Take a lost second factor away; sessions end, the person sets up a new one."""
    person.second_factor = None
    person.second_factor_since = None
    person.second_factor_step = None
    end_sessions(session, person, at=at)
    append(session, Tag.PERSON_FACTOR_REMOVED, stream=person.stream, by=by, at=at, content={})


def _take_digits(
    session: Session, person: Person, sitting: SignInSession, typed: str, *, key: bytes,
    policy: Policy, at: datetime,
) -> Attempt:  # fmt: skip
    if person.second_factor is None:
        raise SecondFactorMissing()
    if is_locked(person.locked_until, at):
        _count_refused(session, at)
        return Attempt(refusal=SecondFactorWrong())
    clear = unseal(person.second_factor, ref=person.ref, key=key)
    step = step_of_digits(clear, typed, last_used=person.second_factor_step, at=at)
    if step is None:
        if _record_failure(session, person, "second factor", policy=policy, at=at):
            end_sessions(session, person, at=at)
        return Attempt(refusal=SecondFactorWrong())
    person.second_factor_step = step
    person.failed_attempts = 0
    person.locked_until = None
    # More rights, hence a new token (ASVS 5.0, 7.2.4).
    token = draw_token()
    sitting.token = digest(token)
    sitting.second_factor_at = at
    return Attempt(token)


def _record_failure(
    session: Session,
    person: Person,
    means: Literal["password", "second factor"],
    *,
    policy: Policy,
    at: datetime,
) -> bool:
    """Count a failure; return whether it locked the account."""
    person.failed_attempts, locked_until = after_failure(person.failed_attempts, at, policy)
    return _told_failure(session, person, means, locked_until, policy=policy, at=at)


def _told_failure(
    session: Session,
    person: Person,
    means: Literal["password", "second factor", "pin"],
    locked_until: datetime | None,
    *,
    policy: Policy,
    at: datetime,
) -> bool:
    """Put a failure into the ledger, and the rest of the account where it was one too many."""
    append(
        session,
        Tag.PERSON_SESSION_REFUSED,
        stream=person.stream,
        by=SYSTEM,
        at=at,
        content={"means": means},
    )
    if locked_until is None:
        return False
    person.locked_until = locked_until
    append(
        session,
        Tag.PERSON_ACCOUNT_LOCKED,
        stream=person.stream,
        by=SYSTEM,
        at=at,
        content={"minutes": policy.lockout // timedelta(minutes=1)},
    )
    return True


def _count_refused(session: Session, at: datetime) -> None:
    """Count an attempt that the ledger does not take; it costs a write, as a known name does."""
    add_one = (
        update(RefusedSignIn)
        .where(RefusedSignIn.day == at.date())
        .values(attempts=RefusedSignIn.attempts + 1)
    )
    if session.connection().execute(add_one).rowcount:
        return
    try:
        with session.begin_nested():
            session.add(RefusedSignIn(day=at.date(), attempts=1))
    except IntegrityError:
        # Another process began the day at the same moment.
        session.execute(add_one)
