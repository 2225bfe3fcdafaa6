# SPDX-License-Identifier: Apache-2.0
"""What the virtual rack scanner writes is read as what stood in the rack, in every shape."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.racks import Seen, read_rack
from instruments.virtual.racks import UNREAD, Shape, rack_file

AT = datetime(2026, 8, 23, 13, 42, 1, tzinfo=UTC)
SIZES = st.sampled_from([(8, 12), (9, 9), (10, 10), (16, 24), (4, 6)])
CODES = st.text("34679CDFGHJKMNPQRTVWXY", min_size=8, max_size=11)


@pytest.mark.parametrize("shape", Shape)
@given(size=SIZES, codes=st.lists(CODES | st.just(UNREAD), max_size=30), places=st.randoms())
def test_a_rack_is_read_as_it_stood(
    shape: Shape, size: tuple[int, int], codes: list[str], places: Random
) -> None:
    rows, columns = size
    letters = "ABCDEFGHIJKLMNOP"[:rows]
    every = [f"{row}{column}" for row in letters for column in range(1, columns + 1)]
    chosen = places.sample(every, min(len(codes), len(every)))
    tubes = dict(zip(chosen, codes, strict=False))
    read = read_rack(
        rack_file(tubes, rows=rows, columns=columns, rack="R0042", at=AT, shape=shape),
        name="rack.txt",
    )

    assert len(read.positions) == rows * columns
    assert {one.position: one.code for one in read.positions if one.seen is Seen.CODE} == {
        position: code for position, code in tubes.items() if code != UNREAD
    }
    assert {one.position for one in read.positions if one.seen is Seen.UNREAD} == {
        position for position, code in tubes.items() if code == UNREAD
    }
    assert read.rack == ("" if shape is Shape.PLAIN else "R0042")
