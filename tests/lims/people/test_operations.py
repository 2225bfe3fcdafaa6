# SPDX-License-Identifier: Apache-2.0
"""The acts on people, sessions, badges, stations and agent keys, on both databases."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.codes import Kind, is_code
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.models import LedgerEvent, Subject
from lims.people import operations, queries
from lims.people.models import AgentKey, Person, RefusedSignIn, SignInSession, Station
from lims.people.operations.secrets import seal
from lims.people.rules import (
    Activity,
    AlreadyDisabled,
    BadgeRevoked,
    EliminationMissing,
    ForbiddenRole,
    KeyRevoked,
    NotAuthorised,
    NotYourself,
    PasswordWrong,
    Policy,
    SecondFactorEnrolled,
    SecondFactorWrong,
    SignInRefused,
    StartCodeRefused,
    StationClosed,
)
from tests.cast import PASSWORD, Cast

CONSOLE = Actor("console:tests")
KEY = bytes(range(32))
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def events(session: Session, stream: str) -> list[dict[str, object]]:
    """Read the events of a stream, the oldest first."""
    bodies = session.scalars(
        select(LedgerEvent.body).where(LedgerEvent.stream == stream).order_by(LedgerEvent.sseq)
    )
    return [json.loads(body) for body in bodies]


def kinds(session: Session, stream: str) -> list[str]:
    """Read the types of the events of a stream."""
    return [str(event["type"]) for event in events(session, stream)]


def person_of(session: Session, actor: Actor) -> Person:
    """Read the row of one of the cast."""
    return session.get_one(Person, actor.person)


def checked(person: Person, *, fits: bool) -> operations.CheckedPassword:
    """Stand for the slow check, which has tests of its own."""
    return operations.CheckedPassword(person.password_hash, fits)


def test_a_new_account_has_no_password_until_its_owner_chooses_one(
    database: Database, at: datetime
) -> None:
    """The administrator hands out a start code and never knows the password."""
    hashed = operations.hash_password(
        "plum gravel tuesday", login="newcomer", name="New Comer", laboratory="The Laboratory"
    )
    with database.writing() as session:
        person = operations.add_person(
            session, login="Newcomer", name="New Comer", initials="t-99", role=Role.TECHNICIAN,
            by=CONSOLE, at=at,
        )  # fmt: skip
        assert person.password_hash is None
        invitation = operations.invite(session, person, by=CONSOLE, at=at)

    with database.writing() as session:
        person = queries.person_by_ref(session, person.ref)
        operations.set_password(
            session, person, hashed, start_code=invitation.start_code.lower(), at=at
        )

    with database.reading() as session:
        stored = queries.person_by_login(session, "NEWCOMER")
        assert stored is not None
        assert operations.fits(stored.password_hash, "plum gravel tuesday")
        assert not operations.fits(stored.password_hash, "plum gravel tuesdaY")
        assert (stored.login, stored.initials) == ("newcomer", "T-99")
        written = events(session, stored.actor.id)
        assert [event["type"] for event in written] == [
            "person:account:added",
            "person:password:reset",
            "person:password:changed",
        ]
        assert [event["actor"] for event in written] == [CONSOLE.id, CONSOLE.id, stored.actor.id]


def test_a_start_code_is_good_once_and_for_three_days(
    database: Database, cast: Cast, at: datetime
) -> None:
    """A used, replaced, foreign or old code is refused."""
    hashed = operations.HashedPassword("$argon2id$any")
    with database.writing() as session:
        person = person_of(session, cast.technician)
        replaced = operations.invite(session, person, by=CONSOLE, at=at)
        invitation = operations.invite(session, person, by=CONSOLE, at=at)
        other = operations.invite(session, person_of(session, cast.manager), by=CONSOLE, at=at)

        def use(start_code: str, when: datetime) -> None:
            operations.set_password(session, person, hashed, start_code=start_code, at=when)

        for wrong in (replaced.start_code, other.start_code, "", "AAAAA"):
            with pytest.raises(StartCodeRefused):
                use(wrong, at)
        with pytest.raises(StartCodeRefused):
            use(invitation.start_code, at + timedelta(hours=72))
        use(invitation.start_code, at + timedelta(hours=71))
        with pytest.raises(StartCodeRefused):
            use(invitation.start_code, at + timedelta(hours=71))


def test_a_sign_in_name_and_a_staff_number_exist_once(
    database: Database, cast: Cast, at: datetime
) -> None:
    """The database itself refuses a second one, whatever its capitals."""
    for login, initials in (("SALMA", "Z-01"), ("somebody", "t-01")):
        with pytest.raises(IntegrityError), database.writing() as session:
            operations.add_person(
                session, login=login, name="Some Body", initials=initials,
                role=Role.TECHNICIAN, by=CONSOLE, at=at,
            )  # fmt: skip


def test_the_fifth_wrong_password_locks_and_each_is_in_the_ledger(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """While it is locked the right password is refused too, and the ledger stays as it is."""
    for _ in range(5):
        with database.writing() as session:
            person = person_of(session, cast.technician)
            attempt = operations.sign_in(
                session, "salma", checked(person, fits=False), policy=policy, at=NOON
            )
        with pytest.raises(SignInRefused):
            attempt.settle()

    def try_right(when: datetime) -> operations.Attempt:
        with database.writing() as session:
            person = person_of(session, cast.technician)
            return operations.sign_in(
                session, "Salma", checked(person, fits=True), policy=policy, at=when
            )

    locked = try_right(NOON + timedelta(minutes=14))
    assert isinstance(locked.refusal, SignInRefused)
    with database.reading() as session:
        assert kinds(session, cast.technician.id)[-6:] == ["person:session:refused"] * 5 + [
            "person:account:locked"
        ]
        assert session.get_one(RefusedSignIn, NOON.date()).attempts == 1
    assert try_right(NOON + timedelta(minutes=15)).settle()


def test_unknown_names_are_counted_and_fill_no_ledger(database: Database, policy: Policy) -> None:
    """What was typed as a name may be a password, and is written nowhere."""
    with database.reading() as session:
        before = len(session.scalars(select(LedgerEvent.event_id)).all())
    for _ in range(3):
        with database.writing() as session:
            attempt = operations.sign_in(
                session, "nobody-here", operations.CheckedPassword(None, fits=False),
                policy=policy, at=NOON,
            )  # fmt: skip
        assert isinstance(attempt.refusal, SignInRefused)

    with database.reading() as session:
        assert queries.refused_today(session, NOON) == 3
        assert len(session.scalars(select(LedgerEvent.event_id)).all()) == before


def test_a_password_changed_during_the_check_is_not_accepted(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """What was checked must be what is stored."""
    with database.writing() as session:
        attempt = operations.sign_in(
            session, "salma", operations.CheckedPassword("$argon2id$old", fits=True),
            policy=policy, at=NOON,
        )  # fmt: skip

    assert isinstance(attempt.refusal, SignInRefused)


def test_guesses_sent_at_the_same_moment_do_not_outrun_the_lock(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Of twenty threads that all had checked a wrong password, five are counted."""
    gate = threading.Barrier(20)
    stored = operations.CheckedPassword("anything", fits=False)

    def guess() -> None:
        gate.wait()
        with database.writing() as session:
            operations.sign_in(session, "salma", stored, policy=policy, at=NOON)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        assert kinds(session, cast.technician.id).count("person:session:refused") == 5
        assert queries.refused_today(session, NOON) == 15


