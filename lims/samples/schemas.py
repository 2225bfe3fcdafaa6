# SPDX-License-Identifier: Apache-2.0
"""What the pages of samples take in."""

from marshmallow import Schema, fields, validate

from lims.samples.rules import Line, SampleState


class SampleSearchSchema(Schema):
    """The list: the beginning of a code, filters, and where the page begins."""

    search = fields.String(load_default="", validate=validate.Length(max=60))
    line = fields.Enum(Line, by_value=True, load_default=None, allow_none=True)
    state = fields.Enum(SampleState, by_value=True, load_default=None, allow_none=True)
    after = fields.String(load_default="", validate=validate.Length(max=11))
