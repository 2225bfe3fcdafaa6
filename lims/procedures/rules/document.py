# SPDX-License-Identifier: Apache-2.0
"""The document of a procedure: a TOML text that says what is done, with what, and what controls it.

name = "EX-04"
title = "Bone: full demineralisation and silica extraction"
title_ar = "…"
activity = "extraction"
lines = ["bone"]
needs_authorisation = true

[controls]              # how many stand in a batch or on a plate, at least
blank = 1

[limits]                # figures of the procedure, as decimals
elution_ul = "50"

[plate]                 # how free wells are taken: "down" the columns (as if absent), or "across"
order = "down"

[[step]]
words = "Demineralise overnight."
words_ar = "…"

[[reagent]]
name = "extraction buffer"
volume_ul = "1400"      # for one tube or well; absent: as needed
required = true

[[instrument]]
kind = "thermal cycler"
program = "29 cycles"
required = true

A procedure of preparation may also have [preparation], [[cleaning]] and [[decontamination]]: see
preparing.py.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lims.core.words import N_
from lims.people.rules import Activity, Line
from lims.procedures.rules.fields import ProcedureRefused as ProcedureRefused
from lims.procedures.rules.fields import (
    check_known,
    decimal,
    fault,
    one_of,
    section,
    tables,
    text_of,
    yes,
)
from lims.procedures.rules.preparing import NOTHING_ASKED, Preparation, read_preparation

LONGEST_TEXT = 64_000
"""Bytes of UTF-8 that a document may have."""

CONTROLS = ("blank", "positive", "negative", "ladder", "standard")
"""What a procedure can ask for beside the samples; the values of lims.plates.rules.WellRole."""

CONTROL_WORDS = {
    "blank": N_("reagent blank"),
    "positive": N_("positive control"),
    "negative": N_("negative control"),
    "ladder": N_("allelic ladder"),
    "standard": N_("standard"),
}


class PlateOrder(StrEnum):
    """In which order the free wells of a plate are taken."""

    DOWN = "down"
    ACROSS = "across"


PLATE_ORDER_WORDS = {
    PlateOrder.DOWN: N_("down the columns: A01, B01 …"),
    PlateOrder.ACROSS: N_("across the rows: A01, A02 …"),
}

_MOST = 96
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}")
_LIMIT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TOP = frozenset(
    {
        "name", "title", "title_ar", "activity", "lines", "needs_authorisation", "controls",
        "limits", "plate", "step", "reagent", "instrument", "preparation", "cleaning",
        "decontamination",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step, in English and Arabic; `words_ar` may be empty."""

    words: str
    words_ar: str


@dataclass(frozen=True)
class NeededReagent:
    """A reagent by name; `volume_nl` nanolitres for one tube or well, None as needed."""

    name: str
    volume_nl: int | None
    required: bool


@dataclass(frozen=True)
class NeededInstrument:
    """A kind of instrument, and the program it runs ('' none)."""

    kind: str
    program: str
    required: bool


@dataclass(frozen=True)
class Document:
    """What a version of a procedure says. `controls` holds only those asked for, by CONTROLS."""

    name: str
    title: str
    title_ar: str
    activity: Activity
    lines: tuple[Line, ...]
    needs_authorisation: bool
    controls: Mapping[str, int]
    limits: Mapping[str, Decimal]
    steps: tuple[Step, ...]
    reagents: tuple[NeededReagent, ...]
    instruments: tuple[NeededInstrument, ...]
    plate_order: PlateOrder = PlateOrder.DOWN
    preparation: Preparation = NOTHING_ASKED


