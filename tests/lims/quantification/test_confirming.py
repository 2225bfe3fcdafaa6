# SPDX-License-Identifier: Apache-2.0
"""Nothing goes on before a person has confirmed it, as it was seen, or decided otherwise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from instruments.analyzers.quantification import HeaderMapping, QuantificationTable
from lims.amplification.operations import load_for_amplification, open_amplification
from lims.amplification.rules import NotConfirmed
from lims.core.db import Database
from lims.core.errors import ReasonMissing
from lims.custody.models import Subject
from lims.custody.queries import events_of, history
from lims.custody.rules import Tag
from lims.people.rules import Activity, Line
from lims.quantification import operations, queries, rules
from lims.quantification.models import QuantityDecision
from lims.quantification.rules import LIMITS, Limits, NextStep
from lims.samples.rules import ExtractState
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
Table = Callable[..., QuantificationTable]
SHA = "b" * 64


def test_proposals_are_confirmed_as_they_were_seen_or_decided_otherwise_for_a_reason(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table, a_procedure: Callable[..., int], a_live_label: Build,
) -> None:  # fmt: skip
    by = cast.technician
    with database.writing() as session:
        one, two, three, blank = extracts(session, samples=3)
        plate = a_filled_plate(session, (one, two, three, blank))
        rows = [
            ("A1", one, "0.25", "0.2", "27.1"), ("B1", two, "0.01", "0.0005", "27.2"),
            ("C1", three, "", "", "27.0"), ("D1", blank, "", "", "27.0"),
        ]  # fmt: skip
        table = a_table(rows, empty="E1")
        shown = operations.preview_quantities(session, plate, table, sha256=SHA, by=by, at=at)
        assert queries.imports_of(session, plate) == ()
        assert [(one.verdict.value, one.proposed.step if one.proposed else None)
                for one in shown.wells] == [
            ("sample", NextStep.AMPLIFY), ("sample", NextStep.LOW_TEMPLATE),
            ("sample", NextStep.RE_EXTRACT), ("clean", None), ("clean", None),
        ]  # fmt: skip
        operations.import_quantities(
            session, plate, table, sha256=SHA, file_name="t.txt", by=by, at=at
        )
        again = operations.preview_quantities(session, plate, table, sha256=SHA, by=by, at=at)
        assert again.known is not None
        seen = operations.to_confirm(session, plate)
        assert set(seen) == {one, two, three}
        assert queries.plates_to_confirm(session) == ((plate, 3),)

        amplified = open_amplification(
            session, procedure_id=a_procedure(session, activity=Activity.AMPLIFICATION),
            kit="PowerPlex 16", line=Line.BONE, by=by, at=at,
        ).code  # fmt: skip
        a_live_label(session, amplified)
        with pytest.raises(NotConfirmed, match=one):
            load_for_amplification(session, amplified, one, by=by, at=at)
        for wrong, refusal in (
            ({}, rules.NothingToConfirm), ({one: seen[two]}, rules.DecisionChanged),
            ({blank: 1}, rules.DecisionUnknown),
        ):  # fmt: skip
            with pytest.raises(refusal):
                operations.confirm_decisions(session, plate, wrong, by=by, at=at)

        later = at + timedelta(minutes=5)
        assert operations.confirm_decisions(
            session, plate, {one: seen[one]}, by=by, at=later
        ) == (one,)  # fmt: skip
        with pytest.raises(rules.AlreadyConfirmed):
            operations.confirm_decisions(session, plate, {one: seen[one]}, by=by, at=later)
        assert load_for_amplification(session, amplified, one, by=by, at=later).position == "A01"

        def override(code: str, step: NextStep, **more: Any) -> QuantityDecision:
            given: dict[str, Any] = {"seen": seen[code], "reason": "same femur as before", **more}
            return operations.override_decision(session, code, step, by=by, at=later, **given)

        with pytest.raises(ReasonMissing):
            override(two, NextStep.RE_EXTRACT, reason=" ")
        for wrong_plan in (
            {}, {"volume_nl": 99_000}, {"volume_nl": 5_000, "dilution": 10}, {"volume_nl": 0},
        ):  # fmt: skip
            with pytest.raises(rules.PlanWrong):
                override(three, NextStep.AMPLIFY, **wrong_plan)
        decided = override(two, NextStep.NEW_SAMPLE)
        diluted = override(three, NextStep.DILUTE, volume_nl=5_000, dilution=10)
        with pytest.raises(rules.DecisionChanged):
            override(two, NextStep.RE_EXTRACT)
        proposal = session.get_one(QuantityDecision, seen[two])
        states = {code: session.get_one(Subject, code).state for code in (one, two, three)}

    with database.reading() as session:
        told = [event for event in history(session, two)
                if event.tag is Tag.QUANTITY_DECISION_OVERRIDDEN]  # fmt: skip
    assert (decided.instead_of, decided.reason) == (seen[two], "same femur as before")
    assert (proposal.step, proposal.voided_at) == (NextStep.LOW_TEMPLATE, later)
    assert (diluted.volume_nl, diluted.dilution, diluted.drawn_nl) == (5_000, 10, 1_000)
    assert states == {
        one: ExtractState.QUANTIFIED, two: ExtractState.SET_ASIDE, three: ExtractState.QUANTIFIED
    }  # fmt: skip
    assert told[0].content["proposed"] == "low template"
    assert told[0].content["why"] == "same femur as before"


def test_limits_are_proposed_by_one_and_approved_by_another_and_stand_beside_each_decision(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    written = {one.name: rules.limit_text(LIMITS, one) for one in rules.LIMIT_FIELDS}
    own = rules.read_limits({**written, "aim_fg": "0,5", "least_sample_ug": "900000"}, "5 50")
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
        with pytest.raises(rules.LimitsUnchanged):
            operations.propose_limits(session, LIMITS, reason="x", by=cast.manager, at=at)
        proposed = operations.propose_limits(
            session, own, reason="validation 7", by=cast.manager, at=at
        )
        assert queries.in_force(session).version == 0
        with pytest.raises(rules.OwnProposal):
            operations.settle_limits(session, 1, approve=True, by=cast.manager, at=at)
        operations.settle_limits(session, 1, approve=True, by=cast.quality, at=at)
        with pytest.raises(rules.LimitsSettled):
            operations.settle_limits(session, 1, approve=False, by=cast.quality, at=at)
        table = a_table(
            [("A1", code, "0.25", "0.2", "27.1"), ("B1", blank, "", "", "27.0")], empty="C1"
        )
        operations.import_quantities(
            session, plate, table, sha256=SHA, file_name="t.txt", by=cast.technician, at=at
        )
        decision = queries.decision_of(session, code)
        current = queries.in_force(session)
        # What is approved keeps judging its plate when others come into force.
        later = operations.propose_limits(
            session, Limits(blank_fg_per_ul=1), reason="trial", by=cast.quality, at=at
        )
        operations.settle_limits(session, later.version, approve=False, by=cast.manager, at=at)
        assert queries.measured_plate(session, plate).limits == own
        mapping = HeaderMapping({"sample": "Probe", "target": "Ziel", "quantity": "Menge"})
        first = operations.save_mapping(session, " CFX  own ", mapping, by=cast.technician, at=at)
        same = operations.save_mapping(session, "CFX own", mapping, by=cast.technician, at=at)
        other = HeaderMapping({"sample": "Probe", "target": "Ziel", "ct": "CP"})
        second = operations.save_mapping(session, "CFX own", other, by=cast.technician, at=at)
        saved = queries.saved_mapping(session, "CFX own")
        with pytest.raises(rules.MappingUnknown):
            queries.saved_mapping(session, "other")

    with database.reading() as session:
        tags = [event.tag for event in events_of(session, ["quantification:limits"])]
    assert proposed.version == 1
    assert (current.version, current.limits) == (1, own)
    assert own.dilutions == (5, 50)
    assert decision is not None
    assert (decision.limits_version, decision.volume_nl) == (1, 2_000)
    assert tags == [
        Tag.QUANTITY_LIMITS_PROPOSED, Tag.QUANTITY_LIMITS_APPROVED, Tag.QUANTITY_LIMITS_PROPOSED,
        Tag.QUANTITY_LIMITS_REFUSED,
    ]  # fmt: skip
    assert (first.version, same.id, second.version) == (1, first.id, 2)
    assert [one.name for one in (first, saved)] == ["CFX own", "CFX own"]
    assert saved.mapping == other


def test_a_decision_otherwise_without_a_reason_is_refused_by_the_database_itself(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
        rows = [("A1", code, "0.0001", "", "27.1"), ("B1", blank, "", "", "27.0")]
        operations.import_quantities(
            session, plate, a_table(rows, empty="C1"), sha256=SHA, file_name="t.txt",
            by=cast.technician, at=at,
        )  # fmt: skip

    def without_reason() -> None:
        with database.writing() as session:
            decision = session.scalars(select(QuantityDecision)).one()
            decision.instead_of = decision.id

    with pytest.raises(IntegrityError):
        without_reason()


@pytest.mark.parametrize(
    ("figures", "dilutions"),
    [
        ({"aim_fg": "0.1"}, "10"), ({"aim_fg": "x"}, "10"), ({"aim_fg": "1.1234567"}, "10"),
        ({"max_volume_nl": "0.5"}, "10"), ({"stop_fg_per_ul": "-1"}, "10"), ({}, "10, 5"),
        ({}, "ten"), ({"steepest_slope_milli": "-2"}, "10"), ({"flattest_slope_milli": "1"}, "10"),
    ],
)  # fmt: skip
def test_limits_that_contradict_each_other_are_refused(
    figures: dict[str, str], dilutions: str
) -> None:
    written = {one.name: rules.limit_text(LIMITS, one) for one in rules.LIMIT_FIELDS}

    assert rules.read_limits(written, "10 100,1000") == LIMITS
    assert rules.limits_of_text(rules.limits_as_text(LIMITS)) == LIMITS
    with pytest.raises(rules.LimitsWrong):
        rules.read_limits({**written, **figures}, dilutions)
