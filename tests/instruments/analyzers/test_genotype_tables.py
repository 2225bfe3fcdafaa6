# SPDX-License-Identifier: Apache-2.0
"""A genotype table is read by its header, in any dialect, and never by guessing."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.genotype_tables import AlleleKind, normal_allele, read_genotypes
from instruments.analyzers.loci import known_locus, locus_name

PLAIN = (
    "Sample Name\tMarker\tAllele 1\tAllele 2\n"
    "B34-7KM-4RT\tAMEL\tX\tY\n"
    "B34-7KM-4RT\tTH01\t6\t9.3\n"
    "B34-7KM-4RT\tvWA\t17\t\n"
)


def _alleles(content: bytes | str) -> dict[str, tuple[str, ...]]:
    raw = content.encode() if isinstance(content, str) else content
    return {row.marker: row.alleles for row in read_genotypes(raw, name="table.txt").rows}


def _refusal(content: bytes | str) -> AnalyzerFileError:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(AnalyzerFileError) as refused:
        read_genotypes(raw, name="table.txt")
    return refused.value


MEANT = {"AMEL": ("X", "Y"), "TH01": ("6", "9.3"), "vWA": ("17",)}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\t\n").encode(),
        PLAIN.replace("\n", "\t\t\r\n").encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.replace("\t", ";").encode(),
        PLAIN.replace("\t", ",").encode(),
        PLAIN.replace("Sample Name", "Sample.Name").replace("Allele ", "Allele.").encode(),
        PLAIN.replace("Allele ", "Allele#").encode(),
        PLAIN.replace("Allele ", "ALLELE_").replace("Marker", "LOCUS").encode(),
        PLAIN.replace("TH01", "THO1").replace("vWA", "VWA").replace("AMEL", "Amelogenin").encode(),
        PLAIN.replace("9.3", "9,3").encode(),
        PLAIN.replace("\t", ";").replace("9.3", "9,3").encode(),
        PLAIN.replace("9.3", "٩٫٣").replace("17", "١٧").encode(),
        PLAIN.replace("9.3", "\u200f9.3\u200f").encode(),
        PLAIN.replace("\t6\t", "\t6.0\t").encode(),
        PLAIN.replace("B34", '"B34').replace("4RT", '4RT"').encode(),
        ("Project: 12\nExported by AB\n\n" + PLAIN).encode(),
        PLAIN.replace("X\tY", "1\t2").encode(),
        (
            "اسم العينة;الواسم;أليل 1;أليل 2\n"
            "B34-7KM-4RT;AMEL;X;Y\nB34-7KM-4RT;TH01;6;9.3\nB34-7KM-4RT;vWA;17;\n"
        ).encode("cp1256"),
        b"Sample Name\tMarker\tAlleles\nB\tAMEL\tX, Y\nB\tTH01\t6/9.3\nB\tvWA\t17\n",
        b"Sample Name\tAMEL\tTH01\tvWA\nB\tX,Y\t6, 9.3\t17\n",
        b"Sample Name\tAMEL\tAMEL\tTH01\tTH01\tvWA\tvWA\nB\tX\tY\t6\t9.3\t17\t\n",
        b"Sample Name\tAMEL_1\tAMEL_2\tTH01_1\tTH01_2\tvWA_1\tvWA_2\nB\tX\tY\t6\t9.3\t17\t\n",
    ],
)
def test_the_same_genotypes_come_out_of_every_dialect(content: bytes) -> None:
    assert _alleles(content) == MEANT


def test_heights_and_sizes_stand_with_their_own_alleles() -> None:
    table = read_genotypes(
        b"Sample File\tSample Name\tMarker\tDye\tAllele 1\tSize 1\tHeight 1\tAllele 2\tSize 2\t"
        b"Height 2\tADO\nA01_B.fsa\tB\tTH01\tY\t6\t167.12\t1024\tOL\t169.01\t88\t0\n",
        name="table.txt",
    )
    (row,) = table.rows

    assert [(call.allele, call.kind, call.height, call.size) for call in row.calls] == [
        ("6", AlleleKind.CALLED, Decimal(1024), Decimal("167.12")),
        ("OL", AlleleKind.OFF_LADDER, Decimal(88), Decimal("169.01")),
    ]
    assert row.alleles == ("6",)
    assert row.sample_file == "A01_B.fsa"
    assert row.other == {"Dye": "Y", "ADO": "0"}
    assert table.columns["Dye"] == "kept"
    assert row.line == 2


def test_a_decimal_comma_is_read_as_one_when_the_table_shows_it() -> None:
    table = read_genotypes(
        b"Sample;Marker;Allele 1;Size 1;Height 1;Allele 2;Size 2;Height 2\n"
        b"B;TH01;6;167,12;1.024,5;9,3;182,1;998\n",
        name="table.csv",
    )
    (row,) = table.rows

    assert row.alleles == ("6", "9.3")
    assert row.calls[1].text == "9,3"
    assert row.calls[0].size == Decimal("167.12")
    assert row.calls[0].height == Decimal("1024.5")
    assert table.notes == ("alleles are written with a decimal comma; read as a point",)


def test_a_column_per_marker_may_carry_heights_beside_its_alleles() -> None:
    table = read_genotypes(
        b"Sample Name\tTH01\tHeight\tFGA\tHeight\nB\t6, 9.3, , ,\t812, 790, , ,\t21, OL\t55, 61\n",
        name="table.txt",
    )

    assert table.layout == "a column per marker"
    assert [
        (row.marker, [(call.allele, call.height) for call in row.calls]) for row in table.rows
    ] == [
        ("TH01", [("6", Decimal(812)), ("9.3", Decimal(790))]),
        ("FGA", [("21", Decimal(55)), ("OL", Decimal(61))]),
    ]


def test_what_was_rewritten_is_told() -> None:
    table = read_genotypes(PLAIN.replace("X\tY", "1\t2").replace("17", "١٧").encode(), name="t")

    assert set(table.notes) == {
        "amelogenin alleles 1 and 2 are read as X and Y",
        "Arabic digits are rewritten as 0-9",
    }
    assert table.rows[2].calls[0].text == "١٧"


def test_a_saved_mapping_tells_what_unusual_columns_hold() -> None:
    content = b"Probe\tSystem 1\tLow\tHigh\nB\tTH01\t6\t9.3\n"
    table = read_genotypes(
        content,
        name="table.txt",
        mapping={
            "Probe": "sample",
            "System 1": "marker",
            "Low": "allele 1",
            "High": "allele 2",
        },
    )

    assert table.rows[0].alleles == ("6", "9.3")
    assert table.rows[0].sample == "B"


def test_a_saved_mapping_that_does_not_fit_the_table_is_refused() -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_genotypes(PLAIN.encode(), name="t", mapping={"Probe": "sample"})

    assert refused.value.reason == "mapped-column-missing"


def test_a_mapping_to_something_no_column_can_hold_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="no column can hold 'colour'"):
        read_genotypes(PLAIN.encode(), name="t", mapping={"Marker": "colour"})


def test_sample_name_goes_before_sample_id_and_the_other_is_kept() -> None:
    content = b"Sample ID\tSample Name\tMarker\tAllele 1\n7\tB34\tTH01\t6\n"
    (row,) = read_genotypes(content, name="t").rows

    assert row.sample == "B34"
    assert row.other == {"Sample ID": "7"}


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", "not-text-empty", "an empty file"),
        (b"\xef\xbb\xbf \n", "not-text-empty", "an empty file"),
        (b"PK\x03\x04....", "not-text-zip", "a zip archive"),
        (b"ABIF\x00\x65tdir", "not-text-abif", "an ABIF file"),
        (b"<?xml version='1.0'?>", "not-text-xml", "an XML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not-text-git-lfs-pointer", "downloaded"),
        (b"a letter\nof two lines\n", "header-missing", "Sample Name, Marker and Allele 1"),
        (PLAIN.replace("Marker", "Remark"), "marker-column-missing", '"Remark"'),
        (PLAIN.replace("Sample Name", "Remark"), "sample-column-missing", "line 1"),
        (PLAIN.replace("Allele ", "Remark "), "allele-column-missing", '"Remark 1"'),
        (PLAIN.replace("Allele 2", "Allele 1"), "column-twice", "column 4"),
        (PLAIN.replace("9.3", "9.3b"), "allele-unknown", 'line 3, column "Allele 2"'),
        (PLAIN.replace("TH01\t6", "TH01\tX"), "allele-unknown", '"X"'),
        (PLAIN.replace("B34-7KM-4RT\tvWA", "\tvWA"), "cell-damaged", "a sample name"),
        (PLAIN.replace("vWA", ""), "cell-damaged", "a marker"),
        (PLAIN + "B34-7KM-4RT\tVWA\t17\t18\n", "row-repeated", "line 5"),
        (PLAIN.replace("17\t", "17\t\t\t18"), "row-too-long", "line 4"),
        (PLAIN.replace("9.3", "9,3") + "B\tFGA\t22.2\t23\n", "allele-ambiguous", '"9,3"'),
        (b"Sample\tMarker\tAlleles\nB\tTH01\t9,3\n", "allele-ambiguous", "one allele or two"),
        (b'Sample,Marker,Allele 1\n"B,TH01,6\n', "table-damaged", "line 2"),
        (
            b"Sample\tMarker\tAllele 1\tHeight 1\nB\tTH01\t6\ttall\n",
            "cell-damaged",
            'column "Height 1": expected a number',
        ),
        (
            b"Sample\tMarker\tAllele 1\tHeight 1\nB\tTH01\t6\t1,234\n",
            "cell-damaged",
            "a thousand or a fraction",
        ),
        (
            b"Sample\tMarker\tAllele 1\tSize 1\nB\tTH01\t6\t167.1\nB\tFGA\t21\t210,44\n",
            "decimal-marks-mixed",
            '"167.1" beside "210,44"',
        ),
        (
            b"Sample\tMarker\tAllele 1\tHeight 1\nB\tTH01\t\t812\n",
            "cell-damaged",
            "an allele, since its peak is given",
        ),
        (
            b"Sample Name\tTH01\tHeight\tFGA\tHeight\nB\t6, 9.3\t812\t21\t55\n",
            "cell-damaged",
            "2 heights",
        ),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused_with_its_place(
    content: bytes | str, reason: str, words: str
) -> None:
    refusal = _refusal(content)

    assert refusal.reason == reason
    assert words in str(refusal)


@pytest.mark.parametrize(
    ("text", "marker", "kind", "allele"),
    [
        ("12", "FGA", AlleleKind.CALLED, "12"),
        ("09", "FGA", AlleleKind.CALLED, "9"),
        ("9.30", "FGA", None, "9.30"),
        ("32.2", "D21S11", AlleleKind.CALLED, "32.2"),
        ("12.0", "FGA", AlleleKind.CALLED, "12"),
        ("x", "AMEL", AlleleKind.CALLED, "X"),
        ("3", "AMEL", AlleleKind.CALLED, "3"),
        ("OL", "FGA", AlleleKind.OFF_LADDER, "OL"),
        ("ol1", "FGA", AlleleKind.OFF_LADDER, "OL"),
        ("OMR", "FGA", AlleleKind.OUT_OF_RANGE, "OMR"),
        ("< 16", "FGA", AlleleKind.OUT_OF_RANGE, "<16"),
        ("?", "FGA", AlleleKind.NO_CALL, "?"),
        ("INC", "FGA", AlleleKind.NO_CALL, "INC"),
        ("14'", "FGA", None, "14'"),
        ("-12", "FGA", None, "-12"),
        ("1e1", "FGA", None, "1e1"),
    ],
)
def test_an_allele_has_one_spelling(
    text: str, marker: str, kind: AlleleKind | None, allele: str
) -> None:
    assert normal_allele(text, marker) == (kind, allele)


@pytest.mark.parametrize(
    ("written", "locus"),
    [
        ("AMEL", "AMEL"),
        ("Amelogenin", "AMEL"),
        ("VWA", "vWA"),
        ("vWA31/A", "vWA"),
        ("THO1", "TH01"),
        ("HUMTH01", "TH01"),
        ("PentaE", "Penta E"),
        ("Penta_D", "Penta D"),
        ("PENTA B", "Penta B"),
        ("FIBRA", "FGA"),
        ("ACTBP2", "SE33"),
        ("d3s1358", "D3S1358"),
        ("D6S1283", "D6S1283"),
        ("DYS385", "DYS385 a/b"),
        ("DYS385a/b", "DYS385 a/b"),
        ("DYS389 II", "DYS389II"),
        ("GATA H4", "Y-GATA-H4"),
        ("F13A1", "F13A01"),
        ("Y indel", "Yindel"),
    ],
)
def test_a_locus_has_one_name(written: str, locus: str) -> None:
    assert known_locus(written) == locus


def test_an_unknown_locus_keeps_its_own_name() -> None:
    assert known_locus("MyLocus 7") is None
    assert locus_name(" MyLocus 7 ") == "MyLocus 7"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_bytes_whatever_raise_anything_but_the_one_error(tail: bytes) -> None:
    for content in (tail, PLAIN.encode() + tail, b"Sample\tMarker\tAllele 1\tHeight 1\n" + tail):
        try:
            table = read_genotypes(content, name="table.txt")
        except AnalyzerFileError:
            continue
        assert all(row.sample and row.marker for row in table.rows)


@pytest.mark.data
def test_the_reports_of_a_mixture_study_hold_every_sample_at_27_markers(shared_data: Path) -> None:
    folder = shared_data / "exports" / "genemapper-nfi"
    for file in ("dataset1-DTH.txt", "dataset1-DTL.txt"):
        table = read_genotypes((folder / file).read_bytes(), name=file)

        assert (len(table.samples), len(table.rows)) == (58, 1566)
        assert len({row.marker for row in table.rows}) == 27
        calls = [call for row in table.rows for call in row.calls]
        assert all(call.height is not None and call.height > 0 for call in calls)


@pytest.mark.data
def test_each_donor_of_a_mixture_study_has_23_markers(shared_data: Path) -> None:
    for path in sorted((shared_data / "exports" / "genemapper-nfi").glob("*.csv")):
        table = read_genotypes(path.read_bytes(), name=path.name)

        assert table.delimiter == ";"
        assert len(table.rows) == 23
        assert {row.marker for row in table.rows} > {"TH01", "vWA", "Penta E", "SE33"}


@pytest.mark.data
def test_each_relative_has_a_table_of_his_own_with_71_markers(shared_data: Path) -> None:
    paths = sorted((shared_data / "exports" / "genemapper-families").glob("*.txt"))
    assert len(paths) >= 21
    for path in paths:
        table = read_genotypes(path.read_bytes(), name=path.name)

        assert table.samples == (path.stem,)
        assert len(table.rows) == 71
        assert all(len(row.alleles) == 2 for row in table.rows)
