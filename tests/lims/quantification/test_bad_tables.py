# SPDX-License-Identifier: Apache-2.0
"""Tables that do not fit their plate: each is refused whole, and says what is wrong with it."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest

from instruments.analyzers import contents
from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.queries import history
from lims.plates.queries import wells_of
from lims.plates.rules import WellRole
from lims.quantification import operations, queries
from lims.quantification.rules import Weight
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
HEADER = "Well,Sample Name,Target Name,Task,Ct,Quantity"
LEVELS = ("50", "5", "0.5", "0.05", "0.005")


def _bomb() -> bytes:
    """Return a small workbook whose sheet unpacks to more than any export holds."""
    stream = io.BytesIO()
    parts = {
        "xl/_rels/workbook.xml.rels": '<r><Relationship Id="r1" Target="worksheets/a.xml"/></r>',
        "xl/workbook.xml": '<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/'
        '2006/relationships"><sheet name="Results" r:id="r1"/></workbook>',
        "xl/worksheets/a.xml": "<a>" + " " * 200_000 + "</a>",
    }  # fmt: skip
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def test_every_bad_table_is_refused_whole_and_says_what_is_wrong_and_what_to_do(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    by = cast.technician
    with database.writing() as session:
        one, two, blank = extracts(session, samples=2)
        strangers = extracts(session, samples=2)
        plate = a_filled_plate(session, (one, two, blank), standards=True)
        other = a_filled_plate(session, strangers)
        wells = wells_of(session, plate)

    def table(
        amounts: tuple[str, ...] = ("0.25", "0.1", ""), *, standards: str = "all", head: str = "",
        header: str = HEADER, codes: tuple[str, ...] = (one, two, blank), empty: str = "",
        ipc: str = "27.0",
    ) -> str:  # fmt: skip
        lines, held = [header], iter(zip(codes, amounts, strict=True))
        levels = iter([level for level in LEVELS for _ in range(2)])
        for well in wells:
            where = well.position
            if well.role is WellRole.STANDARD:
                level = next(levels)
                cycle = f"{22.46 + 3.32 * LEVELS.index(level):.3f}"
                if standards == "all" or (standards == "one" and level == "50"):
                    lines.append(f"{where},S,Small,STANDARD,{cycle},{level}")
            elif well.role is WellRole.NEGATIVE:
                cycle = "36.0" if empty else "Undetermined"
                lines.append(f"{where},NTC,Small,NTC,{cycle},{empty}")
                lines.append(f"{where},NTC,IPC,NTC,{ipc},")
            else:
                code, amount = next(held)
                cycle = "29.5" if amount else "Undetermined"
                lines.append(f"{where},{code},Small,UNKNOWN,{cycle},{amount}")
                lines.append(f"{where},{code},IPC,UNKNOWN,27.1,")
        return head + "\n".join(lines) + "\n"

    def shown(raw: bytes, name: str = "t.csv") -> operations.Preview:
        read = operations.read_table(raw, name, None)
        with database.reading() as session:
            return operations.preview_quantities(
                session, plate, read, sha256="c" * 64, by=by, at=at
            )

    def refused(content: str | bytes, name: str = "t.csv") -> tuple[str, str]:
        raw = content.encode() if isinstance(content, str) else content
        with pytest.raises(Refusal) as found:
            shown(raw, name)
        assert found.value.advice is not None
        assert str(found.value.advice).strip()
        return found.value.name, str(found.value.say)

    def found_in(content: str) -> list[tuple[str, Weight, str]]:
        findings = shown(content.encode()).findings
        return [(one.rule, one.weight, one.where) for one in findings]

    with database.reading() as session:
        events = len(history(session, plate))
    good = table()
    standard = next(well.position for well in wells if well.role is WellRole.STANDARD)
    spoken = {
        "another plate's wells": refused(table(codes=strangers)),
        "another plate's code": refused(table(head=f"# Barcode: {other}\n")),
        "wells exchanged": refused(table(codes=(two, one, blank))),
        "half measured": refused("\n".join(good.splitlines()[:1] + good.splitlines()[-2:])),
        "one left out": refused(table(("0.25", "", ""))
                                .replace(f"{two},Small,UNKNOWN,Undetermined,",
                                         f"{two},Small,UNKNOWN,29.5,")),
        "column renamed": refused(good.replace("Quantity", "Menge (SQ mean)")
                                  .replace(",Ct,", ",Kt,")),
        "marks mixed": refused(good.replace(",", ";").replace("0.25", "0,25")),
        "well twice": refused(good + f"A01,{one},Small,UNKNOWN,29.5,0.25\n"),
        "negative": refused(good.replace(",0.25", ",-0.25")),
        "too large a number": refused(good.replace(",0.25", ",1e999")),
        "no such concentration": refused(good.replace(",0.25", ",1e12")),
        "not a number": refused(good.replace(",0.25", ",NaN")),
        "beyond the plate": refused(good + f"P24,{one},Small,UNKNOWN,29.5,0.25\n"),
        "no such well": refused(good.replace("A01,", "Z99,")),
        "unknown target": refused(good.replace(",Small,", ",Medium,")),
        "standard in a sample's well": refused(good.replace(f"A01,{one},Small,UNKNOWN",
                                                            f"A01,{one},Small,STANDARD")),
        "sample in a standard's well": refused(
            good.replace(f"{standard},S,", f"{standard},{one},")
        ),
        "no table": refused(b"\x00\x01\x02"),
    }  # fmt: skip
    monkeypatch.setattr(contents, "LARGEST_FILE", 20_000)
    monkeypatch.setattr("instruments.analyzers.workbooks.LARGEST_FILE", 20_000)
    spoken["too large a file"] = refused(good + " " * 30_000)
    spoken["a bomb"] = refused(_bomb(), "t.xlsx")
    monkeypatch.undo()

    assert {what: name for what, (name, _) in spoken.items()} == {
        "another plate's wells": "WellDisagrees", "another plate's code": "OtherPlateNamed",
        "wells exchanged": "WellDisagrees", "half measured": "HalfMeasured",
        "one left out": "FigureMissing", "column renamed": "TableNotRead",
        "marks mixed": "TableNotRead", "well twice": "TableNotRead", "negative": "TableNotRead",
        "too large a number": "TableNotRead", "no such concentration": "FigureImpossible",
        "not a number": "FigureMissing", "beyond the plate": "WellDisagrees",
        "no such well": "TableNotRead", "unknown target": "UnknownTarget",
        "standard in a sample's well": "WellDisagrees",
        "sample in a standard's well": "WellDisagrees", "no table": "TableNotRead",
        "too large a file": "TableNotRead", "a bomb": "TableNotRead",
    }  # fmt: skip
    assert "nothing imported" in spoken["wells exchanged"][1]
    assert other in spoken["another plate's code"][1]
    assert "3 of 3 wells" in spoken["half measured"][1]
    assert "“-0.25”" in spoken["negative"][1]
    assert "“1e999”" in spoken["too large a number"][1]
    assert "B01" in spoken["one left out"][1]
    # Missing standards, a contaminated reagent, a dead reaction: the plate fails, and says so.
    assert found_in(good) == []
    assert found_in(good.replace(",", ";").replace(".", ",")) == []
    assert found_in(table(standards="none")) == [("R25", Weight.FAIL, "")]
    assert found_in(table(standards="one")) == [("R25", Weight.WARN, "small autosomal")]
    assert [one[:2] for one in found_in(table(empty="0.02"))] == [("R26", Weight.FAIL)]
    assert [one[:2] for one in found_in(table(ipc="Undetermined"))] == [("R24", Weight.FAIL)]
    slopes = good.replace(HEADER, HEADER + ",Slope,Y-Intercept,R2")
    told = "\n".join(
        line if number == 0 else line + ",-3.5,27.5,0.99" if ",Small," in line else line
        for number, line in enumerate(slopes.splitlines())
    )
    assert found_in(told) == [("R25", Weight.WARN, "small autosomal")]
    with database.reading() as session:
        assert len(history(session, plate)) == events
        assert queries.imports_of(session, plate) == ()
