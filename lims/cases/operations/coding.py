# SPDX-License-Identifier: Apache-2.0
"""Coding of remains: a list at once, shuffled; the link to each code stands in one sealed row.

What a reader of the ledger sees of a list: events of the sealed side, events of the laboratory
side, all of one instant, with keys, streams and commitments that have nothing in common.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.cases.models import (
    BoneCoding,
    BoneSampling,
    BurialGroup,
    Case,
    CodingList,
    Item,
    Resolution,
    Site,
)
from lims.cases.operations.possession import release_coded
from lims.cases.operations.recording import draw_group
from lims.cases.operations.sealed import record_sealed
from lims.cases.queries import CODE_INDEX
from lims.cases.queries.receiving import quarantined_samplings
from lims.cases.rules import (
    MERGED_BELOW,
    Burial,
    ElementUnknown,
    NotForCoding,
    NotPending,
    PhotographMissing,
    SamplingState,
    check_list,
    check_reason,
)
from lims.cases.rules.dispatches import InQuarantine
from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.core.scans import StationKind
from lims.core.sealing import Key, Vault, new_ref
from lims.custody.operations import unlinked
from lims.custody.rules import Tag
from lims.people.queries import open_station
from lims.printing.operations import queue_label
from lims.samples.operations import group_samples, register_bone_sample
from lims.samples.rules import Side

Thing = TypeVar("Thing")


def code_remains(
    session: Session,
    vault: Vault,
    sampling_refs: Sequence[str],
    *,
    station: str,
    minimum: int,
    by: Actor,
    at: datetime,
    urgent: str = "",
) -> str:
    """Give every sampling of a list its code, and queue the labels at an intake station.

    Returns the ref of the list. Fewer than `minimum` (settings.coding_minimum) need `urgent`, why
    they cannot wait. All or nothing. Raises ListTooShort, NotPending, PhotographMissing,
    ElementUnknown, InQuarantine, NotForCoding.
    """
    refs = sorted(set(sampling_refs))
    samplings = session.scalars(
        select(BoneSampling)
        .where(BoneSampling.ref.in_(refs))
        .order_by(BoneSampling.ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ready = [one for one in samplings if one.state is SamplingState.PENDING]
    if len(ready) != len(refs):
        raise NotPending(count=len(refs) - len(ready))
    if bare := sum(not one.photograph_sha256 for one in ready):
        raise PhotographMissing(count=bare)
    if bare := sum(not one.element for one in ready):
        raise ElementUnknown(count=bare)
    if held := quarantined_samplings(session, refs):
        raise InQuarantine(count=len(held))
    listed = open_list(
        session, vault, refs, station=station, minimum=minimum, urgent=urgent, by=by, at=at
    )
    codes = {
        one.ref: register_bone_sample(
            session, element=one.element, side=one.side, material=one.material,
            mass_ug=one.mass_ug, expected_sex=one.expected_sex, consumption=one.consumption,
            by=by, at=at, idem=unlinked(),
        )
        for one in shuffled(ready)
    }  # fmt: skip
    keys = vault.keys(session, {one.key_ref for one in ready})
    for one in shuffled(ready):
        key, code = keys[one.key_ref], codes[one.ref]
        coding = BoneCoding(
            ref=new_ref(), key_ref=key.ref, list_ref=listed.ref, sampling_ref=one.ref,
            code_index=vault.blind(code, CODE_INDEX),
        )  # fmt: skip
        coding.code = key.seal(code, coding, "code")
        session.add(coding)
        one.state = SamplingState.CODED
        session.flush()
        event = record_sealed(
            session, key, Tag.SEALED_ITEM_CODED, one.ref, {"code": code, "list": listed.ref},
            by=by, at=at,
        )  # fmt: skip
        release_coded(session, one.ref, event_id=event, at=at)
    words = {codes[one.ref]: (one.material.value.upper(), _element_words(one)) for one in ready}
    queue_labels(session, words, layout="bone bag", station=station, by=by, at=at)
    _group_by_site(session, vault, ready, codes)
    _group_by_burial(session, vault, ready, codes)
    return listed.ref


def open_list(
    session: Session,
    vault: Vault,
    refs: Sequence[str],
    *,
    station: str,
    minimum: int,
    urgent: str,
    by: Actor,
    at: datetime,
) -> CodingList:
    """Begin a list of things that are coded together. Raises ListTooShort, NotForCoding."""
    check_list(refs, minimum=minimum, urgent=urgent)
    if open_station(session, station).kind is not StationKind.INTAKE:
        raise NotForCoding()
    key = vault.new_key(session, at=at)
    listed = CodingList(
        ref=new_ref(), key_ref=key.ref, size=len(refs), station_code=station, coded_at=at,
        coded_by=by.id,
    )  # fmt: skip
    listed.urgent = key.seal(urgent.strip(), listed, "urgent")
    session.add(listed)
    session.flush()
    return listed


def queue_labels(
    session: Session,
    words: Mapping[str, tuple[str, str]],
    *,
    layout: str,
    station: str,
    by: Actor,
    at: datetime,
) -> None:
    """Queue a label for each code, in an order of its own; `words` are kind and first line."""
    for code, (kind, line1) in shuffled(words.items()):
        queue_label(
            session, code, layout=layout, station=station, by=by, at=at, kind=kind, line1=line1,
            idem=unlinked(),
        )  # fmt: skip


def shuffled(things: Iterable[Thing]) -> list[Thing]:
    """Return the things in an order that the operating system's randomness gave."""
    order = list(things)
    secrets.SystemRandom().shuffle(order)
    return order


