# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks measure is a laboratory as the operations leave it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from lims.core.code_keys import open_database
from lims.core.settings import read_settings
from lims.custody.queries import at_place_at, gaps, held_by_at, history, intervals
from lims.custody.rules import GapKind, replay
from lims.features import GAP_CHECKS
from lims.storage.queries import contents, where
from tests.benchmarks.laboratory import build


def test_a_laboratory_built_in_bulk_verifies_replays_to_its_tables_and_has_no_gaps(
    tmp_path: Path,
) -> None:
    built = build(tmp_path / "lab", samples=1_200, waiting=100)
    database = open_database(read_settings(built.folder))
    with database.engine.begin() as connection:
        # With statistics of few rows SQLite once read the whole table by its key.
        connection.exec_driver_sql("ANALYZE")
    with database.reading() as session:
        for code in (*built.samples[:5], *built.extracts[:5]):
            found = gaps(session, code, GAP_CHECKS)
            assert [gap.kind for gap in found] == [GapKind.UNSIGNED], code
            assert replay(history(session, code)).intervals == intervals(session, code)
            place = where(session, code)
            assert place is not None
            assert [step.kind.value for step in place.path] == [
                "site", "room", "freezer", "shelf", "rack", "box",
            ]  # fmt: skip
            assert code in {one.code for one in contents(session, place.place).contents}
        instant = datetime.fromisoformat(built.ends).replace(tzinfo=UTC)
        ways: list[str] = []

        @event.listens_for(database.engine, "before_cursor_execute")
        def explain(connection: Any, _cursor: Any, said: str, given: Any, *_: Any) -> None:
            if not said.startswith("EXPLAIN"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)
                ways.extend(row[-1] for row in plan if "possession" in row[-1])

        held_by_at(session, built.coordinator, instant, limit=50)
        at_place_at(session, built.station, instant, limit=50)
        assert len(ways) == 4
        assert all("USING INDEX ix_possession_" in way for way in ways), "found by index alone"
    database.close()
    again = build(tmp_path / "lab", samples=1_200, waiting=100)
    assert again == built, "it was kept"
    assert len(built.waiting) == 100
