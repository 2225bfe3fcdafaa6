# SPDX-License-Identifier: Apache-2.0
"""Accept or refuse the profile of a sample; answer a finding that stops a run."""

import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.code_keys import code_key, seal_json
from lims.core.errors import NotFound, ReasonMissing
from lims.core.stages import StageRules, Stages
from lims.core.words import Say
from lims.custody.operations import (
    append,
    lock_subject,
    refuse_if_held,
    unlinked,
)
from lims.custody.rules import Tag
from lims.genotyping.models import Finding, Profile, ProfileState, Run, RunState
from lims.genotyping.operations.injecting import release_injection
from lims.genotyping.operations.reading import IMPORTED, commitment, involved_in
from lims.genotyping.queries.evidence import injection_evidence
from lims.genotyping.queries.readings import ReadingCase, reading_case
from lims.genotyping.rules import ReadingStage, state_of_run
from lims.genotyping.rules.findings import OVERRULABLE
from lims.genotyping.rules.readings import agreed_alleles, check_uninvolved, obstacles
from lims.genotyping.rules.refusals import (
    AlreadyAnswered,
    AlreadyRead,
    NoSuchFinding,
    NotAcceptable,
)
from lims.genotyping.rules.states import STAGE_WORDS
from lims.people.queries import require_authorised
from lims.people.rules import Activity
from lims.plates.operations import evidence_of, review
from lims.plates.queries import hands_in, plate_of
from lims.plates.rules import ReviewOutcome, WorkState
from lims.samples.operations import advance_sample
from lims.samples.rules import SampleState


def accept_profile(session: Session, injection_id: int, *, by: Actor, at: datetime) -> Profile:
    """Accept what two readers agree on, or a third settled, as the sample's profile.

    A former accepted version is superseded and kept. The sample is profiled from now on. Raises
    NotFound, NotAuthorised, AlreadyInvolved, AlreadyRead, OnHold, NotAcceptable.
    """
    require_authorised(session, by, Activity.REVIEW, on=at.date())
    case = reading_case(session, injection_id, lock=True)
    if case.stage not in (ReadingStage.AGREED, ReadingStage.SETTLED):
        raise AlreadyRead(code=case.origin.extract, stage=Say(STAGE_WORDS[case.stage]))
    check_uninvolved(by.id, involved_in(case))
    refuse_if_held(session, case.origin.extract)
    refuse_if_held(session, case.well.plate_code)
    alleles = agreed_alleles(case.readings)
    against = obstacles(
        case.kit, alleles, run_failed=case.run.state is RunState.FAILED, mixture=case.mixture
    )
    if against:
        raise NotAcceptable(code=case.origin.sample, problem=against[0])
    former = session.scalar(
        select(Profile)
        .where(Profile.sample_code == case.origin.sample, Profile.state == ProfileState.ACCEPTED)
        .with_for_update()
    )
    if former is not None:
        former.state = ProfileState.SUPERSEDED
        session.flush()
    stored: dict[str, object] = {locus: list(found) for locus, found in alleles.items()}
    profile, salt = _decide(session, case, ProfileState.ACCEPTED, stored, [], by=by, at=at)
    append(
        session, Tag.PROFILE_RECORD_ACCEPTED, stream=case.origin.sample, by=by, at=at,
        content={
            "version": profile.version, "kit": case.run.kit, "extract": case.origin.extract,
            "injection": injection_id, "file": case.injection.sha256,
            "loci": sum(1 for found in alleles.values() if found),
            "supersedes": former.version if former is not None else None,
            "commitment": commitment(salt, stored),
        },
    )  # fmt: skip
    advance_sample(session, case.origin.sample, SampleState.PROFILED, by=by, at=at)
    _review_plate(session, case.well.plate_code, by=by, at=at)
    return profile


def refuse_profile(
    session: Session, injection_id: int, *, reason: str, by: Actor, at: datetime
) -> Profile:
    """Refuse an injection as a profile, with the reason; the sample can be begun again.

    Raises NotFound, NotAuthorised, AlreadyInvolved, AlreadyRead, ReasonMissing.
    """
    require_authorised(session, by, Activity.REVIEW, on=at.date())
    said = reason.strip()
    if not said:
        raise ReasonMissing()
    case = reading_case(session, injection_id, lock=True)
    if case.stage in (ReadingStage.ACCEPTED, ReadingStage.REFUSED):
        raise AlreadyRead(code=case.origin.extract, stage=Say(STAGE_WORDS[case.stage]))
    check_uninvolved(by.id, involved_in(case))
    profile, _ = _decide(session, case, ProfileState.REFUSED, {}, [said[:300]], by=by, at=at)
    append(
        session, Tag.PROFILE_RECORD_REFUSED, stream=case.origin.sample, by=by, at=at,
        content={
            "version": profile.version, "extract": case.origin.extract, "injection": injection_id,
            "file": case.injection.sha256, "why": said[:300],
        },
    )  # fmt: skip
    advance_sample(session, case.origin.sample, SampleState.REFUSED, by=by, at=at)
    _review_plate(session, case.well.plate_code, by=by, at=at)
    return profile


