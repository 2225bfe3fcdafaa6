# SPDX-License-Identifier: Apache-2.0
"""Reading the registry: versions of items, numbers, photographs, and things by any number."""

import json
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import (
    BoneSampling,
    Case,
    FieldPhotograph,
    Individual,
    Item,
    ItemVersion,
    ThingNumber,
)
from lims.cases.queries.numbers import (
    CASE_INDEX,
    ITEM_INDEX,
    SEAL_INDEX,
    THING_NUMBER_INDEX,
    number_blind,
)
from lims.cases.queries.remains import (
    PAGE,
    CaseShown,
    ItemShown,
    SamplingShown,
    cases_of,
    items_of,
    samplings,
)
from lims.cases.rules import (
    BoneSex,
    Completeness,
    Condition,
    ItemFacts,
    Segment,
)
from lims.core.files import FileStore
from lims.core.sealing import Key, Vault
from lims.core.spelling import number_key
from lims.samples.rules import Side


@dataclass(frozen=True)
class VersionShown:
    """What was recorded of an item, opened; `changed` names the facts that the version changed."""

    number: int
    facts: ItemFacts
    reason: str
    at: datetime
    by: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberShown:
    """Another's number of a thing, opened."""

    row: ThingNumber
    issuer: str
    number: str
    withdrawn_because: str


@dataclass(frozen=True)
class PhotographShown:
    """A photograph, its thumbnail opened; `thumbnail` is JPEG."""

    row: FieldPhotograph
    taken_by: str
    place: str
    withdrawn_because: str
    thumbnail: bytes

    @property
    def picture(self) -> str:
        """The thumbnail as a page carries it in itself: one look at the page shows it too."""
        return f"data:image/jpeg;base64,{b64encode(self.thumbnail).decode()}"


@dataclass(frozen=True)
class Found:
    """What bears a number that was searched for."""

    cases: tuple[CaseShown, ...]
    items: tuple[ItemShown, ...]
    samplings: tuple[SamplingShown, ...]
    individuals: tuple[Individual, ...]

    @property
    def count(self) -> int:
        """How many things it found."""
        return len(self.cases) + len(self.items) + len(self.samplings) + len(self.individuals)


def facts_of(item: Item, key: Key) -> ItemFacts:
    """Return the last word on an item, opened."""
    return ItemFacts(
        key.open(item.field_number, item, "field_number"), item.element, item.side, item.segment,
        item.condition, item.bone_sex, item.age_from, item.age_to, item.completeness,
        item.mass_ug, key.open(item.description, item, "description"),
    )  # fmt: skip


def versions_of(session: Session, vault: Vault, item_ref: str) -> tuple[VersionShown, ...]:
    """Return what was recorded of an item, the newest version first."""
    rows = session.scalars(
        select(ItemVersion).where(ItemVersion.item_ref == item_ref).order_by(ItemVersion.number)
    ).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown: list[VersionShown] = []
    for row in rows:
        if row.key_ref not in keys:
            continue
        key = keys[row.key_ref]
        facts = _facts(json.loads(key.open(row.facts, row, "facts")))
        before = shown[-1].facts.as_json() if shown else facts.as_json()
        shown.append(
            VersionShown(
                row.number, facts, key.open(row.reason, row, "reason"), row.recorded_at,
                row.recorded_by,
                tuple(name for name, value in facts.as_json().items() if before[name] != value),
            )
        )  # fmt: skip
    return tuple(reversed(shown))


def numbers_of(
    session: Session, vault: Vault, refs: Collection[str]
) -> dict[str, tuple[NumberShown, ...]]:
    """Return the numbers of things by the ref of each; the withdrawn ones too."""
    rows = [
        row
        for column in (ThingNumber.case_ref, ThingNumber.item_ref, ThingNumber.sampling_ref,
                       ThingNumber.individual_ref)
        for row in session.scalars(select(ThingNumber).where(column.in_(refs)))
    ]  # fmt: skip
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown: dict[str, tuple[NumberShown, ...]] = {}
    for row in sorted(rows, key=lambda one: (one.recorded_at, one.ref)):
        if row.key_ref not in keys:
            continue
        key = keys[row.key_ref]
        of = row.case_ref or row.item_ref or row.sampling_ref or row.individual_ref or ""
        shown[of] = (
            *shown.get(of, ()),
            NumberShown(
                row, key.open(row.issuer, row, "issuer"), key.open(row.number, row, "number"),
                key.open(row.withdrawn_because, row, "withdrawn_because"),
            ),
        )  # fmt: skip
    return shown


