# SPDX-License-Identifier: Apache-2.0
"""What agents and people send about labels."""

import re
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from lims.printers.rules import Language
from lims.printing.rules import LabelState, PrintOutcome, Settled

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
    language = fields.Enum(Language, by_value=True, load_default=Language.ZPL)


class ReprintSchema(Schema):
    """Why a new label, and where."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))
    station = fields.String(required=True, validate=validate.Length(max=11))


# A day begins in UTC too: the first and last days of the calendar have no such instants.
FIRST_YEAR, LAST_YEAR = 1900, 2999


def _valid_day(value: date) -> None:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValidationError("Not a valid date.")


class _DayOrNone(fields.Date):
    """A day; a field left empty is none."""

    def deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        """Read a day, or none."""
        return None if value == "" else super().deserialize(value, *args, **more)


class _StateOrNone(fields.Enum[LabelState]):
    """A label's state; a field left empty is any."""

    def deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        """Read a state, or none."""
        return None if value == "" else super().deserialize(value, *args, **more)


class LedgerSchema(Schema):
    """Which labels of the print ledger are asked for, and where its page begins."""

    who = fields.String(load_default="", validate=validate.Length(max=12))
    code = fields.String(load_default="", validate=validate.Length(max=40))
    station = fields.String(load_default="", validate=validate.Length(max=11))
    job = fields.Integer(load_default=0, validate=validate.Range(min=0))
    since = _DayOrNone(load_default=None, validate=_valid_day)
    until = _DayOrNone(load_default=None, validate=_valid_day)
    outcome = _StateOrNone(LabelState, by_value=True, load_default=None)
    before = fields.String(
        load_default="", validate=validate.Regexp(r"^(|[0-9]{1,18}-[0-9]{1,18})$")
    )


class UnexplainedSchema(Schema):
    """Where a page of labels that nobody scanned back begins."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))


class SettleSchema(Schema):
    """What became of a label that nobody scanned back."""

    how = fields.Enum(Settled, by_value=True, required=True)
    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))


class SheetQuerySchema(Schema):
    """Which labels are to be put on which sheets."""

    station = fields.String(load_default="", validate=validate.Length(max=11))
    layout = fields.String(load_default="", validate=validate.Length(max=40))
    stock = fields.String(load_default="", validate=validate.Length(max=20))


_ONE_OR_TWO = re.compile("([0-9]{1,4})(?:-([0-9]{1,4}))?")


class _Places(fields.Field[list[int]]):
    """Places as people write them: 3, 5-7."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[int]:
        found: list[int] = []
        for part in str(value).replace(",", " ").split():
            numbers = _ONE_OR_TWO.fullmatch(part)
            if numbers is None:
                raise ValidationError("Not a valid number.")
            found += range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1)
        if len(found) > 1000:
            raise ValidationError("Length is too long.")
        return found


_TENTHS = validate.Range(min=-100, max=100)


class SheetSchema(Schema):
    """Labels for a sheet: where it begins, what of it is used, how the printer lies off."""

    station = fields.String(required=True, validate=validate.Length(max=11))
    layout = fields.String(required=True, validate=validate.Length(min=1, max=40))
    stock = fields.String(required=True, validate=validate.Length(min=1, max=20))
    start = fields.Integer(required=True, validate=validate.Range(min=1, max=1000))
    used = _Places(load_default=list)
    offset_x = fields.Integer(load_default=0, validate=_TENTHS)
    offset_y = fields.Integer(load_default=0, validate=_TENTHS)
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class GiveOutSchema(Schema):
    """Nothing but the key of the request."""


class SpoilSchema(Schema):
    """Which labels of a sheet came out spoiled or not at all, counted from 1, and why."""

    places = _Places(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))
