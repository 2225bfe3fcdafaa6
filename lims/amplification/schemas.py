# SPDX-License-Identifier: Apache-2.0
"""What the pages of amplification take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line


class PlateSchema(Schema):
    """A new amplification plate, and the station where its label is printed."""

    kit = fields.String(required=True, validate=validate.Length(max=60))
    procedure = fields.Integer(required=True)
    line = fields.Enum(Line, by_value=True, required=True)
    file_plate_name = fields.String(load_default="", validate=validate.Length(max=120))
    station = fields.String(required=True, validate=validate.Length(max=11))
