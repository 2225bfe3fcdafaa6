# SPDX-License-Identifier: Apache-2.0
"""What the pages of kits are sent."""

from marshmallow import Schema, fields, validate

from lims.kits.rules import LONGEST_TEXT


def _reason() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(min=3, max=200, error="Length must be between 3 and 200."),
    )


class DraftSchema(Schema):
    """A document, and why it changes."""

    # Line ends of browsers are two characters each.
    text = fields.String(
        required=True, validate=validate.Length(max=2 * LONGEST_TEXT, error="Length is too long.")
    )
    reason = _reason()


class BeginSchema(Schema):
    """With which version the editor begins; absent: empty."""

    kit = fields.String(load_default="", validate=validate.Length(max=60))
    version = fields.Integer(load_default=None, allow_none=True)


class CompareSchema(Schema):
    """Which two versions are compared; absent: the newest with the one before it."""

    former = fields.Integer(load_default=None, allow_none=True)
    later = fields.Integer(load_default=None, allow_none=True)


class ApprovalSchema(Schema):
    """The day of the laboratory from whose beginning a version is in force; absent: at once."""

    valid_from = fields.Date(load_default=None, allow_none=True)


class WithdrawalSchema(Schema):
    """Why a version is withdrawn."""

    reason = _reason()
