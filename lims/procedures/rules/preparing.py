# SPDX-License-Identifier: Apache-2.0
"""What a procedure of preparation asks for, beside its steps in words.

[preparation]
photographs = ["before"]       # of each sample: "before" it is ground, "after" it is prepared
tools = ["mill"]               # kinds of tools that are scanned for each sample

[[cleaning]]                   # what is done to each sample before it is ground, in this order
method = "bleach"
minutes = 5
reagent = "sodium hypochlorite"  # a lot of it is scanned into the set

[[decontamination]]            # what is done to a tool before it touches another sample
method = "uv"
minutes = 15
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lims.core.words import N_
from lims.people.rules import Activity
from lims.procedures.rules.fields import check_known, fault, one_of, section, tables, text_of

LONGEST_MINUTES = 10_000


class Method(StrEnum):
    """How a sample is cleaned, or a tool decontaminated."""

    MECHANICAL = "mechanical"
    DETERGENT = "detergent"
    BLEACH = "bleach"
    WATER = "water"
    ETHANOL = "ethanol"
    UV = "uv"
    HEAT = "heat"


METHOD_WORDS = {
    Method.MECHANICAL: N_("surface taken off"),
    Method.DETERGENT: N_("detergent"),
    Method.BLEACH: N_("bleach"),
    Method.WATER: N_("water"),
    Method.ETHANOL: N_("ethanol"),
    Method.UV: N_("UV light"),
    Method.HEAT: N_("heat"),
}


class ToolKind(StrEnum):
    """What a tool is that touches a sample."""

    MILL = "mill"
    CUTTER = "cutter"
    BLADE = "blade"
    DRILL = "drill"
    PUNCH = "punch"
    FORCEPS = "forceps"


TOOL_WORDS = {
    ToolKind.MILL: N_("mill"),
    ToolKind.CUTTER: N_("cutter"),
    ToolKind.BLADE: N_("blade"),
    ToolKind.DRILL: N_("drill"),
    ToolKind.PUNCH: N_("punch"),
    ToolKind.FORCEPS: N_("forceps"),
}


class PictureOf(StrEnum):
    """When a photograph in the laboratory is taken."""

    BEFORE = "before"
    AFTER = "after"


PICTURE_WORDS = {
    PictureOf.BEFORE: N_("before preparation"),
    PictureOf.AFTER: N_("after preparation"),
}


@dataclass(frozen=True)
class Treatment:
    """One step of cleaning or of decontamination; `minutes` 0 and `reagent` '' where none."""

    method: Method
    minutes: int
    reagent: str


@dataclass(frozen=True)
class Preparation:
    """What is asked of each sample, and of the tools between two."""

    photographs: tuple[PictureOf, ...] = ()
    tools: tuple[ToolKind, ...] = ()
    cleaning: tuple[Treatment, ...] = ()
    decontamination: tuple[Treatment, ...] = ()


NOTHING_ASKED = Preparation()


def read_preparation(read: Mapping[str, object], activity: Activity) -> Preparation:
    """Return what a document asks of preparation. Raises ProcedureRefused."""
    here = [key for key in ("preparation", "cleaning", "decontamination") if key in read]
    if here and activity is not Activity.PREPARATION:
        raise fault(
            N_("%(field)s belongs into a procedure of preparation only."), field=here[0]
        )  # fmt: skip
    asked = section(read, "preparation")
    check_known(asked, {"photographs", "tools"}, "preparation.")
    return Preparation(
        tuple(PictureOf(one) for one in _list(asked, "photographs", tuple(PictureOf))),
        tuple(ToolKind(one) for one in _list(asked, "tools", tuple(ToolKind))),
        _treatments(read, "cleaning"),
        _treatments(read, "decontamination"),
    )


def _list(asked: Mapping[str, object], key: str, choices: tuple[str, ...]) -> list[str]:
    value = asked.get(key, [])
    if not isinstance(value, list) or any(one not in choices for one in value):
        raise fault(
            N_("%(field)s: expected a list of %(expected)s."), field=f"preparation.{key}",
            expected=", ".join(choices),
        )  # fmt: skip
    return [one for one in choices if one in value]


def _treatments(read: Mapping[str, object], key: str) -> tuple[Treatment, ...]:
    found = []
    for where, each in tables(read, key, {"method", "minutes", "reagent"}):
        minutes = each.get("minutes", 0)
        # True is a number to Python.
        if type(minutes) is not int or not 0 <= minutes <= LONGEST_MINUTES:
            raise fault(
                N_("%(field)s must be a whole number from 0 to %(most)s."),
                field=f"{where}minutes", most=LONGEST_MINUTES,
            )  # fmt: skip
        found.append(
            Treatment(
                Method(one_of(each, "method", tuple(Method), where=where)), minutes,
                text_of(each, "reagent", most=80, where=where, needed=False),
            )
        )  # fmt: skip
    return tuple(found)
