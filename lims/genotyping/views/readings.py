# SPDX-License-Identifier: Apache-2.0
"""Pages of readings: what waits, reading an injection blind, comparing, settling, deciding."""

from collections.abc import Mapping

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.errors import Refusal
from lims.genotyping import operations, queries
from lims.genotyping.rules import ReadingStage, RunState
from lims.genotyping.rules.calls import refused_words
from lims.genotyping.rules.readings import (
    REASONS,
    agreed_alleles,
    differing,
    obstacles,
    read_loci,
)
from lims.genotyping.rules.states import STAGE_TONES, STAGE_WORDS
from lims.genotyping.schemas import (
    ListSchema,
    ReasonSchema,
    SignSchema,
    calls_schema,
    settlement_schema,
)
from lims.genotyping.views.blueprint import Answer, blueprint, told
from lims.people.queries import initials_of
from lims.people.views import re_authenticate
from lims.web.errors import wants_json
from lims.web.guard import may_here, needs, signed_in
from lims.web.locale import translate
from lims.web.pages import done, form, page, query, reading, write
from lims.web.rights import Right

PAGE = 50
DROPOUT = "possible dropout"


@blueprint.get("/readings", endpoint="readings")
@needs(Right.SEE_PROFILES)
def reading_list() -> Answer:
    """List what waits: for a reader, for a third person, for acceptance."""
    after = query(ListSchema())["after"]
    by = signed_in()
    with reading() as session:
        found, onward = queries.waiting_readings(session, limit=PAGE, after=after)
        lines = [(one, _yours(one, by)) for one in found]
        # What this person can do stands first.
        lines.sort(key=lambda line: not line[1])
        if wants_json():
            return {
                "readings": [
                    {
                        "injection": one.injection, "extract": one.extract, "plate": one.plate,
                        "well": one.position, "stage": one.stage.value, "yours": yours,
                    }
                    for one, yours in lines
                ],
                "next": onward,
            }  # fmt: skip
        return page(
            "genotyping/readings.html", lines=lines, after=after, stage_words=STAGE_WORDS,
            stage_tones=STAGE_TONES,
            next_url=url_for("genotyping.readings", after=onward) if onward else "",
        )  # fmt: skip


def _yours(one: queries.Waiting, by: Actor) -> bool:
    """Return whether this person may do what the injection waits for."""
    if by.id in (one.imported_by, *one.readers.values()):
        return False
    if one.stage in (ReadingStage.FIRST, ReadingStage.SECOND):
        return may_here(Right.READ_PROFILES)
    return may_here(Right.REVIEW_PROFILES)


@blueprint.get("/readings/<int:injection_id>", endpoint="reading")
@needs(Right.SEE_PROFILES)
def one_reading(injection_id: int) -> Answer:
    """Show what is to be done with an injection: read, compare, settle or decide it."""
    return _case(injection_id, {}, None)


def _case(injection_id: int, sent: Mapping[str, object], refusal: Refusal | None) -> Answer:
    """Show the case. A reader is given the machine's labels, never another's calls."""
    by = signed_in()
    with reading() as session:
        case = queries.reading_case(session, injection_id)
        both = 2 in case.readings
        involved = by.id in (case.run.imported_by, *case.readers.values())
        reads = case.stage in (ReadingStage.FIRST, ReadingStage.SECOND)
        words = {
            "case": case, "stage_words": STAGE_WORDS, "stage_tones": STAGE_TONES,
            "reasons": REASONS, "sent": sent, "refusal": told(refusal) if refusal else None,
            "involved": involved, "stopped": case.run.state is RunState.FAILED,
            "other": queries.other_injection(session, case.injection),
            "initials": initials_of(session, [case.run.imported_by, *case.readers.values()]),
        }  # fmt: skip
        status = refusal.status if refusal is not None else 200
        if wants_json():
            return _case_json(case, both=both)
        if not both:
            return page(
                "genotyping/reading.html", status=status, loci=read_loci(case.kit),
                may_read=reads and not involved and may_here(Right.READ_PROFILES),
                refused_words=refused_words, **words,
            )  # fmt: skip
        alleles = agreed_alleles(case.readings)
        return page(
            "genotyping/compare.html", status=status,
            differing=differing(case.readings[1], case.readings[2]), alleles=alleles,
            against=obstacles(
                case.kit, alleles, run_failed=case.run.state is RunState.FAILED,
                mixture=case.mixture,
            ),
            may_review=not involved and may_here(Right.REVIEW_PROFILES),
            reasons_list=[(reason, translate(said)) for reason, said in REASONS.items()],
            **words,
        )  # fmt: skip


