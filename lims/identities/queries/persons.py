# SPDX-License-Identifier: Apache-2.0
"""Reading persons: opened with the person's key, for the coordinator alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from lims.cases.queries import Pair, waiting_codes
from lims.cases.rules import SamplingState
from lims.core.errors import NotFound
from lims.core.sealing import Key, Vault
from lims.identities.models import (
    Consent,
    Donor,
    MissingPerson,
    NameIndex,
    ReferenceCoding,
    ReferenceSampling,
    Relation,
)
from lims.identities.rules import (
    NAME_FIELDS,
    ConsentStanding,
    Form,
    Names,
    Scope,
    search_keys,
    standing,
)

PAGE = 50
MISSING_INDEX, DONOR_INDEX = "missing_person.number", "donor.number"
PART_INDEX, BONES_INDEX = "name_index.part", "name_index.consonants"
CODE_INDEX = "reference_coding.code"


@dataclass(frozen=True)
class MissingShown:
    """A missing person, opened."""

    person: MissingPerson
    number: str
    names: Names
    birth: str
    circumstances: str


@dataclass(frozen=True)
class DonorShown:
    """A donor, opened, with what the consents come to today."""

    donor: Donor
    number: str
    names: Names
    phone: str
    address: str
    notes: str
    standing: ConsentStanding


@dataclass(frozen=True)
class ConsentShown:
    """A consent, opened."""

    consent: Consent
    witness: str
    withdrawn_because: str


@dataclass(frozen=True)
class RelationShown:
    """A relation with the person at its other end."""

    relation: Relation
    number: str
    names: Names
    other_ref: str


@dataclass(frozen=True)
class ReferenceShown:
    """A reference sampling, opened, with its donor."""

    sampling: ReferenceSampling
    donor: DonorShown
    taken_by: str
    seal_number: str


def missing_person(session: Session, vault: Vault, ref: str) -> MissingShown:
    """Return one missing person. Raises NotFound, Erased."""
    row = session.get(MissingPerson, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    return _missing(row, vault.key(session, row.key_ref))


def donor(session: Session, vault: Vault, ref: str, *, today: date) -> DonorShown:
    """Return one donor. Raises NotFound, Erased."""
    row = session.get(Donor, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    vault.key(session, row.key_ref)
    return _donors(session, vault, [row], today=today)[0]


def newest_missing(session: Session, vault: Vault, *, limit: int = PAGE) -> list[MissingShown]:
    """Return the missing persons recorded last."""
    rows = session.scalars(
        select(MissingPerson)
        .order_by(MissingPerson.recorded_at.desc(), MissingPerson.ref)
        .limit(limit)
    ).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    return [_missing(row, keys[row.key_ref]) for row in rows if row.key_ref in keys]


def newest_donors(
    session: Session, vault: Vault, *, today: date, limit: int = PAGE
) -> list[DonorShown]:
    """Return the donors recorded last."""
    rows = session.scalars(
        select(Donor).order_by(Donor.recorded_at.desc(), Donor.ref).limit(limit)
    ).all()
    return _donors(session, vault, rows, today=today)


@dataclass(frozen=True)
class Persons:
    """What a search found."""

    missing: tuple[MissingShown, ...]
    donors: tuple[DonorShown, ...]


def search_persons(session: Session, vault: Vault, asked: str, *, today: date) -> Persons:
    """Return persons by file number, or by name: every part asked for must fit.

    Names are compared as `core.spelling` does, Latin ones by their consonants too.
    """
    parts = search_keys(asked)
    missing: ColumnElement[bool] = MissingPerson.number_index == vault.blind(asked, MISSING_INDEX)
    donors: ColumnElement[bool] = Donor.number_index == vault.blind(asked, DONOR_INDEX)
    if parts:
        named_missing = [MissingPerson.ref.in_(_having(vault, part, "missing")) for part in parts]
        named_donor = [Donor.ref.in_(_having(vault, part, "donor")) for part in parts]
        missing = missing | _all(named_missing)
        donors = donors | _all(named_donor)
    found = session.scalars(
        select(MissingPerson).where(missing).order_by(MissingPerson.ref).limit(PAGE)
    ).all()
    keys = vault.keys(session, {row.key_ref for row in found})
    given = session.scalars(select(Donor).where(donors).order_by(Donor.ref).limit(PAGE)).all()
    return Persons(
        tuple(_missing(row, keys[row.key_ref]) for row in found if row.key_ref in keys),
        tuple(_donors(session, vault, given, today=today)),
    )


def relations_of_donor(session: Session, vault: Vault, ref: str) -> tuple[RelationShown, ...]:
    """Return what a donor declared, with the missing persons."""
    rows = session.execute(
        select(Relation, MissingPerson)
        .join(MissingPerson, MissingPerson.ref == Relation.missing_ref)
        .where(Relation.donor_ref == ref)
        .order_by(Relation.declared_at)
    ).all()
    keys = vault.keys(session, {person.key_ref for _, person in rows})
    shown = [(relation, _missing(person, keys[person.key_ref])) for relation, person in rows
             if person.key_ref in keys]  # fmt: skip
    return tuple(
        RelationShown(relation, other.number, other.names, other.person.ref)
        for relation, other in shown
    )


def relations_of_missing(
    session: Session, vault: Vault, ref: str, *, today: date
) -> tuple[RelationShown, ...]:
    """Return the donors of a missing person, with what each declared."""
    rows = session.execute(
        select(Relation, Donor)
        .join(Donor, Donor.ref == Relation.donor_ref)
        .where(Relation.missing_ref == ref)
        .order_by(Relation.declared_at)
    ).all()
    opened = {
        one.donor.ref: one
        for one in _donors(session, vault, [giver for _, giver in rows], today=today)
    }
    return tuple(
        RelationShown(relation, opened[giver.ref].number, opened[giver.ref].names, giver.ref)
        for relation, giver in rows
        if giver.ref in opened
    )


def relations_declared(session: Session, donor_refs: Collection[str]) -> dict[str, Relation]:
    """Return the first relation that each donor declared."""
    rows = session.scalars(
        select(Relation)
        .where(Relation.donor_ref.in_(donor_refs))
        .order_by(Relation.declared_at.desc())
    )
    return {row.donor_ref: row for row in rows}


def consents_of(session: Session, vault: Vault, donor_ref: str) -> tuple[ConsentShown, ...]:
    """Return a donor's consents, the newest first."""
    rows = session.scalars(
        select(Consent)
        .where(Consent.donor_ref == donor_ref)
        .order_by(Consent.given_on.desc(), Consent.recorded_at.desc())
    ).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    return tuple(
        ConsentShown(
            row, keys[row.key_ref].open(row.witness, row, "witness"),
            keys[row.key_ref].open(row.withdrawn_because, row, "withdrawn_because"),
        )
        for row in rows
        if row.key_ref in keys
    )  # fmt: skip


