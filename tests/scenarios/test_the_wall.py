# SPDX-License-Identifier: Apache-2.0
"""The wall: words planted on the sealed side through its pages are seen nowhere else."""

import base64
import gzip
import html
import io
import itertools
import json
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from lims.cases.queries import pairs_of_list
from lims.cli import main
from lims.core.actors import Actor, Role
from lims.core.clock import now
from lims.core.db import Base, Database
from lims.core.scans import StationKind
from lims.core.sealing import open_vault
from lims.core.settings import Settings, write_settings
from lims.core.spelling import consonants, name_parts, normalised
from lims.identities.queries import reference_pairs_of_list
from lims.people.models import Person, Station
from lims.people.operations import hash_pin, issue_agent_key, issue_badge
from lims.web.guard import right_of
from lims.web.rights import TABLE
from tests.cast import Cast
from tests.render_every_page import Values, address, rules

SignIn = Callable[[Actor], FlaskClient]

# Words that stand in sealed records alone: in Arabic, in Latin letters, written in two ways.
PLANTED = {
    "code": "ZQW77", "name": "Wadi Zaqqum", "coordinates": "31.98765 N", "number": "ZQW77-C-0042",
    "description": "beneath the carob tree", "field_number": "ZQW77-C-0042-F",
    "segment": "distal zq",
    "taken_by": "Dr. Zahraa Qasim", "seal_number": "SL-778201", "given": "زقزوق",
    "father": "مِصباح", "grandfather": "عبدالودود", "family": "القنطراريّ",
    "mother": "خديجة البوزيدي",
    "kunya": "أبو زقزاق", "latin": "Zaqzouq Al-Qantarari", "phone": "+218 91 777 0142",
    "address": "Shara Zanqat 9", "notes": "asked by her aunt Zubayda", "birth": "1977-spring",
    "circumstances": "left home in a blue Peugeot", "donor": "DN-90417", "missing": "MP-55210",
    "witness": "Shahid Zwawi", "reason": "the court of Zliten asked",
    "issuer": "Mashraha Zintaniya", "mortuary": "MZ-66120", "place": "shed of Zahlul",
    "correction": "Zeidan misread it",
    "sender": "Thallajat Zuwayya", "list_seal": "ZS-118843", "list_case": "ZQW77-C-0971",
    "list_item": "ZQW77-C-0971-G", "remarks": "wrapped in Zalla wool", "list_name": "Zlist.csv",
    "driver": "زيدون الزغاميطي", "organisation": "Niyabat Zaltan", "card": "ZN-40991",
    "opened": "Zarrug counted it", "differs": "torn by Zarrug", "outsider": "عبدالقدوس الزنتانيّ",
    "outsider_latin": "Abd al-Quddus az-Zintani", "passport": "ZP-77120",
}  # fmt: skip
IN_THE_PICTURE = "EXIF-Zaqqum-camera"
OTHER_SPELLINGS = (
    "القنطراري", "مصباح", "Qantarari", "Zaqzouq", "zaqzouq", "0042", "778201", "90417",
    "الزغاميطي", "الزنتاني", "Zintani", "Quddus", "118843", "40991", "77120",
)  # fmt: skip
SECRET = (*PLANTED.values(), IN_THE_PICTURE, *OTHER_SPELLINGS)
FEW_BITS = {"0042", "90417", "778201", "118843", "40991", "77120"}
"""Too short to prove anything where random bytes and digits stand."""

LABORATORY = (
    Role.TECHNICIAN, Role.MANAGER, Role.QUALITY, Role.AUDITOR, Role.PARTNER, Role.ADMINISTRATOR,
)  # fmt: skip


@dataclass
class Planted:
    """What was planted: pairs of a sealed sampling and the code it was given."""

    bones: dict[str, str] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    zpl: list[bytes] = field(default_factory=list)
    agent: str = ""
    receipt: str = ""
    travelled: str = ""
    pages: list[str] = field(default_factory=list)

    @property
    def pairs(self) -> dict[str, str]:
        """Every pair: sampling to code."""
        return {**self.bones, **self.cards}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 60, 30)).save(out, "JPEG", comment=IN_THE_PICTURE.encode())
    return out.getvalue()


def some(*names: str, **more: object) -> dict[str, object]:
    return {name: PLANTED[name] for name in names} | more


