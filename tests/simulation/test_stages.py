# SPDX-License-Identifier: Apache-2.0
"""A small seeded share of the run of the stages, in one process; it runs whole on purpose."""

from pathlib import Path

import pytest

from tests.simulation import stages
from tests.simulation.stages_book import Book, Work


def test_few_samples_go_from_coded_to_injection_plate_and_every_well_leads_back(
    tmp_path: Path,
) -> None:
    result = stages.simulate(
        tmp_path / "laboratory", bones=6, references=2, seed=7, own_server=False
    )

    assert stages.passed(result), result
    assert result["wells"] == result["lineages_complete"] > 20
    assert result["recall_found"] == result["recall_expected"] > 50
    assert result["held_and_refused"] == 4


@pytest.mark.parametrize(
    ("lot", "works", "wells"),
    [
        ("L1", {"G1"}, {("P1", "A01"), ("P2", "A01"), ("P3", "A01")}),
        ("L2", {"P1"}, {("P1", "A01"), ("P1", "B01"), ("P2", "A01"), ("P3", "A01")}),
        ("L3", {"P2"}, {("P2", "A01"), ("P2", "B01"), ("P3", "A01"), ("P3", "B01")}),
        ("L4", {"P3"}, {("P3", "A01"), ("P3", "B01"), ("P3", "C01")}),
        ("L5", set(), set()),
    ],
)
def test_the_book_counts_what_a_lot_touched_without_asking_the_laboratory(
    lot: str, works: set[str], wells: set[tuple[str, str]]
) -> None:
    book = Book(sample_of={"A1": "B1"}, set_of={"A1": "G0"}, part_of={"X1": "A1", "X2": ""},
                batch_of={"X1": "G1", "X2": "G2"})  # fmt: skip
    book.batches = {"G1": Work("G1", {"A1": "A1"}, {"L1"}), "G2": Work("G2")}
    book.quantified = {"P1": Work("P1", {"A01": "X1", "B01": "X2"}, {"L2"})}
    book.amplified = {"P2": Work("P2", {"A01": "X1", "B01": "X2"}, {"L3"})}
    book.injected = {
        "P3": Work("P3", {"A01": "X1", "B01": "X2", "C01": ""}, {"L4"}, made_from="P2")
    }

    reached = book.reached(lot)

    assert reached.works == works
    assert reached.wells == wells
