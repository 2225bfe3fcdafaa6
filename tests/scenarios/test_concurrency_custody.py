# SPDX-License-Identifier: Apache-2.0
"""Fifty at once at one thing: one wins, everybody else reads who did it and when."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.queries import events_of, gaps_of, held, intervals
from lims.custody.rules import GapKind, HeldByOther, replay
from lims.extraction.operations import complete_extraction, load_aliquot
from lims.features import GAP_CHECKS
from lims.handovers.operations import accept_handover, hand_over, open_handover
from lims.handovers.rules import Purpose
from lims.plates.operations import record_use
from lims.plates.rules import Activity
from lims.samples.operations import accept_sample, discard, divide, take_powder
from lims.samples.queries import amounts_left
from lims.samples.rules import DiscardReason, SecondPersonAwaited
from lims.storage.operations import add_place, put
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]
Do = Callable[[Session], object]

MANY = 50
pytestmark = pytest.mark.timeout(120)


def race(database: Database, acts: list[Do]) -> list[str]:
    """Let each act begin at the same moment in a transaction of its own; '' or its refusal."""
    gate = threading.Barrier(len(acts))

    def one(act: Do) -> str:
        gate.wait(timeout=60)
        return attempt(database, act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(one, acts))


def attempt(database: Database, act: Do) -> str:
    try:
        with database.writing() as session:
            act(session)
    except Refusal as refused:
        return f"{refused.name}: {refused.say}"
    return ""


def meanwhile(database: Database, first: Do, second: Do) -> str:
    """Begin a second act while the first has not been committed yet; return its refusal."""
    with ThreadPoolExecutor(1) as threads:
        with database.writing() as session:
            first(session)
            later = threads.submit(attempt, database, second)
            time.sleep(0.4)
        return later.result(timeout=60)


def told(answers: list[str], name: str, at: datetime, *, winners: int = 1) -> None:
    """One won; every other was refused for this reason, by initials and with the instant."""
    assert answers.count("") == winners, answers
    for answer in filter(None, answers):
        assert answer.startswith(f"{name}: "), answer
        assert any(who in answer for who in ("T-01", "T-02", "T-03", "M-01")), answer
        assert f"{at:%Y-%m-%d %H:%M}" in answer, answer


@pytest.fixture
def sound(database: Database) -> Iterator[list[str]]:
    """Codes to be held against the ledger in the end: they replay, and nothing is missing."""
    codes: list[str] = []
    yield codes
    with database.reading() as session:
        for code in codes:
            events = [event for event in events_of(session, [code]) if event.stream == code]
            assert replay(events).intervals == intervals(session, code)
        found = {gap.kind for gap in gaps_of(session, codes, GAP_CHECKS)}
    # The builders of the tests give labels without their event.
    assert found <= {GapKind.LABEL, GapKind.UNSIGNED}


def test_of_fifty_who_accept_grind_store_and_hand_over_one_thing_at_once_one_does_it_each_time(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, a_live_label: Build,
    sound: list[str],
) -> None:  # fmt: skip
    people = (cast.technician, cast.first_reader, cast.second_reader)
    with database.writing() as session:
        bone = a_bone_sample(session, accepted=False)
        room = add_place(session, kind=PlaceKind.ROOM, name="Room", by=cast.manager, at=at)
        box = add_place(
            session, kind=PlaceKind.BOX, name="Box", parent=room, rows=9, columns=9,
            by=cast.manager, at=at,
        )  # fmt: skip
        a_live_label(session, box)
    sound.append(bone)

    def accept(by: Actor) -> Do:
        return lambda session: accept_sample(session, bone, by=by, at=at)

    told(race(database, [accept(people[n % 3]) for n in range(MANY)]), "AlreadyAccepted", at)

    holder = holder_of(database, bone, people)

    def grind(session: Session) -> None:
        take_powder(session, bone, 100_000, by=holder, at=at)

    told(race(database, [grind] * MANY), "AliquotThere", at)
    with database.reading() as session:
        assert amounts_left(session, [bone]) == {bone: 1_900_000}

    # Each saw it in the hands of its holder and scans another position.
    def store(n: int) -> Do:
        position = f"{'ABCDEFGHI'[n // 9]}{n % 9 + 1}"
        return lambda session: put(
            session, bone, box, position, by=holder, at=at, found=("", "")
        )  # fmt: skip

    told(race(database, [store(n) for n in range(MANY)]), "MovedMeanwhile", at)
    with database.reading() as session:
        standing = held(session, bone)
        assert standing is not None
        assert (standing.holder, standing.number) == (box, 3)

    # Whoever gives it takes it from storage: from the first on it is in his hands, and waits.
    def give(to: Actor) -> Do:
        return lambda session: open_handover(
            session, [bone], by=cast.manager, to=to, purpose=Purpose.WORK, at=at
        )

    told(race(database, [give(people[n % 3]) for n in range(MANY)]), "InOpenHandOver", at)
    with database.reading() as session:
        assert [one.holder for one in intervals(session, bone)][3:] == [cast.manager.id]


def test_of_fifty_who_receive_hand_over_and_use_one_tube_at_once_one_has_it_in_the_end(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, sound: list[str]
) -> None:
    people = (cast.technician, cast.first_reader, cast.second_reader)
    with database.writing() as session:
        tube = an_aliquot(session)
        row = open_handover(
            session, [tube], by=cast.technician, to=cast.first_reader, purpose=Purpose.WORK, at=at
        )
        number = row.id
    sound.append(tube)

    def receive(session: Session) -> None:
        accept_handover(session, number, by=cast.first_reader, at=at)

    told(race(database, [receive] * MANY), "HandOverEnded", at)

    # Opened and received in one act, to one of two others: only the first giver held it.
    def pass_on(to: Actor) -> Do:
        return lambda session: hand_over(
            session, [tube], by=cast.first_reader, to=to, purpose=Purpose.WORK, at=at
        )

    others = (cast.technician, cast.second_reader)
    told(race(database, [pass_on(others[n % 2]) for n in range(MANY)]), "HeldByOther", at)

    # Three people divide it; only who holds it may, and he takes five times a tenth.
    holder = holder_of(database, tube, people)

    def part(by: Actor) -> Do:
        return lambda session: divide(session, tube, 20_000, reason="two", by=by, at=at)

    acts = [part(holder) for _ in range(12)]
    acts += [part(one) for one in people if one.id != holder.id] * 19
    answers = race(database, acts)
    assert answers.count("") == 10, answers
    assert {answer.split(":")[0] for answer in answers[:12] if answer} == {"TooLittleLeft"}
    with database.reading() as session:
        assert amounts_left(session, [tube]) == {tube: 0}
        standing = held(session, tube)
    assert standing is not None
    assert standing.holder == "gone"


def test_a_tube_that_is_handed_over_while_its_batch_is_completed_is_not_used_by_who_gave_it(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_batch: Build, a_lot: Build,
    sound: list[str],
) -> None:  # fmt: skip
    with database.writing() as session:
        tube, batch = an_aliquot(session), a_batch(session)
        load_aliquot(session, batch, tube, by=cast.technician, at=at)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
        number = open_handover(
            session, [tube], by=cast.technician, to=cast.first_reader, purpose=Purpose.WORK, at=at
        ).id
    sound.append(tube)

    refused = meanwhile(
        database,
        lambda session: accept_handover(session, number, by=cast.first_reader, at=at),
        lambda session: complete_extraction(session, batch, by=cast.technician, at=at),
    )

    assert refused.startswith(f"{HeldByOther.__name__}: "), refused
    with database.reading() as session:
        assert intervals(session, tube)[-1].holder == cast.first_reader.id


def test_two_who_throw_away_the_last_two_tubes_at_once_do_not_both_think_that_powder_is_left(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, a_live_label: Build,
    sound: list[str],
) -> None:  # fmt: skip
    """The second would end the last powder of the bone: that takes a second person."""
    with database.writing() as session:
        bone = a_bone_sample(session, mass_ug=200_000)
        tubes = []
        for witness in (None, cast.manager):
            made = take_powder(
                session, bone, 100_000, by=cast.technician, at=at, reason="two", witness=witness
            )
            a_live_label(session, made.code)
            tubes.append(made.code)
    sound += [bone, *tubes]

    def throw_away(code: str) -> Do:
        return lambda session: discard(
            session, code, DiscardReason.BROKEN, by=cast.technician, at=at
        )

    refused = meanwhile(database, throw_away(tubes[0]), throw_away(tubes[1]))

    assert refused.startswith(f"{SecondPersonAwaited.__name__}: "), refused
    with database.reading() as session:
        assert amounts_left(session, tubes) == {tubes[0]: 0, tubes[1]: 100_000}


def holder_of(database: Database, code: str, people: tuple[Actor, ...]) -> Actor:
    """Return the one of these who holds a thing."""
    with database.reading() as session:
        standing = held(session, code)
    assert standing is not None
    return next(one for one in people if one.id == standing.holder)
