# SPDX-License-Identifier: Apache-2.0
"""Work that is done again: asked by rule or by people, on the worklist, taken up by new work."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.amplification.operations import (
    complete_amplification,
    load_for_amplification,
    open_amplification,
    use_lot,
)
from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.extraction.queries import extract_of, samples_of_extracts
from lims.people.rules import Activity, Line
from lims.plates.queries import waiting
from lims.plates.rules import Stage
from lims.quality.queries import lineage_of
from lims.repeats.operations import ask_repeat, follow, lift_urgency, set_urgent, withdraw_repeat
from lims.repeats.queries import repeats_of, standing_repeats
from lims.repeats.rules import (
    NotUrgent,
    RepeatAsked,
    RepeatedBefore,
    RepeatKind,
    RepeatOver,
    RepeatReason,
    UrgencyReason,
    UrgentAlready,
    WordsMissing,
    WrongThingToRepeat,
)
from lims.samples.operations import advance_sample, take_powder
from lims.samples.rules import SampleState
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
JSON = {"Accept": "application/json"}


def test_what_is_done_again_waits_with_its_reason_and_is_ended_by_the_work_that_took_it_up(
    database: Database, cast: Cast, at: datetime, sign_in: Callable[[Actor], FlaskClient],
    key: Callable[[], str], quantified: Extracts, extracts: Extracts, a_live_label: Build,
    a_procedure: Callable[..., int], a_lot: Build,
) -> None:  # fmt: skip
    by = cast.technician
    with database.writing() as session:
        good, empty, blank = quantified(session, 250_000, None)
        samples = samples_of_extracts(session, [good, empty])
        bone, other = samples[empty].code, samples[good].code
        for code in (bone, other):
            advance_sample(session, code, SampleState.IN_PROCESS, by=by, at=at)
        asked = repeats_of(session, [empty])
        assert [(one.kind, one.thing_code, one.reason, one.number) for one in asked] == [
            (RepeatKind.RE_EXTRACTION, bone, RepeatReason.LITTLE_DNA, 1)
        ]
        ready = waiting(session, Stage.PREPARATION)
        assert [(row.code, row.repeats) for row in ready] == [(bone, asked)]
        tube = take_powder(session, bone, 200_000, by=by, at=at, reason="again").code
        a_live_label(session, tube)
        assert waiting(session, Stage.PREPARATION) == ()
        assert [row.repeats for row in waiting(session, Stage.EXTRACTION)] == [asked]
        again = extracts(session, aliquots=(tube,))
        taken = repeats_of(session, [empty])[0]
        assert taken.done_by == extract_of(session, again[0]).batch_code
        assert standing_repeats(session) == ()

        plate = _plate(session, cast, at, a_procedure, a_live_label)
        for code in (good, blank):
            load_for_amplification(session, plate, code, by=by, at=at)
        for reagent in ("PowerPlex 16 kit", "positive control 9947A"):
            lot = a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
            use_lot(session, plate, lot, by=by, at=at)
        complete_amplification(session, plate, by=by, at=at)
        assert waiting(session, Stage.AMPLIFICATION) == ()

    client = sign_in(by)
    sent = {"kind": "re-amplification", "code": good, "reason": "partial profile",
            "parent": plate, "position": "A01"}  # fmt: skip
    made = client.post("/repeats", data={"request_key": key(), **sent}, headers=JSON)
    twice = client.post("/repeats", data={"request_key": key(), **sent}, headers=JSON)
    said = client.get("/worklist?stage=amplification", headers=JSON).get_json()
    assert made.status_code == 201
    assert (twice.status_code, twice.get_json()["error"]) == (409, "RepeatAsked")
    assert [(row["code"], row["repeats"]) for row in said["waiting"]] == [
        (good, [{"kind": "re-amplification", "reason": "partial profile"}])
    ]
    for page in ("/worklist?stage=amplification", "/repeats"):
        shown = client.get(page).get_data(as_text=True)
        assert good in shown
        assert "partial profile" in shown

    later = at + timedelta(days=1)
    with database.writing() as session:
        second = _plate(session, cast, later, a_procedure, a_live_label)
        loaded = load_for_amplification(session, second, good, by=by, at=later)
        assert (loaded.number, waiting(session, Stage.AMPLIFICATION)) == (2, ())
        with pytest.raises(WrongThingToRepeat):
            ask_repeat(session, RepeatKind.RE_EXTRACTION, good, reason=RepeatReason.SIGNAL,
                       by=by, at=later)  # fmt: skip
        with pytest.raises(WordsMissing):
            ask_repeat(session, RepeatKind.RE_INJECTION, good, reason=RepeatReason.OTHER,
                       by=by, at=later)  # fmt: skip
        injected = ask_repeat(
            session, RepeatKind.RE_INJECTION, good, reason=RepeatReason.SIGNAL, parent=plate,
            position="A01", by=by, at=later,
        )  # fmt: skip
        assert [(row.code, [one.position for one in row.repeats])
                for row in waiting(session, Stage.INJECTION)] == [(plate, ["A01"])]  # fmt: skip
        with pytest.raises(RepeatedBefore):
            ask_repeat(session, RepeatKind.DILUTION, good, reason=RepeatReason.INHIBITED,
                       by=by, at=later)  # fmt: skip
        withdraw_repeat(session, injected.id, reason="the first was enough", by=by, at=later)
        with pytest.raises(RepeatOver):
            withdraw_repeat(session, injected.id, reason="once more", by=by, at=later)
        with pytest.raises(RepeatAsked):
            ask_repeat(session, RepeatKind.RE_AMPLIFICATION, good, reason=RepeatReason.SIGNAL,
                       by=by, at=later)  # fmt: skip
    with database.reading() as session:
        again = [(one.kind, one.parent, one.withdrawn) for one in lineage_of(session, good).repeats]
        assert ("re-amplification", plate, "") in again
        assert ("re-injection", plate, "the first was enough") in again
        told = [event.tag for event in history(session, good) if event.tag.startswith("repeat:")]
        assert told == [Tag.REPEAT_WORK_ASKED, Tag.REPEAT_WORK_ASKED, Tag.REPEAT_WORK_WITHDRAWN]


def test_a_decision_that_changes_withdraws_what_the_former_one_asked(
    database: Database, cast: Cast, at: datetime, quantified: Extracts
) -> None:
    with database.writing() as session:
        empty, _ = quantified(session, None)
        (asked,) = repeats_of(session, [empty])
        follow(
            session, RepeatKind.DILUTION, empty, thing=empty, reason=RepeatReason.INHIBITED,
            words="", parent=asked.parent_code or "", position="A01", by=cast.technician, at=at,
        )  # fmt: skip
        assert [(one.kind, one.withdrawn) for one in repeats_of(session, [empty])] == [
            (RepeatKind.RE_EXTRACTION, "decided otherwise"), (RepeatKind.DILUTION, ""),
        ]  # fmt: skip


def test_urgent_samples_stand_first_and_the_list_goes_on_by_key(
    database: Database, cast: Cast, at: datetime, sign_in: Callable[[Actor], FlaskClient],
    key: Callable[[], str], a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, two, three = sorted(a_bone_sample(session) for _ in range(3))
    client = sign_in(cast.manager)
    sent = {"code": three, "reason": "court"}
    assert client.post("/urgency", data={"request_key": key(), **sent}).status_code == 303
    assert three in client.get("/urgency").get_data(as_text=True)
    with database.writing() as session:
        with pytest.raises(UrgentAlready):
            set_urgent(session, three, UrgencyReason.COURT, by=cast.manager, at=at)
        with pytest.raises(NotUrgent):
            lift_urgency(session, one, by=cast.manager, at=at)

    def listed(**more: object) -> list[tuple[str, bool]]:
        with database.reading() as session:
            rows = waiting(session, Stage.PREPARATION, **more)  # type: ignore[arg-type]  # a page
        return [(row.code, row.urgent) for row in rows]

    assert listed() == [(three, True), (one, False), (two, False)]
    assert listed(limit=1) == [(three, True)]
    assert listed(after=three) == [(one, False), (two, False)]
    assert listed(after=one) == [(two, False)]
    assert listed(search=two) == [(two, False)]
    assert listed(line=Line.REFERENCE) == []
    client.post(f"/urgency/{three}/end", data={"request_key": key()})
    assert listed() == [(one, False), (two, False), (three, False)]


def _plate(
    session: Session, cast: Cast, at: datetime, a_procedure: Callable[..., int],
    a_live_label: Build,
) -> str:  # fmt: skip
    plate = open_amplification(
        session, procedure_id=a_procedure(session, activity=Activity.AMPLIFICATION),
        kit="PowerPlex 16", line=Line.BONE, by=cast.technician, at=at,
    ).code  # fmt: skip
    a_live_label(session, plate)
    return plate
