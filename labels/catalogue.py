# SPDX-License-Identifier: Apache-2.0
"""The layouts that come with the software: the files beside, one a layout.

A laboratory's own, read by `labels.files`, go before these where they bear the same name; which
of them is in use is not known here.
"""

from functools import cache
from pathlib import Path

from labels.errors import LabelError
from labels.files import file_name, read
from labels.layout import Layout

FOLDER = Path(__file__).parent / "layouts"


def _name(path: Path) -> str:
    return path.stem.replace("-", " ")


NAMES = tuple(sorted(_name(path) for path in FOLDER.glob("*.toml")))


def text(name: str) -> str:
    """Return the file of a layout as it is written, or raise LabelError `unknown_layout`."""
    if name not in NAMES:
        raise LabelError("unknown_layout", "layout", name, ", ".join(NAMES))
    return (FOLDER / file_name(name)).read_text("utf-8")


@cache
def layout(name: str) -> Layout:
    """Return the layout of this name, or raise LabelError `unknown_layout`."""
    return read(text(name), file=file_name(name), name=name)
