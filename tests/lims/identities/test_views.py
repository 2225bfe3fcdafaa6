# SPDX-License-Identifier: Apache-2.0
"""Who may open the sealed pages, what they hold, and that nothing of it is seen elsewhere."""

import html
import io
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lims.cases import queries as case_queries
from lims.cases.models import BoneCoding, BoneSampling, Case, CodingList, Item, Site
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import recent
from lims.identities.models import Donor, MissingPerson, ReferenceSampling
from lims.samples.models import Sample
from tests.cast import Cast
from tests.sealed import (
    CANARIES,
    CASE,
    FAMILY,
    GIVEN,
    LATIN,
    NUMBER,
    PHONE,
    REASON,
    SEAL,
    SITE,
    WITNESS,
    Sealed,
    picture,
)

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


@pytest.fixture
def at() -> datetime:
    """Now: views compare with the real clock."""
    return now() - timedelta(minutes=5)


@pytest.fixture
def told(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str
) -> dict[str, str]:
    """Record one of everything; returns addresses and refs by name."""
    with database.writing() as session:
        site = sealed.a_site(session)
        bones = sealed.bones(session, 3, site=site)
        donor = sealed.a_donor(session, number=NUMBER)
        missing = sealed.a_missing_person(session)
        sealed.a_relation(session, donor, missing)
        card = sealed.a_reference(session, donor=donor)
        sampling = session.get_one(BoneSampling, bones[0])
        case = session.get_one(Item, sampling.item_ref).case_ref
    return {"site": site, "case": case, "donor": donor, "missing": missing, "card": card,
            "bones": ",".join(bones)}  # fmt: skip


def _sealed_pages(told: dict[str, str]) -> list[str]:
    bone = told["bones"].split(",")[0]
    return [
        "/intake", "/intake/persons", f"/intake/donors/{told['donor']}",
        f"/intake/missing/{told['missing']}", "/cases", f"/cases/{told['case']}",
        f"/cases/sites/{told['site']}", f"/cases/samplings/{bone}/photograph",
        "/intake/lists/none",
    ]  # fmt: skip


def _posts(told: dict[str, str]) -> list[str]:
    bone = told["bones"].split(",")[0]
    return [
        "/intake/search", "/intake/code-remains", "/intake/code-references", "/intake/resolve",
        "/intake/missing", "/intake/donors", f"/intake/donors/{told['donor']}/relations",
        f"/intake/donors/{told['donor']}/consents",
        f"/intake/donors/{told['donor']}/consents/withdraw",
        f"/intake/donors/{told['donor']}/references", "/cases/search", "/cases/sites",
        f"/cases/sites/{told['site']}/cases", f"/cases/{told['case']}/items",
        f"/cases/{told['case']}/items/none/samplings", f"/cases/samplings/{bone}/photograph",
        f"/cases/samplings/{bone}/withdraw",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "who", ["technician", "manager", "quality", "auditor", "administrator", "partner"]
)
def test_the_laboratory_and_outsiders_may_open_no_sealed_page(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, who: str
) -> None:
    client = sign_in(getattr(cast, who))
    for address in _sealed_pages(told):
        assert client.get(address).status_code in (403, 404), address
    for address in _posts(told):
        sent = {"request_key": key(), "reason": "because", "search": FAMILY}
        assert client.post(address, data=sent).status_code in (403, 404), address


def test_reception_sees_cases_and_items_and_no_person(
    told: dict[str, str], sign_in: SignIn, cast: Cast
) -> None:
    client = sign_in(cast.reception)
    shown = client.get(f"/cases/{told['case']}")
    assert shown.status_code == 200
    assert CASE in shown.text
    assert SITE in client.get(f"/cases/sites/{told['site']}").text
    for address in ("/intake", "/intake/persons", f"/intake/donors/{told['donor']}",
                    f"/intake/missing/{told['missing']}"):  # fmt: skip
        assert client.get(address).status_code == 403
    everything = "".join(client.get(page).text for page in ("/cases", f"/cases/{told['case']}"))
    assert not any(word in everything for word in (FAMILY, LATIN, PHONE, NUMBER))


