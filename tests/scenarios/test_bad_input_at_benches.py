# SPDX-License-Identifier: Apache-2.0
"""What is wrong at a bench: each has a message that says what to do, and nothing half-stored."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from lims.core.codes import ALPHABET, MistypedCode, draw_code, draw_instance, read_payload
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.printing.models import LabelInstance
from lims.printing.operations import queue_label, void_label
from tests.cast import Cast

Build = Callable[..., str]
AtBench = Callable[..., Any]
Said = Callable[..., str]

REFUSED = ("scan:code:refused",)
# Each label that must not be on anything waits for an answer of the quality officer.
STOPPED = ("scan:code:stopped", "label:alarm:raised")
RECEPTION = StationKind.RECEPTION


def test_a_label_cut_anywhere_is_never_taken(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    """Not even where its code is whole: a voided label would pass for the live one."""
    payload = a_coded_bone()
    bench = at_bench()
    cuts = [(payload[:length], "serial") for length in range(1, len(payload))]
    cuts += [(payload[length:], "serial") for length in range(1, len(payload))]
    cuts += [(payload[:9], "wedge"), (payload[:9], "camera")]

    with stored.nothing_new(events=REFUSED * len(cuts)):
        answers = [bench.scan(text, source=source) for text, source in cuts]

    for answer in answers:
        assert (answer.json["verdict"], answer.json["subject"]) == ("refused", None)
        assert "Scan the label again" in said(answer)
    assert bench.scan(payload).json["verdict"] == "accepted"


def test_one_wrong_character_or_two_swapped_ones_are_never_another_thing(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    """Others with live labels stand beside it, so that there is something to be taken for."""
    payload = a_coded_bone()
    for _ in range(8):
        a_coded_bone()
    bench = at_bench()
    wrong = {
        payload[:place] + other + payload[place + 1 :]
        for place in range(len(payload))
        for other in ALPHABET[::2] + "B"
    }
    wrong |= {
        payload[:place] + payload[place + 1] + payload[place] + payload[place + 2 :]
        for place in range(len(payload) - 1)
    }
    wrong -= {payload}
    before, alarms = stored.rows(), stored.alarms()

    verdicts = {text: bench.scan(text) for text in sorted(wrong)}

    assert stored.rows() == before
    assert {answer.json["subject"] for answer in verdicts.values()} == {None}
    assert {answer.json["verdict"] for answer in verdicts.values()} == {"refused", "stop"}
    # Whoever has the wrong instance of a right code has a label that was never printed here.
    assert {text[:9] for text, one in verdicts.items() if one.json["verdict"] == "stop"} == {
        payload[:9]
    }
    stops = [one for one in verdicts.values() if one.json["verdict"] == "stop"]
    assert stored.alarms() - alarms == len(stops)
    for answer in list(verdicts.values())[::20]:
        said(answer)
    assert bench.scan(payload).json["verdict"] == "accepted"


def test_no_foreign_character_makes_another_code(a_coded_bone: Callable[..., str]) -> None:
    payload = a_coded_bone()
    foreign = "0125 8AEIOUBLSZ*-–٣ß€é\x00\x1d😀"

    taken = set()
    for place in range(9):
        for other in foreign:
            try:
                taken.add(str(read_payload(payload[:place] + other + payload[place + 1 :])))
            except MistypedCode:
                continue

    assert taken <= {payload}


NO_CODES = (
    "nonsense", "BBBBBBBBB", "9780201379624", "https://example.org/B34", "<b>B34</b>",
    "'; DROP TABLE sample; --", "%s%(code)s{code}{{7*7}}", "عظم فخذ أيسر", "😀" * 9, "-", " ",
    "\u2067\u2069", "\t\n", "\x1b[2J", "\x1d\x1e\x04", "\ufeff", "7" * 200, "9" * 30,
)  # fmt: skip


def test_what_is_no_code_is_refused_whatever_it_holds(
    stored: Any, at_bench: AtBench, said: Said
) -> None:
    bench = at_bench()

    with stored.nothing_new(events=REFUSED * len(NO_CODES)):
        answers = {text: bench.scan(text) for text in NO_CODES}

    for text, answer in answers.items():
        assert (answer.status_code, answer.json["verdict"]) == (201, "refused"), answer.json
        said(answer, repeats=text)
        assert "7777777777" not in str(stored.events()[-1])
    page = bench.client.get(f"/bench/{bench.code}")
    assert page.status_code == 200
    assert "<b>B34</b>" not in page.get_data(as_text=True)


@pytest.mark.parametrize("text", ["\x00", "B\x00" * 5, "\ud800" * 9], ids=ascii)
def test_what_no_database_can_keep_is_refused_at_the_door(
    stored: Any, at_bench: AtBench, said: Said, text: str
) -> None:
    bench = at_bench()

    with stored.nothing_new():
        answers = [
            bench.scan(text), bench.scan("x", raw=text), bench.scan("x", device=text),
            bench.scan("x", source="typed", reason=text), bench.enter("mass", text),
            bench.client.post(f"/bench/{bench.code}/leave", json={"request_key": text}),
        ]  # fmt: skip

    for answer in answers:
        assert answer.status_code == 422
        said(answer)
    assert bench.client.get("/samples?search=%00").status_code == 422
    assert bench.client.get("/samples/%00").status_code == 404
    assert bench.client.get(f"/runs/{2**63}").status_code == 404
    assert bench.client.get(f"/runs?before={2**64}").status_code == 422
    assert stored.scans() == 0


def test_a_text_longer_than_any_label_is_refused_at_the_door(
    stored: Any, at_bench: AtBench, said: Said
) -> None:
    bench = at_bench()

    with stored.nothing_new():
        answer = bench.scan("7" * 201)
    assert answer.status_code == 422
    said(answer)
    assert stored.scans() == 0


def test_two_labels_in_one_read_are_refused(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    first, second = a_coded_bone(), a_coded_bone()
    bench = at_bench()

    for text in (first + second, f"{first}\r\n{second}", f"{first} {first}", first[:9] + second):
        with stored.nothing_new(events=REFUSED):
            answer = bench.scan(text)
        assert answer.json["verdict"] == "refused"
        assert "check character" in said(answer)


@pytest.mark.parametrize(
    ("name", "spell"),
    [
        ("lower case", str.lower),
        ("in threes", lambda code: f"{code[:3]} {code[3:6]} {code[6:9]} {code[9:]}"),
        ("hyphens", lambda code: f"{code[:3]}-{code[3:]}"),
        ("isolated", lambda code: f"\u2066{code}\u2069"),
        ("right to left", lambda code: f"\u200f\u202b{code}\u202c\u061c"),
        ("Arabic digits", lambda code: code.translate(str.maketrans("34679", "٣٤٦٧٩"))),
        ("Persian digits", lambda code: code.translate(str.maketrans("34679", "۳۴۶۷۹"))),
        ("byte order mark", lambda code: f"\ufeff{code}\r\n"),
    ],
)  # fmt: skip
def test_the_same_code_in_another_spelling_is_the_same_thing(
    at_bench: AtBench, a_coded_bone: Callable[..., str], name: str, spell: Callable[[str], str]
) -> None:
    payload = a_coded_bone()
    bench = at_bench()

    answer = bench.scan(spell(payload))

    assert (answer.json["verdict"], answer.json["subject"]) == ("accepted", payload[:9])


def test_a_label_of_another_laboratory_and_one_never_printed_stop_the_work(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    payload = a_coded_bone()
    instances = {payload[9:]}
    while (unprinted := draw_instance()) in instances:
        pass
    bench = at_bench()

    for text in (draw_code("B") + "34", draw_code("X") + "WW", payload[:9] + unprinted):
        with stored.nothing_new(events=STOPPED):
            answer = bench.scan(text)
        assert answer.json["verdict"] == "stop"
        assert "quality officer" in said(answer)


def test_a_label_that_waits_for_its_printer_cannot_be_on_anything(
    stored: Any, at_bench: AtBench, database: Database, cast: Cast, at: datetime,
    a_bone_sample: Build, said: Said,
) -> None:  # fmt: skip
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False, labelled=False)
        payload = queue_label(
            session, code, layout="tube", station=cast.stations[StationKind.INTAKE],
            by=cast.coordinator, at=at,
        )  # fmt: skip
    bench = at_bench()

    with stored.nothing_new(events=STOPPED):
        answer = bench.scan(payload)

    assert answer.json["verdict"] == "stop"
    said(answer)


def test_a_voided_label_stops_the_work_and_raises_an_alarm_in_the_ledger(
    stored: Any, at_bench: AtBench, database: Database, cast: Cast, at: datetime,
    a_coded_bone: Callable[..., str], said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    with database.writing() as session:
        void_label(session, payload, reason="torn", by=cast.technician, at=at)
    bench = at_bench()

    with stored.nothing_new(events=STOPPED):
        answer = bench.scan(payload)

    assert answer.json["verdict"] == "stop"
    assert "voided" in said(answer)
    stop, alarm = stored.events()[-2:]
    assert stop["data"]["read"] == payload
    assert (alarm["data"]["why"], alarm["data"]["scan"]) == ("LabelVoid", stop["data"]["scan"])
    page = bench.client.get(f"/bench/{bench.code}").get_data(as_text=True)
    assert "was voided" in page
    # Its bare code, cut off or typed, does not bring it back to life.
    for more in ({}, {"source": "typed", "reason": "torn"}):
        assert bench.scan(payload[:9], **more).json["verdict"] in ("refused", "stop")


def test_a_typed_code_needs_a_reason(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    payload = a_coded_bone()
    bench = at_bench()

    for reason in ("", "   "):
        with stored.nothing_new(events=REFUSED):
            answer = bench.scan(payload, source="typed", reason=reason)
        assert answer.json["verdict"] == "refused"
        assert "reason" in said(answer)
    taken = bench.scan(payload[:9], source="typed", reason="label damaged")
    assert (taken.json["verdict"], taken.json["subject"]) == ("accepted", payload[:9])


def test_the_same_scan_twice_has_one_effect_and_the_same_label_twice_is_told(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], key: Callable[[], str],
    said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()
    once = key()

    first = bench.scan(payload, scan_id=once)
    with stored.nothing_new():
        again = bench.scan(payload, scan_id=once)
        other = bench.scan("another text under the same id", scan_id=once)
    with stored.nothing_new(events=REFUSED):
        twice = bench.scan(payload)

    assert first.json["verdict"] == "accepted"
    assert again.json == other.json == first.json
    assert twice.json["verdict"] == "refused"
    assert "accepted" in said(twice)


def test_a_thing_at_the_wrong_station_is_refused_at_every_station(
    stored: Any, at_bench: AtBench, database: Database, a_coded_bone: Callable[..., str],
    a_plate: Build, said: Said,
) -> None:  # fmt: skip
    bone = a_coded_bone()
    with database.writing() as session:
        plate = a_plate(session)
        label = session.scalars(
            select(LabelInstance.payload).where(LabelInstance.code == plate)
        ).one()

    for kind, wrong in (
        (RECEPTION, label), (StationKind.PREPARATION, label), (StationKind.PREPARATION, bone),
        (StationKind.EXTRACTION, bone), (StationKind.EXTRACTION, label),
        (StationKind.QUANTIFICATION, bone), (StationKind.AMPLIFICATION, bone),
        (StationKind.AMPLIFICATION, label), (StationKind.INJECTION, bone),
        (StationKind.INJECTION, label), (StationKind.STORAGE, label),
    ):  # fmt: skip
        bench = at_bench(kind)
        with stored.nothing_new(events=REFUSED):
            answer = bench.scan(wrong)
        assert answer.json["verdict"] == "refused", (kind, answer.json)
        said(answer)


def test_badges_stations_and_foreign_commands_are_nothing_to_work_with(
    stored: Any, at_bench: AtBench, said: Said
) -> None:
    bench = at_bench()

    for text in (draw_code("K"), bench.code, draw_code("M"), draw_code("T") + "34"):
        with stored.nothing_new(events=REFUSED):
            answer = bench.scan(text)
        assert answer.json["verdict"] == "refused"
        said(answer)


def test_a_figure_that_nobody_asked_for_and_an_absurd_one_are_refused(
    stored: Any, at_bench: AtBench, database: Database, a_bone_sample: Build, said: Said
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        payload = session.scalars(
            select(LabelInstance.payload).where(LabelInstance.code == code)
        ).one()
    bench = at_bench(StationKind.PREPARATION)
    with stored.nothing_new(events=REFUSED):
        assert bench.enter("mass", "200").json["verdict"] == "refused"
    asked = bench.scan(payload)
    assert asked.json["verdict"] == "accepted"
    page = bench.client.get(f"/bench/{bench.code}").get_data(as_text=True)
    name = page.split('name="name" value="')[1].split('"')[0]

    for value in (
        "0", "-5", "2001", "1e3", "NaN", "inf", "1,000.5", "٣٫٥٫٢", "12 kg", "9" * 99, "½",
        "--", "\u202e", "0x10", "9" * 30,
    ):  # fmt: skip
        with stored.nothing_new(events=REFUSED):
            answer = bench.enter(name, value)
        assert answer.json["verdict"] == "refused", value
        said(answer)
