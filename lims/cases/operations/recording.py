# SPDX-License-Identifier: Apache-2.0
"""Recording what was recovered: sites, cases, items, and what was taken of them."""

import json
import secrets
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases.models import BoneSampling, Case, Item, ItemVersion, Site
from lims.cases.operations.sealed import record_sealed
from lims.cases.queries import CASE_INDEX, ITEM_INDEX, SEAL_INDEX, SITE_INDEX, number_blind
from lims.cases.rules import (
    BoneSex,
    Burial,
    Completeness,
    Condition,
    ElementNotListed,
    ItemFacts,
    NotPending,
    NumberThere,
    SamplingState,
    Segment,
    SiteThere,
    check_age,
    check_another_number,
    check_number,
    check_pattern,
    check_reason,
)
from lims.core.actors import Actor
from lims.core.codes import ALPHABET
from lims.core.errors import NotFound
from lims.core.sealing import Key, Vault, new_ref
from lims.custody.rules import Tag
from lims.samples.rules import (
    ELEMENT_WORDS,
    Consumption,
    ExpectedSex,
    Line,
    MassMissing,
    Material,
    Side,
    check_material,
)

GROUP_LENGTH = 6

Row = TypeVar("Row")


def register_site(
    session: Session,
    vault: Vault,
    *,
    code: str,
    name: str,
    by: Actor,
    at: datetime,
    coordinates: str = "",
    number_pattern: str = "",
) -> str:
    """Register a recovery site under a short code of the laboratory's own; return its ref.

    `number_pattern` is a regular expression that numbers of its cases fit as a whole, or ''.
    Raises SiteThere, PatternRefused.
    """
    check_pattern(number_pattern)
    key = vault.new_key(session, at=at)
    site = Site(
        ref=new_ref(), key_ref=key.ref, code_index=vault.blind(code, SITE_INDEX),
        group=draw_group(), group_shown=False, recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    site.code = key.seal(code.strip(), site, "code")
    site.name = key.seal(name.strip(), site, "name")
    site.coordinates = key.seal(coordinates.strip(), site, "coordinates")
    site.number_pattern = key.seal(number_pattern, site, "number_pattern")
    added(session, site, SiteThere())
    record_sealed(
        session, key, Tag.SEALED_SITE_ADDED, site.ref,
        {"code": code, "name": name, "coordinates": coordinates, "number_pattern": number_pattern},
        by=by, at=at,
    )  # fmt: skip
    return site.ref


def open_case(
    session: Session,
    vault: Vault,
    site_ref: str,
    *,
    number: str,
    by: Actor,
    at: datetime,
    description: str = "",
) -> str:
    """Open a case of a site under its number; return its ref.

    Raises NotFound, NumberOfOtherShape, NumberThere, NumberEmpty.
    """
    site = found(session, Site, site_ref)
    key = vault.key(session, site.key_ref)
    check_another_number(number)
    check_number(number.strip(), key.open(site.number_pattern, site, "number_pattern"))
    case = Case(
        ref=new_ref(), key_ref=key.ref, site_ref=site.ref,
        number_index=number_blind(vault, number, CASE_INDEX), opened_at=at, opened_by=by.id,
    )  # fmt: skip
    case.number = key.seal(number.strip(), case, "number")
    case.description = key.seal(description.strip(), case, "description")
    added(session, case, NumberThere())
    record_sealed(
        session, key, Tag.SEALED_CASE_OPENED, case.ref,
        {"site": site.ref, "number": number, "description": description}, by=by, at=at,
    )  # fmt: skip
    return case.ref


def record_item(
    session: Session,
    vault: Vault,
    case_ref: str,
    *,
    field_number: str,
    by: Actor,
    at: datetime,
    element: str = "",
    side: Side = Side.UNKNOWN,
    segment: Segment = Segment.UNKNOWN,
    condition: Condition = Condition.UNKNOWN,
    bone_sex: BoneSex = BoneSex.UNKNOWN,
    age_from: int | None = None,
    age_to: int | None = None,
    completeness: Completeness = Completeness.UNKNOWN,
    mass_ug: int | None = None,
    description: str = "",
) -> str:
    """Record a recovered item of a case by its field number; return its ref.

    Ages in years, mass in micrograms. Raises NotFound, NumberThere, NumberEmpty,
    ElementNotListed, AgeRefused, MassMissing.
    """
    facts = ItemFacts(
        field_number.strip(), element, side, segment, condition, bone_sex, age_from, age_to,
        completeness, mass_ug, description.strip(),
    )  # fmt: skip
    check_facts(facts)
    case = found(session, Case, case_ref)
    key = vault.key(session, case.key_ref)
    item = Item(
        ref=new_ref(), key_ref=key.ref, case_ref=case.ref, version=1,
        number_index=number_blind(vault, field_number, ITEM_INDEX), recorded_at=at,
        recorded_by=by.id,
    )  # fmt: skip
    write_facts(item, key, facts)
    added(session, item, NumberThere())
    keep_version(session, key, item, facts, reason="", by=by, at=at)
    record_sealed(
        session, key, Tag.SEALED_ITEM_RECORDED, item.ref, {"case": case.ref, **facts.as_json()},
        by=by, at=at,
    )  # fmt: skip
    return item.ref


def check_facts(facts: ItemFacts) -> None:
    """Refuse what cannot be recorded of an item."""
    check_another_number(facts.field_number)
    check_number(facts.field_number, "")
    check_element(facts.element)
    check_age(facts.age_from, facts.age_to)
    if facts.mass_ug is not None and facts.mass_ug <= 0:
        raise MassMissing()


def write_facts(item: Item, key: Key, facts: ItemFacts) -> None:
    """Write the last word on an item into its row."""
    item.field_number = key.seal(facts.field_number, item, "field_number")
    item.description = key.seal(facts.description, item, "description")
    item.element, item.side, item.segment = facts.element, facts.side, facts.segment
    item.condition, item.completeness = facts.condition, facts.completeness
    item.bone_sex, item.age_from, item.age_to = facts.bone_sex, facts.age_from, facts.age_to
    item.mass_ug = facts.mass_ug


def keep_version(
    session: Session,
    key: Key,
    item: Item,
    facts: ItemFacts,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Keep what is recorded of an item from now on as its next version."""
    row = ItemVersion(
        ref=new_ref(), key_ref=key.ref, item_ref=item.ref, number=item.version, recorded_at=at,
        recorded_by=by.id,
    )  # fmt: skip
    row.facts = key.seal(json.dumps(facts.as_json(), ensure_ascii=False), row, "facts")
    row.reason = key.seal(reason.strip(), row, "reason")
    session.add(row)
    session.flush()


def record_sampling(
    session: Session,
    vault: Vault,
    item_ref: str,
    *,
    material: Material,
    mass_ug: int,
    taken_on: date,
    by: Actor,
    at: datetime,
    element: str = "",
    side: Side | None = None,
    segment: str = "",
    expected_sex: ExpectedSex = ExpectedSex.UNKNOWN,
    burial: Burial = Burial.UNKNOWN,
    taken_by: str = "",
    seal_number: str = "",
    consumption: Consumption = Consumption.FREE,
) -> str:
    """Record what was taken of an item for the laboratory, `mass_ug` micrograms; return its ref.

    Element and side are the item's unless given; `consumption` is the customer's rule for the
    last of it. Raises NotFound, MassMissing, ElementNotListed,
    MaterialOfOtherLine.
    """
    check_material(material, Line.BONE)
    check_element(element)
    if mass_ug <= 0:
        raise MassMissing()
    item = found(session, Item, item_ref)
    key = vault.key(session, item.key_ref)
    sampling = BoneSampling(
        ref=new_ref(), key_ref=key.ref, item_ref=item.ref, element=element or item.element,
        side=side or item.side, material=material, mass_ug=mass_ug, expected_sex=expected_sex,
        burial=burial, consumption=consumption, taken_on=taken_on,
        seal_index=number_blind(vault, seal_number, SEAL_INDEX), photograph_sha256="",
        state=SamplingState.PENDING, withdrawn_at=None, recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    words = {"segment": segment, "taken_by": taken_by, "seal_number": seal_number}
    sampling.segment = key.seal(segment.strip(), sampling, "segment")
    sampling.taken_by = key.seal(taken_by.strip(), sampling, "taken_by")
    sampling.seal_number = key.seal(seal_number.strip(), sampling, "seal_number")
    sampling.withdrawn_because = key.seal("", sampling, "withdrawn_because")
    session.add(sampling)
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_ITEM_RECORDED, sampling.ref,
        {
            **words, "item": item.ref, "element": sampling.element, "side": sampling.side.value,
            "material": material.value, "mass_ug": mass_ug, "expected_sex": expected_sex.value,
            "burial": burial.value, "taken_on": taken_on.isoformat(),
            "consumption": consumption.value,
        },
        by=by, at=at,
    )  # fmt: skip
    return sampling.ref


def withdraw_sampling(
    session: Session, vault: Vault, sampling_ref: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """Take a sampling that was never coded off the list, for a reason. Raises NotPending."""
    check_reason(reason)
    sampling = found(session, BoneSampling, sampling_ref, lock=True)
    if sampling.state is not SamplingState.PENDING:
        raise NotPending(count=1)
    key = vault.key(session, sampling.key_ref)
    sampling.state, sampling.withdrawn_at = SamplingState.WITHDRAWN, at
    sampling.withdrawn_because = key.seal(reason.strip(), sampling, "withdrawn_because")
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_ITEM_CHANGED, sampling.ref, {"withdrawn": reason}, by=by, at=at
    )


def check_element(element: str) -> None:
    """Refuse (ElementNotListed) an element in free words; '' is not filled in yet."""
    if element and element not in ELEMENT_WORDS:
        raise ElementNotListed()


def draw_group() -> str:
    """Draw a random group code: it tells nothing but same and other."""
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH))


def found(session: Session, table: type[Row], ref: str, *, lock: bool = False) -> Row:
    """Return the row named `ref`, locked and fresh where asked. Raises NotFound."""
    row = session.get(table, ref, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound(code=ref[:40])
    return row


def added(session: Session, row: object, refusal: Exception) -> None:
    """Add a row; the database decides which of two with one number is the first."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise refusal from None
