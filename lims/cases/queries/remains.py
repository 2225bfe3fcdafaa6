# SPDX-License-Identifier: Apache-2.0
"""Reading remains: opened with the record's key, for whoever may see them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from lims.cases.models import BoneCoding, BoneSampling, Case, CodingList, Item, Resolution, Site
from lims.cases.queries.numbers import CASE_INDEX, ITEM_INDEX, SEAL_INDEX, number_blind
from lims.cases.rules import SamplingState
from lims.core.errors import NotFound
from lims.core.sealing import Vault
from lims.core.spelling import number_key
from lims.printing.models import LabelInstance
from lims.printing.rules import PENDING

PAGE = 50


@dataclass(frozen=True)
class SiteShown:
    """A recovery site, opened."""

    site: Site
    code: str
    name: str
    coordinates: str
    number_pattern: str
    cases: int = 0


@dataclass(frozen=True)
class CaseShown:
    """A case, opened."""

    case: Case
    number: str
    description: str
    site_code: str


@dataclass(frozen=True)
class SamplingShown:
    """A sampling, opened, with where it comes from."""

    sampling: BoneSampling
    item_ref: str
    case_ref: str
    site_code: str
    case_number: str
    field_number: str
    segment: str
    taken_by: str
    seal_number: str
    withdrawn_because: str


@dataclass(frozen=True)
class ItemShown:
    """A recovered item, opened, with what was taken of it."""

    item: Item
    field_number: str
    description: str
    samplings: tuple[SamplingShown, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A sampling and the code it was given: for the coordinator's eyes only."""

    sampling_ref: str
    code: str
    verified: bool


def sites(session: Session, vault: Vault) -> tuple[SiteShown, ...]:
    """Return every site, by its code."""
    counts = dict(
        session.execute(select(Case.site_ref, func.count()).group_by(Case.site_ref)).all()
    )
    rows = session.scalars(select(Site)).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown = [
        _site(vault, session, row, counts.get(row.ref, 0)) for row in rows if row.key_ref in keys
    ]
    return tuple(sorted(shown, key=lambda one: one.code))


