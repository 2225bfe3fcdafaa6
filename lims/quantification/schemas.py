# SPDX-License-Identifier: Apache-2.0
"""What the pages of quantification take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line
from lims.quantification.rules import LIMIT_FIELDS, NextStep

_SHORT = validate.Length(max=40)


class PlateSchema(Schema):
    """A new quantification plate, and the station where its label is printed."""

    kit = fields.String(required=True, validate=validate.Length(max=60))
    procedure = fields.Integer(required=True)
    line = fields.Enum(Line, by_value=True, load_default=None, allow_none=True)
    file_plate_name = fields.String(load_default="", validate=validate.Length(max=120))
    station = fields.String(required=True, validate=validate.Length(max=11))


class TableSchema(Schema):
    """Beside the file of a table, or the hash of one that was shown before: why it replaces
    earlier figures, and the name of the mapping that reads it.
    """

    reason = fields.String(load_default="", validate=validate.Length(max=200))
    mapping = fields.String(load_default="", validate=validate.Length(max=60))
    sha256 = fields.String(load_default="", validate=validate.Regexp(r"(?:[0-9a-f]{64})?\Z"))
    name = fields.String(load_default="", validate=validate.Length(max=200))


class DecisionsSchema(Schema):
    """Which proposals are confirmed: the extract and the number of what was seen, "X…:12"."""

    confirm = fields.List(fields.String(validate=validate.Length(max=40)), load_default=list)


class OverrideSchema(Schema):
    """What is decided instead of a proposal, and why; volume in µl, of a dilution 1 to that."""

    decision = fields.String(required=True, validate=validate.Length(max=40))
    step = fields.Enum(NextStep, by_value=True, required=True)
    volume = fields.String(load_default="", validate=validate.Length(max=20))
    dilution = fields.Integer(load_default=1, validate=validate.Range(min=1, max=100_000))
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class SettleSchema(Schema):
    """What a second person says of proposed limits."""

    verdict = fields.String(required=True, validate=validate.OneOf(["approve", "refuse"]))


class _NewLimits(Schema):
    """What stands beside the limits themselves."""

    dilutions = fields.String(load_default="", validate=validate.Length(max=80))
    reason = fields.String(load_default="", validate=validate.Length(max=200))


LimitsSchema = _NewLimits.from_dict(
    {one.name: fields.String(load_default="", validate=_SHORT) for one in LIMIT_FIELDS},
    name="LimitsSchema",
)
"""Limits as a person writes them, each by its name."""
LimitsSchema.__module__ = __name__


class MappingSchema(Schema):
    """How a table is read: fields and the columns that hold them, names of targets and tasks.

    `called` are the names of the four targets in their order, several apart by commas.
    """

    name = fields.String(load_default="", validate=validate.Length(max=60))
    field = fields.List(fields.String(validate=_SHORT), load_default=list)
    column = fields.List(fields.String(validate=validate.Length(max=120)), load_default=list)
    called = fields.List(fields.String(validate=validate.Length(max=400)), load_default=list)
    standards = fields.String(load_default="", validate=validate.Length(max=400))
    empties = fields.String(load_default="", validate=validate.Length(max=400))
    sheet = fields.String(load_default="", validate=validate.Length(max=120))
    unit = fields.String(load_default="ng", validate=validate.OneOf(["ng", "pg"]))
    decimal = fields.String(load_default="", validate=validate.OneOf(["", ".", ","]))
    sha256 = fields.String(load_default="", validate=validate.Regexp(r"(?:[0-9a-f]{64})?\Z"))
    file_name = fields.String(load_default="", validate=validate.Length(max=200))


class FiguresSchema(Schema):
    """Figures entered by hand, a row a well: ng/µl, cycles of the internal control; '' is none."""

    position = fields.List(fields.String(validate=validate.Length(max=4)), required=True)
    small = fields.List(fields.String(validate=_SHORT), load_default=list)
    large = fields.List(fields.String(validate=_SHORT), load_default=list)
    y = fields.List(fields.String(validate=_SHORT), load_default=list)
    ipc = fields.List(fields.String(validate=_SHORT), load_default=list)
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class AfterSchema(Schema):
    """Where a list goes on: the code of the last row of the page before."""

    after = fields.String(load_default="", validate=validate.Length(max=11))


class DilutionSchema(Schema):
    """What is diluted: volume in µl, the factor as written, the code of the diluent's lot."""

    volume = fields.String(required=True, validate=validate.Length(max=20))
    factor = fields.String(required=True, validate=validate.Length(max=20))
    lot = fields.String(required=True, validate=validate.Length(max=40))
    remark = fields.String(load_default="", validate=validate.Length(max=200))
    station = fields.String(load_default="", validate=validate.Length(max=11))
