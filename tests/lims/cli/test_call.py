# SPDX-License-Identifier: Apache-2.0
"""`lims call`: real runs called from their raw signal, judged, and told without a laboratory."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lims.core.catalogue import shipped_controls

Run = Callable[..., Any]
Rows = dict[str, dict[str, Any]]
KEYS = {"path", "sample_name", "role", "size_standard", "ladder", "loci", "problems"}
NO_ALLELE = {"artefact", "stutter", "pull-up", "off-ladder"}
KITS = {
    "identifiler-run": "Identifiler",
    "identifiler-artifacts": "Identifiler",
    "powerplex16-run": "PowerPlex16",
    "globalfiler-hid": "GlobalFiler",
}


@pytest.fixture(scope="module")
def rows(lims: Run, shared_data: Path) -> dict[str, Rows]:
    """What the command tells of each real run, by the names of the files."""
    told = {}
    for folder, kit in KITS.items():
        ran = lims("call", shared_data / "abif" / "osiris" / folder, "--kit", kit, "--json")
        assert ran.status == 0, ran.said
        told[folder] = {Path(row["path"]).name: row for row in ran.json}
    return told


def alleles(row: dict[str, Any], locus: str) -> list[str]:
    return [one["allele"] for one in row["loci"][locus] if not NO_ALLELE & set(one["flags"])]


def rules(row: dict[str, Any]) -> set[str]:
    return {found[1] for problem in row["problems"] if (found := re.match(r"(R\d\d)b? ", problem))}


@pytest.mark.data
def test_every_file_is_told_under_the_fixed_names_and_its_role_is_known(
    rows: dict[str, Rows],
) -> None:
    for run in rows.values():
        for row in run.values():
            assert set(row) >= KEYS
            assert set(row["size_standard"]) >= {"peaks_found", "expected", "r"}
            assert row["ladder"]["registered"]
            assert row["ladder"]["reason"] is None
    roles = {name: row["role"] for name, row in rows["identifiler-run"].items()}
    assert roles == {
        "Identifiler LADDER.fsa": "ladder", "Positive Control.fsa": "positive",
        "Negative Control.fsa": "negative", "MIX05case1_victim.fsa": "sample",
        "MIX05case2_victim.fsa": "sample", "MIX05case3_victim.fsa": "sample",
        "MIX05case4_victim.fsa": "sample",
    }  # fmt: skip


@pytest.mark.data
def test_identifiler_agrees_with_osiris_at_every_locus_or_says_why_not(
    rows: dict[str, Rows], shared_data: Path
) -> None:
    path = shared_data / "exports" / "osiris" / "truth_osiris216_identifiler.json"
    truth = {sample["name"]: sample["loci"] for sample in json.loads(path.read_text()).values()}
    compared = 0
    for row in rows["identifiler-run"].values():
        for locus, called in truth.get(row["sample_name"], {}).items():
            if locus == "null" or row["role"] in ("ladder", "negative"):
                continue
            known = {{"1": "X", "2": "Y"}.get(a, a) if locus == "AMEL" else a for a, *_ in called}
            seen = {one["allele"] for one in row["loci"][locus]}
            # What OSIRIS shows between its bins, an analyst would not accept; it is shown here
            # too, with the flag that says what it is.
            assert set(alleles(row, locus)) <= known <= seen, (row["path"], locus)
            assert all("." in allele for allele in known - set(alleles(row, locus)))
            compared += 1
    assert compared == 64
    overloaded = rows["identifiler-run"]["MIX05case1_victim.fsa"]
    for locus in {"TH01", "D13S317", "vWA", "TPOX", "D5S818"}:
        assert locus not in overloaded["loci"]
        assert any(
            problem.startswith(f"{locus} is not called") for problem in overloaded["problems"]
        )


@pytest.mark.data
@pytest.mark.parametrize(
    ("run", "positive", "negative", "stray"),
    [
        ("identifiler-run", "Positive Control.fsa", "Negative Control.fsa", {"D3S1358": 2}),
        ("powerplex16-run", "positive control.fsa", "negative control.fsa", {}),
    ],
)
def test_controls_are_what_they_must_be(
    rows: dict[str, Rows], run: str, positive: str, negative: str, stray: dict[str, int]
) -> None:
    control = rows[run][positive]
    for locus in control["loci"]:
        assert tuple(alleles(control, locus)) == shipped_controls()["9947A"][locus]
    assert len(control["loci"]) == 16
    assert "R06" not in rules(control)

    empty = rows[run][negative]
    assert {locus: len(peaks) for locus, peaks in empty["loci"].items() if peaks} == stray
    assert rules(empty) == ({"R05"} if stray else set())
    assert all(locus in problem for problem in empty["problems"] for locus in stray)


@pytest.mark.data
def test_each_bad_injection_raises_the_rule_that_its_name_says(rows: dict[str, Rows]) -> None:
    found = rows["identifiler-artifacts"]

    def row(start: str) -> dict[str, Any]:
        return next(one for name, one in found.items() if name.startswith(start))

    assert rules(row("_ILS_too_low")) == {"R02"}
    assert "R14" in rules(row("_mixture"))
    assert "R13" in rules(row("_off_scale"))
    assert "R06" in rules(row("_switched_positive_control"))
    stutter = row("_stutter_in_D3_D16")
    assert [one["locus"] or one["rule"] for one in stutter["findings"] if one["rule"] == "R10"]
    for locus in ("D3S1358", "D16S539"):
        assert any("stutter" in one["flags"] for one in stutter["loci"][locus])
    named = {"R01", "R02", "R06", "R10", "R13", "R14"}
    for name, one in found.items():
        if not name.startswith("_"):
            assert not rules(one) & named, name


@pytest.mark.data
def test_all_seven_globalfiler_samples_are_called(rows: dict[str, Rows]) -> None:
    samples = [row for row in rows["globalfiler-hid"].values() if row["role"] == "sample"]

    assert len(samples) == 7
    for row in samples:
        assert len(row["loci"]) == 24
        assert all(len(alleles(row, locus)) <= 2 for locus in row["loci"])
        # One of them has D2S441 9.1, which the ladder has not.
        assert rules(row) <= {"R12"}


@pytest.mark.data
def test_damaged_files_are_told_beside_the_others(lims: Run, shared_data: Path) -> None:
    ran = lims("call", shared_data / "abif" / "damaged", "--kit", "PowerPlex 16", "--json")

    assert ran.status == 1
    rows = {Path(row["path"]).name: row for row in ran.json}
    assert "error" in rows["truncated_half.fsa"]
    assert all(set(row) >= KEYS for row in ran.json)
    assert rows["truncated_half.fsa"]["size_standard"]["peaks_found"] == 0
    assert rows["truncated_half.fsa"]["problems"]
    assert rows["mac_128_byte_prefix.fsa"]["size_standard"]["peaks_found"] == 20
    assert rows["mac_128_byte_prefix.fsa"]["loci"] == {}
    assert any("no ladder" in one for one in rows["mac_128_byte_prefix.fsa"]["problems"])


@pytest.mark.data
def test_a_control_under_a_sample_s_name_and_the_same_file_twice_are_told(
    lims: Run, shared_data: Path, tmp_path: Path
) -> None:
    run = shared_data / "abif" / "osiris" / "powerplex16-run"
    ladder = (run / "PP16 LADDER.fsa").read_bytes()
    control = (run / "positive control.fsa").read_bytes()
    # Its own sample name, of the same length in the file.
    assert control.count(b"pos_pp16") > 0
    renamed = control.replace(b"pos_pp16", b"X7A4KQ9M")
    for name, content in {"a": ladder, "b": renamed, "c": renamed}.items():
        (tmp_path / f"{name}.fsa").write_bytes(content)

    ran = lims("call", tmp_path, "--kit", "PowerPlex16", "--json")

    rows = {Path(row["path"]).name: row for row in ran.json}
    assert rows["b.fsa"]["role"] == "sample"
    assert any("control DNA 9947A" in one for one in rows["b.fsa"]["problems"])
    assert any("same bytes as" in one for one in rows["c.fsa"]["problems"])


def test_a_kit_that_is_not_known_is_refused_with_names_that_are_near(
    lims: Run, tmp_path: Path
) -> None:
    told = lims("call", tmp_path, "--kit", "Identifilr", "--json")

    assert told.status == 2
    assert "Identifiler" in told.said
