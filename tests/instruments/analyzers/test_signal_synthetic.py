# SPDX-License-Identifier: Apache-2.0
"""The machine call on synthetic runs: what was put in comes out, or is refused with a reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime

import numpy as np
import pytest

from instruments.analyzers.abif import read_abif
from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run, write_abif
from instruments.analyzers.kit import Kit, LadderAllele, Marker
from instruments.analyzers.signal import (
    InjectionSignal,
    Limits,
    PeakKind,
    RunCalls,
    call_run,
    signal_of,
)
from instruments.analyzers.signal import Role as Known
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import (
    Role,
    SyntheticInjection,
    SyntheticInstrument,
    draw_genotype,
    genotype_of,
    seeded,
)
from lims.core.catalogue import (
    shipped_controls,
    shipped_kit,
    shipped_kits,
    shipped_size_standards,
)

STARTED = datetime.fromisoformat("2026-03-01T09:00:00")
ROWS = "ABCDEFGH"


def model_of(kit: Kit) -> str:
    return "3500" if len(kit.dyes) == 6 else "3130"


def a_plate(kit: Kit, *, samples: int, seed: int, **changes: object) -> list[SyntheticWell]:
    """A ladder, the kit's control where one is known, a negative, and persons drawn at random."""
    rng = seeded(f"plate {seed}")
    wells = [SyntheticWell("A1", "LADDER", Role.LADDER), SyntheticWell("B1", "NEG", Role.NEGATIVE)]
    if kit.positive_control is not None:
        control = genotype_of(kit, shipped_controls()[kit.positive_control])
        wells.append(SyntheticWell("C1", "POS", Role.POSITIVE, control))
    for index in range(samples):
        well = f"{ROWS[index % 8]}{2 + index // 8}"
        person = draw_genotype(kit, rng)
        drawn = SyntheticWell(well, f"S{index}", Role.SAMPLE, person)
        wells.append(replace(drawn, **changes))  # type: ignore[arg-type] # fields by name
    return wells


def signals_of(files: Mapping[str, bytes]) -> list[InjectionSignal]:
    return [
        signal_of(
            read_abif(content, name=name),
            role=Known.LADDER if name.startswith("LADDER") else Known.OTHER,
        )
        for name, content in files.items()
    ]


def call(kit: Kit, signals: Sequence[InjectionSignal]) -> RunCalls:
    limits = Limits.for_instrument(model_of(kit), kit)
    return call_run(signals, kit, limits, size_standards=shipped_size_standards())


def files_of(kit: Kit, wells: Sequence[SyntheticWell], *, seed: int) -> dict[str, bytes]:
    return synthetic_run(
        kit,
        wells,
        size_standard=size_standards_of(kit, shipped_size_standards())[0],
        plate="P1",
        instrument=SyntheticInstrument(model_of(kit)),
        started=STARTED,
        seed=seed,
    )


def differences(
    run: RunCalls, wells: Sequence[SyntheticWell], kit: Kit
) -> list[tuple[str, str, tuple[str, ...], str | None]]:
    put_in = {well.name: well for well in wells}
    return [
        (injection.name, marker.marker, marker.alleles, marker.refused)
        for injection in run.injections
        if injection.role is Known.OTHER
        for marker in injection.markers
        if marker.alleles != tuple(put_in[injection.name].genotype.get(marker.marker, ()))
        or marker.off_ladder
    ]


