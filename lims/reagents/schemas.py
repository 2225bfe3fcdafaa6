# SPDX-License-Identifier: Apache-2.0
"""What the pages of reagents take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Activity
from lims.reagents.queries import FILTERS
from lims.reagents.rules import MOST_CONTAINERS, ContainerEnd, ReagentUnit

_SHORT = validate.Length(max=60)
_WORDS = validate.Length(max=120)
_REASON = validate.Length(min=1, max=200)


class StockSchema(Schema):
    """Which lots are shown, and where the page begins."""

    state = fields.String(load_default="", validate=validate.OneOf(FILTERS))
    within = fields.Integer(load_default=None, validate=validate.Range(0, 10_000))
    after = fields.String(load_default="", validate=validate.Length(max=24))


class ReagentSchema(Schema):
    """A new entry of the catalogue."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    activity = fields.Enum(Activity, by_value=True, required=True)
    maker = fields.String(load_default="", validate=validate.Length(max=80))
    catalogue_number = fields.String(load_default="", validate=_SHORT)
    unit = fields.Enum(ReagentUnit, by_value=True, required=True)
    storage = fields.String(load_default="", validate=validate.Length(max=80))
    open_days = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(1, 10_000)
    )


class LotSchema(Schema):
    """A lot that came in, and the station where its label is printed."""

    reagent = fields.Integer(required=True, validate=validate.Range(1))
    number = fields.String(required=True, validate=validate.Length(min=1, max=60))
    expires = fields.Date(required=True)
    containers = fields.Integer(load_default=1, validate=validate.Range(1, MOST_CONTAINERS))
    each = fields.String(required=True, validate=validate.Length(min=1, max=20))
    received_on = fields.Date(load_default=None, allow_none=True)
    condition = fields.String(load_default="", validate=_WORDS)
    certificate = fields.String(load_default="", validate=_WORDS)
    seal = fields.String(load_default="", validate=_SHORT)
    station = fields.String(load_default="", validate=validate.Length(max=11))


class TestedSchema(Schema):
    """What a lot was tested with."""

    tested = fields.String(required=True, validate=_REASON)


class ReasonSchema(Schema):
    """An act that needs its reason."""

    reason = fields.String(required=True, validate=_REASON)


class LeftSchema(Schema):
    """What was measured to be left in a container, and why it is corrected."""

    container = fields.Integer(required=True, validate=validate.Range(1))
    left = fields.String(required=True, validate=validate.Length(min=1, max=20))
    reason = fields.String(required=True, validate=_REASON)


class EndSchema(Schema):
    """The end of a container: empty, or discarded with a reason."""

    container = fields.Integer(required=True, validate=validate.Range(1))
    end = fields.Enum(ContainerEnd, by_value=True, required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class NothingSchema(Schema):
    """An act that needs nothing but the click."""
