# SPDX-License-Identifier: Apache-2.0
"""What the quality officer sends."""

from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from lims.custody.rules import HoldReason
from lims.quality.rules import Act, Decision

# A day begins and ends in UTC too: the first and last days of the calendar have no such instants.
FIRST_YEAR, LAST_YEAR = 1900, 2999


def _in_use(value: date) -> bool:
    """Return whether the clock of a laboratory can show a day."""
    return FIRST_YEAR <= value.year <= LAST_YEAR


def _valid_day(value: date) -> None:
    if not _in_use(value):
        raise ValidationError("Not a valid date.")


def _valid_instant(value: datetime) -> None:
    if not _in_use(value):
        raise ValidationError("Not a valid datetime.")


class _DayOrNone(fields.Date):
    """A day; a field left empty is none."""

    def deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        """Read a day, or none."""
        return None if value == "" else super().deserialize(value, *args, **more)


class _InstantOrNone(fields.NaiveDateTime):
    """A day and time as the wall clock shows them; a field left empty is none."""

    def deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        """Read an instant, or none."""
        return None if value == "" else super().deserialize(value, *args, **more)


class LedgerPageSchema(Schema):
    """Which part of the ledger is looked at: the events before an index, or those of one thing."""

    before = fields.Integer(load_default=None, validate=validate.Range(min=0))
    code = fields.String(load_default="", validate=validate.Length(max=40))


class HoldSchema(Schema):
    """A hold to be set."""

    code = fields.String(required=True, validate=validate.Length(max=40))
    reason = fields.Enum(HoldReason, by_value=True, required=True)
    remark = fields.String(required=True, validate=validate.Length(min=3, max=300))


class FrozenSchema(Schema):
    """Which part of what a hold froze is looked at."""

    after = fields.String(load_default="", validate=validate.Length(max=11))


class LiftSchema(Schema):
    """Why a thing may go on: the decision, the number of the incident, and the reason in words."""

    decision = fields.Enum(Decision, by_value=True, required=True)
    incident = fields.String(load_default="", validate=validate.Length(max=20))
    reason = fields.String(required=True, validate=validate.Length(min=3, max=300))


class VerifySchema(Schema):
    """Whether every event is to be read, or what is new."""

    whole = fields.Boolean(load_default=False)


class SheetSchema(Schema):
    """The day whose sheet is asked for."""

    day = fields.Date(load_default=None, validate=_valid_day)


class AnchorSchema(Schema):
    """What a label or slip says of the ledger."""

    anchor = fields.String(load_default="", validate=validate.Length(max=40))


class TimelineSchema(Schema):
    """Which part of the timeline of a thing is looked at, filtered by what."""

    before = fields.Integer(load_default=None, validate=validate.Range(min=0))
    alone = fields.Boolean(load_default=False)
    who = fields.String(load_default="", validate=validate.Length(max=20))
    place = fields.String(load_default="", validate=validate.Length(max=40))
    since = _DayOrNone(load_default=None, validate=_valid_day)
    until = _DayOrNone(load_default=None, validate=_valid_day)
    act = fields.String(load_default="", validate=validate.OneOf(["", *Act]))


class HeldSchema(Schema):
    """At which instant (the laboratory's wall clock), and of whom, where or of which thing."""

    at = _InstantOrNone(load_default=None, validate=_valid_instant)
    who = fields.String(load_default="", validate=validate.Length(max=20))
    place = fields.String(load_default="", validate=validate.Length(max=40))
    code = fields.String(load_default="", validate=validate.Length(max=40))
    after = fields.String(load_default="", validate=validate.Length(max=11))


class GapPageSchema(Schema):
    """From which gap on the result of a search is shown."""

    start = fields.Integer(load_default=0, validate=validate.Range(min=0, max=100_000))
