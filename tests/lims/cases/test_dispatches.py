# SPDX-License-Identifier: Apache-2.0
"""Dispatches: lists taken once, seals and items received, what differs kept in quarantine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases import operations as cases
from lims.cases.models import BoneSampling, Item
from lims.cases.models.dispatches import (
    Discrepancy,
    Dispatch,
    DispatchItem,
    Package,
    PackageSeal,
    SealedPossession,
)
from lims.cases.operations import discrepancies, dispatches, receiving, seals
from lims.cases.operations.dispatch_files import read_list
from lims.cases.operations.receiving import Outsider
from lims.cases.queries import dispatches as queries
from lims.cases.queries import pending_samplings
from lims.cases.queries import receiving as received
from lims.cases.rules.dispatch_rows import ReadList
from lims.cases.rules.dispatches import (
    AbsentCannotBeUsed,
    AnnouncedBefore,
    DayNotThere,
    DecidedBefore,
    Decision,
    DiscrepancyKind,
    DispatchState,
    HeldBySomebodyElse,
    InQuarantine,
    ItemState,
    ListThere,
    MassDiffers,
    MassNotThere,
    NotAllScanned,
    NotEntitled,
    NotOnList,
    PackageNotHere,
    PackageNotOpen,
    PackagesStillOpen,
    PackageState,
    RowsRefused,
    SameHands,
    ScannedBefore,
    SealDiffers,
    SealEnd,
    SealUsed,
    SecondPersonNeeded,
    WrongState,
)
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.sealing import Vault
from lims.core.settings import Settings
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.people.rules import Line
from tests.cast import Cast
from tests.sealed import Sealed, picture

SENDER = "Morgue of Canaria"
HEADER = "Seal,Package,Site,Case,Field number,Element,Side,Mass (g),Count,Taken on"
TWO = (
    "S-100,P-1,TR04,031,F-1,femur,left,3.1,1,2026-03-01\n"
    "S-100,P-1,TR04,031,F-2,tibia,right,2.6,2,2026-03-01\n"
)
THIRD = "S-200,,TR04,032,F-9,rib,,1.0,1,2026-03-02\n"
OUTSIDE = Outsider("Drivera Canaria", "Invented transport", "N-5512")

Take = Callable[..., str]


def read(rows: str) -> ReadList:
    return read_list(f"{HEADER}\n{rows}".encode(), name="list.csv", line=Line.BONE)


@pytest.fixture
def take(vault: Vault, sealed: Sealed, cast: Cast, at: datetime) -> Take:
    """Take a list, its site registered before."""

    def taken(session: Session, rows: str = TWO + THIRD, **more: str) -> str:
        if not session.scalar(select(func.count()).select_from(Dispatch)):
            sealed.a_site(session, code="TR04")
        return dispatches.import_list(
            session, vault, read(rows), sender=more.pop("sender", SENDER), by=cast.reception,
            at=at, **more,
        )  # fmt: skip

    return taken


@pytest.fixture
def arrived(take: Take, vault: Vault, cast: Cast, at: datetime) -> Take:
    """The same, brought by somebody from outside."""

    def came(session: Session, rows: str = TWO + THIRD) -> str:
        ref = take(session, rows)
        receiving.arrive(
            session, vault, ref, deliverer=OUTSIDE, receiver_name="R. Ception", by=cast.reception,
            at=at,
        )  # fmt: skip
        return ref

    return came


def packages(session: Session, ref: str) -> list[Package]:
    return list(
        session.scalars(select(Package).where(Package.dispatch_ref == ref).order_by(Package.number))
    )


def items(session: Session, ref: str) -> list[DispatchItem]:
    return list(
        session.scalars(
            select(DispatchItem)
            .where(DispatchItem.dispatch_ref == ref)
            .order_by(DispatchItem.number)
        )
    )


def test_a_list_is_taken_once_whole_or_not_at_all(
    database: Database, take: Take, vault: Vault, cast: Cast, sealed: Sealed, at: datetime
) -> None:
    with pytest.raises(RowsRefused), database.writing() as session:
        take(session, TWO + "S-3,,XX99,1,F-4,rib,,1,1,\n")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Dispatch)) == 0

    with database.writing() as session:
        ref = take(session, number="L-7", bytes_hash="a" * 64)
    with database.reading() as session:
        shown = queries.dispatch(session, vault, ref)
        assert (shown.sender, shown.number, shown.items, shown.scanned) == (SENDER, "L-7", 3, 0)
        assert len(queries.packages_of(session, vault, ref)) == 2
        assert [one.name for one in queries.items_of(session, vault, ref)] == ["F-1", "F-2", "F-9"]

    # The same rows under another name and in another order; the same bytes.
    with pytest.raises(ListThere), database.writing() as session:
        take(session, THIRD + TWO, file_name="other.csv")
    with pytest.raises(ListThere), database.writing() as session:
        take(session, "S-9,,TR04,039,F-99,rib,,1,1,\n", bytes_hash="a" * 64)

    # A seal, and an item, of another list: seen, and taken with a reason alone.
    for row, says in (
        ("S-100,P-1,TR04,039,F-50,rib,,1,1,\n", "seal S-100 stands in another list"),
        ("S-300,,TR04,031,F-1,femur,left,3,1,\n", "F-1 stands in another list"),
    ):
        with database.reading() as session:
            judged = dispatches.judge(session, vault, read(row), sender=SENDER)
            assert says in str(judged.rows[0].refused[0])
            again = dispatches.judge(
                session, vault, read(row), sender=SENDER, again="one came back from the mortuary"
            )
            assert not again.refused
            assert says in str(again.rows[0].remarked[0])
        with database.writing() as session:
            take(session, row, again="one came back from the mortuary")
    # Another sender may have seals of the same number.
    with database.reading() as session:
        judged = dispatches.judge(
            session, vault, read("S-100,,TR04,077,F-77,rib,,1,1,\n"), sender="Another"
        )
        assert "another sender" in str(judged.rows[0].remarked[0])


def test_eight_lists_at_the_same_moment_are_one(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        sealed.a_site(session, code="TR04")
    whole, other = read(TWO + THIRD), read(TWO)

    def send(number: int) -> str:
        try:
            with database.writing() as session:
                return dispatches.import_list(
                    session, vault, whole if number % 2 else other, sender=SENDER,
                    bytes_hash=f"{number % 2:064}", by=cast.reception, at=at,
                )  # fmt: skip
        except (ListThere, AnnouncedBefore, RowsRefused) as refused:
            return refused.name

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert sum(len(answer) == 32 for answer in answers) == 1
    with database.reading() as session:
        listed = session.scalars(select(Dispatch)).one()
        assert len(items(session, listed.ref)) in (2, 3)
        assert session.scalar(select(func.count()).select_from(DispatchItem)) in (2, 3)


def test_a_dispatch_is_received_scanned_opened_and_becomes_samplings(
    database: Database, take: Take, vault: Vault, cast: Cast, at: datetime, settings: Settings
) -> None:
    with database.writing() as session:
        ref = take(session)
        with pytest.raises(WrongState):
            receiving.read_at_receiving(session, vault, ref, "S-100", by=cast.reception, at=at)
        # Who delivers is not who receives: by account, and by name.
        for who, name in ((cast.reception, "x"), (Outsider("ر. سمير", "", "N-1"), "ر سمير")):
            with pytest.raises(SameHands):
                receiving.arrive(
                    session, vault, ref, deliverer=who,
                    receiver_name="ر. سمير" if name != "x" else name, by=cast.reception, at=at,
                )  # fmt: skip
        receiving.arrive(
            session, vault, ref, deliverer=OUTSIDE, receiver_name="R", by=cast.reception, at=at
        )

    later = at + timedelta(minutes=1)

    def scan(text: str, package: str = "") -> receiving.Read:
        with database.writing() as session:
            return receiving.read_at_receiving(
                session, vault, ref, text, package_ref=package, by=cast.reception, at=later
            )

    with pytest.raises(PackageNotHere):
        scan("F-1")
    labelled = scan("p-1")
    with pytest.raises(SealDiffers) as differs:
        scan("S-777", labelled.package)
    assert "Seal S-777 does not match the dispatch list (S-100)" in str(differs.value)
    first = scan("s 100")
    assert first.package == labelled.package
    assert "is here already" in str(scan("S-100").say)
    with pytest.raises(PackageNotOpen):
        scan("F-1")
    with pytest.raises(NotOnList), database.writing() as session:
        receiving.read_at_receiving(
            session, vault, ref, "F-404", package_ref=first.package, by=cast.reception, at=later
        )

    with database.writing() as session:
        for witness in (cast.reception,):
            with pytest.raises(SecondPersonNeeded):
                seals.break_seal(
                    session, vault, first.package, reason="to count", witness=witness,
                    by=cast.reception, at=later,
                )  # fmt: skip
        with pytest.raises(HeldBySomebodyElse):
            seals.break_seal(
                session, vault, first.package, reason="to count", witness=cast.reception,
                by=cast.coordinator, at=later,
            )  # fmt: skip
        seals.break_seal(
            session, vault, first.package, reason="to count", witness=cast.coordinator,
            by=cast.reception, at=later,
        )  # fmt: skip
    with database.reading() as session:
        assert [gap.number for gap in received.seal_gaps(session)] == [1]

    assert str(scan("F-1").say) == "F-1 is on the list."
    with pytest.raises(ScannedBefore):
        scan("F-1")
    assert "1 of 2 pieces" in str(scan("F-2").say)
    with database.writing() as session, pytest.raises(NotAllScanned) as missing:
        receiving.receive(session, vault, ref, by=cast.reception, at=later)
    assert "2 of 3 items not scanned: F-2, F-9." in str(missing.value)
    scan("F-2")
    # A package of one item stays closed: the number stands outside.
    scan("S-200")
    scan("F-9")
    with database.writing() as session:
        with pytest.raises(PackagesStillOpen):
            receiving.receive(session, vault, ref, by=cast.reception, at=later)
        with pytest.raises(SealUsed):
            seals.apply_seal(
                session, vault, first.package, number="S-200", by=cast.reception, at=later
            )
        seals.apply_seal(session, vault, first.package, number="N-1", by=cast.reception, at=later)
        assert received.seal_gaps(session) == ()
        receiving.receive(session, vault, ref, by=cast.reception, at=later)

    with database.reading() as session:
        assert session.get_one(Dispatch, ref).state is DispatchState.RECEIVED
        rows = items(session, ref)
        assert {row.state for row in rows} == {ItemState.RECORDED}
        taken = [session.get_one(BoneSampling, row.sampling_ref) for row in rows]
        assert [one.mass_ug for one in taken] == [3_100_000, 2_600_000, 1_000_000]
        waiting = pending_samplings(session, vault)
        assert {(one.case_number, one.field_number, one.seal_number) for one in waiting} == {
            ("031", "F-1", "N-1"), ("031", "F-2", "N-1"), ("032", "F-9", "S-200")
        }  # fmt: skip
        refs = {one.sampling.ref: one.field_number for one in waiting}
        assert received.with_seal_gap(session, refs) == set()
        held = received.held_intervals(session, first.package)
        assert held[0].holder.startswith("outside:")
        assert (held[0].ended_at, held[1].holder) == (held[1].began_at, cast.reception.id)
        tags = [event.tag for event in history(session, f"s:{first.package}")]
        assert tags == [
            Tag.SEALED_PACKAGE_RECEIVED, Tag.SEALED_SEAL_BROKEN, Tag.SEALED_SEAL_APPLIED
        ]  # fmt: skip

    with database.writing() as session:
        for to, refusal in ((cast.reception, SameHands), (cast.technician, NotEntitled)):
            with pytest.raises(refusal):
                receiving.hand_over(session, vault, ref, to=to, by=cast.reception, at=later)
        given = receiving.hand_over(
            session, vault, ref, to=cast.coordinator, by=cast.reception, at=later
        )
        assert given == 5
        assert received.holders_of(session, [first.package]) == {first.package: cast.coordinator.id}
    with database.writing() as session:
        # Opened once more, and nothing follows: the samplings that lie in it tell.
        seals.break_seal(
            session, vault, first.package, reason="to look", witness=cast.reception,
            by=cast.coordinator, at=later,
        )  # fmt: skip
    with database.reading() as session:
        open_now = {refs[one] for one in received.with_seal_gap(session, refs)}
        assert open_now == {"F-1", "F-2"}
        one = next(ref for ref, number in refs.items() if number == "F-1")
        told = [seal.followed_by for seal in received.seals_of_sampling(session, one)]
        assert told == [SealEnd.NEW_SEAL, SealEnd.NONE]


def test_every_discrepancy_keeps_what_it_is_about_out_of_coding_until_two_decide(
    database: Database, arrived: Take, vault: Vault, cast: Cast, at: datetime, settings: Settings,
    intake: str,
) -> None:  # fmt: skip
    files = FileStore(settings.files)
    rows = (
        "A-1,,TR04,041,F-1,femur,,3,1,2026-03-01\nA-2,,TR04,041,F-2,femur,,3,1,2026-03-01\n"
        "A-3,,TR04,041,F-3,femur,,3,1,2026-03-01\nA-4,,TR04,041,F-4,femur,,3,1,2026-03-01\n"
        "A-5,,TR04,041,F-5,femur,,3,1,2026-03-01\nA-6,,TR04,041,F-6,femur,,,1,\n"
    )  # fmt: skip
    by, reason = cast.reception, "the bag is torn at one side"
    with database.writing() as session:
        ref = arrived(session, rows)
        bags = {
            one.seal_number: one.package.ref for one in queries.packages_of(session, vault, ref)
        }
        of = {one.name: one.item.ref for one in queries.items_of(session, vault, ref)}

        def differs(kind: DiscrepancyKind, **more: str) -> str:
            return discrepancies.record_discrepancy(
                session, vault, ref, kind, reason=reason,
                photograph=cases.read_photograph(picture()), files=files, by=by, at=at, **more,
            )  # fmt: skip

        seal = differs(DiscrepancyKind.SEAL, package_ref=bags["A-1"], read="ZZ-1")
        gone = differs(DiscrepancyKind.PACKAGE_MISSING, package_ref=bags["A-2"])
        damaged = differs(DiscrepancyKind.PACKAGE_DAMAGED, package_ref=bags["A-3"])
        lacking = differs(DiscrepancyKind.ITEM_MISSING, item_ref=of["F-5"])
        for text in ("F-1", "F-3", "A-4", "F-4", "A-6", "F-6"):
            receiving.read_at_receiving(session, vault, ref, text, by=by, at=at)
        torn = differs(DiscrepancyKind.ITEM_DAMAGED, item_ref=of["F-4"])
        extra = differs(DiscrepancyKind.ITEM_TOO_MANY, read="F-77")
        receiving.read_at_receiving(session, vault, ref, "A-5", by=by, at=at)
        with pytest.raises(MassNotThere):
            receiving.receive(session, vault, ref, by=by, at=at)
        discrepancies.weigh(session, vault, of["F-6"], mass_ug=900_000, by=by, at=at)
        discrepancies.weigh(session, vault, of["F-3"], mass_ug=3_100_000, by=by, at=at)
        with pytest.raises(MassDiffers):
            discrepancies.weigh(session, vault, of["F-3"], mass_ug=2_000_000, by=by, at=at)
        discrepancies.weigh(
            session, vault, of["F-3"], mass_ug=2_000_000, reason="dried on the way", by=by, at=at
        )
        with pytest.raises(DayNotThere):
            receiving.receive(session, vault, ref, by=by, at=at)
        receiving.receive(session, vault, ref, taken_on=date(2026, 3, 1), by=by, at=at)
        states = {one.name: one.item.state for one in queries.items_of(session, vault, ref)}
        assert states == {
            "F-1": ItemState.SCANNED, "F-2": ItemState.MISSING, "F-3": ItemState.SCANNED,
            "F-4": ItemState.SCANNED, "F-5": ItemState.MISSING, "F-6": ItemState.RECORDED,
        }  # fmt: skip
        seal_row = session.scalars(
            select(PackageSeal).where(PackageSeal.package_ref == bags["A-1"])
        ).one()
        assert vault.key(session, seal_row.key_ref).open(
            seal_row.seal_number, seal_row, "seal_number"
        ) == "ZZ-1"  # fmt: skip
        kept = discrepancies.discrepancy_photograph(session, vault, files, seal)
        assert kept.content == picture()

        # Recorded by hand under the same numbers, it is in quarantine all the same.
        made = cases.found(session, BoneSampling, str(items(session, ref)[5].sampling_ref))
        case_ref = cases.found(session, Item, made.item_ref).case_ref
        by_hand = cases.record_item(
            session, vault, case_ref, field_number="f 4", element="femur", by=by, at=at
        )
        sampling = cases.record_sampling(
            session, vault, by_hand, material=made.material, mass_ug=1000, taken_on=made.taken_on,
            by=by, at=at,
        )  # fmt: skip
        assert received.quarantined_samplings(session, [sampling, made.ref]) == {sampling}
        cases.add_photograph(
            session, vault, files, sampling, cases.read_photograph(picture()), by=by, at=at
        )
        with pytest.raises(InQuarantine):
            cases.code_remains(
                session, vault, [sampling], station=intake, minimum=1, by=cast.coordinator, at=at,
                urgent="the court asks",
            )  # fmt: skip

    with database.writing() as session:

        def decide(which: str, how: Decision, witness: Actor = cast.reception) -> None:
            discrepancies.decide(
                session, vault, which, how, reason="compared with the sender by telephone",
                witness=witness, by=cast.coordinator, at=at,
            )  # fmt: skip

        with pytest.raises(SecondPersonNeeded):
            decide(seal, Decision.USE, cast.coordinator)
        with pytest.raises(AbsentCannotBeUsed):
            decide(gone, Decision.USE)
        decide(seal, Decision.USE)
        with pytest.raises(DecidedBefore):
            decide(seal, Decision.KEEP_OUT)
        for one in (gone, lacking, extra, torn):
            decide(one, Decision.KEEP_OUT)
        decide(damaged, Decision.USE)
        states = {one.name: one.item.state for one in queries.items_of(session, vault, ref)}
        # F-3 has a second discrepancy that is not decided: its mass.
        assert states["F-1"] is ItemState.RECORDED
        assert states["F-3"] is ItemState.SCANNED
        assert states["F-4"] is ItemState.KEPT_OUT
        assert received.quarantined_samplings(session, [sampling]) == {sampling}
        left = session.scalars(select(Discrepancy).where(Discrepancy.decided_at.is_(None))).one()
        assert left.kind is DiscrepancyKind.MASS
        decide(left.ref, Decision.USE)
        assert {one.name: one.item.state for one in queries.items_of(session, vault, ref)}[
            "F-3"
        ] is ItemState.RECORDED


def test_the_database_itself_lets_no_gap_no_second_seal_and_no_lone_decider_stand(
    database: Database, arrived: Take, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        ref = arrived(session)
        receiving.read_at_receiving(session, vault, ref, "S-200", by=cast.reception, at=at)
        thing = packages(session, ref)[1].ref
    later = at + timedelta(hours=1)
    for number, previous, began in ((3, 2, later), (3, 1, later), (1, None, later)):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.add(
                SealedPossession(
                    thing_ref=thing, number=number, previous=previous, holder="u:x",
                    began_at=began, began_event="e", ended_at=None, ended_event=None,
                )
            )  # fmt: skip
    # A seal broken before a witness who is the one who breaks it; one hand that gives and takes.
    for statement in (
        update(PackageSeal)
        .where(PackageSeal.package_ref == thing)
        .values(broken_at=later, broken_by="u:x", witness="u:x"),
        update(Dispatch).where(Dispatch.ref == ref).values(arrived_by=Dispatch.delivered_by),
    ):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.execute(statement)


def test_a_list_of_which_nothing_came_is_cancelled_and_a_right_one_taken_in_its_place(
    database: Database, take: Take, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        ref = take(session)
        dispatches.cancel_dispatch(
            session, vault, ref, reason="the sender mistook the seals", by=cast.reception, at=at
        )
        with pytest.raises(WrongState):
            receiving.arrive(
                session, vault, ref, deliverer=OUTSIDE, receiver_name="R", by=cast.reception, at=at
            )
        with pytest.raises(RowsRefused):
            take(session)
        take(session, again="the first list was cancelled")
        assert {one.state for one in packages(session, ref)} == {PackageState.ANNOUNCED}
        assert session.scalars(select(PackageSeal.followed_by)).all() in ([], [SealEnd.NONE])
