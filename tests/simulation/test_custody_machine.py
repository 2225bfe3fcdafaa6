# SPDX-License-Identifier: Apache-2.0
"""A few examples of the custody machine on each database; many are run on purpose."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lims.core.settings import Settings
from tests.simulation.custody_machine import explore
from tests.simulation.custody_machine_world import World, opened

pytestmark = pytest.mark.timeout(240)


def test_whatever_is_done_by_whomever_in_whatever_order_one_holder_is_known_and_no_gap_is_left(
    settings: Settings,
) -> None:
    tried: Counter[str] = Counter()
    with opened(settings) as world:

        @contextmanager
        def shared() -> Iterator[World]:
            yield world

        explore(shared, tried, examples=3, steps=24)

    assert tried.total() > 50, tried
