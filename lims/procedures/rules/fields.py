# SPDX-License-Identifier: Apache-2.0
"""Reading the fields of a procedure's document: what is wrong is named with its place."""

import re
from collections.abc import Mapping
from decimal import Decimal

from lims.core.errors import Refusal, Value
from lims.core.words import N_, Say

_DECIMAL = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


class ProcedureRefused(Refusal):
    """A document that says something no procedure can say, or not enough."""

    says = N_("This procedure cannot be used: %(fault)s")
    do = N_("Correct it and save again. Nothing was stored.")
    status = 422


def fault(words: str, **values: Value) -> ProcedureRefused:
    return ProcedureRefused(fault=Say(words, values))


def check_known(read: Mapping[str, object], known: frozenset[str] | set[str], where: str) -> None:
    for key in read:
        if key not in known:
            raise fault(
                N_("%(field)s is not known; known are %(expected)s."),
                field=where + key, expected=", ".join(sorted(known)),
            )  # fmt: skip


def text_of(
    read: Mapping[str, object], key: str, *, most: int = 1000, where: str = "", needed: bool = True
) -> str:
    value = read.get(key, "")
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise fault(
            N_("%(field)s must be a text of at most %(most)s letters."),
            field=where + key,
            most=most,
        )
    if needed and not value.strip():
        raise fault(N_("%(field)s is missing."), field=where + key)
    return value.strip()


def one_of(read: Mapping[str, object], key: str, known: tuple[str, ...], *, where: str = "") -> str:
    value = text_of(read, key, where=where)
    if value not in known:
        raise fault(
            N_("%(field)s: “%(value)s” – expected one of %(expected)s."),
            field=where + key, value=value[:60], expected=", ".join(known),
        )  # fmt: skip
    return value


def yes(read: Mapping[str, object], key: str, where: str) -> bool:
    value = read.get(key, False)
    if not isinstance(value, bool):
        raise fault(N_("%(field)s must be true or false."), field=where + key)
    return value


def tables(
    read: Mapping[str, object], key: str, known: set[str]
) -> list[tuple[str, Mapping[str, object]]]:
    value = read.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise fault(N_("%(field)s must be written as [[%(field)s]]."), field=key)
    found = []
    for number, each in enumerate(value, 1):
        where = f"{key} {number}: "
        check_known(each, known, where)
        found.append((where, each))
    return found


def section(read: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = read.get(key, {})
    if not isinstance(value, dict):
        raise fault(N_("%(field)s must be written as [%(field)s]."), field=key)
    return value


def decimal(value: object, field: str) -> Decimal:
    # A float would already have lost what was written.
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise fault(
            N_("%(field)s must be a decimal in quotes, such as \"0.75\"."), field=field
        )  # fmt: skip
    return Decimal(value)
