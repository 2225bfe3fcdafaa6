# SPDX-License-Identifier: Apache-2.0
"""A bone from a sealed package to its return, by scans and PINs, and the proof of all of it."""

import base64
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import CODE_LENGTH
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import ancestors, gaps, held, history, intervals
from lims.custody.rules import GapKind, replay
from lims.features import GAP_CHECKS
from lims.people.models import Person, Station
from lims.people.operations import hash_pin, issue_agent_key, issue_badge
from lims.people.rules import Activity
from lims.printing.queries import live_label
from lims.storage.operations import add_place
from lims.storage.queries import where
from lims.storage.rules import PlaceKind
from tests.cast import Cast
from tests.sealed import picture

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]

PIN = "2468"
NAMES = ("Wadi Homecoming", "HC07", "HC07-0019", "HC07-0019-R", "SEAL-5150", "Morgue of Homecoming",
         "Driver Homecoming", "Salim Homecoming", "PASS-60611")  # fmt: skip
"""What stands on the sealed side alone."""
SITE, SITE_CODE, CASE, ITEM, SEAL, SENDER, DRIVER, RELATIVE, DOCUMENT = NAMES
LIST = (
    "Seal,Site,Case,Field number,Element,Side,Mass (g),Taken on\n"
    + "\n".join(
        f"{SEAL},{SITE_CODE},{CASE},{ITEM}{number},{element},left,3.1,2026-03-01"
        for number, element in enumerate(("femur", "tibia", "humerus"), start=1)
    )
    + "\n"
)


@dataclass
class Walk:
    """People at their screens, scanners, the printer, and the labels as they come out."""

    app: Flask
    database: Database
    cast: Cast
    key: Callable[[], str]
    clients: dict[str, FlaskClient]
    badges: dict[str, str]
    agents: dict[StationKind, str] = field(default_factory=dict)

    def post(self, login: str, path: str, **body: object) -> Any:
        """Send what a page sends, as a program does; it must be taken."""
        answer = self.clients[login].post(path, json={"request_key": self.key(), **body})
        assert answer.status_code == 201, (path, answer.get_data(as_text=True))
        return answer.get_json()

    def page(self, login: str, path: str) -> str:
        """Open a page."""
        answer = self.clients[login].get(path)
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)

    def sit(self, login: str, kind: StationKind) -> None:
        """Begin to work at a station."""
        answer = self.clients[login].post(
            f"/bench/{self.cast.stations[kind]}/take", data={"request_key": self.key()}
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)

    def scan(self, login: str, kind: StationKind, text: str, verdict: str = "accepted") -> Any:
        """Scan at a station."""
        return self._said(login, kind, "scans", verdict, scan_id=self.key(), text=text)

    def enter(
        self, login: str, kind: StationKind, name: str, value: str, verdict: str = "accepted"
    ) -> Any:
        """Type what the station asks for."""
        return self._said(
            login, kind, "entries", verdict, entry_id=self.key(), name=name, value=value
        )

    def done(self, login: str, kind: StationKind) -> Any:
        """Scan DONE of the bench card."""
        return self._said(
            login, kind, "commands", "accepted", command_id=self.key(), command="done"
        )

    def printed(self, kind: StationKind) -> list[str]:
        """Let the station's printer print what waits for it; return what the labels say."""
        code = self.cast.stations[kind]
        if kind not in self.agents:
            with self.database.writing() as session:
                self.agents[kind] = issue_agent_key(
                    session, session.get_one(Station, code), by=self.cast.administrator, at=now()
                )
        agent, header = self.app.test_client(), {"Authorization": f"Bearer {self.agents[kind]}"}
        came = []

        def waiting() -> Any:
            return agent.get(f"/api/bench/{code}/labels?wait=0", headers=header).get_json()["jobs"]

        while jobs := waiting():
            for job in jobs:
                assert base64.b64decode(job["zpl"]).startswith(b"^XA")
                for outcome in ("intent", "sent", "printed"):
                    told = agent.post(
                        f"/api/bench/{code}/labels/{job['instance']}/outcome", headers=header,
                        json={"fence": job["fence"], "outcome": outcome},
                    )  # fmt: skip
                    assert told.status_code == 200
                came.append(job["instance"])
        return came

    def hand_over(self, giver: str, receiver: str, *labels: str) -> None:
        """Hand things over at the hand-over station: scanner, badge and both PINs."""
        at = StationKind.HANDOVER
        self.sit(giver, at)
        for label in labels:
            self.scan(giver, at, label)
        self.scan(giver, at, self.badges[receiver])
        self.enter(giver, at, "own-pin", PIN)
        self.enter(giver, at, "pin", PIN)

    def holder(self, code: str) -> str:
        """Return who holds a thing."""
        with self.database.reading() as session:
            standing = held(session, code)
        assert standing is not None
        return standing.holder

    def _said(
        self, login: str, kind: StationKind, what: str, verdict: str, **body: object
    ) -> Any:  # fmt: skip
        answer = self.clients[login].post(
            f"/api/bench/{self.cast.stations[kind]}/{what}", json=body
        )
        told = answer.get_json()
        assert told["verdict"] == verdict, told
        return told


