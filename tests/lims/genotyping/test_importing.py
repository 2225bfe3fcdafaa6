# SPDX-License-Identifier: Apache-2.0
"""Importing an analyzer run: all of it or nothing, once, and what the rules find in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lims.core.code_keys import PLAIN, open_json
from lims.core.db import Database
from lims.core.words import Say
from lims.custody.queries import blocked, history
from lims.custody.rules import Tag
from lims.genotyping.models import Finding, Injection, Run, RunFile
from lims.genotyping.operations import ImportResult, read_folder, refused_as_json
from lims.genotyping.rules import RunState, Severity
from lims.genotyping.rules.refusals import RunRefused
from lims.plates.rules import WellRole

Import = Callable[..., ImportResult]


def counts(database: Database) -> tuple[int, ...]:
    with database.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Run, RunFile, Injection, Finding)
        )


def rules_of(database: Database, *severities: Severity) -> set[str]:
    with database.reading() as session:
        found = select(Finding.rule).where(Finding.severity.in_(severities or tuple(Severity)))
        return set(session.scalars(found))


def problems(refused: pytest.ExceptionInfo[RunRefused]) -> str:
    return "\n".join(str(one) for one in refused.value.problems)


def test_a_sound_run_is_imported_whole_and_passes(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate()
    files = a_run_of(plate)
    result = import_files(files, plate.code)
    assert (result.changed, result.files) == (True, len(files))
    assert rules_of(database, Severity.FAIL, Severity.HOLD) == set()
    with database.reading() as session:
        run = session.scalars(select(Run)).one()
        assert run.state in (RunState.PASSED, RunState.PASSED_WITH_EXCEPTIONS)
        for extract in plate.extracts:
            tags = [event.tag for event in history(session, extract)]
            assert Tag.RUN_INJECTION_IMPORTED in tags


def test_the_same_files_again_change_nothing_and_say_so(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate()
    files = a_run_of(plate)
    first = import_files(files, plate.code)
    before = counts(database)
    again = import_files(files, plate.code)
    assert (again.changed, again.run) == (False, first.run)
    assert "nothing was changed" in again.said
    assert counts(database) == before


def test_a_dry_run_stores_nothing_and_tells_the_same(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import, store: Any
) -> None:
    plate = an_injection_plate()
    files = a_run_of(plate)
    told = import_files(files, plate.code, dry_run=True)
    assert counts(database) == (0, 0, 0, 0)
    assert not store.folder.exists()
    done = import_files(files, plate.code)
    assert (told.state, told.findings, told.changed) == (done.state, done.findings, False)


def test_raw_files_are_kept_unchanged_under_their_hash(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import, store: Any
) -> None:
    plate = an_injection_plate()
    files = a_run_of(plate)
    import_files(files, plate.code)
    with database.reading() as session:
        names = {row.name: row.sha256 for row in session.scalars(select(RunFile))}
    assert {name: store.read(sha) for name, sha in names.items()} == dict(files)


def test_two_wells_that_were_switched_are_refused_by_name(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate()
    files = a_run_of(plate)
    # The file of A01 claims B01's name: a crossed plate record.
    crossed = [
        (name, content.replace(plate.extracts[0].encode(), plate.extracts[1].encode()))
        for name, content in files
    ]
    with pytest.raises(RunRefused) as refused:
        import_files(crossed, plate.code)
    told = problems(refused)
    assert "Well A01: file" in told
    assert f"says “{plate.extracts[1]}”, plate says “{plate.extracts[0]}”" in told
    assert "nothing imported" in told
    assert counts(database) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content[: len(content) // 2], "cut off"),
        (lambda content: b"", "is empty"),
        (lambda content: bytes(4000), "only zero bytes"),
        (lambda content: b"PK\x03\x04" + content, "zip archive"),
        (
            lambda content: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "Git LFS pointer",
        ),
        (lambda content: b"Sample Name\tMarker\nA\tTH01\n", "not a file of a genetic analyzer"),
    ],
    ids=["truncated", "empty", "zeros", "zip", "lfs", "text"],
)
def test_one_unreadable_file_forbids_the_whole_import(
    spoil: Callable[[bytes], bytes], said: str, database: Database, an_injection_plate: Any,
    a_run_of: Any, import_files: Import, store: Any,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate)
    name, content = files[2]
    files[2] = (name, spoil(content))
    with pytest.raises(RunRefused) as refused:
        import_files(files, plate.code)
    assert said in problems(refused)
    assert name in problems(refused)
    assert counts(database) == (0, 0, 0, 0)
    assert not store.folder.exists()


def test_a_file_imported_before_is_known_under_another_name(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate)
    import_files(files, plate.code)
    before = counts(database)
    other = an_injection_plate(samples=1)
    with pytest.raises(RunRefused) as refused:
        import_files([("case-17.fsa", files[0][1])], other.code)
    assert f"case-17.fsa was imported on 2026-03-14 as {files[0][0]}" in problems(refused)
    assert counts(database) == before


def test_one_file_under_two_names_is_refused(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate)
    with pytest.raises(RunRefused) as refused:
        import_files([*files, ("copy.fsa", files[0][1])], plate.code)
    assert "the same file under two names" in problems(refused)
    assert counts(database) == (0, 0, 0, 0)


def test_an_injection_saved_again_is_not_a_new_one(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate)
    import_files(files, plate.code)
    name, content = files[0]
    with pytest.raises(RunRefused) as refused:
        import_files([(name, content + b"\0")], plate.code)
    assert "its file was saved again since" in problems(refused)


def test_a_second_injection_of_a_plate_is_imported_beside_the_first(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    import_files(a_run_of(plate), plate.code)
    import_files(a_run_of(plate, seed=8), plate.code)
    assert counts(database)[0] == 2


def test_files_of_another_plate_are_refused(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate, plate_name="RUN-OF-TUESDAY")
    with pytest.raises(RunRefused) as refused:
        import_files(files, plate.code)
    assert f"is of plate “RUN-OF-TUESDAY”; this plate is “{plate.code}”" in problems(refused)
    assert counts(database) == (0, 0, 0, 0)


def test_every_problem_is_told_not_only_the_first(
    an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate, plate_name="OTHER")
    with pytest.raises(RunRefused) as refused:
        import_files([("bad.fsa", b"nothing"), *files], plate.code)
    assert len(refused.value.problems) == len(files) + 1


def test_the_command_tells_every_problem_as_json(
    an_injection_plate: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    with pytest.raises(RunRefused) as refused:
        import_files([("a.fsa", b""), ("b.fsa", b"PK\x03\x04")], plate.code)
    told = refused_as_json(refused.value, plate.code)
    assert (told["ok"], told["count"], told["changed"]) == (False, 2, False)
    assert told["problems"] == [str(one) for one in refused.value.problems]
    json.dumps(told)


def test_a_run_folder_is_read_without_what_analyzers_write_beside_the_runs(tmp_path: Path) -> None:
    for name in ("b.hid", "a.fsa", "run.xml", ".hidden.fsa", "notes.log"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "sub").mkdir()
    assert read_folder(tmp_path) == [("a.fsa", b"a.fsa"), ("b.hid", b"b.hid")]


def test_a_well_without_a_file_is_a_finding(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=2)
    import_files(a_run_of(plate, without=("B01",)), plate.code)
    assert "NO_FILE" in rules_of(database, Severity.WARN)


@pytest.mark.parametrize(
    ("role", "rule"),
    [
        (WellRole.POSITIVE, "POSITIVE"),
        (WellRole.NEGATIVE, "NEGATIVE"),
        (WellRole.BLANK, "BLANK"),
        (WellRole.LADDER, "R03"),
    ],
)
def test_without_a_control_nothing_is_released(
    role: WellRole, rule: str, database: Database, an_injection_plate: Any, a_run_of: Any,
    import_files: Import,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=1)
    position = {
        WellRole.BLANK: "B01", WellRole.POSITIVE: "C01", WellRole.NEGATIVE: "D01",
        WellRole.LADDER: "E01",
    }[role]  # fmt: skip
    result = import_files(a_run_of(plate, without=(position,)), plate.code)
    assert result.state == RunState.FAILED
    assert rule in rules_of(database, Severity.FAIL)


def test_a_reagent_blank_with_peaks_holds_its_whole_extraction_batch(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=2)
    stray = {"D8S1179": ("12", "13"), "TH01": ("6",)}
    files = a_run_of(plate, changed={"C01": _changed(stray)})
    result = import_files(files, plate.code)
    assert result.findings["hold"] == 1
    with database.reading() as session:
        for extract in plate.extracts:
            assert blocked(session, extract)


def test_a_negative_control_with_peaks_stops_the_run(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    files = a_run_of(plate, changed={"D01": _changed({"TH01": ("6", "7"), "FGA": ("22",)})})
    assert import_files(files, plate.code).state == RunState.FAILED
    assert "R05" in rules_of(database, Severity.FAIL)


def test_a_switched_positive_control_stops_the_run(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(samples=1)
    wrong = {marker.name: (marker.ladder[2].name,) for marker in plate.kit.markers[:10]}
    files = a_run_of(plate, changed={"C01": _changed(wrong)})
    assert import_files(files, plate.code).state == RunState.FAILED
    assert "R06" in rules_of(database, Severity.FAIL)


def test_names_typed_at_the_analyzer_never_reach_the_ledger(
    database: Database, an_injection_plate: Any, a_run_of: Any, import_files: Import
) -> None:
    plate = an_injection_plate(
        wells={
            "A01": (WellRole.SAMPLE, "Fatima Secret"), "B01": (WellRole.POSITIVE, "plus"),
            "C01": (WellRole.NEGATIVE, "minus"), "D01": (WellRole.LADDER, "L"),
        },
    )  # fmt: skip
    import_files(a_run_of(plate), plate.code)
    with database.reading() as session:
        for stream in (plate.code, *plate.extracts):
            for event in history(session, stream):
                assert "Secret" not in str(event.content)


@pytest.mark.parametrize("name", ["identifiler-run", "powerplex16-run"])
def test_a_real_run_with_controls_passes_once_quality_has_answered_the_missing_blank(
    name: str, a_real_run: Any, import_files: Import, database: Database
) -> None:
    plate, files = a_real_run(name)
    result = import_files(files, plate.code)
    assert result.files == 7
    assert rules_of(database, Severity.FAIL) == {"BLANK"}


def test_the_real_run_without_controls_is_imported_and_releases_nothing(
    a_real_run: Any, import_files: Import, database: Database
) -> None:
    plate, files = a_real_run("globalfiler-hid")
    result = import_files(files, plate.code)
    assert (result.files, result.state) == (8, "failed")
    assert {"POSITIVE", "NEGATIVE", "BLANK"} <= rules_of(database, Severity.FAIL)


@pytest.mark.parametrize(
    "name",
    [
        "dir_count_huge.fsa", "empty.fsa", "header_only.fsa", "lfs_pointer.hid",
        "truncated_half.fsa", "zip_renamed.fsa",
    ],
)  # fmt: skip
def test_a_damaged_real_file_forbids_its_import(
    name: str, shared_data: Path, a_real_run: Any, import_files: Import, database: Database
) -> None:
    plate, files = a_real_run("identifiler-run")
    damaged = (shared_data / "abif" / "damaged" / name).read_bytes()
    with pytest.raises(RunRefused) as refused:
        import_files([*files, (name, damaged)], plate.code)
    assert name in problems(refused)
    assert counts(database) == (0, 0, 0, 0)


def _changed(genotype: dict[str, tuple[str, ...]]) -> Any:
    return _Change(genotype)


class _Change:
    """What a synthetic well holds instead of what the plate promises."""

    def __init__(self, genotype: dict[str, tuple[str, ...]]) -> None:
        self.name = ""
        self.genotype = genotype
        self.height = 1600


def test_a_finding_says_what_was_seen_and_what_to_do(
    an_injection_plate: Any, a_run_of: Any, import_files: Import, database: Database
) -> None:
    plate = an_injection_plate(samples=1)
    import_files(a_run_of(plate, without=("C01",)), plate.code)
    with database.reading() as session:
        for finding in session.scalars(select(Finding)):
            assert str(Say.from_json(open_json(PLAIN, finding.seen, finding, "seen")))
            assert str(Say.from_json(finding.do))
