# SPDX-License-Identifier: Apache-2.0
"""What the pages of layouts are sent."""

from marshmallow import Schema, fields, validate

from labels.files import LONGEST_FILE
from labels.layout import DPIS
from labels.trial import VALUES


def _text(longest: int) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=longest, error="Length is too long.")
    )


class TrialSchema(Schema):
    """What a preview shows: the file, the printer, and the values."""

    text = _text(2 * LONGEST_FILE)
    dpi = fields.Integer(
        load_default=300, validate=validate.OneOf(DPIS, error="Not a valid choice.")
    )
    values = fields.String(
        load_default="longest",
        validate=validate.OneOf(tuple(VALUES), error="Not a valid choice."),
    )
    kind = _text(80)
    line1 = _text(80)
    line2 = _text(80)


class PdfSchema(TrialSchema):
    """The same from the form of the editor, with what else stands in it."""

    seen = fields.Integer(load_default=None, allow_none=True)
    seen_name = _text(40)
    seen_file = _text(64)
    reason = _text(200)


class SaveSchema(TrialSchema):
    """A layout's file, which version and which file the person saw, and why it changes.

    What the preview beside it shows is sent with the form, and not looked at.
    """

    # Line ends of browsers are two characters each.
    text = fields.String(
        required=True, validate=validate.Length(max=2 * LONGEST_FILE, error="Length is too long.")
    )
    seen = fields.Integer(load_default=None, allow_none=True)
    seen_name = _text(40)
    seen_file = _text(64)
    reason = fields.String(required=True, validate=validate.Length(min=3, max=200))


class FromSchema(Schema):
    """What the editor begins with: a version's number, or the laboratory's file."""

    # "file", or the number of a version.
    begin = fields.String(
        load_default="", validate=validate.Regexp(r"(|file|[0-9]{1,6})\Z", error="It is malformed.")
    )
    dpi = fields.Integer(
        load_default=300, validate=validate.OneOf(DPIS, error="Not a valid choice.")
    )
    values = fields.String(
        load_default="longest",
        validate=validate.OneOf(tuple(VALUES), error="Not a valid choice."),
    )
