# SPDX-License-Identifier: Apache-2.0
"""Tables of the cycler taken in or refused, and what follows from them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import QuantificationTable, read_quantities
from lims.core.db import Database
from lims.core.errors import ReasonMissing
from lims.custody.models import Subject
from lims.custody.queries import blocked, history
from lims.custody.rules import Tag
from lims.extraction.queries import extract_of
from lims.plates.queries import wells_of
from lims.plates.rules import WellRole
from lims.quantification import operations, rules
from lims.quantification.models import Quantity, QuantityDecision
from lims.quantification.queries import (
    decision_of,
    extracts_to_quantify,
    imports_of,
)
from lims.quantification.rules import NextStep
from lims.samples.rules import ExtractState
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
Table = Callable[..., QuantificationTable]
SHA = "a" * 64


def test_a_table_of_the_cycler_gives_every_extract_its_decision(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, two, three, blank = extracts(session, samples=3)
        plate = a_filled_plate(session, (one, two, three, blank))
        table = a_table(
            [
                ("A1", one, "0.25", "0.2", "27.1"),
                ("B1", f"{two[:3]} {two[3:6]} {two[6:]}", "0.01", "0.0005", "27.2"),
                ("C1", three, "", "", "27.0"),
                ("D1", blank, "", "", "27.0"),
            ],
            empty="E1",
        )
        done = operations.import_quantities(
            session, plate, table, sha256=SHA, file_name="trial.txt", by=cast.technician, at=at
        )
        proposed = {session.get_one(Subject, code).state for code in (one, two, three)}
        seen = operations.to_confirm(session, plate)
        operations.confirm_decisions(session, plate, seen, by=cast.technician, at=at)
    with database.reading() as session:
        first, second, third = (decision_of(session, code) for code in (one, two, three))
        assert first is not None
        assert second is not None
        assert third is not None
        states = {code: session.get_one(Subject, code).state for code in (one, two, three, blank)}
        tags = [event.tag for event in history(session, one)]

    assert (done.changed, done.figures, done.held, done.findings) == (True, 15, (), ())
    assert dict(done.decided) == {
        one: NextStep.AMPLIFY, two: NextStep.LOW_TEMPLATE, three: NextStep.RE_EXTRACT,
    }  # fmt: skip
    assert (first.volume_nl, first.template_fg, first.di_milli) == (4_000, 1_000_000, 1_250)
    assert (second.volume_nl, second.low_template, second.degraded) == (15_000, True, True)
    assert (third.volume_nl, third.fg_per_ul) == (None, None)
    assert states == {
        one: ExtractState.QUANTIFIED, two: ExtractState.QUANTIFIED, three: ExtractState.SET_ASIDE,
        blank: ExtractState.QUANTIFIED,
    }  # fmt: skip
    assert Tag.QUANTITY_VALUE_RECORDED in tags
    assert Tag.QUANTITY_DECISION_MADE in tags
    assert tags[-2:] == [Tag.QUANTITY_DECISION_CONFIRMED, Tag.SUBJECT_STATE_CHANGED]
    assert proposed == {ExtractState.MEASURED}


def test_the_same_file_again_changes_nothing_and_other_figures_need_a_reason(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    def rows(small: str) -> list[tuple[str, str, str, str, str]]:
        return [("A1", code, small, "0.2", "27.1"), ("B1", blank, "", "", "27.0")]

    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
        operations.import_quantities(
            session, plate, a_table(rows("0.25"), empty="C1"), sha256=SHA, file_name="a.txt",
            by=cast.technician, at=at,
        )  # fmt: skip
        again = operations.import_quantities(
            session, plate, a_table(rows("0.25"), empty="C1"), sha256=SHA, file_name="b.txt",
            by=cast.technician, at=at + timedelta(hours=1),
        )  # fmt: skip
        other = a_table(rows("0.5"), empty="C1")
        with pytest.raises(ReasonMissing):
            operations.import_quantities(
                session, plate, other, sha256="b" * 64, file_name="a.txt", by=cast.technician, at=at
            )
        operations.import_quantities(
            session, plate, other, sha256="b" * 64, file_name="a.txt", reason="threshold was wrong",
            by=cast.technician, at=at + timedelta(hours=2),
        )  # fmt: skip
        codes = extracts(session)
        with pytest.raises(rules.FileOfOtherPlate):
            operations.import_quantities(
                session, a_filled_plate(session, codes), other, sha256=SHA, file_name="a.txt",
                by=cast.technician, at=at,
            )  # fmt: skip
    with database.reading() as session:
        decision = decision_of(session, code)
        kept = session.query(Quantity).filter(Quantity.extract_code == code).count()
        decisions = session.query(QuantityDecision).filter_by(extract_code=code).count()
        entries = imports_of(session, plate)

    assert (again.changed, again.at) == (False, at)
    assert decision is not None
    assert decision.volume_nl == 2_000
    assert (kept, decisions) == (6, 2)
    assert [entry.reason for entry in entries] == ["threshold was wrong", ""]


@pytest.mark.parametrize(
    ("swap", "refusal", "words"),
    [
        ("wells", rules.WellDisagrees, "nothing imported"),
        ("name", rules.WellDisagrees, "file says femur 7"),
        ("missing", rules.FigureMissing, "no quantity"),
        ("control", rules.WellDisagrees, "plate says"),
        ("elsewhere", rules.WellDisagrees, "H12"),
    ],
)
def test_a_table_that_disagrees_with_the_plate_leaves_nothing_behind(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table, swap: str, refusal: type[Exception], words: str,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, two, blank = extracts(session, samples=2)
        plate = a_filled_plate(session, (one, two, blank))
    rows = [("A1", one), ("B1", two), ("C1", blank)]
    empty = "D1"
    if swap == "wells":
        rows = [("A1", two), ("B1", one), ("C1", blank)]
    if swap == "name":
        rows[1] = ("B1", "femur 7")
    if swap == "missing":
        rows.pop()
    if swap == "control":
        rows[2], empty = ("D1", blank), "C1"
    if swap == "elsewhere":
        empty = "H12"
    table = a_table([(well, name, "0.25", "0.2", "27") for well, name in rows], empty=empty)

    with database.writing() as session, pytest.raises(refusal, match=words):
        operations.import_quantities(
            session, plate, table, sha256=SHA, file_name="trial.txt", by=cast.technician, at=at
        )
    with database.reading() as session:
        assert imports_of(session, plate) == ()
        assert decision_of(session, one) is None


def test_a_plain_table_without_wells_is_matched_by_name_and_a_stranger_named_by_line(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build
) -> None:
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
        text = (
            f"Sample;Target;Task;Quantity\n{code};Small;;0,25\n{blank};Small;;0\nNTC;Small;NTC;0\n"
        )
        stranger = text + "B999;Small;;0,3\n"
        with pytest.raises(rules.UnknownSample, match="Line 5: “B999”"):
            operations.import_quantities(
                session, plate, read_quantities(stranger.encode(), name="t.csv"), sha256=SHA,
                file_name="t.csv", by=cast.technician, at=at,
            )  # fmt: skip
        done = operations.import_quantities(
            session, plate, read_quantities(text.encode(), name="t.csv"), sha256=SHA,
            file_name="t.csv", by=cast.technician, at=at,
        )  # fmt: skip

    assert dict(done.decided) == {code: NextStep.AMPLIFY}
    assert [finding.rule for finding in done.findings] == ["R25"]


def test_a_reagent_blank_above_the_limit_holds_its_whole_extraction_batch(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, blank = extracts(session)
        other, other_blank = extracts(session)
        plate = a_filled_plate(session, (one, blank, other, other_blank))
        table = a_table(
            [
                ("A1", one, "0.25", "0.2", "27"), ("B1", blank, "0.0012", "", "27"),
                ("C1", other, "0.25", "0.2", "27"), ("D1", other_blank, "0.001", "", "27"),
            ],
            empty="E1",
        )  # fmt: skip
        done = operations.import_quantities(
            session, plate, table, sha256=SHA, file_name="t.txt", by=cast.technician, at=at
        )
        batch = extract_of(session, one).batch_code

        assert done.held == (batch,)
        assert [str(words) for words in done.messages] == [
            f"Reagent blank {blank}: 0.0012 ng/µl > limit 0.001 ng/µl: "
            "the whole extraction batch is on hold."
        ]
        assert [hold.code for hold in blocked(session, one)] == [batch]
        assert blocked(session, other) == ()


def test_a_plate_whose_curve_or_no_template_well_failed_sends_nothing_to_amplification(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    with database.writing() as session:
        for sha, faulty in (("1", {"slope": "-3.9"}), ("2", {"r2": "0.97"}),
                            ("3", {"empty_amount": "0.01"})):  # fmt: skip
            code, blank = extracts(session)
            plate = a_filled_plate(session, (code, blank))
            table = a_table(
                [("A1", code, "0.25", "0.2", "27"), ("B1", blank, "", "", "27")], empty="C1",
                **faulty,
            )  # fmt: skip
            done = operations.import_quantities(
                session, plate, table, sha256=sha * 64, file_name="t.txt", by=cast.technician,
                at=at,
            )  # fmt: skip
            decision = decision_of(session, code)

            assert dict(done.decided) == {code: NextStep.REPEAT}, faulty
            assert decision is not None
            assert decision.volume_nl is None
            assert {finding.weight.value for finding in done.findings} == {"fail"}
            assert session.get_one(Subject, code).state == ExtractState.TO_REPEAT
            assert {code, blank} <= {one.code for one in extracts_to_quantify(session)}


def test_the_curve_is_fitted_to_the_standards_where_the_file_gives_none(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build
) -> None:
    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank), standards=True)
        wells = wells_of(session, plate)
        levels = [
            ("50", "22.1"),
            ("5", "25.4"),
            ("0.5", "28.75"),
            ("0.05", "32.0"),
            ("0.005", "35.4"),
        ]
        lines = ["Well,Sample,Target,Task,Quantity,Ct"]
        for well in wells:
            if well.role is WellRole.STANDARD:
                quantity, ct = levels[(wells.index(well) - 2) // 2]
                lines.append(f"{well.position},S,Small,STANDARD,{quantity},{ct}")
                lines.append(f"{well.position},S,IPC,STANDARD,,27.0")
            elif well.role is WellRole.NEGATIVE:
                lines.append(f"{well.position},NTC,Small,NTC,,Undetermined")
        lines.append(f"A01,{code},Small,UNKNOWN,0.25,29.7")
        lines.append(f"A01,{code},IPC,UNKNOWN,,29.0")
        lines.append(f"B01,{blank},Small,UNKNOWN,,Undetermined")
        done = operations.import_quantities(
            session, plate, read_quantities("\n".join(lines).encode(), name="t.csv"), sha256=SHA,
            file_name="t.csv", by=cast.technician, at=at,
        )  # fmt: skip
        decision = decision_of(session, code)

    assert decision is not None
    assert (decision.step, decision.ipc_shift_milli, decision.inhibited) == (
        NextStep.REPURIFY, 2_000, True,
    )  # fmt: skip
    assert [(finding.rule, finding.where) for finding in done.findings] == [("R24", "A01")]


def test_real_exports_of_another_laboratory_are_refused_whole_with_a_reason(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    shared_data: Path,
) -> None:  # fmt: skip
    folder = shared_data / "exports" / "quantstudio"
    reasons = {}
    with database.writing() as session:
        plate = a_filled_plate(session, extracts(session))
    for path in sorted(folder.iterdir()):
        try:
            table = read_quantities(path.read_bytes(), name=path.name)
            with database.writing() as session:
                operations.import_quantities(
                    session, plate, table, sha256=SHA, file_name=path.name, by=cast.technician,
                    at=at,
                )  # fmt: skip
        except AnalyzerFileError as fault:
            reasons[path.name] = fault.reason
        except rules.WellDisagrees as refusal:
            reasons[path.name] = refusal.name
    with database.reading() as session:
        assert imports_of(session, plate) == ()

    # Comparative runs, plates of other samples: nothing of them is ours.
    assert reasons == {
        "appbio_quantstudio_example01.txt": "WellDisagrees",
        "appbio_quantstudio_example05.txt": "WellDisagrees",
        "appbio_quantstudio_example10.xlsx": "WellDisagrees",
        "appbio_quantstudio_minimal_missing_results.txt": "target-column-missing",
        "example_quantsudio_results_only.txt": "WellDisagrees",
    }
