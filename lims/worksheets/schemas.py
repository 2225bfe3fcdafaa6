# SPDX-License-Identifier: Apache-2.0
"""What the pages of worksheets and robot files take in."""

from marshmallow import Schema, fields, validate

from lims.worksheets.rules import Ends, Separator
from lims.worksheets.rules.templates import LONGEST

_NAME = validate.Length(max=60)


class NothingSchema(Schema):
    """An act that needs nothing but the click."""


class ShownSchema(Schema):
    """By which template the robot's file is shown; none: the first."""

    template = fields.String(load_default="", validate=_NAME)


class WriteSchema(Schema):
    """By which template."""

    template = fields.String(required=True, validate=_NAME)


class EditSchema(Schema):
    """A saved template to begin with."""

    name = fields.String(load_default="", validate=_NAME)


class TemplateSchema(Schema):
    """A template; to be tried on a plate, or saved by its name."""

    name = fields.String(load_default="", validate=_NAME)
    # Line ends of browsers are two characters each.
    text = fields.String(
        required=True, validate=validate.Length(max=2 * LONGEST, error="Length is too long.")
    )
    separator = fields.Enum(Separator, by_value=True, load_default=Separator.COMMA)
    ends = fields.Enum(Ends, by_value=True, load_default=Ends.CRLF)
    decimal = fields.String(load_default=".", validate=validate.OneOf([".", ","]))
    extracts_only = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))
    plate = fields.String(load_default="", validate=validate.Length(max=40))
