# SPDX-License-Identifier: Apache-2.0
"""Pure comparison: a rack scanner's file with a box, a count with what is recorded."""

from hypothesis import given
from hypothesis import strategies as st

from lims.storage.rules import order_key
from lims.storage.rules.counts import Difference, Read, Spot, tally
from lims.storage.rules.racks import RackChange, RackRead, compare, position_here


def read(position: str, code: str) -> RackRead:
    return RackRead(position, code, code, code == "?", None) if code != "?" else RackRead(
        position, position, "", True
    )  # fmt: skip


def test_each_position_says_what_it_means() -> None:
    reads = [
        read("A1", "same"), read("A2", "new"), read("A3", "moved"), read("A4", "?"),
        read("A5", "?"), RackRead("A6", "JUNK", "", False, RackChange.UNKNOWN),
        read("A7", "twin"), read("A8", "twin"), read("A9", "usurper"),
    ]  # fmt: skip
    recorded = {"A1": "same", "A4": "quiet", "B1": "away", "A9": "ousted"}
    elsewhere = {
        "same": Spot("C1", "A1"), "moved": Spot("C2", "D4"), "usurper": Spot("C1", "B2"),
    }  # fmt: skip
    said = compare(reads, recorded, elsewhere, place="C1")

    assert [(line.position, line.change, line.code) for line in said.lines] == [
        ("A1", RackChange.SAME, "same"), ("A2", RackChange.NEW, "new"),
        ("A3", RackChange.MOVED, "moved"), ("A4", RackChange.UNREAD_KEPT, "quiet"),
        ("A5", RackChange.UNREAD, "A5"), ("A6", RackChange.UNKNOWN, "JUNK"),
        ("A7", RackChange.TWICE, "twin"), ("A8", RackChange.TWICE, "twin"),
        ("A9", RackChange.MOVED, "usurper"), ("A9", RackChange.MISSING_IN_THE_WAY, "ousted"),
        ("B1", RackChange.MISSING, "away"),
    ]  # fmt: skip
    assert [line.code for line in said.problems] == ["A5", "JUNK", "twin", "twin", "ousted"]


def test_an_unread_tube_is_not_taken_for_one_that_was_read_elsewhere() -> None:
    said = compare(
        [read("A1", "?"), read("A2", "here")], {"A1": "here"}, {"here": Spot("C1", "A1")},
        place="C1",
    )  # fmt: skip

    assert [line.change for line in said.lines] == [RackChange.UNREAD, RackChange.MOVED]


def test_rows_of_a_scanner_are_matched_by_number() -> None:
    # The boxes here have no row I and no row O.
    assert position_here("H12", rows=8, columns=12) == "H12"
    assert position_here("I9", rows=9, columns=9) == "J9"
    assert position_here("P24", rows=16, columns=24) == "R24"
    assert position_here("I1", rows=8, columns=12) is None
    assert position_here("A10", rows=9, columns=9) is None


CODES = st.sampled_from([f"T{number}" for number in range(8)])
SPOTS = st.builds(Spot, st.sampled_from(["C1", "C2"]), st.just(""))


@given(
    st.dictionaries(CODES, SPOTS), st.lists(st.tuples(CODES, st.sampled_from(["C0", "C1", "C2"])))
)
def test_a_count_accounts_for_everything_that_is_recorded_and_everything_that_was_read(
    recorded: dict[str, Spot], scans: list[tuple[str, str]]
) -> None:
    reads = [Read(code, code, place) for code, place in scans]
    said = tally(recorded, reads, counted="C0", elsewhere={})

    seen = {read.code for read in reads}
    assert said.expected == len(recorded)
    assert said.seen == len(seen & set(recorded))
    assert {one.text for one in said.differences if one.kind is Difference.MISSING} == (
        set(recorded) - seen
    )
    assert {one.text for one in said.differences if one.kind is Difference.NOWHERE} == (
        seen - set(recorded)
    )


def test_names_are_sorted_as_people_count() -> None:
    names = ["B10", "B2", "b1", "B02a", "A"]

    assert sorted(names, key=order_key) == ["A", "b1", "B2", "B02a", "B10"]
