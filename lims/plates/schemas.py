# SPDX-License-Identifier: Apache-2.0
"""What the pages of batches, plates and the worklist take in."""

from marshmallow import Schema, fields, validate

from lims.people.rules import Line
from lims.plates.rules import ReviewOutcome, Stage


class AfterSchema(Schema):
    """Where a page of a list begins."""

    after = fields.String(load_default="", validate=validate.Length(max=11))


class WorklistSchema(Schema):
    """Which stage's worklist, of which line, what is looked for, and where the page begins."""

    stage = fields.Enum(Stage, by_value=True, load_default=None, allow_none=True)
    line = fields.Enum(Line, by_value=True, load_default=None, allow_none=True)
    search = fields.String(load_default="", validate=validate.Length(max=60))
    after = fields.String(load_default="", validate=validate.Length(max=11))


class VoidSchema(Schema):
    """Taking back what stands at a position, with why."""

    position = fields.String(required=True, validate=validate.Length(min=2, max=3))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


class ReleaseSchema(Schema):
    """Releasing needs nothing but the click."""


class ReviewSchema(Schema):
    """What a review says, and why."""

    outcome = fields.Enum(ReviewOutcome, by_value=True, required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=300))
