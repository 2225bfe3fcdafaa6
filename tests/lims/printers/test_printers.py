# SPDX-License-Identifier: Apache-2.0
"""What a printer needs goes into its labels, is told in the ledger; its ruler is proven as they."""

import hashlib
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from labels import ruler, tspl, zpl
from labels.adjust import NONE, Adjust
from labels.catalogue import layout
from labels.layout import Values
from lims.bench.operations import record_devices
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, draw_code, threes
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.queries import anchor, history
from lims.custody.rules import Tag
from lims.people.operations import issue_agent_key
from lims.people.queries import open_station
from lims.printers.operations import lease_test, order_test, record_test_outcome, save_setting
from lims.printers.queries import prints_of, setting_of
from lims.printers.rules import (
    TROUBLES,
    Language,
    OffsetTooLarge,
    PrinterSettingChanged,
    PrinterSettingSame,
    TestPending,
    TestState,
    TestUnknown,
    number_of_test,
    reasons_in,
    trouble_of,
)
from lims.printing.operations import lease_labels, queue_label
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]


@pytest.mark.parametrize(
    ("detail", "reasons"),
    [
        ("paper-out,paused", ("paper-out", "paused")),
        ("after-restart:odometer-jumped:4->7", ("odometer-jumped", "after-restart")),
        ("counter-jumped:41->43", ("counter-jumped",)),
        ("wrong-dpi:203", ("wrong-dpi",)),
        ("port-gone", ("port-gone",)),
        ("", ()),
        ("odometer", ()),
    ],
)
def test_what_an_agent_says_is_put_into_words_by_its_stable_reasons(
    detail: str, reasons: tuple[str, ...]
) -> None:
    assert reasons_in(detail) == reasons
    assert trouble_of(detail) == (TROUBLES[reasons[0]] if reasons else None)


def test_no_payload_of_a_label_can_be_the_name_of_a_test_print() -> None:
    assert number_of_test("TEST000012") == 12
    for kind in Kind:
        assert number_of_test(draw_code(kind)) is None
        assert number_of_test(draw_code(kind) + "WW") is None


def test_what_a_printer_is_set_to_goes_into_every_label_for_it_and_into_the_ledger(
    database: Database, cast: Cast, at: datetime
) -> None:
    admin, station = cast.administrator, cast.stations[StationKind.INTAKE]
    code = draw_code(Kind.LOT)
    adjust = Adjust(3, -2, 4, 2)

    def save(*, seen: int, set_to: Adjust = adjust, language: Language = Language.ZPL) -> None:
        with database.writing() as session:
            save_setting(
                session, station, language=language, dpi=300, adjust=set_to, seen=seen,
                reason="ruler of today", by=admin, at=at,
            )  # fmt: skip

    with database.writing() as session:
        create_subject(
            session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
            state="registered",
        )  # fmt: skip
        payload = queue_label(session, code, layout="tube", station=station, by=admin, at=at)
        assert setting_of(session, station).adjust == NONE
    save(seen=0)
    for seen, set_to, refusal in (
        (0, NONE, PrinterSettingChanged),
        (1, adjust, PrinterSettingSame),
        (1, Adjust(x=-30), OffsetTooLarge),
    ):
        with pytest.raises(refusal):
            save(seen=seen, set_to=set_to)

    with database.writing() as session:
        values = Values(
            payload, code=threes(code), date=at.date().isoformat(), anchor=anchor(session)
        )
        expected = {
            (Language.ZPL, 300): zpl.render(layout("tube"), values, dpi=300, adjust=adjust),
            # Another printer than the one that was measured.
            (Language.ZPL, 203): zpl.render(layout("tube"), values, dpi=203),
            (Language.TSPL, 300): tspl.render(layout("tube"), values, dpi=300),
        }
        for day, ((language, dpi), content) in enumerate(expected.items()):
            (lease,) = lease_labels(
                session, station, dpi=dpi, by=admin, at=at + timedelta(hours=day),
                language=language,
            )  # fmt: skip
            assert lease.content == content
            assert lease.sha256 == hashlib.sha256(content).hexdigest()
        told = [event for event in history(session, station) if "printer:" in event.tag]
        assert [event.tag for event in told] == [Tag.PRINTER_RECORD_ADDED]
        assert told[0].content["offset_x"] == 3
        assert told[0].content["reason"] == "ruler of today"


