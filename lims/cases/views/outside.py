# SPDX-License-Identifier: Apache-2.0
"""People from outside: giving things to them, and receiving things back. The coordinator's."""

import re
from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases.operations.outside import (
    Party,
    erase_outsider,
    give_to_outside,
    take_from_outside,
)
from lims.cases.queries.outside import PartyShown, parties
from lims.cases.rules.outside import OUTSIDE_WAY_WORDS, OUTSIDE_WORDS
from lims.cases.schemas.outside import GiveOutsideSchema, PartySchema
from lims.cases.views.blueprint import Answer, blueprint, look
from lims.core.clock import now, utc_text
from lims.core.codes import read_payload
from lims.core.erasures import DestroyedKey, erasure_list
from lims.core.sealing import open_vault
from lims.handovers.rules import PURPOSE_WORDS
from lims.people.schemas import WitnessSchema
from lims.people.views import confirm_oneself, witness_of
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import done, form, laboratory, page, reading, settings, write
from lims.web.rights import Right


@blueprint.get("/cases/outside")
@needs(Right.HAND_OUTSIDE)
def outside() -> Answer:
    """Show who from outside received things or brought them back, and both forms."""
    vault = look("outside", "")
    with reading() as session:
        shown = parties(session, vault)
    if wants_json():
        return {"parties": [_party_json(one) for one in shown]}
    return page(
        "cases/outside.html", parties=shown, kind_words=OUTSIDE_WORDS,
        way_words=OUTSIDE_WAY_WORDS,
        kinds=[(one.value, translate(words)) for one, words in OUTSIDE_WORDS.items()],
        purposes=[(one.value, translate(words)) for one, words in PURPOSE_WORDS.items()],
    )  # fmt: skip


@blueprint.post("/cases/outside")
@needs(Right.HAND_OUTSIDE)
def post_outside() -> Answer:
    """Give things to somebody from outside."""
    sent = form(GiveOutsideSchema())
    codes, party, vault = _codes(sent), _party(sent), open_vault(settings())
    confirm_oneself(sent["secret"])

    def act(session: Session) -> dict[str, object]:
        ref = give_to_outside(
            session, vault, codes, party, purpose=sent["purpose"], by=signed_in(), at=now()
        )
        return {"to": url_for("cases.outside"), "party": ref}

    return done(write(act))


@blueprint.post("/cases/outside/back")
@needs(Right.HAND_OUTSIDE)
def post_outside_back() -> Answer:
    """Receive things that somebody from outside brings back."""
    sent = form(PartySchema())
    codes, party, vault = _codes(sent), _party(sent), open_vault(settings())
    confirm_oneself(sent["secret"])

    def act(session: Session) -> dict[str, object]:
        ref = take_from_outside(session, vault, codes, party, by=signed_in(), at=now())
        return {"to": url_for("cases.outside"), "party": ref}

    return done(write(act))


@blueprint.post("/cases/outside/<ref>/erasure")
@needs(Right.HAND_OUTSIDE)
def post_outside_erasure(ref: str) -> Answer:
    """Erase somebody from outside on request; a second person confirms with badge and PIN."""
    sent, vault = form(WitnessSchema()), open_vault(settings())
    witness = witness_of(sent)

    def erase(session: Session) -> dict[str, object]:
        key = erase_outsider(session, vault, ref, witness=witness, by=signed_in(), at=now())
        return {"to": url_for("cases.outside"), "keys": [[key.kind, key.ref]]}

    answer = write(erase)
    # After the commit: an erasure that did not happen must never be repeated on a restored copy.
    keys = [DestroyedKey(kind, name) for kind, name in answer["keys"]]
    erasure_list(settings()).add(keys, on=now().date())
    laboratory().database.empty_log()
    return done({"to": answer["to"]})


def _codes(sent: Mapping[str, Any]) -> list[str]:
    listed = re.split(r"[\r\n,;\t]+", sent["list"])
    return [read_payload(one).code for one in listed if one.strip()]


def _party(sent: Mapping[str, Any]) -> Party:
    return Party(
        kind=sent["kind"], name=sent["name"].strip(), document=sent["document"].strip(),
        organisation=sent["organisation"].strip(),
    )  # fmt: skip


def _party_json(one: PartyShown) -> dict[str, object]:
    return {
        "party": one.ref, "way": one.way.value, "kind": one.kind.value, "name": one.name,
        "organisation": one.organisation, "document": one.document, "fits": one.fits,
        "commitment": one.commitment, "at": utc_text(one.at), "by": one.by,
        "codes": list(one.codes),
    }  # fmt: skip