@pytest.fixture
def plant(
    app: Flask, database: Database, settings: Settings, cast: Cast, sign_in: SignIn,
    key: Callable[[], str],
) -> Callable[..., Planted]:  # fmt: skip
    """Record things on sealed pages as people do, code them, print, scan back and accept them."""

    def planted(*, bones: int, cards: int) -> Planted:
        coordinator, made = sign_in(cast.coordinator), Planted()
        intake = cast.stations[StationKind.INTAKE]

        def post(url: str, sent: dict[str, object]) -> Any:
            answer = coordinator.post(
                url, data={"request_key": key(), **sent}, headers={"Accept": "application/json"}
            )
            assert answer.status_code == 201, (url, answer.json["say"]["en"])
            return answer.json

        site = post("/cases/sites", some("code", "name", "coordinates"))["ref"]
        case = post(f"/cases/sites/{site}/cases", some("number", "description"))["ref"]
        taken = []
        for number in range(bones):
            item = post(
                f"/cases/{case}/items",
                some("description", field_number=f"{PLANTED['field_number']}{number:03}",
                     element="femur", side="left"),
            )["ref"]  # fmt: skip
            taken.append(post(
                f"/cases/{case}/items/{item}/samplings",
                some("segment", "taken_by", "seal_number", material="bone", mass="2000",
                     taken_on="2026-03-01", expected_sex="M", burial="mass grave",
                     photograph=(io.BytesIO(picture()), f"{PLANTED['name']}.jpg")),
            )["ref"])  # fmt: skip
            if number == 0:
                post(
                    f"/cases/numbers/of/{item}",
                    some("issuer", kind="mortuary", number=PLANTED["mortuary"]),
                )
                post(
                    f"/cases/photographs/of/{item}",
                    some(
                        "place",
                        "taken_by",
                        kind="overview",
                        photograph=(io.BytesIO(picture()), "IMG.jpg"),
                    ),
                )
                post(
                    f"/cases/items/{item}/corrections",
                    some(
                        "description",
                        field_number=f"{PLANTED['field_number']}000",
                        seen=1,
                        element="femur",
                        side="right",
                        reason=PLANTED["correction"],
                    ),
                )
                made.pages += [f"/cases/items/{item}", f"/cases/photographs/of/{item}"]
        names = ("given", "father", "grandfather", "family", "mother", "kunya", "latin")
        missing = post(
            "/intake/missing", some(*names, "birth", "circumstances", number=PLANTED["missing"])
        )["ref"]
        given = []
        for number in range(cards):
            donor = post(
                "/intake/donors",
                some(*names, "phone", "address", "notes", sex="F",
                     number=f"{PLANTED['donor']}-{number}"),
            )["ref"]  # fmt: skip
            post(f"/intake/donors/{donor}/relations",
                 {"missing": PLANTED["missing"], "kind": "mother"})  # fmt: skip
            post(f"/intake/donors/{donor}/consents",
                 some("witness", version="3", language="ar", scopes=["DNA testing"],
                      given_on="2026-03-01"))  # fmt: skip
            given.append(post(
                f"/intake/donors/{donor}/references",
                some("taken_by", "seal_number", material="blood card", taken_on="2026-03-01"),
            )["ref"])  # fmt: skip
        lists = [
            post("/intake/code-remains", {"samplings": taken, "station": intake})["list"],
            post("/intake/code-references", {"samplings": given, "station": intake})["list"],
        ]
        vault = open_vault(settings)
        with database.reading() as session:
            made.bones = {
                one.sampling_ref: one.code for one in pairs_of_list(session, vault, lists[0])
            }
            made.cards = {
                one.sampling_ref: one.code
                for one in reference_pairs_of_list(session, vault, lists[1])
            }
        assert (len(made.bones), len(made.cards)) == (bones, cards)
        made.pages += [
            "/intake", "/intake/persons", "/cases", f"/cases/{case}", f"/cases/sites/{site}",
            f"/intake/missing/{missing}", f"/intake/donors/{donor}",
            *(f"/intake/lists/{listed}" for listed in lists),
            f"/cases/samplings/{taken[0]}/photograph",
        ]  # fmt: skip
        for url in made.pages:
            assert coordinator.get(url).status_code == 200
        coordinator.post("/intake/search", data={"search": PLANTED["family"]})
        # What is refused is told to the coordinator, and to no log.
        again = coordinator.post(
            "/intake/donors",
            data=some(*names, request_key=key(), number=f"{PLANTED['donor']}-0"),
        )
        assert again.status_code == 409
        post("/intake/resolve", some("reason", code=next(iter(made.cards.values()))))
        _print_and_scan(made, app, database, cast, coordinator, intake, key)
        _accept(made, sign_in(cast.technician), cast, database, key)
        return made

    return planted