def withdraw_profile(session: Session, sample_code: str) -> None:
    """Take the accepted profile of a sample whose consent was withdrawn out of use.

    No event: the ledger learns of it later (record_profile_withdrawn).
    """
    for profile in session.scalars(
        select(Profile)
        .where(Profile.sample_code == sample_code, Profile.state == ProfileState.ACCEPTED)
        .with_for_update()
    ):
        profile.state = ProfileState.WITHDRAWN
    session.flush()


def record_profile_withdrawn(
    session: Session, sample_code: str, *, by: Actor, at: datetime
) -> None:
    """Record in the ledger which version of a sample's profile was withdrawn, if one was."""
    for version in session.scalars(
        select(Profile.version).where(
            Profile.sample_code == sample_code, Profile.state == ProfileState.WITHDRAWN
        )
    ):
        append(
            session, Tag.PROFILE_RECORD_WITHDRAWN, stream=sample_code, by=by, at=at,
            content={"version": version}, idem=unlinked(),
        )  # fmt: skip


def answer_finding(
    session: Session, finding_id: int, *, reason: str, by: Actor, at: datetime
) -> Run:
    """Let a run go on in spite of a finding that may be answered, with a reason; return the run.

    Raises NotFound, NoSuchFinding, AlreadyAnswered, AlreadyInvolved, ReasonMissing.
    """
    said = reason.strip()
    if not said:
        raise ReasonMissing()
    finding = session.get(Finding, finding_id, with_for_update=True, populate_existing=True)
    if finding is None:
        raise NotFound(code=str(finding_id))
    if finding.rule not in OVERRULABLE or not finding.stops_run:
        raise NoSuchFinding()
    if finding.decided_at is not None:
        raise AlreadyAnswered()
    run = session.get_one(Run, finding.run_id, with_for_update=True)
    check_uninvolved(by.id, {run.imported_by: IMPORTED})
    finding.decided_at, finding.decided_by, finding.decision = at, by.id, said[:300]
    session.flush()
    rows = session.scalars(select(Finding).where(Finding.run_id == run.id))
    run.state = state_of_run(
        (one.severity, one.stops_run, one.decided_at is not None) for one in rows
    )
    session.flush()
    append(
        session, Tag.RUN_FINDING_OVERRULED, stream=run.plate_code, by=by, at=at,
        content={
            "run": run.id, "rule": finding.rule, "why": said[:300], "state": run.state.value,
        },
    )  # fmt: skip
    return run


def _review_plate(session: Session, plate_code: str, *, by: Actor, at: datetime) -> None:
    """Pass a plate without any exception once whoever decides its last sample may review it.

    Any other waits for its review.
    """
    if lock_subject(session, plate_code).state != WorkState.COMPLETED:
        return
    found = injection_evidence(session, plate_code)
    hands = {*hands_in(session, plate_of(session, plate_code)), *found.involved}
    if not (found.failed or found.unanswered or found.exceptions or by.id in hands):
        stages: Stages = {Activity.INJECTION: StageRules(release_injection, injection_evidence)}
        if not evidence_of(session, plate_code, stages).exceptions:
            review(session, plate_code, ReviewOutcome.PASS, "", by=by, at=at, stages=stages)


def _decide(
    session: Session, case: ReadingCase, state: ProfileState, alleles: dict[str, object],
    reasons: list[object], *, by: Actor, at: datetime,
) -> tuple[Profile, str]:  # fmt: skip
    """Store the decision; return the profile and the salt of its commitment."""
    last = session.scalar(
        select(func.max(Profile.version)).where(Profile.sample_code == case.origin.sample)
    )
    profile = Profile(
        sample_code=case.origin.sample, version=(last or 0) + 1, injection_id=case.injection.id,
        state=state, kit=case.run.kit, reasons=reasons, key_code=case.injection.key_code,
        decided_at=at, decided_by=by.id,
    )  # fmt: skip
    key, salt = code_key(session, profile.key_code), secrets.token_hex(16)
    profile.alleles = seal_json(key, alleles, profile, "alleles")
    profile.salt = key.seal(salt, profile, "salt")
    session.add(profile)
    session.flush()
    return profile, salt