def test_the_coordinator_sees_names_and_each_look_is_in_the_ledger(
    told: dict[str, str], sign_in: SignIn, cast: Cast, database: Database
) -> None:
    client = sign_in(cast.coordinator)
    donor = client.get(f"/intake/donors/{told['donor']}").text
    for word in (FAMILY, LATIN, PHONE, NUMBER, WITNESS, SEAL, "mother"):
        assert word in donor, word
    assert SITE in client.get(f"/intake/missing/{told['missing']}").text
    assert client.get("/intake").status_code == 200
    with database.reading() as session:
        reads = [event for event in recent(session, limit=20)
                 if str(event.tag) == "sealed:record:read"]  # fmt: skip
    assert [event.actor for event in reads] == [cast.coordinator.id] * 3
    assert {event.stream for event in reads} >= {f"s:{told['donor']}", f"s:{told['missing']}"}
    assert all(set(event.content) == {"commitment"} for event in reads)


@pytest.mark.parametrize(
    "asked", [FAMILY, f"{GIVEN} {FAMILY}", "القَناري", "Mostafa Qanary", "qanari", NUMBER]
)
def test_a_person_is_found_by_name_in_either_script_or_by_number(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, database: Database,
    sealed: Sealed, asked: str,
) -> None:  # fmt: skip
    with database.reading() as session:
        number = session.scalar(select(Donor.ref))
    assert number == told["donor"]
    found = sign_in(cast.coordinator).post("/intake/search", data={"search": asked})
    assert found.status_code == 200
    assert f"/intake/donors/{told['donor']}" in found.text
    other = sign_in(cast.coordinator).post("/intake/search", data={"search": "Fatima"})
    assert f"/intake/donors/{told['donor']}" not in other.text


def _code(client: FlaskClient, address: str, samplings: list[str], station: str, key: str,
          urgent: str = "") -> str:  # fmt: skip
    sent = client.post(
        address,
        data={"request_key": key, "samplings": samplings, "station": station, "urgent": urgent},
    )
    assert sent.status_code == 303, sent.text
    return str(sent.headers["Location"])


def test_a_list_is_coded_on_the_page_and_its_codes_are_shown_to_the_coordinator_alone(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, intake: str, database: Database,
    vault: Vault,
) -> None:  # fmt: skip
    client = sign_in(cast.coordinator)
    pressed = key()
    bones = told["bones"].split(",")
    where = _code(client, "/intake/code-remains", bones, intake, pressed)
    assert _code(client, "/intake/code-remains", bones, intake, pressed) == where
    shown = client.get(where)
    assert shown.status_code == 200
    with database.reading() as session:
        pairs = case_queries.pairs_of_samplings(session, vault, bones)
        assert session.scalar(select(CodingList.size)) == 3
        assert len(session.scalars(select(Sample)).all()) == 3
    plain = re.sub(r"<[^>]+>", "", shown.text)
    assert all(pair.code in plain for pair in pairs)
    for who in (cast.reception, cast.technician, cast.quality):
        assert sign_in(who).get(where).status_code == 403
    reception = re.sub(r"<[^>]+>", "", sign_in(cast.reception).get(f"/cases/{told['case']}").text)
    assert not any(pair.code in reception for pair in pairs)


def test_without_consent_the_page_refuses_to_code_a_reference(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, intake: str, database: Database,
    sealed: Sealed,
) -> None:  # fmt: skip
    with database.writing() as session:
        card = sealed.a_reference(session, donor=sealed.a_donor(session, consents=False))
    client = sign_in(cast.coordinator)
    sent = client.post(
        "/intake/code-references",
        data={"request_key": key(), "samplings": [card], "station": intake,
              "urgent": "court date tomorrow"},
    )  # fmt: skip
    assert sent.status_code == 409
    assert "No valid consent for donor: sample cannot enter the laboratory." in html.unescape(
        sent.text
    )
    with database.reading() as session:
        assert session.scalars(select(Sample)).all() == []
        taken = session.get_one(ReferenceSampling, card)
        assert taken.state.value == "pending"


