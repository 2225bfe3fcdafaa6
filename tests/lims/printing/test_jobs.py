# SPDX-License-Identifier: Apache-2.0
"""Jobs of many labels: stopped, resumed, moved; no label comes out twice unnoticed."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code, read_payload
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.printing.models import LabelInstance
from lims.printing.operations import (
    HOLD,
    Lease,
    Wanted,
    lease_labels,
    move_job,
    order_job,
    print_again,
    record_print_outcome,
    reprint,
    resume_job,
    scan_label,
    stop_job,
)
from lims.printing.queries import jobs_shown, labels_of_job
from lims.printing.queries.jobs import job_of
from lims.printing.rules import (
    JOB_BLOCK,
    JobChanged,
    JobOver,
    JobState,
    LabelState,
    LabelVoid,
    NeverLabelled,
    NothingToPrint,
    OtherStock,
    PrintOutcome,
    ReasonMissing,
    SizesMixed,
    StaleLease,
)
from tests.cast import Cast

AGENT = Actor("a:station")


@pytest.fixture
def station(cast: Cast) -> str:
    """The station whose printer prints."""
    return cast.stations[StationKind.EXTRACTION]


@pytest.fixture
def things(database: Database, cast: Cast, at: datetime) -> list[str]:
    """Seven coded things without labels."""
    codes = [draw_code(Kind.LOT) for _ in range(7)]
    with database.writing() as session:
        for code in codes:
            create_subject(
                session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
                state="registered",
            )  # fmt: skip
    return codes


@pytest.fixture
def job(database: Database, cast: Cast, things: list[str], station: str, at: datetime) -> int:
    """The number of a job of the seven labels."""
    with database.writing() as session:
        wanted = [Wanted(code, "tube", "EXTRACT", "x") for code in things]
        return order_job(
            session, wanted, about=things[0], station=station, by=cast.technician, at=at
        ).id


def _lease(database: Database, station: str, at: datetime, most: int = 20) -> tuple[Lease, ...]:
    with database.writing() as session:
        return lease_labels(
            session, station, dpi=300, by=AGENT, at=at, limit=most, hold=HOLD, agent="one",
            idle=True,
        )  # fmt: skip


def _tell(database: Database, station: str, lease: Lease, at: datetime, *said: str) -> None:
    for outcome in said:
        with database.writing() as session:
            record_print_outcome(
                session, lease.payload, PrintOutcome(outcome), station=station,
                fence=lease.fence, by=AGENT, at=at,
            )  # fmt: skip


class PowerCut(Exception):
    """What happened to the server."""


def _both_live(session: Session, code: str) -> None:
    for row in session.scalars(select(LabelInstance).where(LabelInstance.code == code).limit(2)):
        row.state = LabelState.ACTIVE
    session.flush()


def _states(database: Database, job: int) -> list[str]:
    with database.reading() as session:
        return [row.state.value for row in labels_of_job(session, job).values()]


def test_a_job_stops_and_goes_on_at_any_label_and_none_comes_out_twice(
    database: Database, cast: Cast, things: list[str], job: int, station: str, at: datetime
) -> None:
    """Printed two, one unsure, one lost; stopped, resumed, one again, moved, all scanned back."""
    tech = cast.technician
    leases = _lease(database, station, at)
    assert [lease.payload[:9] for lease in leases] == things[:JOB_BLOCK]
    _tell(database, station, leases[0], at, "intent", "sent", "printed")
    _tell(database, station, leases[1], at, "intent", "sent", "ambiguous")
    _tell(database, station, leases[2], at, "intent", "sent", "lost")

    with database.writing() as session:
        assert stop_job(session, job, by=tech, at=at, revision=0).revision == 1
    assert _states(database, job) == [
        "printed", "ambiguous", "lost", "stopped", "stopped", "stopped", "stopped",
    ]  # fmt: skip
    # What the agent held is void: whether it prints it all the same or not, it is no second one.
    with pytest.raises(StaleLease):
        _tell(database, station, leases[3], at, "intent")
    with pytest.raises(LabelVoid), database.writing() as session:
        scan_label(session, read_payload(leases[3].payload), station=station, by=tech, at=at)
    assert _lease(database, station, at) == ()
    with pytest.raises(JobOver), database.writing() as session:
        stop_job(session, job, by=tech, at=at)
    with pytest.raises(JobChanged), database.writing() as session:
        resume_job(session, job, by=tech, at=at, revision=0)

    # From the second on, for a reason: the unsure one is void and printed anew, before the rest.
    with pytest.raises(ReasonMissing), database.writing() as session:
        resume_job(session, job, place=2, by=tech, at=at, revision=1)
    with database.writing() as session:
        resume_job(session, job, place=2, reason="Wrong roll", by=tech, at=at, revision=1)
    leases = _lease(database, station, at)
    assert [lease.payload[:9] for lease in leases] == things[1:6]
    for lease in leases[:2]:
        _tell(database, station, lease, at, "intent", "sent", "printed")
    with database.reading() as session:
        again = labels_of_job(session, job)[2]
        assert (again.reason, again.payload) == ("Wrong roll", leases[0].payload)

    # One label again, twice at once: the second looks at what has changed meanwhile.
    with database.writing() as session:
        first = print_again(session, job, 1, reason="torn", by=tech, at=at, revision=2)
    with pytest.raises(JobChanged), database.writing() as session:
        print_again(session, job, 1, reason="torn", by=cast.technician, at=at, revision=2)
    # At the bench by its own command: it keeps its number in the job.
    with database.writing() as session:
        second = reprint(session, things[0], reason="lost", station=station, by=tech, at=at)
        assert labels_of_job(session, job)[1].payload == second != first

    other = cast.stations[StationKind.PREPARATION]
    with pytest.raises(OtherStock), database.writing() as session:
        move_job(session, job, other, by=tech, at=at)
    with database.writing() as session:
        move_job(session, job, other, loaded=True, by=tech, at=at, revision=3)
    assert _lease(database, station, at) == ()
    with pytest.raises(StaleLease):
        _tell(database, station, leases[3], at, "intent")
    seen: list[str] = []
    while leases := _lease(database, other, at):
        for lease in leases:
            _tell(database, other, lease, at, "intent", "sent", "printed")
            seen.append(lease.payload[:9])
    assert seen == [things[0], *things[3:]]
    with database.writing() as session:
        assert jobs_shown(session, [job_of(session, job)])[0].state is JobState.SCAN
        for row in labels_of_job(session, job).values():
            scan_label(session, read_payload(row.payload), station=other, by=tech, at=at)
        assert jobs_shown(session, [job_of(session, job)])[0].state is JobState.DONE
        told = [
            event.tag for one in (station, other) for event in history(session, one)
            if str(event.tag).startswith("label:job:")
        ]  # fmt: skip
    assert told == [
        Tag.LABEL_JOB_ORDERED, Tag.LABEL_JOB_STOPPED, Tag.LABEL_JOB_RESUMED, Tag.LABEL_JOB_MOVED,
    ]  # fmt: skip
    assert set(_states(database, job)) == {"active"}


def test_a_job_is_ordered_whole_or_not_at_all_and_single_labels_come_before_it(
    database: Database, cast: Cast, things: list[str], job: int, station: str, at: datetime
) -> None:
    """Nothing of a refused one is left; a new label for a thing that has one needs a reason."""
    more = {"about": things[0], "station": station, "by": cast.technician, "at": at}
    unlabelled = draw_code(Kind.LOT)
    with database.writing() as session:
        create_subject(
            session, unlabelled, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
            state="registered",
        )  # fmt: skip
    for wanted, refusal, extra in (
        ([], NothingToPrint, {}),
        ([Wanted(things[0])], ReasonMissing, {}),
        ([Wanted(things[0]), Wanted(unlabelled)], NeverLabelled, {"reason": "torn"}),
        ([Wanted(things[0]), Wanted(unlabelled, "plate")], SizesMixed, {"reason": "torn"}),
    ):
        with pytest.raises(refusal), database.writing() as session:
            order_job(session, wanted, **more, **extra)
    assert _states(database, job) == ["queued"] * 7

    with database.writing() as session:
        alone = reprint(
            session, things[6], reason="needed now",
            station=cast.stations[StationKind.PREPARATION], by=cast.technician, at=at,
        )  # fmt: skip
        reprint(
            session, things[6], reason="here", station=station, by=cast.technician, at=at
        )  # fmt: skip
    assert _states(database, job)[6] == "void"
    [lease] = _lease(database, station, at, most=1)
    assert (lease.payload[:9], lease.payload == alone) == (things[6], False)


def test_twenty_who_print_one_label_again_at_once_leave_one_that_can_live(
    database: Database, cast: Cast, things: list[str], job: int, station: str, at: datetime
) -> None:
    """The database holds it too: a second live label of a thing cannot be stored."""
    start = threading.Barrier(20)
    fresh: list[str] = []

    def again() -> None:
        start.wait()
        with database.writing() as session:
            fresh.append(print_again(session, job, 3, reason="r", by=cast.technician, at=at))

    threads = [threading.Thread(target=again) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(fresh)) == 20
    with database.reading() as session:
        counted = dict(
            session.execute(
                select(LabelInstance.state, func.count())
                .where(LabelInstance.code == things[2])
                .group_by(LabelInstance.state)
            ).all()
        )
    assert counted == {LabelState.VOID: 20, LabelState.QUEUED: 1}
    with pytest.raises(IntegrityError), database.writing() as session:
        _both_live(session, things[2])


def test_a_server_that_died_in_an_act_has_done_none_of_it_and_a_printer_that_waits_loses_nothing(
    database: Database, cast: Cast, job: int, station: str, at: datetime, key: Callable[[], str]
) -> None:
    """Power cut of the server in the middle of stopping; of the printer; of the agent."""
    [lease, *_] = _lease(database, station, at)

    def act_and_die() -> None:
        with database.writing(key()) as session:
            stop_job(session, job, by=cast.technician, at=at)
            raise PowerCut

    with pytest.raises(PowerCut):
        act_and_die()
    assert _states(database, job) == ["leased"] * JOB_BLOCK + ["queued"] * 2

    _tell(database, station, lease, at, "failed_safe")
    assert _states(database, job)[0] == "queued"
    # The agent's disk is gone with what it held: after the hold it is given out again, in order.
    later = at + HOLD + timedelta(seconds=1)
    again = _lease(database, station, later)
    assert (again[0].payload, again[0].fence) == (lease.payload, lease.fence + 1)
    assert len(again) == JOB_BLOCK
