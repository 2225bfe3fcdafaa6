# SPDX-License-Identifier: Apache-2.0
"""Who runs which test where two workers share them: what shares a costly fixture stays together.

The groups of pytest-xdist 3.8 (`xdist_group`) do nothing under pytest 9.2: it no longer lets a
plugin write a group into the name of a test. Here names are looked up instead.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

RUN_THROUGH = "tests/scenarios/test_run_through.py"
SIMULATIONS = "tests/simulation/test_simulations.py"
PAGES = "tests/templates/test_pages_in_browser.py"

# Beginnings of names. One run-through, one demonstration, one laboratory for all tests of a row.
TOGETHER = (
    (
        f"{RUN_THROUGH}::test_the_whole_path_holds_from_intake_to_a_ledger_that_a_stranger_verifies[postgres]",
        f"{RUN_THROUGH}::test_real_runs_go_as_far_as_their_controls_allow",
    ),
    ("tests/lims/demo/test_virtual_bench.py",),
)  # fmt: skip

# The longest begin first, so that no worker is left alone with one of them at the end.
FIRST = (
    *TOGETHER[0],
    f"{SIMULATIONS}::test_a_server_killed_under_load_loses_no_answered_scan_and_does_none_twice",
    f"{PAGES}::test_every_page_of_every_role_is_accessible_quiet_and_never_scrolls_sideways",
    RUN_THROUGH,
    "tests/lims/demo/test_endings.py",
    SIMULATIONS,
    "tests/lims/demo/test_virtual_bench.py",
)


def shares_with(name: str) -> str:
    """Return what a test is handed out with: the row it stands in, or itself."""
    for row in TOGETHER:
        if name.startswith(row):
            return row[0]
    return name


def place(name: str) -> int:
    """Return how early a test begins: 0 for the first."""
    return next((n for n, begins in enumerate(FIRST) if name.startswith(begins)), len(FIRST))


class Spreading(LoadScopeScheduling):
    """One test after the other to whoever is free, rows that belong together as one."""

    def _split_scope(self, nodeid: str) -> str:
        return shares_with(nodeid)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the tests, put the longest first; alone they keep their order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spreading:
    """Hand out the tests by these rows."""
    return Spreading(config, log)
