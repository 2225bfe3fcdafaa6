# SPDX-License-Identifier: Apache-2.0
"""What the quality officer sends."""

from marshmallow import Schema, fields, validate

from lims.custody.rules import HoldReason


class LedgerPageSchema(Schema):
    """Which part of the ledger is looked at: the events before an index, or those of one thing."""

    before = fields.Integer(load_default=None, validate=validate.Range(min=0))
    code = fields.String(load_default="", validate=validate.Length(max=40))


class HoldSchema(Schema):
    """A hold to be set."""

    code = fields.String(required=True, validate=validate.Length(max=40))
    reason = fields.Enum(HoldReason, by_value=True, required=True)
    remark = fields.String(required=True, validate=validate.Length(min=3, max=300))


class LiftSchema(Schema):
    """Why a hold is lifted."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=300))