PIN = "2468"


@pytest.fixture
def plant_custody(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> Callable[[Planted], None]:
    """Receive a list with a discrepancy, give a bone to somebody from outside and take it back."""

    def planted(made: Planted) -> None:
        coordinator, technician = sign_in(cast.coordinator), sign_in(cast.technician)
        hashed, badges = hash_pin(PIN), {}
        with database.writing() as session:
            for one in (cast.reception, cast.coordinator, cast.technician):
                person = session.get_one(Person, one.person)
                badges[one] = issue_badge(
                    session, person, hashed, by=cast.administrator, at=now()
                ).code  # fmt: skip

        def post(client: FlaskClient, url: str, **sent: object) -> Any:
            answer = client.post(url, json={"request_key": key(), **sent})
            assert answer.status_code == 201, (url, answer.get_json())
            return answer.get_json()

        rows = "".join(
            f"{PLANTED['list_seal']},{PLANTED['code']},{PLANTED['list_case']},"
            f"{PLANTED['list_item']}{number},femur,3.1,2026-03-01,{PLANTED['remarks']}\n"
            for number in (1, 2)
        )
        header = "Seal,Site,Case,Field number,Element,Mass (g),Taken on,Remarks\n"
        taken = coordinator.post(
            "/cases/dispatches/lists",
            data=some("sender", request_key=key(), line="bone", act="take",
                      file=(io.BytesIO((header + rows).encode()), PLANTED["list_name"])),
        )  # fmt: skip
        assert taken.status_code == 303, taken.get_data(as_text=True)
        here = taken.headers["Location"]
        post(coordinator, f"{here}/arrival", name=PLANTED["driver"], document=PLANTED["card"],
             organisation=PLANTED["organisation"])  # fmt: skip
        package = post(coordinator, f"{here}/read", read=PLANTED["list_seal"])["package"]
        post(coordinator, f"/cases/dispatches/packages/{package}/open", reason=PLANTED["opened"],
             witness_badge=badges[cast.reception], witness_pin=PIN)  # fmt: skip
        post(coordinator, f"{here}/read", read=f"{PLANTED['list_item']}1", package=package)
        # What is refused is said to whoever scans, and to no log.
        strange = coordinator.post(
            f"{here}/read", json={"request_key": key(), "read": PLANTED["passport"]}
        )
        assert strange.status_code == 404
        listed = coordinator.get(here).get_data(as_text=True)
        missing = re.search(rf'value="([0-9a-f]{{32}})">{PLANTED["list_item"]}2', listed)
        assert missing is not None
        post(coordinator, f"{here}/discrepancies", kind="item missing", item=missing[1],
             reason=PLANTED["differs"])  # fmt: skip
        made.pages += ["/cases/dispatches", here, "/cases/outside"]
        made.receipt = f"{here}/receipt.pdf"

        code = sorted(made.bones.values())[0]
        post(technician, "/handovers", list=code, receiver=badges[cast.coordinator], secret=PIN,
             receiver_pin=PIN, purpose="work")  # fmt: skip
        party = some(list=code, kind="court", secret=PIN, organisation=PLANTED["organisation"])
        post(coordinator, "/cases/outside", name=PLANTED["outsider"], purpose="work",
             document=PLANTED["passport"], **party)  # fmt: skip
        post(coordinator, "/cases/outside/back", name=PLANTED["outsider_latin"],
             document=PLANTED["card"], **party)  # fmt: skip
        made.travelled = code

    return planted


def words_of(content: bytes) -> str:
    """Return what a PDF or an archive says, its streams decompressed; '' for anything else."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(
                f"{name} {words_of(held)} {held.decode('utf-8', 'replace')}"
                for name in archive.namelist()
                for held in [archive.read(name)]
            )
    if not content.startswith(b"%PDF"):
        return ""
    document = pypdfium2.PdfDocument(content)
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    # Words that were set from right to left are read backwards from some PDFs.
    return f"{text} {text[::-1]}"


def _print_and_scan(
    made: Planted, app: Flask, database: Database, cast: Cast, coordinator: FlaskClient,
    intake: str, key: Callable[[], str],
) -> None:  # fmt: skip
    """Print every label as the bench agent does, and scan it back as it comes out."""
    with database.writing() as session:
        made.agent = issue_agent_key(
            session, session.get_one(Station, intake), by=cast.administrator, at=now()
        )
    agent = app.test_client()
    header = {"Authorization": f"Bearer {made.agent}"}
    coordinator.post(f"/bench/{intake}/take", data={"request_key": key()})
    while jobs := agent.get(f"/api/bench/{intake}/labels?wait=0", headers=header).json["jobs"]:
        for job in jobs:
            made.zpl.append(base64.b64decode(job["zpl"]))
            for outcome in ("intent", "sent", "printed"):
                told = agent.post(
                    f"/api/bench/{intake}/labels/{job['instance']}/outcome", headers=header,
                    json={"fence": job["fence"], "outcome": outcome},
                )  # fmt: skip
                assert told.status_code == 200
            scanned = agent.post(
                f"/api/bench/{intake}/scans", headers=header,
                json={"scan_id": key(), "text": job["instance"], "source": "serial"},
            )  # fmt: skip
            assert scanned.json["verdict"] == "accepted"


def _accept(
    made: Planted, technician: FlaskClient, cast: Cast, database: Database, key: Callable[[], str]
) -> None:
    reception = cast.stations[StationKind.RECEPTION]
    technician.post(f"/bench/{reception}/take", data={"request_key": key()})
    labels = Base.metadata.tables["label_instance"]
    with database.reading() as session:
        payloads = sorted(
            session.scalars(select(labels.c.payload).where(labels.c.code.in_(made.pairs.values())))
        )
    for payload in payloads:
        answer = technician.post(
            f"/api/bench/{reception}/scans",
            json={"scan_id": key(), "text": payload, "source": "serial"},
        )
        assert answer.json["verdict"] == "accepted", answer.json


def leaks(text: str, *, noisy: bool = False) -> list[str]:
    """Return the planted words in a text, and in what it says in HTML, JSON and addresses."""
    spelt = {text, html.unescape(text)}
    if "\\u" in text:
        spelt.add(re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text))
    return [word for word in SECRET if not (noisy and word in FEW_BITS)
            for one in spelt if word in one]  # fmt: skip


def leaks_in_bytes(content: bytes) -> list[str]:
    """Return the planted words in bytes, in any of the encodings that programs write."""
    return [
        f"{word} as {encoding}"
        for word in SECRET
        if word not in FEW_BITS
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1256")
        if word.encode(encoding, "ignore") in content and len(word.encode(encoding, "ignore")) > 4
    ]


def addresses(app: Flask, database: Database, role: Role) -> Iterator[str]:
    """Yield addresses of every GET route, with what the database holds in their places."""
    with database.reading() as session:
        values = Values(session, role)
    for rule in rules(app, "GET"):
        right = right_of(app, rule.endpoint)
        allowed = right is None or right in TABLE[role]
        for one in itertools.islice(values.combinations(rule), 6 if allowed else 1):
            yield address(app, rule, one)


def test_no_planted_word_is_seen_by_the_laboratory_its_machines_logs_files_or_strangers(
    filled: str, plant: Callable[..., Planted], app: Flask, database: Database,
    settings: Settings, cast: Cast, sign_in: SignIn, key: Callable[[], str],
    plant_custody: Callable[[Planted], None],
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    app.testing = False
    made = plant(bones=3, cards=3)
    plant_custody(made)
    found: dict[str, list[str]] = {}

    def look(where: str, text: str, *, noisy: bool = False) -> None:
        if words := leaks(text, noisy=noisy):
            found[where] = words

    opened: dict[Role, int] = {}
    files: dict[bytes, int] = {}
    for role in LABORATORY:
        actor = next(one for one in cast.actors.values() if one.role is role)
        client = sign_in(actor)
        for url in addresses(app, database, role):
            for accept in ("text/html", "application/json"):
                answer = client.get(url, headers={"Accept": accept}, buffered=False)
                assert answer.status_code != 500, url
                if answer.mimetype == "text/event-stream":
                    answer.close()
                    continue
                content = answer.get_data()
                # In a PDF digits are offsets and drawings: its words are looked at below.
                drawn = content.startswith(b"%PDF")
                look(f"{role.value} {url}", content.decode("utf-8", "replace"), noisy=drawn)
                look(f"{role.value} {url} inside", words_of(content), noisy=True)
                files[content[:4]] = files.get(content[:4], 0) + 1
                answer.close()
                opened[role] = opened.get(role, 0) + (answer.status_code == 200)
        for code in made.pairs.values():
            for url in (
                f"/samples/{code}", f"/ledger?code={code}", f"/custody/{code}",
                f"/storage/things/{code}",
            ):  # fmt: skip
                look(f"{role.value} {url}", client.get(url).get_data(as_text=True))
    assert min(opened.values()) >= 1
    assert opened[Role.TECHNICIAN] > 60

    agent = app.test_client()
    header = {"Authorization": f"Bearer {made.agent}"}
    for url in addresses(app, database, Role.TECHNICIAN):
        answer = agent.get(
            re.sub(r"/T\w{8}", f"/{cast.stations[StationKind.INTAKE]}", url),
            headers=header, buffered=False,
        )  # fmt: skip
        if answer.mimetype != "text/event-stream":
            look(f"agent {url}", answer.get_data().decode("utf-8", "replace"))
        answer.close()

    assert len(made.zpl) == 6
    for zpl in made.zpl:
        look("label", zpl.decode("utf-8"))
    export = sign_in(cast.auditor).post("/ledger/export", data={"request_key": key()})
    look("export", export.get_data(as_text=True), noisy=True)
    assert len(export.get_data().splitlines()) > 100

    package = sign_in(cast.quality).post(
        f"/ledger/packages/{made.travelled}", data={"request_key": key()}
    )
    assert package.data.startswith(b"PK"), package.get_data(as_text=True)
    look("package", words_of(package.data), noisy=True)
    assert files[b"%PDF"] > 1
    write_settings(settings)
    for command in ("history", "where", "custody", "gaps"):
        ran = CliRunner().invoke(
            main, [command, made.travelled, "--folder", str(settings.folder), "--json"]
        )
        assert made.travelled in ran.output, command
        look(f"lims {command}", ran.output)

    out = capfd.readouterr()
    look("log", caplog.text)
    look("output", out.out + out.err)
    for path in settings.folder.rglob("*"):
        if path.is_file() and (words := leaks_in_bytes(path.read_bytes())):
            found[str(path.relative_to(settings.folder))] = words
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                look(table.name, repr(tuple(row)), noisy=True)
    assert found == {}


def test_what_was_planted_is_there_for_the_coordinator(
    plant: Callable[..., Planted], plant_custody: Callable[[Planted], None], cast: Cast,
    sign_in: SignIn,
) -> None:  # fmt: skip
    """Else nothing could be found elsewhere, and the search would prove nothing."""
    made = plant(bones=3, cards=3)
    plant_custody(made)
    client = sign_in(cast.coordinator)
    receipt = words_of(client.get(made.receipt).data)
    assert PLANTED["list_seal"] in receipt, "words inside of a PDF are found"

    seen = "".join(
        html.unescape(client.get(url).get_data().decode("utf-8", "replace")) for url in made.pages
    )

    # Why a code was resolved is kept and shown nowhere yet.
    assert {word for word in (*PLANTED.values(), IN_THE_PICTURE) if word not in seen} == {
        PLANTED["reason"]
    }


def test_a_page_that_reads_as_if_compressed_or_escaped_would_be_caught() -> None:
    word = PLANTED["family"]

    assert leaks(json.dumps({"name": word}))
    assert leaks(f"<p>{word}</p>")
    assert leaks(html.escape(PLANTED["address"]))
    assert leaks_in_bytes(b"\x00" + word.encode("utf-16-le"))
    assert not leaks_in_bytes(gzip.compress(b"nothing"))
    assert not leaks("SL-778 201 C-42")


ATTACKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "place in the log": lambda event: event["index"],
    "identifier": lambda event: event["id"],
    "end of the identifier": lambda event: event["id"][19:],
    "key": lambda event: event["idem"],
    "hash": lambda event: event["leaf"],
    "time it happened": lambda event: (event["occurred"], event["index"]),
    "time it was recorded": lambda event: (event["recorded"], event["index"]),
    "name of the stream": lambda event: event["stream"],
}
"""By each of these a stranger may order the events of both sides, and put first to first."""


def exported(client: FlaskClient, key: Callable[[], str]) -> list[dict[str, Any]]:
    """Return the events of an export as a stranger reads them, with their place and hash."""
    answer = client.post("/ledger/export", data={"request_key": key()})
    events = []
    for line in answer.get_data(as_text=True).splitlines():
        written = json.loads(line)
        body = written.get("event", written.get("body", written))
        body = json.loads(body) if isinstance(body, str) else body
        if "stream" in body:
            events.append(
                {**body, "index": len(events), "leaf": str(written.get("leaf", body["prev"]))}
            )
    return events


def test_from_the_exported_ledger_nobody_can_pair_a_code_with_what_it_was_given_to(
    plant: Callable[..., Planted], cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    """A stranger who knows in which order things were recorded, by every order there is.

    Sixteen in a random order agree in ten places or more in fewer than one of two million tries.
    """
    made = plant(bones=16, cards=16)
    events = exported(sign_in(cast.auditor), key)
    sealed = {event["stream"]: [] for event in events if event["stream"].startswith("s:")}
    for event in events:
        sealed.setdefault(event["stream"], []).append(event)

    for pairs, given in (
        (made.bones, "sealed:item:coded"), (made.cards, "sealed:donor:coded")
    ):  # fmt: skip
        hidden = [e for e in events if e["type"] == given]
        shown = [e for e in events if e["type"] == "sample:code:given"
                 and e["stream"] in pairs.values()]  # fmt: skip
        assert len(hidden) == len(shown) == 16
        # Whatever of a code's or a record's own history there is may be the order that is tried.
        first_seen = {e["stream"]: e for e in reversed(events)}
        last_seen = {e["stream"]: e for e in events}
        for of_hidden, of_shown in itertools.product((None, first_seen, last_seen), repeat=2):
            for one, other in itertools.product(ATTACKS, repeat=2):
                left = sorted(hidden, key=lambda e, by=of_hidden, how=ATTACKS[one]: how(
                    e if by is None else by[e["stream"]]))  # fmt: skip
                right = sorted(shown, key=lambda e, by=of_shown, how=ATTACKS[other]: how(
                    e if by is None else by[e["stream"]]))  # fmt: skip
                for turned in (right, right[::-1]):
                    hits = sum(
                        pairs[a["stream"].removeprefix("s:")] == b["stream"]
                        for a, b in zip(left, turned, strict=True)
                    )
                    assert hits < 10, (one, other)


def test_the_two_events_of_a_coding_share_nothing_that_others_of_the_list_do_not(
    plant: Callable[..., Planted], cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    made = plant(bones=5, cards=5)
    events = exported(sign_in(cast.auditor), key)
    codes, refs = set(made.pairs.values()), set(made.pairs)

    def said(event: dict[str, Any]) -> str:
        return json.dumps(event, ensure_ascii=False)

    for event in events:
        if event["stream"] in codes:
            assert not any(ref in said(event) for ref in refs)
            assert event["cause"] == "" or event["cause"] in {
                one["id"] for one in events if one["stream"] in codes or one["stream"][0] == "T"
            }
        if event["stream"].startswith("s:"):
            assert not any(code in said(event) for code in codes)
            assert set(event["data"]) == {"commitment"}
            assert event["cause"] == ""
    assert len({event["idem"] for event in events}) == len(events)
    # Events of one request have keys with a common beginning: not those of the two sides.
    given = {e["stream"]: e for e in events if e["type"] == "sample:code:given"}
    hidden = {e["stream"][2:]: e for e in events if e["type"].endswith(":coded")
              and e["type"].startswith("sealed:")}  # fmt: skip
    for ref, code in made.pairs.items():
        one, other = hidden[ref], given[code]
        assert (
            len({one["recorded"], *(given[c]["recorded"] for c in codes if c[0] == code[0])}) == 1
        )
        assert one["idem"].split(":")[0] != other["idem"].split(":")[0]
        assert one["idem"][:6] != other["idem"][:6]
        # What follows the milliseconds of an identifier is random.
        assert one["id"][15:] != other["id"][15:]
        assert one["data"]["commitment"] not in said(other)
    # Nothing of both sides stands next to each other in the log within one list.
    for kind in ("B", "R"):
        places = [e["index"] for e in events if e["type"] == "sample:code:given"
                  and e["stream"][0] == kind and e["stream"] in codes]  # fmt: skip
        other = [e["index"] for e in events if e["type"] ==
                 ("sealed:item:coded" if kind == "B" else "sealed:donor:coded")]  # fmt: skip
        assert max(places) < min(other) or max(other) < min(places)


def test_the_folded_names_by_which_persons_are_found_are_stored_nowhere(
    plant: Callable[..., Planted], database: Database
) -> None:
    plant(bones=3, cards=3)
    names = [PLANTED[name] for name in ("given", "father", "family", "mother", "latin")]
    parts = {part for name in names for part in name_parts(name)}
    forms = parts | {normalised(name) for name in names} | {consonants(part) for part in parts}
    forms = {form for form in forms if len(form) > 4}
    with database.reading() as session:
        rows = "".join(
            repr(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )

    assert len(forms) > 8
    assert [form for form in forms if form in rows] == []
