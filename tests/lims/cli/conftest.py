# SPDX-License-Identifier: Apache-2.0
"""A laboratory made by `lims init`, and a way to run a command on it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lims.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command answered: its exit status and its two streams."""

    status: int
    out: str
    said: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


Run = Callable[..., Ran]


def run(*arguments: object, typed: str | None = None) -> Ran:
    result = CliRunner().invoke(main, [str(one) for one in arguments], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def lims() -> Run:
    """Run `lims` with these arguments."""
    return run


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A laboratory's folder as `lims init` leaves it."""
    folder = tmp_path_factory.mktemp("made") / "laboratory"
    made = run("init", "--folder", folder, "--origin", "lab.example/cli", "--no-passphrase")
    assert made.status == 0, made.said
    return folder


@pytest.fixture
def laboratory(made_once: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it for this test alone."""
    folder = tmp_path / "laboratory"
    shutil.copytree(made_once, folder)
    yield folder
    shutil.rmtree(folder)