def site(session: Session, vault: Vault, ref: str) -> SiteShown:
    """Return one site. Raises NotFound, Erased."""
    row = session.get(Site, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    return _site(vault, session, row, 0)


def _site(vault: Vault, session: Session, row: Site, count: int) -> SiteShown:
    key = vault.key(session, row.key_ref)
    return SiteShown(
        row, key.open(row.code, row, "code"), key.open(row.name, row, "name"),
        key.open(row.coordinates, row, "coordinates"),
        key.open(row.number_pattern, row, "number_pattern"), count,
    )  # fmt: skip


def cases(
    session: Session,
    vault: Vault,
    *,
    site_ref: str = "",
    number: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = PAGE,
) -> tuple[CaseShown, ...]:
    """Return cases, newest first: of a site, or with a number, or all; after `before`."""
    asked = select(Case).order_by(Case.opened_at.desc(), Case.ref.desc()).limit(limit)
    if site_ref:
        asked = asked.where(Case.site_ref == site_ref)
    if number:
        asked = asked.where(Case.number_index == number_blind(vault, number, CASE_INDEX))
    if before is not None:
        asked = asked.where(tuple_(Case.opened_at, Case.ref) < tuple_(*before))
    return _cases(session, vault, session.scalars(asked).all())


def case(session: Session, vault: Vault, ref: str) -> CaseShown:
    """Return one case. Raises NotFound."""
    row = session.get(Case, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    vault.key(session, row.key_ref)
    return _cases(session, vault, [row])[0]


def _cases(session: Session, vault: Vault, rows: Sequence[Case]) -> tuple[CaseShown, ...]:
    keys = vault.keys(session, {row.key_ref for row in rows})
    at = {
        row.ref: row
        for row in session.scalars(select(Site).where(Site.ref.in_({r.site_ref for r in rows})))
    }
    shown = []
    for row in rows:
        if row.key_ref not in keys:
            continue
        key, where = keys[row.key_ref], at[row.site_ref]
        shown.append(
            CaseShown(
                row, key.open(row.number, row, "number"),
                key.open(row.description, row, "description"),
                key.open(where.code, where, "code"),
            )
        )  # fmt: skip
    return tuple(shown)


def cases_of(session: Session, vault: Vault, refs: Collection[str]) -> tuple[CaseShown, ...]:
    """Return some cases, the newest first."""
    rows = session.scalars(
        select(Case).where(Case.ref.in_(refs)).order_by(Case.opened_at.desc(), Case.ref.desc())
    ).all()
    return _cases(session, vault, rows)


def items_of_case(
    session: Session,
    vault: Vault,
    case_ref: str,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 10 * PAGE,
) -> tuple[ItemShown, ...]:
    """Return the items of a case, as they were recorded, with their samplings; after `after`."""
    asked = (
        select(Item)
        .where(Item.case_ref == case_ref)
        .order_by(Item.recorded_at, Item.ref)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(tuple_(Item.recorded_at, Item.ref) > tuple_(*after))
    return _items(session, vault, session.scalars(asked).all())


def items_of(session: Session, vault: Vault, refs: Collection[str]) -> tuple[ItemShown, ...]:
    """Return some items with their samplings, the oldest first."""
    return _items(session, vault, session.scalars(
        select(Item).where(Item.ref.in_(refs)).order_by(Item.recorded_at, Item.ref)
    ).all())  # fmt: skip


def item(session: Session, vault: Vault, ref: str) -> ItemShown:
    """Return one item with its samplings. Raises NotFound, Erased."""
    row = session.get(Item, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    vault.key(session, row.key_ref)
    return _items(session, vault, [row])[0]


def _items(session: Session, vault: Vault, rows: Sequence[Item]) -> tuple[ItemShown, ...]:
    taken: dict[str, list[SamplingShown]] = {}
    if rows:
        for one in _samplings(session, vault, BoneSampling.item_ref.in_([row.ref for row in rows])):
            taken.setdefault(one.item_ref, []).append(one)
    keys = vault.keys(session, {row.key_ref for row in rows})
    return tuple(
        ItemShown(
            row,
            keys[row.key_ref].open(row.field_number, row, "field_number"),
            keys[row.key_ref].open(row.description, row, "description"),
            tuple(taken.get(row.ref, ())),
        )
        for row in rows
        if row.key_ref in keys
    )


def pending_samplings(session: Session, vault: Vault) -> tuple[SamplingShown, ...]:
    """Return what waits for its code, the oldest first."""
    return _samplings(session, vault, BoneSampling.state == SamplingState.PENDING)


def samplings(session: Session, vault: Vault, refs: Collection[str]) -> tuple[SamplingShown, ...]:
    """Return some samplings, the oldest first."""
    return _samplings(session, vault, BoneSampling.ref.in_(refs))


def sampling(session: Session, vault: Vault, ref: str) -> SamplingShown:
    """Return one sampling. Raises NotFound."""
    found = _samplings(session, vault, BoneSampling.ref == ref)
    if not found:
        raise NotFound(code=ref[:40])
    return found[0]


def search_samplings(session: Session, vault: Vault, number: str) -> tuple[SamplingShown, ...]:
    """Return samplings by the number of their case, their item or their seal.

    Each number is looked up in its own index first: one condition over three tables reads all.
    """
    if not number_key(number):
        return ()
    of_case = session.scalars(
        select(Case.ref).where(Case.number_index == number_blind(vault, number, CASE_INDEX))
    ).all()
    items = set(
        session.scalars(
            select(Item.ref).where(Item.number_index == number_blind(vault, number, ITEM_INDEX))
        )
    ) | set(session.scalars(select(Item.ref).where(Item.case_ref.in_(of_case))))
    sealed = session.scalars(
        select(BoneSampling.ref)
        .where(BoneSampling.seal_index == number_blind(vault, number, SEAL_INDEX))
    ).all()  # fmt: skip
    found = {
        one.sampling.ref: one
        for which in (BoneSampling.item_ref.in_(items), BoneSampling.ref.in_(sealed))
        for one in _samplings(session, vault, which)
    }
    return tuple(
        sorted(found.values(), key=lambda one: (one.sampling.recorded_at, one.sampling.ref))
    )


def _samplings(
    session: Session, vault: Vault, which: ColumnElement[bool]
) -> tuple[SamplingShown, ...]:
    rows = session.execute(
        select(BoneSampling, Item, Case, Site)
        .join(Item, Item.ref == BoneSampling.item_ref)
        .join(Case, Case.ref == Item.case_ref)
        .join(Site, Site.ref == Case.site_ref)
        .where(which)
        .order_by(BoneSampling.recorded_at, BoneSampling.ref)
        .limit(10 * PAGE)
    ).all()
    keys = vault.keys(session, {row[0].key_ref for row in rows})
    shown = []
    for taken, item, case_row, where in rows:
        key = keys.get(taken.key_ref)
        if key is None:
            continue
        shown.append(
            SamplingShown(
                taken, item.ref, case_row.ref, key.open(where.code, where, "code"),
                key.open(case_row.number, case_row, "number"),
                key.open(item.field_number, item, "field_number"),
                key.open(taken.segment, taken, "segment"),
                key.open(taken.taken_by, taken, "taken_by"),
                key.open(taken.seal_number, taken, "seal_number"),
                key.open(taken.withdrawn_because, taken, "withdrawn_because"),
            )
        )  # fmt: skip
    return tuple(shown)


def coding_list(session: Session, ref: str) -> CodingList:
    """Return a list of things coded together. Raises NotFound."""
    found = session.get(CodingList, ref)
    if found is None:
        raise NotFound(code=ref[:40])
    return found


def coding_lists(session: Session, *, limit: int = 10) -> Sequence[CodingList]:
    """Return the newest lists."""
    return session.scalars(
        select(CodingList).order_by(CodingList.coded_at.desc(), CodingList.ref).limit(limit)
    ).all()


def pairs_of_list(session: Session, vault: Vault, list_ref: str) -> tuple[Pair, ...]:
    """Return the bone samplings of a list with their codes, and whether each label is live."""
    return pairs(session, vault, session.scalars(
        select(BoneCoding).where(BoneCoding.list_ref == list_ref)
    ).all())  # fmt: skip


def pairs_of_samplings(session: Session, vault: Vault, refs: Collection[str]) -> tuple[Pair, ...]:
    """Return samplings with the codes they were given."""
    return pairs(session, vault, session.scalars(
        select(BoneCoding).where(BoneCoding.sampling_ref.in_(refs))
    ).all())  # fmt: skip


def pairs(session: Session, vault: Vault, codings: Sequence[BoneCoding]) -> tuple[Pair, ...]:
    """Open codings; those whose key was destroyed are left out."""
    keys = vault.keys(session, {one.key_ref for one in codings})
    opened = {
        one.sampling_ref: keys[one.key_ref].open(one.code, one, "code")
        for one in codings
        if one.key_ref in keys
    }
    unscanned = waiting_codes(session, set(opened.values()))
    return tuple(Pair(ref, code, code not in unscanned) for ref, code in opened.items())


def waiting_codes(session: Session, codes: Collection[str]) -> set[str]:
    """Return those of `codes` whose label is still to be scanned back."""
    return set(
        session.scalars(
            select(LabelInstance.code).where(
                LabelInstance.code.in_(codes), LabelInstance.state.in_(PENDING)
            )
        )
    )


def labels_waiting(session: Session, station: str) -> Sequence[str]:
    """Return the codes of samples whose label is still to be scanned back at a station."""
    return session.scalars(
        select(LabelInstance.code)
        .where(
            LabelInstance.station_code == station,
            LabelInstance.state.in_(PENDING),
            func.substr(LabelInstance.code, 1, 1).in_(("B", "R")),
        )
        .order_by(LabelInstance.code)
    ).all()


def resolutions_of(session: Session, sampling_ref: str) -> Sequence[Resolution]:
    """Return when the code of a sampling was resolved, the newest first."""
    return session.scalars(
        select(Resolution)
        .where(Resolution.sampling_ref == sampling_ref)
        .order_by(Resolution.resolved_at.desc())
    ).all()
