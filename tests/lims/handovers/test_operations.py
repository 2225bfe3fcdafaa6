# SPDX-License-Identifier: Apache-2.0
"""Hand-overs: both act, possession passes in one act, and what cannot be given is refused."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound, Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import blocked, held, history, intervals
from lims.custody.rules import HeldByOther, HoldReason, InStorage, OnHold, Tag, replay
from lims.custody.rules.gaps import GapKind, gaps_in_events
from lims.handovers.models import HandedThing, HandOver
from lims.handovers.operations import (
    accept_handover,
    give_outside,
    hand_over,
    open_handover,
    refuse_handover,
    take_back,
    take_over,
    withdraw_handover,
)
from lims.handovers.queries import mine, waiting_for
from lims.handovers.rules import (
    Difference,
    HandOverEnded,
    HandOverState,
    HeldByNobody,
    InOpenHandOver,
    MayNotGive,
    MayNotReceive,
    NotHandedOver,
    NothingListed,
    NotOnTheList,
    NotOutside,
    NotTheGiver,
    NotTheReceiver,
    NotTrained,
    Purpose,
    ReasonAwaited,
    TheOneWhoHolds,
    ToOneself,
    Way,
)
from lims.people.models import Person
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelNotVerified, LabelState
from lims.storage.operations import add_place, put
from lims.storage.rules import BoxUse, PlaceKind
from tests.cast import Cast

Build = Callable[..., str]


def bones(session: Session, a_bone_sample: Build, cast: Cast, many: int) -> list[str]:
    """Make accepted bone samples that Salma holds."""
    return sorted(a_bone_sample(session) for _ in range(many))


def test_things_pass_when_the_receiver_acts_and_the_ledger_tells_the_same(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    later = at + timedelta(minutes=4)
    salma, omar = cast.technician, cast.first_reader
    with database.writing() as session:
        codes = bones(session, a_bone_sample, cast, 3)
        row = open_handover(session, codes, by=salma, to=omar, purpose=Purpose.WORK, at=at)
        number = row.id
        assert [held(session, code).holder for code in codes] == [salma.id] * 3  # type: ignore[union-attr]  # tracked
    with database.reading() as session:
        assert waiting_for(session, omar.id) == 1
        assert [one.number for one in mine(session, omar.id).waiting] == [number]
        assert [one.things for one in mine(session, salma.id).given] == [3]
    with database.writing() as session:
        accept_handover(
            session, number, by=omar, at=later, differences={codes[2]: Difference.DAMAGED},
            notes={codes[2]: "cap cracked"},
        )  # fmt: skip
    with database.reading() as session:
        row = session.get_one(HandOver, number)
        told = history(session, row.stream)
        assert [event.tag for event in told] == [
            Tag.HANDOVER_LIST_OPENED, Tag.HANDOVER_LIST_COMPLETED,
        ]  # fmt: skip
        assert [event.actor for event in told] == [salma.id, omar.id], "both acted"
        assert told[1].cause == told[0].id
        for code in codes[:2]:
            events = history(session, code)
            assert events[-1].tag == Tag.SUBJECT_CUSTODY_HANDED_OVER
            assert events[-1].cause == told[1].id
            last = intervals(session, code)[-1]
            assert (last.holder, last.began_at) == (omar.id, later)
            assert replay(events).intervals == intervals(session, code)
        assert held(session, codes[2]).holder == salma.id  # type: ignore[union-attr]  # tracked
        assert [one.reason for one in blocked(session, codes[2])] == [HoldReason.DISCREPANCY]
        kept = session.get_one(HandedThing, (number, codes[2]))
        assert (kept.difference, kept.note) == (Difference.DAMAGED, "cap cracked")
        assert waiting_for(session, omar.id) == 0


def test_a_hand_over_is_refused_with_who_and_since_when_a_party_or_a_thing_is_not_right(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    salma, omar, huda = cast.technician, cast.first_reader, cast.second_reader
    with database.writing() as session:
        mine_one, waiting, on_hold, without_label, omars = bones(session, a_bone_sample, cast, 5)
        open_handover(session, [waiting], by=salma, to=huda, purpose=Purpose.WORK, at=at)
        set_hold(session, on_hold, HoldReason.SEAL, by=cast.quality, at=at)
        for label in session.scalars(
            select(LabelInstance).where(LabelInstance.code == without_label)
        ):
            label.state = LabelState.VOID
        hand_over(session, [omars], by=salma, to=omar, purpose=Purpose.WORK, at=at)
        session.get_one(Person, huda.person).elimination_since = None

    def refused(codes: list[str], giver: Actor, receiver: Actor, why: type[Refusal]) -> str:
        with pytest.raises(why) as raised, database.writing() as session:
            open_handover(session, codes, by=giver, to=receiver, purpose=Purpose.WORK, at=at)
        return str(raised.value)

    assert "T-02" in refused([mine_one, omars], salma, omar, HeldByOther)
    said = refused([mine_one, waiting], salma, omar, InOpenHandOver)
    assert "T-01" in said
    assert "2026-03-14 09:26" in said
    refused([on_hold], salma, omar, OnHold)
    refused([without_label], salma, omar, LabelNotVerified)
    refused([], salma, omar, NothingListed)
    refused([cast.stations[next(iter(cast.stations))]], salma, omar, NotHandedOver)
    refused([draw_code(Kind.BONE)], salma, omar, NotFound)
    refused([mine_one], salma, salma, ToOneself)
    refused([mine_one], salma, huda, NotTrained)
    refused([mine_one], salma, cast.partner, MayNotReceive)
    refused([mine_one], cast.auditor, omar, MayNotGive)
    with database.writing() as session:
        hand_over(
            session, [on_hold], by=salma, to=cast.quality, purpose=Purpose.QUARANTINE, at=at
        )  # fmt: skip
        assert held(session, on_hold).holder == cast.quality.id  # type: ignore[union-attr]  # tracked


def test_a_hand_over_is_answered_once_by_its_receiver_or_withdrawn_by_its_giver(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    salma, omar, huda = cast.technician, cast.first_reader, cast.second_reader
    with database.writing() as session:
        first, second = bones(session, a_bone_sample, cast, 2)
        one = open_handover(session, [first], by=salma, to=omar, purpose=Purpose.WORK, at=at).id

    def refused(why: type[Refusal], act: Callable[[Session], object]) -> None:
        with pytest.raises(why), database.writing() as session:
            act(session)

    refused(NotTheReceiver, lambda s: accept_handover(s, one, by=huda, at=at))
    refused(NotTheReceiver, lambda s: refuse_handover(s, one, by=huda, at=at, reason="no"))
    refused(NotTheGiver, lambda s: withdraw_handover(s, one, by=omar, at=at, reason="no"))
    refused(ReasonAwaited, lambda s: withdraw_handover(s, one, by=salma, at=at, reason=" "))
    refused(NotFound, lambda s: accept_handover(s, one + 99, by=omar, at=at))
    refused(
        NotOnTheList,
        lambda s: accept_handover(
            s, one, by=omar, at=at, differences={second: Difference.MISSING}
        ),
    )  # fmt: skip
    with database.writing() as session:
        refuse_handover(session, one, by=omar, at=at, reason="wrong list")
    refused(HandOverEnded, lambda s: accept_handover(s, one, by=omar, at=at))
    refused(HandOverEnded, lambda s: withdraw_handover(s, one, by=salma, at=at, reason="late"))
    with database.writing() as session:
        # What stayed with the giver can be given again.
        two = open_handover(session, [first], by=salma, to=huda, purpose=Purpose.WORK, at=at).id
        row = withdraw_handover(session, two, by=salma, at=at, reason="not today")
        assert row.state is HandOverState.WITHDRAWN
        assert held(session, first).holder == salma.id  # type: ignore[union-attr]  # tracked
        assert [event.tag for event in history(session, first)].count(
            Tag.SUBJECT_CUSTODY_HANDED_OVER
        ) == 0  # fmt: skip


def test_the_fifty_things_of_a_box_pass_with_as_many_statements_as_three(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, a_live_label: Build
) -> None:
    salma, omar = cast.technician, cast.first_reader
    with database.writing() as session:
        room = add_place(session, kind=PlaceKind.ROOM, name="Cold room", by=cast.manager, at=at)
        boxes = {}
        for many in (4, 51):
            box = add_place(
                session, kind=PlaceKind.BOX, name=f"Box {many}", parent=room, rows=8, columns=12,
                takes=BoxUse.ANYTHING, by=cast.manager, at=at,
            )  # fmt: skip
            a_live_label(session, box)
            codes = bones(session, a_bone_sample, cast, many)
            for code in codes:
                put(session, code, box, by=salma, at=at)
            set_hold(session, codes[0], HoldReason.LABEL, by=cast.quality, at=at)
            boxes[box] = 0
    for place in boxes:
        with counted(database) as statements, database.writing() as session:
            number = hand_over(
                session, [place], by=salma, to=omar, purpose=Purpose.WORK, at=at
            ).id  # fmt: skip
        boxes[place] = len(statements)
    with database.reading() as session:
        passed = [thing.code for thing in session.get_one(HandOver, number).things]
        assert passed == codes[1:], "what is on hold stays in its box"
        assert {held(session, code).holder for code in passed} == {omar.id}  # type: ignore[union-attr]  # tracked
        assert held(session, codes[0]).holder == place  # type: ignore[union-attr]  # tracked
    of_three, of_fifty = boxes.values()
    assert 0 < of_fifty <= of_three
    with pytest.raises(InStorage), database.writing() as session:
        # Reception does not store: it takes nothing out of a box by handing it over.
        open_handover(
            session, [codes[0]], by=cast.actors["rima"], to=omar, purpose=Purpose.QUARANTINE, at=at
        )


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_of_many_who_hand_over_one_thing_at_once_one_wins_and_the_others_hear_who_and_when(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    salma = cast.technician
    with database.writing() as session:
        code = a_bone_sample(session)
    said: list[str] = []
    won: list[int] = []
    start = threading.Barrier(12)

    def give(receiver: Actor) -> None:
        start.wait()
        try:
            with database.writing() as session:
                number = hand_over(
                    session, [code], by=salma, to=receiver, purpose=Purpose.WORK, at=at
                ).id  # fmt: skip
        except (HeldByOther, InOpenHandOver) as refusal:
            said.append(str(refusal))
        else:
            won.append(number)

    threads = [
        threading.Thread(target=give, args=((cast.first_reader, cast.second_reader)[turn % 2],))
        for turn in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(said)) == (1, 11)
    with database.reading() as session:
        standing = held(session, code)
        assert standing is not None
        initials = {cast.first_reader.id: "T-02", cast.second_reader.id: "T-03"}
        assert all(f"held by {initials[standing.holder]} since 2026-03-14" in one for one in said)
        assert session.scalar(select(func.count(HandOver.id))) == 1


def test_of_several_answers_to_one_open_hand_over_at_once_one_counts(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    """At a station and on a page the receiver accepts; a colleague tries; the giver takes back."""
    giver, receiver = cast.technician, cast.first_reader
    with database.writing() as session:
        code = a_bone_sample(session)
        number = open_handover(
            session, [code], by=giver, to=receiver, purpose=Purpose.WORK, at=at
        ).id  # fmt: skip
    refused: list[Refusal] = []
    won: list[HandOverState] = []
    start = threading.Barrier(9)

    def answer(turn: int) -> None:
        start.wait()
        try:
            with database.writing() as session:
                if turn % 3 == 2:
                    row = withdraw_handover(session, number, by=giver, at=at, reason="mine")
                else:
                    by = (receiver, cast.second_reader)[turn % 3]
                    row = accept_handover(session, number, by=by, at=at)
                state = row.state
        except (HandOverEnded, NotTheReceiver) as refusal:
            refused.append(refusal)
        else:
            won.append(state)

    threads = [threading.Thread(target=answer, args=(turn,)) for turn in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 8)
    with database.reading() as session:
        passed = won == [HandOverState.COMPLETED]
        standing = held(session, code)
        assert standing is not None
        assert standing.holder == (receiver if passed else giver).id
        tags = [event.tag for event in history(session, code)]
        assert tags.count(Tag.SUBJECT_CUSTODY_HANDED_OVER) == (1 if passed else 0)
        assert len(history(session, f"handover:{number}")) == 2
        assert replay(history(session, code)).intervals == intervals(session, code)


def test_what_somebody_holds_who_is_away_is_taken_over_before_a_witness_and_marked(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    nadia, majid = cast.quality, cast.manager
    with database.writing() as session:
        codes = bones(session, a_bone_sample, cast, 2)
        session.get_one(Person, cast.technician.person).disabled_at = at
        for why, act in (
            (ReasonAwaited, {"reason": " ", "witness": majid}),
            (TheOneWhoHolds, {"reason": "ill", "witness": cast.technician}),
        ):
            with pytest.raises(why), session.begin_nested():
                take_over(session, codes, by=nadia, at=at, **act)  # type: ignore[arg-type]  # of the table above
        (row,) = take_over(
            session, codes, by=nadia, witness=majid, reason="ill since Monday", at=at
        )  # fmt: skip
        number = row.id
        with pytest.raises(TheOneWhoHolds), session.begin_nested():
            take_over(session, codes, by=nadia, witness=majid, reason="again", at=at)
    with database.reading() as session:
        event = history(session, codes[0])[-1]
        assert event.tag == Tag.SUBJECT_CUSTODY_TAKEN_OVER
        assert event.content["without_giver"] is True
        assert event.content["witness"] == majid.id
        assert event.content["from"] == cast.technician.id
        events, held_by = history(session, codes[0]), intervals(session, codes[0])
        (gap,) = [
            one for one in gaps_in_events(codes[0], events, held_by) if one.kind is GapKind.HANDS
        ]
        assert gap.event == event.index
        assert gap.actors == (nadia.id, cast.technician.id)
        row = session.get_one(HandOver, number)
        assert (row.way, row.giver, row.receiver) == (Way.TAKEN, cast.technician.id, nadia.id)
        assert held(session, codes[1]).holder == nadia.id  # type: ignore[union-attr]  # tracked


def test_a_thing_given_outside_is_known_by_a_commitment_alone_and_comes_back_by_another(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    yusuf = cast.coordinator
    commitment, other = "ab" * 32, "cd" * 32
    with database.writing() as session:
        code, here = bones(session, a_bone_sample, cast, 2)
        hand_over(session, [code], by=cast.technician, to=yusuf, purpose=Purpose.RETURN, at=at)
        give_outside(session, [code], by=yusuf, commitment=commitment, purpose=Purpose.WORK, at=at)
        assert held(session, code).holder == "outside:abababababababab"  # type: ignore[union-attr]  # tracked
        with pytest.raises(NotOutside), session.begin_nested():
            take_back(session, [here], by=yusuf, commitment=other, at=at)
        with pytest.raises(HeldByNobody), session.begin_nested():
            take_over(
                session, [code], by=cast.quality, witness=cast.manager, reason="gone", at=at
            )  # fmt: skip
        take_back(session, [code], by=yusuf, commitment=other, at=at)
    with database.reading() as session:
        out, back = history(session, code)[-2:]
        assert (out.tag, back.tag) == (
            Tag.SUBJECT_CUSTODY_GIVEN_OUTSIDE, Tag.SUBJECT_CUSTODY_CAME_BACK,
        )  # fmt: skip
        assert (out.content["commitment"], back.content["commitment"]) == (commitment, other)
        assert held(session, code).holder == yusuf.id  # type: ignore[union-attr]  # tracked
        assert replay(history(session, code)).intervals == intervals(session, code)
        assert date(2026, 3, 14) == intervals(session, code)[-1].began_at.date()
