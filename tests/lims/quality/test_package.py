# SPDX-License-Identifier: Apache-2.0
"""The package of a thing says all that a court asks, and proves every byte of itself."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody import verifier
from lims.custody.operations import checkpoint, daily_signer, publish
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.genotyping.models import Injection
from lims.plates.models import Well
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


def check(folder: Path) -> tuple[int, str]:
    """Run the verifier of the package itself, in its folder, without anything else."""
    done = subprocess.run(
        [sys.executable, "-I", "verifier.py", "--package", ".", "--key", "ledger.pub", "--json"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout


def cosign(settings: Settings, database: Database) -> verifier.Secret:
    """Sign the ledger, and have two partners cosign it, of whom the laboratory knows one."""
    partner, stranger = (verifier.Secret(f"{name}.example/w", bytes(32)) for name in ("p", "s"))
    at = now()
    signer = daily_signer(
        settings.keys, origin=settings.origin, at=at, passphrase=settings.passphrase
    )
    with database.writing() as session:
        checkpoint(session, signer, at=at)
    with database.reading() as session:
        publish(session, settings.checkpoints)
    plain = max(settings.checkpoints.glob("*.checkpoint"))
    note = verifier.read_note(plain.read_bytes())
    for secret in (partner, stranger):
        note = verifier.cosign_note(note, secret.public, secret.sign, int(at.timestamp()))
    plain.with_suffix(".cosigned").write_text(note.written(), "utf-8")
    settings.witnesses.mkdir()
    (settings.witnesses / "partner.pub").write_text(partner.public.line() + "\n")
    return partner


def an_injected_extract(database: Database) -> str:
    with database.reading() as session:
        found = session.scalars(
            select(Well.subject_code)
            .join(Injection, Injection.well_id == Well.id)
            .where(Well.subject_code.like("X%"))
            .order_by(Well.id)
        ).first()
    assert found is not None
    return found


def test_a_package_tells_who_held_it_by_whom_and_how_it_was_worked_and_every_changed_byte_is_found(
    cast: Cast, sign_in: SignIn, key: Key, filled: str, database: Database, tmp_path: Path,
    settings: Settings,
) -> None:  # fmt: skip
    code, client = an_injected_extract(database), sign_in(cast.quality)
    partner = cosign(settings, database)
    sent = {"request_key": key()}
    made = client.post(f"/ledger/packages/{code}", data=sent)
    again = client.post(f"/ledger/packages/{code}", data=sent)
    assert (made.status_code, again.status_code) == (200, 200)
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        archive.extractall(tmp_path / "court")
        held = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(io.BytesIO(again.data)) as archive:
        twice = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    (folder,) = (tmp_path / "court").iterdir()
    document = pypdfium2.PdfDocument(held["timeline.pdf"])
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    words = "\n".join(pages)
    with database.reading() as session:
        told = history(session, code)[-1]
        sha256 = session.scalar(
            select(Injection.sha256).join(Well).where(Well.subject_code == code)
        )

    status, answer = check(folder)
    assert status == 0
    assert [(one["name"], one["key"]) for one in json.loads(answer)["cosignatures"]] == [
        ("p.example/w", "named")
    ]
    assert [(one["name"], one["key"]) for one in json.loads(answer)["unknown"]] == [
        ("s.example/w", "unknown")
    ]
    assert twice == held
    the_cosignatures_are_checked(folder, held, partner.public)
    assert (told.tag, told.content["manifest"]) == (
        Tag.LEDGER_PACKAGE_MADE,
        verifier.hashlib.sha256(held["manifest.sha256"]).hexdigest(),
    )
    for heading in (
        "Gaps in the custody", "Who held it, and where", "Timeline", "Procedures", "Reagent lots",
        "Checks of the analyzer's runs", "Raw files of the analyzer",
        "Who acted, and what they were authorised for",
    ):  # fmt: skip
        assert heading in words
    assert str(sha256) in "".join(words.split())
    assert all(folder.name in page for page in pages)
    assert words.count("*** End of the record") == 1
    for name in sorted(held):
        file = folder / name
        for place in {0, len(held[name]) // 2, len(held[name]) - 1}:
            changed = bytearray(held[name])
            changed[place] ^= 1
            file.write_bytes(changed)
            # A changed verifier cannot be asked about itself.
            report = verifier.check_package(folder, verifier.read_key(held["ledger.pub"].decode()))
            assert report.verdict == "broken", (name, place)
        file.write_bytes(held[name])
    (folder / "more.pdf").write_bytes(b"%PDF")
    (folder / "README.txt").unlink()
    status, answer = check(folder)
    assert status == 1
    assert {one["reason"] for one in json.loads(answer)["findings"]} == {"added", "missing"}


def the_cosignatures_are_checked(
    folder: Path, held: dict[str, bytes], known: verifier.PublicKey
) -> None:
    """With the key that a reader knows: who cosigned it and when; a wrong one is named as such."""
    ledger = verifier.read_key(held["ledger.pub"].decode())
    report = verifier.check_package(folder, ledger, [known])
    (name,) = (name for name in held if name.endswith(".cosigned"))
    assert [(one.name, one.key, one.note) for one in report.cosignatures] == [
        (known.name, "known", name)
    ]
    words = verifier.proof_in_words(report)
    assert f"Witnessed by {known.name}: the first {int(name[12:24])} events, " in words
    assert "not checked is what is signed in the name of s.example/w" in words

    def found(content: bytes, *witnesses: verifier.PublicKey) -> set[str]:
        (folder / name).write_bytes(content)
        told = verifier.check_package(folder, ledger, witnesses)
        (folder / name).write_bytes(held[name])
        return {finding.reason for finding in told.findings}

    note = verifier.read_note(held[name])
    *before, (who, short, signature), stranger = note.signatures
    for place in (7, 8, 71):  # its time, and its signature
        wrong = bytearray(signature)
        wrong[place] ^= 1
        lines = (*before, (who, short, bytes(wrong)), stranger)
        changed = verifier.Note(note.text, lines).written().encode()
        assert found(changed) == found(changed, known) == {"file", "cosignature"}
    own = verifier.Note(note.text, ((*before[0][:2], bytes(64)), *note.signatures[1:]))
    assert found(own.written().encode()) == {"file", "checkpoint-signature"}
    other = verifier.Secret(known.name, b"another" + bytes(25)).public
    assert found(held[name], other) == {"witness-key"}


def test_the_timeline_shows_holders_lineage_and_gaps_and_is_filtered_and_paged(
    cast: Cast, sign_in: SignIn, filled: str, database: Database
) -> None:
    code, client = an_injected_extract(database), sign_in(cast.quality)
    asked = {"Accept": "application/json"}
    whole = client.get(f"/custody/{code}", headers=asked).get_json()
    page = client.get(f"/custody/{code}").get_data(as_text=True)
    with database.reading() as session:
        mine = history(session, code)
    who, holder = whole["held"][0]["by"], whole["held"][0]

    def events(**filters: str) -> list[dict[str, object]]:
        answer = client.get(f"/custody/{code}", query_string=filters, headers=asked)
        assert answer.status_code == 200
        return list(answer.get_json()["events"])

    assert [event.index for event in reversed(mine)] == [
        event["index"] for event in events(alone="true")
    ][: len(mine)]
    assert {event["by"] for event in events(who=who)} <= {who, *(e["by"] for e in whole["events"])}
    assert {event["station"] for event in events(place=holder["place"], act="work")} <= {
        holder["place"]
    }
    assert events(until="2001-01-01") == []
    assert all(event["index"] < mine[-1].index for event in events(before=str(mine[-1].index)))
    assert "Gaps in its custody" in page
    assert 'aria-current="true"' in page
    assert f"/ledger/packages/{code}" in page
    assert f"/ledger/packages/{code}" not in sign_in(cast.technician).get(
        f"/custody/{code}"
    ).get_data(as_text=True)
    assert client.get("/custody/XAAAAAAAA").status_code == 404

    held = client.get("/custody", query_string={"code": code}, headers=asked).get_json()
    of_person = client.get("/custody", query_string={"who": who}, headers=asked).get_json()
    long_ago = client.get(
        "/custody", query_string={"who": who, "at": "2001-01-01T10:00"}, headers=asked
    ).get_json()
    shown = client.get("/custody", query_string={"who": who}).get_data(as_text=True)
    assert [one["by"] for one in held["things"]] == [who]
    assert {one["by"] for one in of_person["things"]} == {who}
    assert long_ago["things"] == []
    assert of_person["things"][0]["code"] in "".join(shown.split()) or of_person["things"]
    assert client.get("/custody", query_string={"who": who, "code": code}).status_code == 422
    assert sign_in(cast.technician).get("/custody").status_code == 403
