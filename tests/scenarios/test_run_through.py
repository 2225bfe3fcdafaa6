# SPDX-License-Identifier: Apache-2.0
"""`lims demo --run-through`: the whole path, on both databases, and with real runs.

The real runs go through where PostgreSQL is, in the same run: one proves both.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

# tests/spreading.py keeps those that look at one run-through together.
pytestmark = pytest.mark.timeout(900)

SECONDS = 840
"""A run-through takes well under 90 s on two free cores; a test machine may be busy."""

Ran = tuple[int, dict[str, Any], str]


@pytest.fixture(scope="module")
def postgres_option(postgres_server: URL) -> Iterator[tuple[str, ...]]:
    """The option that names an empty database of PostgreSQL."""
    server = postgres_server
    name = f"osteon_run_{os.getpid()}_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield ("--database", server.set(database=name).render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(scope="module")
def real_runs(request: pytest.FixtureRequest) -> Path | None:
    """The folder of real runs, None where it is not there: then the rest is proven without."""
    try:
        shared: Path = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        return None
    return shared / "abif" / "osiris"


@pytest.fixture(scope="module")
def run_on_postgres(
    postgres_option: tuple[str, ...], real_runs: Path | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Ran, Path]:  # fmt: skip
    """The run-through on PostgreSQL, with real runs where they are; and the laboratory's folder."""
    folder = tmp_path_factory.mktemp("run") / "demonstration"
    more = () if real_runs is None else ("--runs", str(real_runs))
    return run_through(*postgres_option, "--folder", str(folder), *more), folder


def run_through(*options: str) -> Ran:
    """Run it; returns exit status, the JSON, and what it said to people."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lims", "demo", "--run-through", "--json", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        printed, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, json.loads(printed), said


def test_the_whole_path_holds_from_intake_to_a_ledger_that_a_stranger_verifies(
    database_kind: str, request: pytest.FixtureRequest
) -> None:
    if database_kind == "sqlite":
        status, told, said = run_through()
    else:
        (status, told, said), _ = request.getfixturevalue("run_on_postgres")

    assert status == 0, said
    assert told["ok"]
    assert all(step["ok"] for step in told["steps"])
    assert {"name", "ok", "seconds"} <= told["steps"][0].keys()
    assert told["ledger"]["verified"]
    assert len(told["ledger"]["root"]) == 64
    fates = [sample["fate"] for sample in told["samples"].values()]
    assert fates.count("accepted") >= 6
    assert fates.count("refused") == 1
    assert told["refusals"] >= 60


def test_real_runs_go_as_far_as_their_controls_allow(
    shared_data: Path, run_on_postgres: tuple[Ran, Path]
) -> None:
    (status, told, said), folder = run_on_postgres

    assert status == 0, said
    runs = {run["run"]: run for run in told["runs"]}
    for name in ("identifiler-run", "powerplex16-run"):
        assert [profile["fate"] for profile in runs[name]["profiles"]] == ["accepted"] * 4
    released = runs["globalfiler-hid"]
    assert released["fate"] == "releases nothing"
    assert {"POSITIVE", "NEGATIVE"} <= set(released["findings"])
    assert all(run["fate"] in ("profiles", "releases nothing", "skipped") for run in runs.values())
    assert (folder / "ledger.pub").is_file()


def test_a_run_through_that_fails_says_which_step_and_exits_with_an_error(tmp_path: Path) -> None:
    nothing = tmp_path / "runs"
    nothing.mkdir()
    status, told, said = run_through("--runs", str(nothing))

    assert status == 1
    assert not told["ok"]
    failed = [step for step in told["steps"] if not step["ok"]]
    assert len(failed) == 1
    assert "no folder" in failed[0]["why"]
    assert "FAILED" in said
