# SPDX-License-Identifier: Apache-2.0
"""Real analyzer runs of the run-through: each folder onto plates that carry its files' names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.files import FileStore
from lims.core.settings import Settings
from lims.demo.accounts import PASSWORD
from lims.demo.driver.analyzer import upload
from lims.demo.driver.found_runs import RUN_FILES, SKIPPED, Bunch, found_runs
from lims.demo.driver.pages import Browser, StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.profile_path import FIRST, SECOND, run_of, state_of_profile
from lims.demo.driver.real_plates import RealPlate, make_plate
from lims.demo.driver.steps import Steps
from lims.genotyping.operations import import_run
from lims.genotyping.rules.refusals import RunRefused
from lims.people.queries import person_by_login

T = TypeVar("T")

BLANK_REASON = "The blank of this batch was typed on another plate of the same day."


def take_all(steps: Steps, play: Play, runs: Path) -> list[dict[str, object]]:
    """Import every run below a folder; returns what became of each.

    A run that goes through its controls is read twice and accepted; one without them is imported
    and releases nothing. A folder of no known kit is skipped, and that is said.
    """
    fates: list[dict[str, object]] = []
    for bunch in found_runs(runs):
        if bunch.kit is None:
            click.echo(f"     {bunch.name} is skipped: {SKIPPED}", err=True)
            fates.append({"run": bunch.name, "fate": "skipped", "why": SKIPPED})
            continue
        with steps.step(f"Real run {bunch.name}: {len(bunch.files)} files, {bunch.kit.name}"):
            fate = take(play, bunch.kit, bunch)
            fates.append({"run": bunch.name, "kit": bunch.kit.name} | fate)
    return fates


def refuse_empty(runs: Path) -> None:
    """Raise StepFailed where nothing below a folder can be a run."""
    if not any(path.suffix.lower() in RUN_FILES for path in runs.rglob("*")):
        raise StepFailed(f"no folder below {runs} holds {' or '.join(RUN_FILES)} files")


def take(play: Play, kit: Kit, bunch: Bunch) -> dict[str, object]:
    """Import one run onto a plate of its own and carry it as far as its controls allow."""
    technician = play.person("technician")
    plate = make_plate(play.folder, kit, bunch.wells, file_plate_name=bunch.plate_name)
    page = upload(technician, plate.code, bunch.files)
    run = run_of(technician, plate.code)
    if run is None:
        if page.status < 400:
            raise StepFailed(f"{bunch.name} was neither imported nor refused: {page.said()}")
        return {"fate": "refused", "plate": plate.code, "why": page.said()[:300]}
    again = upload(technician, plate.code, bunch.files)
    if again.status != 200 or run_of(technician, plate.code) != run:
        raise StepFailed(f"the files of {bunch.name} again changed something")
    stops = _stops(play, run)
    _look(play, run)
    told: dict[str, object] = {"plate": plate.code, "files": len(bunch.files)}
    if stops == {"BLANK"}:
        _answer_blank(play, run)
        return told | {"fate": "profiles", "profiles": _to_profiles(play, run, plate)}
    if not stops:
        return told | {"fate": "profiles", "profiles": _to_profiles(play, run, plate)}
    _releases_nothing(play, run, plate)
    return told | {"fate": "releases nothing", "findings": sorted(stops)}


def _stops(play: Play, run: int) -> set[str]:
    shown = play.person("manager").json(f"/runs/{run}")
    return {one["rule"] for one in shown["findings"] if one["stops_run"] and not one["answered"]}


def _look(play: Play, run: int) -> None:
    """Open every well's electropherogram, as its page and as the viewer's data."""
    person = play.person("manager")
    for one in person.json(f"/runs/{run}")["injections"]:
        person.open(f"/runs/{run}/wells/{one['well']}")
        person.json(f"/injections/{one['id']}/signal")


def _answer_blank(play: Play, run: int) -> None:
    """Let the quality officer answer the missing blank, signed, with the reason."""
    quality = play.person("quality")
    page = quality.open(f"/runs/{run}")
    forms = [one for one in page.forms if one.action.endswith("/answer")]
    if not forms:
        raise StepFailed(f"run {run} offers no answer to its missing blank: {page.said()}")
    for form in forms:
        quality.send(form, {"reason": BLANK_REASON, "password": PASSWORD})
    if _stops(play, run):
        raise StepFailed(f"run {run} is stopped although its blank was answered")


def _to_profiles(play: Play, run: int, plate: RealPlate) -> list[dict[str, object]]:
    """Read every sample twice and let the manager accept it, or refuse what is too little."""
    manager = play.person("manager")
    shown = manager.json(f"/runs/{run}")
    fates = []
    for one in shown["injections"]:
        if one["role"] != "sample":
            continue
        for login in (FIRST, SECOND):
            _read_seen(play.person(login), one["id"])
        sample = plate.samples[one["holds"]]
        page = manager.open(f"/readings/{one['id']}")
        if page.has_form(f"/readings/{one['id']}/acceptance"):
            form = page.form(f"/readings/{one['id']}/acceptance")
            manager.send(form, {"password": PASSWORD})
            state_of_profile(play, sample, "accepted")
        else:
            form = page.form(f"/readings/{one['id']}/refusal")
            manager.send(form, {"reason": "It stands against the rules.", "password": PASSWORD})
            state_of_profile(play, sample, "refused")
        fates.append({"sample": sample} | play.fates[sample])
    if not any(fate["fate"] == "accepted" for fate in fates):
        raise StepFailed(f"run {run} has no accepted profile: {fates}")
    return fates


def _read_seen(person: Browser, injection: int) -> None:
    """Read an injection: as the machine proposes, and what is seen where it does not call."""
    page = person.open(f"/readings/{injection}")
    form = page.form(f"/readings/{injection}/calls")
    sent: dict[str, str | list[str]] = {"password": PASSWORD}
    for locus in person.json(f"/readings/{injection}")["loci"]:
        if locus["refused"] and locus["seen"]:
            sent[f"alleles:{locus['locus']}"] = list(locus["seen"][:2])
            sent[f"why:{locus['locus']}"] = "off-scale"
    person.send(form, sent)


def _releases_nothing(play: Play, run: int, plate: RealPlate) -> None:
    """Check that a stopped run gives nothing to read and has no profile."""
    manager = play.person("manager")
    waiting = {one["extract"] for one in play.person(FIRST).json("/readings")["readings"]}
    if waiting & plate.samples.keys():
        raise StepFailed(f"run {run} is stopped, and its samples wait for readers")
    for sample in plate.samples.values():
        answer = manager.look(f"/profiles/{sample}")
        if answer.status == 200 and manager.json(f"/profiles/{sample}")["versions"]:
            raise StepFailed(f"run {run} is stopped, and {sample} has a profile")
    play.refused += 1


RUNS_FILE = "runs.json"


def import_only(settings: Settings, runs: Path) -> None:
    """Import the runs below a folder for people to read; what was imported before is left.

    Says on standard error what became of each.
    """
    kept = settings.folder / RUNS_FILE
    before: list[str] = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    for bunch in found_runs(runs):
        if bunch.name in before:
            continue
        if bunch.kit is None:
            click.echo(f"{bunch.name} is skipped: {SKIPPED}", err=True)
            continue
        plate = make_plate(
            settings.folder, bunch.kit, bunch.wells, file_plate_name=bunch.plate_name
        )
        click.echo(f"{bunch.name}: {_imported(settings, bunch, plate.code)}", err=True)
        before.append(bunch.name)
        kept.write_text(json.dumps(before), "utf-8")


def _imported(settings: Settings, bunch: Bunch, plate: str) -> str:
    database = open_database(settings)

    def write(do: Callable[[Session], T]) -> T:
        with database.writing() as session:
            return do(session)

    try:
        with database.reading() as session:
            technician = person_by_login(session, "technician")
        if technician is None:
            return "not imported: the demonstration has lost its technician"
        result = import_run(
            list(bunch.files), plate, reading=database.reading, write=write,
            store=FileStore(settings.files), by=technician.actor, at=now(),
        )  # fmt: skip
    except RunRefused as refused:
        return f"not imported: {refused.say} " + " ".join(str(one) for one in refused.problems[:5])
    finally:
        database.close()
    return f"{result.files} files on plate {plate}: {result.said}"
