# SPDX-License-Identifier: Apache-2.0
"""Positions of a box, and which place may stand in which."""

import pytest

from lims.storage.rules import (
    LETTERS,
    PlaceKind,
    UnknownPosition,
    WrongSize,
    check_size,
    may_stand_in,
    next_free,
    positions_of,
    read_position,
)


def test_positions_run_row_by_row_and_no_row_is_called_i_or_o() -> None:
    positions = positions_of(9, 9)

    assert len(set(positions)) == 81
    assert positions[:10] == ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "B1")
    assert positions[-1] == "J9"
    assert not {"I", "O"} & set(LETTERS)


@pytest.mark.parametrize("typed", ["c3", " C3 ", "C03", "C٣", "c-3", "C\u200f3"])
def test_a_position_is_read_however_it_is_typed(typed: str) -> None:
    assert read_position(typed, place="B07", rows=9, columns=9) == "C3"


@pytest.mark.parametrize("typed", ["I1", "K1", "A10", "A0", "", "33", "AA1", "A1x", "½"])
def test_a_position_that_the_box_has_not_is_refused_with_the_last_it_has(typed: str) -> None:
    with pytest.raises(UnknownPosition) as refused:
        read_position(typed, place="B07", rows=9, columns=9)

    assert refused.value.values["last"] == "J9"


def test_the_next_free_position_is_the_first_gap() -> None:
    assert next_free(2, 2, set()) == "A1"
    assert next_free(2, 2, {"A1", "B1"}) == "A2"
    assert next_free(2, 2, {"A1", "A2", "B1", "B2"}) is None


def test_a_place_stands_in_a_larger_one_and_only_rooms_and_buildings_stand_alone() -> None:
    alone = {kind for kind in PlaceKind if may_stand_in(kind, None)}

    assert alone == {PlaceKind.SITE, PlaceKind.ROOM}
    for kind in PlaceKind:
        for parent in PlaceKind:
            assert not (may_stand_in(kind, parent) and may_stand_in(parent, kind))
    assert may_stand_in(PlaceKind.BOX, PlaceKind.FREEZER)
    assert not may_stand_in(PlaceKind.FREEZER, PlaceKind.BOX)


@pytest.mark.parametrize(
    ("kind", "rows", "columns"),
    [
        (PlaceKind.BOX, None, None), (PlaceKind.BOX, 0, 9), (PlaceKind.BOX, 9, 25),
        (PlaceKind.BOX, 17, 9), (PlaceKind.SHELF, 9, 9), (PlaceKind.SHELF, 0, None),
    ],
)  # fmt: skip
def test_a_box_has_a_size_and_nothing_else_has(
    kind: PlaceKind, rows: int | None, columns: int | None
) -> None:
    check_size(PlaceKind.BOX, 16, 24)
    check_size(PlaceKind.ROOM, None, None)
    with pytest.raises(WrongSize):
        check_size(kind, rows, columns)