def _case_json(case: queries.ReadingCase, *, both: bool) -> dict[str, object]:
    """Return what the page shows: the machine's labels; readings only when both are in."""
    loci = []
    for marker in read_loci(case.kit):
        locus = case.calls.locus(marker.name)
        loci.append(
            {
                "locus": marker.name,
                "machine": list(case.machine.get(marker.name, ())),
                "refused": locus.refused if locus is not None else "",
                "seen": list(case.calls.seen(marker.name)),
            }
        )
    shown: dict[str, object] = {
        "injection": case.injection.id, "extract": case.origin.extract, "run": case.run.id,
        "plate": case.well.plate_code, "well": case.well.position, "kit": case.run.kit,
        "stage": case.stage.value, "loci": loci,
    }  # fmt: skip
    if both:
        shown["readings"] = {
            str(number): {locus: list(call.alleles) for locus, call in calls.items()}
            for number, calls in case.readings.items()
        }
        shown["differing"] = list(differing(case.readings[1], case.readings[2]))
    return shown


@blueprint.post("/readings/<int:injection_id>/calls")
@needs(Right.READ_PROFILES)
def post_calls(injection_id: int) -> Answer:
    """Submit a reading, signed."""
    with reading() as session:
        kit = queries.reading_case(session, injection_id).kit
    sent = form(calls_schema(kit))
    try:
        re_authenticate(sent["password"])
        written, reasons = _written(sent)

        def submit(session: Session) -> dict[str, object]:
            stored = operations.submit_reading(
                session, injection_id, written=written, reasons=reasons, by=signed_in(), at=now()
            )
            return {"to": url_for("genotyping.readings"), "number": stored.number}

        return done(write(submit))
    except Refusal as refusal:
        if wants_json():
            raise
        # Nobody types a whole profile twice because of one slip.
        return _case(injection_id, _but_password(sent), refusal)


@blueprint.post("/readings/<int:injection_id>/settlement")
@needs(Right.REVIEW_PROFILES)
def post_settlement(injection_id: int) -> Answer:
    """Settle the loci at which two readings differ, signed."""
    with reading() as session:
        kit = queries.reading_case(session, injection_id).kit
    sent = form(settlement_schema(kit))
    try:
        re_authenticate(sent["password"])
        written, reasons = _written(sent)
        chosen = _by_locus(sent, "choice:")

        def settle(session: Session) -> dict[str, object]:
            operations.settle_difference(
                session, injection_id, chosen=chosen, written=written, reasons=reasons,
                by=signed_in(), at=now(),
            )  # fmt: skip
            return {"to": url_for("genotyping.reading", injection_id=injection_id)}

        return done(write(settle))
    except Refusal as refusal:
        if wants_json():
            raise
        return _case(injection_id, _but_password(sent), refusal)


@blueprint.post("/readings/<int:injection_id>/acceptance")
@needs(Right.REVIEW_PROFILES)
def post_acceptance(injection_id: int) -> Answer:
    """Accept the profile, signed."""
    re_authenticate(form(SignSchema())["password"])

    def accept(session: Session) -> dict[str, object]:
        profile = operations.accept_profile(session, injection_id, by=signed_in(), at=now())
        return {
            "to": url_for("genotyping.profile", code=profile.sample_code),
            "sample": profile.sample_code, "version": profile.version,
        }  # fmt: skip

    return done(write(accept))


@blueprint.post("/readings/<int:injection_id>/refusal")
@needs(Right.REVIEW_PROFILES)
def post_refusal(injection_id: int) -> Answer:
    """Refuse the injection as a profile, with a reason, signed."""
    sent = form(ReasonSchema())
    re_authenticate(sent["password"])

    def refuse(session: Session) -> dict[str, object]:
        profile = operations.refuse_profile(
            session, injection_id, reason=sent["reason"], by=signed_in(), at=now()
        )
        return {
            "to": url_for("genotyping.profile", code=profile.sample_code),
            "sample": profile.sample_code, "version": profile.version,
        }  # fmt: skip

    return done(write(refuse))


def _by_locus(sent: Mapping[str, object], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): str(value)
        for name, value in sent.items()
        if name.startswith(prefix)
    }


def _written(sent: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what was written at each locus, and why; a dropout marked is a `?` written."""
    reasons = _by_locus(sent, "why:")
    written = {}
    for name, value in sent.items():
        if name.startswith("alleles:") and isinstance(value, list):
            locus = name.removeprefix("alleles:")
            parts = [part for part in value if part.strip()]
            if reasons.get(locus) == DROPOUT and parts and "?" not in parts:
                parts.append("?")
            written[locus] = " ".join(parts)
    return written, reasons


def _but_password(sent: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in sent.items() if name != "password"}
