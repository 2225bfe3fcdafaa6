# SPDX-License-Identifier: Apache-2.0
"""What the pages of printers are sent."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from labels.adjust import MOST_OFFSET_DOTS, SPEEDS, TSPL_DARKNESS, ZPL_DARKNESS
from labels.layout import DPIS
from lims.printers.rules import Language


class _WholeOrNone(fields.Integer):
    """A whole number; a field left empty is none."""

    def deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        """Read a number, or none."""
        return None if value == "" else super().deserialize(value, *args, **more)


_OFFSET = validate.Range(min=-MOST_OFFSET_DOTS, max=MOST_OFFSET_DOTS)


class SettingSchema(Schema):
    """What a printer is set to, which setting the person saw, and why it changes."""

    language = fields.Enum(Language, by_value=True, required=True)
    dpi = fields.Integer(required=True, validate=validate.OneOf(DPIS))
    offset_x = fields.Integer(load_default=0, validate=_OFFSET)
    offset_y = fields.Integer(load_default=0, validate=_OFFSET)
    darkness = _WholeOrNone(load_default=None, allow_none=True)
    speed = _WholeOrNone(
        load_default=None, allow_none=True,
        validate=validate.Range(min=SPEEDS.start, max=SPEEDS.stop - 1),
    )  # fmt: skip
    seen = fields.Integer(required=True, validate=validate.Range(min=0, max=10**6))
    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))

    @validates_schema
    def steps_of_the_language(self, sent: dict[str, Any], **_: Any) -> None:
        """Refuse a darkness that the printer's language does not have."""
        steps = TSPL_DARKNESS if sent["language"] is Language.TSPL else ZPL_DARKNESS
        if sent["darkness"] is not None and sent["darkness"] not in steps:
            message = f"Must be greater than or equal to {steps.start} and less than or equal to"
            raise ValidationError(f"{message} {steps.stop - 1}.", "darkness")


class TestSchema(Schema):
    """On the stock of which layout the ruler is printed."""

    __test__ = False  # not one of pytest's

    layout = fields.String(required=True, validate=validate.Length(min=1, max=40))
