# SPDX-License-Identifier: Apache-2.0
"""Two independent readings of an injection, and the third that settles their differences."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.code_keys import code_key, seal_json
from lims.core.words import N_, Say
from lims.custody.operations import append, refuse_if_held
from lims.custody.rules import Tag
from lims.genotyping.models import Reading, RunState
from lims.genotyping.queries.readings import ReadingCase, reading_case
from lims.genotyping.rules import ReadingStage
from lims.genotyping.rules.readings import (
    REASONS,
    Call,
    check_uninvolved,
    differing,
    make_call,
    read_alleles,
    read_loci,
)
from lims.genotyping.rules.refusals import (
    AlreadyRead,
    NotReadable,
    ReasonOfCallMissing,
    RunStopped,
    SettlementMissing,
)
from lims.genotyping.rules.states import STAGE_WORDS
from lims.people.queries import require_authorised
from lims.people.rules import Activity

IMPORTED = Say(N_("imported this run"))
READ_FIRST = Say(N_("were the first reader"))
READ_SECOND = Say(N_("were the second reader"))


def submit_reading(
    session: Session,
    injection_id: int,
    *,
    written: Mapping[str, str],
    reasons: Mapping[str, str],
    by: Actor,
    at: datetime,
) -> Reading:
    """Store what a reader wrote, locus by locus; the first or the second reading, as is due.

    Readers do not see each other's calls before both are in; when the second is, they are
    compared. Raises NotFound, NotAuthorised, RunStopped, NotReadable, OnHold, AlreadyInvolved,
    AlreadyRead, AlleleMalformed, TooManyAlleles, ReasonOfCallMissing.
    """
    require_authorised(session, by, Activity.READING, on=at.date())
    case = reading_case(session, injection_id, lock=True)
    _check_open(session, case)
    if case.stage not in (ReadingStage.FIRST, ReadingStage.SECOND):
        raise AlreadyRead(code=case.origin.extract, stage=Say(STAGE_WORDS[case.stage]))
    involved = {case.run.imported_by: IMPORTED}
    if 1 in case.readers:
        involved[case.readers[1]] = READ_FIRST
    check_uninvolved(by.id, involved)
    calls = {
        marker.name: make_call(
            marker,
            written.get(marker.name, ""),
            machine=case.machine.get(marker.name, ()),
            reason=reasons.get(marker.name, ""),
        )
        for marker in read_loci(case.kit)
    }
    number = 1 if case.stage is ReadingStage.FIRST else 2
    reading = _store(session, case, number, calls, Tag.READING_CALLS_SUBMITTED, by=by, at=at)
    if number == 2:
        append(
            session, Tag.READING_CALLS_COMPARED, stream=case.origin.extract, by=by, at=at,
            content={
                "injection": injection_id, "loci": len(calls),
                "differ": len(differing(case.readings[1], calls)),
            },
        )  # fmt: skip
    return reading


def settle_difference(
    session: Session,
    injection_id: int,
    *,
    chosen: Mapping[str, str],
    written: Mapping[str, str],
    reasons: Mapping[str, str],
    by: Actor,
    at: datetime,
) -> Reading:
    """Settle, as a third person, every locus at which two readings differ.

    `chosen` by locus: `1` or `2` a reader's call, `write` what stands in `written`, `none` no
    result; each with a reason. Raises NotFound, NotAuthorised, RunStopped, OnHold,
    AlreadyInvolved, AlreadyRead, SettlementMissing, ReasonOfCallMissing, AlleleMalformed.
    """
    require_authorised(session, by, Activity.REVIEW, on=at.date())
    case = reading_case(session, injection_id, lock=True)
    _check_open(session, case)
    if case.stage is not ReadingStage.DIFFERS:
        raise AlreadyRead(code=case.origin.extract, stage=Say(STAGE_WORDS[case.stage]))
    check_uninvolved(by.id, involved_in(case))
    calls = dict(case.readings[1])
    markers = {marker.name: marker for marker in read_loci(case.kit)}
    for locus in differing(case.readings[1], case.readings[2]):
        choice, reason = chosen.get(locus, ""), reasons.get(locus, "")
        if choice not in ("1", "2", "write", "none"):
            raise SettlementMissing(locus=locus)
        if reason not in REASONS:
            raise ReasonOfCallMissing(locus=locus, read=choice, machine="-")
        if choice in ("1", "2"):
            alleles = case.readings[int(choice)][locus].alleles
        elif choice == "write":
            alleles = read_alleles(written.get(locus, ""), markers[locus])
        else:
            alleles = ()
        calls[locus] = Call(alleles, case.machine.get(locus, ()), reason)
    return _store(session, case, 3, calls, Tag.READING_DIFFERENCE_SETTLED, by=by, at=at)


def involved_in(case: ReadingCase) -> dict[str, Say]:
    """Return who had a part in a run and its readings, and which."""
    parts = {case.run.imported_by: IMPORTED}
    for number, words in ((1, READ_FIRST), (2, READ_SECOND)):
        if number in case.readers:
            parts[case.readers[number]] = words
    return parts


def commitment(salt: str, stored: Mapping[str, object]) -> str:
    """Return the SHA-256 that the ledger holds of calls or alleles: proof that betrays nothing."""
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def _check_open(session: Session, case: ReadingCase) -> None:
    if case.run.state is RunState.FAILED:
        raise RunStopped()
    if not case.injection.readable:
        raise NotReadable(well=case.well.position)
    refuse_if_held(session, case.origin.extract)


def _store(
    session: Session, case: ReadingCase, number: int, calls: Mapping[str, Call], tag: Tag, *,
    by: Actor, at: datetime,
) -> Reading:  # fmt: skip
    stored: dict[str, object] = {locus: call.as_json() for locus, call in calls.items()}
    salt = secrets.token_hex(16)
    key = code_key(session, case.injection.key_code)
    reading = Reading(
        injection_id=case.injection.id, number=number, reader=by.id, submitted_at=at,
        key_code=case.injection.key_code,
    )  # fmt: skip
    reading.calls = seal_json(key, stored, reading, "calls")
    reading.salt = key.seal(salt, reading, "salt")
    session.add(reading)
    session.flush()
    append(
        session, tag, stream=case.origin.extract, by=by, at=at,
        content={
            "injection": case.injection.id, "number": number, "loci": len(calls),
            "file": case.injection.sha256, "commitment": commitment(salt, stored),
        },
    )  # fmt: skip
    return reading
