# SPDX-License-Identifier: Apache-2.0
"""What the pages of people and stations are sent."""

from typing import Any

from marshmallow import Schema, fields, validate

from lims.core.actors import Role
from lims.core.scans import StationKind
from lims.people.rules import LONGEST, Activity, Line

Words = dict[str, str | list[Any] | dict[Any, Any]]
WRONG_CHOICE: Words = {"unknown": "Not a valid choice."}
WRONG_DAY: Words = {"invalid": "Not a valid date."}
TOO_LONG = "Length is too long."


def _text(longest: int, *, required: bool = True) -> fields.String:
    if required:
        return fields.String(required=True, validate=validate.Length(max=longest, error=TOO_LONG))
    return fields.String(load_default="", validate=validate.Length(max=longest, error=TOO_LONG))


class SignInSchema(Schema):
    """Sign-in name and password; what is missing is answered on the page itself."""

    login = _text(120, required=False)
    password = _text(4 * LONGEST, required=False)
    back = _text(2000, required=False)


class DigitsSchema(Schema):
    """The six digits of a second factor."""

    digits = _text(20)
    back = _text(2000, required=False)


class StartSchema(Schema):
    """The one-time start code and the password that the person chose, twice."""

    login = _text(120)
    start_code = _text(60)
    password = _text(4 * LONGEST)
    again = _text(4 * LONGEST)


class PasswordSchema(Schema):
    """The present password and a new one, twice."""

    present = _text(4 * LONGEST)
    password = _text(4 * LONGEST)
    again = _text(4 * LONGEST)


class BeginFactorSchema(Schema):
    """The present password, asked where the session is not fresh."""

    present = _text(4 * LONGEST, required=False)


class LanguageSchema(Schema):
    """A language, and the page to go back to."""

    language = fields.String(
        required=True, validate=validate.OneOf(("en", "ar"), error="Not a valid choice.")
    )
    back = _text(2000, required=False)


class PersonSchema(Schema):
    """A new account."""

    login = _text(60)
    name = _text(200)
    initials = _text(20)
    role = fields.Enum(Role, by_value=True, required=True, error_messages=WRONG_CHOICE)


class RoleSchema(Schema):
    """Another role."""

    role = fields.Enum(Role, by_value=True, required=True, error_messages=WRONG_CHOICE)


class EliminationSchema(Schema):
    """Since when an elimination profile is on file."""

    since = fields.Date(required=True, error_messages=WRONG_DAY)


class AuthorisationSchema(Schema):
    """An activity, from a day to a day."""

    activity = fields.Enum(Activity, by_value=True, required=True, error_messages=WRONG_CHOICE)
    procedure = fields.String(
        load_default="", validate=validate.Length(max=40, error="Length is too long.")
    )
    valid_from = fields.Date(required=True, error_messages=WRONG_DAY)
    valid_until = fields.Date(required=True, error_messages=WRONG_DAY)


class StationSchema(Schema):
    """A new station."""

    kind = fields.Enum(StationKind, by_value=True, required=True, error_messages=WRONG_CHOICE)
    name = _text(200)
    name_ar = _text(200)
    line = fields.Enum(Line, by_value=True, load_default=None, error_messages=WRONG_CHOICE)


class WitnessSchema(Schema):
    """The badge and the PIN of a second person: a part of every form that needs one."""

    witness_badge = _text(40)
    witness_pin = _text(20)


class NothingSchema(Schema):
    """An act that needs nothing but the click."""
