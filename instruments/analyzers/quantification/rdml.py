# SPDX-License-Identifier: Apache-2.0
"""Read RDML 1.0 to 1.3: the open exchange format of real-time PCR (rdml.org).

An RDML file is a zip archive with `rdml_data.xml`, or that document itself. Samples carry their
type and, for standards, their quantity (since 1.3 for each target); a reaction is numbered along
the rows of the plate and carries a Cq for each target, negative where nothing came up. It gives no
quantities of unknown samples: they are read off its standards.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from xml.etree import ElementTree

from instruments.analyzers.contents import LARGEST_FILE, refuse_too_large
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.fitting import read_off
from instruments.analyzers.quantification.targets import target_of
from instruments.analyzers.quantification.values import (
    MeasuredQuantity,
    QuantificationTable,
    Target,
    Task,
)
from instruments.analyzers.texts import clean, decimal_of
from instruments.analyzers.wells import well_of
from instruments.analyzers.xml_parts import local, parse_xml

DOCUMENT = "rdml_data.xml"
_MOST_REACTIONS = 100_000
_TASKS = {
    "unkn": Task.SAMPLE, "pos": Task.SAMPLE, "opt": Task.SAMPLE, "std": Task.STANDARD,
    "ntc": Task.NO_TEMPLATE, "nac": Task.NO_TEMPLATE, "ntp": Task.NO_TEMPLATE,
    "nrt": Task.NO_TEMPLATE,
}  # fmt: skip
_LETTERS = "ABCDEFGHIJKLMNOP"


def is_rdml(content: bytes) -> bool:
    """Return whether a file is RDML, zipped or plain, told by what is in it."""
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                return DOCUMENT in archive.namelist()
        except (zipfile.BadZipFile, ValueError, OSError):
            return False
    return b"<rdml" in content[:4096]


def read_rdml(
    content: bytes, *, name: str, targets: Mapping[str, Target] | None = None
) -> QuantificationTable:
    """Read the one run of an RDML file; `line` of a row is the number of its reaction.

    `targets` are a laboratory's own names. Raises AnalyzerFileError.
    """
    refuse_too_large(content, name=name)
    root = _parsed(_document(content, name), name)
    if local(root) != "rdml":
        raise _fault(name, DOCUMENT, "an RDML document", f"a document of {local(root)[:40]}")
    samples = {one.get("id", ""): _Sample.of(one) for one in root if local(one) == "sample"}
    runs = [run for run in root.iter() if local(run) == "run" and _children(run, "react")]
    if len(runs) != 1:
        found = ", ".join(run.get("id", "")[:40] for run in runs[:5]) if runs else "none"
        raise AnalyzerFileError(
            name, "runs-several" if runs else "results-empty", DOCUMENT, "one run with reactions",
            found, values={"found": found}, do="Export one run to a file of its own.",
        )  # fmt: skip
    rows = tuple(_Run(name, runs[0], samples, targets or {}).rows())
    if not rows:
        raise AnalyzerFileError(name, "results-empty", DOCUMENT, "at least one result", "none")
    notes = ["the file names no quantities of samples; they are read off its standards"]
    computed = read_off(rows)
    if computed is None:
        raise AnalyzerFileError(
            name, "standards-missing", DOCUMENT,
            "standards of at least three quantities with their cycles", "none",
            do="Export the whole plate with its standards, or the results as a table.",
        )  # fmt: skip
    head = {"RDML version": root.get("version", ""), "Run": runs[0].get("id", "")}
    return QuantificationTable(name, "RDML", head, computed, (), tuple(notes))


def _document(content: bytes, name: str) -> bytes:
    if not content.startswith(b"PK"):
        return content
    try:
        with (
            zipfile.ZipFile(BytesIO(content)) as archive,
            archive.open(DOCUMENT) as stream,
        ):
            document = stream.read(LARGEST_FILE + 1)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
        ValueError, KeyError,
    ) as fault:  # fmt: skip
        raise _fault(name, DOCUMENT, "a sound archive", f"one that is damaged ({fault})") from None
    if len(document) > LARGEST_FILE:
        raise _fault(
            name, DOCUMENT, f"at most {LARGEST_FILE} bytes when unpacked", "more", "too-large"
        )
    return document


def _parsed(document: bytes, name: str) -> ElementTree.Element:
    try:
        return parse_xml(document)
    except ValueError as fault:
        raise _fault(name, DOCUMENT, "an RDML document", str(fault)) from None


@dataclass
class _Sample:
    """A sample: what it is for and how much it holds, as a whole ("") or for one target."""

    tasks: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, element: ElementTree.Element) -> "_Sample":
        sample = cls()
        for part in element:
            target = part.get("targetId", "")
            if local(part) == "type":
                sample.tasks[target] = _said(part)
            elif local(part) == "quantity":
                value, unit = _child(part, "value"), _child(part, "unit")
                sample.amounts[target] = (_said(value), _said(unit))
        return sample

    def task(self, target: str) -> str:
        return self.tasks.get(target, self.tasks.get("", "unkn")) or "unkn"

    def amount(self, target: str) -> tuple[str, str]:
        return self.amounts.get(target, self.amounts.get("", ("", "")))


class _Run:
    """The reactions of one run."""

    def __init__(
        self, name: str, run: ElementTree.Element, samples: Mapping[str, _Sample],
        targets: Mapping[str, Target],
    ) -> None:  # fmt: skip
        self.name = name
        self.samples = samples
        self.targets = targets
        self.reactions = _children(run, "react")
        shape = _child(run, "pcrFormat")
        self.rows_of_plate = self._whole(shape, "rows", 8)
        self.columns = self._whole(shape, "columns", 12)

    def rows(self) -> Iterator[MeasuredQuantity]:
        if len(self.reactions) > _MOST_REACTIONS:
            raise _fault(
                self.name, "run", f"at most {_MOST_REACTIONS} reactions", "more", "too-large"
            )
        seen: dict[tuple[str, str], int] = {}
        for number, reaction in enumerate(self.reactions, start=1):
            for part in _children(reaction, "data"):
                row = self._row(number, reaction, part)
                key = (row.well or row.sample, row.target or row.target_text)
                if key in seen:
                    raise AnalyzerFileError(
                        self.name, "row-repeated", f"reaction {number}",
                        "one result for each well and target",
                        f"{row.target_text} of {key[0]} again, after reaction {seen[key]}",
                        values={"line": number, "earlier": seen[key]},
                    )  # fmt: skip
                seen[key] = number
                yield row

    def _row(
        self, number: int, reaction: ElementTree.Element, part: ElementTree.Element
    ) -> MeasuredQuantity:
        sample_id = _reference(_child(reaction, "sample"))
        target_text = _reference(_child(part, "tar"))
        sample = self.samples.get(sample_id)
        if sample is None:
            raise self._cell(number, "sample", sample_id, "a sample that the file describes")
        task = _TASKS.get(sample.task(target_text).lower())
        if task is None:
            raise self._cell(number, "type", sample.task(target_text), "unkn, std or ntc")
        cq = _said(_child(part, "cq"))
        ct = self._number(number, "cq", cq)
        if ct is not None and ct <= 0:
            ct, cq = None, ""  # a negative Cq is RDML's way to say that nothing came up
        quantity_text, unit = sample.amount(target_text) if task is Task.STANDARD else ("", "")
        quantity = self._number(number, "quantity", quantity_text)
        if quantity is not None and quantity < 0:
            raise self._cell(number, "quantity", quantity_text, "no negative quantity")
        if quantity is not None and unit.lower() not in ("ng", ""):
            raise self._cell(number, "unit", unit, "ng, for ng/µl")
        target = self.targets.get(target_text) or target_of(target_text)
        excluded = _child(part, "excl")
        return MeasuredQuantity(
            line=number, well=self._well(number, reaction), sample=clean(sample_id),
            target_text=target_text, target=target, task=task, quantity=quantity,
            quantity_text=quantity_text, ct=ct, ct_text=cq if ct is not None else "undetermined",
            omitted=excluded is not None and bool(_said(excluded)),
        )  # fmt: skip

    def _well(self, number: int, reaction: ElementTree.Element) -> str | None:
        told = reaction.get("id", "")
        if self.rows_of_plate < 2 or self.rows_of_plate > len(_LETTERS):
            return None  # a rotor has places, no wells
        if told.isascii() and told.isdigit() and len(told) < 7:
            row, column = divmod(int(told) - 1, self.columns)
            if 0 <= row < self.rows_of_plate:
                return f"{_LETTERS[row]}{column + 1:02}"
        elif (well := well_of(told)) is not None:
            return well
        raise self._cell(
            number, "react", told, f"a place on {self.rows_of_plate} x {self.columns} wells"
        )

    def _number(self, number: int, column: str, text: str) -> Decimal | None:
        if text.casefold() in ("", "nan"):
            return None
        try:
            return decimal_of(text, ".")
        except ValueError:
            raise self._cell(number, column, text, "a number") from None

    def _whole(self, shape: ElementTree.Element | None, name: str, usual: int) -> int:
        told = _said(_child(shape, name)) if shape is not None else ""
        if not told:
            return usual
        return int(told) if told.isascii() and told.isdigit() and 0 < int(told[:4]) < 1000 else 1

    def _cell(self, number: int, column: str, read: str, expected: str) -> AnalyzerFileError:
        return AnalyzerFileError(
            self.name, "cell-damaged", f"reaction {number}, {column}", expected,
            f'"{read[:40]}"', values={"line": number, "column": column, "read": read[:40]},
        )  # fmt: skip


def _children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in element if local(one) == name]


def _child(element: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    if element is None:
        return None
    return next((one for one in element if local(one) == name), None)


def _said(element: ElementTree.Element | None) -> str:
    return clean(element.text or "") if element is not None else ""


def _reference(element: ElementTree.Element | None) -> str:
    return clean(element.get("id", "")) if element is not None else ""


def _fault(
    name: str, where: str, expected: str, found: str, reason: str = "rdml-damaged"
) -> AnalyzerFileError:
    return AnalyzerFileError(
        name, reason, where, expected, found, do="Export the run again from the cycler."
    )
