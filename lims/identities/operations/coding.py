# SPDX-License-Identifier: Apache-2.0
"""Coding of reference samples, after the consent was asked for; and resolving any code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.operations import (
    open_list,
    queue_labels,
    record_resolution,
    record_sealed,
    resolve_bone,
    shuffled,
)
from lims.cases.queries.receiving import ReferenceGiven, quarantined_references
from lims.cases.rules import NotPending, SamplingState, check_reason
from lims.cases.rules.dispatches import InQuarantine
from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.core.sealing import Vault, new_ref
from lims.custody.operations import unlinked
from lims.custody.rules import Tag
from lims.identities.models import Donor, ReferenceCoding, ReferenceSampling
from lims.identities.queries import CODE_INDEX, standings
from lims.identities.rules import NoValidConsent, permits_testing
from lims.samples.operations import register_reference_sample


def code_references(
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
    """Give every reference sampling of a list its code, and queue the labels.

    Returns the ref of the list; see cases.code_remains. Raises ListTooShort, NotPending,
    NoValidConsent, InQuarantine, NotForCoding.
    """
    refs = sorted(set(sampling_refs))
    samplings = session.scalars(
        select(ReferenceSampling)
        .where(ReferenceSampling.ref.in_(refs))
        .order_by(ReferenceSampling.ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ready = [one for one in samplings if one.state is SamplingState.PENDING]
    if len(ready) != len(refs):
        raise NotPending(count=len(refs) - len(ready))
    donors = {one.donor_ref for one in ready}
    # A withdrawal locks the donor too: it comes before or after this list, never within.
    session.scalars(
        select(Donor).where(Donor.ref.in_(donors)).order_by(Donor.ref).with_for_update()
    ).all()
    found = standings(session, vault, donors, today=at.date())
    if bare := sum(not permits_testing(found[one.donor_ref]) for one in ready):
        raise NoValidConsent(count=bare)
    if held := quarantined_references(session, vault, _given(session, vault, ready)):
        raise InQuarantine(count=len(held))
    listed = open_list(
        session, vault, refs, station=station, minimum=minimum, urgent=urgent, by=by, at=at
    )
    codes = {
        one.ref: register_reference_sample(
            session, material=one.material, expected_sex=one.expected_sex,
            consumption=one.consumption, by=by, at=at, idem=unlinked(),
        )
        for one in shuffled(ready)
    }  # fmt: skip
    keys = vault.keys(session, {one.key_ref for one in ready})
    for one in shuffled(ready):
        key, code = keys[one.key_ref], codes[one.ref]
        coding = ReferenceCoding(
            ref=new_ref(), key_ref=key.ref, list_ref=listed.ref, sampling_ref=one.ref,
            code_index=vault.blind(code, CODE_INDEX),
        )  # fmt: skip
        coding.code = key.seal(code, coding, "code")
        session.add(coding)
        one.state = SamplingState.CODED
        session.flush()
        record_sealed(
            session, key, Tag.SEALED_DONOR_CODED, one.ref, {"code": code, "list": listed.ref},
            by=by, at=at,
        )  # fmt: skip
    words = {codes[one.ref]: (one.material.value.upper(), "") for one in ready}
    queue_labels(session, words, layout="tube", station=station, by=by, at=at)
    return listed.ref


def _given(
    session: Session, vault: Vault, samplings: Sequence[ReferenceSampling]
) -> list[ReferenceGiven]:
    """Return what is to be coded with the file numbers under which dispatches announce it."""
    wanted = {one.donor_ref for one in samplings}
    donors = {one.ref: one for one in session.scalars(select(Donor).where(Donor.ref.in_(wanted)))}
    keys = vault.keys(session, {one.key_ref for one in donors.values()})
    numbers = {
        ref: keys[one.key_ref].open(one.number, one, "number") for ref, one in donors.items()
    }
    return [
        ReferenceGiven(one.ref, numbers[one.donor_ref], one.material, one.taken_on)
        for one in samplings
    ]


@dataclass(frozen=True)
class Resolved:
    """Where a code leads: a bone sampling, or a reference sampling and its donor ('' for bone)."""

    kind: Kind
    sampling_ref: str
    donor_ref: str = ""


def resolve_code(
    session: Session, vault: Vault, code: str, *, reason: str, by: Actor, at: datetime
) -> Resolved:
    """Return what a code was given to; each resolution is a sealed event with its reason.

    Raises NotFound, ReasonNeeded.
    """
    if code[0] == Kind.BONE:
        return Resolved(Kind.BONE, resolve_bone(session, vault, code, reason=reason, by=by, at=at))
    check_reason(reason)
    coding = session.scalar(
        select(ReferenceCoding).where(ReferenceCoding.code_index == vault.blind(code, CODE_INDEX))
    )
    if coding is None:
        raise NotFound(code=code)
    key = vault.key(session, coding.key_ref)
    if key.open(coding.code, coding, "code") != code:
        raise NotFound(code=code)
    sampling = session.get_one(ReferenceSampling, coding.sampling_ref)
    record_resolution(session, key, sampling.ref, code, reason=reason, by=by, at=at)
    return Resolved(Kind.REFERENCE, sampling.ref, sampling.donor_ref)
