# SPDX-License-Identifier: Apache-2.0
"""Calling a folder without a plate: roles, bad files, disturbed signal, and verification."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from instruments.analyzers.abif import read_abif
from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run
from instruments.analyzers.calling import (
    FileRole,
    FolderCalls,
    Support,
    Verdict,
    call_folder,
    role_by_names,
    verify,
)
from instruments.analyzers.kit import Kit, SizeStandard
from instruments.analyzers.signal import InjectionCalls, Limits, call_run, signal_of
from instruments.analyzers.signal import InjectionSignal as Signal
from instruments.analyzers.signal import Role as Known
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import Role, SyntheticInstrument, draw_genotype, seeded
from lims.core.catalogue import shipped_kit, shipped_size_standards

STARTED = datetime.fromisoformat("2026-03-01T09:00:00")
SMALL = "MiniFiler"


def run_of(
    kit: Kit, wells: list[SyntheticWell], *, standard: SizeStandard | None = None
) -> dict[str, bytes]:
    model = "3500" if len(kit.dyes) == 6 else "3130"
    return synthetic_run(
        kit,
        wells,
        size_standard=standard or size_standards_of(kit, shipped_size_standards())[0],
        plate="P",
        instrument=SyntheticInstrument(model=model),
        started=STARTED,
        seed=5,
    )


def wells_of(kit: Kit, *, ladder: str = "LADDER") -> list[SyntheticWell]:
    person = draw_genotype(kit, seeded("the person"))
    return [
        SyntheticWell("A1", ladder, Role.LADDER),
        SyntheticWell("B1", "NTC", Role.NEGATIVE),
        SyntheticWell("C1", "X7A-4KQ", Role.SAMPLE, person),
    ]


def called(kit: Kit, files: Mapping[str, bytes]) -> FolderCalls:
    return call_folder(list(files.items()), kit, size_standards=shipped_size_standards())


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (("Identifiler LADDER",), FileRole.LADDER),
        (("GF_ladder1_A11_01",), FileRole.LADDER),
        (("AL2",), FileRole.LADDER),
        (("3500-AL",), None),
        (("MIX05_pos",), FileRole.POSITIVE),
        (("CTL+",), FileRole.POSITIVE),
        (("PC-1",), FileRole.POSITIVE),
        (("9947A 0.5 ng",), FileRole.POSITIVE),
        (("neg_pp16",), FileRole.NEGATIVE),
        (("NTC3",), FileRole.NEGATIVE),
        (("ctl-",), FileRole.NEGATIVE),
        (("BLANK",), FileRole.BLANK),
        (("RB-2",), FileRole.BLANK),
        (("Reagent_Blank_12",), FileRole.BLANK),
        (("X7A-4KQ-9MC",), None),
        (("POSTER", "NEGEV", "BLANKA", "ALI", "RBC"), None),
        (("PT84244", None, "_switched_positive_control_A05_PT84244.fsa"), FileRole.POSITIVE),
        # 3500 instruments write "Sample" on ladders too.
        (("S12", "Sample", "S12_A01.hid"), None),
        (("S12", "Allelic Ladder"), FileRole.LADDER),
    ],
)
def test_names_tell_a_role_only_by_whole_words(
    names: tuple[str | None, ...], role: FileRole | None
) -> None:
    assert role_by_names(*names) is role


def test_a_ladder_is_known_by_its_signal_whatever_it_is_named() -> None:
    kit = shipped_kit(SMALL)
    wells = wells_of(kit, ladder="K3M-88P")

    folder = called(kit, run_of(kit, wells))

    by_name = {one.sample_name: one for one in folder.files}
    ladder, sample = by_name["K3M-88P"], by_name["X7A-4KQ"]
    assert (ladder.role, ladder.named, ladder.registered) == (FileRole.LADDER, None, True)
    assert by_name["NTC"].role is FileRole.NEGATIVE
    assert {locus: sample.alleles(locus) for locus in sample.loci} == wells[2].genotype
    assert all(by_name["NTC"].alleles(marker.name) == () for marker in kit.markers)


def test_an_injection_that_ran_otherwise_than_its_ladder_is_seen_by_its_alleles() -> None:
    kit = shipped_kit(SMALL)
    folder = called(kit, run_of(kit, wells_of(kit)))
    sample = next(one for one in folder.files if one.sample_name == "X7A-4KQ")
    empty = next(one for one in folder.files if one.sample_name == "NTC")
    calls = sample.calls
    assert calls is not None
    moved = tuple(
        peak if peak.residual is None else replace(peak, residual=peak.residual + 40)
        for peak in calls.peaks
    )

    assert sample.drift is not None
    assert abs(sample.drift) < 10
    assert replace(sample, calls=replace(calls, peaks=moved)).drift == sample.drift + 40
    assert empty.drift is None


def test_a_sample_that_bears_the_ladders_name_is_no_ladder_and_names_no_allele() -> None:
    kit = shipped_kit(SMALL)
    wells = [replace(wells_of(kit)[2], name="LADDER"), replace(wells_of(kit)[2], well="D1")]

    folder = called(kit, run_of(kit, wells))

    assert [one.registered for one in folder.files] == [False, False]
    assert all(not one.loci and len(one.refused) == len(kit.markers) for one in folder.files)


def test_a_file_that_cannot_be_read_harms_no_other() -> None:
    kit = shipped_kit(SMALL)
    files = run_of(kit, wells_of(kit))
    whole = next(name for name in files if name.startswith("X7A"))
    files["cut.fsa"] = files[whole][:5000]
    files["table.fsa"] = b"Sample Name\tMarker\n"

    folder = called(kit, files)

    assert folder.failed
    assert [one.path for one in folder.files if one.error is not None] == ["cut.fsa", "table.fsa"]
    sample = next(one for one in folder.files if one.path == whole)
    assert len(sample.loci) == len(kit.markers)


def test_where_a_file_names_no_size_standard_the_ladder_tells_which_of_the_kit_s_it_is() -> None:
    # CC5 and WEN have the same sizes, and fragments run up to 4 bp apart beside them.
    kit = shipped_kit("PowerPlex ESX 16")
    wen = next(one for one in size_standards_of(kit, shipped_size_standards()) if "WEN" in one.name)
    wells = [one for one in wells_of(kit) if one.role is not Role.NEGATIVE]
    files = run_of(kit, wells, standard=wen)
    signals = [
        replace(
            signal_of(
                read_abif(content, name=file),
                role=Known.LADDER if file.startswith("LADDER") else Known.OTHER,
            ),
            size_standard=None,
        )
        for file, content in files.items()
    ]
    limits = Limits.for_instrument("3130", kit)

    run = call_run(signals, kit, limits, size_standards=shipped_size_standards())

    assert run.ladders[0].registered == len(kit.markers)
    sample = next(one for one in run.injections if one.name == "X7A-4KQ")
    assert {m.marker: m.alleles for m in sample.markers} == wells[1].genotype


def stretched(signal: Signal, share: float) -> Signal:
    channels = {
        dye: np.interp(np.arange(int(len(c) * share)) / share, np.arange(len(c)), c)
        for dye, c in signal.channels.items()
    }
    return replace(signal, channels=channels, off_scale=())


def changed(signal: Signal, change: Callable[[np.ndarray, int], np.ndarray]) -> Signal:
    channels = {dye: change(channel, dye) for dye, channel in signal.channels.items()}
    return replace(signal, channels=channels)


def noisy(channel: np.ndarray, dye: int) -> np.ndarray:
    return channel + np.random.default_rng(dye).normal(0, 12, len(channel))


def drifting(channel: np.ndarray, dye: int) -> np.ndarray:
    x = np.linspace(0, 1, len(channel))
    return channel + 200 * np.sin(2 * np.pi * (2 * x + dye / 5)) + 300 * x


DISTURBED: dict[str, Callable[[Signal], Signal]] = {
    "a tenth slower": lambda signal: stretched(signal, 1.1),
    "a tenth faster": lambda signal: stretched(signal, 0.9),
    "more noise": lambda signal: changed(signal, noisy),
    "a background that drifts": lambda signal: changed(signal, drifting),
    "a third of the height": lambda signal: changed(signal, lambda c, _: 0.34 * c),
    "three times the height": lambda signal: changed(signal, lambda c, _: np.minimum(3 * c, 32e3)),
}


@pytest.mark.parametrize("name", ["NGM SElect", SMALL])
def test_disturbed_signal_changes_no_call(name: str) -> None:
    kit = shipped_kit(name)
    wells = wells_of(kit)
    signals = [
        signal_of(
            read_abif(content, name=file),
            role=Known.LADDER if file.startswith("LADDER") else Known.OTHER,
        )
        for file, content in run_of(kit, wells).items()
    ]
    limits = Limits.for_instrument("3130", kit)

    for what, disturb in DISTURBED.items():
        # The ladder runs as it is: what it names must fit an injection that runs otherwise.
        run = [one if one.role is Known.LADDER else disturb(one) for one in signals]
        calls = call_run(run, kit, limits, size_standards=shipped_size_standards())
        seen = {one.name: {m.marker: m.alleles for m in one.markers} for one in calls.injections}
        assert seen["X7A-4KQ"] == wells[2].genotype, what
        assert not any(seen["NTC"].values()), what


@pytest.fixture(scope="module")
def person() -> tuple[Kit, dict[str, tuple[str, ...]], InjectionCalls]:
    """A sample that was called, and its genotype."""
    kit = shipped_kit(SMALL)
    wells = [*wells_of(kit)[:2], replace(wells_of(kit)[2], height=3000)]
    folder = called(kit, run_of(kit, wells))
    calls = next(one.calls for one in folder.files if one.sample_name == "X7A-4KQ")
    assert calls is not None
    return kit, dict(wells[2].genotype), calls


def test_the_signal_agrees_with_a_genotype_as_it_was_put_in(
    person: tuple[Kit, dict[str, tuple[str, ...]], InjectionCalls],
) -> None:
    kit, genotype, calls = person
    written = {locus: alleles * (3 - len(alleles)) for locus, alleles in genotype.items()}

    found = verify({**written, "D99S9": ("7",)}, calls, kit)

    assert found.agreeing == len(kit.markers)
    assert found.differing == ()
    assert [(one.locus, one.refused) for one in found.loci if one.verdict is Verdict.UNKNOWN] == [
        ("D99S9", "not-of-kit")
    ]


def test_the_signal_contradicts_an_allele_that_is_not_there_and_tells_one_left_out(
    person: tuple[Kit, dict[str, tuple[str, ...]], InjectionCalls],
) -> None:
    kit, genotype, calls = person
    locus = next(name for name, alleles in genotype.items() if len(alleles) == 2 and name != "AMEL")
    rungs = [rung.name for rung in kit.marker(locus).ladder]
    low, high = genotype[locus]
    wrong = next(rung for rung in rungs if abs(rungs.index(rung) - rungs.index(low)) > 2)
    reported = {**genotype, locus: (low, wrong)}

    (differing,) = verify(reported, calls, kit).differing

    assert differing.locus == locus
    told = {one.allele: one.support for one in differing.alleles}
    assert told[low] is Support.SUPPORTED
    assert told[high] is Support.UNREPORTED
    assert told[wrong] is Support.ABSENT


def test_stutter_reported_as_an_allele_is_doubted_and_a_possible_dropout_claims_nothing(
    person: tuple[Kit, dict[str, tuple[str, ...]], InjectionCalls],
) -> None:
    kit, genotype, calls = person
    stutter = next(peak for peak in calls.peaks if peak.kind == "stutter" and peak.allele)
    locus, allele = str(stutter.marker), str(stutter.allele)
    reported = {**genotype, locus: (*genotype[locus], allele, "?")}

    (differing,) = verify(reported, calls, kit).differing

    doubted = next(one for one in differing.alleles if one.allele == allele)
    assert (doubted.support, doubted.height) == (Support.DOUBTED, stutter.height)
    assert doubted.reasons[0] == "stutter"
