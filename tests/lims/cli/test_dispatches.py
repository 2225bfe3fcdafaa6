# SPDX-License-Identifier: Apache-2.0
"""`lims import-dispatch`: verdicts on rows, all or nothing, and exit statuses."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from lims.cases.operations import register_site
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.sealing import open_vault
from lims.core.settings import read_settings

Run = Callable[..., Any]
HEADER = "Seal;Site;Case;Field number;Mass (g)\n"


def test_a_list_is_checked_taken_once_and_refused_as_a_whole(
    lims: Run, laboratory: Path, tmp_path: Path, at: datetime
) -> None:
    settings = read_settings(laboratory)
    database = Database(settings.database_url, lock_file=settings.lock_file)
    with database.writing() as session:
        register_site(
            session, open_vault(settings), code="TR04", name="Invented", by=Actor("console:tests"),
            at=at,
        )  # fmt: skip
    database.close()
    whole, wrong = tmp_path / "list.csv", tmp_path / "wrong.csv"
    whole.write_text(f"{HEADER}S-1;TR04;031;F-1;3,1\nS-2;TR04;031;F-2;2,6\n", "utf-8")
    wrong.write_text(f"{HEADER}S-8;TR04;031;F-8;3,1\nS-9;XX99;031;F-9;\n", "utf-8")

    def run(file: Path, *more: str) -> Any:
        return lims(
            "import-dispatch", file, "--sender", "An authority", "--folder", laboratory, "--json",
            *more,
        )  # fmt: skip

    checked = run(whole, "--dry-run")
    assert (checked.status, checked.json["taken"], checked.json["dry_run"]) == (0, False, True)
    assert [row["verdict"] for row in checked.json["rows"]] == ["taken", "taken"]

    for dry in ((), ("--dry-run",)):
        refused = run(wrong, *dry)
        assert refused.status == 1
        assert [row["verdict"] for row in refused.json["rows"]] == ["taken", "refused"]
        assert refused.json["rows"][1]["refused"] == ["site XX99 is not registered"]
        assert refused.json["dispatch"] is None

    taken = run(whole, "--number", "L-1")
    assert (taken.status, len(taken.json["dispatch"])) == (0, 32)
    again = run(whole)
    assert (again.status, again.json["problem"]) == (1, "ListThere")
    assert "L-1" in again.json["say"]
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("", "utf-8")
    assert run(nothing).json["problem"] == "ListRefused"

    told = lims("import-dispatch", wrong, "--sender", "A", "--folder", laboratory)
    assert told.status == 1
    assert "row 3: F-9 (seal S-9): refused: site XX99 is not registered" in told.out
