# SPDX-License-Identifier: Apache-2.0
"""People from outside: who they are is sealed; the ledger of each thing holds a commitment."""

import json
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from lims.cases.models.outside import OutsideParty
from lims.cases.operations.outside import Party, give_to_outside
from lims.cases.queries.outside import parties
from lims.cases.rules.outside import OutsideKind
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.erasures import erasure_list
from lims.core.sealing import SealedKey, destroy_key, open_vault
from lims.core.settings import Settings
from lims.custody.queries import held, history, subject
from lims.custody.rules import Tag
from lims.handovers.operations import hand_over
from lims.handovers.rules import Purpose
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from tests.cast import PASSWORD, Cast
from tests.sealed import WITNESS, Sealed

NAME, DOCUMENT, COURT = "Canaria Outsider", "PASS-771204", "Court of Canaries"


def test_somebody_from_outside_receives_a_thing_and_another_brings_it_back(
    database: Database, settings: Settings, cast: Cast, key: Callable[[], str],
    sign_in: Callable[[Actor], FlaskClient], a_bone_sample: Callable[..., str],
) -> None:  # fmt: skip
    yusuf, client = cast.coordinator, sign_in(cast.coordinator)
    with database.writing() as session:
        code, other = sorted((a_bone_sample(session), a_bone_sample(session)))
        hand_over(
            session, [code], by=cast.technician, to=yusuf, purpose=Purpose.RETURN, at=now()
        )  # fmt: skip

    def post(path: str, **body: object) -> tuple[int, dict[str, object]]:
        sent = {
            "request_key": key(), "kind": "court", "name": NAME, "organisation": COURT,
            "document": DOCUMENT, "secret": PASSWORD, "list": code, **body,
        }  # fmt: skip
        answer = client.post(path, json=sent)
        return answer.status_code, answer.get_json()

    assert post("/cases/outside", document=" ")[1]["error"] == "PartyIncomplete"
    assert post("/cases/outside", secret="not the password")[0] == 403
    assert post("/cases/outside", list=other)[1]["error"] == "HeldByOther"
    status, told = post("/cases/outside", purpose="review")
    assert status == 201, told
    with database.reading() as session:
        (shown,) = parties(session, open_vault(settings))
        assert (shown.name, shown.organisation, shown.document) == (NAME, COURT, DOCUMENT)
        assert shown.fits
        assert shown.codes == (code,)
        standing = held(session, code)
        assert standing is not None
        assert standing.holder == f"outside:{shown.commitment[:16]}"
        event = history(session, code)[-1]
        assert event.content["commitment"] == shown.commitment
        sealed = history(session, f"s:{shown.ref}")
        assert [one.actor for one in sealed] == [yusuf.id]
        everything = json.dumps([one.content for one in (*history(session, code), *sealed)])
        assert code not in json.dumps([one.content for one in sealed])
        for canary in (NAME, DOCUMENT, COURT):
            assert canary not in everything
    page = client.get("/cases/outside").get_data(as_text=True)
    assert NAME in page
    assert sign_in(cast.technician).get("/cases/outside").status_code == 403
    assert NAME not in sign_in(cast.quality).get("/handovers/1").get_data(as_text=True)
    assert post("/cases/outside/back", list=other)[1]["error"] == "NotOutside"
    assert post("/cases/outside/back", kind="courier", name="Another Courier")[0] == 201
    with database.writing() as session:
        assert held(session, code).holder == yusuf.id  # type: ignore[union-attr]  # tracked
        row = session.scalars(select(OutsideParty).order_by(OutsideParty.recorded_at)).first()
        assert row is not None
        destroy_key(session, row.key_ref, at=now())
    with database.reading() as session:
        last = parties(session, open_vault(settings))[-1]
        assert (last.name, last.document, last.fits) == ("", "", False), "erased with its key"
    # What is given back for ever is closed in the same act: there is no button to forget.
    assert post("/cases/outside")[0] == 201
    with database.reading() as session:
        assert subject(session, code).state == "returned"  # type: ignore[union-attr]  # coded
        told_last = [one.tag for one in history(session, code)][-2:]
        assert told_last == [Tag.SUBJECT_CUSTODY_GIVEN_OUTSIDE, Tag.SAMPLE_ITEM_RETURNED]


def test_who_came_from_outside_is_erased_on_request_by_two_and_stays_erased(
    database: Database, settings: Settings, cast: Cast, key: Callable[[], str], sealed: Sealed,
    sign_in: Callable[[Actor], FlaskClient], a_bone_sample: Callable[..., str],
) -> None:  # fmt: skip
    vault, client, yusuf = open_vault(settings), sign_in(cast.coordinator), cast.coordinator
    hashed = hash_pin("2468")
    with database.writing() as session:
        code, dispatch = a_bone_sample(session), sealed.a_dispatch(session)
        hand_over(session, [code], by=cast.technician, to=yusuf, purpose=Purpose.RETURN, at=now())
        party = give_to_outside(
            session, vault, [code], Party(OutsideKind.COURT, NAME, DOCUMENT, COURT),
            purpose=Purpose.RETURN, by=yusuf, at=now(),
        )  # fmt: skip
        badges = {
            who.id: issue_badge(
                session,
                session.get_one(Person, who.person),
                hashed,
                by=cast.administrator,
                at=now(),
            ).code
            for who in (yusuf, cast.quality)
        }

    def erase(ref: str, who: Actor) -> int:
        sent = {"request_key": key(), "witness_badge": badges[who.id], "witness_pin": "2468"}
        return client.post(f"/cases/outside/{ref}/erasure", json=sent).status_code

    assert erase(party, yusuf) in (409, 403, 422), "nobody confirms their own act"
    assert NAME in client.get("/cases/outside").text
    assert WITNESS in client.get(f"/cases/dispatches/{dispatch}").text
    assert [erase(ref, cast.quality) for ref in (party, dispatch)] == [201, 201]
    assert NAME not in client.get("/cases/outside").text
    assert WITNESS not in client.get(f"/cases/dispatches/{dispatch}").text
    assert erase(party, cast.quality) == 410
    with database.reading() as session:
        for ref in (party, dispatch):
            assert history(session, f"s:{ref}")[-1].tag is Tag.SEALED_RECORD_ERASED
        keys = set(
            session.scalars(select(SealedKey.ref).where(SealedKey.destroyed_at.is_not(None)))
        )
    assert {one.ref for one in erasure_list(settings).read()} == keys
    assert len(keys) == 2
