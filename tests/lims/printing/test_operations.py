# SPDX-License-Identifier: Apache-2.0
"""Labels: one live label a thing, nothing printed twice, a void one is an alarm."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from labels.preview import codes_in
from lims.bench.operations import record_devices
from lims.bench.queries import shown_devices
from lims.bench.views.pages import device_words
from lims.core.actors import Actor
from lims.core.codes import Kind, Payload, draw_code, read_payload
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.printing.models import LabelInstance
from lims.printing.operations import (
    HOLD,
    LEASE,
    lease_labels,
    queue_label,
    record_print_outcome,
    reprint,
    scan_label,
    void_label,
)
from lims.printing.queries import live_label
from lims.printing.rules import (
    LabelDoesNotFit,
    LabelPending,
    LabelState,
    LabelUnknown,
    LabelVoid,
    PrintOutcome,
    ReasonMissing,
    StaleLease,
)
from tests.cast import Cast

AGENT = Actor("a:station")


@pytest.fixture
def station(cast: Cast) -> str:
    """The station whose printer prints."""
    return cast.stations[StationKind.PREPARATION]


@pytest.fixture
def thing(database: Database, cast: Cast, at: datetime) -> str:
    """A coded thing without a label."""
    code = draw_code(Kind.LOT)
    with database.writing() as session:
        create_subject(
            session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={},
            state="registered",
        )  # fmt: skip
    return code


@pytest.fixture
def queued(database: Database, cast: Cast, thing: str, station: str, at: datetime) -> str:
    """The payload of its first label, queued."""
    with database.writing() as session:
        return queue_label(
            session, thing, layout="tube", station=station, by=cast.technician, at=at, line1="x"
        )


def _print(database: Database, station: str, at: datetime) -> str:
    with database.writing() as session:
        (lease,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
    for outcome in (PrintOutcome.INTENT, PrintOutcome.SENT, PrintOutcome.PRINTED):
        with database.writing() as session:
            record_print_outcome(
                session, lease.payload, outcome, station=station, fence=lease.fence, by=AGENT,
                at=at, before=4, after=5,
            )  # fmt: skip
    return lease.payload


def test_a_label_lives_from_the_scan_that_proves_it_was_printed(
    database: Database, cast: Cast, thing: str, queued: str, station: str, at: datetime
) -> None:
    """Printed is not enough: scanned back is."""
    payload = _print(database, station, at)
    with database.reading() as session:
        before = live_label(session, thing)
    with database.writing() as session:
        activated = scan_label(
            session, read_payload(payload), station=station, by=cast.technician, at=at
        )
    with database.writing() as session:
        again = scan_label(
            session, read_payload(payload), station=station, by=cast.technician, at=at
        )
    with database.reading() as session:
        live = live_label(session, thing)
        tags = [event.tag for event in history(session, thing)]

    assert before is None
    assert (activated, again) == (True, False)
    assert live is not None
    assert live.payload == payload == queued
    assert tags[-4:] == [
        Tag.LABEL_INSTANCE_ORDERED,
        Tag.LABEL_INSTANCE_STARTED,
        Tag.LABEL_INSTANCE_PRINTED,
        Tag.LABEL_INSTANCE_VERIFIED,
    ]


def test_the_printed_symbol_carries_code_and_instance(
    database: Database, queued: str, station: str, at: datetime
) -> None:
    """What the agent gets says what the row says."""
    with database.writing() as session:
        (lease,) = lease_labels(session, station, dpi=203, by=AGENT, at=at)

    assert codes_in(lease.content) == (queued,)


def test_a_new_label_needs_a_reason_and_voids_the_old_one(
    database: Database, cast: Cast, thing: str, queued: str, station: str, at: datetime
) -> None:
    """A reprint is a new instance; the old one raises an alarm when it is scanned."""
    payload = _print(database, station, at)
    with database.writing() as session:
        scan_label(session, read_payload(payload), station=station, by=cast.technician, at=at)
    with pytest.raises(ReasonMissing), database.writing() as session:
        queue_label(session, thing, layout="tube", station=station, by=cast.technician, at=at)
    with database.writing() as session:
        fresh = reprint(session, thing, reason="torn", station=station, by=cast.technician, at=at)

    assert fresh != payload
    with pytest.raises(LabelVoid), database.writing() as session:
        scan_label(session, read_payload(payload), station=station, by=cast.technician, at=at)


def test_only_one_label_of_a_thing_is_on_its_way(
    database: Database, cast: Cast, thing: str, queued: str, station: str, at: datetime
) -> None:
    """A second one is refused until the first is scanned back or void."""
    with pytest.raises(LabelPending), database.writing() as session:
        queue_label(
            session, thing, layout="tube", station=station, by=cast.technician, at=at, reason="r"
        )


def test_a_label_never_sent_to_a_printer_cannot_be_scanned(
    database: Database, cast: Cast, thing: str, queued: str, station: str, at: datetime
) -> None:
    """Somebody else made it."""
    with pytest.raises(LabelVoid), database.writing() as session:
        scan_label(session, read_payload(queued), station=station, by=cast.technician, at=at)
    with pytest.raises(LabelUnknown), database.writing() as session:
        scan_label(session, Payload(thing, "YY"), station=station, by=cast.technician, at=at)


def test_an_agent_with_an_old_lease_is_refused(
    database: Database, queued: str, station: str, at: datetime
) -> None:
    """A lease that ended goes to the next agent under a higher fence."""
    with database.writing() as session:
        (first,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
    with database.writing() as session:
        (second,) = lease_labels(
            session, station, dpi=300, by=AGENT, at=at + LEASE + timedelta(seconds=1)
        )

    assert second.fence == first.fence + 1
    with pytest.raises(StaleLease), database.writing() as session:
        record_print_outcome(
            session, queued, PrintOutcome.INTENT, station=station, fence=first.fence, by=AGENT,
            at=at,
        )  # fmt: skip


def test_a_label_with_intent_is_never_given_out_again(
    database: Database, queued: str, station: str, at: datetime
) -> None:
    """Its first byte may have gone out: only a person can say what came of it."""
    with database.writing() as session:
        (lease,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
    with database.writing() as session:
        record_print_outcome(
            session, queued, PrintOutcome.INTENT, station=station, fence=lease.fence, by=AGENT,
            at=at,
        )  # fmt: skip
    with database.writing() as session:
        later = lease_labels(session, station, dpi=300, by=AGENT, at=at + timedelta(days=1))

    assert later == ()


def test_a_fault_before_the_first_byte_prints_the_same_label_later(
    database: Database, queued: str, station: str, at: datetime
) -> None:
    """Nothing went out, so nothing can exist twice."""
    with database.writing() as session:
        (lease,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
    with database.writing() as session:
        record_print_outcome(
            session, queued, PrintOutcome.FAILED_SAFE, station=station, fence=lease.fence,
            by=AGENT, at=at, detail="paper-out",
        )  # fmt: skip
    with database.writing() as session:
        (again,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)

    assert again.payload == queued


def test_the_same_word_of_an_agent_twice_changes_nothing(
    database: Database, thing: str, queued: str, station: str, at: datetime
) -> None:
    """Its answer was lost on the way."""
    _print(database, station, at)
    with database.reading() as session:
        before = len(history(session, thing))
        fence = session.scalars(select(LabelInstance.fence)).one()
    with database.writing() as session:
        record_print_outcome(
            session, queued, PrintOutcome.PRINTED, station=station, fence=fence, by=AGENT, at=at
        )
    with database.reading() as session:
        assert len(history(session, thing)) == before


def test_a_printer_whose_counter_jumped_is_told_of_at_its_station_until_the_label_is_scanned_back(
    database: Database, cast: Cast, thing: str, queued: str, station: str, at: datetime
) -> None:
    """Four labels came out of it that this laboratory did not send."""
    with database.writing() as session:
        record_devices(
            session, station, [{"kind": "printer", "port": "p", "state": "ready", "detail": ""}],
            at=at,
        )  # fmt: skip
        (lease,) = lease_labels(session, station, dpi=300, by=AGENT, at=at)
    for outcome, detail in (
        (PrintOutcome.INTENT, "counter-jumped:1->5"), (PrintOutcome.INTENT, "counter-jumped:1->5"),
        (PrintOutcome.SENT, ""), (PrintOutcome.PRINTED, ""),
    ):  # fmt: skip
        with database.writing() as session:
            record_print_outcome(
                session, lease.payload, outcome, station=station, fence=lease.fence, by=AGENT,
                at=at, before=5, after=6, detail=detail,
            )  # fmt: skip
    with database.reading() as session:
        told = [
            event.content
            for event in history(session, station)
            if event.tag is Tag.PRINTER_COUNTER_JUMPED
        ]
        [jumped] = shown_devices(session, station, at=at)
    with database.writing() as session:
        scan_label(session, read_payload(lease.payload), station=station, by=cast.technician, at=at)
        [after] = shown_devices(session, station, at=at)

    assert told == [{"label": queued, "odometer_last": 1, "odometer_before": 5}]
    assert jumped.state == "waits"
    assert "counter jumped" in str(device_words(jumped))
    assert (after.state, str(device_words(after))) == ("ready", "Printer ready")


def test_words_that_do_not_fit_are_refused_when_the_label_is_ordered(
    database: Database, cast: Cast, thing: str, station: str, at: datetime
) -> None:
    """Not when the printer waits for it."""
    with pytest.raises(LabelDoesNotFit), database.writing() as session:
        queue_label(
            session, thing, layout="tube", station=station, by=cast.technician, at=at,
            line1="far too many words for a tube of this size, whatever the printer is",
        )  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(LabelInstance)).all() == []


def test_twelve_threads_that_order_the_same_label_get_one(
    database: Database, cast: Cast, thing: str, station: str, at: datetime
) -> None:
    """The database decides, not a look before."""
    start = threading.Barrier(12)
    won: list[str] = []
    refused: list[Exception] = []

    def order() -> None:
        start.wait()
        try:
            with database.writing() as session:
                won.append(
                    queue_label(
                        session, thing, layout="tube", station=station, by=cast.technician, at=at
                    )
                )
        except (LabelPending, IntegrityError) as error:
            refused.append(error)

    threads = [threading.Thread(target=order) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert len(refused) == 11
    with database.reading() as session:
        states = session.scalars(select(LabelInstance.state)).all()
    assert states == [LabelState.QUEUED]


def test_a_voided_label_says_why(
    database: Database,
    cast: Cast,
    thing: str,
    queued: str,
    station: str,
    at: datetime,
    key: Callable[[], str],
) -> None:
    """The reason stands in the ledger."""
    with database.writing(key()) as session:
        void_label(session, queued, reason="printer jammed", by=cast.technician, at=at)
    with database.reading() as session:
        last = history(session, thing)[-1]
    assert last.tag is Tag.LABEL_INSTANCE_VOIDED
    assert last.content["reason"] == "printer jammed"


def test_a_block_is_leased_for_two_hours_to_one_agent_that_alone_may_be_given_it_again(
    database: Database, queued: str, station: str, at: datetime
) -> None:
    """The answer with the block was lost: the agent says that it holds nothing."""
    more = {"dpi": 300, "by": AGENT, "hold": HOLD, "limit": 20}

    def lease(agent: str, *, minutes: int, idle: bool) -> list[int]:
        with database.writing() as session:
            at_then = at + timedelta(minutes=minutes)
            given = lease_labels(session, station, at=at_then, agent=agent, idle=idle, **more)
        assert [one.payload for one in given] in ([], [queued])
        return [one.fence for one in given]

    assert lease("bench-one", minutes=0, idle=True) == [1]
    assert lease("bench-one", minutes=1, idle=False) == []
    assert lease("bench-two", minutes=2, idle=True) == []
    assert lease("bench-one", minutes=3, idle=True) == [2]
    assert lease("bench-two", minutes=122, idle=True) == []
    assert lease("bench-two", minutes=124, idle=True) == [3]
    with database.writing() as session, pytest.raises(StaleLease):
        record_print_outcome(
            session, queued, PrintOutcome.INTENT, station=station, fence=2, by=AGENT, at=at
        )
