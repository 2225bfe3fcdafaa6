# SPDX-License-Identifier: Apache-2.0
"""Signing in: lockout, life of a session, second factor, and where a page may send somebody."""

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_

STEP_SECONDS = 30
"""A code of the second factor changes every 30 seconds (RFC 6238)."""
TOUCH_EVERY = timedelta(minutes=1)
"""How often at most it is written down that a session is alive."""
START_CODE_LIFE = timedelta(hours=72)


class SignInRefused(Refusal):
    """Sign-in is refused. One answer for every cause, so that no account can be guessed."""

    says = N_("The sign-in name and the password do not fit, or the account is locked.")
    do = N_(
        "Check both. After several wrong attempts an account rests for a while; "
        "if you need it now, ask the administrator."
    )
    status = 401


class StartCodeRefused(Refusal):
    """Sign-in name and start code do not fit, or the code has been used or is too old."""

    says = N_("The sign-in name and the start code do not fit, or the code is too old.")
    do = N_("Check both, or ask the administrator for a new start code.")
    status = 401


class PasswordWrong(Refusal):
    """The password given again, for a signature or a change, does not fit."""

    says = N_("This is not your password.")
    do = N_("Type it again. Nothing was stored. After several wrong attempts the account rests.")
    status = 403


class SecondFactorWrong(Refusal):
    """The six digits do not fit, or were used before."""

    says = N_("These six digits do not fit, or they were used before.")
    do = N_("Wait for the next six digits on your device and type those.")
    status = 403


class SecondFactorMissing(Refusal):
    """There is no second factor that could be passed or confirmed."""

    says = N_("No second factor is set up for this account.")
    do = N_("Open your account and set one up.")


class SecondFactorDue(Refusal):
    """The account has a second factor that this session has not passed."""

    says = N_("Your second factor has not been asked yet.")
    do = N_("Sign in again and type the six digits of your device.")
    status = 403


class SecondFactorEnrolled(Refusal):
    """A second factor is there: a session without it may not replace it."""

    says = N_("A second factor is already set up for this account.")
    do = N_("If the device is lost, ask the administrator to take the second factor away.")


class SecondFactorState(StrEnum):
    """What a session still needs."""

    NOT_NEEDED = "not needed"
    TO_ENROL = "to enrol"
    TO_PASS = "to pass"  # noqa: S105  # a state, not a secret
    PASSED = "passed"

    @property
    def is_complete(self) -> bool:
        """Whether the session has every right of the role."""
        return self in (SecondFactorState.NOT_NEEDED, SecondFactorState.PASSED)


@dataclass(frozen=True)
class Policy:
    """Lockout and session limits, from the laboratory's settings."""

    attempts: int
    lockout: timedelta
    idle: timedelta
    longest: timedelta

    @classmethod
    def of(
        cls, *, lockout_attempts: int, lockout_minutes: int, idle_minutes: int, hours: int
    ) -> "Policy":
        """Make it from the figures of the settings file."""
        return cls(
            lockout_attempts,
            timedelta(minutes=lockout_minutes),
            timedelta(minutes=idle_minutes),
            timedelta(hours=hours),
        )


@dataclass(frozen=True)
class SessionTimes:
    """What decides whether a session lives."""

    last_seen: datetime
    ends: datetime
    ended: datetime | None


def is_locked(locked_until: datetime | None, at: datetime) -> bool:
    """Return whether the account rests at `at`."""
    return locked_until is not None and at < locked_until


def after_failure(failed: int, at: datetime, policy: Policy) -> tuple[int, datetime | None]:
    """Return the new count of failures and, if that was one too many, the end of the rest.

    The count starts anew with each rest.
    """
    failed += 1
    if failed >= policy.attempts:
        return 0, at + policy.lockout
    return failed, None


def is_live(times: SessionTimes, at: datetime, policy: Policy) -> bool:
    """Return whether a session lives: not ended, within its idle and its absolute limit."""
    return times.ended is None and at < times.ends and at < times.last_seen + policy.idle


def second_factor_state(*, needed: bool, enrolled: bool, passed: bool) -> SecondFactorState:
    """Return what a session still needs; a factor set up by choice must be passed too.

    A factor that is taken away ends the sessions that passed it.
    """
    if passed:
        return SecondFactorState.PASSED
    if enrolled:
        return SecondFactorState.TO_PASS
    return SecondFactorState.TO_ENROL if needed else SecondFactorState.NOT_NEEDED


def fitting_step(
    typed: str, at: datetime, last_used: int | None, digits_of: Callable[[int], str]
) -> int | None:
    """Return the time step whose six digits were typed, None if none fits.

    The step before and the step after are taken too, for clocks that differ; a step that was
    used, or one before it, never (RFC 6238, 5.2). `digits_of` draws the digits of a step.
    """
    digits = unicodedata.normalize("NFKC", typed).replace(" ", "")
    digits = "".join(str(unicodedata.digit(c, -1)) if c.isdigit() else c for c in digits)
    present = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in (present - 1, present, present + 1):
        fits = hmac.compare_digest(digits_of(step).encode(), digits.encode())
        if fits and (last_used is None or step > last_used):
            found = step
    return found


def normal_start_code(typed: str) -> str:
    """Return a start code as it is compared: capitals, without the blanks and hyphens shown."""
    return "".join(c for c in typed.upper() if c.isalnum())


def local_path(wanted: str, otherwise: str = "/") -> str:
    """Return `wanted` if it is a path of this site, else `otherwise`.

    A browser drops tabs and line ends and reads a backslash as a slash, so `/\\evil` and
    `/<tab>/evil` lead to other sites just as `//evil` does.
    """
    if (
        not wanted.startswith("/")
        or wanted.startswith("//")
        or "\\" in wanted
        or any(ord(c) <= 0x20 or 0x7F <= ord(c) <= 0x9F for c in wanted)
    ):
        return otherwise
    return wanted
