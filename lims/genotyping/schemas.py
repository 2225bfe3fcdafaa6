# SPDX-License-Identifier: Apache-2.0
"""What pages and programs send to genotyping."""

from typing import Any

from marshmallow import Schema, fields, validate

from instruments.analyzers.kit import Kit
from instruments.analyzers.plate_records import AnalyzerModel
from lims.genotyping.rules.readings import MOST_ALLELES, read_loci

PASSWORD = fields.String(required=True, validate=validate.Length(max=200))


class ListSchema(Schema):
    """Where a list goes on."""

    before = fields.Integer(load_default=None)
    after = fields.Integer(load_default=0)


class PlateSchema(Schema):
    """Which plate is meant."""

    plate = fields.String(load_default="", validate=validate.Length(max=40))


class InjectionSchema(Schema):
    """Which injection of a well is meant."""

    injection = fields.Integer(load_default=None)


class RecordSchema(Schema):
    """From which template a plate record is written."""

    template = fields.Integer(required=True)


class RecordTemplateSchema(Schema):
    """A record of the laboratory's analyzer: looked at, or kept as a version of a template.

    `sha256` names the file that was looked at before, in place of the file itself.
    """

    name = fields.String(required=True, validate=validate.Length(max=60))
    model = fields.String(
        required=True, validate=validate.OneOf([one.value for one in AnalyzerModel])
    )
    sha256 = fields.String(load_default="", validate=validate.Regexp("^([0-9a-f]{64})?$"))
    file_name = fields.String(load_default="", validate=validate.Length(max=200))
    keep = fields.Boolean(load_default=False)


class ImportSchema(Schema):
    """An import: onto which plate, and whether only to look."""

    plate = fields.String(required=True, validate=validate.Length(max=40))
    dry_run = fields.Boolean(load_default=False)


class NamesSchema(Schema):
    """Names that the analyzer was given: a plate's, and a table of a well and a name a line."""

    file_plate_name = fields.String(load_default="", validate=validate.Length(max=120))
    names = fields.String(load_default="", validate=validate.Length(max=20_000))


class SignSchema(Schema):
    """A signature: the password again."""

    password = PASSWORD


class ReasonSchema(Schema):
    """A signature with a reason."""

    reason = fields.String(required=True, validate=validate.Length(max=300))
    password = PASSWORD


def calls_schema(kit: Kit) -> Schema:
    """Return the form of a reading: `alleles:LOCUS` (several), `why:LOCUS` for each locus."""
    return _of_loci(kit, {"password": PASSWORD})


def settlement_schema(kit: Kit) -> Schema:
    """Return the form of a settlement: besides, `choice:LOCUS` of 1, 2, write, none."""
    wanted: dict[str, fields.Field[Any]] = {"password": PASSWORD}
    for marker in read_loci(kit):
        wanted[f"choice:{marker.name}"] = fields.String(
            load_default="", validate=validate.Length(max=10)
        )
    return _of_loci(kit, wanted)


def _of_loci(kit: Kit, wanted: dict[str, fields.Field[Any]]) -> Schema:
    for marker in read_loci(kit):
        wanted[f"alleles:{marker.name}"] = fields.List(
            fields.String(validate=validate.Length(max=20)), load_default=list,
            validate=validate.Length(max=MOST_ALLELES + 1),
        )  # fmt: skip
        wanted[f"why:{marker.name}"] = fields.String(
            load_default="", validate=validate.Length(max=40)
        )
    return Schema.from_dict(wanted)()
