# SPDX-License-Identifier: Apache-2.0
"""A whole-rack scanner at a bench for storage: the agent's word, all of it taken up or nothing."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from instruments.virtual.racks import UNREAD, Shape, rack_file
from lims.bench.operations import take_bench
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.operations import issue_agent_key
from lims.people.queries import open_station
from lims.printing.queries import live_label
from lims.storage.operations import put
from lims.storage.queries import contents
from tests.cast import Cast

Build = Callable[..., str]


def test_a_rack_read_at_the_bench_is_taken_up_whole_or_not_at_all_and_is_told(
    app: Flask, database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    station = cast.stations[StationKind.STORAGE]
    with database.writing() as session:
        box = a_box(session)
        one, two, gone = (an_aliquot(session) for _ in range(3))
        put(session, gone, box, "B2", by=cast.technician, at=at)
        labels = [live_label(session, code) for code in (box, one, two)]
        key = issue_agent_key(
            session, open_station(session, station), by=cast.administrator, at=now()
        )
    rack, first, second = (label.payload for label in labels if label is not None)
    client = app.test_client()

    def post(text: bytes, where: str = "racks", **more: str) -> dict[str, object]:
        body = {"read_id": secrets.token_hex(16), "content": base64.b64encode(text).decode()}
        answer = client.post(
            f"/api/bench/{station}/{where}", json=body | more,
            headers={"Authorization": f"Bearer {key}", "Bench-Agent": "bench-one"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def text(tubes: dict[str, str], named: str = rack, shape: Shape = Shape.RACK_FIRST) -> bytes:
        return rack_file(tubes, rows=9, columns=9, rack=named, at=at, shape=shape)

    def stands() -> dict[str, str]:
        with database.reading() as session:
            return {thing.code: thing.position for thing in contents(session, box).contents}

    # Nobody works there; then a tube that could not be read; then no box that is known.
    assert post(text({"A1": first}))["tone"] == "refused"
    with database.writing() as session:
        take_bench(session, station, by=cast.technician, at=now())
    refused = post(text({"A1": first, "A2": UNREAD}))
    assert "1 positions need somebody to look. First: A2" in refused["say"]["en"]
    unknown = post(text({"A1": first}, named="R-0017"))
    assert "which box it is is not known" in unknown["say"]["en"]
    assert "cannot be read as a rack scanner's file" in post(b"\x00 B3")["say"]["en"]
    assert stands() == {gone: "B2"}

    taken = post(text({"A1": first, "A2": second}, shape=Shape.CELLS), read_id="r" * 32)
    again = post(text({"A1": first, "A2": second}, shape=Shape.CELLS), read_id="r" * 32)

    assert stands() == {one: "A1", two: "A2", gone: "B2"}
    assert (taken["tone"], taken["verdict"], taken["subject"]) == ("accepted", "accepted", box)
    assert "2 recorded anew, 1 not read" in taken["say"]["en"]
    assert again == taken
    # What the agent says of a read that is none is told in words, never as a scan.
    fault = {"fault_id": secrets.token_hex(16), "kind": "merged", "raw": "5d64"}
    answer = client.post(
        f"/api/bench/{station}/faults", json=fault,
        headers={"Authorization": f"Bearer {key}", "Bench-Agent": "bench-one"},
    )  # fmt: skip
    assert answer.json["say"]["en"] == "Two codes came in one read. Nothing was done."