def test_everything_can_be_recorded_on_the_pages_from_site_to_code(
    sign_in: SignIn, cast: Cast, key: Key, intake: str, database: Database
) -> None:
    client = sign_in(cast.coordinator)
    today = now().date().isoformat()

    def post(address: str, **sent: object) -> str:
        answer = client.post(
            address, data={"request_key": key(), **sent}, content_type="multipart/form-data"
        )
        assert answer.status_code == 303, answer.text
        assert client.get(answer.headers["Location"]).status_code == 200
        return str(answer.headers["Location"])

    site = post("/cases/sites", code="TR04", name=SITE, number_pattern="TR04-[0-9]{3}")
    case = post(f"{site}/cases", number="TR04-031")
    post(f"{case}/items", field_number="TR04-031 B", element="femur", side="left")
    with database.reading() as session:
        item = session.scalar(select(Item.ref))
    post(
        f"{case}/items/{item}/samplings", material="bone", mass="٤١٢,٥", taken_on=today,
        photograph=(io.BytesIO(picture()), "IMG.jpg"),
    )  # fmt: skip
    post("/intake/missing", number="M-1", given=GIVEN, family=FAMILY, sex="M")
    donor = post("/intake/donors", number="D-1", given="فاطمة", family=FAMILY, sex="F")
    post(f"{donor}/relations", missing="M-1", kind="mother")
    post(f"{donor}/consents", version="3", language="ar", given_on=today, witness=WITNESS,
         scopes=["DNA testing", "use in court"])  # fmt: skip
    post(f"{donor}/references", material="buccal swab", taken_on=today)
    with database.reading() as session:
        bone = session.scalars(select(BoneSampling)).one()
        card = session.scalars(select(ReferenceSampling)).one()
        assert (bone.mass_ug, bone.element, bone.side.value) == (412_500, "femur", "left")
        assert card.expected_sex.value == "F"
    for address, ref in (("remains", bone.ref), ("references", card.ref)):
        post(f"/intake/code-{address}", samplings=[ref], station=intake, urgent="the only one")
    with database.reading() as session:
        assert {row.line.value for row in session.scalars(select(Sample))} == {
            "bone", "reference",
        }  # fmt: skip
    wrong = client.post(f"{site}/cases", data={"request_key": key(), "number": "GL02-031"})
    assert wrong.status_code == 422
    assert "shape" in wrong.text


def test_a_resolution_leads_to_the_case_and_its_stored_answer_names_no_code(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, intake: str, database: Database,
    vault: Vault,
) -> None:  # fmt: skip
    client = sign_in(cast.coordinator)
    bones = told["bones"].split(",")
    _code(client, "/intake/code-remains", bones, intake, key())
    with database.reading() as session:
        pair = case_queries.pairs_of_samplings(session, vault, bones)[0]
    without = client.post("/intake/resolve", data={"request_key": key(), "code": pair.code})
    assert without.status_code == 422
    sent = client.post(
        "/intake/resolve",
        data={"request_key": key(), "code": f"{pair.code[:3]} {pair.code[3:]}", "reason": REASON},
    )
    assert sent.status_code == 303
    shown = client.get(sent.headers["Location"])
    assert pair.code in re.sub(r"<[^>]+>", "", shown.text)
    unknown = client.post(
        "/intake/resolve", data={"request_key": key(), "code": "B34679CDF", "reason": REASON}
    )
    assert unknown.status_code == 404


def _words_of(answer: TestResponse) -> str:
    """Return what a person reads in an answer: the text of a page, or what a PDF shows."""
    if answer.mimetype != "application/pdf":
        return answer.text
    opened = pypdfium2.PdfDocument(answer.data)
    pages = [page.get_textpage().get_text_bounded() for page in opened]
    titles = [*opened.get_metadata_dict().values()]
    opened.close()
    return "\n".join([*pages, *titles])


