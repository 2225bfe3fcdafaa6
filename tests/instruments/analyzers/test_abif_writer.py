# SPDX-License-Identifier: Apache-2.0
"""Synthetic runs: files like an analyzer's, the same bytes from the same seed."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pytest

from instruments.analyzers.abif import read_abif
from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run, write_abif
from instruments.analyzers.kit import Kit, KitError, MarkerKind
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import (
    Role,
    Sex,
    SyntheticInjection,
    SyntheticInstrument,
    child_genotype,
    draw_genotype,
    seeded,
)
from lims.core.catalogue import shipped_kit, shipped_size_standards

STARTED = datetime.fromisoformat("2026-03-01T09:15:30")


def an_injection(kit: Kit, role: Role, **changes: object) -> SyntheticInjection:
    fields: dict[str, object] = {
        "kit": kit,
        "size_standard": size_standards_of(kit, shipped_size_standards())[0],
        "instrument": SyntheticInstrument("3130"),
        "name": "4471238",
        "well": "B7",
        "plate": "P-CE-17",
        "role": role,
        "genotype": {},
        "started": STARTED,
        "seed": 7,
    }
    return SyntheticInjection(**(fields | changes))  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("kit", "model", "version", "dyes"),
    [
        ("Identifiler", "3130", 101, 5),
        ("PowerPlex 16", "3100", 101, 4),
        ("GlobalFiler", "3500", 300, 6),
    ],
)
def test_a_synthetic_file_reads_like_one_of_the_analyzer(
    kit: str, model: str, version: int, dyes: int
) -> None:
    run = an_injection(shipped_kit(kit), Role.LADDER, instrument=SyntheticInstrument(model))

    file = read_abif(write_abif(run), name="x")

    assert file.problems == ()
    assert (file.version, file.sample_name, file.well, file.plate) == (
        version,
        "4471238",
        "B07",
        "P-CE-17",
    )
    assert file.tag("Dye#") == dyes
    assert [dye.number for dye in file.dyes] == list(range(1, dyes + 1))
    assert file.size_standard == run.size_standard.name
    for dye in range(1, dyes + 1):
        raw, analysed = file.raw(dye), file.analysed(dye)
        assert raw is not None
        assert analysed is not None
        assert len(raw) == len(analysed) == file.tag("SCAN")
        assert max(analysed) > 500


def test_an_unanalysed_file_holds_raw_channels_alone() -> None:
    run = an_injection(shipped_kit("Identifiler"), Role.LADDER, analysed=False)

    file = read_abif(write_abif(run), name="x")

    assert file.raw(1) is not None
    assert file.analysed(1) is None


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    kit = shipped_kit("Identifiler")
    first = write_abif(an_injection(kit, Role.LADDER))

    assert write_abif(an_injection(kit, Role.LADDER)) == first
    assert write_abif(an_injection(kit, Role.LADDER, seed=8)) != first


def test_controls_without_dna_show_the_size_standard_and_nothing_else() -> None:
    kit = shipped_kit("Identifiler")
    for role in (Role.NEGATIVE, Role.BLANK):
        file = read_abif(write_abif(an_injection(kit, role)), name="x")
        beyond_primers = slice(2000, None)
        quiet = [np.array(file.analysed(dye))[beyond_primers].max() for dye in (1, 2, 3, 4)]
        assert max(quiet) < 50
        assert np.array(file.analysed(5))[beyond_primers].max() > 500


def test_too_much_dna_saturates_the_camera_and_the_file_says_where() -> None:
    kit = shipped_kit("Identifiler")
    genotype = draw_genotype(kit, seeded("3"))
    calm = an_injection(kit, Role.SAMPLE, genotype=genotype)
    loud = an_injection(kit, Role.SAMPLE, genotype=genotype, overloaded=True)

    assert not read_abif(write_abif(calm), name="x").off_scale
    file = read_abif(write_abif(loud), name="x")
    assert file.off_scale
    assert max(max(file.raw(dye) or ()) for dye in (1, 2, 3, 4)) == 8191


def test_a_run_has_one_file_a_well_in_the_order_of_injection() -> None:
    kit = shipped_kit("GlobalFiler")
    wells = [
        SyntheticWell("A2", "late", Role.SAMPLE),
        SyntheticWell("A1", "LADDER", Role.LADDER),
        SyntheticWell("B1", "NEG/1", Role.NEGATIVE),
    ]

    files = synthetic_run(
        kit,
        wells,
        size_standard=size_standards_of(kit, shipped_size_standards())[0],
        plate="P1",
        instrument=SyntheticInstrument("3500", serial="SN9"),
        started=STARTED,
        seed=1,
    )

    assert list(files) == ["LADDER_A01_01.hid", "NEG_1_B01_02.hid", "late_A02_03.hid"]
    read = [read_abif(content, name=name) for name, content in files.items()]
    assert len({file.injection_id for file in read}) == 3
    assert {file.instrument_serial for file in read} == {"SN9"}


@pytest.mark.parametrize(
    ("wells", "reason"), [(["A1", "A01"], "well-twice"), (["A13"], "well-unknown")]
)
def test_a_plate_that_cannot_be_is_refused(wells: list[str], reason: str) -> None:
    kit = shipped_kit("Identifiler")

    with pytest.raises(KitError) as refusal:
        synthetic_run(
            kit,
            [SyntheticWell(well, well, Role.SAMPLE) for well in wells],
            size_standard=size_standards_of(kit, shipped_size_standards())[0],
            plate="P1",
            instrument=SyntheticInstrument(),
            started=STARTED,
            seed=1,
        )

    assert refusal.value.reason == reason


def shares_an_allele_with_each(
    child: tuple[str, ...], mother: tuple[str, ...], father: tuple[str, ...]
) -> bool:
    pairs = [(child[0], child[-1]), (child[-1], child[0])]
    return any(one in mother and other in father for one, other in pairs)


def test_a_drawn_child_has_one_allele_of_each_parent() -> None:
    kit = shipped_kit("PowerPlex Fusion 6C")
    rng = seeded("11")
    mother = draw_genotype(kit, rng, sex=Sex.FEMALE)
    father = draw_genotype(kit, rng, sex=Sex.MALE)
    son = child_genotype(kit, mother, father, rng, sex=Sex.MALE)
    daughter = child_genotype(kit, mother, father, rng, sex=Sex.FEMALE)

    for marker in kit.markers:
        name = marker.name
        if marker.is_autosomal:
            for child in (son, daughter):
                assert shares_an_allele_with_each(child[name], mother[name], father[name])
        elif marker.kind is MarkerKind.Y:
            assert (son[name], daughter[name], mother[name]) == (father[name], (), ())
    assert (son["AMEL"], daughter["AMEL"]) == (("X", "Y"), ("X",))


def test_drawn_genotypes_hold_rungs_of_the_ladder_only() -> None:
    for name in ("GlobalFiler", "Investigator Argus X-12", "Yfiler Plus", "Investigator 24plex"):
        kit = shipped_kit(name)
        for sex in Sex:
            drawn: Mapping[str, tuple[str, ...]] = draw_genotype(kit, seeded("5"), sex=sex)
            for marker in kit.markers:
                assert set(drawn[marker.name]) <= {rung.name for rung in marker.ladder}
                assert len(drawn[marker.name]) <= max(2, marker.max_alleles)
