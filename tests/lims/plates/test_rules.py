# SPDX-License-Identifier: Apache-2.0
"""Positions and states of racks and plates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.plates import rules
from lims.plates.rules import PLATE_POSITIONS, RACK_POSITIONS, WorkState
from lims.samples.rules import Line


def test_a_plate_is_filled_down_its_columns() -> None:
    assert PLATE_POSITIONS[:9] == (
        "A01", "B01", "C01", "D01", "E01", "F01", "G01", "H01", "A02",
    )  # fmt: skip
    assert PLATE_POSITIONS[-1] == "H12"
    assert len(set(PLATE_POSITIONS)) == 96


def test_a_rack_is_filled_along_its_rows() -> None:
    assert RACK_POSITIONS[:7] == ("A1", "A2", "A3", "A4", "A5", "A6", "B1")
    assert len(set(RACK_POSITIONS)) == 24


@pytest.mark.parametrize("read", ["A1", "a1", "A01", " a01 "])
def test_a_position_is_always_written_the_same_way(read: str) -> None:
    assert rules.read_position(read) == "A01"


@pytest.mark.parametrize("read", ["", "A", "I1", "A0", "A13", "A001", "1A", "A1;"])
def test_what_is_no_position_is_refused(read: str) -> None:
    with pytest.raises(rules.NotAPosition):
        rules.read_position(read)


@given(st.sets(st.sampled_from(PLATE_POSITIONS)))
def test_the_next_position_is_the_first_free_one(taken: set[str]) -> None:
    if len(taken) == 96:
        with pytest.raises(rules.BatchFull):
            rules.next_free(PLATE_POSITIONS, taken, code="P")
        return
    position = rules.next_free(PLATE_POSITIONS, taken, code="P")

    assert position not in taken
    assert all(p in taken for p in PLATE_POSITIONS[: PLATE_POSITIONS.index(position)])


def test_the_last_position_is_kept_for_the_blank() -> None:
    with pytest.raises(rules.BatchFull):
        rules.next_free(RACK_POSITIONS, RACK_POSITIONS[:23], keep=1, code="G")


def test_bone_and_reference_samples_cannot_share_a_batch() -> None:
    with pytest.raises(rules.LinesMixed) as refused:
        rules.check_line("R", line=Line.REFERENCE, awaited=Line.BONE)

    assert str(refused.value.say) == "Bone and reference samples cannot share a batch."


@pytest.mark.parametrize("state", [WorkState.COMPLETED, WorkState.REVIEWED])
def test_nothing_changes_in_completed_work(state: WorkState) -> None:
    with pytest.raises(rules.NotOpen):
        rules.check_open("G", state)


def test_a_reason_of_blanks_is_no_reason() -> None:
    with pytest.raises(rules.ReasonMissing):
        rules.check_reason("  ")
