# SPDX-License-Identifier: Apache-2.0
"""The coordinator alone makes a package with names; without names there is not one of them."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.cases.operations import code_remains
from lims.cases.queries import pairs_of_samplings
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.core.settings import Settings
from lims.custody import verifier
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import recent
from lims.custody.rules import Tag
from lims.identities.operations import code_references
from lims.identities.queries import reference_pairs_of_list
from tests.cast import Cast
from tests.sealed import CANARIES, CASE, FAMILY, FIELD, GIVEN, SEAL, Sealed, picture

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
REASON = "the prosecutor asked for it"


@pytest.fixture
def keys(settings: Settings) -> Settings:
    """The laboratory's signing keys, certified from today."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=3)
    return settings


def unpacked(content: bytes, folder: Path) -> tuple[Path, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
        held = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    (inside,) = folder.iterdir()
    return inside, held


def words_of(held: dict[str, bytes]) -> str:
    """Return all that can be read in a package."""
    document = pypdfium2.PdfDocument(held["timeline.pdf"])
    words = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return words + "\n".join(
        content.decode("utf-8", "replace") for name, content in held.items() if "." in name
    )


def test_only_the_coordinators_package_names_place_item_and_donor_and_it_proves_itself_too(
    keys: Settings, database: Database, vault: Vault, sealed: Sealed, cast: Cast, intake: str,
    sign_in: SignIn, key: Key, tmp_path: Path,
) -> None:  # fmt: skip
    with database.writing() as session:
        bone, card = _coded(session, vault, sealed, cast, intake)
    coordinator, officer = sign_in(cast.coordinator), sign_in(cast.quality)

    def sealed_package(client: FlaskClient, code: str, reason: str = REASON) -> tuple[int, bytes]:
        sent = {"request_key": key(), "code": code, "reason": reason}
        answer = client.post("/intake/packages", data=sent)
        return answer.status_code, answer.data

    status, of_bone = sealed_package(coordinator, bone)
    _, of_card = sealed_package(coordinator, card)
    plain = officer.post(f"/ledger/packages/{bone}", data={"request_key": key()}).data
    folder, named = unpacked(of_bone, tmp_path / "bone")
    _, gave = unpacked(of_card, tmp_path / "card")
    _, nameless = unpacked(plain, tmp_path / "plain")
    public = verifier.read_key(named["ledger.pub"].decode())

    assert status == 200
    assert verifier.check_package(folder, public).verdict == "sound"
    assert named[f"photographs/{bone}.jpg"] == picture()
    for told in (CASE, FIELD, SEAL):
        assert told in words_of(named)
    # Arabic letters are joined on paper: the text of the PDF has other characters.
    assert "Donor" in words_of(gave)
    assert [word for word in CANARIES if word in words_of(nameless)] == []
    assert not any(name.startswith("photographs/") for name in nameless)
    (folder / f"photographs/{bone}.jpg").write_bytes(picture(shade=91))
    assert verifier.check_package(folder, public).verdict == "broken"

    for who in (cast.quality, cast.reception, cast.technician, cast.auditor):
        assert sealed_package(sign_in(who), bone)[0] == 403
    assert sealed_package(coordinator, bone, reason=" ")[0] == 422
    with database.reading() as session:
        events = recent(session, limit=200)
    looks = [event for event in events if event.tag is Tag.SEALED_RECORD_READ]
    assert len({event.stream for event in looks}) == len(looks)
    assert not any(word in str(event.content) for event in events for word in (GIVEN, FAMILY, CASE))
    assert not any(bone in str(event.content) for event in looks)


def _coded(
    session: Session, vault: Vault, sealed: Sealed, cast: Cast, intake: str
) -> tuple[str, str]:
    bones, cards = sealed.bones(session), sealed.references(session)
    given = {"station": intake, "minimum": 3, "by": cast.coordinator, "at": now()}
    code_remains(session, vault, bones, **given)
    listed = code_references(session, vault, cards, **given)
    bone = pairs_of_samplings(session, vault, bones)[0].code
    return bone, reference_pairs_of_list(session, vault, listed)[0].code
