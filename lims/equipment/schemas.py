# SPDX-License-Identifier: Apache-2.0
"""What the pages of instruments take in."""

from marshmallow import Schema, fields, validate

from lims.equipment.rules import ConsumableKind, InstrumentKind, PlanKind
from lims.people.rules import Activity

_NAME = validate.Length(min=1, max=60)
_DAYS = validate.Range(1, 10_000)
_MOST = validate.Range(1, 1_000_000)


class InstrumentSchema(Schema):
    """A new instrument, and the station where its label is printed."""

    name = fields.String(required=True, validate=_NAME)
    kind = fields.Enum(InstrumentKind, by_value=True, load_default=InstrumentKind.OTHER)
    activity = fields.Enum(Activity, by_value=True, required=True)
    serial = fields.String(load_default="", validate=validate.Length(max=60))
    calibration_due = fields.Date(required=True)
    interval_days = fields.Integer(load_default=365, validate=_DAYS)
    station = fields.String(load_default="", validate=validate.Length(max=11))


class PlanSchema(Schema):
    """A calibration or maintenance that comes again and again."""

    kind = fields.Enum(PlanKind, by_value=True, required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    interval_days = fields.Integer(required=True, validate=_DAYS)
    due = fields.Date(required=True)


class UpkeepSchema(Schema):
    """What was done under a plan."""

    done_on = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)
    done_by = fields.String(load_default="", validate=validate.Length(max=80))
    certificate = fields.String(load_default="", validate=validate.Length(max=120))


class ReasonSchema(Schema):
    """An act that needs its reason."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


class ConsumableSchema(Schema):
    """What was put on an analyzer, and how much it may do."""

    kind = fields.Enum(ConsumableKind, by_value=True, required=True)
    number = fields.String(required=True, validate=_NAME)
    lot = fields.String(load_default="", validate=validate.Length(max=20))
    expires = fields.Date(load_default=None, allow_none=True)
    most_injections = fields.Integer(load_default=None, allow_none=True, validate=_MOST)
    most_runs = fields.Integer(load_default=None, allow_none=True, validate=_MOST)
