# SPDX-License-Identifier: Apache-2.0
"""Labels on sheets: leased as to a printer, given out once, spoiled ones void and ordered again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code, read_payload
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.rules import Tag
from lims.printing.operations import lease_labels, queue_label, scan_label
from lims.printing.operations.sheets import give_out, make_sheet
from lims.printing.queries import live_label, newest_label
from lims.printing.queries.sheets import beginning, labels_on, sheet_of
from lims.printing.rules import LabelState, SheetTooOld
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]


def read(document: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(document)
    try:
        pages = [page.render(scale=300 / 72).to_pil().convert("L") for page in opened]
    finally:
        opened.close()
    return [found.text for page in pages for found in zxingcpp.read_barcodes(page)]


def test_a_sheet_is_used_from_any_place_given_out_once_and_its_spoiled_labels_come_again(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str], at: datetime
) -> None:
    station = cast.stations[StationKind.INTAKE]
    codes = [draw_code(Kind.LOT) for _ in range(4)]
    with database.writing() as session:
        for code in codes:
            create_subject(
                session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
                state="registered",
            )  # fmt: skip
        payloads = [
            queue_label(session, code, layout="tube", station=station, by=cast.technician, at=at)
            for code in codes
        ]
    client = sign_in(cast.technician)
    assert "L7651" in client.get(f"/labels/sheets?station={station}&layout=tube").text
    wanted = {
        "station": station, "layout": "tube", "stock": "L7651", "start": "63", "used": "64",
        "reason": "half a sheet was there", "offset_x": "4", "offset_y": "-2",
    }  # fmt: skip
    for wrong in ({"stock": "L4731"}, {"stock": "A4"}, {"start": "66"}, {"reason": ""}):
        refused = client.post("/labels/sheets", data={**wanted, **wrong, "request_key": key()})
        assert refused.status_code == 422, wrong
    made = client.post("/labels/sheets", data={**wanted, "request_key": key()})
    assert made.status_code == 303
    address = made.headers["Location"]
    number = int(address.rsplit("/", 1)[1])
    with database.writing() as session:
        assert lease_labels(session, station, dpi=300, by=cast.manager, at=at) == ()
        assert [one[1:] for one in sheet_of(session, number).placed] == [
            [1, 63], [1, 65], [2, 1], [2, 2],
        ]  # fmt: skip
        start = beginning(session, station, "L7651")
        assert (start.place, start.offset_x, start.offset_y) == (3, 4, -2)

    once = key()
    file = client.post(f"{address}/pdf", data={"request_key": once})
    assert sorted(read(file.data)) == sorted(payloads)
    # The same request again, as after a broken line, gets the same bytes; another gets none.
    assert client.post(f"{address}/pdf", data={"request_key": once}).data == file.data
    assert client.post(f"{address}/pdf", data={"request_key": key()}).status_code == 409
    assert client.get(address).status_code == 200

    with database.writing() as session:
        states = {row.state for row in labels_on(session, sheet_of(session, number)).values()}
        assert states == {LabelState.SENT}
        scan_label(session, read_payload(payloads[0]), station=station, by=cast.technician, at=at)
    spoiled = {"places": "1-3", "reason": "misfeed", "request_key": key()}
    assert client.post(f"{address}/spoiled", data=spoiled).status_code == 303
    with database.reading() as session:
        live = live_label(session, codes[0])
        assert live is not None
        assert live.payload == payloads[0]
        for code, before in zip(codes[1:3], payloads[1:3], strict=True):
            newest = newest_label(session, code)
            assert (newest.state, newest.reason) == (LabelState.QUEUED, "misfeed")
            assert newest.payload != before
        on = labels_on(session, sheet_of(session, number))
        assert [on[payload].state for payload in payloads] == [
            LabelState.ACTIVE, LabelState.VOID, LabelState.VOID, LabelState.SENT,
        ]  # fmt: skip
    assert client.get("/labels/sheets/L7651/calibration.pdf").data.startswith(b"%PDF")

    # What nobody fetches goes back to the printers, and is then no longer the sheet's.
    with database.writing() as session:
        idle = make_sheet(
            session, station, layout="tube", stock="L7651", start=3, used=(), offset=(0, 0),
            reason="", by=cast.technician, at=at,
        ).id  # fmt: skip
        later = at + timedelta(hours=3)
        assert len(lease_labels(session, station, dpi=300, by=cast.manager, at=later, limit=9)) == 2
    with pytest.raises(SheetTooOld), database.writing() as session:
        give_out(session, idle, by=cast.technician, at=later)
