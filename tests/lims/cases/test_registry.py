# SPDX-License-Identifier: Apache-2.0
"""Items and their corrections, numbers of others, and whose remains they are."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from lims.cases import operations as cases
from lims.cases import queries
from lims.cases.models import Assignment, IndividualDecision, Item
from lims.cases.rules import (
    AgeRefused,
    AlreadySo,
    BoneSex,
    Completeness,
    Condition,
    DecidedAgain,
    DecisionKind,
    ElementNotListed,
    EvidenceNeeded,
    ItemChanged,
    ItemFacts,
    NothingChanged,
    NothingChosen,
    NumberEmpty,
    NumberKind,
    NumberTaken,
    NumberThere,
    NumberWithdrawn,
    OneIndividual,
    ReasonNeeded,
    SecondPersonMissing,
    Segment,
)
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.core.sealing import Vault
from lims.custody.queries import recent
from lims.samples.rules import MassMissing, Side
from tests.cast import Cast
from tests.sealed import Sealed

EVIDENCE = "both fit at the same joint, report A-7"


def test_an_item_is_corrected_by_new_versions_and_every_earlier_word_stays(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        ref = sealed.an_item(session)
        other = sealed.an_item(session)
        case = session.get_one(Item, ref).case_ref
        before = queries.versions_of(session, vault, ref)[0].facts
        after = ItemFacts(
            "WZ-9", "tibia", Side.RIGHT, Segment.DISTAL_THIRD, Condition.WORN,
            BoneSex.PROBABLY_MALE, 18, 25, Completeness.HALF, 212_500_000, "two pieces",
        )  # fmt: skip
        by = {"by": cast.reception, "at": at}

        def correct(facts: ItemFacts, reason: str = "measured again", seen: int = 1) -> int:
            return cases.correct_item(session, vault, ref, facts, seen=seen, reason=reason, **by)

        with pytest.raises(NothingChanged, match="Nothing is different"):
            correct(before)
        with pytest.raises(ReasonNeeded):
            correct(after, reason=" . ")
        with pytest.raises(AgeRefused, match="from 40 to 30 years"):
            correct(ItemFacts("1", age_from=40, age_to=30))
        with pytest.raises(AgeRefused, match="from 121 to –"):
            correct(ItemFacts("1", age_from=121))
        with pytest.raises(MassMissing):
            correct(ItemFacts("1", mass_ug=0))
        with pytest.raises(ElementNotListed):
            correct(ItemFacts("1", element="arm of Mustafa"))
        with pytest.raises(NumberEmpty, match="no letter and no figure"):
            correct(ItemFacts(" – "))
        assert correct(after) == 2
        with pytest.raises(ItemChanged, match="by somebody else"):
            correct(before)
        cases.record_item(session, vault, case, field_number="WZ-10", **by)
        with pytest.raises(NumberThere):
            correct(ItemFacts("wz ١٠"), seen=2)
        assert correct(before, reason="it was right before", seen=2) == 3
        shown = queries.versions_of(session, vault, ref)
        assert [(one.number, one.reason) for one in shown] == [
            (3, "it was right before"), (2, "measured again"), (1, ""),
        ]  # fmt: skip
        assert (shown[1].facts, shown[2].facts) == (after, before)
        assert set(shown[1].changed) == set(after.as_json())
        assert shown[2].changed == ()
        assert queries.item(session, vault, ref).field_number == before.field_number
        assert len(queries.versions_of(session, vault, other)) == 1


def test_a_thing_is_found_by_every_number_it_has_however_it_is_written(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        ref, other = sealed.an_item(session), sealed.an_item(session)
        bone = sealed.a_bone(session, item=ref)
        case = session.get_one(Item, ref).case_ref
        by = {"by": cast.reception, "at": at}

        def give(thing: str, number: str, kind: NumberKind, issuer: str = "") -> str:
            return cases.give_number(
                session, vault, thing, kind=kind, number=number, issuer=issuer, **by
            )

        mortuary = give(ref, "MO-12 / 7", NumberKind.MORTUARY, "Central Mortuary")
        give(ref, "MO-12 / 7", NumberKind.MORTUARY, "Mortuary of the North")
        give(bone, "XLAB_0042", NumberKind.LABORATORY, "Partner")
        give(case, "C-5", NumberKind.OTHER, "Court")
        with pytest.raises(NumberTaken, match="same kind, same issuer"):
            give(other, "mo ١٢/٧", NumberKind.MORTUARY, "central  mortuary")
        with pytest.raises(NumberEmpty):
            give(ref, "--", NumberKind.OTHER)
        with pytest.raises(NotFound):
            give("0" * 32, "1", NumberKind.OTHER)

        def found(text: str) -> tuple[int, int, int]:
            shown = queries.find(session, vault, text)
            return len(shown.cases), len(shown.items), len(shown.samplings)

        for text in ("MO-12/7", "mo12/7", "MO 12 – ٧".replace("–", "/"), "\u200fMO‑12/7"):
            assert found(text) == (0, 1, 0), text
        assert found("xlab_0042") == (0, 0, 1)
        assert found("c5") == (1, 0, 0)
        assert found("MO-12-7") == (0, 0, 0)
        assert found("-") == (0, 0, 0)
        assert found("SEAL 90417") == (0, 0, 1)
        number = queries.item(session, vault, ref).field_number
        assert found(number.replace("-", " ").lower()) == (0, 1, 0)

        with pytest.raises(ReasonNeeded):
            cases.withdraw_number(session, vault, mortuary, reason="", **by)
        assert cases.withdraw_number(session, vault, mortuary, reason="of another", **by) == ref
        with pytest.raises(NumberWithdrawn):
            cases.withdraw_number(session, vault, mortuary, reason="of another", **by)
        give(other, "MO-12/7", NumberKind.MORTUARY, "Central Mortuary")
        kept = queries.numbers_of(session, vault, [ref])[ref]
        assert {(one.issuer, one.withdrawn_because) for one in kept} == {
            ("Central Mortuary", "of another"), ("Mortuary of the North", ""),
        }  # fmt: skip


def test_of_one_number_given_twice_the_database_keeps_one(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        first, second = sealed.an_item(session), sealed.an_item(session)
        for thing in (first, second):
            number = {"kind": NumberKind.OTHER, "number": f"N-{thing[:4]}"}
            cases.give_number(session, vault, thing, **number, by=cast.reception, at=at)
        rows = [queries.numbers_of(session, vault, [one])[one][0].row for one in (first, second)]
        rows[1].identity_index = rows[0].identity_index
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_a_case_of_two_people_is_split_and_two_cases_of_one_person_are_joined_and_all_is_undone(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    by = {"witness": cast.reception, "by": cast.coordinator}
    words = {"reason": "two left femora", "evidence": EVIDENCE}
    with database.writing() as session:
        site = sealed.a_site(session)
        one, far = sealed.an_item(session, site=site), sealed.an_item(session, site=site)
        case, far_case = (session.get_one(Item, ref).case_ref for ref in (one, far))
        two = cases.record_item(
            session, vault, case, field_number="second", by=cast.reception, at=at
        )
        bone = sealed.a_bone(session, item=two)

        def later(hours: int) -> datetime:
            return at + timedelta(hours=hours)

        split = cases.decide(session, vault, {one: "new1", two: "new2"}, **words, **by, at=later(1))
        a, b = queries.individuals_of_case(session, case)
        assert [(who.number) for who in (a, b)] == [1, 2]
        assert queries.assigned(session, [one, two, bone]) == {one: a, two: b, bone: b}
        # What was taken of a mixed item can be somebody else's.
        alone = cases.decide(session, vault, {bone: a.ref}, **words, **by, at=later(2))
        assert queries.assigned(session, [two, bone]) == {two: b, bone: a}
        # Another case is the first individual too: many cases, one person.
        apart = cases.decide(session, vault, {far: "new1"}, **words, **by, at=later(3))
        c = queries.individuals_of_case(session, far_case)[0]
        joined = cases.join(session, vault, [c.ref], into=a.ref, **words, **by, at=later(4))
        shown = queries.individual(session, vault, a.ref)
        assert {item.item.ref for item in shown.items} == {one, far}
        assert {sampling.sampling.ref for sampling in shown.samplings} == {bone}
        assert {where.case.ref for where in shown.cases} == {case, far_case}
        assert queries.individual(session, vault, c.ref).items == ()
        left = queries.individual(session, vault, c.ref).decisions
        assert [made.decision.kind for made in left] == [
            DecisionKind.JOINED, DecisionKind.ASSIGNED,
        ]  # fmt: skip
        assert shown.decisions[0].evidence == EVIDENCE

        # As it was known: nothing was rewritten.
        assert queries.individuals_of_case(session, case, on=at) == ()
        assert queries.assigned(session, [one, two, bone, far], on=later(1)) == {
            one: a, two: b, bone: b,
        }  # fmt: skip
        assert queries.assigned(session, [far], on=later(3)) == {far: c}
        before = queries.individual(session, vault, a.ref, on=later(1))
        assert ({item.item.ref for item in before.items}, before.samplings) == ({one}, ())
        assert len(before.decisions) == 1

        with pytest.raises(DecidedAgain, match="later decision"):
            cases.undo_decision(session, vault, apart, **words, **by, at=later(5))
        for made in (joined, alone, split):
            cases.undo_decision(session, vault, made, **words, **by, at=later(6))
        assert queries.assigned(session, [one, two, bone, far]) == {far: c}
        assert queries.individuals_of_case(session, case) == ()
        undone = queries.decisions_of_case(session, vault, case)
        assert [one.undone for one in undone if one.decision.ref in (split, alone)] == [True, True]
        rows = session.scalar(select(func.count()).select_from(Assignment))
        assert rows == 2 * (2 + 1 + 1) + 1

    with database.reading() as session:
        events = [event for event in recent(session, limit=200)
                  if str(event.tag).startswith("sealed:individual")]  # fmt: skip
        assert len(events) == 3 + 4 + 3
        assert all(set(event.content) == {"commitment"} for event in events)
        assert len({event.stream for event in events}) == len(events)


def test_a_decision_needs_things_evidence_a_reason_and_a_second_person(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    by = {"witness": cast.reception, "by": cast.coordinator, "at": at}
    words = {"reason": "two left femora", "evidence": EVIDENCE}
    with database.writing() as session:
        item = sealed.an_item(session)
        first = cases.decide(session, vault, {item: "new1"}, **words, **by)
        who = queries.assigned(session, [item])[item]
        with pytest.raises(AlreadySo, match="already"):
            cases.decide(session, vault, {item: who.ref}, **words, **by)
        with pytest.raises(NothingChosen, match="Nothing was chosen"):
            cases.decide(session, vault, {}, **words, **by)
        with pytest.raises(NotFound):
            cases.decide(session, vault, {"0" * 32: who.ref}, **words, **by)
        with pytest.raises(NotFound):
            cases.decide(session, vault, {item: "0" * 32}, **words, **by)
        with pytest.raises(ReasonNeeded):
            cases.decide(session, vault, {item: None}, **{**words, "reason": "x"}, **by)
        with pytest.raises(EvidenceNeeded, match="evidence in words"):
            cases.decide(session, vault, {item: None}, **{**words, "evidence": " "}, **by)
        alone = {**by, "witness": cast.coordinator}
        with pytest.raises(SecondPersonMissing, match="A second person must confirm"):
            cases.decide(session, vault, {item: None}, **words, **alone)
        with pytest.raises(OneIndividual, match="two different"):
            cases.join(session, vault, [who.ref], into=who.ref, **words, **by)
        # What the operation refuses, the database refuses by itself.
        alike = update(IndividualDecision).values(witness=IndividualDecision.decided_by)
        with pytest.raises(DatabaseError), session.begin_nested():
            session.execute(alike.where(IndividualDecision.ref == first))
        cases.decide(session, vault, {item: None}, **words, **by)
        assert queries.assigned(session, [item]) == {}
        assert queries.individual_numbered(session, who.number).ref == who.ref
        assert who in queries.individuals(session)
        assert who not in queries.individuals(session, before=who.number)
