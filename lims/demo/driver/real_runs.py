# SPDX-License-Identifier: Apache-2.0
"""Real analyzer runs of the run-through: each folder on a plate that carries its files' names."""

from pathlib import Path

from lims.demo.driver.play import Play
from lims.demo.driver.steps import Steps


def take_all(steps: Steps, play: Play, runs: Path) -> list[dict[str, object]]:
    """Import every run below a folder; returns what became of each."""
    raise NotImplementedError
