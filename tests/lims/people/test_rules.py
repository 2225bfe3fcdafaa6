# SPDX-License-Identifier: Apache-2.0
"""What is decided about people: passwords, lockout, sessions, second factor, roles, addresses."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.core.actors import Role
from lims.core.scans import StationKind
from lims.people.rules import (
    ACTIVITY_WORDS,
    ROLE_WORDS,
    STATION_WORDS,
    Activity,
    ForbiddenRole,
    PinMalformed,
    Policy,
    SecondFactorState,
    SessionTimes,
    TextMalformed,
    WeakPassword,
    after_failure,
    check_login,
    check_password,
    check_pin,
    check_role_change,
    check_short_label,
    check_text,
    fitting_step,
    is_live,
    is_locked,
    local_path,
    normal_start_code,
    second_factor_state,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POLICY = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def checked(password: str) -> str:
    """Check a password of Amina, who signs in as `amina.k`."""
    return check_password(
        password, login="amina.k", name="Amina Karim", laboratory="Laboratory of the South"
    )


def test_four_unrelated_words_are_a_password() -> None:
    """Length is asked, not composition."""
    assert checked("plum gravel tuesday ox") == "plum gravel tuesday ox"
    assert checked("قلم بحر نافذة جبل") == "قلم بحر نافذة جبل"


@pytest.mark.parametrize(
    "weak",
    [
        "short pass",
        "x" * 257,
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "abcdefghijklmnop",
        "987654321098",
        "qwertyuiop[]qw",
        "Password1234",
        "P A S S W O R D 1 2 3 4 5",
        "CorrectHorseBatteryStaple",
        "amina.k amina.k",
        "Amina Karim 1",
        "laboratory of the south",
        "Laboratory of the South 2026",
    ],
)
def test_a_password_that_can_be_guessed_is_refused(weak: str) -> None:
    """Too short, too long, repeated, counted, well known, or one's own name."""
    with pytest.raises(WeakPassword):
        checked(weak)


def test_the_same_password_typed_on_two_keyboards_is_the_same() -> None:
    """Composed and decomposed letters are hashed alike."""
    assert checked("déjà vu près du café") == checked(
        "de\u0301ja\u0300 vu pre\u0300s du cafe\u0301"
    )


def test_the_fifth_failure_locks_and_the_count_begins_anew() -> None:
    """An account rests for as long as the laboratory's settings say."""
    failed, locked_until = 0, None
    for _ in range(4):
        failed, locked_until = after_failure(failed, NOON, POLICY)
        assert locked_until is None
    failed, locked_until = after_failure(failed, NOON, POLICY)

    assert (failed, locked_until) == (0, NOON + timedelta(minutes=15))
    assert is_locked(locked_until, NOON + timedelta(minutes=14, seconds=59))
    assert not is_locked(locked_until, NOON + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("seen_ago", "ends_in", "ended", "lives"),
    [
        (0, 60, False, True),
        (29, 60, False, True),
        (30, 60, False, False),
        (0, 0, False, False),
        (0, -1, False, False),
        (0, 60, True, False),
    ],
)
def test_a_session_ends_when_idle_when_old_and_when_ended(
    seen_ago: int, ends_in: int, ended: bool, lives: bool
) -> None:
    """Minutes; 30 idle minutes are too many."""
    times = SessionTimes(
        last_seen=NOON - timedelta(minutes=seen_ago),
        ends=NOON + timedelta(minutes=ends_in),
        ended=NOON if ended else None,
    )

    assert is_live(times, NOON, POLICY) is lives


def test_six_digits_are_taken_once_and_only_near_their_time() -> None:
    """The step before and after are taken, used and older ones never (RFC 6238)."""
    digits_of = pyotp.TOTP(SECRET).generate_otp
    step = int(NOON.timestamp()) // 30

    assert fitting_step(digits_of(step), NOON, None, digits_of) == step
    assert fitting_step(digits_of(step - 1), NOON, None, digits_of) == step - 1
    assert fitting_step(digits_of(step + 1), NOON, None, digits_of) == step + 1
    assert fitting_step(digits_of(step - 2), NOON, None, digits_of) is None
    assert fitting_step(digits_of(step), NOON, step, digits_of) is None
    assert fitting_step(digits_of(step - 1), NOON, step, digits_of) is None
    assert fitting_step(digits_of(step + 1), NOON, step, digits_of) == step + 1


def test_six_digits_may_be_typed_in_arabic_and_with_a_blank() -> None:
    """What the device shows as 123 456 may be typed so."""
    digits_of = pyotp.TOTP(SECRET).generate_otp
    step = int(NOON.timestamp()) // 30
    digits = digits_of(step)
    arabic = digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert fitting_step(f" {digits[:3]} {digits[3:]} ", NOON, None, digits_of) == step
    assert fitting_step(arabic, NOON, None, digits_of) == step


