# SPDX-License-Identifier: Apache-2.0
"""Saving a layout: checked, kept as a version for ever, told in the ledger, written as a file.

The folder's files are how a laboratory changes layouts with a tool of its own. What is printed is
the newest version that somebody took into use: a file that nobody has looked at prints nothing.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from labels import catalogue
from labels.errors import LabelError
from labels.files import LONGEST_FILE, NAME, file_name, read
from labels.layout import Layout
from labels.trial import prove
from lims.core.actors import Actor
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.layouts.models import LayoutVersion
from lims.layouts.queries import in_use, sha256_of
from lims.layouts.rules import (
    SHIPPED,
    LayoutChanged,
    LayoutRefused,
    LayoutSame,
    LayoutUnknown,
    fault_words,
    slug,
    unslug,
)


@dataclass(frozen=True)
class Found:
    """A file of the laboratory's folder; `text` is empty when it cannot be read as text."""

    name: str
    text: str
    sha256: str


def one_line_ends(text: str) -> str:
    """Return a text with the line ends of files, whatever a browser sends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def checked(text: str, *, name: str = "") -> Layout:
    """Return the layout of a file after every check. Raises LayoutRefused.

    `name`, when given, is what the layout must be called.
    """
    try:
        layout = read(text, file=file_name(name or "layout"), name=name)
        prove(layout)
    except LabelError as error:
        raise LayoutRefused(fault=fault_words(error)) from error
    return layout


def save_layout(
    session: Session, text: str, *, seen: int | None, reason: str, by: Actor, at: datetime
) -> LayoutVersion:
    """Take a layout into use as the next version of the name that stands in it.

    `seen` is the number of the version that the person had before them; None when this is to be a
    new name. Raises LayoutRefused, LayoutChanged, LayoutSame.
    """
    text = one_line_ends(text)
    layout = checked(text)
    try:
        now_used = in_use(session, layout.name)
    except LayoutUnknown:
        before, same = None, False
    else:
        before, same = now_used.number, now_used.text == text
    if before != seen:
        raise LayoutChanged(name=layout.name)
    if same:
        raise LayoutSame(name=layout.name, number=before or SHIPPED)
    # Two who save at once collide on the primary key: one is refused, whole.
    row = LayoutVersion(
        name=layout.name, number=(before or SHIPPED) + 1, text=text, sha256=sha256_of(text),
        reason=reason, saved_at=at, saved_by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.LABEL_LAYOUT_SAVED, stream=f"layout:{slug(layout.name)}", by=by, at=at,
        content={
            "layout": layout.name, "version": row.number, "sha256": row.sha256, "reason": reason,
        },
    )  # fmt: skip
    return row


def found_file(folder: Path, name: str) -> Found | None:
    """Return the laboratory's file of a layout, or None when there is none."""
    path = folder / file_name(name)
    try:
        content = path.read_bytes()[: 4 * LONGEST_FILE]
        text = content.decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return Found(name, "", "")
    text = one_line_ends(text)
    return Found(name, text, sha256_of(text))


def found_files(folder: Path) -> dict[str, Found]:
    """Return the laboratory's files by the names of their layouts; other names are passed over."""
    names = {unslug(path.stem) for path in folder.glob("*.toml")} if folder.is_dir() else set()
    found = (found_file(folder, name) for name in sorted(names) if NAME.fullmatch(name))
    return {each.name: each for each in found if each is not None}


def write_file(folder: Path, name: str, text: str, *, known: frozenset[str]) -> None:
    """Write a layout's file; one there that is none of the `known` versions is kept beside it."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    path = folder / file_name(name)
    there = found_file(folder, name)
    if there is not None and there.sha256 not in known:
        path.replace(path.with_suffix(f".{secrets.token_hex(4)}.kept"))
    fresh = path.with_suffix(f".{secrets.token_hex(4)}.new")
    fresh.write_text(text, "utf-8", newline="\n")
    os.replace(fresh, path)


def shipped_names() -> tuple[str, ...]:
    """Return the names of the layouts that come with the software."""
    return catalogue.NAMES
