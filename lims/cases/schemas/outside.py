# SPDX-License-Identifier: Apache-2.0
"""What the page of people from outside is sent."""

from typing import Any

from marshmallow import Schema, fields, validate

from lims.cases.rules.outside import OutsideKind
from lims.handovers.rules import Purpose

WRONG_CHOICE: dict[str, str | list[Any] | dict[Any, Any]] = {"unknown": "Not a valid choice."}


def _text(longest: int) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=longest, error="Length is too long.")
    )


class PartySchema(Schema):
    """Somebody from outside, the codes, and the secret of the coordinator."""

    kind = fields.Enum(OutsideKind, by_value=True, required=True, error_messages=WRONG_CHOICE)
    name = _text(120)
    organisation = _text(120)
    document = _text(80)
    list = _text(8000)
    secret = fields.String(required=True, validate=validate.Length(max=1024))


class GiveOutsideSchema(PartySchema):
    """The same with what it is for."""

    purpose = fields.Enum(
        Purpose, by_value=True, load_default=Purpose.RETURN, error_messages=WRONG_CHOICE
    )
