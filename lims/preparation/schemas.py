# SPDX-License-Identifier: Apache-2.0
"""What the pages of preparation take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line
from lims.preparation.rules import Method, PictureOf, ToolKind

_CODE = validate.Length(max=11)


class SetSchema(Schema):
    """A new set, and the station where its card is printed."""

    line = fields.Enum(Line, by_value=True, required=True)
    procedure = fields.Integer(required=True)
    station = fields.String(required=True, validate=_CODE)


class ToolSchema(Schema):
    """A new tool; `instrument` is one that is a tool."""

    kind = fields.Enum(ToolKind, by_value=True, required=True)
    name = fields.String(required=True, validate=validate.Length(min=2, max=60))
    station = fields.String(required=True, validate=_CODE)
    instrument = fields.String(load_default="", validate=_CODE)


class CleanedSchema(Schema):
    """A sample that was cleaned as in the procedure; none: all that wait."""

    sample = fields.String(load_default="", validate=_CODE)


class StepSchema(Schema):
    """One step of cleaning that was done with a sample."""

    sample = fields.String(required=True, validate=_CODE)
    method = fields.Enum(Method, by_value=True, required=True)
    minutes = fields.Integer(load_default=0)
    lot = fields.String(load_default="", validate=_CODE)


class PhotographSchema(Schema):
    """Of which sample a photograph is, and when it was taken; `station` where it was."""

    sample = fields.String(required=True, validate=_CODE)
    kind = fields.Enum(PictureOf, by_value=True, required=True)
    station = fields.String(load_default="", validate=_CODE)


class WithdrawSchema(Schema):
    """Why a photograph is withdrawn."""

    reason = fields.String(required=True, validate=validate.Length(max=200))


class TakeOutSchema(Schema):
    """Which sample is taken out of a set, and why."""

    sample = fields.String(required=True, validate=_CODE)
    reason = fields.String(required=True, validate=validate.Length(max=200))


class DecontaminationSchema(Schema):
    """How a tool was decontaminated outside a set."""

    method = fields.Enum(Method, by_value=True, required=True)
    minutes = fields.Integer(load_default=0)


class NothingSchema(Schema):
    """A form of one button."""


class SmallSchema(Schema):
    """Whether the thumbnail is asked for."""

    small = fields.Boolean(load_default=False)
