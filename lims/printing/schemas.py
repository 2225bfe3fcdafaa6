# SPDX-License-Identifier: Apache-2.0
"""What agents and people send about labels."""

from marshmallow import Schema, fields, validate

from lims.printing.rules import PrintOutcome

_COUNT = validate.Range(min=0, max=2**31 - 1)


class OutcomeSchema(Schema):
    """An agent's word on a print job."""

    fence = fields.Integer(required=True, strict=True)
    outcome = fields.Enum(PrintOutcome, by_value=True, required=True)
    odometer_before = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=_COUNT
    )
    odometer_after = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=_COUNT
    )
    detail = fields.String(load_default="", validate=validate.Length(max=500))


class WaitSchema(Schema):
    """How long an agent waits for a label, and what its printer prints."""

    wait = fields.Integer(load_default=0, validate=validate.Range(min=0, max=25))
    idle = fields.Boolean(load_default=False)
    most = fields.Integer(load_default=1, validate=validate.Range(min=1, max=20))
    dpi = fields.Integer(load_default=300, validate=validate.OneOf((203, 300, 600)))


class ReprintSchema(Schema):
    """Why a new label, and where."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))
    station = fields.String(required=True, validate=validate.Length(max=11))
