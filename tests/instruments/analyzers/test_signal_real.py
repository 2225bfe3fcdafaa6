# SPDX-License-Identifier: Apache-2.0
"""The machine call on real runs: equal to other programs and other kits, or refused."""

import json
from pathlib import Path

import pytest

from instruments.analyzers.abif import read_abif
from instruments.analyzers.signal import (
    InjectionCalls,
    Limits,
    PeakKind,
    Role,
    RunCalls,
    call_run,
    signal_of,
)
from lims.core.catalogue import shipped_controls, shipped_kit, shipped_size_standards

RUNS = {
    "identifiler-run": "Identifiler",
    "identifiler-artifacts": "Identifiler",
    "powerplex16-run": "PowerPlex 16",
    "globalfiler-hid": "GlobalFiler",
}
# What OSIRIS calls the samples, by the names of the files.
OSIRIS = {
    "Positive Control.fsa": "MIX05_pos",
    "MIX05case2_victim.fsa": "MIX05_A",
    "MIX05case3_victim.fsa": "MIX05_K",
    "MIX05case4_victim.fsa": "MIX05_F",
}


@pytest.fixture(scope="module")
def runs(shared_data: Path) -> dict[str, RunCalls]:
    """Every real run, called with its kit and its analyzer's limits."""
    called = {}
    for folder, name in RUNS.items():
        kit = shipped_kit(name)
        signals = []
        model: str | None = None
        for path in sorted((shared_data / "abif" / "osiris" / folder).iterdir()):
            file = read_abif(path.read_bytes(), name=path.name)
            is_ladder = "ladder" in (file.sample_name or "").lower()
            role = Role.LADDER if is_ladder else Role.OTHER
            signals.append(signal_of(file, role=role, name=path.name))
            model = file.instrument_model
        limits = Limits.for_instrument(model, kit)
        called[folder] = call_run(signals, kit, limits, size_standards=shipped_size_standards())
    return called


def injection(run: RunCalls, name: str) -> InjectionCalls:
    return next(found for found in run.injections if found.name == name)


def test_every_ladder_of_every_run_is_registered_at_every_marker(runs: dict[str, RunCalls]) -> None:
    for folder, run in runs.items():
        for ladder in run.ladders:
            refused = {fit.marker: fit.refused for fit in ladder.markers if fit.refused}
            assert refused == {}, (folder, ladder.name)
    assert [len(run.ladders) for run in runs.values()] == [1, 3, 1, 1]


def test_identifiler_calls_are_those_of_osiris_at_every_accepted_allele(
    runs: dict[str, RunCalls], shared_data: Path
) -> None:
    path = shared_data / "exports" / "osiris" / "truth_osiris216_identifiler.json"
    samples = {sample["name"]: sample for sample in json.loads(path.read_text()).values()}
    # Peaks that OSIRIS shows between its bins and an analyst would not accept: bleeding.
    off_ladder = {("MIX05_A", "D21S11", "24.3"), ("MIX05_F", "D18S51", "10.1")}
    sexes = {"1": "X", "2": "Y"}
    compared = 0
    for name, known_as in OSIRIS.items():
        for marker in injection(runs["identifiler-run"], name).markers:
            called = samples[known_as]["loci"][marker.marker]
            accepted = tuple(
                sexes.get(allele, allele) if marker.marker == "AMEL" else allele
                for allele, *_ in called
                if (known_as, marker.marker, allele) not in off_ladder
            )
            assert marker.alleles == accepted, (name, marker)
            compared += 1
    assert compared == 64


def test_peak_heights_are_those_of_osiris(runs: dict[str, RunCalls], shared_data: Path) -> None:
    path = shared_data / "exports" / "osiris" / "truth_osiris216_identifiler.json"
    samples = {sample["name"]: sample for sample in json.loads(path.read_text()).values()}
    compared = 0
    for name, known_as in OSIRIS.items():
        for peak in injection(runs["identifiler-run"], name).peaks:
            for allele, _, height, _ in samples[known_as]["loci"].get(peak.marker or "", []):
                if peak.kind is PeakKind.ALLELE and peak.allele == allele and not peak.saturated:
                    assert abs(peak.height - int(height)) <= 0.06 * int(height), (name, peak)
                    compared += 1
    assert compared > 90


@pytest.mark.parametrize(
    ("folder", "name"),
    [("identifiler-run", "Positive Control.fsa"), ("powerplex16-run", "positive control.fsa")],
)
def test_the_positive_control_is_9947a_at_every_marker(
    runs: dict[str, RunCalls], folder: str, name: str
) -> None:
    reference = shipped_controls()["9947A"]
    for marker in injection(runs[folder], name).markers:
        assert marker.alleles == reference[marker.marker], marker


