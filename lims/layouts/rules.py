# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a layout, in words; and the names that layouts have on pages."""

from dataclasses import dataclass

from labels.errors import LabelError
from labels.layout import Layout
from lims.core.errors import Refusal
from lims.core.words import N_, Say

SHIPPED = 0
"""The number of the version that came with the software."""


@dataclass(frozen=True)
class Versioned:
    """A layout and which version of it this is: 0 is the shipped one."""

    layout: Layout
    number: int
    text: str
    sha256: str


class LayoutUnknown(Refusal):
    """No layout of this name, or no such version of it."""

    says = N_("There is no label layout %(name)s, or no such version of it.")
    do = N_("Choose one of the list.")
    status = 404


class LayoutRefused(Refusal):
    """A layout that would print labels nobody can read, or none at all."""

    says = N_("This layout cannot be used: %(fault)s")
    do = N_("Correct it and save again. Nothing was stored; the version in use stays in use.")
    status = 422


class LayoutChanged(Refusal):
    """Somebody saved another version, or changed the file, after this page was read."""

    says = N_("The layout %(name)s was changed by somebody else in the meantime.")
    do = N_("Open it again and repeat what is still right. Nothing was stored.")


class LayoutSame(Refusal):
    """What was sent is what is in use already."""

    says = N_("Version %(number)s of the layout %(name)s is the same, letter for letter.")
    do = N_("There is nothing to save.")


NAMES = {
    "bench card": N_("bench card"),
    "batch card": N_("batch card"),
    "bone bag": N_("bone bag"),
    "box": N_("box"),
    "case folder": N_("case folder"),
    "cryo tube wrap": N_("cryo tube wrap"),
    "plate": N_("plate, side"),
    "reagent lot": N_("reagent lot"),
    "shelf": N_("shelf"),
    "staff badge": N_("staff badge"),
    "tube": N_("tube"),
    "tube cap": N_("cap of a tube"),
    "tube on sheet": N_("tube, on a sheet"),
}
"""What the shipped layouts are called on pages; one that a laboratory named bears that name."""

VALUE_WORDS = {
    "shortest": N_("shortest values"),
    "longest": N_("longest values"),
    "arabic": N_("longest Arabic values"),
}

_FAULTS = {
    "bad_layout": N_("%(field)s: “%(value)s” – expected: %(expected)s"),
    "absent": N_("%(field)s is missing: every label needs a symbol and the code in letters, and "
                 "every place a value."),
    "module_too_small": N_("%(field)s: a module of %(value)s is too fine; %(expected)s."),
    "bars_too_low": N_("%(field)s: bars %(value)s high are too low; %(expected)s."),
    "letters_too_small": N_("%(field)s: letters of %(value)s are too small; %(expected)s."),
    "too_wide": N_("%(field)s: “%(value)s” is wider than its place of %(expected)s."),
    "too_tall": N_("%(field)s: “%(value)s” is higher than its place of %(expected)s."),
    "no_glyph": N_("%(field)s: “%(value)s” has a letter that the font lacks: %(expected)s."),
    "undrawable": N_("%(field)s: “%(value)s” cannot be drawn at this size."),
    "control_character": N_("%(field)s: a control character in “%(value)s”: %(expected)s."),
    "wrong_script": N_("%(field)s: “%(value)s” is not of the script of this place."),
    "outside": N_("%(field)s, with the white round it, does not lie within the label of "
                  "%(expected)s."),
    "overlap": N_("%(field)s and %(value)s lie over each other; the white round a symbol counts."),
    "bad_payload": N_("%(field)s: the symbol would not hold what it must hold."),
}  # fmt: skip
_OTHER = N_("%(field)s: “%(value)s” – expected: %(expected)s (%(reason)s)")


def fault_words(error: LabelError) -> Say:
    """Return what is wrong with a layout or a value, for people."""
    values: dict[str, str | int | Say] = {
        "field": error.field, "value": error.value[:120], "expected": error.expected,
    }  # fmt: skip
    if error.reason not in _FAULTS:
        values["reason"] = error.reason
        return Say(_OTHER, values)
    return Say(_FAULTS[error.reason], values)


def layout_words(name: str) -> Say | str:
    """Return what a layout is called on pages."""
    return Say(NAMES[name]) if name in NAMES else name


def slug(name: str) -> str:
    """Return a layout's name as it stands in addresses, file names and the ledger."""
    return name.replace(" ", "-")


def unslug(text: str) -> str:
    """Return the name of a layout from an address."""
    return text.replace("-", " ")
