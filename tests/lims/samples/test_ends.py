# SPDX-License-Identifier: Apache-2.0
"""Trouble and the end: quarantine, lost and found, discarded, destroyed, returned."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.models import Subject
from lims.custody.operations import append, pass_to, set_hold
from lims.custody.queries import blocked, held, held_each, history
from lims.custody.rules import (
    GONE,
    MISSING,
    OUTSIDE,
    Destroyed,
    Discarded,
    HeldByOther,
    HoldReason,
    InStorage,
    Missing,
    OnHold,
    Returned,
    Tag,
    moves,
)
from lims.extraction.operations import load_aliquot
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from lims.samples import operations, rules
from lims.samples.models import Aliquot
from lims.samples.queries import amounts_left, destructions
from lims.samples.rules import DestructionReason, DiscardReason
from lims.storage.operations import add_place, put, take
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]
PIN = "2468"


@pytest.fixture
def a_shelf(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """A shelf that takes anything."""

    def build(session: Session) -> str:
        code = ""
        for kind in (PlaceKind.ROOM, PlaceKind.FREEZER, PlaceKind.SHELF):
            code = add_place(
                session, name=f"{kind} 1", kind=kind, parent=code, by=cast.manager, at=at
            )
        a_live_label(session, code)
        return code

    return build


def test_anybody_puts_a_thing_into_quarantine_and_all_that_comes_from_it_stands_still(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_batch: Build
) -> None:
    with database.writing() as session:
        powder = an_aliquot(session)
        bone = session.get_one(Aliquot, powder).sample_code
        with pytest.raises(rules.ReasonMissing):
            operations.quarantine(
                session, bone, HoldReason.SEAL, remark=" ", by=cast.reception, at=at
            )
        with pytest.raises(rules.ReasonMissing):
            operations.quarantine(
                session, bone, HoldReason.CONSENT, remark="not theirs", by=cast.reception, at=at
            )
        operations.quarantine(
            session, bone, HoldReason.SEAL, remark="the bag was open", by=cast.reception, at=at
        )
        with pytest.raises(OnHold):
            load_aliquot(session, a_batch(session), powder, by=cast.technician, at=at)
        with pytest.raises(OnHold):
            operations.discard(session, powder, DiscardReason.BROKEN, by=cast.technician, at=at)


def test_what_is_missing_is_nowhere_and_what_is_found_waits_for_a_decision(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_batch: Build, a_shelf: Build
) -> None:
    by = cast.technician
    with database.writing() as session:
        powder, shelf = an_aliquot(session), a_shelf(session)
        put(session, powder, shelf, by=by, at=at)
        with pytest.raises(rules.NotMissing):
            operations.record_found(session, powder, remark="on the floor", by=by, at=at)
        with pytest.raises(rules.ReasonMissing):
            operations.record_missing(session, powder, remark="", by=by, at=at)
        last = operations.record_missing(session, powder, remark="whole freezer", by=by, at=at)
        assert last.holder == shelf
        with pytest.raises(rules.MissingAlready):
            operations.record_missing(session, powder, remark="again", by=by, at=at)
        for refused in (
            lambda: operations.divide(session, powder, 1_000, reason="no", by=by, at=at),
            lambda: put(session, powder, shelf, by=by, at=at),
            lambda: operations.discard(session, powder, DiscardReason.EMPTY, by=by, at=at),
        ):
            with pytest.raises(Missing, match="is missing since"):
                refused()
        operations.record_found(
            session, powder, remark="behind the rack", by=cast.first_reader, at=at
        )
        standing = held(session, powder)
        assert standing is not None
        assert standing.holder == cast.first_reader.id
        assert [hold.reason for hold in blocked(session, powder)] == [HoldReason.DISCREPANCY]
        with pytest.raises(OnHold):
            load_aliquot(session, a_batch(session), powder, by=cast.first_reader, at=at)
    with database.reading() as session:
        contents = {event.tag: event.content for event in history(session, powder)}
    assert contents[Tag.SAMPLE_ITEM_MISSED]["last_held_at"] == shelf
    assert contents[Tag.SAMPLE_ITEM_MISSED]["held_by"] == MISSING
    assert contents[Tag.SAMPLE_ITEM_FOUND]["held_by"] == cast.first_reader.id


def test_a_tube_is_discarded_by_whoever_holds_it_and_refused_ever_after(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_bone_sample: Build,
    a_batch: Build, extracts: Callable[..., tuple[str, ...]], a_live_label: Build,
) -> None:  # fmt: skip
    by = cast.technician
    with database.writing() as session:
        powder, bone, extract = an_aliquot(session), a_bone_sample(session), extracts(session)[0]
        with pytest.raises(rules.NotDiscardable):
            operations.discard(session, bone, DiscardReason.BROKEN, by=by, at=at)
        with pytest.raises(HeldByOther):
            operations.discard(session, powder, DiscardReason.BROKEN, by=cast.first_reader, at=at)
        for code in (powder, extract):
            operations.discard(session, code, DiscardReason.BROKEN, by=by, at=at)
            with pytest.raises(Discarded, match="discarded on 20"):
                operations.discard(session, code, DiscardReason.BROKEN, by=by, at=at)
        with pytest.raises(Discarded):
            load_aliquot(session, a_batch(session), powder, by=by, at=at)
        small = a_bone_sample(session, mass_ug=500)
        last = operations.take_powder(
            session, small, 500, by=by, at=at, witness=cast.first_reader
        ).code
        with pytest.raises(rules.SecondPersonAwaited):
            operations.discard(session, last, DiscardReason.FINISHED, by=by, at=at)
        assert amounts_left(session, [powder, extract, last]) == {powder: 0, extract: 0, last: 500}
        assert session.get_one(Subject, extract).state == "discarded"
        assert [standing.holder for standing in held_each(session, [powder, extract]).values()] == [
            GONE,
            GONE,
        ]


def test_two_persons_destroy_what_is_queued_and_in_hand_and_nothing_brings_it_back(
    database: Database, cast: Cast, at: datetime, a_reference_sample: Build, a_shelf: Build,
    a_lot: Build,
) -> None:  # fmt: skip
    by, second = cast.technician, cast.first_reader
    with database.writing() as session:
        card, shelf = a_reference_sample(session), a_shelf(session)

        def destroy(witness: Actor = second, who: Actor = by) -> None:
            operations.destroy(session, card, witness=witness, by=who, at=at)

        def queue() -> None:
            operations.queue_destruction(
                session, card, DestructionReason.CONSENT, by=cast.quality, at=at
            )

        with pytest.raises(rules.NotQueued):
            destroy()
        with pytest.raises(rules.NotDestructible):
            operations.queue_destruction(
                session, a_lot(session), DestructionReason.HAZARD, by=cast.quality, at=at
            )
        queue()
        with pytest.raises(rules.QueuedAlready):
            queue()
        operations.withdraw_destruction(
            session, card, because="the court keeps it", by=cast.quality, at=at
        )
        with pytest.raises(rules.NotQueued):
            destroy()
        queue()
        put(session, card, shelf, by=by, at=at)
        assert [row.holder for row in destructions(session)] == [shelf]
        with pytest.raises(InStorage):
            destroy()
        take(session, card, by=by, at=at, for_work=False)
        with pytest.raises(rules.WitnessSame):
            destroy(by)
        with pytest.raises(HeldByOther):
            destroy(who=second, witness=by)
        # What a withdrawn consent holds is destroyed for that very reason; another hold hinders.
        set_hold(session, card, HoldReason.CONSENT, by=cast.coordinator, at=at)
        hindering = session.begin_nested()
        set_hold(session, card, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            destroy()
        hindering.rollback()
        destroy()
        assert destructions(session) == ()
        for again in (
            destroy,
            queue,
            lambda: operations.accept_sample(session, card, by=by, at=at),
            lambda: operations.take_punch(session, card, by=by, at=at),
            lambda: operations.record_missing(session, card, remark="gone", by=by, at=at),
        ):
            with pytest.raises(Destroyed, match="destroyed on 20"):
                again()
    with database.reading() as session:
        assert session.get_one(Subject, card).state == "destroyed"
        event = history(session, card)[-1]
    assert event.tag == Tag.SAMPLE_ITEM_DESTROYED
    assert (event.content["witness"], event.content["held_by"]) == (second.id, GONE)


def test_what_somebody_outside_took_for_ever_is_closed_as_returned(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        bone = a_bone_sample(session)
        with pytest.raises(rules.NotOutside):
            operations.close_returned(session, bone, by=cast.quality, at=at)
        away = f"{OUTSIDE}0123456789abcdef"
        event = append(
            session, Tag.SAMPLE_ITEM_HANDED_OVER, stream=bone, by=cast.coordinator, at=at,
            content=moves(away),
        )  # fmt: skip
        pass_to(session, bone, away, event_id=event, at=at)
        operations.close_returned(session, bone, by=cast.quality, at=at)
        with pytest.raises(Returned, match="returned on 20"):
            operations.take_powder(session, bone, 100, by=cast.technician, at=at)


def test_the_acts_of_a_thing_are_done_on_its_page_by_whoever_may(
    database: Database, cast: Cast, at: datetime, sign_in: Callable[[Actor], FlaskClient],
    key: Callable[[], str], an_aliquot: Build, a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        powder, other, bone = an_aliquot(session), an_aliquot(session), a_bone_sample(session)
        person = session.get_one(Person, cast.first_reader.person)
        badge = issue_badge(
            session, person, hash_pin(PIN), by=cast.administrator, at=at
        ).code  # fmt: skip
    bench, quality = sign_in(cast.technician), sign_in(cast.quality)

    def post(client: FlaskClient, url: str, **fields: str) -> int:
        return client.post(url, data={"request_key": key(), **fields}).status_code

    shown = bench.get(f"/samples/{powder}").get_data(as_text=True)
    assert all(f'id="{act}"' in shown for act in ("divide", "correct", "missing", "discard"))
    assert 'id="destroy"' not in shown
    assert post(bench, f"/samples/{powder}/parts", amount="50", remark="for another method") == 303
    assert post(bench, f"/samples/{powder}/parts", amount="151", remark="too much") == 409
    assert (
        post(bench, f"/samples/{powder}/amount", left="149.5", reason="spilt", remark="a little")
        == 303
    )
    assert post(bench, f"/samples/{other}/missing", remark="whole bench") == 303
    assert post(bench, f"/samples/{other}/found", remark="in the bin") == 303
    assert post(bench, f"/samples/{powder}/discard", reason="finished") == 303
    assert post(bench, f"/samples/{bone}/destruction", reason="customer") == 303
    queue = bench.get("/destructions").get_data(as_text=True)
    assert "To be destroyed" in queue
    assert post(bench, f"/samples/{bone}/destroyed") == 422
    wrong = {"witness_badge": badge, "witness_pin": "9999"}
    assert post(bench, f"/samples/{bone}/destroyed", **wrong) == 403
    assert post(bench, f"/samples/{bone}/destroyed", **wrong | {"witness_pin": PIN}) == 303
    ended = bench.get(f"/samples/{bone}").get_data(as_text=True)
    assert "destroyed" in ended
    assert post(bench, f"/samples/{bone}/parts", amount="1", remark="of nothing") == 409

    with database.reading() as session:
        (hold,) = blocked(session, other)
    assert post(bench, f"/holds/{hold.id}/lift", decision="accepted", reason="looked at") == 403
    frozen = quality.get(f"/holds/{hold.id}").get_data(as_text=True)
    assert "Things frozen" in frozen
    assert "found again" in frozen
    assert post(quality, f"/holds/{hold.id}/lift", reason="looked at") == 422
    assert (
        post(
            quality, f"/holds/{hold.id}/lift", decision="accepted", incident="Omar",
            reason="looked at",
        )
        == 422
    )  # fmt: skip
    assert (
        post(
            quality, f"/holds/{hold.id}/lift", decision="accepted", incident="17/2026",
            reason="looked at",
        )
        == 303
    )  # fmt: skip
    with database.reading() as session:
        lifted = history(session, other)[-1]
    assert (lifted.content["decision"], lifted.content["incident"]) == ("accepted", "17/2026")


def test_the_coordinator_rules_and_permits_by_code_and_sees_nothing_else(
    database: Database, cast: Cast, sign_in: Callable[[Actor], FlaskClient],
    key: Callable[[], str], a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        bone = a_bone_sample(session)
    client = sign_in(cast.coordinator)

    def post(url: str, **fields: str) -> int:
        return client.post(url, data={"request_key": key(), "code": bone, **fields}).status_code

    assert post("/consumption/rules", rule="ask") == 303
    assert post("/consumption/permissions", number="a name", given_on="2026-03-01") == 422
    assert post("/consumption/permissions", number="418/2026", given_on="2026-03-01") == 303
    assert "418/2026" in client.get("/consumption").get_data(as_text=True)
    assert client.get(f"/samples/{bone}").status_code == 403
    assert sign_in(cast.technician).get("/consumption").status_code == 403
    shown = sign_in(cast.technician).get(f"/samples/{bone}").get_data(as_text=True)
    assert "418/2026" in shown
