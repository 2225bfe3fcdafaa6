# SPDX-License-Identifier: Apache-2.0
"""Reading the fields of a kit's document, each refused by the place where it stands."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from lims.core.errors import Value
from lims.core.words import N_, Say
from lims.kits.rules.versions import KitRefused

Record = Mapping[str, object]


def fault(words: str, **values: Value) -> KitRefused:
    """Return the refusal of a document, with what is wrong in marked words."""
    return KitRefused(fault=Say(words, values))


def known(read: Record, keys: Collection[str], where: str) -> None:
    """Refuse a key that is none of `keys`: it would be obeyed by nobody."""
    for key in read:
        if key not in keys:
            raise fault(
                N_("%(field)s is not known; known are %(expected)s."),
                field=(where + key)[:80], expected=", ".join(sorted(keys)),
            )  # fmt: skip


def text(read: Record, key: str, where: str = "", *, most: int = 60, needed: bool = True) -> str:
    """Return a text of at most `most` letters."""
    value = read.get(key, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise fault(
            N_("%(field)s must be a text of at most %(most)s letters."),
            field=where + key, most=most,
        )  # fmt: skip
    if needed and not value.strip():
        raise fault(N_("%(field)s is missing."), field=where + key)
    return value.strip()


def texts(read: Record, key: str, where: str = "") -> tuple[str, ...]:
    """Return a list of texts, which may be absent."""
    value = read.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(one, str) and one.strip() and len(one) <= 60 and one.isprintable()
        for one in value
    ):
        raise fault(N_("%(field)s must be a list of names."), field=where + key)
    return tuple(value)


def number(read: Record, key: str, where: str, *, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    value = read.get(key)
    # True is a number to Python.
    if type(value) is not int or not least <= value <= most:
        raise fault(
            N_("%(field)s must be a whole number from %(least)s to %(most)s."),
            field=where + key, least=least, most=most,
        )  # fmt: skip
    return value


def tables(read: Record, key: str, *, needed: bool = True) -> list[Record]:
    """Return a list of tables."""
    value = read.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise fault(N_("%(field)s must be a list of tables."), field=key)
    if needed and not value:
        raise fault(N_("%(field)s is missing."), field=key)
    return value


def table(read: Record, key: str, where: str = "") -> Record:
    """Return a table, empty where it is absent."""
    value = read.get(key, {})
    if not isinstance(value, dict):
        raise fault(N_("%(field)s must be a table of names and values."), field=where + key)
    return value


def sizes(value: object, field: str) -> tuple[Decimal, Decimal]:
    """Return a range of two sizes in bp, the lower first."""
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(type(one) is int or isinstance(one, Decimal) for one in value)
        and all(Decimal(one).is_finite() for one in value)
        and 0 <= value[0] < value[1] <= LONGEST_BP
    ):
        return Decimal(value[0]), Decimal(value[1])
    raise fault(
        N_("%(field)s must be two sizes in bp, the lower first, at most %(most)s."),
        field=field, most=LONGEST_BP,
    )  # fmt: skip


LONGEST_BP = 2_000
"""No fragment of a kit is longer, bp."""
