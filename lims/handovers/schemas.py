# SPDX-License-Identifier: Apache-2.0
"""What the pages of hand-overs are sent."""

from typing import Any

from marshmallow import Schema, fields, validate

from lims.handovers.rules import Purpose
from lims.people.schemas import WitnessSchema

WRONG_CHOICE: dict[str, str | list[Any] | dict[Any, Any]] = {"unknown": "Not a valid choice."}


def _text(longest: int) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=longest, error="Length is too long.")
    )


def _codes() -> "fields.List[Any]":
    return fields.List(
        fields.String(validate=validate.Length(max=40, error="Length is too long.")),
        load_default=list, validate=validate.Length(max=400, error="Length is too long."),
    )  # fmt: skip


class NewSchema(Schema):
    """A list of things and boxes, who receives them, and the secret of the giver.

    With `receiver_pin` the receiver, at the same screen, receives them at once.
    """

    things = _codes()
    list = _text(8000)
    receiver = _text(40)
    purpose = fields.Enum(
        Purpose, by_value=True, load_default=Purpose.WORK, error_messages=WRONG_CHOICE
    )
    secret = fields.String(required=True, validate=validate.Length(max=1024))
    receiver_pin = _text(20)


class AcceptSchema(Schema):
    """What is missing or damaged, and the secret of the receiver: own, or badge and PIN."""

    missing = _codes()
    damaged = _codes()
    note = _text(200)
    secret = fields.String(load_default="", validate=validate.Length(max=1024))
    receiver = _text(40)
    receiver_pin = _text(20)


class ReasonSchema(Schema):
    """Why a hand-over is refused or withdrawn."""

    reason = _text(500)


class TakeOverSchema(WitnessSchema):
    """What is taken over, why, and the second person."""

    things = _codes()
    list = _text(8000)
    reason = _text(500)


class ListedSchema(Schema):
    """What a new hand-over begins with."""

    things = _text(4000)
