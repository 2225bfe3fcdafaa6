# SPDX-License-Identifier: Apache-2.0
"""What goes into a well, and which blanks a plate needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.amplification.rules import (
    BlankOfBatchMissing,
    BlankTooLittle,
    Decided,
    Filled,
    NotQuantified,
    NotToAmplify,
    ReactionFull,
    Room,
    blank_loading,
    check_blanks,
    check_fits,
    control_text,
    kit_text,
    room_of,
    sample_loading,
    set_up,
)
from lims.procedures.rules import read_document
from lims.quantification.rules import LIMITS, NextStep, within

WELLS = st.lists(
    st.builds(
        Filled, st.sampled_from(("X1", "X2")), st.sampled_from(("G1", "G2", "G3")),
        st.booleans(), st.integers(min_value=1, max_value=15_000),
    ),
    max_size=12,
)  # fmt: skip


@given(WELLS)
def test_a_plate_passes_exactly_when_each_batch_has_a_blank_as_sensitive_as_its_samples(
    wells: list[Filled],
) -> None:
    fits = True
    for batch in {well.batch for well in wells if not well.is_blank}:
        samples = [w.volume_nl for w in wells if w.batch == batch and not w.is_blank]
        blanks = [w.volume_nl for w in wells if w.batch == batch and w.is_blank]
        fits = fits and max(blanks, default=0) >= max(samples)

    try:
        check_blanks(wells)
        passed = True
    except (BlankOfBatchMissing, BlankTooLittle):
        passed = False

    assert passed == fits


@pytest.mark.parametrize(
    ("left", "is_bone", "volume"),
    [(48_000, True, 15_000), (9_000, True, 9_000), (48_000, False, 2_000)],
)
def test_a_blank_is_amplified_with_the_most_that_its_set_may_get(
    left: int, is_bone: bool, volume: int
) -> None:
    loading = blank_loading(is_bone=is_bone, left_nl=left, limits=LIMITS)

    assert (loading.volume_nl, loading.drawn_nl, loading.dilution) == (volume, volume, 1)


@pytest.mark.parametrize("step", [NextStep.REPEAT, NextStep.REPURIFY])
def test_an_extract_for_which_something_else_was_decided_is_not_amplified(step: NextStep) -> None:
    decided = Decided(step, 100_000, None, None, 1, None, False, True, "P4KNQDHFP")

    with pytest.raises(NotToAmplify):
        sample_loading("X", decided, reason="because", limits=LIMITS, left_nl=48_000)


def test_a_bone_without_a_quantity_is_not_amplified() -> None:
    with pytest.raises(NotQuantified):
        sample_loading("X", None, reason="because", limits=LIMITS, left_nl=48_000)


@pytest.mark.parametrize(
    ("reagent", "control"),
    [
        ("positive control 9947A", "9947A"), ("Positive-Control: 2800M", "2800M"),
        ("Control DNA 007", "007"), ("PowerPlex 16", ""), ("control buffer", ""),
    ],
)  # fmt: skip
def test_a_control_dna_is_known_by_the_name_of_its_reagent(reagent: str, control: str) -> None:
    assert control_text(reagent) == control


def test_a_kit_may_be_called_a_kit() -> None:
    assert kit_text("GlobalFiler PCR Kit") == "GlobalFiler"
    assert kit_text("PowerPlex 16") == "PowerPlex 16"


HEAD = 'name = "AM-1"\ntitle = "t"\nactivity = "amplification"\n[[step]]\nwords = "Do it."\n'


def test_the_reaction_of_a_procedure_is_what_its_figures_say() -> None:
    figures = '[limits]\nreaction_ul = "25"\n'
    reagents = '[[reagent]]\nname = "mix"\nvolume_ul = "7.5"\nrequired = true\n'
    assert room_of(read_document(HEAD)) is None
    assert room_of(read_document(HEAD + figures)) is None
    assert room_of(read_document(HEAD + figures + reagents)) == Room(25_000, 7_500)
    mixed = f'{figures}mix_ul = "10"\ncontrol_ul = "2.5"\n'
    assert room_of(read_document(HEAD + mixed + reagents)) == Room(25_000, 10_000, 2_500)
    assert room_of(read_document(f'{HEAD}{figures}mix_ul = "25"\n')) is None


@given(
    st.integers(1, 30_000), st.sampled_from((1, 10, 100)), st.integers(1, 30_000),
    st.integers(1_000, 50_000).flatmap(lambda all: st.builds(
        Room, st.just(all), st.integers(1, all - 1))),
)  # fmt: skip
def test_extract_mix_and_water_fill_a_reaction_or_it_is_said_by_how_much_they_do_not(
    volume: int, dilution: int, drawn: int, room: Room
) -> None:
    setup = set_up(volume, dilution=dilution, drawn_nl=drawn, room=room)

    assert setup.water_nl is not None
    assert setup.water_nl >= 0
    assert room.mix_nl + volume + setup.water_nl - setup.over_nl == room.reaction_nl
    assert drawn + setup.diluent_nl == drawn * dilution
    assert set_up(None, dilution=1, drawn_nl=None, room=room).water_nl is None
    assert set_up(volume, dilution=1, drawn_nl=volume, room=None).water_nl is None


def test_no_more_is_decided_or_loaded_than_the_reaction_of_the_kit_holds() -> None:
    rooms = [None, Room(25_000, 10_000), Room(25_000, 15_000)]
    assert within(LIMITS, rooms).max_volume_nl == 10_000
    assert within(LIMITS, [None, Room(50_000, 10_000)]) == LIMITS
    assert within(LIMITS, [Room(25_000, 24_500)]).max_volume_nl == LIMITS.min_volume_nl
    check_fits("X1", 10_000, rooms[2], procedure="AM-03")
    check_fits("X1", 99_000, None, procedure="AM-03")
    with pytest.raises(ReactionFull) as refused:
        check_fits("X1", 12_500, rooms[2], procedure="AM-03")
    assert str(refused.value.say) == (
        "X1: 12.5 µl are decided; beside its mix the reaction of AM-03 holds 10 µl."
    )