def test_a_ruler_is_ordered_printed_by_the_agent_and_never_twice_on_its_own(
    database: Database, cast: Cast, at: datetime
) -> None:
    admin, station = cast.administrator, cast.stations[StationKind.INTAKE]
    with database.writing() as session:
        order_test(session, station, layout="tube", by=admin, at=at)
    with pytest.raises(TestPending), database.writing() as session:
        order_test(session, station, layout="tube", by=admin, at=at)

    def lease(hours: int = 0):
        with database.writing() as session:
            return lease_test(
                session, station, language=Language.ZPL, dpi=203, at=at + timedelta(hours=hours)
            )

    first = lease()
    assert first.content == ruler.render(layout("tube"), dpi=203)
    assert lease() is None
    second = lease(hours=1)

    def say(outcome: str, fence: int, detail: str = "") -> None:
        with database.writing() as session:
            record_test_outcome(
                session, second.name, outcome, station=station, fence=fence, at=at, detail=detail
            )

    with pytest.raises(TestUnknown):
        say("intent", first.fence)
    say("intent", second.fence)
    say("intent", second.fence)
    say("ambiguous", second.fence, "paper-out")
    with pytest.raises(TestUnknown):
        say("failed_safe", second.fence)
    assert lease(hours=9) is None
    with database.reading() as session:
        (row,) = prints_of(session, station)
        assert (row.state, row.fault) == (TestState.AMBIGUOUS, "paper-out")
        assert [e.tag for e in history(session, station)][-1] == Tag.PRINTER_TEST_ORDERED


def test_an_administrator_sets_a_printer_and_its_agent_is_given_the_ruler(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str], at: datetime
) -> None:
    client = sign_in(cast.administrator)
    station = cast.stations[StationKind.INTAKE]
    sent = {
        "language": "tspl", "dpi": "203", "offset_x": "2", "offset_y": "1", "darkness": "9",
        "speed": "", "seen": "0", "reason": "first ruler",
    }  # fmt: skip
    for wrong in ({"darkness": "-3"}, {"offset_x": "121"}, {"speed": "15"}, {"reason": ""}):
        refused = client.post(f"/printers/{station}", data={**sent, **wrong, "request_key": key()})
        assert refused.status_code == 422
    saved = client.post(f"/printers/{station}", data={**sent, "request_key": key()})
    assert saved.status_code == 303
    ordered = client.post(
        f"/printers/{station}/tests", data={"layout": "tube cap", "request_key": key()}
    )
    assert ordered.status_code == 303
    page = client.get(f"/printers/{station}").text
    assert "first ruler" in page
    assert "waits for the printer" in page
    # Four labels that a dead dot ruins at this resolution are named.
    assert "cap of a tube" in page
    assert "paper-out" in client.get("/printers").text
    assert "one dead dot" in client.get("/layouts/tube-cap").text
    assert "one dead dot" not in client.get("/layouts/bone-bag").text
    with database.writing() as session:
        said = {"kind": "printer", "port": "COM7", "state": "fault", "detail": "ribbon-out,paused"}
        record_devices(session, station, [said], at=now())
    shown = client.get("/bench-agents").text
    assert "Printer out of ribbon" in shown
    assert "Only the label that was being printed is in doubt." in shown
    assert "Put in a ribbon and close the head." in shown
    bench = sign_in(cast.coordinator)
    bench.post(f"/bench/{station}/take", data={"request_key": key()})
    assert "Put in a ribbon and close the head." in bench.get(f"/bench/{station}").text

    with database.writing() as session:
        found = open_station(session, station)
        secret = issue_agent_key(session, found, by=cast.administrator, at=at)
    agent = client.application.test_client()
    headers = {"Authorization": f"Bearer {secret}", "Bench-Agent": "bench-1"}
    (job,) = agent.get(
        f"/api/bench/{station}/labels?dpi=203&language=tspl&most=20", headers=headers
    ).json["jobs"]
    content = b64decode(job["tspl"])
    assert content == ruler.render_tspl(layout("tube cap"), dpi=203, adjust=Adjust(2, 1, 9))
    assert hashlib.sha256(content).hexdigest() == job["sha256"]
    for outcome in ("intent", "sent", "printed"):
        told = agent.post(
            f"/api/bench/{station}/labels/{job['instance']}/outcome", headers=headers,
            json={"fence": job["fence"], "outcome": outcome},
        )  # fmt: skip
        assert told.status_code == 200
    with database.reading() as session:
        assert prints_of(session, station)[0].state is TestState.PRINTED
    assert sign_in(cast.technician).get("/printers").status_code == 403
