# SPDX-License-Identifier: Apache-2.0
"""The agent's commands, and how it ends."""

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from instruments.agent.cli import main
from instruments.agent.running import DRAIN
from instruments.agent.settings import read_settings
from instruments.virtual.paper import Fault

PATIENCE = 60
SETUP = ("setup", "--no-test", "--config")


def test_setup_writes_a_file_that_the_agent_takes(tmp_path):
    config = tmp_path / "bench.toml"

    result = CliRunner().invoke(
        main,
        ["setup", "--no-test", "--config", str(config)],
        input="https://lims.example\nca.pem\nbench.key\nbench.journal\nT346790RK\n"
        "/dev/a\nhoneywell\n/dev/b\ntspl\n300\n",
    )

    assert result.exit_code == 0
    assert config.stat().st_mode & 0o077 == 0
    (station,) = read_settings(config).stations
    assert (station.code, station.scanner.port, station.printer.port) == (
        "T346790RK",
        "/dev/a",
        "/dev/b",
    )
    assert (station.printer.language, station.printer.flow) == ("tspl", "none")


def test_setup_writes_over_nothing_and_leaves_nothing_wrong_behind(tmp_path):
    config = tmp_path / "bench.toml"
    answers = "http://lims.example\n\n\n\nT346790RK\n/dev/a\n\n\n\n\n"
    refused = CliRunner().invoke(main, [*SETUP, str(config)], input=answers)
    assert refused.exit_code == 1
    assert "address-without-tls" in refused.output
    assert list(tmp_path.iterdir()) == []

    config.write_text("mine", "utf-8")
    refused = CliRunner().invoke(main, [*SETUP, str(config)], input=answers)

    assert refused.exit_code == 1
    assert config.read_text("utf-8") == "mine"


def test_ports_are_listed_as_one_json_value():
    result = CliRunner().invoke(main, ["list-ports", "--json"])

    assert result.exit_code == 0
    assert isinstance(json.loads(result.stdout), list)


def test_a_wrong_setting_ends_the_agent_with_its_name(bench):
    bench.write_config(more="colour = 1\n")

    result = CliRunner().invoke(main, ["--config", str(bench.config)])

    assert result.exit_code == 1
    assert "unknown-setting: colour" in result.output


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_the_agent_ends_when_interrupted_and_gives_its_threads_less_than_five_seconds(
    working, asked
):
    working.agent.send_signal(asked)

    assert working.agent.wait(PATIENCE) == 0
    assert DRAIN < 5


def test_the_agent_ends_with_a_label_that_will_never_be_proven(working, peer, station, wait_for):
    peer.on_outcome = lambda body: (
        working.devices.fault(station, Fault.MUTE) if body["outcome"] == "intent" else None
    )
    peer.lease("B346790RK01")
    wait_for(lambda: "sent" in peer.told("B346790RK01"))

    working.agent.terminate()

    assert working.agent.wait(PATIENCE) == 0


def test_the_agent_ends_when_its_parents_pipe_closes(working):
    working.agent.stdin.close()

    assert working.agent.wait(PATIENCE) == 0


def test_the_agent_ends_when_its_parent_is_killed(bench, wait_for):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-m', 'instruments.agent', '--config',"
            " sys.argv[1], '--ends-with-parent'], stdin=subprocess.PIPE)\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(600)\n",
            str(bench.config),
        ],
        stdout=subprocess.PIPE,
    )
    child = int(parent.stdout.readline())
    bench.ready()
    assert os.getpgid(child) == child

    parent.kill()
    parent.wait()
    parent.stdout.close()

    wait_for(lambda: not alive(child))


def alive(process):
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as status:
            return status.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_agents_cannot_hold_one_port(working, peer, wait_for, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    config = second / "bench.toml"
    config.write_text(working.config.read_text("utf-8"), "utf-8")
    (second / "bench.key").write_bytes((working.folder / "bench.key").read_bytes())

    process = subprocess.Popen(
        [sys.executable, "-m", "instruments.agent", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    wait_for(lambda: "port-busy" in process.stderr.readline())
    process.terminate()
    process.wait(PATIENCE)
    process.stderr.close()