def test_only_the_hash_of_a_session_token_is_stored(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Whoever reads the database cannot take over a session."""
    with database.writing() as session:
        person = person_of(session, cast.technician)
        token = operations.open_session(session, person, policy=policy, at=NOON)

    with database.reading() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        assert sitting.ends_at == NOON + timedelta(hours=12)
        assert token not in str(vars(sitting))
        assert queries.session_by_token(session, token) is None
        assert len(token) >= 43


def test_a_disabled_person_has_no_session_and_gets_nothing_more(
    database: Database, cast: Cast, policy: Policy, at: datetime
) -> None:
    """Sessions end in the same act; the account stays for the record."""
    by = cast.administrator
    with database.writing() as session:
        person = person_of(session, cast.technician)
        token = operations.open_session(session, person, policy=policy, at=NOON)
        operations.disable_person(session, person, by=by, at=NOON)

    with database.writing() as session:
        person = person_of(session, cast.technician)
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        assert sitting.ended_at == NOON
        attempt = operations.sign_in(
            session, "salma", checked(person, fits=True), policy=policy, at=NOON
        )
        assert isinstance(attempt.refusal, SignInRefused)
        with pytest.raises(AlreadyDisabled):
            operations.invite(session, person, by=by, at=at)
        with pytest.raises(AlreadyDisabled):
            operations.issue_badge(session, person, operations.HashedPin("x"), by=by, at=at)
        with pytest.raises(AlreadyDisabled):
            operations.disable_person(session, person, by=by, at=at)
        with pytest.raises(NotYourself):
            operations.disable_person(session, person_of(session, by), by=by, at=at)


def test_a_new_role_ends_the_sessions_and_remembers_the_old_one(
    database: Database, cast: Cast, policy: Policy, at: datetime
) -> None:
    """A way round over a third role does not lead across the wall."""
    by = cast.administrator
    with database.writing() as session:
        person = person_of(session, cast.auditor)
        token = operations.open_session(session, person, policy=policy, at=NOON)
        operations.change_role(session, person, Role.COORDINATOR, by=by, at=NOON)
        operations.change_role(session, person, Role.AUDITOR, by=by, at=NOON)
        with pytest.raises(ForbiddenRole):
            operations.change_role(session, person, Role.TECHNICIAN, by=by, at=NOON)
        with pytest.raises(NotYourself):
            operations.change_role(session, person_of(session, by), Role.AUDITOR, by=by, at=at)

    with database.reading() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        assert sitting.ended_at == NOON
        assert kinds(session, cast.auditor.id)[-4:] == [
            "person:role:revoked",
            "person:role:granted",
            "person:role:revoked",
            "person:role:granted",
        ]


def enrolled(database: Database, actor: Actor, policy: Policy, *, at: datetime) -> tuple[str, str]:
    """Set up a second factor; return its secret and the session's token."""
    with database.writing() as session:
        token = operations.open_session(session, person_of(session, actor), policy=policy, at=at)
    with database.writing() as session:
        secret = operations.enrol_second_factor(session, person_of(session, actor), key=KEY)
    with database.writing() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        attempt = operations.confirm_second_factor(
            session, sitting, pyotp.TOTP(secret).at(at), key=KEY, policy=policy, at=at
        )
    return secret, attempt.settle()


def test_a_second_factor_is_confirmed_before_it_counts_and_is_never_replaced_from_outside(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Whoever has the password alone cannot set up another device."""
    secret, token = enrolled(database, cast.coordinator, policy, at=NOON)

    with database.writing() as session:
        person = person_of(session, cast.coordinator)
        assert person.second_factor_since == NOON
        with pytest.raises(SecondFactorEnrolled):
            operations.enrol_second_factor(session, person, key=KEY)
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        with pytest.raises(SecondFactorEnrolled):
            operations.confirm_second_factor(
                session, sitting, pyotp.TOTP(secret).at(NOON), key=KEY, policy=policy, at=NOON
            )
        assert person.second_factor is not None
        assert secret.encode() not in person.second_factor


def test_six_digits_that_were_used_are_refused_in_any_session(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Whoever looked over a shoulder has nothing."""
    secret, _ = enrolled(database, cast.coordinator, policy, at=NOON)
    digits = pyotp.TOTP(secret).at(NOON)

    def tried(typed: str, when: datetime) -> operations.Attempt:
        with database.writing() as session:
            person = person_of(session, cast.coordinator)
            token = operations.open_session(session, person, policy=policy, at=when)
        with database.writing() as session:
            sitting = queries.session_by_token(session, operations.digest(token))
            assert sitting is not None
            return operations.pass_second_factor(
                session, sitting, typed, key=KEY, policy=policy, at=when
            )

    assert isinstance(tried(digits, NOON).refusal, SecondFactorWrong)
    later = NOON + timedelta(seconds=30)
    fresh = pyotp.TOTP(secret).at(later)
    assert tried(fresh, later).settle()
    assert isinstance(tried(fresh, later).refusal, SecondFactorWrong)


def test_the_right_password_does_not_forgive_wrong_digits(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Digits cannot be guessed by signing in between the guesses."""
    enrolled(database, cast.coordinator, policy, at=NOON)
    when = NOON + timedelta(hours=1)
    for _ in range(5):
        with database.writing() as session:
            person = person_of(session, cast.coordinator)
            token = operations.sign_in(
                session, "yusuf", checked(person, fits=True), policy=policy, at=when
            ).settle()
        with database.writing() as session:
            sitting = queries.session_by_token(session, operations.digest(token))
            assert sitting is not None
            attempt = operations.pass_second_factor(
                session, sitting, "wrong!", key=KEY, policy=policy, at=when
            )
        assert isinstance(attempt.refusal, SecondFactorWrong)

    with database.writing() as session:
        person = person_of(session, cast.coordinator)
        assert person.locked_until == when + timedelta(minutes=15)
        attempt = operations.sign_in(
            session, "yusuf", checked(person, fits=True), policy=policy, at=when
        )
        assert isinstance(attempt.refusal, SignInRefused)


def test_passing_the_second_factor_gives_the_session_a_new_token(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """A token seen before the second factor is worth nothing after it."""
    secret, _ = enrolled(database, cast.coordinator, policy, at=NOON)
    when = NOON + timedelta(minutes=5)
    with database.writing() as session:
        person = person_of(session, cast.coordinator)
        before = operations.open_session(session, person, policy=policy, at=when)
    with database.writing() as session:
        sitting = queries.session_by_token(session, operations.digest(before))
        assert sitting is not None
        after = operations.pass_second_factor(
            session, sitting, pyotp.TOTP(secret).at(when), key=KEY, policy=policy, at=when
        ).settle()

    with database.reading() as session:
        assert queries.session_by_token(session, operations.digest(before)) is None
        found = queries.session_by_token(session, operations.digest(after))
        assert found is not None
        assert found.second_factor_at == when


def test_a_second_factor_taken_away_ends_the_sessions_that_passed_it(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """The person sets up a new one at the next sign-in."""
    _, token = enrolled(database, cast.coordinator, policy, at=NOON)
    with database.writing() as session:
        person = person_of(session, cast.coordinator)
        operations.reset_second_factor(session, person, by=cast.administrator, at=NOON)

    with database.reading() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        assert sitting.ended_at == NOON
        person = person_of(session, cast.coordinator)
        assert (person.second_factor, person.second_factor_since) == (None, None)


def test_a_sealed_second_factor_opens_on_its_own_row_alone() -> None:
    """Moved to another person's row, or under another key, it is refused."""
    sealed = seal("SECRET", ref="aaaaaaaaaaaa", key=KEY)

    assert operations.unseal(sealed, ref="aaaaaaaaaaaa", key=KEY) == "SECRET"
    with pytest.raises(InvalidTag):
        operations.unseal(sealed, ref="bbbbbbbbbbbb", key=KEY)
    with pytest.raises(InvalidTag):
        operations.unseal(sealed, ref="aaaaaaaaaaaa", key=bytes(32))
    assert seal("SECRET", ref="aaaaaaaaaaaa", key=KEY) != sealed


def test_the_key_of_second_factors_belongs_to_the_installation(tmp_path: Path) -> None:
    """Made once, and the same afterwards."""
    first = operations.second_factor_key(tmp_path / "keys")

    assert operations.second_factor_key(tmp_path / "keys") == first
    assert operations.second_factor_key(tmp_path / "others") != first


def test_whoever_guesses_at_an_open_desk_is_put_out(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """The fifth wrong password before a signature ends the sessions."""
    with database.writing() as session:
        person = person_of(session, cast.technician)
        token = operations.open_session(session, person, policy=policy, at=NOON)
    for _ in range(5):
        with database.writing() as session:
            person = person_of(session, cast.technician)
            attempt = operations.record_repeated_password(
                session, person, checked(person, fits=False), policy=policy, at=NOON
            )
        assert isinstance(attempt.refusal, PasswordWrong)

    with database.reading() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
        assert sitting is not None
        assert sitting.ended_at == NOON


def test_changing_the_password_ends_the_other_sessions(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """The one in which it was changed goes on."""
    with database.writing() as session:
        person = person_of(session, cast.technician)
        other = operations.open_session(session, person, policy=policy, at=NOON)
        kept = operations.open_session(session, person, policy=policy, at=NOON)
    with database.writing() as session:
        sitting = queries.session_by_token(session, operations.digest(kept))
        assert sitting is not None
        operations.change_password(
            session, person_of(session, cast.technician), operations.HashedPassword("$new"),
            sitting=sitting, at=NOON,
        )  # fmt: skip

    with database.reading() as session:
        ended = {
            sitting.token: sitting.ended_at for sitting in session.scalars(select(SignInSession))
        }
    assert ended[operations.digest(other)] == NOON
    assert ended[operations.digest(kept)] is None


def test_that_a_session_lives_is_written_once_a_minute(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """A page that asks every second does not write every second."""
    with database.writing() as session:
        person = person_of(session, cast.technician)
        token = operations.open_session(session, person, policy=policy, at=NOON)
    seen = []
    for seconds in (30, 59, 60, 61):
        with database.writing() as session:
            sitting = queries.session_by_token(session, operations.digest(token))
            assert sitting is not None
            when = NOON + timedelta(seconds=seconds)
            operations.touch_session(session, sitting.id, at=when)
            session.refresh(sitting)
            seen.append(sitting.last_seen_at - NOON)

    assert seen == [timedelta(seconds=s) for s in (0, 0, 60, 60)]


def test_a_person_works_only_on_days_of_an_authorisation(
    database: Database, cast: Cast, at: datetime
) -> None:
    """Both days count; withdrawn is withdrawn; other activities are other activities."""
    first, last = date(2026, 5, 1), date(2026, 5, 31)
    with database.writing() as session:
        person = person_of(session, cast.quality)
        given = operations.authorise(
            session, person, activity=Activity.READING, valid_from=first, valid_until=last,
            by=cast.administrator, at=at,
        )  # fmt: skip
        who = cast.quality
        for day in (first, last):
            queries.require_authorised(session, who, Activity.READING, on=day)
        for activity, day in (
            (Activity.READING, first - timedelta(days=1)),
            (Activity.READING, last + timedelta(days=1)),
            (Activity.REVIEW, first),
        ):
            with pytest.raises(NotAuthorised):
                queries.require_authorised(session, who, activity, on=day)
        operations.withdraw_authorisation(session, given, by=cast.administrator, at=at)
        operations.withdraw_authorisation(session, given, by=cast.administrator, at=at)
        with pytest.raises(NotAuthorised):
            queries.require_authorised(session, who, Activity.READING, on=first)
    with database.reading() as session:
        assert kinds(session, who.id)[-2:] == [
            "person:authorisation:granted",
            "person:authorisation:ended",
        ]


def test_a_machine_is_authorised_for_nothing(database: Database) -> None:
    """No person, no authorisation, no elimination profile."""
    machine = Actor("a:T34679CDF")
    with database.reading() as session:
        assert not queries.is_authorised(session, machine, Activity.READING, on=NOON.date())
        with pytest.raises(EliminationMissing):
            queries.require_elimination(session, machine)


def test_an_elimination_profile_is_missing_until_it_is_filed(
    database: Database, cast: Cast, at: datetime
) -> None:
    """The ledger says since when."""
    with database.writing() as session:
        with pytest.raises(EliminationMissing):
            queries.require_elimination(session, cast.manager)
        operations.record_elimination(
            session, person_of(session, cast.manager), since=date(2026, 3, 1),
            by=cast.administrator, at=at,
        )  # fmt: skip
        queries.require_elimination(session, cast.manager)
    with database.reading() as session:
        assert events(session, cast.manager.id)[-1]["data"] == {"since": "2026-03-01"}


def test_a_badge_is_its_owners_until_it_is_revoked(
    database: Database, cast: Cast, at: datetime
) -> None:
    """Its code is a subject of the ledger; a disabled owner's badge opens nothing."""
    by = cast.administrator
    pin = operations.hash_pin("2468")
    with database.writing() as session:
        first = operations.issue_badge(
            session, person_of(session, cast.technician), pin, by=by, at=at
        )
        second = operations.issue_badge(
            session, person_of(session, cast.second_reader), pin, by=by, at=at
        )
    with database.writing() as session:
        assert is_code(first.code)
        assert session.get_one(Subject, first.code).kind is Kind.BADGE
        assert queries.person_of_badge(session, first.code).actor == cast.technician
        assert operations.fits(queries.badge(session, first.code).pin_hash, "2468")
        operations.revoke_badge(session, queries.badge(session, first.code), by=by, at=at)
        with pytest.raises(BadgeRevoked):
            queries.person_of_badge(session, first.code)
        with pytest.raises(BadgeRevoked):
            operations.revoke_badge(session, queries.badge(session, first.code), by=by, at=at)
        operations.disable_person(session, person_of(session, cast.second_reader), by=by, at=at)
        with pytest.raises(BadgeRevoked):
            queries.person_of_badge(session, second.code)
    with database.reading() as session:
        assert kinds(session, first.code) == ["person:badge:issued", "person:badge:voided"]


def test_a_station_has_one_live_key_and_a_closed_one_none(
    database: Database, cast: Cast, at: datetime
) -> None:
    """A new key revokes the one before; closing revokes the last."""
    by = cast.administrator
    code = cast.stations[StationKind.EXTRACTION]

    def live(key: str) -> bool:
        with database.reading() as session:
            return queries.live_agent_key(session, operations.digest(key)) is not None

    with database.writing() as session:
        first = operations.issue_agent_key(session, queries.station(session, code), by=by, at=at)
    assert live(first)
    with database.writing() as session:
        second = operations.issue_agent_key(session, queries.station(session, code), by=by, at=at)
    assert (live(first), live(second)) == (False, True)
    with database.writing() as session:
        operations.close_station(session, queries.station(session, code), by=by, at=at)
    assert not live(second)
    with database.writing() as session:
        with pytest.raises(StationClosed):
            queries.open_station(session, code)
        with pytest.raises(StationClosed):
            operations.issue_agent_key(session, queries.station(session, code), by=by, at=at)
        revoked = session.scalars(select(AgentKey)).first()
        assert revoked is not None
        with pytest.raises(KeyRevoked):
            operations.revoke_agent_key(session, revoked, by=by, at=at)
    with database.reading() as session:
        assert kinds(session, code) == [
            "station:record:added",
            "station:key:issued",
            "station:key:issued",
            "station:record:changed",
        ]


def test_the_database_itself_refuses_a_second_live_key(
    database: Database, cast: Cast, at: datetime
) -> None:
    """Whatever the program does."""
    code = cast.stations[StationKind.EXTRACTION]
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add_all(
            AgentKey(station_code=code, key=number * 64, created_at=at) for number in "12"
        )


def test_stations_are_listed_with_the_key_of_their_agent(
    database: Database, cast: Cast, at: datetime
) -> None:
    """Open ones first, closed ones stay."""
    by = cast.administrator
    keyed, closed = (cast.stations[k] for k in (StationKind.STORAGE, StationKind.EXTRACTION))
    with database.writing() as session:
        operations.issue_agent_key(session, queries.station(session, keyed), by=by, at=at)
        operations.close_station(session, queries.station(session, closed), by=by, at=at)
    with database.reading() as session:
        listed = queries.stations(session)
        assert len(listed) == len(StationKind)
        assert [one.station.code for one in listed if one.unused is not None] == [keyed]
        assert listed[-1].station.code == closed
        assert session.get_one(Station, closed).closed_at == at


def test_no_name_and_no_secret_is_in_the_ledger(
    database: Database, cast: Cast, policy: Policy
) -> None:
    """Actors are opaque; passwords, tokens, keys, PINs and start codes leave no trace."""
    secret, token = enrolled(database, cast.coordinator, policy, at=NOON)
    by = cast.administrator
    with database.writing() as session:
        person = person_of(session, cast.technician)
        invitation = operations.invite(session, person, by=by, at=NOON)
        operations.issue_badge(session, person, operations.HashedPin("$pin"), by=by, at=NOON)
        station = queries.station(session, cast.stations[StationKind.STORAGE])
        key = operations.issue_agent_key(session, station, by=by, at=NOON)
        operations.sign_in(session, "salma", checked(person, fits=False), policy=policy, at=NOON)

    with database.reading() as session:
        text = b"\n".join(session.scalars(select(LedgerEvent.body))).decode().casefold()
        for person in session.scalars(select(Person)):
            for private in (person.login, person.name, person.initials):
                assert f'"{private.casefold()}' not in text
                assert f'{private.casefold()}"' not in text
    for hidden in (PASSWORD, secret, token, invitation.start_code, key, "$pin", "$argon2"):
        assert hidden.casefold() not in text
        assert operations.digest(hidden) not in text


def test_the_staff_numbers_of_actors_are_found_for_people_alone(
    database: Database, cast: Cast
) -> None:
    """Machines and the console have none."""
    asked = [cast.technician.id, cast.manager.id, "system", "a:T34679CDF", "u:unknown"]
    with database.reading() as session:
        assert queries.initials_of(session, asked) == {
            cast.technician.id: "T-01",
            cast.manager.id: "M-01",
        }
        assert queries.initials_of(session, ["system"]) == {}