def test_planted_words_are_seen_in_no_page_of_the_laboratory_no_error_and_no_log(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, intake: str, app: Flask,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], database: Database,
    settings: Settings,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    app.testing = False  # errors become pages, as they do for people
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=3)
    coordinator = sign_in(cast.coordinator)
    _code(coordinator, "/intake/code-remains", told["bones"].split(","), intake, key())
    _code(coordinator, "/intake/code-references", [told["card"]], intake, key(), "one only here")
    for page in _sealed_pages(told):
        coordinator.get(page)
    coordinator.post("/intake/search", data={"search": FAMILY})
    # A second donor with the number of the first: the refusal must not say whose it is.
    coordinator.post(
        "/intake/donors", data={"request_key": key(), "number": NUMBER, "given": GIVEN}
    )
    with database.reading() as session:
        codes = list(session.scalars(select(Sample.code)))
    assert len(codes) == 4
    seen = []
    for who in (cast.technician, cast.manager, cast.quality, cast.auditor, cast.partner):
        client = sign_in(who)
        pages = [
            rule.rule for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not rule.arguments
            and rule.endpoint not in ("static", "bench.feed")
        ] + [f"/samples/{code}" for code in codes]  # fmt: skip
        for page in pages:
            answer = client.get(page, buffered=True)
            assert answer.status_code < 500, page
            words = _words_of(answer)
            assert words.strip(), page
            seen.append(words)
            assert [word for word in CANARIES if word in html.unescape(words)] == [], page
    assert any(codes[0][:3] in page for page in seen)
    assert [word for word in CANARIES if word in caplog.text] == []
    out = capfd.readouterr()
    assert [word for word in CANARIES if word in out.out + out.err] == []


def test_a_withdrawn_consent_holds_the_code_and_tells_the_laboratory_nothing_more(
    told: dict[str, str], sign_in: SignIn, cast: Cast, key: Key, intake: str, database: Database
) -> None:
    coordinator = sign_in(cast.coordinator)
    _code(coordinator, "/intake/code-references", [told["card"]], intake, key(), "one only here")
    sent = coordinator.post(
        f"/intake/donors/{told['donor']}/consents/withdraw",
        data={"request_key": key(), "reason": REASON},
    )
    assert sent.status_code == 303
    with database.reading() as session:
        code = session.scalar(select(Sample.code))
    shown = sign_in(cast.technician).get(f"/samples/{code}")
    assert "the consent was withdrawn" in shown.text
    assert [word for word in CANARIES if word in html.unescape(shown.text)] == []


def test_the_pages_speak_arabic_from_right_to_left(
    told: dict[str, str], sign_in: SignIn, cast: Cast
) -> None:
    client = sign_in(cast.coordinator)
    client.post("/language", data={"language": "ar", "back": "/intake"})
    for page in ("/intake", "/intake/persons", f"/intake/donors/{told['donor']}", "/cases",
                 f"/cases/{told['case']}"):  # fmt: skip
        shown = client.get(page)
        assert shown.status_code == 200
        assert 'dir="rtl"' in shown.text


def test_nobody_signed_in_sees_a_sealed_page(told: dict[str, str], app: Flask) -> None:
    client = app.test_client()
    for address in _sealed_pages(told):
        assert client.get(address).status_code in (302, 303, 401), address


def test_every_sealed_table_is_there(told: dict[str, str], database: Database) -> None:
    with database.reading() as session:
        assert session.scalars(select(Site)).one()
        assert len(session.scalars(select(Case)).all()) == 3
        assert session.scalars(select(MissingPerson)).one()
        assert session.scalars(select(BoneCoding)).all() == []
        assert now().date() >= session.scalars(select(ReferenceSampling)).one().taken_on
