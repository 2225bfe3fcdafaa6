# SPDX-License-Identifier: Apache-2.0
"""Pages of individuals: whose remains they are, as decided and undone by two persons."""

from datetime import date, datetime, time, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases import operations, queries
from lims.cases.models import Individual
from lims.cases.schemas.registry import ChoicesSchema, JoinSchema, OnSchema, WitnessedSchema
from lims.cases.views.blueprint import (
    Answer,
    blueprint,
    look,
    page_key,
    read_page_key,
    words,
)
from lims.core.clock import now
from lims.core.errors import NotFound
from lims.core.sealing import open_vault
from lims.core.spelling import number_key
from lims.core.words import N_
from lims.people.queries import initials_of
from lims.people.views import witness_of
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right

NOBODY = "nobody"
NEW = tuple(f"new{number}" for number in range(1, 5))


@blueprint.get("/cases/individuals")
@needs(Right.SEE_CASES)
def individuals() -> Answer:
    """List individuals, the newest first."""
    before = query(OnSchema())["before"]
    look("individuals", str(before or ""))
    with reading() as session:
        listed = queries.individuals(session, before=before)
        full = len(listed) == queries.PAGE
        return page(
            "cases/individuals.html", individuals=listed,
            first=url_for("cases.individuals") if before else "",
            further=url_for("cases.individuals", before=listed[-1].number) if full else "",
        )  # fmt: skip


@blueprint.get("/cases/individuals/<ref>")
@needs(Right.SEE_CASES)
def individual(ref: str) -> Answer:
    """Show an individual: items, samplings, cases, numbers and decisions; now or on a day."""
    on = query(OnSchema())["on"]
    vault = look("individual", ref)
    with reading() as session:
        shown = queries.individual(session, vault, ref, on=_end_of(on))
        decided = {person for one in shown.decisions
                   for person in (one.decision.decided_by, one.decision.witness)}  # fmt: skip
        return page(
            "cases/individual.html", shown=shown, on=on,
            numbers=queries.numbers_of(session, vault, [ref]).get(ref, ()),
            who_is=initials_of(session, decided), **words(),
        )  # fmt: skip


@blueprint.get("/cases/<ref>/individuals")
@needs(Right.SEE_CASES)
def case_individuals(ref: str) -> Answer:
    """Show whose the remains of a case are, now or on a day, and the form that decides it."""
    asked = query(OnSchema())
    on = asked["on"]
    vault = look("case individuals", ref)
    with reading() as session:
        shown = queries.case(session, vault, ref)
        items = queries.items_of_case(
            session, vault, ref, after=read_page_key(asked["after"], "after"), limit=queries.PAGE
        )
        refs = [one.item.ref for one in items]
        refs += [one.sampling.ref for item in items for one in item.samplings]
        decisions = queries.decisions_of_case(session, vault, ref)
        decided = {person for one in decisions
                   for person in (one.decision.decided_by, one.decision.witness)}  # fmt: skip
        known = queries.individuals_of_case(session, ref, on=_end_of(on))
        full = len(items) == queries.PAGE
        return page(
            "cases/whose.html", case=shown, items=items, on=on, individuals=known,
            assigned=queries.assigned(session, refs, on=_end_of(on)), decisions=decisions,
            choices=_choices(known), who_is=initials_of(session, decided),
            first=url_for("cases.case_individuals", ref=ref) if asked["after"] else "",
            further=url_for(
                "cases.case_individuals", ref=ref,
                after=page_key(items[-1].item.recorded_at, items[-1].item.ref),
            ) if full else "",
            **words(),
        )  # fmt: skip


@blueprint.post("/cases/<ref>/individuals")
@needs(Right.REGISTER_CASES)
def post_decision(ref: str) -> Answer:
    """Decide for each chosen item and sampling whose it is."""
    sent, vault, by = form(ChoicesSchema()), open_vault(settings()), signed_in()
    witness = witness_of(sent, right=Right.REGISTER_CASES)
    choices = {
        thing: None if to == NOBODY else to
        for thing, _, to in (one.partition("=") for one in sent["choices"] if one)
    }

    def decide(session: Session) -> dict[str, object]:
        decision = operations.decide(
            session, vault, choices, reason=sent["reason"], evidence=sent["evidence"],
            witness=witness, by=by, at=now(),
        )  # fmt: skip
        return {"to": url_for("cases.case_individuals", ref=ref), "ref": decision}

    return done(write(decide))


@blueprint.post("/cases/individuals/<ref>/join")
@needs(Right.REGISTER_CASES)
def post_join(ref: str) -> Answer:
    """Give an individual all that is assigned to another: they are one person."""
    sent, vault, by = form(JoinSchema()), open_vault(settings()), signed_in()
    witness = witness_of(sent, right=Right.REGISTER_CASES)
    other = number_key(sent["other"]).removeprefix("i")
    if not (other.isascii() and other.isdecimal() and len(other) < 9):
        raise NotFound(code=sent["other"])

    def join(session: Session) -> dict[str, object]:
        decision = operations.join(
            session, vault, [queries.individual_numbered(session, int(other)).ref], into=ref,
            reason=sent["reason"], evidence=sent["evidence"], witness=witness, by=by, at=now(),
        )  # fmt: skip
        return {"to": url_for("cases.individual", ref=ref), "ref": decision}

    return done(write(join))


@blueprint.post("/cases/individuals/<ref>/decisions/<decision>/undo")
@needs(Right.REGISTER_CASES)
def post_undo(ref: str, decision: str) -> Answer:
    """Undo a decision by a new one; the page of an individual follows."""
    sent, vault, by = form(WitnessedSchema()), open_vault(settings()), signed_in()
    witness = witness_of(sent, right=Right.REGISTER_CASES)

    def undo(session: Session) -> dict[str, object]:
        made = operations.undo_decision(
            session, vault, decision, reason=sent["reason"], evidence=sent["evidence"],
            witness=witness, by=by, at=now(),
        )  # fmt: skip
        return {"to": url_for("cases.individual", ref=ref), "ref": made}

    return done(write(undo))


def _choices(known: tuple[Individual, ...]) -> list[tuple[str, str]]:
    letters = "ABCD"
    return [
        *((one.ref, translate(N_("individual %(number)s")) % {"number": f"I-{one.number}"})
          for one in known),
        *((name, translate(N_("a new individual %(letter)s")) % {"letter": letters[at]})
          for at, name in enumerate(NEW)),
        (NOBODY, translate(N_("nobody known"))),
    ]  # fmt: skip


def _end_of(day: date | None) -> datetime | None:
    """Return the last instant of a day in the laboratory."""
    if day is None:
        return None
    return datetime.combine(
        day + timedelta(days=1), time(), tzinfo=settings().time_zone
    ) - timedelta(microseconds=1)
