# SPDX-License-Identifier: Apache-2.0
"""Persons, consents and the coding of what donors gave."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from lims.cases.rules import ListTooShort, NotPending, ReasonNeeded, SamplingState
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.core.files import FileStore
from lims.core.sealing import Vault, open_vault
from lims.core.settings import Settings
from lims.custody.queries import blocked
from lims.custody.rules import HoldReason
from lims.identities import operations, queries
from lims.identities.models import Consent, Donor, NameIndex, ReferenceSampling, Relation
from lims.identities.rules import (
    RELATION_WORDS,
    SCOPE_WORDS,
    STANDING_LOOKS,
    ConsentStanding,
    DayInFuture,
    Form,
    NameMissing,
    Names,
    NoConsentToWithdraw,
    NoValidConsent,
    PersonThere,
    RelationKind,
    RelationThere,
    Scope,
    permits_testing,
    standing,
)
from lims.samples.models import Sample
from lims.samples.rules import ExpectedSex, Line, Material, MaterialOfOtherLine
from tests.cast import Cast
from tests.sealed import FAMILY, NUMBER, REASON, Sealed

DAY = date(2026, 3, 10)
TESTING = frozenset({Scope.DNA_TESTING})


def _form(
    days: int = 0, *, scopes: frozenset[Scope] = TESTING, witness: bool = True,
    withdrawn: int | None = None,
) -> Form:  # fmt: skip
    at = None if withdrawn is None else datetime(2026, 3, 10, tzinfo=UTC) + timedelta(withdrawn)
    return Form(DAY + timedelta(days), scopes, witness, at)


@pytest.mark.parametrize(
    ("forms", "found"),
    [
        ([], ConsentStanding.NONE),
        ([_form()], ConsentStanding.VALID),
        ([_form(witness=False)], ConsentStanding.NO_WITNESS),
        ([_form(scopes=frozenset({Scope.COURT}))], ConsentStanding.NO_TESTING),
        ([_form(1)], ConsentStanding.NOT_YET),
        ([_form(-5, withdrawn=-2)], ConsentStanding.WITHDRAWN),
        # The newest form alone counts: the donor has narrowed the consent.
        ([_form(-5), _form(-1, scopes=frozenset({Scope.STORAGE}))], ConsentStanding.NO_TESTING),
        # An older form does not come back to life, whenever it was recorded.
        ([_form(-5, withdrawn=-2), _form(-9)], ConsentStanding.WITHDRAWN),
        ([_form(-5, withdrawn=-2), _form(-1)], ConsentStanding.VALID),
    ],
)
def test_what_consents_come_to(forms: list[Form], found: ConsentStanding) -> None:
    assert standing(forms, today=DAY) is found
    assert permits_testing(found) is (found in (ConsentStanding.VALID, ConsentStanding.NO_WITNESS))


def test_every_relation_scope_and_standing_has_its_words() -> None:
    assert set(RELATION_WORDS) == set(RelationKind)
    assert set(SCOPE_WORDS) == set(Scope)
    assert set(STANDING_LOOKS) == set(ConsentStanding)
    assert len(set(RELATION_WORDS.values())) == len(RelationKind)


def test_without_a_valid_consent_no_reference_of_the_list_enters_the_laboratory(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        cards = sealed.references(session, 3)
        silent = sealed.a_reference(session, donor=sealed.a_donor(session, consents=False))
        narrow_donor = sealed.a_donor(session, consents=False)
        sealed.a_consent(session, narrow_donor, scopes=(Scope.STORAGE, Scope.COURT))
        narrow = sealed.a_reference(session, donor=narrow_donor)
        code = {"station": intake, "minimum": 3, "by": cast.coordinator, "at": at}
        for bare in (silent, narrow):
            with pytest.raises(NoValidConsent) as refused:
                operations.code_references(session, vault, [*cards, bare], **code)
            assert str(refused.value).startswith(
                "No valid consent for donor: sample cannot enter the laboratory."
            )
        assert session.scalar(select(func.count()).select_from(Sample)) == 0
        with pytest.raises(ListTooShort):
            operations.code_references(session, vault, cards[:2], **code)
        listed = operations.code_references(session, vault, cards, **code)
        samples = session.scalars(select(Sample)).all()
        assert {(one.line, one.material, one.expected_sex) for one in samples} == {
            (Line.REFERENCE, Material.BLOOD_CARD, ExpectedSex.FEMALE)
        }
        assert {pair.code for pair in queries.reference_pairs_of_list(session, vault, listed)} == {
            one.code for one in samples
        }
        with pytest.raises(NotPending):
            operations.code_references(session, vault, cards, **code)


def test_a_withdrawal_holds_every_code_of_the_donor_and_takes_the_rest_off_the_list(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        donor = sealed.a_donor(session)
        coded = [sealed.a_reference(session, donor=donor) for _ in range(2)]
        others = sealed.references(session, 2)
        listed = operations.code_references(
            session, vault, coded + others, station=intake, minimum=3, by=cast.coordinator, at=at
        )
        waiting = sealed.a_reference(session, donor=donor)
    with database.writing() as session:
        with pytest.raises(ReasonNeeded):
            operations.withdraw_consent(
                session, vault, donor, reason="", by=cast.coordinator, at=at
            )
        held = operations.withdraw_consent(
            session, vault, donor, reason=REASON, by=cast.coordinator, at=at
        )
        assert held == 2
        with pytest.raises(NoConsentToWithdraw):
            operations.withdraw_consent(
                session, vault, donor, reason=REASON, by=cast.coordinator, at=at
            )
    with database.reading() as session:
        for pair in queries.reference_pairs_of_list(session, vault, listed):
            reasons = [hold.reason for hold in blocked(session, pair.code)]
            expected = [HoldReason.CONSENT] if pair.sampling_ref in coded else []
            assert reasons == expected
        assert session.get_one(ReferenceSampling, waiting).state is SamplingState.WITHDRAWN
        shown = queries.donor(session, vault, donor, today=at.date())
        assert shown.standing is ConsentStanding.WITHDRAWN
        kept = queries.consents_of(session, vault, donor)
        assert [one.withdrawn_because for one in kept] == [REASON]
        assert session.scalar(select(func.count()).select_from(Consent)) == 3


def test_a_person_needs_a_name_and_a_number_of_its_own(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        sealed.a_donor(session, number=NUMBER)
        with pytest.raises(PersonThere):
            sealed.a_donor(session, number=NUMBER.lower())
        with pytest.raises(NameMissing):
            operations.register_missing_person(
                session, vault, Names("  "), number="M-7", by=cast.coordinator, at=at
            )
        assert session.scalar(select(func.count()).select_from(NameIndex)) > 2


def test_a_relation_is_declared_once_and_keeps_its_kind(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        donor, missing = sealed.a_donor(session), sealed.a_missing_person(session)
        sealed.a_relation(session, donor, missing)
        with pytest.raises(RelationThere):
            operations.declare_relation(
                session, vault, donor, missing, RelationKind.MOTHERS_SISTER,
                by=cast.coordinator, at=at,
            )  # fmt: skip
        with pytest.raises(NotFound):
            operations.declare_relation(
                session, vault, donor, "0" * 32, RelationKind.SON, by=cast.coordinator, at=at
            )
        assert [row.kind for row in session.scalars(select(Relation))] == [RelationKind.MOTHER]
        relatives = queries.relations_of_missing(session, vault, missing, today=at.date())
        assert [one.other_ref for one in relatives] == [donor]
        assert [one.other_ref for one in queries.relations_of_donor(session, vault, donor)] == [
            missing
        ]


def test_days_to_come_and_bones_are_refused_of_donors(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    tomorrow = at.date() + timedelta(1)
    with database.writing() as session:
        donor = sealed.a_donor(session)
        with pytest.raises(DayInFuture):
            sealed.a_consent(session, donor, given_on=tomorrow)
        with pytest.raises(DayInFuture):
            operations.record_reference(
                session, vault, donor, material=Material.BUCCAL_SWAB, taken_on=tomorrow,
                by=cast.coordinator, at=at,
            )  # fmt: skip
        with pytest.raises(MaterialOfOtherLine):
            operations.record_reference(
                session, vault, donor, material=Material.BONE, taken_on=at.date(),
                by=cast.coordinator, at=at,
            )  # fmt: skip


def test_an_unknown_code_leads_nowhere(
    database: Database, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        for code in ("B34679CDF", "R34679CDF"):
            with pytest.raises(NotFound):
                operations.resolve_code(
                    session, vault, code, reason=REASON, by=cast.coordinator, at=at
                )
            with pytest.raises(ReasonNeeded):
                operations.resolve_code(
                    session, vault, code, reason="-", by=cast.coordinator, at=at
                )


def test_where_persons_are_stored_plain_an_erasure_overwrites_them(
    database: Database, settings: Settings, cast: Cast, at: datetime
) -> None:
    vault = replace(open_vault(settings), encrypts=False)
    sealed = Sealed(vault, FileStore(settings.files), cast, at)
    with database.writing() as session:
        donor, other = sealed.a_donor(session), sealed.a_donor(session)
        sealed.a_reference(session, donor=donor)
        operations.withdraw_consent(
            session, vault, donor, reason=REASON, by=cast.coordinator, at=at
        )
    with database.writing() as session:
        operations.erase_donor(
            session, vault, donor, after_days=0, witness=cast.quality, by=cast.coordinator, at=at
        )
    with database.reading() as session:
        row = session.get_one(Donor, donor)
        assert {row.given, row.family, row.latin, row.phone, row.number} == {b"\x00"}
        kept = session.scalars(select(Consent).where(Consent.donor_ref == donor)).one()
        assert {kept.witness, kept.withdrawn_because} == {b"\x00"}
        assert session.get_one(Donor, other).family.decode()[1:] == FAMILY
        found = queries.search_persons(session, vault, FAMILY, today=at.date())
        assert [one.donor.ref for one in found.donors] == [other]
