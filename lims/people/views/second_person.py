# SPDX-License-Identifier: Apache-2.0
"""Confirming with badge and PIN: a second person, or whoever is at the keyboard.

All of it happens before the transaction of the act: a PIN is as slow to check as a password, and
a wrong one must be counted although the act is refused.
"""

import re
from collections.abc import Mapping
from typing import Any

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.core.errors import NotFound
from lims.people import operations, queries
from lims.people.rules import (
    MayNotConfirm,
    NotABadge,
    OwnBadgeMissing,
    SamePerson,
)
from lims.people.views.who import person_here, policy, re_authenticate
from lims.web.guard import signed_in
from lims.web.pages import laboratory, reading
from lims.web.rights import Right, may

_PIN = re.compile(r"[0-9]{4,8}")


def confirm_badge(
    badge_code: str,
    pin: str,
    *,
    not_by: Actor | None = None,
    right: Right = Right.WITNESS,
) -> Actor:
    """Return whose badge and PIN these are. Before `write`: never inside a transaction.

    `badge_code` is what was scanned or typed. Raises NotABadge, BadgeRevoked (closed accounts
    too), SamePerson for a badge of `not_by`, PinWrong (counted: too many let the account rest),
    MayNotConfirm for a role without `right`.
    """
    try:
        payload = read_payload(badge_code)
    except MistypedCode:
        raise NotABadge() from None
    if payload.kind is not Kind.BADGE:
        raise NotABadge()
    with reading() as session:
        try:
            person = queries.person_of_badge(session, payload.code)
        except NotFound:
            raise NotABadge() from None
        stored = queries.badge(session, payload.code).pin_hash
        actor, initials = person.actor, person.initials
    if not_by is not None and actor.id == not_by.id:
        raise SamePerson()
    checked = operations.check_stored_password(stored, pin.strip())
    with laboratory().database.writing() as session:
        attempt = operations.record_pin(
            session, payload.code, checked, policy=policy(), at=now()
        )  # fmt: skip
    attempt.settle()
    if not may(actor.role, right):
        raise MayNotConfirm(person=initials)
    return actor


def witness_of(sent: Mapping[str, Any], *, right: Right = Right.WITNESS) -> Actor:
    """Return the second person of a form loaded by WitnessSchema; never who sent the form.

    Raises as confirm_badge does.
    """
    return confirm_badge(
        sent["witness_badge"], sent["witness_pin"], not_by=signed_in(), right=right
    )  # fmt: skip


def confirm_own_pin(pin: str, *, of: Actor | None = None) -> None:
    """Ask the person at the keyboard for the PIN of the own badge. Before `write`.

    `of` is whoever works at a bench whose screen nobody signs in at. Raises OwnBadgeMissing,
    PinWrong.
    """
    owner = of if of is not None else person_here().actor
    with reading() as session:
        badge = queries.live_badge_of(session, owner.person or 0)
        code, stored = (badge.code, badge.pin_hash) if badge is not None else ("", "")
    if not code:
        raise OwnBadgeMissing()
    checked = operations.check_stored_password(stored, pin.strip())
    with laboratory().database.writing() as session:
        attempt = operations.record_pin(session, code, checked, policy=policy(), at=now())
    attempt.settle()


def confirm_oneself(secret: str) -> None:
    """Ask the person at the keyboard for the own PIN or password: 4 to 8 figures are a PIN.

    No password is that short. Before `write`. Raises OwnBadgeMissing, PinWrong, PasswordWrong.
    """
    if _PIN.fullmatch(secret.strip()):
        confirm_own_pin(secret)
    else:
        re_authenticate(secret)
