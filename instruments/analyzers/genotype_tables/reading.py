# SPDX-License-Identifier: Apache-2.0
"""Read a genotype table below its header, cell by cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.genotype_tables.alleles import normal_allele
from instruments.analyzers.genotype_tables.header import Header, find_header
from instruments.analyzers.genotype_tables.values import (
    AlleleCall,
    GenotypeRow,
    GenotypeTable,
)
from instruments.analyzers.loci import locus_name
from instruments.analyzers.texts import (
    Row,
    decimal_mark,
    decimal_of,
    decode_table,
    rows_of,
    western_digits,
)

_COMMA_NUMBER = re.compile(r"\d{1,3},\d")
_LIST_SEPARATOR = re.compile(r"\s*[,;/|]\s*|\s+")


def read_genotypes(
    content: bytes, *, name: str, mapping: Mapping[str, str] | None = None
) -> GenotypeTable:
    """Read a genotype table; columns are known by their names and never by their position.

    `mapping` tells for columns (by header text) what they hold: "sample", "marker",
    "sample_file", "well", "allele 1", "height 1", "size 1", "alleles" or "kept".
    Tab, semicolon and comma tables in any usual encoding; heights in RFU, sizes in bp.
    Raises AnalyzerFileError naming line and column: no marker or allele column, a column that
    stands twice, a cell that is no allele or number, an allele whose comma can be read two ways.
    """
    decoded = decode_table(content, name=name)
    header, delimiter = find_header(decoded.text, mapping or {}, name)
    rows = [
        row
        for row in rows_of(decoded.text, delimiter, name=name)
        if row.line > header.row.line and any(row.cells)
    ]
    for row in rows:
        if any(row.cells[len(header.row.cells) :]):
            raise AnalyzerFileError(
                name,
                "row-too-long",
                f"line {row.line}",
                f"at most {len(header.row.cells)} cells, as in the header",
                f"{len(row.cells)} cells",
            )
    reader = _Reader(name, header, rows)
    return GenotypeTable(
        name=name,
        encoding=decoded.encoding,
        delimiter=delimiter,
        layout="a column per marker" if header.markers else "a row per marker",
        columns={
            text: header.meaning.get(column, "kept")
            for column, text in enumerate(header.row.cells)
            if text
        },
        rows=tuple(reader.rows()),
        notes=tuple(dict.fromkeys(reader.notes)),
    )


class _Reader:
    """Reads the rows below a header."""

    def __init__(self, name: str, header: Header, rows: Sequence[Row]) -> None:
        self.name = name
        self.header = header
        self.table = rows
        self.notes: list[str] = []
        self.mark = self._decimal_mark()
        self.comma_alleles = self._alleles_with_comma()

    def rows(self) -> Iterator[GenotypeRow]:
        """Yield a row for each sample and marker."""
        seen: dict[tuple[str, str, str | None, str | None], int] = {}
        for row in self.table:
            for genotype in self._genotypes(row):
                # Injections of one sample are told apart by file or well only.
                key = (genotype.sample, genotype.marker, genotype.sample_file, genotype.well)
                if key in seen:
                    raise self._fault(
                        row,
                        None,
                        "one row for each marker of a sample's injection",
                        f"{genotype.marker} of {genotype.sample} again, after line {seen[key]}",
                        "row-repeated",
                    )
                seen[key] = row.line
                yield genotype

    def _genotypes(self, row: Row) -> Iterator[GenotypeRow]:
        header = self.header
        sample = self._cell(row, header.fields["sample"])
        if not sample:
            raise self._fault(row, header.fields["sample"], "a sample name", "an empty cell")
        if header.markers:
            found = [
                (text, self._listed(row, columns, text)) for text, columns in header.markers.items()
            ]
        else:
            text = self._cell(row, header.fields["marker"])
            if not text:
                raise self._fault(row, header.fields["marker"], "a marker", "an empty cell")
            found = [(text, self._numbered(row, text))]
        for text, calls in found:
            marker = locus_name(western_digits(text))
            yield GenotypeRow(
                line=row.line,
                sample=sample,
                sample_file=self._optional(row, "sample_file"),
                well=self._optional(row, "well"),
                marker_text=text,
                marker=marker,
                calls=tuple(calls),
                other={
                    name: self._cell(row, column)
                    for column, name in enumerate(header.row.cells)
                    if name and header.meaning.get(column, "kept") == "kept"
                },
            )

    def _numbered(self, row: Row, marker: str) -> list[AlleleCall]:
        header = self.header
        if header.lists is not None:
            return [
                self._call(row, header.lists, text, marker, None, None)
                for text in self._split(row, header.lists)
            ]
        calls = []
        for number, column in sorted(header.alleles.items()):
            text = self._cell(row, column)
            if text:
                height = self._number(row, header.heights.get(number))
                size = self._number(row, header.sizes.get(number))
                calls.append(self._call(row, column, text, marker, height, size))
            else:
                for beside in (header.heights.get(number), header.sizes.get(number)):
                    if beside is not None and self._cell(row, beside):
                        raise self._fault(
                            row, column, "an allele, since its peak is given", "an empty cell"
                        )
        return calls

    def _listed(self, row: Row, columns: list[int], marker: str) -> list[AlleleCall]:
        calls = []
        for column in columns:
            texts = self._split(row, column)
            beside = column + 1 if self.header.meaning.get(column + 1) == "height" else None
            heights = self._split(row, beside) if beside is not None else []
            if heights and len(heights) != len(texts):
                raise self._fault(
                    row, beside, f"{len(texts)} heights, one for each allele", f"{len(heights)}"
                )
            for place, text in enumerate(texts):
                height = self._number_in(row, beside, heights[place]) if heights else None
                calls.append(self._call(row, column, text, marker, height, None))
        return calls

    def _split(self, row: Row, column: int) -> list[str]:
        parts = [part for part in _LIST_SEPARATOR.split(self._cell(row, column)) if part]
        if len(parts) == 2 and re.fullmatch(r"\d{1,3},\d", self._cell(row, column)):
            first, second = (int(western_digits(part)) for part in parts)
            if second < first:
                # Lists run upwards, so this is rather 9.3 than 9 and 3. Nobody shall guess.
                raise self._fault(
                    row, column, "alleles such as 9.3 or 9, 10", f'"{self._cell(row, column)}", '
                    "which can be one allele or two", "allele-ambiguous",
                )  # fmt: skip
        return parts

    def _call(
        self, row: Row, column: int, text: str, marker: str,
        height: Decimal | None, size: Decimal | None,
    ) -> AlleleCall:  # fmt: skip
        plain = western_digits(text)
        if _COMMA_NUMBER.fullmatch(plain):
            if not self.comma_alleles:
                raise self._fault(
                    row, column, "alleles written with a point, as elsewhere in the table",
                    f'"{text}"', "allele-ambiguous",
                )  # fmt: skip
            plain = plain.replace(",", ".")
            self.notes.append("alleles are written with a decimal comma; read as a point")
        if plain != text and plain.replace(".", ",") != text:
            self.notes.append("Arabic digits are rewritten as 0-9")
        kind, allele = normal_allele(plain, locus_name(marker))
        if kind is None:
            raise self._fault(
                row, column, "an allele such as 12, 9.3, X or OL", f'"{text}"', "allele-unknown"
            )
        if allele in ("X", "Y") and plain in ("1", "2"):
            self.notes.append("amelogenin alleles 1 and 2 are read as X and Y")
        return AlleleCall(text, allele, kind, height, size)

    def _number(self, row: Row, column: int | None) -> Decimal | None:
        if column is None:
            return None
        text = self._cell(row, column)
        return self._number_in(row, column, text) if text else None

    def _number_in(self, row: Row, column: int | None, text: str) -> Decimal:
        try:
            return decimal_of(text, self.mark)
        except ValueError as fault:
            raise self._fault(row, column, "a number", f'"{text}" ({fault})') from None

    def _decimal_mark(self) -> str | None:
        columns = [*self.header.heights.values(), *self.header.sizes.values()]
        try:
            return decimal_mark(self._cell(row, column) for row in self.table for column in columns)
        except ValueError as fault:
            raise AnalyzerFileError(
                self.name,
                "decimal-marks-mixed",
                "columns of heights and sizes",
                "one decimal mark in the whole table",
                str(fault),
            ) from None

    def _alleles_with_comma(self) -> bool:
        """Say whether a comma in an allele can only be a decimal comma in this table."""
        columns = list(self.header.alleles.values())
        pointed = any(
            re.fullmatch(r"\d{1,3}\.\d", western_digits(self._cell(row, column)))
            for row in self.table
            for column in columns
        )
        return not pointed and self.mark != "." and len(columns) > 1

    def _cell(self, row: Row, column: int) -> str:
        return row.cells[column] if column < len(row.cells) else ""

    def _optional(self, row: Row, name: str) -> str | None:
        column = self.header.fields.get(name)
        return (self._cell(row, column) or None) if column is not None else None

    def _fault(
        self, row: Row, column: int | None, expected: str, found: str, reason: str = "cell-damaged"
    ) -> AnalyzerFileError:
        where = f"line {row.line}"
        if column is not None:
            where += f', column "{self.header.row.cells[column]}"'
        return AnalyzerFileError(self.name, reason, where, expected, found)
