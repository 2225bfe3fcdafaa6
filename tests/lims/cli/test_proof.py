# SPDX-License-Identifier: Apache-2.0
"""`lims ledger prove`: a file that the verifier alone believes."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
