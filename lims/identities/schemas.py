# SPDX-License-Identifier: Apache-2.0
"""What the pages of persons are sent."""

from marshmallow import Schema, fields, validate

from lims.cases.schemas import WRONG_CHOICE, WRONG_DAY, consumption_rule, text
from lims.identities.rules import RelationKind, Scope
from lims.samples.rules import ExpectedSex, Material

REFERENCES = (Material.BLOOD_CARD, Material.BUCCAL_SWAB)


class NamesSchema(Schema):
    """A file number and a name, generation by generation."""

    number = text(40, required=True)
    given = text(80, required=True)
    father = text(80)
    grandfather = text(80)
    family = text(80)
    mother = text(160)
    kunya = text(80)
    latin = text(160)
    sex = fields.Enum(
        ExpectedSex, by_value=True, load_default=ExpectedSex.UNKNOWN, error_messages=WRONG_CHOICE
    )


class MissingPersonSchema(NamesSchema):
    """A missing person."""

    birth = text(40)
    circumstances = text(2000)


class DonorSchema(NamesSchema):
    """A donor."""

    phone = text(60)
    address = text(300)
    notes = text(2000)


class RelationSchema(Schema):
    """What the donor is to a missing person, who is named by the file number."""

    missing = text(40, required=True)
    kind = fields.Enum(RelationKind, by_value=True, required=True, error_messages=WRONG_CHOICE)


class ConsentSchema(Schema):
    """A form that the donor signed."""

    version = text(20, required=True)
    language = text(20, required=True)
    scopes = fields.List(
        fields.Enum(Scope, by_value=True, error_messages=WRONG_CHOICE), load_default=list
    )
    given_on = fields.Date(required=True, error_messages=WRONG_DAY)
    witness = text(120)


class ReferenceSchema(Schema):
    """What the donor gave."""

    material = fields.Enum(
        Material, by_value=True, required=True, error_messages=WRONG_CHOICE,
        validate=validate.OneOf(REFERENCES, error="Not a valid choice."),
    )  # fmt: skip
    expected_sex = fields.Enum(
        ExpectedSex, by_value=True, load_default=None, error_messages=WRONG_CHOICE
    )
    taken_on = fields.Date(required=True, error_messages=WRONG_DAY)
    taken_by = text(120)
    seal_number = text(60)
    consumption = consumption_rule()


class ResolveSchema(Schema):
    """A code, and why it is resolved."""

    code = text(40, required=True)
    reason = text(500, required=True)
