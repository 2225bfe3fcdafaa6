# SPDX-License-Identifier: Apache-2.0
"""What the pages of procedures are sent."""

from marshmallow import Schema, fields, validate

from lims.procedures.rules import LONGEST_TEXT


def _reason() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(min=3, max=200, error="Length must be between 3 and 200."),
    )


class DraftSchema(Schema):
    """A document, why it changes, and the number of its version where the next is not meant."""

    # Line ends of browsers are two characters each.
    text = fields.String(
        required=True, validate=validate.Length(max=2 * LONGEST_TEXT, error="Length is too long.")
    )
    reason = _reason()
    version = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=1, max=9999)
    )


class ApprovalSchema(Schema):
    """The day of the laboratory from whose beginning a version is in force; absent: at once."""

    valid_from = fields.Date(load_default=None, allow_none=True)


class WithdrawalSchema(Schema):
    """Why a version is withdrawn."""

    reason = _reason()


class BeginSchema(Schema):
    """What the editor begins with: a version by its number, or a shipped example by its name."""

    version = fields.Integer(load_default=None, allow_none=True)
    example = fields.String(
        load_default="", validate=validate.Regexp(r"[a-z0-9_-]{0,60}\Z", error="It is malformed.")
    )
