# SPDX-License-Identifier: Apache-2.0
"""The rows of tests that share what is costly name tests that are there."""

import ast
from pathlib import Path

import pytest

from tests.parsing import parsed
from tests.spreading import FIRST, TOGETHER, shares_with

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("begins", sorted({*FIRST, *(one for row in TOGETHER for one in row)}))
def test_whatever_the_rows_name_is_there(begins: str) -> None:
    file, _, name = begins.partition("::")
    tree = parsed((ROOT / file).read_text("utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert not name or name.partition("[")[0] in tests


def test_tests_of_a_row_go_to_one_worker_and_all_others_by_themselves() -> None:
    for row in TOGETHER:
        assert {shares_with(f"{one}[more]") for one in row} == {row[0]}
    alone = "tests/lims/demo/test_folder.py::test_a_file_is_refused_as_a_folder"
    assert shares_with(alone) == alone