def test_the_switched_positive_control_is_not_9947a(runs: dict[str, RunCalls]) -> None:
    switched = injection(
        runs["identifiler-artifacts"], "_switched_positive_control_A05_PT84244.fsa"
    )
    reference = shipped_controls()["9947A"]

    differing = [
        marker.marker
        for marker in switched.markers
        if marker.alleles != reference[marker.marker] and marker.refused is None
    ]

    assert len(differing) > 8


def test_negative_controls_are_empty_but_for_the_low_peaks_that_osiris_reports_too(
    runs: dict[str, RunCalls],
) -> None:
    shown = {}
    for folder, name in (
        ("identifiler-run", "Negative Control.fsa"),
        ("powerplex16-run", "negative control.fsa"),
    ):
        negative = injection(runs[folder], name)
        assert all(marker.refused is None for marker in negative.markers)
        shown[folder] = [
            (peak.marker, peak.kind)
            for peak in negative.peaks
            if peak.kind is not PeakKind.BELOW_THRESHOLD and peak.marker is not None
        ]
    # OSIRIS extrapolates them to 97 bp as D3S1358 8 and 8.1, with 166 and 156 RFU: the second is
    # just below the threshold here.
    assert shown == {
        "identifiler-run": [("D3S1358", PeakKind.OFF_LADDER)], "powerplex16-run": [],
    }  # fmt: skip


def test_the_same_persons_agree_in_two_kits_at_every_marker_that_both_call(
    runs: dict[str, RunCalls],
) -> None:
    compared = 0
    for other in runs["powerplex16-run"].injections:
        for one in runs["identifiler-run"].injections:
            if one.name != other.name:
                continue
            for marker in other.markers:
                same = one.call(marker.marker)
                if same is not None and same.refused is None and marker.refused is None:
                    assert same.alleles == marker.alleles, (one.name, marker)
                    compared += 1
    assert compared >= 50


def test_globalfiler_samples_are_single_persons_with_balanced_alleles(
    runs: dict[str, RunCalls],
) -> None:
    kit = shipped_kit("GlobalFiler")
    samples = [one for one in runs["globalfiler-hid"].injections if one.role is Role.OTHER]
    assert len(samples) == 7
    for sample in samples:
        for marker in sample.markers:
            assert marker.refused is None
            assert len(marker.alleles) <= kit.marker(marker.marker).max_alleles
            heights = [peak.height for peak in marker.peaks if peak.kind is PeakKind.ALLELE]
            assert not heights or min(heights) >= 0.5 * max(heights), (sample.name, marker)
            autosomal = kit.marker(marker.marker).is_autosomal
            assert not autosomal or marker.alleles
        male = sample.call("AMEL")
        assert male is not None
        for name in ("Yindel", "DYS391"):
            found = sample.call(name)
            assert found is not None
            assert bool(found.alleles) == ("Y" in male.alleles)


def test_peaks_lie_well_inside_their_bins(runs: dict[str, RunCalls]) -> None:
    for folder in ("identifiler-run", "powerplex16-run", "globalfiler-hid"):
        residuals = [
            abs(peak.residual)
            for one in runs[folder].injections
            if one.role is Role.OTHER and one.name != "MIX05case1_victim.fsa"
            for peak in one.peaks
            if peak.kind is PeakKind.ALLELE and peak.residual is not None
        ]
        assert max(residuals) <= 25


def test_a_size_standard_that_is_too_low_fails(runs: dict[str, RunCalls]) -> None:
    low = injection(runs["identifiler-artifacts"], "_ILS_too_low_A06_OT05897.fsa")

    assert low.size_fit is not None
    assert not low.size_fit.accepted
    assert [fact.rule for fact in low.facts] == ["R02"]


def test_off_scale_signal_is_reported(runs: dict[str, RunCalls]) -> None:
    loud = injection(runs["identifiler-artifacts"], "_off_scale_data_D3_D21_vWA_B08_UT57312.fsa")

    assert [(fact.rule, fact.code) for fact in loud.facts] == [("R13", "off-scale")]
    assert any(peak.saturated for peak in loud.peaks)


def test_a_mixture_shows_more_alleles_than_one_person_has(runs: dict[str, RunCalls]) -> None:
    mixture = injection(runs["identifiler-artifacts"], "_mixture_G01_ESM7.fsa")

    crowded = [marker for marker in mixture.markers if len(marker.alleles) > 2]

    assert len(crowded) >= 8


def test_a_size_standard_left_over_from_another_kit_is_noted_and_not_used(
    runs: dict[str, RunCalls],
) -> None:
    for one in runs["powerplex16-run"].injections:
        assert one.size_fit is not None
        assert one.size_fit.sized
        assert one.size_fit.standard.startswith("Promega-ILS")
        assert any(fact.code == "size-standard-not-of-kit" for fact in one.facts)
