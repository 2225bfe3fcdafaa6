# SPDX-License-Identifier: Apache-2.0
"""The steps of the run-through as they are done: progress for people, a list for programs."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import click
import httpx

from instruments.virtual.control import VirtualBenchFault
from lims.demo.driver.pages import StepFailed

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """A step that was tried; `why` is empty where it held."""

    name: str
    ok: bool
    seconds: float
    why: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the step as `--json` prints it."""
        row: dict[str, object] = {"name": self.name, "ok": self.ok, "seconds": self.seconds}
        return row | {"why": self.why} if self.why else row


@dataclass
class Steps:
    """The steps so far; the first that fails ends the run-through."""

    done: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every step held."""
        return bool(self.done) and all(step.ok for step in self.done)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do a step; what fails in it is kept and raised again as StepFailed."""
        begun = time.monotonic()
        try:
            yield
        except (StepFailed, VirtualBenchFault, httpx.HTTPError, OSError) as error:
            why = str(error) or type(error).__name__
            self._keep(Step(name, ok=False, seconds=_since(begun), why=why))
            raise StepFailed(why) from error
        self._keep(Step(name, ok=True, seconds=_since(begun)))

    @contextmanager
    def opened(self, name: str, door: AbstractContextManager[T]) -> Iterator[T]:
        """Open something as a step, and close it when all that is done with it has ended."""
        with ExitStack() as stack:
            with self.step(name):
                inside = stack.enter_context(door)
            yield inside

    def _keep(self, step: Step) -> None:
        self.done.append(step)
        mark = click.style("held", fg="green") if step.ok else click.style("FAILED", fg="red")
        click.echo(f"{len(self.done):>3}  {mark}  {step.seconds:5.1f} s  {step.name}", err=True)
        if step.why:
            click.echo(f"     {step.why}", err=True)


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)
