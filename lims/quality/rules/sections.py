# SPDX-License-Identifier: Apache-2.0
"""What a package says beside the timeline: sections of tables and pictures, in both languages."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from lims.core.words import Say
from lims.custody.rules import Event


@dataclass(frozen=True)
class Both:
    """A name that the laboratory itself gave in English and in Arabic."""

    english: str
    arabic: str


Cell: TypeAlias = str | Say | Both | tuple[Say, ...]
"""A figure, code or name as it is; or words, or several with commas between them, that are
written in English and in Arabic."""


@dataclass(frozen=True)
class Scope:
    """What a package is about: the thing, all it came from, and what was done with them.

    `things` begins with the thing itself; `works` are the batches and plates they went through;
    `events` those of the things that are shown, in the order of the log; `at` when it is made.
    """

    code: str
    things: tuple[str, ...]
    works: tuple[str, ...]
    events: tuple[Event, ...]
    at: datetime


@dataclass(frozen=True)
class Picture:
    """A photograph as it came, what stands under it, and the name of its file in the zip.

    `drawn` is what is drawn on paper: JPEG or PNG bytes.
    """

    content: bytes
    caption: Cell
    name: str
    drawn: bytes


@dataclass(frozen=True)
class Section:
    """A table with a heading. `columns` are marked headings with their share of the width.

    `empty` is what stands there instead where there is no row; `note` stands under the heading.
    A section that is `first` comes before the timeline.
    """

    title: str
    columns: tuple[tuple[str, int], ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""
    first: bool = False
    pictures: tuple[Picture, ...] = ()
