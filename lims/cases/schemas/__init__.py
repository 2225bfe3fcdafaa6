# SPDX-License-Identifier: Apache-2.0
"""What the pages of remains are sent."""

from typing import Any

from marshmallow import Schema, fields, validate

from lims.cases.rules import LONGEST_NUMBER, LONGEST_PATTERN, Burial
from lims.samples.rules import Consumption, ExpectedSex, Material, Side

Words = dict[str, str | list[Any] | dict[Any, Any]]
WRONG_CHOICE: Words = {"unknown": "Not a valid choice."}
WRONG_DAY: Words = {"invalid": "Not a valid date."}
TOO_LONG = "Length is too long."
REMAINS = (Material.BONE, Material.TOOTH)


def text(longest: int, *, required: bool = False) -> fields.String:
    """Return a field of text of at most `longest` characters."""
    most = validate.Length(max=longest, error=TOO_LONG)
    if required:
        return fields.String(required=True, validate=most)
    return fields.String(load_default="", validate=most)


def consumption_rule() -> fields.Enum[Consumption]:
    """Return the field of the customer's rule for the last of a sample."""
    return fields.Enum(
        Consumption, by_value=True, load_default=Consumption.FREE, error_messages=WRONG_CHOICE
    )


class NothingSchema(Schema):
    """A form of one button."""


class SearchSchema(Schema):
    """A number, or a name; never in an address, where logs would keep it."""

    search = text(120, required=True)


class CasesSchema(Schema):
    """The list of cases: after which one a page begins."""

    before = text(80)


class CaseItemsSchema(Schema):
    """The items of a case: after which one a page begins."""

    after = text(80)


class SiteSchema(Schema):
    """A recovery site."""

    code = text(20, required=True)
    name = text(120, required=True)
    coordinates = text(60)
    number_pattern = text(LONGEST_PATTERN)


class CaseSchema(Schema):
    """A case of a site."""

    number = text(LONGEST_NUMBER, required=True)
    description = text(2000)


class SamplingSchema(Schema):
    """What was taken of an item; the photograph comes as a file."""

    material = fields.Enum(
        Material, by_value=True, required=True, error_messages=WRONG_CHOICE,
        validate=validate.OneOf(REMAINS, error="Not a valid choice."),
    )  # fmt: skip
    mass = text(20, required=True)
    element = text(40)
    side = fields.Enum(Side, by_value=True, load_default=None, error_messages=WRONG_CHOICE)
    segment = text(200)
    expected_sex = fields.Enum(
        ExpectedSex, by_value=True, load_default=ExpectedSex.UNKNOWN, error_messages=WRONG_CHOICE
    )
    burial = fields.Enum(
        Burial, by_value=True, load_default=Burial.UNKNOWN, error_messages=WRONG_CHOICE
    )
    taken_on = fields.Date(required=True, error_messages=WRONG_DAY)
    taken_by = text(120)
    seal_number = text(60)
    consumption = consumption_rule()


class ReasonSchema(Schema):
    """Why."""

    reason = text(500, required=True)


class CodingSchema(Schema):
    """A list to code together, and where its labels come out."""

    samplings = fields.List(fields.String(validate=validate.Length(max=32)), load_default=list)
    station = text(9, required=True)
    urgent = text(500)
