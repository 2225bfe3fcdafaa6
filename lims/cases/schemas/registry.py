# SPDX-License-Identifier: Apache-2.0
"""What the pages of items, numbers, photographs and individuals are sent."""

from marshmallow import Schema, fields, validate

from lims.cases.rules import (
    LONGEST_NUMBER,
    BoneSex,
    Completeness,
    Condition,
    NumberKind,
    PhotographKind,
    Segment,
)
from lims.cases.schemas import WRONG_CHOICE, WRONG_DAY, Words, text
from lims.people.schemas import WitnessSchema
from lims.samples.rules import Side

WRONG_TIME: Words = {"invalid": "Not a valid datetime.", "format": "Not a valid datetime."}


class ItemSchema(Schema):
    """A recovered item of a case: ages in years, mass as it is read in grams."""

    field_number = text(LONGEST_NUMBER, required=True)
    element = text(40)
    side = fields.Enum(Side, by_value=True, load_default=Side.UNKNOWN, error_messages=WRONG_CHOICE)
    segment = fields.Enum(
        Segment, by_value=True, load_default=Segment.UNKNOWN, error_messages=WRONG_CHOICE
    )
    condition = fields.Enum(
        Condition, by_value=True, load_default=Condition.UNKNOWN, error_messages=WRONG_CHOICE
    )
    bone_sex = fields.Enum(
        BoneSex, by_value=True, load_default=BoneSex.UNKNOWN, error_messages=WRONG_CHOICE
    )
    age_from = fields.Integer(load_default=None)
    age_to = fields.Integer(load_default=None)
    completeness = fields.Enum(
        Completeness, by_value=True, load_default=Completeness.UNKNOWN,
        error_messages=WRONG_CHOICE,
    )  # fmt: skip
    mass = text(20)
    description = text(2000)


class CorrectionSchema(ItemSchema):
    """What an item should say, why, and which version was read."""

    seen = fields.Integer(required=True)
    reason = text(500, required=True)


class NumberSchema(Schema):
    """Another's number of a thing."""

    kind = fields.Enum(NumberKind, by_value=True, required=True, error_messages=WRONG_CHOICE)
    issuer = text(120)
    number = text(60, required=True)


class PhotographSchema(Schema):
    """What a photograph shows, and when, by whom and where it was taken."""

    kind = fields.Enum(
        PhotographKind, by_value=True, load_default=PhotographKind.SCALE,
        error_messages=WRONG_CHOICE,
    )  # fmt: skip
    taken_at = fields.NaiveDateTime(load_default=None, error_messages=WRONG_TIME)
    taken_by = text(120)
    place = text(200)


class WitnessedSchema(WitnessSchema):
    """Why, on what evidence, and who confirms."""

    reason = text(500, required=True)
    evidence = text(2000, required=True)


class ChoicesSchema(WitnessedSchema):
    """Whose each thing is: `ref=to`, where `to` is a ref, new1 to new4 or nobody; '' leaves it."""

    choices = fields.List(fields.String(validate=validate.Length(max=80)), load_default=list)


class JoinSchema(WitnessedSchema):
    """The number of the individual whose remains this one takes over."""

    other = text(20, required=True)


class OnSchema(Schema):
    """As it was known on which day."""

    on = fields.Date(load_default=None, error_messages=WRONG_DAY)
    after = text(80)
    before = fields.Integer(load_default=None)
