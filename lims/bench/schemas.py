# SPDX-License-Identifier: Apache-2.0
"""What arrives at a station, and what it answers."""

from datetime import UTC

from marshmallow import Schema, fields, post_load, validate

from lims.bench.rules import DeviceState
from lims.core.once import KEY_SHAPE
from lims.core.scans import Command, Entry, Scan, Source
from lims.printing.rules import MOST_LABELS

# The validator asks for a beginning that fits: the end has to be said.
_WHOLE_KEY = validate.Regexp(rf"(?:{KEY_SHAPE.pattern})\Z")
Made = fields.String(required=True, validate=_WHOLE_KEY, metadata={"made_by_client": True})
"""An id that the client made."""


class ScanSchema(Schema):
    """One scan."""

    scan_id = Made
    text = fields.String(required=True, validate=validate.Length(min=1, max=200))
    source = fields.Enum(Source, by_value=True, load_default=Source.WEDGE)
    symbology = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=10))
    raw = fields.String(load_default="", validate=validate.Length(max=2000))
    device = fields.String(load_default="", validate=validate.Length(max=120))
    seq = fields.Integer(
        load_default=None, allow_none=True, strict=True,
        validate=validate.Range(min=0, max=2**31 - 1),
    )  # fmt: skip
    device_time = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)
    sent_at = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)
    reason = fields.String(load_default="", validate=validate.Length(max=200))

    @post_load
    def made(self, given: dict[str, object], **_: object) -> Scan:
        """Return the scan as a value."""
        return Scan(sequence=given.pop("seq"), **given)  # type: ignore[arg-type]  # checked above


class EntrySchema(Schema):
    """A figure or choice that the station asked for."""

    entry_id = Made
    name = fields.String(required=True, validate=validate.Length(min=1, max=40))
    value = fields.String(required=True, validate=validate.Length(min=1, max=100))

    @post_load
    def made(self, given: dict[str, str], **_: object) -> Entry:
        """Return the entry as a value."""
        return Entry(given["entry_id"], given["name"], given["value"])


class CommandSchema(Schema):
    """A command given on the page."""

    command_id = Made
    command = fields.Enum(Command, by_value=True, required=True)


class FaultSchema(Schema):
    """Something the scanner sent that is no scan."""

    fault_id = Made
    kind = fields.String(required=True, validate=validate.Length(max=200))
    raw = fields.String(load_default="", validate=validate.Length(max=4000))
    device = fields.String(load_default="", validate=validate.Length(max=120))
    device_time = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)


class RackReadSchema(Schema):
    """The text of a whole rack, as a scanner sent it."""

    read_id = Made
    content = fields.String(required=True, validate=validate.Length(min=1, max=1_400_000))
    device = fields.String(load_default="", validate=validate.Length(max=120))
    device_time = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)
    sent_at = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)


class DeviceSchema(Schema):
    """One device as its agent sees it."""

    kind = fields.String(required=True, validate=validate.OneOf(("scanner", "printer", "rack")))
    port = fields.String(required=True, validate=validate.Length(max=200))
    state = fields.Enum(DeviceState, by_value=True, required=True)
    detail = fields.String(load_default="", validate=validate.Length(max=200))


_COUNT = validate.Range(min=0, max=2**31 - 1)


class StationDevicesSchema(Schema):
    """The devices of one station, and what waits for it in the agent's journal."""

    station = fields.String(required=True)
    devices = fields.List(fields.Nested(DeviceSchema), required=True)
    scans_stored = fields.Integer(load_default=0, strict=True, validate=_COUNT)
    scans_rejected = fields.Integer(load_default=0, strict=True, validate=_COUNT)
    outcomes_stored = fields.Integer(load_default=0, strict=True, validate=_COUNT)
    labels_held = fields.Integer(load_default=0, strict=True, validate=_COUNT)


class AfterSchema(Schema):
    """What a page has already seen."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))


class SeenSchema(AfterSchema):
    """What a page that opens a stream already shows."""

    revision = fields.Integer(load_default=-1, validate=validate.Range(min=-1))


class HeartbeatSchema(Schema):
    """An agent says that it lives, and how its devices are."""

    agent = fields.String(load_default="", validate=validate.Length(max=120))
    version = fields.String(load_default="", validate=validate.Length(max=20))
    clock = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)
    stations = fields.List(fields.Nested(StationDevicesSchema), required=True)


class ScreenSchema(Schema):
    """The code that opens a screen."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))


class CardsSchema(Schema):
    """Why command cards are printed; where there are none yet no reason is needed."""

    reason = fields.String(load_default="", validate=validate.Length(max=200))


class AlarmSchema(Schema):
    """What an alarm led to."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=400))


class AlarmsSchema(Schema):
    """Which page of the alarms."""

    before = fields.Integer(load_default=0, validate=validate.Range(min=0))


class OrderJobSchema(Schema):
    """Which labels are printed as one job, where; why, where there are labels already."""

    codes = fields.List(
        fields.String(validate=validate.Length(max=11)), required=True,
        validate=validate.Length(min=1, max=MOST_LABELS),
    )  # fmt: skip
    station = fields.String(required=True, validate=validate.Length(max=11))
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class JobsSchema(Schema):
    """Before which job a page of them begins."""

    before = fields.Integer(load_default=0, validate=validate.Range(min=0))


class JobPageSchema(Schema):
    """Which label of a job is looked at."""

    label = fields.Integer(load_default=0, validate=validate.Range(min=0))


class JobActSchema(Schema):
    """An act on a job, as it was shown."""

    revision = fields.Integer(load_default=None, validate=validate.Range(min=0))


class JobAgainSchema(JobActSchema):
    """A label of a job from which, or which alone, is printed again; and why."""

    place = fields.Integer(load_default=1, validate=validate.Range(min=1, max=MOST_LABELS))
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class JobMoveSchema(JobActSchema):
    """Where a job is moved, and whether somebody has looked what labels are in that printer."""

    station = fields.String(required=True, validate=validate.Length(max=11))
    loaded = fields.Boolean(load_default=False)