@pytest.mark.parametrize(
    "name", ["Identifiler", "PowerPlex 16", "GlobalFiler", "PowerPlex Fusion 6C", "Yfiler Plus"]
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_genotypes_of_a_run_are_called_exactly(name: str, seed: int) -> None:
    kit = shipped_kit(name)
    wells = a_plate(kit, samples=12, seed=seed)

    run = call(kit, signals_of(files_of(kit, wells, seed=seed)))

    assert run.facts == ()
    assert [ladder.registered for ladder in run.ladders] == [len(kit.markers)]
    assert differences(run, wells, kit) == []


def test_every_shipped_kit_can_be_called() -> None:
    for kit in shipped_kits():
        wells = a_plate(kit, samples=2, seed=9)
        run = call(kit, signals_of(files_of(kit, wells, seed=9)))

        assert [ladder.registered for ladder in run.ladders] == [len(kit.markers)], kit.name
        # K562 has a TH01 9.3, which the ladder of PowerPlex 1.2 lacks: rightly off ladder.
        expected = [("POS", "TH01", (), None)] if kit.name == "PowerPlex 1.2" else []
        assert differences(run, wells, kit) == expected, kit.name


@pytest.mark.parametrize("name", ["Identifiler", "GlobalFiler"])
def test_raw_channels_alone_give_the_same_calls(name: str) -> None:
    kit = shipped_kit(name)
    wells = a_plate(kit, samples=4, seed=4)
    signals = []
    for file_name, content in files_of(kit, wells, seed=4).items():
        file = read_abif(content, name=file_name)
        raw = {dye.number: np.asarray(file.raw(dye.number), dtype=float) for dye in file.dyes}
        role = Known.LADDER if file_name.startswith("LADDER") else Known.OTHER
        signals.append(InjectionSignal(file.sample_name or "", file.well, role, raw, is_raw=True))

    assert differences(call(kit, signals), wells, kit) == []


def test_a_file_that_was_never_analysed_is_called_from_its_raw_channels() -> None:
    kit = shipped_kit("Identifiler")
    run = SyntheticInjection(
        kit=kit,
        size_standard=size_standards_of(kit, shipped_size_standards())[0],
        instrument=SyntheticInstrument(),
        name="LADDER",
        well="A1",
        plate="P1",
        role=Role.LADDER,
        genotype={},
        started=STARTED,
        seed=1,
        analysed=False,
    )

    signal = signal_of(read_abif(write_abif(run), name="x"), role=Known.LADDER)

    assert signal.is_raw
    assert call(kit, [signal]).ladders[0].registered == 16


def test_calling_a_run_twice_gives_the_same_result() -> None:
    kit = shipped_kit("PowerPlex 16")
    files = files_of(kit, a_plate(kit, samples=3, seed=5), seed=5)

    assert call(kit, signals_of(files)) == call(kit, signals_of(files))


def figures(value: object) -> list[object]:
    """Every number in a tree of dataclasses, tuples and mappings."""
    if is_dataclass(value) and not isinstance(value, type):
        return [figure for f in fields(value) for figure in figures(getattr(value, f.name))]
    if isinstance(value, Mapping):
        return [figure for item in value.values() for figure in figures(item)]
    if isinstance(value, tuple):
        return [figure for item in value for figure in figures(item)]
    return [value] if isinstance(value, int | float | np.generic) else []


def test_no_figure_of_a_call_is_a_floating_point_number() -> None:
    kit = shipped_kit("Identifiler")
    run = call(kit, signals_of(files_of(kit, a_plate(kit, samples=2, seed=6), seed=6)))

    found = figures(run)

    assert len(found) > 500
    assert {type(figure) for figure in found} <= {int, bool}


def test_controls_without_dna_have_no_peak_over_the_threshold() -> None:
    kit = shipped_kit("GlobalFiler")
    run = call(kit, signals_of(files_of(kit, a_plate(kit, samples=0, seed=7), seed=7)))

    negative = next(injection for injection in run.injections if injection.name == "NEG")

    assert negative.peaks == ()
    assert all(marker.refused is None for marker in negative.markers)


def test_stutter_is_named_and_not_called() -> None:
    kit = shipped_kit("Identifiler")
    wells = a_plate(kit, samples=1, seed=8, height=4000)
    run = call(kit, signals_of(files_of(kit, wells, seed=8)))

    sample = next(injection for injection in run.injections if injection.name == "S0")

    assert any(peak.kind is PeakKind.STUTTER for peak in sample.peaks)
    assert differences(run, wells, kit) == []


def test_an_allele_that_dropped_out_is_not_called() -> None:
    kit = shipped_kit("Identifiler")
    person = draw_genotype(kit, seeded("dropout"))
    het = next(
        marker for marker in kit.markers if marker.is_autosomal and len(person[marker.name]) == 2
    )
    lost, kept = person[het.name]
    wells = [
        SyntheticWell("A1", "LADDER", Role.LADDER),
        SyntheticWell("B1", "S0", Role.SAMPLE, person, dropout=((het.name, lost),)),
    ]

    run = call(kit, signals_of(files_of(kit, wells, seed=2)))

    found = run.injections[1].call(het.name)
    assert found is not None
    assert found.alleles == (kept,)


def test_a_variant_between_the_rungs_is_off_ladder_under_its_virtual_name() -> None:
    kit = shipped_kit("Identifiler")
    person = dict(draw_genotype(kit, seeded("variant"))) | {"D8S1179": ("10.2", "15")}
    wells = [
        SyntheticWell("A1", "LADDER", Role.LADDER),
        SyntheticWell("B1", "S0", Role.SAMPLE, person),
    ]

    found = call(kit, signals_of(files_of(kit, wells, seed=2))).injections[1].call("D8S1179")

    assert found is not None
    assert found.alleles == ("15",)
    assert [peak.allele for peak in found.off_ladder] == ["10.2"]


@pytest.mark.parametrize("name", ["Identifiler", "GlobalFiler"])
def test_far_too_much_dna_is_reported_and_hardly_ever_called_wrongly(name: str) -> None:
    kit = shipped_kit(name)
    wells = a_plate(kit, samples=8, seed=3, overloaded=True)
    run = call(kit, signals_of(files_of(kit, wells, seed=3)))

    loud = [injection for injection in run.injections if injection.name.startswith("S")]
    people = {well.name: well.genotype for well in wells}
    wrong = [
        (injection.name, marker.marker)
        for injection in loud
        for marker in injection.markers
        if marker.refused is None and marker.alleles != people[injection.name][marker.marker]
    ]

    assert all(any(fact.rule == "R13" for fact in injection.facts) for injection in loud)
    assert len(wrong) <= len(kit.markers) * len(loud) // 50


def test_without_a_ladder_nothing_is_called() -> None:
    kit = shipped_kit("Identifiler")
    wells = a_plate(kit, samples=1, seed=1)[1:]

    run = call(kit, signals_of(files_of(kit, wells, seed=1)))

    assert [fact.rule for fact in run.facts] == ["R03"]
    for injection in run.injections:
        assert {marker.refused for marker in injection.markers} == {"no-ladder"}
        assert not any(marker.alleles for marker in injection.markers)


def test_an_injection_without_channels_is_reported_and_not_called() -> None:
    kit = shipped_kit("Identifiler")
    ladder = signals_of(files_of(kit, a_plate(kit, samples=0, seed=1)[:1], seed=1))

    run = call(kit, [*ladder, InjectionSignal("empty", "B01", Known.OTHER, {})])

    empty = run.injections[1]
    assert [(fact.rule, fact.code) for fact in empty.facts] == [("R01", "channels-missing")]
    assert {marker.refused for marker in empty.markers} == {"not-sized"}


def test_a_flat_injection_fails_the_size_standard() -> None:
    kit = shipped_kit("Identifiler")
    flat = {dye.number: np.zeros(8000) for dye in kit.dyes}

    run = call(kit, [InjectionSignal("flat", "B01", Known.LADDER, flat)])

    assert [(fact.rule, fact.code) for fact in run.injections[0].facts] == [
        ("R01", "size-standard-fit")
    ]
    assert [fact.rule for fact in run.facts] == ["R03"]


def a_ladder_with(kit: Kit, marker: Marker, rungs: Sequence[LadderAllele]) -> InjectionSignal:
    """A ladder injection in which one marker has other rungs than the kit says."""
    standard = size_standards_of(kit, shipped_size_standards())[0]
    moved = replace(
        marker, ladder=tuple(rungs), seen={standard.family: marker.shift(standard.family)}
    )
    other = replace(kit, markers=tuple(moved if m is marker else m for m in kit.markers))
    content = write_abif(
        SyntheticInjection(
            kit=other,
            size_standard=standard,
            instrument=SyntheticInstrument(model_of(kit)),
            name="LADDER",
            well="A1",
            plate="P1",
            role=Role.LADDER,
            genotype={},
            started=STARTED,
            seed=3,
        )
    )
    return signal_of(read_abif(content, name="ladder"), role=Known.LADDER)


def without_first(marker: Marker) -> list[LadderAllele]:
    return list(marker.ladder[1:])


def without_last(marker: Marker) -> list[LadderAllele]:
    return list(marker.ladder[:-1])


def one_repeat_longer(marker: Marker) -> list[LadderAllele]:
    beyond = LadderAllele("beyond", marker.ladder[-1].size + 100 * marker.repeat)
    return [*marker.ladder[1:], beyond]


def one_repeat_shorter(marker: Marker) -> list[LadderAllele]:
    before = LadderAllele("before", marker.ladder[0].size - 100 * marker.repeat)
    return [before, *marker.ladder[:-1]]


@pytest.mark.parametrize("name", ["Identifiler", "GlobalFiler"])
@pytest.mark.parametrize(
    "change", [without_first, without_last, one_repeat_longer, one_repeat_shorter]
)
def test_a_ladder_that_is_incomplete_or_one_repeat_off_is_refused(
    name: str, change: Callable[[Marker], list[LadderAllele]]
) -> None:
    kit = shipped_kit(name)
    for marker in [m for m in kit.markers if len(m.ladder) > 2]:
        run = call(kit, [a_ladder_with(kit, marker, change(marker))])

        fit = next(fit for fit in run.ladders[0].markers if fit.marker == marker.name)
        assert fit.refused is not None, (marker.name, change.__name__)
        told = [fact.values["marker"] for fact in run.injections[0].facts if fact.rule == "R04"]
        assert marker.name in told


def test_two_ladders_that_disagree_by_a_repeat_are_both_refused_at_that_marker() -> None:
    kit = shipped_kit("Profiler Plus")
    marker = kit.marker("D5S818")
    right = signals_of(files_of(kit, a_plate(kit, samples=0, seed=3)[:1], seed=3))
    wrong = a_ladder_with(kit, marker, one_repeat_longer(marker))

    run = call(kit, [*right, wrong])

    refused = [
        {fit.marker: fit.refused for fit in ladder.markers if fit.refused} for ladder in run.ladders
    ]
    assert refused[0] == {"D5S818": "ladders-disagree"}
    assert refused[1].get("D5S818") in ("ladders-disagree", "outside-window")


def test_a_sample_read_as_a_ladder_registers_no_long_marker() -> None:
    kit = shipped_kit("GlobalFiler")
    wells = a_plate(kit, samples=1, seed=3)
    files = files_of(kit, wells, seed=3)
    name = next(name for name in files if name.startswith("S0"))

    run = call(kit, [signal_of(read_abif(files[name], name=name), role=Known.LADDER)])

    registered = {fit.marker for fit in run.ladders[0].markers if fit.refused is None}
    assert registered <= {"AMEL", "Yindel"}


def test_the_wrong_kit_registers_next_to_nothing() -> None:
    written, read = shipped_kit("PowerPlex Fusion 6C"), shipped_kit("GlobalFiler")
    signals = signals_of(files_of(written, a_plate(written, samples=1, seed=3), seed=3))

    run = call(read, signals)

    assert not any(marker.alleles for injection in run.injections for marker in injection.markers)


def with_spikes(signal: InjectionSignal, *, scans: Sequence[int]) -> InjectionSignal:
    """The same injection with jumps of the current, which show in every dye at once."""
    channels = {dye: channel.copy() for dye, channel in signal.channels.items()}
    for channel in channels.values():
        for scan in scans:
            channel[scan : scan + 2] += 1800
    return replace(signal, channels=channels)


def test_spikes_are_named_and_change_no_call() -> None:
    kit = shipped_kit("Identifiler")
    wells = a_plate(kit, samples=3, seed=5)
    signals = signals_of(files_of(kit, wells, seed=5))
    # Between alleles and on them: every 350 scans, another place in each injection.
    ladder, *others = signals
    spiked = [
        with_spikes(ladder, scans=[2815, 4444]),
        *(
            with_spikes(signal, scans=range(2600 + 37 * index, 5800, 350))
            for index, signal in enumerate(others)
        ),
    ]

    run = call(kit, spiked)

    people = {well.name: well.genotype for well in wells}
    assert all(injection.size_fit and injection.size_fit.sized for injection in run.injections)
    assert run.ladders[0].registered >= 12
    called = 0
    for injection in run.injections:
        if injection.role is Known.LADDER:
            continue
        spikes = [peak for peak in injection.peaks if peak.kind is PeakKind.SPIKE]
        assert len(spikes) > 8
        for marker in injection.markers:
            if marker.refused is None:
                assert marker.alleles == tuple(people[injection.name].get(marker.marker, ()))
                called += 1
    assert called > 50
