# SPDX-License-Identifier: Apache-2.0
"""Find the header of a genotype table and what its columns hold, by their names alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.loci import known_locus
from instruments.analyzers.texts import (
    DELIMITER_WORDS,
    DELIMITERS,
    Row,
    column_key,
    rows_of,
    western_digits,
)

_K = TypeVar("_K")
_MEANINGS = re.compile(r"sample|marker|sample_file|well|alleles|kept|(allele|height|size) [1-9]\d?")
_LOOK_FOR_HEADER = 60  # lines; exports put a few lines about the project first at most

_FIELDS = {
    "sample": ("samplename", "sample", "sampleid", "samplecode", "specimen", "specimenid",
               "اسمالعينة", "العينة", "رمزالعينة"),
    "sample_file": ("samplefile", "samplefilename", "filename", "file", "runfile"),
    "marker": ("marker", "markername", "locus", "locusname", "system", "الواسم", "الموقعالجيني"),
    "well": ("well", "wellposition", "wellid", "الحفرة"),
}  # fmt: skip
_FIELD_OF_KEY = {key: name for name, keys in _FIELDS.items() for key in keys}
_NUMBERED = {
    "allele": ("allele", "allelename", "call", "allelecall", "أليل", "الأليل"),
    "height": ("height", "peakheight", "rfu", "ارتفاع", "الارتفاع"),
    "size": ("size", "peaksize", "bp", "حجم", "الحجم"),
}
_WORD_OF_KEY = {key: word for word, keys in _NUMBERED.items() for key in keys}
_LIST_OF_ALLELES = ("alleles", "genotype", "allelecalls", "الأليلات", "النمطالجيني")
_NUMBERED_KEY = re.compile(r"(\D+?)(\d{1,3})")


@dataclass
class Header:
    """The header's meaning: which column holds what, columns counted from 0."""

    row: Row
    fields: dict[str, int] = field(default_factory=dict)
    alleles: dict[int, int] = field(default_factory=dict)  # allele number -> column
    heights: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    lists: int | None = None  # the one column that lists all alleles
    markers: dict[str, list[int]] = field(default_factory=dict)  # locus -> its own columns
    meaning: dict[int, str] = field(default_factory=dict)


def find_header(text: str, mapping: Mapping[str, str], name: str) -> tuple[Header, str]:
    for meaning in mapping.values():
        if not _MEANINGS.fullmatch(meaning):
            raise ValueError(f"no column can hold {meaning!r}")
    best: tuple[int, str, str] | None = None
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        try:
            for row in rows_of(text, delimiter, name=name):
                if row.line > _LOOK_FOR_HEADER:
                    break
                header = _understood(row, mapping, name)
                lacking = _lacking(header)
                if not lacking:
                    _check_mapping(header, mapping, name)
                    return header, delimiter
                known = len(header.meaning)
                if known and (best is None or known > best[0]):
                    shown = ", ".join(f'"{cell}"' for cell in row.cells if cell)
                    best = (
                        known,
                        f"line {row.line}, the header, separated by {DELIMITER_WORDS[delimiter]}",
                        f"{lacking}|columns {shown}",
                    )
        except AnalyzerFileError as fault:
            if fault.reason != "table-damaged":
                raise
    if best is None:
        raise AnalyzerFileError(
            name,
            "header-missing",
            f"the first {_LOOK_FOR_HEADER} lines",
            "a header with the columns Sample Name, Marker and Allele 1",
            "none",
        )
    lacking, _, found = best[2].partition("|")
    raise AnalyzerFileError(
        name, f"{lacking}-column-missing", best[1], f"a column for the {lacking}", found
    )


def _check_mapping(header: Header, mapping: Mapping[str, str], name: str) -> None:
    present = {column_key(text) for text in header.row.cells}
    for text in mapping:
        if column_key(text) not in present:
            raise AnalyzerFileError(
                name,
                "mapped-column-missing",
                f"line {header.row.line}, the header",
                f'the column "{text}" of the saved mapping',
                ", ".join(f'"{cell}"' for cell in header.row.cells if cell),
            )


def _lacking(header: Header) -> str:
    if "sample" not in header.fields:
        return "sample"
    if header.markers:
        return ""
    if "marker" not in header.fields:
        return "marker"
    if not header.alleles and header.lists is None:
        return "allele"
    return ""


def _understood(row: Row, mapping: Mapping[str, str], name: str) -> Header:
    header = Header(row)
    told = {column_key(text): meaning for text, meaning in mapping.items()}
    ranks: dict[str, int] = {}
    for column, text in enumerate(row.cells):
        key = column_key(text)
        meaning = told.get(key) or _meaning_of(key)
        if meaning is None or meaning == "kept":
            continue
        word, _, number = meaning.partition(" ")
        if word in _FIELDS:
            # Sample Name goes before Sample ID where a table has both; the other one is kept.
            rank = -1 if key in told else _FIELDS[word].index(key)
            if word in ranks and rank > ranks[word]:
                continue
            if word in ranks and rank < ranks[word]:
                del header.meaning[header.fields.pop(word)]
            ranks[word] = rank
        header.meaning[column] = meaning
        if number:
            columns = {"allele": header.alleles, "height": header.heights, "size": header.sizes}
            _place(columns[word], int(number), column, header, name)
        elif word == "alleles":
            if header.lists is not None:
                raise _twice(header, header.lists, column, name)
            header.lists = column
        else:
            _place(header.fields, word, column, header, name)
    if "marker" not in header.fields and not header.alleles and "sample" in header.fields:
        _understand_pivot(header)
    return header


def _understand_pivot(header: Header) -> None:
    """Take columns named by loci as the alleles of these loci, each with its Height if one."""
    found: dict[str, list[int]] = {}
    for column, text in enumerate(header.row.cells):
        locus = known_locus(western_digits(text))
        if locus is None:
            locus = known_locus(re.sub(r"[ _.#-]?[12]$", "", western_digits(text)))
        if locus is not None and column not in header.meaning:
            found.setdefault(locus, []).append(column)
            header.meaning[column] = f"alleles of {locus}"
            following = header.row.cells[column + 1 : column + 2]
            if following and column_key(following[0]) in _NUMBERED["height"]:
                header.meaning[column + 1] = "height"
    if len(found) > 1:
        header.markers = found


def _meaning_of(key: str) -> str | None:
    if key in _FIELD_OF_KEY:
        return _FIELD_OF_KEY[key]
    if key in _LIST_OF_ALLELES:
        return "alleles"
    match = _NUMBERED_KEY.fullmatch(key)
    if match and match[1] in _WORD_OF_KEY:
        return f"{_WORD_OF_KEY[match[1]]} {int(match[2])}"
    if key in _NUMBERED["allele"]:
        return "alleles"
    return None


def _place(places: dict[_K, int], key: _K, column: int, header: Header, name: str) -> None:
    if key in places:
        raise _twice(header, places[key], column, name)
    places[key] = column


def _twice(header: Header, first: int, second: int, name: str) -> AnalyzerFileError:
    cells = header.row.cells
    return AnalyzerFileError(
        name,
        "column-twice",
        f"line {header.row.line}, the header",
        f"one column for the {header.meaning[second]}",
        f'both "{cells[first]}" (column {first + 1}) and "{cells[second]}" (column {second + 1})',
    )
