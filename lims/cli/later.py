# SPDX-License-Identifier: Apache-2.0
"""Commands that are loaded when they are asked for, so that each starts with its own needs only."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import click


class Later(NamedTuple):
    """Where a command stands, and its line in the list of commands."""

    module: str
    name: str
    says: str


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Keep Python from looking for garbage meanwhile: a quarter of what importing takes."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class LateGroup(click.Group):
    """A group that knows its commands by name and loads the one that is asked for."""

    def __init__(self, *args: Any, later: Mapping[str, Later], **more: Any) -> None:
        super().__init__(*args, **more)
        self.later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in their order, loading none."""
        return [*self.commands, *(name for name in self.later if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None for an unknown name."""
        there = super().get_command(ctx, cmd_name)
        place = self.later.get(cmd_name)
        if there is not None or place is None:
            return there
        with _nothing_thrown_away():
            command: click.Command = getattr(import_module(place.module), place.name)
        self.add_command(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from what is known of them, loading none."""
        rows = []
        for name in self.list_commands(ctx):
            known = self.commands.get(name)
            rows.append((name, self.later[name].says if known is None else short(known)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def short(command: click.Command) -> str:
    """Return the first sentence of what a command says of itself."""
    return command.get_short_help_str(limit=200)