@pytest.fixture
def walk(
    app: Flask, database: Database, settings: Settings, cast: Cast, sign_in: SignIn,
    key: Callable[[], str],
) -> Walk:  # fmt: skip
    """A laboratory with keys, and people with badges who have signed in."""
    origin = settings.origin
    write_public_key(settings.public_key, create_long_term_key(settings.keys, origin=origin))
    signer = long_term_signer(settings.keys, origin=origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=datetime.now(UTC).date())
    hashed, badges = hash_pin(PIN), {}
    with database.writing() as session:
        for login in ("rima", "yusuf", "salma", "omar"):
            person = session.get_one(Person, cast.actors[login].person)
            badges[login] = issue_badge(
                session, person, hashed, by=cast.administrator, at=now()
            ).code  # fmt: skip
    people = {login: sign_in(cast.actors[login]) for login in (*badges, "nadia")}
    return Walk(app, database, cast, key, people, badges)


@pytest.fixture
def a_box(cast: Cast, a_live_label: Build) -> Build:
    """A box on a shelf with its label."""

    def build(session: Session) -> str:
        by, at = cast.manager, now()
        room = add_place(session, kind=PlaceKind.ROOM, name="Cold room", by=by, at=at)
        box = add_place(
            session, kind=PlaceKind.BOX, name="B07", parent=room, rows=9, columns=9, by=by, at=at
        )
        return a_live_label(session, box)

    return build