def photographs_of(
    session: Session, vault: Vault, files: FileStore, refs: Collection[str]
) -> dict[str, tuple[PhotographShown, ...]]:
    """Return the photographs of items and samplings by the ref of each, as they came."""
    rows = [
        row
        for column in (FieldPhotograph.item_ref, FieldPhotograph.sampling_ref)
        for row in session.scalars(select(FieldPhotograph).where(column.in_(refs)))
    ]
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown: dict[str, tuple[PhotographShown, ...]] = {}
    for row in sorted(rows, key=lambda one: (one.recorded_at, one.ref)):
        if row.key_ref not in keys:
            continue
        key, of = keys[row.key_ref], row.item_ref or row.sampling_ref or ""
        shown[of] = (
            *shown.get(of, ()),
            PhotographShown(
                row, key.open(row.taken_by, row, "taken_by"), key.open(row.place, row, "place"),
                key.open(row.withdrawn_because, row, "withdrawn_because"),
                files.read(row.thumbnail_sha256, key),
            ),
        )  # fmt: skip
    return shown


def find(session: Session, vault: Vault, text: str) -> Found:
    """Return what bears a number: its own, another's, or that of its seal, however written."""
    if not number_key(text):
        return Found((), (), (), ())
    others = session.scalars(
        select(ThingNumber)
        .where(
            ThingNumber.number_index == number_blind(vault, text, THING_NUMBER_INDEX),
            ThingNumber.withdrawn_at.is_(None),
        )
        .limit(PAGE)
    ).all()
    case_refs = {one.case_ref for one in others if one.case_ref} | set(
        session.scalars(
            select(Case.ref).where(Case.number_index == number_blind(vault, text, CASE_INDEX))
            .limit(PAGE)
        )
    )  # fmt: skip
    item_refs = {one.item_ref for one in others if one.item_ref} | set(
        session.scalars(
            select(Item.ref).where(Item.number_index == number_blind(vault, text, ITEM_INDEX))
            .limit(PAGE)
        )
    )  # fmt: skip
    sampling_refs = {one.sampling_ref for one in others if one.sampling_ref} | set(
        session.scalars(
            select(BoneSampling.ref)
            .where(BoneSampling.seal_index == number_blind(vault, text, SEAL_INDEX)).limit(PAGE)
        )
    )  # fmt: skip
    own = _number_of_individual(text)
    individual_refs = {one.individual_ref for one in others if one.individual_ref}
    return Found(
        cases_of(session, vault, case_refs),
        items_of(session, vault, item_refs),
        samplings(session, vault, sampling_refs),
        tuple(
            session.scalars(
                select(Individual)
                .where(Individual.ref.in_(individual_refs) | (Individual.number == own))
                .order_by(Individual.number)
            )
        ),
    )


def _number_of_individual(text: str) -> int:
    """Return the figure of “I-12” or “12”; 0 is nobody's."""
    bare = number_key(text).removeprefix("i")
    return int(bare) if bare.isdecimal() and bare.isascii() and len(bare) < 9 else 0


def _facts(kept: dict[str, str | int]) -> ItemFacts:
    def years(name: str) -> int | None:
        return None if kept[name] == "" else int(kept[name])

    return ItemFacts(
        str(kept["field_number"]), str(kept["element"]), Side(str(kept["side"])),
        Segment(str(kept["segment"])), Condition(str(kept["condition"])),
        BoneSex(str(kept["bone_sex"])), years("age_from"), years("age_to"),
        Completeness(str(kept["completeness"])), years("mass_ug"), str(kept["description"]),
    )  # fmt: skip