def read_document(text: str) -> Document:
    """Return what a document says. Raises ProcedureRefused naming the place and what is expected.

    Nothing is passed over: a key that is not known is refused, since it would be obeyed by nobody.
    """
    if len(text.encode("utf-8")) > LONGEST_TEXT:
        raise fault(N_("it is longer than %(most)s bytes."), most=LONGEST_TEXT)
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise fault(N_("it is no TOML: %(error)s."), error=str(error)[:200]) from error
    check_known(read, _TOP, "")
    activity = one_of(read, "activity", tuple(Activity))
    name = text_of(read, "name", most=40)
    if not _NAME.fullmatch(name):
        raise fault(
            N_("%(field)s: “%(value)s” – letters, digits, spaces and . _ + - only."),
            field="name", value=name,
        )  # fmt: skip
    steps = tuple(
        Step(
            text_of(each, "words", where=where),
            text_of(each, "words_ar", where=where, needed=False),
        )
        for where, each in tables(read, "step", {"words", "words_ar"})
    )
    if not steps:
        raise fault(N_("it has no step: write at least one [[step]] with its words."))
    return Document(
        name=name,
        title=text_of(read, "title", most=120),
        title_ar=text_of(read, "title_ar", most=120, needed=False),
        activity=Activity(activity),
        lines=_lines(read),
        needs_authorisation=yes(read, "needs_authorisation", ""),
        controls=_controls(read),
        limits=_limits(read),
        steps=steps,
        reagents=_reagents(read),
        instruments=tuple(
            NeededInstrument(
                text_of(each, "kind", most=60, where=where),
                text_of(each, "program", most=120, where=where, needed=False),
                yes(each, "required", where),
            )
            for where, each in tables(read, "instrument", {"kind", "program", "required"})
        ),
        plate_order=_plate_order(read),
        preparation=read_preparation(read, Activity(activity)),
    )


def _lines(read: Mapping[str, object]) -> tuple[Line, ...]:
    value = read.get("lines", [line.value for line in Line])
    known = [line.value for line in Line]
    if not isinstance(value, list) or not value or any(each not in known for each in value):
        raise fault(
            N_("%(field)s: expected a list of %(expected)s."), field="lines",
            expected=", ".join(known),
        )  # fmt: skip
    return tuple(line for line in Line if line.value in value)


def _controls(read: Mapping[str, object]) -> dict[str, int]:
    asked = section(read, "controls")
    check_known(asked, set(CONTROLS), "controls.")
    found = {}
    for key, value in asked.items():
        # True is a number to Python.
        if type(value) is not int or not 0 <= value <= _MOST:
            raise fault(
                N_("%(field)s must be a whole number from 0 to %(most)s."),
                field=f"controls.{key}", most=_MOST,
            )  # fmt: skip
        if value:
            found[key] = value
    return found


def _plate_order(read: Mapping[str, object]) -> PlateOrder:
    asked = section(read, "plate")
    check_known(asked, {"order"}, "plate.")
    if not asked:
        return PlateOrder.DOWN
    return PlateOrder(one_of(asked, "order", tuple(PlateOrder), where="plate."))


def _limits(read: Mapping[str, object]) -> dict[str, Decimal]:
    found = {}
    for key, value in section(read, "limits").items():
        if not _LIMIT.fullmatch(key):
            raise fault(
                N_("%(field)s: “%(value)s” – small letters, digits and _ only."),
                field="limits", value=key[:60],
            )  # fmt: skip
        found[key] = decimal(value, f"limits.{key}")
    return found


def _reagents(read: Mapping[str, object]) -> tuple[NeededReagent, ...]:
    found = []
    for where, each in tables(read, "reagent", {"name", "volume_ul", "required"}):
        volume = each.get("volume_ul")
        amount = None if volume is None else decimal(volume, f"{where}volume_ul") * 1000
        if amount is not None and amount != int(amount):
            raise fault(
                N_("%(field)s is finer than a nanolitre (three decimals)."),
                field=f"{where}volume_ul",
            )  # fmt: skip
        found.append(
            NeededReagent(
                text_of(each, "name", most=80, where=where),
                None if amount is None else int(amount),
                yes(each, "required", where),
            )
        )
    return tuple(found)
