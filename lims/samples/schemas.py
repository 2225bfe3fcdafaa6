# SPDX-License-Identifier: Apache-2.0
"""What the pages of samples take in."""

from marshmallow import Schema, fields, validate

from lims.custody.rules import HoldReason
from lims.samples.rules import (
    Consumption,
    CorrectionWhy,
    DestructionReason,
    DiscardReason,
    Line,
    SampleState,
)


def _remark() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=3, max=300))


class _Witness(Schema):
    """A second person, where the act turns out to need one: badge and PIN, or neither."""

    witness_badge = fields.String(load_default="", validate=validate.Length(max=40))
    witness_pin = fields.String(load_default="", validate=validate.Length(max=20))


class SampleSearchSchema(Schema):
    """The list: the beginning of a code, filters, and where the page begins."""

    search = fields.String(load_default="", validate=validate.Length(max=60))
    line = fields.Enum(Line, by_value=True, load_default=None, allow_none=True)
    state = fields.Enum(SampleState, by_value=True, load_default=None, allow_none=True)
    after = fields.String(load_default="", validate=validate.Length(max=11))


class QuarantineSchema(Schema):
    """Why a thing is put into quarantine."""

    reason = fields.Enum(HoldReason, by_value=True, required=True)
    remark = _remark()


class RemarkSchema(Schema):
    """An act whose reason is said in words."""

    remark = _remark()


class DiscardSchema(_Witness):
    """Why a tube is thrown away; a second person where it holds the last."""

    reason = fields.Enum(DiscardReason, by_value=True, required=True)
    remark = fields.String(load_default="", validate=validate.Length(max=300))


class CorrectSchema(_Witness):
    """What is left of a thing, in mg or µl, and why it is not what is on record."""

    left = fields.String(required=True, validate=validate.Length(max=20))
    reason = fields.Enum(CorrectionWhy, by_value=True, required=True)
    remark = _remark()


class DivideSchema(_Witness):
    """How much goes into a tube of its own, in mg or µl, and why."""

    amount = fields.String(required=True, validate=validate.Length(max=20))
    remark = _remark()
    station = fields.String(load_default="", validate=validate.Length(max=11))


class DestructionSchema(Schema):
    """Why a thing is to be destroyed."""

    reason = fields.Enum(DestructionReason, by_value=True, required=True)
    remark = fields.String(load_default="", validate=validate.Length(max=300))


class QueueSchema(Schema):
    """Where a page of the queue of destruction begins."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))


class RuleSchema(Schema):
    """The customer's rule for the last of a sample."""

    code = fields.String(required=True, validate=validate.Length(max=40))
    rule = fields.Enum(Consumption, by_value=True, required=True)


class PermissionSchema(Schema):
    """The customer's permission to use the last of a sample: number and date."""

    code = fields.String(required=True, validate=validate.Length(max=40))
    number = fields.String(required=True, validate=validate.Length(max=40))
    given_on = fields.Date(required=True)
