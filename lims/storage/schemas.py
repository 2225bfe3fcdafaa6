# SPDX-License-Identifier: Apache-2.0
"""What the pages of storage take in."""

from marshmallow import Schema, fields, validate

from lims.storage.rules import LETTERS, MOST_COLUMNS, BoxUse, PlaceKind

_CODE = validate.Length(max=20)
_REASON = validate.Length(min=1, max=200)


class EmptySchema(Schema):
    """A button that says nothing but that it was pressed."""


class FindSchema(Schema):
    """A code, or a part of a place's name; the place after which the page begins."""

    search = fields.String(load_default="", validate=validate.Length(max=60))
    after = fields.String(load_default="", validate=_CODE)


class ShownSchema(Schema):
    """What of a place is shown: the page of its places, a filter of its things, a position."""

    after = fields.String(load_default="", validate=_CODE)
    position = fields.String(load_default="", validate=validate.Length(max=3))
    kind = fields.String(load_default="", validate=validate.OneOf(["", "B", "R", "A", "X"]))
    held = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


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


class NameSchema(Schema):
    """Another name of a place."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=60))


class RetireSchema(Schema):
    """Why a place is taken out of use."""

    reason = fields.String(required=True, validate=_REASON)


class PutSchema(Schema):
    """A thing and the position that was chosen for it."""

    thing = fields.String(required=True, validate=_CODE)
    position = fields.String(load_default="", validate=validate.Length(max=8))


class ManySchema(Schema):
    """Things that are moved together: chosen on the page, or listed, one code a line."""

    things = fields.List(fields.String(validate=_CODE), load_default=[])
    list = fields.String(load_default="", validate=validate.Length(max=20_000))
    to = fields.String(required=True, validate=_CODE)
    keep = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


class ReadsSchema(Schema):
    """What was read during a count, one code a line."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=20_000))


class SettleSchema(Schema):
    """How a difference is settled."""

    how = fields.String(required=True, validate=validate.OneOf(["moved", "explained"]))
    reason = fields.String(required=True, validate=_REASON)
    to = fields.String(load_default="", validate=_CODE)


class RackSchema(Schema):
    """A rack scanner's file that a preview carried on, and the token that confirms it."""

    content = fields.String(load_default="", validate=validate.Length(max=1_400_000))
    name = fields.String(load_default="", validate=validate.Length(max=120))
    confirmed = fields.String(load_default="", validate=validate.Length(max=64))
