# SPDX-License-Identifier: Apache-2.0
"""A set from its card to its package: what is asked before grinding, tools between two bones."""

import io
import secrets
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lims.bench.models import ScanRecord
from lims.bench.operations import record_command, record_entry, record_scan, take_bench
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.scans import Command, Entry, Scan, Source, StationKind, Verdict
from lims.core.settings import Settings
from lims.core.words import Say
from lims.custody.operations import set_hold
from lims.custody.queries import ancestors, blocked, history
from lims.custody.rules import HoldReason, Tag
from lims.features import MEANINGS
from lims.people.rules import Activity, Line
from lims.preparation import operations as preparation
from lims.preparation.queries import the_set
from lims.preparation.rules import (
    Method,
    Standing,
    ToolKind,
    lost,
    missing_cleaning,
    still_dirty,
)
from lims.printing.queries import live_label
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.procedures.rules import ProcedureRefused, Treatment, read_document
from lims.samples.queries import aliquots_of, last_amount
from tests.cast import Cast
from tests.sealed import picture

Build = Callable[..., str]
SHIPPED = (files("lims") / "data" / "procedures" / "pr-bone.toml").read_text("utf-8")


class Bench:
    """A preparation bench at which the technician sits."""

    def __init__(self, database: Database, cast: Cast, at: datetime) -> None:
        self.database, self.by, self.at = database, cast.technician, at
        self.code = cast.stations[StationKind.PREPARATION]
        with database.writing() as session:
            take_bench(session, self.code, by=self.by, at=at)

    def scan(self, payload: str) -> ScanRecord:
        with self.database.writing() as session:
            return record_scan(
                session, self.code, Scan(secrets.token_hex(12), payload, Source.WEDGE),
                by=self.by, at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def enter(self, name: str, value: str) -> ScanRecord:
        with self.database.writing() as session:
            return record_entry(
                session, self.code, Entry(secrets.token_hex(12), name, value), by=self.by,
                at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def command(self, command: Command) -> ScanRecord:
        with self.database.writing() as session:
            return record_command(
                session, self.code, command, command_id=secrets.token_hex(12), by=self.by,
                at=self.at, meanings=MEANINGS,
            )  # fmt: skip


def said(record: ScanRecord) -> str:
    return str(Say.from_json(record.say))


def refused(record: ScanRecord, words: str) -> None:
    assert record.verdict is Verdict.REFUSED, said(record)
    assert words in said(record)


def accepted(record: ScanRecord, words: str = "") -> ScanRecord:
    assert record.verdict is Verdict.ACCEPTED, said(record)
    assert words in said(record)
    return record


def test_bones_are_photographed_cleaned_and_ground_with_a_tool_that_touched_no_other(
    database: Database, cast: Cast, at: datetime, settings: Settings, a_bone_sample: Build,
    a_reference_sample: Build, a_lot: Build, a_live_label: Build,
    sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    with database.writing() as session:
        drafted = draft_procedure(
            session, SHIPPED, version=1, reason="first", by=cast.manager, at=at
        )  # fmt: skip
        approve_procedure(session, drafted.id, by=cast.quality, at=at)
        number = drafted.id
        first, second, card = (
            a_bone_sample(session), a_bone_sample(session), a_reference_sample(session),
        )  # fmt: skip
        bleach = a_lot(session, reagent="Sodium hypochlorite", activity=Activity.PREPARATION)
        mill = preparation.register_tool(
            session, kind=ToolKind.MILL, name="Mill 1", by=cast.technician, at=at
        )
        opened = preparation.open_set(
            session, line=Line.BONE, procedure_id=number, by=cast.technician, at=at
        )
        a_live_label(session, mill)
        a_live_label(session, opened.code)
        seen = {}
        for code in (first, second, card, bleach, mill, opened.code):
            label = live_label(session, code)
            assert label is not None
            seen[code] = label.payload
    bench = Bench(database, cast, at)
    store = FileStore(settings.files)

    refused(bench.scan(seen[first]), "is prepared in a set: PR-01 asks for it.")
    accepted(bench.scan(seen[opened.code]), "is in work here")
    assert bench.scan(seen[card]).verdict is Verdict.STOP
    accepted(bench.scan(seen[first]), "femur, left, 2000 mg left")
    refused(bench.enter("mass", "500"), "has no photograph with scale: before preparation.")
    refused(bench.command(Command.DONE), "has no photograph with scale")

    client = sign_in(cast.technician)
    address = f"/preparation/{opened.code}/photographs"

    def send(content: bytes, code: str = first) -> int:
        return client.post(
            address,
            data={
                "sample": code, "kind": "before", "request_key": secrets.token_hex(12),
                "photograph": (io.BytesIO(content), "bone.jpg"),
            },
            headers={"Accept": "application/json"},
        ).status_code  # fmt: skip

    shot = picture(size=(900, 600))
    assert send(b"MZ not a picture at all") == 422
    assert send(shot) == 201
    assert send(shot) == 409
    assert send(shot, second) == 409
    refused(bench.command(Command.DONE), "No lot of sodium hypochlorite was scanned")
    accepted(bench.scan(seen[bleach]), "uses Sodium hypochlorite")
    refused(bench.enter("mass", "500"), "is not cleaned as the procedure asks")
    accepted(bench.command(Command.DONE), "is cleaned as in the procedure")
    refused(bench.enter("mass", "500"), f"No mill was scanned for {first}")
    accepted(bench.scan(seen[mill]), "Mill 1 is used for")
    refused(bench.enter("mass", "2000.001"), "2000")
    accepted(bench.enter("mass", "500,25"), "500.25 mg")
    refused(bench.enter("remains", "1499.751"), "is more than the 1499.75 mg")
    accepted(bench.enter("remains", "1490"), "1490 mg remain, 9.75 mg are lost")

    accepted(bench.scan(seen[second]))
    assert send(picture(size=(901, 600)), second) == 201
    accepted(bench.command(Command.DONE))
    refused(bench.scan(seen[mill]), "Mill 1 was used for")
    refused(bench.enter("mass", "400"), "No mill was scanned")
    accepted(bench.command(Command.UNDO))
    accepted(bench.scan(seen[mill]), "was used for")
    accepted(bench.command(Command.DONE), "Mill 1 is decontaminated")
    accepted(bench.scan(seen[second]))
    accepted(bench.scan(seen[mill]))
    accepted(bench.enter("mass", "400"))
    accepted(bench.command(Command.DONE), "1600 mg remain, 0 mg are lost")
    accepted(bench.command(Command.DONE), "Are all samples of this set done?")
    accepted(bench.command(Command.DONE), "is completed: 2 samples.")

    with database.writing() as session:
        found = the_set(session, opened.code)
        part = found.samples[0].part
        assert part is not None
        assert (part.before_ug, part.powder_ug, part.remains_ug, part.lost_ug) == (
            2_000_000, 500_250, 1_490_000, 9_750,
        )  # fmt: skip
        left = last_amount(session, first)
        assert left is not None
        assert left.left == 1_490_000
        kept = found.samples[0].photographs[0]
        assert store.read(kept.sha256) == shot
        tags = [event.tag for event in history(session, first)]
        for tag in (
            Tag.SAMPLE_PHOTOGRAPH_ADDED, Tag.SAMPLE_ITEM_CLEANED, Tag.SAMPLE_TOOL_USED,
            Tag.SAMPLE_ITEM_GROUND, Tag.SAMPLE_ITEM_WEIGHED,
        ):  # fmt: skip
            assert tag in tags
        (powder,) = aliquots_of(session, first)
        assert {first, opened.code} <= set(ancestors(session, powder.code))
        set_hold(session, opened.code, HoldReason.CONTROL, by=cast.quality, at=at)
        assert blocked(session, powder.code)
    shown = client.get(f"/preparation/{opened.code}")
    assert shown.status_code == 200
    assert "Mill 1" in shown.text
    assert f"{kept.ref}?small=1" in shown.text
    assert client.get("/preparation").status_code == 200
    assert client.get(f"/preparation/photographs/{kept.ref}").data == shot
    for act in (
        "UPDATE prepared_part SET powder_ug = 1", "DELETE FROM laboratory_photograph",
        "DELETE FROM tool_record", "DELETE FROM cleaning_step", "DELETE FROM prepared_sample",
    ):  # fmt: skip
        with pytest.raises(DBAPIError), database.writing() as session:
            session.execute(text(act))


def test_what_is_asked_of_a_tool_and_of_a_sample_follows_the_procedure() -> None:
    asked = read_document(SHIPPED).preparation
    bleach = (Treatment(Method.BLEACH, 0, ""), Treatment(Method.UV, 15, ""))

    assert still_dirty(bleach, (), touched=False) == ()
    assert still_dirty(bleach, (Method.BLEACH,), touched=True) == (Method.UV,)
    assert still_dirty((), (), touched=True) == (None,)
    assert still_dirty((), (Method.HEAT,), touched=True) == ()
    assert missing_cleaning(asked, Standing(frozenset(Method))) == ()
    assert missing_cleaning(asked, Standing())[0] is Method.MECHANICAL
    assert lost(10, 4, 7) == -1
    with pytest.raises(ProcedureRefused, match="preparation"):
        read_document(SHIPPED.replace('activity = "preparation"', 'activity = "extraction"'))
    with pytest.raises(ProcedureRefused):
        read_document(SHIPPED.replace('tools = ["mill"]', 'tools = ["spoon"]'))
    with pytest.raises(ProcedureRefused):
        read_document(SHIPPED.replace("minutes = 5", "minutes = -5"))
