# SPDX-License-Identifier: Apache-2.0
"""What the pages of repeats and urgency take in."""

from marshmallow import Schema, fields, validate

from lims.repeats.rules import RepeatKind, RepeatReason, UrgencyReason

_CODE = validate.Length(min=1, max=60)
_MAYBE = validate.Length(max=60)


class RepeatsSchema(Schema):
    """Where the list begins, and what the form is filled with beforehand."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**62))
    code = fields.String(load_default="", validate=_MAYBE)
    parent = fields.String(load_default="", validate=_MAYBE)
    position = fields.String(load_default="", validate=validate.Length(max=3))
    kind = fields.Enum(RepeatKind, by_value=True, load_default=None, allow_none=True)
    reason = fields.Enum(RepeatReason, by_value=True, load_default=None, allow_none=True)


class AskSchema(Schema):
    """A repeat: of what, why, and what it repeats."""

    kind = fields.Enum(RepeatKind, by_value=True, required=True)
    code = fields.String(required=True, validate=_CODE)
    reason = fields.Enum(RepeatReason, by_value=True, required=True)
    words = fields.String(load_default="", validate=validate.Length(max=200))
    parent = fields.String(load_default="", validate=_MAYBE)
    position = fields.String(load_default="", validate=validate.Length(max=3))
    urgent = fields.String(load_default="", validate=validate.OneOf(("", "yes")))


class WithdrawSchema(Schema):
    """Why a repeat is withdrawn."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


class UrgentSchema(Schema):
    """Which sample goes before others, and why."""

    code = fields.String(required=True, validate=_CODE)
    reason = fields.Enum(UrgencyReason, by_value=True, required=True)


class NothingSchema(Schema):
    """An act that needs nothing but the click."""
