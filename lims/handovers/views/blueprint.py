# SPDX-License-Identifier: Apache-2.0
"""The blueprint of hand-overs, and what its pages share."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.core.errors import NotFound
from lims.handovers.models import HandOver
from lims.handovers.queries import Row, names_of, waiting_for
from lims.handovers.rules import PURPOSE_WORDS, BadgeAwaited, Purpose
from lims.people.models import Person
from lims.people.queries import person_of_badge
from lims.people.rules import NotABadge
from lims.web.errors import wants_json
from lims.web.guard import may_here, signed_in
from lims.web.locale import translate
from lims.web.pages import reading
from lims.web.rights import Right

blueprint = Blueprint("handovers", __name__)

Answer = AnyResponse | tuple[str, int] | dict[str, object]


@blueprint.before_app_request
def _ask_what_waits() -> None:
    """Count what waits for whoever asks for a page, before the page opens a session of its own."""
    g.handovers_waiting = 0
    who = g.get("who")
    if request.method != "GET" or who is None or not may_here(Right.HAND_OVER) or wants_json():
        return
    with reading() as session:
        g.handovers_waiting = waiting_for(session, who.actor.id)


@blueprint.app_context_processor
def _waiting() -> dict[str, object]:
    """Let every page say how many hand-overs wait for whoever looks at it."""
    return {"handovers_waiting": g.get("handovers_waiting", 0)}


def read_list(sent: Mapping[str, Any]) -> list[str]:
    """Return the codes of a list, as scanned (`things`) or pasted (`list`).

    Raises MistypedCode for the first that is none.
    """
    listed = [*sent["things"], *re.split(r"[\r\n,;\t]+", sent["list"])]
    return [read_payload(one).code for one in listed if one.strip()]


def receiver_of(session: Session, text: str) -> Actor:
    """Return who is named as receiver: by badge, or by staff number where no PIN is asked.

    Raises BadgeAwaited, NotABadge, BadgeRevoked, NotFound.
    """
    if not text.strip():
        raise BadgeAwaited()
    try:
        payload = read_payload(text)
    except MistypedCode:
        found = session.scalar(
            select(Person).where(Person.initials == text.strip(), Person.disabled_at.is_(None))
        )
        if found is None:
            raise NotFound(code=text[:40]) from None
        return found.actor
    if payload.kind is not Kind.BADGE:
        raise NotABadge()
    return person_of_badge(session, payload.code).actor


def visible(row: HandOver) -> HandOver:
    """Return a hand-over to its parties and to whoever may take things over; else NotFound."""
    me = signed_in().id
    if me not in (row.giver, row.receiver, row.witness) and not may_here(Right.TAKE_OVER):
        raise NotFound(code=str(row.id))
    return row


def purposes() -> list[tuple[str, str]]:
    """Return the purposes as choices of a form."""
    return [(one.value, translate(PURPOSE_WORDS[one])) for one in Purpose]


def row_json(one: Row) -> dict[str, object]:
    """Return a hand-over in a list as JSON."""
    return {
        "number": one.number, "way": one.way.value, "giver": one.giver, "receiver": one.receiver,
        "purpose": one.purpose.value, "state": one.state.value, "things": one.things,
        "opened_at": utc_text(one.opened_at),
        "ended_at": utc_text(one.ended_at) if one.ended_at else None,
    }  # fmt: skip


def handover_json(session: Session, row: HandOver) -> dict[str, object]:
    """Return one hand-over with its things as JSON."""
    names = names_of(session, [row.giver, row.receiver, row.witness])
    return {
        "number": row.id, "way": row.way.value, "giver": names[row.giver],
        "receiver": names[row.receiver], "witness": names[row.witness],
        "purpose": row.purpose.value, "state": row.state.value, "reason": row.reason,
        "opened_at": utc_text(row.opened_at), "opened_event": row.opened_event,
        "ended_at": utc_text(row.ended_at) if row.ended_at else None,
        "ended_event": row.ended_event,
        "things": [
            {
                "code": thing.code, "state": thing.state.value,
                "difference": thing.difference.value if thing.difference else None,
                "note": thing.note,
            }
            for thing in row.things
        ],
    }  # fmt: skip
