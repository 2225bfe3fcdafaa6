# SPDX-License-Identifier: Apache-2.0
"""The shipped kits, size standards and controls are whole and agree with each other."""

import json
from pathlib import Path

import pytest

from instruments.analyzers.kit import BASE_PAIR, KitError, MarkerKind, allele_value, marker_key
from instruments.analyzers.size_standards import size_standards_of
from lims.core.catalogue import (
    shipped_controls,
    shipped_kit,
    shipped_kits,
    shipped_size_standards,
)


def test_all_35_kits_are_shipped_and_no_name_means_two_of_them() -> None:
    kits = shipped_kits()

    assert len(kits) == 35
    for kit in kits:
        for name in (kit.name, *kit.aliases):
            assert [other.name for other in kits if other.is_called(name)] == [kit.name]


@pytest.mark.parametrize(
    ("written", "kit"),
    [
        ("GlobalFiler", "GlobalFiler"),
        ("powerplex_fusion_6c", "PowerPlex Fusion 6C"),
        ("PP16", "PowerPlex 16"),
        ("AmpFlSTR Identifiler Plus", "Identifiler Plus"),
        ("Yfiler+", "Yfiler Plus"),
        ("yfiler", "Yfiler"),
    ],
)
def test_a_kit_is_found_by_any_usual_spelling(written: str, kit: str) -> None:
    assert shipped_kit(written).name == kit


def test_a_kit_that_is_not_shipped_is_refused_by_name() -> None:
    with pytest.raises(KitError) as refusal:
        shipped_kit("PowerPlex 99")

    assert refusal.value.reason == "unknown-kit"
    assert refusal.value.values == {"kit": "PowerPlex 99"}


def test_rungs_of_a_ladder_lie_as_far_apart_as_their_repeats_say() -> None:
    for kit in shipped_kits():
        for marker in kit.markers:
            if marker.kind in (MarkerKind.SEX, MarkerKind.QUALITY) or len(marker.ladder) < 3:
                continue
            numbered = [(allele_value(rung.name), rung.size) for rung in marker.ladder]
            (first, start) = numbered[0]
            assert first is not None
            for value, size in numbered:
                assert value is not None
                bases = (value[0] - first[0]) * marker.repeat + value[1] - first[1]
                assert size - start == bases * BASE_PAIR, (kit.name, marker.name, value)


def test_every_kit_has_a_size_standard_that_reaches_over_its_longest_marker() -> None:
    for kit in shipped_kits():
        standards = size_standards_of(kit, shipped_size_standards())
        top = max(marker.ladder[-1].size for marker in kit.markers)

        assert standards, kit.name
        assert all(standard.peaks[-1] > top for standard in standards), kit.name


def test_every_control_that_a_kit_names_is_on_record_for_most_of_its_markers() -> None:
    for kit in shipped_kits():
        for control in kit.positive_controls[:1]:
            known = {marker_key(marker) for marker in shipped_controls()[control]}
            typed = [marker for marker in kit.markers if marker_key(marker.name) in known]
            assert 2 * len(typed) >= len(kit.markers), (kit.name, control)


def test_the_positive_controls_are_those_of_the_laboratorys_rules() -> None:
    usual = {"GlobalFiler": "DNA007", "Yfiler Plus": "DNA007", "PowerPlex Fusion 6C": "2800M",
             "PowerPlex Y23": "2800M", "PowerPlex ESX 17": "2800M", "PowerPlex 16": "9947A",
             "Identifiler Plus": "9947A", "Investigator 24plex": "9948"}  # fmt: skip

    assert {name: shipped_kit(name).positive_control for name in usual} == usual


def test_control_alleles_are_rungs_of_the_ladders_or_named_variants_of_them() -> None:
    controls = shipped_controls()

    assert controls["9947A"]["TH01"] == ("8", "9.3")
    assert controls["9948"]["CSF1PO"] == ("10", "11", "12")
    assert controls["2800M"]["AMEL"] == ("X", "Y")


def test_kits_say_the_same_as_their_public_source(shared_data: Path) -> None:
    for path in sorted((shared_data / "kits").glob("*.json")):
        record = json.loads(path.read_text())
        if "loci" not in record:
            continue
        kit = shipped_kit(record["kit"])
        assert shipped_kit(path.stem) is kit
        assert [marker.name for marker in kit.markers] == [loc["name"] for loc in record["loci"]]
        for marker, locus in zip(kit.markers, record["loci"], strict=True):
            if (kit.name, marker.name) == ("COrDIS Plus", "D22S1045"):
                continue  # the source steps by 4 bases where the marker repeats every 3
            rungs = [[rung.name, rung.size / BASE_PAIR] for rung in marker.ladder]
            assert rungs == locus["ladder"], (kit.name, marker.name)
