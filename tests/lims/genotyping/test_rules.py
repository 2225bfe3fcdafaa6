# SPDX-License-Identifier: Apache-2.0
"""Rules of quality, matching of files, readings: decisions alone, thousands of cases."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.analyzers.kit import Kit, Marker, MarkerKind
from lims.core.catalogue import shipped_controls, shipped_kit, shipped_kits
from lims.genotyping.rules import SeenInjection, SeenRun, Severity, all_findings, state_of_run
from lims.genotyping.rules.calls import (
    LocusRead,
    MachineCalls,
    PeakRead,
    RungRead,
    SizeRead,
    Thresholds,
)
from lims.genotyping.rules.files import AwaitedWell, FileFacts, match_files, name_of_well
from lims.genotyping.rules.findings import FEWEST_LOCI, Found, fewest_loci, whole_loci
from lims.genotyping.rules.plates import ladder_positions, read_names
from lims.genotyping.rules.readings import (
    REASONS,
    Call,
    ReadingStage,
    calls_of,
    differing,
    make_call,
    obstacles,
    read_alleles,
    read_loci,
    stage_of,
)
from lims.genotyping.rules.refusals import (
    AlleleMalformed,
    NameLineMalformed,
    NoRoomForLadder,
    ReasonOfCallMissing,
    TooManyAlleles,
)
from lims.genotyping.rules.samples import machine_labels
from lims.genotyping.rules.states import RunState
from lims.plates.rules import PLATE_POSITIONS, NotAPosition, WellRole
from lims.samples.rules import ExpectedSex, Line

KIT = shipped_kit("Identifiler")
LIMITS = Thresholds(
    analytical=150, size_standard=150, homozygote=350, heterozygote_balance=50, stutter=15,
    saturation=5000, bin=50,
)  # fmt: skip
SIZE = SizeRead("ABI-LIZ500", True, True, 10, 10, (), 99970, 20, 900, ((7500, 1000, 900),))


def calls(genotype: dict[str, dict[str, int]], **changes: object) -> MachineCalls:
    """Machine calls of alleles and their heights, locus by locus."""
    made = MachineCalls(
        size=SIZE,
        ladder="H12",
        loci=tuple(
            LocusRead(marker.name, tuple(genotype.get(marker.name, {}))) for marker in KIT.markers
        ),
        peaks=tuple(
            PeakRead(1, 2000, 15000, height, "allele", locus, allele)
            for locus, alleles in genotype.items()
            for allele, height in alleles.items()
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names real fields


LADDER = replace(calls({}), rungs=tuple(RungRead(m.name, "10", 15000) for m in KIT.markers))
CONTROL = {
    marker.name: dict.fromkeys(shipped_controls()["9947A"][marker.name], 1500)
    for marker in KIT.markers
}
PERSON = {
    marker.name: dict.fromkeys((marker.ladder[2].name, marker.ladder[4].name), 1500)
    if len(marker.ladder) > 4
    else {"X": 1500}
    for marker in KIT.markers
}


def a_run(
    *,
    sample: MachineCalls | None = None,
    positive: MachineCalls | None = None,
    negative: MachineCalls | None = None,
    blank: MachineCalls | None = None,
    ladder: MachineCalls | None = None,
    sex: ExpectedSex = ExpectedSex.UNKNOWN,
    line: Line = Line.BONE,
    without: tuple[WellRole, ...] = (),
) -> SeenRun:
    """A sound run of one sample, but for what a test changes."""
    wells = (
        SeenInjection("A01", WellRole.SAMPLE, sample or calls(PERSON), batch="G1",
                      expected_sex=sex, line=line),
        SeenInjection("B01", WellRole.BLANK, blank or calls({}), batch="G1"),
        SeenInjection("C01", WellRole.POSITIVE, positive or calls(CONTROL), control="9947A"),
        SeenInjection("D01", WellRole.NEGATIVE, negative or calls({})),
        SeenInjection("H12", WellRole.LADDER, ladder or LADDER),
    )  # fmt: skip
    kept = tuple(well for well in wells if well.role not in without)
    return SeenRun(KIT, LIMITS, kept, controls=shipped_controls())


def rules(found: tuple[Found, ...], *severities: Severity) -> set[str]:
    return {one.rule for one in found if one.severity in (severities or tuple(Severity))}


def state(run: SeenRun) -> RunState:
    return state_of_run((one.severity, one.stops_run, False) for one in all_findings(run))


def test_a_sound_run_passes_without_exception() -> None:
    assert rules(all_findings(a_run()), Severity.FAIL, Severity.HOLD, Severity.WARN) == set()
    assert state(a_run()) is RunState.PASSED


@pytest.mark.parametrize(
    ("role", "rule"),
    [
        (WellRole.LADDER, "R03"), (WellRole.POSITIVE, "POSITIVE"),
        (WellRole.NEGATIVE, "NEGATIVE"), (WellRole.BLANK, "BLANK"),
    ],
)  # fmt: skip
def test_each_missing_control_stops_the_run(role: WellRole, rule: str) -> None:
    run = a_run(without=(role,))
    assert rule in rules(all_findings(run), Severity.FAIL)
    assert state(run) is RunState.FAILED


def test_a_blank_that_was_empty_in_an_earlier_run_is_enough() -> None:
    run = replace(a_run(without=(WellRole.BLANK,)), blanks_passed=frozenset({"G1"}))
    assert state(run) is RunState.PASSED


def test_one_small_stray_peak_in_a_negative_is_counted_as_drop_in() -> None:
    run = a_run(negative=calls({"TH01": {"6": 300}}))
    assert rules(all_findings(run), Severity.WARN) == {"R05b"}
    assert state(run) is RunState.PASSED_WITH_EXCEPTIONS


@pytest.mark.parametrize("peaks", [{"TH01": {"6": 460}}, {"TH01": {"6": 160, "7": 160}}])
def test_a_tall_peak_or_two_in_a_negative_stop_the_run(peaks: dict[str, dict[str, int]]) -> None:
    assert state(a_run(negative=calls(peaks))) is RunState.FAILED
    blank = all_findings(a_run(blank=calls(peaks)))
    assert rules(blank, Severity.HOLD) == {"R05"}


def test_peaks_that_an_artefact_explains_do_not_spoil_a_negative() -> None:
    artefacts = tuple(
        PeakRead(1, 2000, 15000, 900, kind, "TH01", "6")
        for kind in ("pull-up", "spike", "stutter", "artefact", "below-threshold")
    )
    assert state(a_run(negative=replace(calls({}), peaks=artefacts))) is RunState.PASSED


@given(st.sampled_from([marker.name for marker in KIT.markers]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_positive_control_wrong_at_any_locus_stops_the_run(locus: str, extra: bool) -> None:
    changed = {name: dict(alleles) for name, alleles in CONTROL.items()}
    if extra:
        changed[locus]["99"] = 1500
    else:
        changed[locus].pop(next(iter(changed[locus])))
    run = a_run(positive=calls(changed))
    assert "R06" in rules(all_findings(run), Severity.FAIL)
    assert state(run) is RunState.FAILED


def test_a_locus_of_the_control_without_ladder_is_told_as_not_checked() -> None:
    read = calls({name: alleles for name, alleles in CONTROL.items() if name != "FGA"})
    refused = tuple(
        replace(locus, refused="rung-missing") if locus.marker == "FGA" else locus
        for locus in read.loci
    )
    found = all_findings(a_run(positive=replace(read, loci=refused)))
    told = next(one for one in found if one.rule == "R06")
    assert (told.severity, "FGA" in str(told.seen)) == (Severity.NOTE, True)


def test_a_control_that_cannot_be_sized_is_no_control() -> None:
    lost = replace(calls(CONTROL), size=replace(SIZE, sized=False))
    assert state(a_run(positive=lost)) is RunState.FAILED
    empty = replace(calls({}), size=replace(SIZE, sized=False))
    assert state(a_run(negative=empty)) is RunState.FAILED
    assert state(a_run(blank=empty)) is RunState.FAILED


def test_a_poor_size_standard_fails_its_injection_and_not_the_run() -> None:
    found = all_findings(a_run(sample=replace(calls({}), size=replace(SIZE, sized=False))))
    assert rules(found, Severity.FAIL) == {"R01"}
    assert not any(one.stops_run for one in found)


@given(st.integers(151, 2000))
@settings(deadline=None)
def test_a_single_allele_below_the_stochastic_threshold_is_never_a_homozygote(height: int) -> None:
    labels = machine_labels(calls({"TH01": {"7": height}, "AMEL": {"X": height}}), KIT, LIMITS)
    assert labels["TH01"] == (("7",) if height >= LIMITS.homozygote else ("7", "?"))
    assert labels["AMEL"] == ("X",)


def test_an_allele_beside_a_peak_off_the_ladder_is_never_a_homozygote() -> None:
    variant = PeakRead(2, 2010, 15130, 1400, "off-ladder", "TH01", "8.1")
    read = calls({"TH01": {"7": 1500}, "vWA": {"14": 1500}})
    read = replace(read, peaks=(*read.peaks, variant))
    assert machine_labels(read, KIT, LIMITS)["TH01"] == ("7", "?")
    assert machine_labels(read, KIT, LIMITS)["vWA"] == ("14",)
    found = all_findings(a_run(sample=replace(calls(PERSON), peaks=(*read.peaks, variant))))
    assert "R12" in rules(found, Severity.WARN)


@given(st.integers(151, 4000), st.integers(151, 4000))
@settings(deadline=None)
def test_a_heterozygote_is_told_where_its_balance_is_below_the_limit(a: int, b: int) -> None:
    person = {**PERSON, "TH01": {"6": a, "9.3": b}}
    found = all_findings(a_run(sample=calls(person)))
    assert ("R08" in rules(found)) == (100 * min(a, b) < 50 * max(a, b))


def test_three_alleles_at_one_locus_are_told_and_at_two_a_mixture_is_suspected() -> None:
    three = dict.fromkeys(("6", "8", "9.3"), 1500)
    one = all_findings(a_run(sample=calls({**PERSON, "TH01": three})))
    assert rules(one, Severity.WARN) == {"R14"}
    two = all_findings(
        a_run(sample=calls({**PERSON, "TH01": three, "FGA": dict.fromkeys("234", 1500)}))
    )
    assert rules(two, Severity.HOLD) == {"R14"}


@pytest.mark.parametrize(
    ("amel", "expected", "line", "severity"),
    [
        ({"X": 900, "Y": 900}, ExpectedSex.FEMALE, Line.REFERENCE, Severity.HOLD),
        ({"X": 900, "Y": 900}, ExpectedSex.FEMALE, Line.BONE, Severity.WARN),
        ({"X": 900}, ExpectedSex.MALE, Line.REFERENCE, Severity.HOLD),
        ({"X": 900}, ExpectedSex.MALE, Line.BONE, Severity.WARN),
        ({"X": 900}, ExpectedSex.FEMALE, Line.REFERENCE, None),
        ({"X": 900, "Y": 900}, ExpectedSex.UNKNOWN, Line.REFERENCE, None),
    ],
)
def test_another_sex_than_recorded_holds_a_reference_and_warns_of_remains(
    amel: dict[str, int], expected: ExpectedSex, line: Line, severity: Severity | None
) -> None:
    found = all_findings(a_run(sample=calls({**PERSON, "AMEL": amel}), sex=expected, line=line))
    assert [one.severity for one in found if one.rule == "R15"] == ([severity] if severity else [])


def test_few_whole_loci_are_told() -> None:
    few = dict(list(PERSON.items())[:8])
    assert "R23" in rules(all_findings(a_run(sample=calls(few))))


def test_a_kit_of_few_loci_needs_fewer() -> None:
    for kit in shipped_kits():
        own = sum(1 for marker in kit.markers if marker.kind is MarkerKind.AUTOSOMAL)
        assert 0 <= fewest_loci(kit) <= min(own, FEWEST_LOCI)
    assert fewest_loci(KIT) == 12


def test_machine_calls_are_stored_and_read_back_whole() -> None:
    for made in (LADDER, calls(PERSON), replace(calls({}), size=None)):
        assert MachineCalls.from_json(made.as_json()) == made


# ---- files and wells


def a_file(name: str = "a.fsa", **changes: object) -> FileFacts:
    facts = FileFacts(name, f"{name}-hash", 9, "X1", "A01", "P1", "CE-1", "2026", f"id-{name}", 5)
    return replace(facts, **changes)  # type: ignore[arg-type]  # each test names real fields


def matched(files: list[FileFacts], wells: list[AwaitedWell]) -> tuple[list[str], list[str]]:
    """Return the positions that files were matched to, and the problems in words."""
    found = match_files(
        files, wells, plate="P1", file_plate_name="", dyes=5, kit="Identifiler", known_files={},
        known_injections={},
    )  # fmt: skip
    return [well.position for _, well in found.pairs], [str(one) for one in found.problems]


WELLS = [
    AwaitedWell(1, "A01", WellRole.SAMPLE, "X1"),
    AwaitedWell(2, "B01", WellRole.SAMPLE, "X2"),
    AwaitedWell(3, "C01", WellRole.LADDER, "LADDER-C01"),
]


def test_a_file_without_a_well_is_matched_by_a_name_that_stands_once() -> None:
    assert matched([a_file(well="", sample="X2")], WELLS) == (["B01"], [])
    twice = [*WELLS, AwaitedWell(4, "D01", WellRole.SAMPLE, "X2")]
    positions, problems = matched([a_file(well="", sample="X2")], twice)
    assert (positions, "B01, D01" in problems[0]) == ([], True)
    assert "does not have" in matched([a_file(well="", sample="X9")], WELLS)[1][0]


@given(st.sampled_from(["X1", "X2", "X9", ""]), st.sampled_from(["A01", "B01", "H12", ""]))
def test_no_file_is_ever_matched_to_a_well_of_another_name(sample: str, well: str) -> None:
    found = match_files(
        [a_file(sample=sample, well=well)], WELLS, plate="P1", file_plate_name="", dyes=5,
        kit="Identifiler", known_files={}, known_injections={},
    )  # fmt: skip
    assert len(found.pairs) + len(found.problems) == 1
    assert all(
        facts.sample == one.name and facts.well in ("", one.position) for facts, one in found.pairs
    )


def test_a_file_of_another_plate_kit_or_analyzer_is_a_problem() -> None:
    assert "of plate “P2”" in matched([a_file(plate="P2")], WELLS)[1][0]
    assert "has 4 dyes" in matched([a_file(dyes=4)], WELLS)[1][0]
    two = [a_file(), a_file("b.fsa", sample="X2", well="B01", instrument="CE-2")]
    assert "several analyzers (CE-1, CE-2)" in matched(two, WELLS)[1][0]


def test_two_injections_of_one_well_are_both_taken() -> None:
    assert matched([a_file(), a_file("again.fsa")], WELLS) == (["A01", "A01"], [])


def test_a_control_is_named_by_its_place_and_a_tube_by_its_code() -> None:
    assert name_of_well(WellRole.LADDER, "A11", subject="", given="") == "LADDER-A11"
    assert name_of_well(WellRole.POSITIVE, "G12", subject="L1", given="") == "POS-G12"
    assert name_of_well(WellRole.SAMPLE, "A01", subject="X1", given="") == "X1"
    assert name_of_well(WellRole.SAMPLE, "A01", subject="X1", given="F7") == "F7"


# ---- plates


@given(st.sets(st.sampled_from(PLATE_POSITIONS), min_size=1, max_size=92))
def test_every_24_wells_get_a_ladder_in_a_free_well(filled: set[str]) -> None:
    ladders = ladder_positions(filled, code="P1")
    assert not set(ladders) & filled
    assert len(set(ladders)) == len({(int(position[1:]) - 1) // 3 for position in filled})


def test_a_full_plate_has_no_room_for_a_ladder() -> None:
    with pytest.raises(NoRoomForLadder):
        ladder_positions(PLATE_POSITIONS, code="P1")


def test_pasted_names_are_read_line_by_line() -> None:
    assert read_names("A1\tFEMUR 1\n\nb02 two words\nC03,x\nD04\t-\n") == {
        "A01": "FEMUR 1", "B02": "two words", "C03": "x", "D04": "",
    }  # fmt: skip
    with pytest.raises(NotAPosition):
        read_names("nonsense")
    with pytest.raises(NameLineMalformed):
        read_names("A01 one\nA1 two")


# ---- readings


def marker(name: str, kit: Kit = KIT) -> Marker:
    return kit.marker(name)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("15 17", ("15", "17")), ("17, 15", ("15", "17")), ("9.3", ("9.3",)),
        ("١٥ ١٧", ("15", "17")), ("15 ?", ("15", "?")), ("? 15", ("15", "?")),
        ("15 15", ("15",)), ("", ()), ("  ", ()),
    ],
)  # fmt: skip
def test_alleles_are_read_as_people_write_them(text: str, read: tuple[str, ...]) -> None:
    assert read_alleles(text, marker("TH01")) == read


@pytest.mark.parametrize("text", ["X", "abc", "9.33", "?", "-3", "15 OL"])
def test_what_is_no_allele_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(AlleleMalformed):
        read_alleles(text, marker("TH01"))


def test_sex_markers_take_x_and_y_alone() -> None:
    assert read_alleles("y x", marker("AMEL")) == ("X", "Y")
    with pytest.raises(AlleleMalformed):
        read_alleles("15", marker("AMEL"))


def test_more_than_four_alleles_are_not_read() -> None:
    with pytest.raises(TooManyAlleles):
        read_alleles("5 6 7 8 9", marker("TH01"))


@given(st.lists(st.sampled_from(["6", "7", "8", "9", "9.3"]), max_size=3))
def test_a_call_that_equals_the_machines_needs_no_reason_and_another_does(read: list[str]) -> None:
    text = " ".join(read)
    alleles = read_alleles(text, marker("TH01"))
    assert make_call(marker("TH01"), text, machine=alleles, reason="") == Call(alleles, alleles)
    with pytest.raises(ReasonOfCallMissing):
        make_call(marker("TH01"), text, machine=("5",), reason="")
    for reason in REASONS:
        assert make_call(marker("TH01"), text, machine=("5",), reason=reason).reason == reason


_CALLS = st.dictionaries(
    st.sampled_from(["TH01", "FGA", "vWA"]),
    st.sampled_from([("6",), ("6", "9.3"), (), ("7", "?")]).map(lambda found: Call(found, ())),
)


@given(_CALLS, _CALLS)
def test_readings_differ_exactly_where_their_alleles_do(
    first: dict[str, Call], second: dict[str, Call]
) -> None:
    none = Call((), ())
    assert set(differing(first, second)) == {
        locus
        for locus in {*first, *second}
        if first.get(locus, none).alleles != second.get(locus, none).alleles
    }
    stage = stage_of(readings={1: first, 2: second}, decided=None)
    assert (stage is ReadingStage.AGREED) == (not differing(first, second))
    stored = {locus: call.as_json() for locus, call in first.items()}
    assert calls_of(stored) == first


def test_a_profile_is_accepted_only_without_an_obstacle() -> None:
    person = {locus: tuple(alleles) for locus, alleles in PERSON.items()}
    assert obstacles(KIT, person, run_failed=False, mixture=False) == ()
    assert len(obstacles(KIT, person, run_failed=True, mixture=True)) == 2
    partial = {locus: (found[0], "?") for locus, found in person.items()}
    assert whole_loci(KIT, partial) == 0
    assert "R23" in str(obstacles(KIT, partial, run_failed=False, mixture=False)[0])


def test_markers_that_tell_of_quality_are_not_read() -> None:
    for kit in shipped_kits():
        assert all(one.kind is not MarkerKind.QUALITY for one in read_loci(kit))