@given(st.text(max_size=12))
def test_nothing_but_the_digits_passes(typed: str) -> None:
    """Whatever else is typed is refused without an error of the program."""
    digits_of = pyotp.TOTP(SECRET).generate_otp
    step = int(NOON.timestamp()) // 30
    right = {digits_of(step + around) for around in (-1, 0, 1)}
    if typed not in right:
        assert fitting_step(typed, NOON, None, digits_of) is None


@pytest.mark.parametrize(
    ("needed", "enrolled", "passed", "state"),
    [
        (False, False, False, SecondFactorState.NOT_NEEDED),
        (True, False, False, SecondFactorState.TO_ENROL),
        (True, True, False, SecondFactorState.TO_PASS),
        (False, True, False, SecondFactorState.TO_PASS),
        (True, True, True, SecondFactorState.PASSED),
        (False, True, True, SecondFactorState.PASSED),
    ],
)
def test_a_second_factor_that_is_set_up_is_always_asked(
    needed: bool, enrolled: bool, passed: bool, state: SecondFactorState
) -> None:
    """Whether the role needs it or the person chose it."""
    assert second_factor_state(needed=needed, enrolled=enrolled, passed=passed) is state


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (Role.COORDINATOR, Role.TECHNICIAN),
        (Role.TECHNICIAN, Role.COORDINATOR),
        (Role.RECEPTION, Role.MANAGER),
        (Role.QUALITY, Role.COORDINATOR),
        (Role.ADMINISTRATOR, Role.COORDINATOR),
        (Role.ADMINISTRATOR, Role.QUALITY),
        (Role.PARTNER, Role.AUDITOR),
    ],
)
def test_nobody_changes_sides_of_the_wall(held: Role, wanted: Role) -> None:
    """Whoever saw names beside codes reads no profiles, and the other way round."""
    with pytest.raises(ForbiddenRole):
        check_role_change([Role.AUDITOR, held] if held is not Role.PARTNER else [held], wanted)


def test_a_technician_may_become_manager_or_quality_officer() -> None:
    """Both roles are on the laboratory side."""
    check_role_change([Role.TECHNICIAN], Role.MANAGER)
    check_role_change([Role.TECHNICIAN, Role.MANAGER], Role.QUALITY)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "people",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /people",
        "javascript:alert(1)",
        "/people\x7f",
        "/pe ople",
    ],
)
def test_a_page_sends_nobody_to_another_site(elsewhere: str) -> None:
    """Only a path of this site is followed."""
    assert local_path(elsewhere) == "/"
    assert local_path(elsewhere, "/account") == "/account"


def test_a_page_sends_people_back_to_where_they_were() -> None:
    """A path of this site is kept whole."""
    assert local_path("/samples/B34?page=2#end") == "/samples/B34?page=2#end"


def test_a_sign_in_name_is_folded_and_plain() -> None:
    """Capitals do not make another account; look-alike letters are refused."""
    assert check_login("  Amina.K ") == "amina.k"
    for wrong in ("", "ab", "a" * 41, "ami na", "аmina", ".amina", "amina@lab"):
        with pytest.raises(TextMalformed):
            check_login(wrong)


def test_a_staff_number_is_capitals_and_figures() -> None:
    """T-07, not a name."""
    assert check_short_label("t-07") == "T-07"
    for wrong in ("T", "T--07", "T 07", "-T07", "ط-07", "T-0700000000000"):
        with pytest.raises(TextMalformed):
            check_short_label(wrong)


def test_a_name_is_kept_as_written_without_control_characters() -> None:
    """Arabic names are names."""
    assert check_text(" أمينة كريم ", field="Name") == "أمينة كريم"
    for wrong in ("", "   ", "x" * 121, "a\x00b", "a\nb"):
        with pytest.raises(TextMalformed):
            check_text(wrong, field="Name")


def test_a_pin_is_digits_that_differ() -> None:
    """0000 is no PIN."""
    assert check_pin("2468") == "2468"
    for wrong in ("", "123", "123456789", "0000", "12a4", "٢٤٦٨"):
        with pytest.raises(PinMalformed):
            check_pin(wrong)


def test_a_start_code_may_be_typed_as_it_is_shown() -> None:
    """Blanks, hyphens and small letters do not matter."""
    assert normal_start_code("fqt 6t7-RH7 6cy") == "FQT6T7RH76CY"


def test_every_role_activity_and_kind_of_station_has_words() -> None:
    """Nothing is shown to people by its inner name."""
    assert set(ROLE_WORDS) == set(Role)
    assert set(ACTIVITY_WORDS) == set(Activity)
    assert set(STATION_WORDS) == {kind.value for kind in StationKind}


def test_the_rules_know_neither_the_web_nor_the_database() -> None:
    """Importing them in a fresh interpreter loads neither."""
    program = (
        "import lims.people.rules, sys;"
        "sys.exit(any(m in sys.modules for m in ('flask', 'sqlalchemy', 'marshmallow')))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
