# SPDX-License-Identifier: Apache-2.0
"""The commands of the stages' work, on a laboratory of one bone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.settings import read_settings
from lims.equipment.operations import register_instrument
from lims.equipment.rules import InstrumentKind
from lims.people.rules import Activity
from lims.plates.operations import open_batch, place_in_batch, record_use
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.samples.operations import register_bone_sample
from lims.samples.rules import ExpectedSex, Line, Material, Side

Run = Callable[..., Any]


def test_what_waits_what_stands_in_a_batch_and_what_a_lot_touched_is_told_at_the_console(
    laboratory: Path, lims: Run
) -> None:
    at, one, two = now(), Actor("console:one"), Actor("console:two")
    database = open_database(read_settings(laboratory))
    with database.writing() as session:
        bone = register_bone_sample(
            session, element="femur", side=Side.LEFT, material=Material.BONE, mass_ug=4_000_000,
            expected_sex=ExpectedSex.UNKNOWN, by=one, at=at,
        )  # fmt: skip
        buffer = add_reagent(
            session, name="extraction buffer", activity=Activity.EXTRACTION, by=one, at=at
        )
        lot = receive_lot(
            session, buffer.id, number="L1", expires=at.date(), containers=1, each=1_000_000,
            by=one, at=at,
        )  # fmt: skip
        release_lot(session, lot, tested="a known sample", by=two, at=at)
        shaker = register_instrument(
            session, name="Shaker", kind=InstrumentKind.OTHER, activity=Activity.EXTRACTION,
            serial="S-1", calibration_due=at.date() + timedelta(days=9), by=one, at=at,
        )  # fmt: skip
        written = draft_procedure(
            session,
            'name = "EX-04"\ntitle = "Extraction"\nactivity = "extraction"\n'
            '[[step]]\nwords = "Extract."\n',
            reason="the first", by=one, at=at,
        )  # fmt: skip
        approve_procedure(session, written.id, by=two, at=at)
        batch = open_batch(
            session, activity=Activity.EXTRACTION, line=Line.BONE, procedure_id=written.id, by=one,
            at=at,
        ).code  # fmt: skip
        place_in_batch(session, batch, bone, line=Line.BONE, by=one, at=at)
        record_use(session, batch, lot, activity=Activity.EXTRACTION, by=one, at=at)
    database.close()
    asked = ("--folder", laboratory, "--json")

    waits = lims("worklist", "reception", *asked).json
    assert (waits["waiting"], [row["code"] for row in waits["things"]]) == (1, [bone])
    assert lims("worklist", "reception", "--line", "reference", *asked).json["things"] == []
    shown = lims("batch", "show", batch, *asked).json
    assert (shown["procedure"], shown["version"], shown["state"]) == ("EX-04", 1, "draft")
    assert [(row["position"], row["code"]) for row in shown["positions"]] == [("A1", bone)]
    assert [row["number"] for row in shown["used"]] == ["L1"]
    way = lims("lineage", bone, *asked).json
    assert [row["work"] for row in way["standings"]] == [batch]
    assert [row["used"][0]["code"] for row in way["works"]] == [lot]
    assert lims("recall", lot, *asked).json["works"] == [batch]
    for words in (("worklist", "reception"), ("batch", "show", batch), ("lineage", bone)):
        told = lims(*words, "--folder", laboratory)
        assert told.status == 0
        assert bone[:3] in told.out
    assert "extraction buffer L1" in lims("recall", lot, "--folder", laboratory).out
    unknown = lims("recall", bone, *asked)
    assert unknown.status == 1
    assert "nothing here with the code" in unknown.said
    (listed,) = lims("stock", "--within", "0", *asked).json["lots"]
    assert (listed["code"], listed["days_left"], listed["left"], listed["containers"]) == (
        lot, 0, 1_000_000, 1,
    )  # fmt: skip
    assert lims("stock", "--state", "expired", *asked).json["lots"] == []
    (due,) = lims("instruments", *asked).json["instruments"]
    assert (due["code"], due["state"], due["days_left"]) == (shaker, "due", 9)
    assert [plan["kind"] for plan in due["plans"]] == ["calibration"]
    assert lims("instruments", "--within", "8", *asked).json["instruments"] == []