def standings(
    session: Session, vault: Vault, donor_refs: Collection[str], *, today: date
) -> dict[str, ConsentStanding]:
    """Return what the consents of donors come to on a day."""
    rows = session.scalars(select(Consent).where(Consent.donor_ref.in_(donor_refs))).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    forms: dict[str, list[Form]] = {ref: [] for ref in donor_refs}
    for row in rows:
        if row.key_ref in keys:
            forms[row.donor_ref].append(
                Form(
                    given_on=row.given_on,
                    scopes=frozenset(Scope(scope) for scope in row.scopes),
                    has_witness=bool(keys[row.key_ref].open(row.witness, row, "witness")),
                    withdrawn_at=row.withdrawn_at,
                )
            )
    return {ref: standing(of, today=today) for ref, of in forms.items()}


def pending_references(
    session: Session, vault: Vault, *, today: date
) -> tuple[ReferenceShown, ...]:
    """Return the reference samplings that wait for their code, the oldest first."""
    return _references(
        session, vault, ReferenceSampling.state == SamplingState.PENDING, today=today
    )


def references_of_donor(
    session: Session, vault: Vault, donor_ref: str, *, today: date
) -> tuple[ReferenceShown, ...]:
    """Return what a donor gave."""
    return _references(session, vault, ReferenceSampling.donor_ref == donor_ref, today=today)


