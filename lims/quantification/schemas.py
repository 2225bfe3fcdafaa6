# SPDX-License-Identifier: Apache-2.0
"""What the pages of quantification take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line

_SHORT = validate.Length(max=40)


class PlateSchema(Schema):
    """A new quantification plate, and the station where its label is printed."""

    kit = fields.String(required=True, validate=validate.Length(max=60))
    procedure = fields.Integer(required=True)
    line = fields.Enum(Line, by_value=True, load_default=None, allow_none=True)
    file_plate_name = fields.String(load_default="", validate=validate.Length(max=120))
    station = fields.String(required=True, validate=validate.Length(max=11))


class TableSchema(Schema):
    """Beside the file of a table: why it replaces earlier figures."""

    reason = fields.String(load_default="", validate=validate.Length(max=200))


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
