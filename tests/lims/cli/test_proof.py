# SPDX-License-Identifier: Apache-2.0
"""`lims ledger prove`, `lims package`: files that the verifier alone believes."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import Settings, write_settings
from lims.custody import verifier
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.people.models import Person

Run = Callable[..., Any]


@dataclass(frozen=True)
class Extracted:
    """A laboratory's folder with keys, and an extract in its database."""

    folder: Path
    code: str

    def standalone(self, proof: Path) -> int:
        ran = subprocess.run(
            # -I and -S: without any package that is installed here.
            [sys.executable, "-I", "-S", verifier.__file__, "--proof", str(proof),
             "--key", str(self.folder / "ledger.pub")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ran.returncode


@pytest.fixture
def extracted(database: Database, settings: Settings, an_extract: Callable[..., str]) -> Extracted:
    write_settings(settings)
    origin = settings.origin
    write_public_key(settings.public_key, create_long_term_key(settings.keys, origin=origin))
    signer = long_term_signer(settings.keys, origin=origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=datetime.now(UTC).date())
    with database.writing() as session:
        code = an_extract(session)
    return Extracted(settings.folder, code)


def test_the_proof_of_an_extract_is_believed_without_osteon_and_shows_that_it_was_made(
    lims: Run, extracted: Extracted, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.ndjson"
    made = lims(
        "ledger", "prove", extracted.code, "--out", proof, "--folder", extracted.folder, "--json"
    )
    history = lims("history", extracted.code, "--folder", extracted.folder, "--json")
    whole = proof.read_bytes()

    assert made.status == 0, made.said
    assert made.json["verdict"] == "sound"
    assert made.json["things"][0] == extracted.code
    assert {code[0] for code in made.json["things"]} == {"X", "A", "B"}
    assert {code[0] for code in made.json["left_out"]} == {"G"}
    assert history.json["events"][-1]["type"] == "ledger:proof:made"
    assert extracted.standalone(proof) == 0
    proof.write_bytes(whole.replace(b'"actor":"u:', b'"actor":"u:x', 1))
    assert extracted.standalone(proof) == 1


def test_what_cannot_be_proved_is_refused_and_leaves_neither_file_nor_event(
    lims: Run, extracted: Extracted, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.ndjson"
    unknown = draw_code(Kind.BONE)
    refused = lims("ledger", "prove", unknown, "--out", proof, "--folder", extracted.folder)
    shutil.rmtree(extracted.folder / "keys")
    unsigned = lims("ledger", "prove", extracted.code, "--out", proof, "--folder", extracted.folder)
    history = lims("history", extracted.code, "--folder", extracted.folder, "--json")

    assert refused.status == 1
    assert unknown in refused.said
    assert unsigned.status == 1
    assert "no certified key" in unsigned.said
    assert not proof.exists()
    assert history.json["events"][-1]["type"] != "ledger:proof:made"


def packed(lims: Run, extracted: Extracted, out: Path) -> dict[str, bytes]:
    """Make the package of the extract; return its files by name, without its folder."""
    made = lims("package", extracted.code, "--out", out, "--folder", extracted.folder, "--json")
    assert made.status == 0, made.said
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        names = {name: name.split("/", 1) for name in archive.namelist()}
        assert {folder for folder, _ in names.values()} == {made.json["package"]}
        return {rest: archive.read(name) for name, (_, rest) in names.items()}


def test_the_package_is_checked_with_what_is_in_it_and_one_changed_byte_is_found(
    lims: Run, extracted: Extracted, tmp_path: Path
) -> None:
    held = packed(lims, extracted, tmp_path / "package.zip")
    folder = tmp_path / "elsewhere"
    (folder / "checkpoints").mkdir(parents=True)
    for name, content in held.items():
        (folder / name).write_bytes(content)

    def check() -> int:
        return subprocess.run(
            [sys.executable, "-I", "-S", "verifier.py", "--package", ".",
             "--key", "ledger.pub"],
            cwd=folder, capture_output=True, check=False,
        ).returncode  # fmt: skip

    assert {"README.txt", "README.ar.txt", "timeline.pdf", "proof.ndjson", "ledger.pub"} < set(held)
    assert sorted(name.rsplit(".", 1)[1] for name in held if "checkpoints/" in name) == [
        "certificate", "checkpoint",
    ]  # fmt: skip
    assert extracted.code in held["README.txt"].decode()
    assert "python3 -I verifier.py --package . --key ledger.pub" in held["README.txt"].decode()
    assert extracted.code in held["README.ar.txt"].decode()
    assert held["ledger.pub"] == (extracted.folder / "ledger.pub").read_bytes()
    assert check() == 0
    place = len(held["proof.ndjson"]) // 2
    changed = bytearray(held["proof.ndjson"])
    changed[place] ^= 1
    (folder / "proof.ndjson").write_bytes(bytes(changed))
    assert check() == 1


def test_the_timeline_has_every_event_its_number_and_name_on_each_page_and_ends_once(
    lims: Run, extracted: Extracted, tmp_path: Path
) -> None:
    held = packed(lims, extracted, tmp_path / "package.zip")
    document = pypdfium2.PdfDocument(held["timeline.pdf"])
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    whole = "\n".join(pages)
    unique = next(
        line.split()[1] for line in held["README.txt"].decode().splitlines() if "Package" in line
    )
    numbers = {
        value["index"]
        for value in map(json.loads, held["proof.ndjson"].splitlines())
        if value["kind"] == "event"
    }

    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert unique in page
    assert "End of the record" in pages[-1]
    assert whole.count("End of the record") == 1
    # The last says that the package was made: it holds the hash of what is on this paper.
    assert [index for index in sorted(numbers) if not re.search(rf"^{index}\b", whole, re.M)] == [
        max(numbers)
    ]
    assert "That this package was made is an event after these." in " ".join(whole.split())


def test_nobody_is_named_in_a_package(
    lims: Run, extracted: Extracted, database: Database, tmp_path: Path
) -> None:
    held = packed(lims, extracted, tmp_path / "package.zip")
    document = pypdfium2.PdfDocument(held["timeline.pdf"])
    whole = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    whole += b"".join(held.values()).decode("utf-8", "replace")
    with database.reading() as session:
        people = session.query(Person).all()
        names = [word for person in people for word in (person.name, person.login)]

    assert len(names) > 4
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", whole)] == []