def references(
    session: Session, vault: Vault, refs: Collection[str], *, today: date
) -> tuple[ReferenceShown, ...]:
    """Return some reference samplings."""
    return _references(session, vault, ReferenceSampling.ref.in_(refs), today=today)


def reference_pairs_of_list(session: Session, vault: Vault, list_ref: str) -> tuple[Pair, ...]:
    """Return the reference samplings of a list with their codes."""
    return _pairs(session, vault, ReferenceCoding.list_ref == list_ref)


def pairs_of_references(session: Session, vault: Vault, refs: Collection[str]) -> tuple[Pair, ...]:
    """Return reference samplings with the codes they were given."""
    return _pairs(session, vault, ReferenceCoding.sampling_ref.in_(refs))


def counts(session: Session) -> tuple[int, int]:
    """Return how many missing persons and donors are recorded."""
    return (
        session.scalar(select(func.count()).select_from(MissingPerson)) or 0,
        session.scalar(select(func.count()).select_from(Donor)) or 0,
    )


def _pairs(session: Session, vault: Vault, which: ColumnElement[bool]) -> tuple[Pair, ...]:
    codings = session.scalars(select(ReferenceCoding).where(which)).all()
    keys = vault.keys(session, {one.key_ref for one in codings})
    opened = {
        one.sampling_ref: keys[one.key_ref].open(one.code, one, "code")
        for one in codings
        if one.key_ref in keys
    }
    waiting = waiting_codes(session, set(opened.values()))
    return tuple(Pair(ref, code, code not in waiting) for ref, code in opened.items())


def _references(
    session: Session, vault: Vault, which: ColumnElement[bool], *, today: date
) -> tuple[ReferenceShown, ...]:
    rows = session.execute(
        select(ReferenceSampling, Donor)
        .join(Donor, Donor.ref == ReferenceSampling.donor_ref)
        .where(which)
        .order_by(ReferenceSampling.recorded_at, ReferenceSampling.ref)
        .limit(10 * PAGE)
    ).all()
    givers = {giver.ref: giver for _, giver in rows}
    opened = {
        one.donor.ref: one for one in _donors(session, vault, list(givers.values()), today=today)
    }
    keys = vault.keys(session, {taken.key_ref for taken, _ in rows})
    return tuple(
        ReferenceShown(
            taken, opened[giver.ref],
            keys[taken.key_ref].open(taken.taken_by, taken, "taken_by"),
            keys[taken.key_ref].open(taken.seal_number, taken, "seal_number"),
        )
        for taken, giver in rows
        if giver.ref in opened
    )  # fmt: skip


def _having(vault: Vault, part: tuple[str, str], of: str) -> Select[str | None]:
    written, bones = part
    wanted = [vault.blind(written, PART_INDEX)]
    if bones:
        wanted.append(vault.blind(bones, BONES_INDEX))
    column = NameIndex.missing_ref if of == "missing" else NameIndex.donor_ref
    return select(column).where(NameIndex.part.in_(wanted), column.is_not(None))


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    joined = conditions[0]
    for one in conditions[1:]:
        joined = joined & one
    return joined


def _names(row: MissingPerson | Donor, key: Key) -> Names:
    return Names(**{field: key.open(getattr(row, field), row, field) for field in NAME_FIELDS})


def _missing(row: MissingPerson, key: Key) -> MissingShown:
    return MissingShown(
        row, key.open(row.number, row, "number"), _names(row, key),
        key.open(row.birth, row, "birth"), key.open(row.circumstances, row, "circumstances"),
    )  # fmt: skip


def _donors(
    session: Session, vault: Vault, rows: Sequence[Donor], *, today: date
) -> list[DonorShown]:
    keys = vault.keys(session, {row.key_ref for row in rows})
    found = standings(session, vault, [row.ref for row in rows], today=today)
    shown = []
    for row in rows:
        key = keys.get(row.key_ref)
        if key is None:
            continue
        shown.append(
            DonorShown(
                row, key.open(row.number, row, "number"), _names(row, key),
                key.open(row.phone, row, "phone"), key.open(row.address, row, "address"),
                key.open(row.notes, row, "notes"), found[row.ref],
            )
        )  # fmt: skip
    return shown
