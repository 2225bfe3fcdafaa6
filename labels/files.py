# SPDX-License-Identifier: Apache-2.0
"""Layouts as TOML: read strictly, each refusal with its line, its key and what was expected."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from labels.errors import LabelError
from labels.layout import (
    ANCHOR_PARTS,
    CODE_PARTS,
    DPIS,
    VALUE_NAMES,
    Align,
    Code,
    Dots,
    Layout,
    Text,
)
from labels.lettering import Script
from labels.symbols import Kind

NAME = re.compile(r"[a-z][a-z0-9]*( [a-z0-9]+)*")
LONGEST_NAME = 40
LONGEST_FILE = 20_000
MOST_FIELDS = 40

# A4 is the largest that any printer here takes; 210 mm are 4961 dots at 600 dpi.
LARGEST_SIDE_MM = 210

FIELDS = tuple(name for name in VALUE_NAMES if name != "payload") + CODE_PARTS + ANCHOR_PARTS
"""What a [[text]] may show."""

_ROOT = ("name", "stock", "symbol", "text")
_STOCK = ("width", "height", "gap", "round")
_SYMBOL = ("kind", "x", "y", "module", "height")
_TEXT = ("field", "x", "y", "width", "size", "bold", "align", "script")


LARGEST_LETTERS_MM = 50


def file_name(name: str) -> str:
    """Return the name of the file in which the layout of this name stands."""
    return name.replace(" ", "-") + ".toml"


def read(text: str, *, file: str, name: str = "") -> Layout:
    """Return the layout that a TOML text describes; `file` is what refusals call it.

    `name`, when given, is what the layout must be called. Nothing is drawn: whether the layout can
    be printed is asked of `labels.trial`. Raises LabelError `bad_layout`; its `field` names the
    file, the line and the key.
    """
    if len(text) > LONGEST_FILE:
        raise LabelError("bad_layout", file, f"{len(text)} characters", f"at most {LONGEST_FILE}")
    try:
        parsed = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelError("bad_layout", file, str(error), "TOML") from error
    top = _Table(parsed, _ROOT, file, "", _lines(text))
    called = top.text("name")
    if not NAME.fullmatch(called) or len(called) > LONGEST_NAME:
        raise top.refused("name", called, "small letters a-z, digits and single spaces")
    if name and called != name:
        raise top.refused("name", called, name)
    (stock,) = top.tables("stock", _STOCK, single=True)
    symbols = tuple(_symbol(table) for table in top.tables("symbol", _SYMBOL))
    texts = tuple(_text(table) for table in top.tables("text", _TEXT))
    if len(symbols) + len(texts) > MOST_FIELDS:
        raise LabelError(
            "bad_layout", file, f"{len(symbols) + len(texts)} fields", f"at most {MOST_FIELDS}"
        )
    return Layout(
        name=called,
        width_mm=stock.millimetres("width", least=1),
        height_mm=stock.millimetres("height", least=1),
        gap=stock.millimetres("gap", least=0),
        fields=symbols + texts,
        round=stock.flag("round"),
    )


def _symbol(table: "_Table") -> Code:
    kind = Kind(table.one_of("kind", [each.value for each in Kind]))
    sides = table.inner("module", [str(dpi) for dpi in DPIS])
    dots = Dots(*(sides.whole(str(dpi), least=1, most=40) for dpi in DPIS))
    if kind is not Kind.CODE128:
        if "height" in table.given:
            raise table.refused("height", table.given["height"], f"no height of a {kind}")
        height = 0.0
    else:
        height = table.millimetres("height", least=1)
    x, y = table.millimetres("x", least=0), table.millimetres("y", least=0)
    return Code("payload", kind, x, y, dots, height)


def _text(table: "_Table") -> Text:
    return Text(
        field=table.one_of("field", FIELDS),
        x=table.millimetres("x", least=0),
        y=table.millimetres("y", least=0),
        width=table.millimetres("width", least=0),
        size=table.millimetres("size", least=0, most=LARGEST_LETTERS_MM),
        bold=table.flag("bold"),
        align=Align(table.one_of("align", [each.value for each in Align], default=Align.START)),
        script=Script(
            table.one_of("script", [each.value for each in Script], default=Script.LATIN)
        ),
    )


@dataclass(frozen=True)
class _Table:
    """A table of the file: refuses keys it does not know, and says where a wrong value stands."""

    given: Mapping[str, object]
    known: Collection[str]
    file: str
    path: str
    lines: Mapping[str, int]

    def __post_init__(self) -> None:
        for key in self.given:
            if key not in self.known:
                raise self.refused(key, self.given[key], f"one of {', '.join(self.known)}")

    def refused(self, key: str, value: object, expected: str) -> LabelError:
        at = f"{self.path}.{key}".lstrip(".")
        line = self.lines.get(at) or self.lines.get(self.path)
        where = [self.file, f"line {line}" if line else "", at]
        return LabelError("bad_layout", ", ".join(filter(None, where)), str(value), expected)

    def tables(
        self, key: str, known: Collection[str], *, single: bool = False
    ) -> tuple["_Table", ...]:
        found = self.given.get(key, None if single else [])
        parts = [found] if single else found
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            written = f"[{key}]" if single else f"[[{key}]]"
            raise self.refused(key, "absent" if found is None else found, f"a table {written}")
        names = [key] if single else [f"{key} {place}" for place in range(1, len(parts) + 1)]
        return tuple(
            _Table(part, known, self.file, name, self.lines)
            for part, name in zip(parts, names, strict=True)
        )

    def inner(self, key: str, known: Collection[str]) -> "_Table":
        found = self.given.get(key)
        if not isinstance(found, dict):
            expected = "{ " + ", ".join(f"{name} = dots" for name in known) + " }"
            raise self.refused(key, "absent" if found is None else found, expected)
        return _Table(found, known, self.file, f"{self.path}.{key}", self.lines)

    def text(self, key: str) -> str:
        found = self.given.get(key)
        if not isinstance(found, str):
            raise self.refused(key, "absent" if found is None else found, "a text in quotes")
        return found

    def one_of(self, key: str, allowed: Collection[str], *, default: StrEnum | None = None) -> str:
        if key not in self.given and default is not None:
            return default.value
        found = self.text(key)
        if found not in allowed:
            raise self.refused(key, found, f"one of {', '.join(allowed)}")
        return found

    def flag(self, key: str) -> bool:
        found = self.given.get(key, False)
        if not isinstance(found, bool):
            raise self.refused(key, found, "true or false")
        return found

    def whole(self, key: str, *, least: int, most: int) -> int:
        found = self.given.get(key)
        if type(found) is not int or not least <= found <= most:
            shown = "absent" if found is None else found
            raise self.refused(key, shown, f"whole dots, {least} to {most}")
        return found

    def millimetres(self, key: str, *, least: int, most: int = LARGEST_SIDE_MM) -> float:
        found = self.given.get(key)
        if not isinstance(found, int | float) or isinstance(found, bool):
            raise self.refused(key, "absent" if found is None else found, "millimetres")
        if not least <= found <= most:  # inf and nan are not either
            raise self.refused(key, found, f"{least} to {most} mm")
        # Decimal places count exactly, as in labels.layout.dots.
        exact = Fraction(str(found))
        if exact * 1000 % 1:
            raise self.refused(key, found, "at most three decimal places")
        return float(found)


_HEADER = re.compile(r"\s*(\[{1,2})\s*([A-Za-z]+)\s*\]{1,2}")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")


def _lines(text: str) -> dict[str, int]:
    """Return on which line each table and each of its keys stands: "text 3.size" is the third's."""
    found: dict[str, int] = {}
    seen: dict[str, int] = {}
    path = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            path = header[2]
            if header[1] == "[[":
                seen[path] = seen.get(path, 0) + 1
                path = f"{path} {seen[path]}"
            found.setdefault(path, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{path}.{key[1]}".lstrip("."), number)
    return found
