# SPDX-License-Identifier: Apache-2.0
"""Accounts: names, roles that exclude each other, activities a person is authorised for."""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from lims.core.actors import Role
from lims.core.errors import Refusal
from lims.core.words import N_, Say

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]")
SHORT_LABEL = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
PIN = re.compile(r"[0-9]{4,8}")

_SEALED = frozenset({Role.COORDINATOR, Role.RECEPTION})
_LABORATORY = frozenset({Role.TECHNICIAN, Role.MANAGER, Role.QUALITY})
_APART = (
    # Whoever knew a name beside a code must not read profiles, and the other way round.
    (_SEALED, _LABORATORY),
    # Whoever gives rights must not use them on names or on quality records.
    (frozenset({Role.ADMINISTRATOR}), frozenset({Role.COORDINATOR, Role.QUALITY})),
    # Outsiders stay outside.
    (frozenset({Role.PARTNER}), frozenset(Role) - {Role.PARTNER}),
)
"""Roles that one person may not hold, neither at once nor one after the other."""


class Activity(StrEnum):
    """What a person must be authorised for, in date (ISO/IEC 17025:2017, 6.2)."""

    PREPARATION = "preparation"
    EXTRACTION = "extraction"
    QUANTIFICATION = "quantification"
    AMPLIFICATION = "amplification"
    INJECTION = "injection"
    READING = "reading"
    REVIEW = "review"


class Line(StrEnum):
    """The two lines of samples that never share a bench where a station has a line."""

    BONE = "bone"
    REFERENCE = "reference"


class TextMalformed(Refusal):
    """A name, sign-in name or short label is empty, too long or carries foreign characters."""

    says = N_("%(field)s: %(problem)s.")
    do = N_("Correct it and send again. Nothing was stored.")
    status = 422


class ForbiddenRole(Refusal):
    """One person may not hold both roles, not even one after the other."""

    says = N_("A person who was %(held)s cannot become %(wanted)s.")
    do = N_("These two roles must be different people. Add another account for another person.")


class NotYourself(Refusal):
    """An administrator may not disable or demote the account in use."""

    says = N_("This is your own account.")
    do = N_("Ask another administrator to do it.")


class AlreadyDisabled(Refusal):
    """The account is disabled: nothing can be issued to it."""

    says = N_("The account %(initials)s is disabled.")
    do = N_("A disabled account stays as it is. Add a new one if the person works here again.")


class NotAuthorised(Refusal):
    """The person has no authorisation in date for the activity."""

    says = N_("You are not authorised for %(activity)s on this day.")
    do = N_("Ask the laboratory manager to check your authorisation before you go on.")
    status = 403


class NotAuthorisedFor(NotAuthorised):
    """The person has no authorisation in date for a procedure that asks for one of its own."""

    says = N_("You are not authorised for SOP %(procedure)s on this day.")


class EliminationMissing(Refusal):
    """No elimination profile of the person is on file."""

    says = N_("Your elimination sample is missing.")
    do = N_("Give an elimination sample before you work with open samples.")
    status = 403


class BadgeRevoked(Refusal):
    """The badge is not valid any more, or its owner's account is disabled."""

    says = N_("This badge is not valid.")
    do = N_("Sign in with your password and ask the administrator for a new badge.")
    status = 403


class PinMalformed(Refusal):
    """A PIN is 4 to 8 digits, not all the same."""

    says = N_("A PIN has 4 to 8 digits, and they are not all the same.")
    do = N_("Choose another PIN.")
    status = 422


class StationClosed(Refusal):
    """The station is closed."""

    says = N_("The station %(code)s is closed.")
    do = N_("Work at another station.")


class KeyRevoked(Refusal):
    """The key of an agent was revoked before."""

    says = N_("This key was revoked before.")
    do = N_("Issue a new key for the station.")


def fold_login(login: str) -> str:
    """Return the form in which sign-in names are stored and compared."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def check_login(login: str) -> str:
    """Return the sign-in name as stored; raises TextMalformed."""
    folded = fold_login(login)
    if not LOGIN.fullmatch(folded):
        raise TextMalformed(
            field=Say(N_("Sign-in name")),
            problem=Say(N_("3 to 40 of a-z, 0-9, point, hyphen and underscore")),
        )
    return folded


def check_short_label(initials: str) -> str:
    """Return the short label shown for a person (`T-07`), capitals; raises TextMalformed."""
    label = initials.strip().upper()
    if not 2 <= len(label) <= 12 or not SHORT_LABEL.fullmatch(label):
        raise TextMalformed(
            field=Say(N_("Staff number")),
            problem=Say(N_("2 to 12 of A-Z and 0-9, parts joined by hyphens")),
        )
    return label


def check_text(text: str, *, field: str, longest: int = 120) -> str:
    """Return a name for people, NFC, blanks at the ends cut; raises TextMalformed.

    `field` is the marked name of the field.
    """
    normal = unicodedata.normalize("NFC", text).strip()
    if not normal or len(normal) > longest or any(unicodedata.category(c) == "Cc" for c in normal):
        raise TextMalformed(
            field=Say(field), problem=Say(N_("1 to %(longest)s characters"), {"longest": longest})
        )
    return normal


def check_pin(pin: str) -> str:
    """Return the PIN; raises PinMalformed."""
    if not PIN.fullmatch(pin) or len(set(pin)) == 1:
        raise PinMalformed()
    return pin


def check_role_change(held: Iterable[Role], wanted: Role) -> None:
    """Raise ForbiddenRole if a person who ever held one of `held` may not become `wanted`."""
    for role in held:
        for one, other in _APART:
            if (role in one and wanted in other) or (role in other and wanted in one):
                raise ForbiddenRole(held=Say(ROLE_WORDS[role]), wanted=Say(ROLE_WORDS[wanted]))


ROLE_WORDS: dict[Role, str] = {
    Role.RECEPTION: N_("reception"),
    Role.COORDINATOR: N_("identification coordinator"),
    Role.TECHNICIAN: N_("technician"),
    Role.MANAGER: N_("laboratory manager"),
    Role.QUALITY: N_("quality officer"),
    Role.ADMINISTRATOR: N_("administrator"),
    Role.AUDITOR: N_("auditor"),
    Role.PARTNER: N_("partner laboratory"),
}

ACTIVITY_WORDS: dict[Activity, str] = {
    Activity.PREPARATION: N_("preparation"),
    Activity.EXTRACTION: N_("extraction"),
    Activity.QUANTIFICATION: N_("quantification"),
    Activity.AMPLIFICATION: N_("amplification"),
    Activity.INJECTION: N_("injection"),
    Activity.READING: N_("reading"),
    Activity.REVIEW: N_("review"),
}

LINE_WORDS: dict[Line, str] = {
    Line.BONE: N_("bone samples"),
    Line.REFERENCE: N_("reference samples"),
}

STATION_WORDS: dict[str, str] = {
    "intake": N_("intake"),
    "reception": N_("reception of the laboratory"),
    "preparation": N_("preparation"),
    "extraction": N_("extraction"),
    "quantification": N_("quantification"),
    "amplification": N_("amplification"),
    "injection": N_("injection"),
    "storage": N_("storage"),
    "handover": N_("hand-overs"),
}
"""Kinds of stations by the value of `core.scans.StationKind`, which knows the database."""
