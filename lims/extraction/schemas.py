# SPDX-License-Identifier: Apache-2.0
"""What the page of extraction takes in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line


class BatchSchema(Schema):
    """A new extraction batch, and the station where its card is printed."""

    line = fields.Enum(Line, by_value=True, required=True)
    procedure = fields.Integer(required=True)
    station = fields.String(required=True, validate=validate.Length(max=11))
