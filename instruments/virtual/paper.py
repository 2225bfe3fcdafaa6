# SPDX-License-Identifier: Apache-2.0
"""What a virtual printer can suffer, and the labels that it ever made, as files."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path


class Fault(StrEnum):
    """What can be wrong with a virtual device; first for people, then for tests."""

    NONE = "none"
    PAPER_OUT = "paper_out"
    RIBBON_OUT = "ribbon_out"
    HEAD_OPEN = "head_open"
    OVER_TEMPERATURE = "over_temperature"
    UNDER_TEMPERATURE = "under_temperature"
    PAUSED = "paused"
    BUFFER_FULL = "buffer_full"
    SILENT = "silent"
    UNPLUGGED = "unplugged"

    MUTE = "mute"  # prints, but answers nothing
    PAPER_OUT_MID_LABEL = "paper_out_mid_label"  # the next label tears off half-way
    UNPLUGGED_AFTER = "unplugged_after"  # the line breaks after so many more bytes
    POWER_CYCLE = "power_cycle"  # off and on at once: what was buffered is gone
    COUNTER_JUMP = "counter_jump"  # somebody printed at the panel
    GARBAGE = "garbage"  # answers noise
    XOFF = "xoff"  # has asked for a pause of the line, and takes nothing
    LATE = "late"  # answers after everybody has given up


STOPPING = {
    Fault.PAPER_OUT,
    Fault.RIBBON_OUT,
    Fault.HEAD_OPEN,
    Fault.OVER_TEMPERATURE,
    Fault.UNDER_TEMPERATURE,
    Fault.PAUSED,
    Fault.BUFFER_FULL,
    Fault.SILENT,
}
"""Faults in which no label comes out."""


@dataclass(frozen=True)
class Printed:
    """One label that came out; `number` is the odometer after it.

    A TSPL printer's label has no ZPL; its bytes are in `tspl`.
    """

    number: int
    zpl: str
    printed_at: datetime
    tspl: bytes = b""


class PrintedLabels:
    """The labels a printer ever made, one file each; the odometer survives a restart.

    The end of a file's name is the printer's language.
    """

    def __init__(self, folder: Path, *, language: str = "zpl") -> None:
        self._folder = folder
        self._language = language
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        counted = folder / "odometer"
        recorded = int(counted.read_text("ascii")) if counted.exists() else 0
        self.odometer = max([recorded, *(int(path.stem) for path in self._files())])

    def add(self, label: bytes) -> None:
        """Keep one label; the file appears whole or not at all."""
        self.advance(1)
        place = self._folder / f"{self.odometer:06}.{self._language}"
        half = place.with_suffix(".part")
        half.write_bytes(label)
        os.replace(half, place)

    def advance(self, labels: int) -> None:
        """Turn the odometer on by so many labels."""
        self.odometer += labels
        half = self._folder / "odometer.part"
        half.write_text(str(self.odometer), "ascii")
        os.replace(half, self._folder / "odometer")

    def after(self, number: int) -> list[Printed]:
        """Return the labels with higher numbers, in order."""
        return [_printed(path) for path in self._files() if int(path.stem) > number]

    def _files(self) -> list[Path]:
        found = [*self._folder.glob("*.zpl"), *self._folder.glob("*.tspl")]
        return sorted(
            (path for path in found if path.stem.isdigit()), key=lambda path: int(path.stem)
        )


def _printed(path: Path) -> Printed:
    content = path.read_bytes()
    zpl = path.suffix == ".zpl"
    return Printed(
        number=int(path.stem),
        zpl=content.decode("utf-8", "replace") if zpl else "",
        printed_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        tspl=b"" if zpl else content,
    )