def resolve_bone(
    session: Session, vault: Vault, code: str, *, reason: str, by: Actor, at: datetime
) -> str:
    """Return the sampling that a code was given to; the resolution is an event with its reason.

    Raises NotFound, ReasonNeeded.
    """
    check_reason(reason)
    coding = session.scalar(
        select(BoneCoding).where(BoneCoding.code_index == vault.blind(code, CODE_INDEX))
    )
    if coding is None:
        raise NotFound(code=code)
    key = vault.key(session, coding.key_ref)
    if key.open(coding.code, coding, "code") != code:
        raise NotFound(code=code)
    record_resolution(session, key, coding.sampling_ref, code, reason=reason, by=by, at=at)
    return coding.sampling_ref


def record_resolution(
    session: Session,
    key: Key,
    sampling_ref: str,
    code: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Keep that a code was resolved, and why, under the key of what it led to."""
    kept = Resolution(
        ref=new_ref(), key_ref=key.ref, sampling_ref=sampling_ref, resolved_at=at,
        resolved_by=by.id,
    )  # fmt: skip
    kept.reason = key.seal(reason.strip(), kept, "reason")
    session.add(kept)
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_CODE_RESOLVED, sampling_ref,
        {"code": code, "reason": reason.strip(), "resolution": kept.ref}, by=by, at=at,
    )  # fmt: skip


def _element_words(sampling: BoneSampling) -> str:
    if sampling.side is Side.UNKNOWN:
        return sampling.element
    return f"{sampling.element}, {sampling.side.value}"


def _group_by_site(
    session: Session, vault: Vault, samplings: Collection[BoneSampling], codes: Mapping[str, str]
) -> None:
    """Tell a site's samples apart from the others' once there are enough of them."""
    of_sampling = dict(
        session.execute(
            select(BoneSampling.ref, Case.site_ref)
            .join(Item, Item.ref == BoneSampling.item_ref)
            .join(Case, Case.ref == Item.case_ref)
            .where(BoneSampling.ref.in_([one.ref for one in samplings]))
        ).all()
    )
    sites = session.scalars(
        select(Site)
        .where(Site.ref.in_(set(of_sampling.values())))
        .order_by(Site.ref)
        .with_for_update()
    )
    for site in sites:
        at_site = (
            select(BoneCoding)
            .join(BoneSampling, BoneSampling.ref == BoneCoding.sampling_ref)
            .join(Item, Item.ref == BoneSampling.item_ref)
            .join(Case, Case.ref == Item.case_ref)
            .where(Case.site_ref == site.ref)
        )
        fresh = [codes[ref] for ref, of in of_sampling.items() if of == site.ref]
        if not site.group_shown:
            count = session.scalar(select(func.count()).select_from(at_site.subquery())) or 0
            if count < MERGED_BELOW:
                continue
            fresh = _codes(session, vault, session.scalars(at_site).all())
            site.group_shown = True
        group_samples(session, fresh, site_group=site.group)


def _group_by_burial(
    session: Session, vault: Vault, samplings: Collection[BoneSampling], codes: Mapping[str, str]
) -> None:
    for burial in sorted({one.burial for one in samplings} - {Burial.UNKNOWN}):
        group = session.get(BurialGroup, burial, with_for_update=True, populate_existing=True)
        if group is None:
            group = BurialGroup(burial=burial, group=draw_group(), group_shown=False)
            session.add(group)
            session.flush()
        so_buried = (
            select(BoneCoding)
            .join(BoneSampling, BoneSampling.ref == BoneCoding.sampling_ref)
            .where(BoneSampling.burial == burial)
        )
        fresh = [codes[one.ref] for one in samplings if one.burial is burial]
        if not group.group_shown:
            count = session.scalar(select(func.count()).select_from(so_buried.subquery())) or 0
            if count < MERGED_BELOW:
                continue
            fresh = _codes(session, vault, session.scalars(so_buried).all())
            group.group_shown = True
        group_samples(session, fresh, burial_condition=group.group)


def _codes(session: Session, vault: Vault, codings: Sequence[BoneCoding]) -> list[str]:
    keys = vault.keys(session, {one.key_ref for one in codings})
    return [keys[one.key_ref].open(one.code, one, "code") for one in codings if one.key_ref in keys]
