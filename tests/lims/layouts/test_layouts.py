# SPDX-License-Identifier: Apache-2.0
"""A laboratory changes its labels: checked, kept for ever, told in the ledger, and printed."""

import hashlib
import io
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from labels.catalogue import layout, text
from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody.operations import create_subject
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.layouts.operations import save_layout
from lims.layouts.queries import in_use, version, versions
from lims.layouts.rules import LayoutChanged, LayoutRefused, LayoutSame
from lims.printing.models import LabelInstance
from lims.printing.operations import lease_labels, queue_label
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]

SHIPPED = text("bone bag")
# As a laboratory would: the kind of thing in smaller letters.
OWN = SHIPPED.replace("size = 6.5", "size = 5.5")
TOO_NARROW = SHIPPED.replace("width = 77.0", "width = 12.0")


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def test_a_label_is_printed_with_the_version_that_was_in_use_when_it_was_ordered(
    database: Database, cast: Cast, at: datetime
) -> None:
    admin, station = cast.administrator, cast.stations[StationKind.INTAKE]
    codes = [draw_code(Kind.LOT) for _ in range(2)]
    with database.writing() as session:
        assert in_use(session, "bone bag").number == 0
        for code in codes:
            create_subject(
                session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
                state="registered",
            )  # fmt: skip
        queue_label(
            session, codes[0], layout="bone bag", station=station, by=cast.manager, at=at, kind="X"
        )
        assert save_layout(session, OWN, seen=0, reason="smaller", by=admin, at=at).number == 1
        queue_label(
            session, codes[1], layout="bone bag", station=station, by=cast.manager, at=at, kind="X"
        )
        older, newer = lease_labels(session, station, dpi=300, by=cast.manager, at=at, limit=2)
        rows = session.query(LabelInstance).order_by(LabelInstance.id).all()
        assert [(row.layout_version, row.layout_sha256) for row in rows] == [
            (0, sha256(SHIPPED)),
            (1, sha256(OWN)),
        ]
        sizes = {len(older.content), len(newer.content)}
        assert len(sizes) == 2

    with database.reading() as session:
        ordered = [
            event.content["layout_version"]
            for code in codes
            for event in history(session, code)
            if event.tag == Tag.LABEL_INSTANCE_ORDERED
        ]
        assert ordered == [0, 1]

    # Going back is a version of its own; what was in use stays to be looked at.
    with database.writing() as session:
        save_layout(session, SHIPPED, seen=1, reason="back again", by=admin, at=at)
    with database.reading() as session:
        assert in_use(session, "bone bag").layout == layout("bone bag")
        assert version(session, "bone bag", 1).text == OWN
        kept = [(row.number, row.saved_by, row.reason) for row in versions(session, "bone bag")]
        assert kept == [(2, admin.id, "back again"), (1, admin.id, "smaller")]
        told = [
            (event.content["version"], event.content["sha256"])
            for event in history(session, "layout:bone-bag")
            if event.tag == Tag.LABEL_LAYOUT_SAVED
        ]
        assert told == [(1, sha256(OWN)), (2, sha256(SHIPPED))]

    for wrong, seen, refusal in (
        (TOO_NARROW, 2, LayoutRefused),
        (SHIPPED, 2, LayoutSame),
        (OWN, 1, LayoutChanged),
        (OWN, None, LayoutChanged),
    ):
        with pytest.raises(refusal), database.writing() as session:
            save_layout(session, wrong, seen=seen, reason="no", by=admin, at=at)
    with database.reading() as session:
        assert in_use(session, "bone bag").number == 2


def test_the_editor_draws_what_is_printed_and_saves_only_what_can_be(
    database: Database, settings: Settings, cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    client = sign_in(cast.administrator)
    folder = settings.folder / "layouts"

    def save(content: str, seen: int | None, **more: str) -> int:
        sent = {"text": content.replace("\n", "\r\n"), "seen_name": "bone bag", "reason": "smaller"}
        if seen is not None:
            sent["seen"] = str(seen)
        # What stands in the form of the page beside it.
        sent |= {"dpi": "300", "values": "longest", "kind": "", "line1": "عظم", "line2": ""}
        answer = client.post("/layouts", data={**sent, "request_key": key(), **more})
        return int(answer.status_code)

    def drawn(content: str, **more: object) -> dict[str, Any]:
        answer = client.post("/layouts/preview", json={"text": content, **more})
        assert answer.status_code == 200
        return dict(answer.json)

    assert "bone bag" in client.get("/layouts").text
    for dpi in (203, 300, 600):
        shown = drawn(OWN, dpi=dpi, values="shortest")
        picture = Image.open(io.BytesIO(b64decode(str(shown["picture"]).partition(",")[2])))
        assert picture.size == (round(100 * dpi / 25.4), round(50 * dpi / 25.4))
        assert (shown["faults"], shown["outline"]) == ([], False)

    # What is wrong is said with its line, and nothing is stored.
    assert "line 10" in str(drawn(SHIPPED.replace("kind =", "king =", 1)))
    assert drawn(TOO_NARROW)["outline"]
    (wide,) = drawn(TOO_NARROW)["faults"]
    assert wide["words"] == "code: “B34 F7K 9QX” is wider than its place of 12.0 mm, 96 dots."
    assert wide["where"] == "203 dpi, shortest values"
    assert "U+4E16" in str(drawn(OWN, line1="世")["faults"])
    assert save(TOO_NARROW, 0) == 422
    assert save("king = 1", 0) == 422
    assert not folder.exists()

    assert save(OWN, 0) == 303
    assert (folder / "bone-bag.toml").read_text("utf-8") == OWN
    assert save(SHIPPED, 0) == 409
    assert save(OWN, 1) == 409

    # A file changed by hand prints nothing until somebody has looked at it and saved it.
    by_hand = OWN.replace("size = 5.5", "size = 5.6")
    (folder / "bone-bag.toml").write_text(by_hand, "utf-8")
    with database.reading() as session:
        assert in_use(session, "bone bag").text == OWN
    assert "begin=file" in client.get("/layouts/bone-bag").text
    assert "size = 5.6" in client.get("/layouts/bone-bag?begin=file").text
    assert save(SHIPPED, 1, seen_file=sha256(OWN)) == 409
    assert save(SHIPPED, 1, seen_file=sha256(by_hand)) == 303
    (kept,) = folder.glob("*.kept")
    assert kept.read_text("utf-8") == by_hand

    # Another name is another layout; the first stays as it is.
    small = OWN.replace('name = "bone bag"', 'name = "small bag"')
    assert save(small, 2) == 303
    assert save(small, 2) == 409
    with database.reading() as session:
        assert in_use(session, "bone bag").number == 2
        assert in_use(session, "small bag").number == 1

    page = client.get("/layouts/bone-bag?begin=1")
    assert "size = 5.5" in page.text
    assert client.get("/layouts/bone-bag?begin=9").status_code == 404
    assert client.get("/layouts/no-such").status_code == 404
    assert (
        client.post(
            "/layouts/label.pdf", data={"text": OWN, "seen": "1", "seen_name": "bone bag"}
        ).data[:5]
        == b"%PDF-"
    )
    assert client.get("/layouts/bone-bag/label.pdf").data[:5] == b"%PDF-"
    assert client.get("/layouts/bone-bag/ruler.pdf").data[:5] == b"%PDF-"
    assert client.get("/layouts/bone-bag/ruler.zpl?dpi=203").data[:3] == b"^XA"
