# SPDX-License-Identifier: Apache-2.0
"""What the pages of storage take in."""

from marshmallow import Schema, fields, validate

from lims.storage.rules import LETTERS, MOST_COLUMNS, BoxUse, PlaceKind

_CODE = validate.Length(max=11)


class FindSchema(Schema):
    """A code, or a part of a place's name."""

    search = fields.String(load_default="", validate=validate.Length(max=60))


class PlaceSchema(Schema):
    """A new place, and the station where its label is printed."""

    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=60))
    parent = fields.String(load_default="", validate=_CODE)
    rows = fields.Integer(load_default=None, validate=validate.Range(1, len(LETTERS)))
    columns = fields.Integer(load_default=None, validate=validate.Range(1, MOST_COLUMNS))
    takes = fields.Enum(BoxUse, by_value=True, load_default=BoxUse.ANYTHING)
    station = fields.String(load_default="", validate=_CODE)


class MoveSchema(Schema):
    """Where a place is moved to."""

    to = fields.String(required=True, validate=_CODE)
