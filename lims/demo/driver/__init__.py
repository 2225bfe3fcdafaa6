# SPDX-License-Identifier: Apache-2.0
"""The run-through: the whole path of the samples, unattended, as people would go it."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from lims.core.settings import SETTINGS_FILE
from lims.demo.driver import (
    custody_path,
    plate_path,
    profile_path,
    proof_path,
    real_runs,
    sealed_path,
    wet_path,
)
from lims.demo.driver.analyzer import People
from lims.demo.driver.child import running
from lims.demo.driver.pages import StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.proof_path import Proof
from lims.demo.driver.steps import Steps
from lims.demo.laboratory import NotADemonstration, check_folder
from lims.people.rules import Line

REFUSAL = "Too few loci: the bone is too degraded."


@dataclass
class Told:
    """What a run-through says at its end."""

    ok: bool
    steps: Steps
    samples: dict[str, dict[str, object]] = field(default_factory=dict)
    runs: list[dict[str, object]] = field(default_factory=list)
    proof: Proof = field(default_factory=lambda: Proof(0, "", verified=False))
    refused: int = 0

    def as_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "ok": self.ok,
            "steps": [step.as_json() for step in self.steps.done],
            "samples": self.samples,
            "ledger": self.proof.as_json(),
            "refusals": self.refused,
            "runs": self.runs,
        }


def run_through(folder: Path | None, *, port: int, url: str, runs: Path | None) -> Told:
    """Go the whole path in `folder`, or in a temporary one that is removed at the end.

    Raises NotADemonstration for a folder that is a demonstration already, or cannot be one.
    """
    if folder is not None:
        check_folder(folder)
        if (folder / SETTINGS_FILE).exists():
            raise NotADemonstration(
                f"The run-through needs a fresh demonstration, and {folder} has been used. Name a "
                "folder that is not there yet, or none."
            )
    told = Told(ok=False, steps=Steps())
    begun = time.monotonic()
    try:
        with _place(folder) as place:
            _go(told, place, port=port, url=url, runs=runs)
    except StepFailed as failed:
        if told.steps.ok or not told.steps.done:
            click.echo(str(failed), err=True)
        return told
    told.ok = told.steps.ok and told.proof.verified
    click.echo(
        f"{len(told.steps.done)} steps held in {time.monotonic() - begun:.0f} s; "
        f"{told.refused} things that must be refused were refused; "
        f"the ledger of {told.proof.size} events is sound.",
        err=True,
    )
    return told


def _go(told: Told, folder: Path, *, port: int, url: str, runs: Path | None) -> None:
    if runs is not None:
        with told.steps.step("The folder of real runs is looked through"):
            real_runs.refuse_empty(runs)
    with told.steps.opened("A fictional laboratory is built and started",
                           running(folder, port=port, url=url)) as play:  # fmt: skip
        try:
            _path(told.steps, play)
            if runs is not None:
                told.runs = real_runs.take_all(told.steps, play, runs)
            with told.steps.step("Quality: the package for a court, checked by its verifier alone"):
                custody_path.prove_package(play)
            with told.steps.step("Quality: checkpoint, export, verified by a stranger"):
                told.proof = proof_path.prove(play)
        finally:
            told.samples, told.refused = play.fates, play.refused


def _path(steps: Steps, play: Play) -> None:
    with steps.step("Reception: a bone is recorded with its photograph"):
        sealed_path.record_remains(play)
    with steps.step("Reception: a sealed package is received by scan, before a witness"):
        custody_path.receive_package(play)
    with steps.step("Coordinator: a missing person, a donor, relation and consent"):
        sealed_path.record_family(play)
    with steps.step("Coordinator: remains and references are coded, labels scanned back"):
        sealed_path.code(play)
    with steps.step("Laboratory reception: every sample is accepted"):
        wet_path.receive(play)
    with steps.step("Laboratory reception: a damaged label is replaced"):
        wet_path.reprint(play)
    with steps.step("Custody: a bone is handed over, put on a shelf, fetched, handed back"):
        custody_path.hand_over_and_store(play)
    with steps.step("Custody: it goes home with somebody from outside"):
        custody_path.send_home(play)
    with steps.step("Preparation: each bone is ground and weighed"):
        wet_path.prepare_bones(play)
    with steps.step("Preparation: each card is punched, each swab lysed"):
        wet_path.prepare_references(play)
    for line in Line:
        with steps.step(f"Extraction: the batch of the {line.value} line with its blank"):
            wet_path.extract(play, line)
    with steps.step("The wall: no page of the laboratory says a name or a site"):
        sealed_path.look_over_the_wall(play)
    with steps.step("Quantification: plate, table of the cycler, decisions"):
        plate_path.quantify(play)
    plates = {}
    for line in Line:
        with steps.step(f"Amplification: the plate of the {line.value} line with its controls"):
            plates[line] = plate_path.amplify(play, line)
    for line in Line:
        with steps.step(f"Injection: the plate of the {line.value} line with ladders"):
            plates[line] = plate_path.prepare_injection(play, plates[line])
    people = People.of(play)
    with steps.step("Analyzer: the run of the bones is imported on the page"):
        bones = profile_path.import_on_page(play, plates[Line.BONE], people)
    with steps.step("Analyzer: the run of the references is imported by the command"):
        references = profile_path.import_in_console(play, plates[Line.REFERENCE], people)
    with steps.step("Runs: findings, and the electropherogram of every well"):
        profile_path.check_run(play, bones)
        profile_path.check_run(play, references)
    with steps.step("Readings: two people read each profile, the second blind"):
        profile_path.read_blind(play, bones, play.bones)
        profile_path.read_blind(play, references, play.references)
    with steps.step("Manager: profiles are accepted, signed with the password"):
        profile_path.accept(play, bones, play.bones[:-1])
        profile_path.accept(play, references, play.references)
    with steps.step("Manager: a profile of too few loci is refused with the reason"):
        profile_path.refuse(play, bones, play.bones[-1], REFUSAL)
    with steps.step("History: from each profile back to its sample"):
        proof_path.history(play)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="osteon-") as name:
        yield Path(name) / "demonstration"
