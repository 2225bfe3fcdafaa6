# SPDX-License-Identifier: Apache-2.0
"""`lims custody` and `lims gaps`: who held what at an instant, and what a stranger would ask."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import Settings, write_settings
from lims.custody.operations import append, change_state, create_subject, pass_to, set_hold
from lims.custody.rules import HoldReason, Tag, moves
from lims.people.queries import initials_of
from tests.cast import Cast

Run = Callable[..., Any]


def test_an_instant_shows_what_had_happened_by_then_and_who_acted_last(
    lims: Run, database: Database, settings: Settings, cast: Cast, at: datetime
) -> None:
    write_settings(settings)
    code, station = draw_code(Kind.BONE), draw_code(Kind.STATION)
    with database.writing() as session:
        create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=cast.manager, at=at, content={},
            state="coded", device=station,
        )  # fmt: skip
    with database.writing() as session:
        append(
            session, Tag.SUBJECT_NOTE_ADDED, code, {"note": 1}, by=cast.technician,
            at=at + timedelta(hours=3), occurred=at + timedelta(hours=1),
        )  # fmt: skip

    def ask(*more: object) -> Any:
        return lims("custody", code, *more, "--folder", settings.folder, "--json")

    before = ask("--at", (at - timedelta(seconds=1)).isoformat()).json
    first = ask("--at", (at + timedelta(minutes=30)).isoformat()).json
    both = ask().json
    local = at.astimezone(settings.time_zone).replace(tzinfo=None).isoformat()
    words = lims("custody", code, "--folder", settings.folder)
    wrong = ask("--at", "yesterday")
    unknown = lims("custody", draw_code(Kind.BONE), "--folder", settings.folder)

    assert (before["events"], before["last"], before["station"]) == ([], None, None)
    assert [event["type"] for event in first["events"]] == ["sample:code:given"]
    assert first["last"]["actor"] == cast.manager.id
    assert [event["type"] for event in both["events"]] == [
        "sample:code:given", "subject:note:added",
    ]  # fmt: skip
    assert both["last"]["actor"] == cast.technician.id
    assert both["station"]["code"] == station
    assert len(ask("--at", local).json["events"]) == 1
    assert "Last act: Note added" in words.out
    assert (wrong.status, unknown.status) == (2, 1)


def test_who_held_what_and_in_what_state_is_told_for_any_instant(
    lims: Run, database: Database, settings: Settings, cast: Cast, at: datetime
) -> None:
    write_settings(settings)
    codes, station = [draw_code(Kind.BONE) for _ in range(3)], draw_code(Kind.STATION)
    with database.writing() as session:
        for code in codes:
            create_subject(
                session, code, Tag.SAMPLE_CODE_GIVEN, by=cast.coordinator, at=at, state="coded",
                content={"condition": "broken"},
            )  # fmt: skip
        set_hold(session, codes[0], HoldReason.SEAL, by=cast.quality, at=at)
    later = at + timedelta(hours=2)
    with database.writing() as session:
        event = change_state(
            session, codes[0], "accepted", Tag.SAMPLE_ITEM_ACCEPTED, by=cast.technician, at=later,
            content=moves(cast.technician.id, station), device=station,
        )  # fmt: skip
        pass_to(
            session, codes[0], cast.technician.id, place=station, event_id=event, at=later
        )  # fmt: skip
    with database.reading() as session:
        coder, technician = (
            initials_of(session, [who.id])[who.id] for who in (cast.coordinator, cast.technician)
        )

    def ask(*more: object) -> Any:
        return lims("custody", *more, "--folder", settings.folder, "--json")

    between = (at + timedelta(hours=1)).isoformat()
    first, now_ = ask(codes[0], "--at", between).json, ask(codes[0]).json
    assert (first["held"]["by"], first["state"], first["condition"]) == (coder, "coded", "broken")
    assert (now_["held"]["by"], now_["held"]["place"]) == (technician, station)
    assert now_["state"] == "accepted"
    assert [one["reason"] for one in now_["holds"]] == ["seal"]
    assert first["held"]["until"] == now_["held"]["since"]
    then = ask("--held-by", coder, "--at", between).json["things"]
    assert [one["code"] for one in then] == sorted(codes)
    assert [one["code"] for one in ask("--held-by", coder).json["things"]] == sorted(codes[1:])
    assert [one["code"] for one in ask("--place", station).json["things"]] == codes[:1]
    assert f"Held by {technician}" in lims("custody", codes[0], "--folder", settings.folder).out
    assert "1 at" in lims("custody", "--place", station, "--folder", settings.folder).out
    assert ask("--held-by", "X-99").status == 1
    assert ask(codes[0], "--place", station).status == 2


def test_gaps_are_listed_for_a_thing_and_for_the_whole_laboratory(
    lims: Run, database: Database, settings: Settings, cast: Cast, at: datetime
) -> None:
    write_settings(settings)
    codes = sorted(draw_code(Kind.BONE) for _ in range(3))
    with database.writing() as session:
        for code in codes:
            create_subject(
                session, code, Tag.SAMPLE_CODE_GIVEN, by=cast.coordinator, at=at, state="coded",
                content={},
            )  # fmt: skip
            append(session, Tag.LABEL_INSTANCE_VERIFIED, code, {}, by=cast.coordinator, at=at)
        append(session, Tag.SAMPLE_ITEM_GROUND, codes[1], {}, by=cast.technician, at=at)
        append(session, Tag.SUBJECT_NOTE_ADDED, codes[2], {}, by=cast.coordinator, at=at)

    def ask(*more: object) -> Any:
        return lims("gaps", *more, "--folder", settings.folder)

    none, one, everything = ask(codes[0]), ask(codes[1], "--json"), ask("--json")
    assert (none.status, one.status, everything.status) == (0, 1, 1)
    assert "No gaps." in none.out
    assert "wait for the next checkpoint" in none.out
    (gap,) = one.json["gaps"]
    assert (gap["kind"], gap["code"]) == ("hands", codes[1])
    assert "u:" not in gap["words"]
    assert everything.json["gaps"] == [gap]
    assert (everything.json["checked"], everything.json["last"]) == (3, codes[2])
    rest = ask("--after", codes[1], "--json")
    assert (rest.status, rest.json["checked"], rest.json["no_gaps"]) == (0, 1, True)
    assert ask(draw_code(Kind.BONE)).status == 1
