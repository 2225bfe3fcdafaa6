# SPDX-License-Identifier: Apache-2.0
"""Recording persons: the missing, donors, relations, consents, what a donor gave."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases.operations import found, record_sealed
from lims.cases.rules import SamplingState
from lims.core.actors import Actor
from lims.core.sealing import Key, Vault, new_ref
from lims.custody.rules import Tag
from lims.identities.models import (
    Consent,
    Donor,
    MissingPerson,
    NameIndex,
    ReferenceSampling,
    Relation,
)
from lims.identities.queries import (
    BONES_INDEX,
    DONOR_INDEX,
    MISSING_INDEX,
    PART_INDEX,
)
from lims.identities.rules import (
    NAME_FIELDS,
    DayInFuture,
    NameMissing,
    Names,
    PersonThere,
    RelationKind,
    RelationThere,
    Scope,
    search_keys,
)
from lims.samples.rules import Consumption, ExpectedSex, Line, Material, check_material


def register_missing_person(
    session: Session,
    vault: Vault,
    names: Names,
    *,
    number: str,
    by: Actor,
    at: datetime,
    sex: ExpectedSex = ExpectedSex.UNKNOWN,
    birth: str = "",
    circumstances: str = "",
) -> str:
    """Record a missing person under a file number; return the ref. Raises PersonThere."""
    key = vault.new_key(session, at=at)
    person = MissingPerson(
        ref=new_ref(), key_ref=key.ref, number_index=vault.blind(number, MISSING_INDEX), sex=sex,
        recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    person.birth = key.seal(birth.strip(), person, "birth")
    person.circumstances = key.seal(circumstances.strip(), person, "circumstances")
    _keep_person(session, vault, key, person, names, number)
    record_sealed(
        session, key, Tag.SEALED_PERSON_RECORDED, person.ref,
        {
            **_as_facts(names), "number": number, "sex": sex.value, "birth": birth,
            "circumstances": circumstances,
        },
        by=by, at=at,
    )  # fmt: skip
    return person.ref


def register_donor(
    session: Session,
    vault: Vault,
    names: Names,
    *,
    number: str,
    by: Actor,
    at: datetime,
    sex: ExpectedSex = ExpectedSex.UNKNOWN,
    phone: str = "",
    address: str = "",
    notes: str = "",
) -> str:
    """Record a donor under a file number; return the ref. Raises PersonThere."""
    key = vault.new_key(session, at=at)
    donor = Donor(
        ref=new_ref(), key_ref=key.ref, number_index=vault.blind(number, DONOR_INDEX), sex=sex,
        recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    words = {"phone": phone.strip(), "address": address.strip(), "notes": notes.strip()}
    for column, text in words.items():
        setattr(donor, column, key.seal(text, donor, column))
    _keep_person(session, vault, key, donor, names, number)
    record_sealed(
        session, key, Tag.SEALED_DONOR_RECORDED, donor.ref,
        {**_as_facts(names), **words, "number": number, "sex": sex.value}, by=by, at=at,
    )  # fmt: skip
    return donor.ref


def declare_relation(
    session: Session,
    vault: Vault,
    donor_ref: str,
    missing_ref: str,
    kind: RelationKind,
    *,
    by: Actor,
    at: datetime,
) -> str:
    """Record what a donor declares to be to a missing person. Raises NotFound, RelationThere."""
    donor = found(session, Donor, donor_ref)
    person = found(session, MissingPerson, missing_ref)
    relation = Relation(
        ref=new_ref(), donor_ref=donor.ref, missing_ref=person.ref, kind=kind, declared_at=at,
        declared_by=by.id,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(relation)
            session.flush()
    except IntegrityError:
        raise RelationThere() from None
    record_sealed(
        session, vault.key(session, donor.key_ref), Tag.SEALED_RELATION_DECLARED, relation.ref,
        {"donor": donor.ref, "missing": person.ref, "kind": kind.value}, by=by, at=at,
    )  # fmt: skip
    return relation.ref


def record_consent(
    session: Session,
    vault: Vault,
    donor_ref: str,
    *,
    version: str,
    language: str,
    scopes: Collection[Scope],
    given_on: date,
    by: Actor,
    at: datetime,
    witness: str = "",
) -> str:
    """Record a form that a donor signed on a day; return its ref. Raises NotFound, DayInFuture."""
    if given_on > at.date():
        raise DayInFuture()
    donor = found(session, Donor, donor_ref, lock=True)
    key = vault.key(session, donor.key_ref)
    consent = Consent(
        ref=new_ref(), key_ref=key.ref, donor_ref=donor.ref, version=version.strip(),
        language=language.strip(), scopes=sorted(scope.value for scope in set(scopes)),
        given_on=given_on, recorded_at=at, recorded_by=by.id, withdrawn_at=None, withdrawn_by="",
    )  # fmt: skip
    consent.witness = key.seal(witness.strip(), consent, "witness")
    consent.withdrawn_because = key.seal("", consent, "withdrawn_because")
    session.add(consent)
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_CONSENT_RECORDED, consent.ref,
        {
            "donor": donor.ref, "version": version, "language": language, "witness": witness,
            "scopes": ", ".join(consent.scopes), "given_on": given_on.isoformat(),
        },
        by=by, at=at,
    )  # fmt: skip
    return consent.ref


def record_reference(
    session: Session,
    vault: Vault,
    donor_ref: str,
    *,
    material: Material,
    taken_on: date,
    by: Actor,
    at: datetime,
    expected_sex: ExpectedSex | None = None,
    taken_by: str = "",
    seal_number: str = "",
    consumption: Consumption = Consumption.FREE,
) -> str:
    """Record a blood card or swab of a donor; return its ref. The sex is the donor's unless given.

    Raises NotFound, MaterialOfOtherLine, DayInFuture.
    """
    check_material(material, Line.REFERENCE)
    if taken_on > at.date():
        raise DayInFuture()
    donor = found(session, Donor, donor_ref)
    key = vault.key(session, donor.key_ref)
    sampling = ReferenceSampling(
        ref=new_ref(), key_ref=key.ref, donor_ref=donor.ref, material=material,
        expected_sex=expected_sex or donor.sex, consumption=consumption, taken_on=taken_on,
        state=SamplingState.PENDING,
        withdrawn_at=None, recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    sampling.taken_by = key.seal(taken_by.strip(), sampling, "taken_by")
    sampling.seal_number = key.seal(seal_number.strip(), sampling, "seal_number")
    session.add(sampling)
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_DONOR_CHANGED, sampling.ref,
        {
            "donor": donor.ref, "material": material.value, "taken_on": taken_on.isoformat(),
            "taken_by": taken_by, "seal_number": seal_number,
            "expected_sex": sampling.expected_sex.value, "consumption": consumption.value,
        },
        by=by, at=at,
    )  # fmt: skip
    return sampling.ref


def _keep_person(
    session: Session,
    vault: Vault,
    key: Key,
    person: MissingPerson | Donor,
    names: Names,
    number: str,
) -> None:
    if not names.given.strip():
        raise NameMissing()
    person.number = key.seal(number.strip(), person, "number")
    for column in NAME_FIELDS:
        setattr(person, column, key.seal(getattr(names, column).strip(), person, column))
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:
        raise PersonThere() from None
    is_missing = isinstance(person, MissingPerson)
    indexed: set[bytes] = set()
    for column in NAME_FIELDS:
        for part, bones in search_keys(getattr(names, column)):
            indexed.add(vault.blind(part, PART_INDEX))
            if bones:
                indexed.add(vault.blind(bones, BONES_INDEX))
    session.add_all(
        NameIndex(
            part=part, missing_ref=person.ref if is_missing else None,
            donor_ref=None if is_missing else person.ref,
        )
        for part in sorted(indexed)
    )  # fmt: skip
    session.flush()


def _as_facts(names: Names) -> dict[str, str | int]:
    return {column: getattr(names, column) for column in NAME_FIELDS}
