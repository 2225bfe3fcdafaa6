# SPDX-License-Identifier: Apache-2.0
"""What the pages of dispatches are sent."""

from typing import Any

from marshmallow import Schema, fields, validate

from lims.cases.rules.dispatch_columns import Column
from lims.cases.rules.dispatches import Decision, DiscrepancyKind
from lims.people.rules import Line
from lims.people.schemas import WitnessSchema

TOO_LONG = "Length is too long."
Words = dict[str, str | list[Any] | dict[Any, Any]]
WRONG_CHOICE: Words = {"unknown": "Not a valid choice."}
WRONG_DAY: Words = {"invalid": "Not a valid date."}
MOST_TYPED = 200
"""Rows at most that are typed into one page."""


def _text(longest: int, *, required: bool = False) -> fields.String:
    most = validate.Length(max=longest, error=TOO_LONG)
    if required:
        return fields.String(required=True, validate=most)
    return fields.String(load_default="", validate=most)


def _column(longest: int) -> fields.List[str]:
    one = fields.String(validate=validate.Length(max=longest, error=TOO_LONG))
    return fields.List(one, load_default=list, validate=validate.Length(max=MOST_TYPED))


def _line() -> fields.Enum[Line]:
    return fields.Enum(Line, by_value=True, load_default=Line.BONE, error_messages=WRONG_CHOICE)


class DispatchesSchema(Schema):
    """The list of dispatches: after which one a page begins."""

    before = _text(80)


class DispatchPageSchema(Schema):
    """One dispatch: after which row the items begin, and the package worked on."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**31))
    package = _text(32)


class NewListSchema(Schema):
    """Which kind of list is typed in."""

    line = _line()
    rows = fields.Integer(load_default=8, validate=validate.Range(min=1, max=MOST_TYPED))


class TemplateSchema(Schema):
    """Which file to fill in."""

    line = _line()
    language = fields.String(load_default="en", validate=validate.OneOf(("en", "ar")))
    kind = fields.String(load_default="xlsx", validate=validate.OneOf(("csv", "xlsx")))


class UploadSchema(Schema):
    """A list as a file: who sends it. The file comes beside it."""

    sender = _text(120, required=True)
    line = _line()
    number = _text(40)
    again = _text(500)
    act = fields.String(load_default="check", validate=validate.OneOf(("check", "take")))


class TypedSchema(Schema):
    """A list typed into the page: one value a row in each column."""

    sender = _text(120, required=True)
    line = _line()
    number = _text(40)
    again = _text(500)
    act = fields.String(load_default="check", validate=validate.OneOf(("check", "take")))
    seal = _column(60)
    package = _column(60)
    site = _column(20)
    case = _column(40)
    field = _column(40)
    donor = _column(40)
    element = _column(60)
    side = _column(20)
    material = _column(30)
    mass = _column(20)
    count = _column(10)
    taken_on = _column(20)
    remarks = _column(500)


class MappingSchema(Schema):
    """What a sender calls its columns: headers, and the column each stands for."""

    header = fields.List(
        fields.String(validate=validate.Length(max=80, error=TOO_LONG)), load_default=list
    )
    column = fields.List(
        fields.String(validate=validate.OneOf(["", *Column], error="Not a valid choice.")),
        load_default=list,
    )


class ArrivalSchema(Schema):
    """Who brings a dispatch: somebody from outside, or a colleague with badge and PIN."""

    name = _text(120)
    organisation = _text(120)
    document = _text(60)
    witness_badge = _text(40)
    witness_pin = _text(20)


class ReadSchema(Schema):
    """One scan at receiving, and the package worked on."""

    read = _text(120, required=True)
    package = _text(32)


class WitnessedSchema(WitnessSchema):
    """An act that needs a reason and a second person."""

    reason = _text(500, required=True)


class SealSchema(Schema):
    """A new seal."""

    seal_number = _text(60, required=True)


class WeighSchema(Schema):
    """What the balance says, in mg; a reason where the list says something else."""

    mass = _text(20, required=True)
    reason = _text(500)


class DiscrepancySchema(Schema):
    """What differs; the photograph comes as a file."""

    kind = fields.Enum(DiscrepancyKind, by_value=True, required=True, error_messages=WRONG_CHOICE)
    package = _text(32)
    item = _text(32)
    read = _text(120)
    reason = _text(500, required=True)


class DecisionSchema(WitnessedSchema):
    """What is decided of a discrepancy."""

    decision = fields.Enum(Decision, by_value=True, required=True, error_messages=WRONG_CHOICE)


class ReceiveSchema(Schema):
    """The end of receiving; the day of sampling where the list does not say it."""

    taken_on = fields.Date(load_default=None, error_messages=WRONG_DAY)