def received(walk: Walk) -> list[str]:
    """Receive a listed, sealed package, photograph what was in it; return the samplings."""
    walk.post("yusuf", "/cases/sites", code=SITE_CODE, name=SITE)
    taken = walk.clients["rima"].post(
        "/cases/dispatches/lists",
        data={
            "request_key": walk.key(), "sender": SENDER, "line": "bone", "act": "take",
            "file": (io.BytesIO(LIST.encode()), "list.csv"),
        },
    )  # fmt: skip
    assert taken.status_code == 303, taken.get_data(as_text=True)
    here = taken.headers["Location"]
    walk.post("rima", f"{here}/arrival", name=DRIVER, organisation=SENDER, document="N-1")
    package = walk.post("rima", f"{here}/read", read=SEAL)["package"]
    walk.post(
        "rima", f"/cases/dispatches/packages/{package}/open", reason="to count what is in it",
        witness_badge=walk.badges["yusuf"], witness_pin=PIN,
    )  # fmt: skip
    for number in (1, 2, 3):
        walk.post("rima", f"{here}/read", read=f"{ITEM}{number}", package=package)
    walk.post("rima", f"/cases/dispatches/packages/{package}/emptied")
    walk.post("rima", f"{here}/received")
    walk.post(
        "rima", f"{here}/hand-over", witness_badge=walk.badges["yusuf"], witness_pin=PIN
    )  # fmt: skip
    found = walk.clients["rima"].post("/cases/search", data={"search": CASE})
    case = re.search(r'href="(/cases/[0-9a-f]{32})"', found.get_data(as_text=True))
    assert case is not None
    items = dict.fromkeys(
        re.findall(r'href="(/cases/items/[0-9a-f]{32})', walk.page("rima", case[1]))
    )
    samplings = []
    for item in items:
        linked = re.findall(r"/cases/photographs/of/([0-9a-f]{32})", walk.page("yusuf", item))
        (sampling,) = {one for one in linked if one not in item}
        answer = walk.clients["yusuf"].post(
            f"/cases/samplings/{sampling}/photograph",
            data={"request_key": walk.key(), "photograph": (io.BytesIO(picture()), "scale.jpg")},
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        samplings.append(sampling)
    return samplings


def coded(walk: Walk, samplings: list[str]) -> str:
    """Code what was received, scan the labels back, let the laboratory accept them: a femur."""
    intake = walk.cast.stations[StationKind.INTAKE]
    walk.post("yusuf", "/intake/code-remains", samplings=samplings, station=intake)
    labels = walk.printed(StationKind.INTAKE)
    assert len(labels) == 3
    walk.sit("yusuf", StationKind.INTAKE)
    for label in labels:
        walk.scan("yusuf", StationKind.INTAKE, label)
    walk.sit("salma", StationKind.RECEPTION)
    said = {
        label: walk.scan("salma", StationKind.RECEPTION, label)["say"]["en"] for label in labels
    }
    return next(label for label in labels if "femur" in said[label])


def extracted(walk: Walk, powder: str, lot: str, shaker: str, procedure: int) -> str:
    """Extract a tube of powder in a batch of its own; return the extract's label."""
    at = StationKind.EXTRACTION
    walk.sit("omar", at)
    made = walk.post(
        "omar", "/extraction", line="bone", procedure=procedure, station=walk.cast.stations[at]
    )
    (card,) = walk.printed(at)
    for text in (card, card, lot, shaker, powder):
        walk.scan("omar", at, text)
    walk.done("omar", at)
    labels = walk.printed(at)
    assert len(labels) == 2, "the extract and the blank"
    for label in labels:
        walk.scan("omar", at, label)
    assert made["code"] == card[:CODE_LENGTH]
    with walk.database.reading() as session:
        return next(
            label for label in labels
            if powder[:CODE_LENGTH] in ancestors(session, label[:CODE_LENGTH])
        )  # fmt: skip


def check(folder: Path) -> int:
    """Run the verifier of a package on a machine without Osteon: isolated, no site packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verifier.py", "--package", ".", "--key", "ledger.pub"],
        cwd=folder, capture_output=True, check=False, env={},
    ).returncode  # fmt: skip


def unpacked(walk: Walk, code: str, folder: Path) -> dict[str, bytes]:
    """Let the quality officer make the package of a thing, and lay it into a folder."""
    answer = walk.clients["nadia"].post(
        f"/ledger/packages/{code}", data={"request_key": walk.key()}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/zip"
    files = {}
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            files[name.split("/", 1)[1]] = archive.read(name)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return files


def test_a_bone_is_received_sealed_ground_extracted_and_its_rest_comes_home_and_proves_it(
    walk: Walk, database: Database, cast: Cast, tmp_path: Path, a_box: Build, a_lot: Build,
    an_instrument: Build, a_procedure: Callable[..., int],
) -> None:  # fmt: skip
    with database.writing() as session:
        box = a_box(session)
        lot, shaker = (live_label(session, one).payload  # type: ignore[union-attr]  # labelled
                       for one in (a_lot(session), an_instrument(session)))  # fmt: skip
        procedure = a_procedure(session, activity=Activity.EXTRACTION)
    bone = coded(walk, received(walk))
    code = bone[:CODE_LENGTH]
    salma, omar, yusuf = cast.actors["salma"], cast.actors["omar"], cast.actors["yusuf"]
    assert walk.holder(code) == salma.id

    # Omar has it in his hand, and not on his name: a station says so, and nothing is done.
    preparation, storage = StationKind.PREPARATION, StationKind.STORAGE
    walk.sit("omar", preparation)
    refused = walk.scan("omar", preparation, bone, "refused")
    assert "T-01" in refused["say"]["en"]
    walk.hand_over("salma", "omar", bone)
    assert walk.holder(code) == omar.id

    walk.sit("omar", storage)
    walk.scan("omar", storage, bone)
    assert walk.scan("omar", storage, box)["position"] == "A1"
    with database.reading() as session:
        assert where(session, code).place == box[:CODE_LENGTH]  # type: ignore[union-attr]  # stored
    walk.scan("omar", storage, bone)
    walk.enter("omar", storage, "act", "take")

    walk.sit("omar", preparation)
    walk.scan("omar", preparation, bone)
    walk.enter("omar", preparation, "mass", "450")
    (powder,) = walk.printed(preparation)
    walk.scan("omar", preparation, powder)
    extract = extracted(walk, powder, lot, shaker, procedure)[:CODE_LENGTH]

    walk.hand_over("omar", "salma", bone)
    walk.hand_over("salma", "yusuf", bone)
    walk.post(
        "yusuf", "/cases/outside", list=bone, kind="family", name=RELATIVE, document=DOCUMENT,
        organisation="", purpose="return", secret=PIN,
    )  # fmt: skip

    with database.reading() as session:
        held_by = [one.holder for one in intervals(session, code)]
        outside = next(one for one in held_by if one.startswith("outside:"))
        assert held_by[:8] == [
            yusuf.id, salma.id, omar.id, box[:CODE_LENGTH], omar.id, omar.id, salma.id, yusuf.id,
        ]  # fmt: skip
        assert held_by[8:] == [outside], "who has it stays on record"
        assert replay(history(session, code)).state == "returned"
        for thing in (code, powder[:CODE_LENGTH], extract):
            standing = intervals(session, thing)
            assert replay(history(session, thing)).intervals == standing
            assert [one.ended_at for one in standing[:-1]] == [
                one.began_at for one in standing[1:]
            ]  # fmt: skip
            found = gaps(session, thing, GAP_CHECKS)
            assert [gap for gap in found if gap.kind is not GapKind.UNSIGNED] == []

    for number, thing in enumerate((code, extract)):
        folder = tmp_path / f"elsewhere-{number}"
        files = unpacked(walk, thing, folder)
        assert check(folder) == 0
        whole = files["proof.ndjson"]
        for name, content in files.items():
            place = len(content) // 2
            (folder / name).write_bytes(
                content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            )
            # A verifier that was changed says nothing: it is taken from the publisher.
            assert name == "verifier.py" or check(folder) != 0, name
            (folder / name).write_bytes(content)
        assert check(folder) == 0
        assert f'"stream":"{code}"'.encode() in whole
        for place in (len(whole) // 3, len(whole) // 2, len(whole) - 40):
            changed = bytearray(whole)
            changed[place] ^= 1
            (folder / "proof.ndjson").write_bytes(bytes(changed))
            assert check(folder) != 0, place
        seen = b"".join(files.values()).decode("utf-8", "replace")
        assert [name for name in NAMES if name in seen] == []
