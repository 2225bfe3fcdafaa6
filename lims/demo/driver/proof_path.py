# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through at the end: checkpoint, export, and a stranger who verifies it all."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lims.custody import verifier
from lims.demo.driver.pages import StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.sealed_path import check_silent

VERIFIER = Path(verifier.__file__)


@dataclass(frozen=True)
class Proof:
    """What the verifier found: events, the root of the log in hexadecimal, whether it is sound."""

    size: int
    root: str
    verified: bool

    def as_json(self) -> dict[str, object]:
        """Return it as `--json` prints it."""
        return {"size": self.size, "root": self.root, "verified": self.verified}


def prove(play: Play) -> Proof:
    """Sign, export, and verify with one file of Python alone; a changed event is found.

    Raises StepFailed where the ledger is not sound, or says a word of the sealed side.
    """
    quality = play.person("quality")
    export = quality.download(quality.open("/ledger").form("/ledger/export"))
    quality.send(quality.open("/ledger").form("/ledger/checkpoint"))
    check_silent(export.decode("utf-8"), "the exported ledger")
    handed = quality.json("/ledger/checkpoints.json")
    page = quality.send(quality.open("/ledger").form("/ledger/verify"))
    if "sound" not in page.words.casefold():
        raise StepFailed(f"the page of the ledger does not call it sound: {page.said()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in handed["checkpoints"].items():
            place = folder / "checkpoints" / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, "utf-8")
        (folder / "ledger.pub").write_text(handed["key"], "ascii")
        (folder / "verifier.py").write_bytes(quality.fetch("/ledger/verifier.py"))
        if (folder / "verifier.py").read_bytes() != VERIFIER.read_bytes():
            raise StepFailed("the verifier handed out is another one")
        sound = _verify(folder, export)
        if sound["exit"] != 0:
            raise StepFailed(f"the verifier does not call the ledger sound: {sound}")
        _refuse_changed(play, folder, export)
    return Proof(int(sound["size"]), str(sound["root"]), verified=True)


def history(play: Play) -> None:
    """Check that the path from each accepted profile leads back to its sample, event by event."""
    person = play.person("technician")
    for code, extract in play.extracts.items():
        shown = person.json(f"/samples/{extract}")
        streams = {event["stream"] for event in shown["history"]}
        if not {code, play.aliquots[code], extract} <= streams or not shown["custody_sound"]:
            raise StepFailed(f"the history of {extract} does not lead back to {code}")


def _refuse_changed(play: Play, folder: Path, export: bytes) -> None:
    lines = export.splitlines(keepends=True)
    middle = len(lines) // 2
    for changed in (
        [*lines[:middle], lines[middle].replace(b'"', b"'", 1), *lines[middle + 1 :]],
        [*lines[:middle], *lines[middle + 1 :]],
        [*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]],
    ):
        if _verify(folder, b"".join(changed))["exit"] != 1:
            raise StepFailed("the verifier takes a changed ledger for a sound one")
        play.refused += 1


def _verify(folder: Path, export: bytes) -> dict[str, Any]:
    file = folder / "ledger.ndjson"
    file.write_bytes(export)
    done = subprocess.run(  # noqa: S603  # the verifier, with no package to import
        [sys.executable, "-I", "-S", str(folder / "verifier.py"), str(file), "--checkpoints",
         str(folder / "checkpoints"), "--key", str(folder / "ledger.pub"), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = {"stderr": done.stderr[:500]}
    return said | {"exit": done.returncode}
