# SPDX-License-Identifier: Apache-2.0
"""`lims` loads the command that is asked for, and no other."""

import json
import subprocess
import sys

import click

from lims.cli import main
from lims.cli.later import LateGroup, short

LISTED = """
import json, sys
from click.testing import CliRunner
from lims.cli import main
said = CliRunner().invoke(main, ["--help"])
print(json.dumps([said.exit_code, said.stdout, sorted(sys.modules)]))
"""


def test_the_list_of_commands_says_of_each_what_the_command_says_of_itself() -> None:
    context = click.Context(main)
    ledger = main.get_command(context, "ledger")
    assert isinstance(ledger, LateGroup)
    for group in (main, ledger):
        for name, place in group.later.items():
            command = group.get_command(context, name)
            assert command is not None
            assert (command.name, short(command)) == (name, place.says)


def test_the_list_of_commands_loads_no_command_and_no_database() -> None:
    ran = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True)
    status, said, loaded = json.loads(ran.stdout)

    assert status == 0
    assert all(f"  {name} " in said for name in main.later)
    assert not {"sqlalchemy", "flask", "lims.cli.common", "lims.cli.ledger"} & set(loaded)
