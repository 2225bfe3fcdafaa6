# SPDX-License-Identifier: Apache-2.0
"""RDML of every version gives the same figures, read off its standards, or is refused with why."""

import io
import zipfile
from decimal import Decimal

import pytest

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import Target, Task, rdml, read_quantities

LEVELS = ("50", "5", "0.5", "0.05", "0.005")
SMALL, IPC = "T.Small Autosomal", "T.IPC"


def _react(number: object, sample: str, **cycles: str) -> str:
    parts = "".join(
        f'<data><tar id="{SMALL if name == "small" else IPC}"/><cq>{cq}</cq></data>'
        for name, cq in cycles.items()
    )
    return f'<react id="{number}"><sample id="{sample}"/>{parts}</react>'


def _document(
    *, version: str = "1.2", by_target: bool = False, unit: str = "ng", reacts: str = "",
    run: str = "", standards: bool = True, shape: tuple[str, str] = ("8", "12"),
) -> str:  # fmt: skip
    named = f' targetId="{SMALL}"' if by_target else ""
    samples = "".join(
        f'<sample id="S{number}"><type{named}>std</type><quantity{named}><value>{level}</value>'
        f"<unit>{unit}</unit></quantity></sample>"
        for number, level in enumerate(LEVELS)
    )
    samples += '<sample id="X7A"><type>unkn</type></sample><sample id="N"><type>ntc</type></sample>'
    wells = "".join(
        _react(number, f"S{number - 1}", small=f"{22 + (number - 1) * 3.32:.2f}")
        for number in range(1, 6)
    )
    plate = f"<rows>{shape[0]}</rows><columns>{shape[1]}</columns>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rdml version="{version}" '
        f'xmlns="http://www.rdml.org">{samples}<experiment id="E"><run id="R">'
        f"<pcrFormat>{plate}</pcrFormat>{wells if standards else ''}"
        f"{reacts or _react(13, 'X7A', small='29.9', ipc='27.1') + _react(14, 'N', small='-1.0')}"
        f"</run>{run}</experiment></rdml>"
    )


def _zipped(document: str, name: str = "rdml_data.xml") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, document)
    return stream.getvalue()


def test_every_version_zipped_or_plain_gives_the_same_figures() -> None:
    for version, by_target in (("1.0", False), ("1.1", False), ("1.2", False), ("1.3", True)):
        document = _document(version=version, by_target=by_target)
        for content in (_zipped(document), document.encode(), b"\xef\xbb\xbf" + document.encode()):
            table = read_quantities(content, name="run.rdml")

            assert table.source == "RDML"
            assert table.head["RDML version"] == version
            assert [(row.well, row.task, row.target, row.ct) for row in table.rows[5:]] == [
                ("B01", Task.SAMPLE, Target.SMALL, Decimal("29.9")),
                ("B01", Task.SAMPLE, Target.IPC, Decimal("27.1")),
                ("B02", Task.NO_TEMPLATE, Target.SMALL, None),
            ]
            # 10^(log10 50 - 7.9 / 3.32) = 0.2087
            assert Decimal("0.2") < (table.rows[5].quantity or 0) < Decimal("0.25")
            assert table.rows[7].undetermined
            assert table.rows[0].quantity == 50


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + _document(), "rdml-damaged"),
        (_document()[:-9], "rdml-damaged"),
        (_document(run=f'<run id="R2">{_react(1, "X7A", small="30")}</run>'), "runs-several"),
        (_document(standards=False), "standards-missing"),
        (_document(unit="cop"), "cell-damaged"),
        (_document(reacts=_react(97, "X7A", small="30")), "cell-damaged"),
        (_document(reacts=_react("H13", "X7A", small="1e999")), "cell-damaged"),
        (_document(reacts=_react(20, "stranger", small="30")), "cell-damaged"),
        (_document(reacts=_react(20, "X7A", small="30") * 2), "row-repeated"),
        (_document(reacts="", standards=False).replace("<react", "<other"), "rdml-damaged"),
    ],
)
def test_what_is_wrong_with_an_rdml_file_is_said(document: str, reason: str) -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(_zipped(document), name="run.rdml")

    assert refused.value.reason == reason
    assert refused.value.expected


def test_an_archive_that_unpacks_without_end_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rdml, "LARGEST_FILE", 10_000)
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(_zipped(_document() + " " * 20_000), name="run.rdml")

    assert refused.value.reason == "too-large"


def test_a_document_in_another_encoding_hides_no_entity() -> None:
    hidden = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE rdml>' + _document()[38:]
    with pytest.raises(AnalyzerFileError) as refused:
        rdml.read_rdml(hidden.encode("utf-16"), name="run.rdml")

    assert refused.value.reason == "rdml-damaged"
