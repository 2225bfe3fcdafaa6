# SPDX-License-Identifier: Apache-2.0
"""The wall between the two sides, asked of the ledger as a stranger gets it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from lims.cases import operations as cases
from lims.cases import queries
from lims.cases.models import BoneCoding, EventSalt, Resolution
from lims.cases.rules import ListTooShort
from lims.core.codes import is_code
from lims.core.db import Database
from lims.core.sealing import Vault, commitment
from lims.custody.queries import export_lines
from lims.identities import operations as identities
from lims.identities import queries as identity_queries
from lims.printing.models import LabelInstance
from lims.samples.models import Sample
from tests.cast import Cast
from tests.sealed import CANARIES, REASON, Sealed

Coded = Callable[[], list[str]]


@pytest.fixture
def coded(
    database: Database, vault: Vault, sealed: Sealed, cast: Cast, intake: str, at: datetime,
    key: Callable[[], str],
) -> list[str]:  # fmt: skip
    """Code eight bones and eight references, each list in one request; returns the lists."""
    with database.writing(key()) as session:
        bones, cards = sealed.bones(session, 8), sealed.references(session, 8)
    with database.writing(key()) as session:
        first = cases.code_remains(
            session, vault, bones, station=intake, minimum=3, by=cast.coordinator, at=at
        )
    with database.writing(key()) as session:
        second = identities.code_references(
            session, vault, cards, station=intake, minimum=3, by=cast.coordinator, at=at
        )
    return [first, second]


def _lines(database: Database) -> list[dict[str, Any]]:
    with database.reading() as session:
        return [json.loads(line) for line in export_lines(session)]


def _bodies(database: Database) -> list[dict[str, Any]]:
    """Return the events of an export, whatever wraps them."""
    events = []
    for line in _lines(database):
        body = line.get("body", line)
        events.append(json.loads(body) if isinstance(body, str) else body)
    return [event for event in events if "stream" in event]


def test_nothing_in_the_ledger_pairs_a_code_with_what_it_was_given_to(
    database: Database, coded: list[str], vault: Vault
) -> None:
    events = _bodies(database)
    given = [event for event in events if event["type"] == "sample:code:given"]
    hidden = [
        event for event in events
        if event["type"] in ("sealed:item:coded", "sealed:donor:coded")
    ]  # fmt: skip
    labels = [event for event in events if event["type"] == "label:instance:ordered"]
    assert (len(given), len(hidden), len(labels)) == (16, 16, 16)
    together = given + hidden + labels
    assert {event["cause"] for event in together} == {""}
    assert len({event["recorded"] for event in together}) == 1
    assert len({event["occurred"] for event in together}) == 1
    assert len({event["idem"] for event in together}) == len(together)
    assert len({event["idem"].split(":")[0] for event in together}) == len(together)
    assert {event["stream"] for event in given}.isdisjoint(event["stream"] for event in hidden)
    assert all(set(event["data"]) == {"commitment"} for event in hidden)
    assert len({event["data"]["commitment"] for event in hidden}) == 16


def test_a_sealed_event_names_neither_a_code_nor_another_sealed_record(
    database: Database, coded: list[str]
) -> None:
    events = _bodies(database)
    codes = {event["stream"] for event in events if is_code(event["stream"])}
    sealed_streams = {event["stream"] for event in events if event["stream"].startswith("s:")}
    assert len(codes) >= 16
    assert len(sealed_streams) > 40
    for event in events:
        written = json.dumps(event["data"])
        assert not any(stream.removeprefix("s:") in written for stream in sealed_streams)
        if event["type"].startswith("sealed:"):
            assert event["stream"].startswith("s:")
            assert not any(code in json.dumps(event) for code in codes)


def test_the_order_of_the_log_and_of_the_rows_tells_nothing_of_the_pairs(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        bones = sealed.bones(session, 40)
    with database.writing() as session:
        listed = cases.code_remains(
            session, vault, bones, station=intake, minimum=3, by=cast.coordinator, at=at
        )
    events = _bodies(database)
    log = {event["stream"]: place for place, event in enumerate(events)
           if event["type"] in ("sample:code:given", "sealed:item:coded")}  # fmt: skip
    with database.reading() as session:
        pairs = queries.pairs_of_list(session, vault, listed)
        labels = session.scalars(select(LabelInstance.code).order_by(LabelInstance.id)).all()
        samples = list(session.scalars(select(Sample.code)))
        codings = list(session.scalars(select(BoneCoding.sampling_ref)))
    code_of = {pair.sampling_ref: pair.code for pair in pairs}
    assert len(code_of) == 40
    recorded = bones
    for order in (recorded, codings, sorted(bones, key=lambda ref: log[f"s:{ref}"])):
        in_this_order = [code_of[ref] for ref in order]
        # Two independent orders of forty agree in a third of their places only by a fault.
        for other in (list(labels), samples, sorted(code_of.values(), key=lambda c: log[c])):
            agreeing = sum(a == b for a, b in zip(in_this_order, other, strict=True))
            assert agreeing < 14


def test_a_stored_answer_of_the_coding_request_holds_no_code(
    database: Database, coded: list[str], vault: Vault
) -> None:
    with database.reading() as session:
        pairs = queries.pairs_of_list(session, vault, coded[0])
        kept = session.execute(text("SELECT key, act, answer FROM request_key")).all()
    assert len(pairs) == 8
    assert not any(pair.code in str(kept) or pair.sampling_ref in str(kept) for pair in pairs)


def test_the_commitment_opens_with_the_salt_that_was_kept_under_the_records_key(
    database: Database, coded: list[str], vault: Vault
) -> None:
    events = {event["id"]: event for event in _bodies(database)
              if event["type"] == "sealed:item:coded"}  # fmt: skip
    with database.reading() as session:
        codes = {pair.sampling_ref: pair.code
                 for pair in queries.pairs_of_list(session, vault, coded[0])}  # fmt: skip
        for event_id, event in events.items():
            kept = session.get_one(EventSalt, event_id)
            salt = vault.key(session, kept.key_ref).open_bytes(kept.salt, kept, "salt")
            ref = event["stream"].removeprefix("s:")
            facts: dict[str, str | int] = {"code": codes[ref], "list": coded[0]}
            assert commitment(facts, salt) == event["data"]["commitment"]
            assert commitment(facts | {"code": "B34679CDF"}, salt) != event["data"]["commitment"]


def test_no_name_site_or_number_stands_in_the_ledger_or_in_any_table(
    database: Database, coded: list[str], sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        donor = sealed.a_donor(session)
        sealed.a_relation(session, donor, sealed.a_missing_person(session))
        code = queries.pairs_of_list(session, vault, coded[0])[0].code
        identities.resolve_code(session, vault, code, reason=REASON, by=cast.coordinator, at=at)
        identities.withdraw_consent(
            session, vault, donor, reason=REASON, by=cast.coordinator, at=at
        )
    written = "\n".join(json.dumps(line, ensure_ascii=False) for line in _lines(database))
    with database.reading() as session:
        for table in BoneCoding.metadata.sorted_tables:
            for row in session.execute(select(table)):
                written += repr(tuple(
                    bytes(value).decode("utf-8", "replace")
                    if isinstance(value, bytes | memoryview) else value
                    for value in row
                ))  # fmt: skip
    assert "sample:code:given" in written
    assert [canary for canary in CANARIES if canary in written] == []


def test_a_list_of_one_needs_a_reason_in_words(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        bone = sealed.a_bone(session)
        for urgent in ("", "  ", "x"):
            with pytest.raises(ListTooShort):
                cases.code_remains(
                    session, vault, [bone], station=intake, minimum=3, urgent=urgent,
                    by=cast.coordinator, at=at,
                )  # fmt: skip
        listed = cases.code_remains(
            session, vault, [bone], station=intake, minimum=3, urgent="court date tomorrow",
            by=cast.coordinator, at=at,
        )  # fmt: skip
        assert len(queries.pairs_of_list(session, vault, listed)) == 1


def test_the_coordinator_resolves_a_code_with_a_reason_that_is_kept_sealed(
    database: Database, coded: list[str], vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        bone = queries.pairs_of_list(session, vault, coded[0])[3]
        card = identity_queries.reference_pairs_of_list(session, vault, coded[1])[5]
        found = identities.resolve_code(
            session, vault, bone.code, reason=REASON, by=cast.coordinator, at=at
        )
        given = identities.resolve_code(
            session, vault, card.code, reason=REASON, by=cast.coordinator, at=at
        )
    assert (found.sampling_ref, given.sampling_ref) == (bone.sampling_ref, card.sampling_ref)
    assert given.donor_ref
    resolved = [e for e in _bodies(database) if e["type"] == "sealed:code:resolved"]
    assert {e["stream"] for e in resolved} == {f"s:{bone.sampling_ref}", f"s:{card.sampling_ref}"}
    with database.reading() as session:
        kept = session.scalars(select(Resolution)).all()
        assert {
            vault.key(session, row.key_ref).open(row.reason, row, "reason") for row in kept
        } == {REASON}
