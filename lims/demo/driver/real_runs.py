# SPDX-License-Identifier: Apache-2.0
"""Real analyzer runs of the run-through: each folder onto plates that carry its files' names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import Kit
from lims.core.catalogue import shipped_kit, shipped_kits
from lims.demo.accounts import PASSWORD
from lims.demo.driver.analyzer import upload
from lims.demo.driver.pages import Browser, StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.profile_path import FIRST, SECOND, run_of, state_of_profile
from lims.demo.driver.real_plates import NamedWell, RealPlate, make_plate
from lims.demo.driver.steps import Steps
from lims.genotyping.operations import read_folder
from lims.plates.rules import WellRole

KITS = {
    "identifiler": "Identifiler",
    "powerplex16": "PowerPlex 16",
    "globalfiler": "GlobalFiler",
}
"""Which kit a folder's name begins with."""

ROLES = (
    (re.compile("ladder", re.IGNORECASE), WellRole.LADDER),
    (re.compile("pos(?![a-z])|positive", re.IGNORECASE), WellRole.POSITIVE),
    (re.compile("neg(?![a-z])|negative", re.IGNORECASE), WellRole.NEGATIVE),
    (re.compile("blank", re.IGNORECASE), WellRole.BLANK),
)
"""What a name in a file says of its well; everything else is a sample."""

ONE_RUN = timedelta(hours=18)
"""Files that are further apart than this are of different runs."""

BLANK_REASON = "The blank of this batch was typed on another plate of the same day."


@dataclass(frozen=True)
class Bunch:
    """The files of one run of one plate, by the wells they name."""

    folder: str
    files: tuple[tuple[str, bytes], ...]
    wells: dict[str, NamedWell]
    plate_name: str


def take_all(steps: Steps, play: Play, runs: Path) -> list[dict[str, object]]:
    """Import every run below a folder; returns what became of each.

    A run that goes through its controls is read twice and accepted; one without them is imported
    and releases nothing. A folder of no known kit is skipped, and that is said.
    """
    fates: list[dict[str, object]] = []
    folders = [runs, *sorted(path for path in runs.rglob("*") if path.is_dir())]
    for folder in folders:
        files = read_folder(folder)
        if not any(name.lower().endswith((".fsa", ".hid")) for name, _ in files):
            continue
        kit = kit_of(folder.name, [content for _, content in files])
        if kit is None:
            why = "its name tells no kit, and its dyes fit several kits or none"
            click.echo(f"     {folder.name} is skipped: {why}", err=True)
            fates.append({"run": folder.name, "fate": "skipped", "why": why})
            continue
        for number, bunch in enumerate(bunches(folder.name, files), start=1):
            name = folder.name if number == 1 else f"{folder.name} ({number})"
            with steps.step(f"Real run {name}: {len(bunch.files)} files, {kit.name}"):
                fates.append({"run": name, "kit": kit.name} | take(play, kit, bunch))
    if not fates:
        with steps.step(f"Real runs: {runs}"):
            raise StepFailed(f"no folder below {runs} holds .fsa or .hid files")
    return fates


def take(play: Play, kit: Kit, bunch: Bunch) -> dict[str, object]:
    """Import one run onto a plate of its own and carry it as far as its controls allow."""
    technician = play.person("technician")
    plate = make_plate(play, kit, bunch.wells, file_plate_name=bunch.plate_name)
    page = upload(technician, plate.code, bunch.files)
    run = run_of(technician, plate.code)
    if run is None:
        if page.status < 400:
            raise StepFailed(f"{bunch.folder} was neither imported nor refused: {page.said()}")
        return {"fate": "refused", "plate": plate.code, "why": page.said()[:300]}
    again = upload(technician, plate.code, bunch.files)
    if again.status != 200 or run_of(technician, plate.code) != run:
        raise StepFailed(f"the files of {bunch.folder} again changed something")
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


def kit_of(folder: str, contents: Iterable[bytes]) -> Kit | None:
    """Return the kit of a run: by the folder's name, else by its dyes if they fit one alone."""
    key = re.sub("[^a-z0-9]", "", folder.casefold())
    for start, name in KITS.items():
        if key.startswith(start):
            return shipped_kit(name)
    named = [kit for kit in shipped_kits() if kit.is_called(folder)]
    if len(named) == 1:
        return named[0]
    seen = set()
    for content in contents:
        try:
            file = read_abif(content, name=folder)
        except AnalyzerFileError:
            continue
        seen.add(tuple(_dye(dye.name) for dye in file.dyes))
    fitting = [kit for kit in shipped_kits() if {tuple(_dye(dye.name) for dye in kit.dyes)} == seen]
    return fitting[0] if len(fitting) == 1 else None


def bunches(folder: str, files: Sequence[tuple[str, bytes]]) -> list[Bunch]:
    """Part the files of a folder into runs: one plate name, near in time, no well twice.

    A file that cannot be read, or names no well, is left in the first: the import says why it
    refuses it.
    """
    groups: list[list[tuple[str, bytes, AbifFile | None]]] = []
    read = sorted(
        ((name, content, _read(name, content)) for name, content in files),
        key=lambda one: (_started(one[2]) or datetime.min, one[0]),  # noqa: DTZ901  # ABIF has no zone
    )
    for one in read:
        home = next((group for group in groups if _belongs(one[2], [g[2] for g in group])), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    made = []
    for group in groups:
        wells, plates = {}, set()
        for name, _, file in group:
            if file is not None and file.well:
                shown = file.sample_name or name
                wells[file.well] = NamedWell(role_of(shown), shown)
                plates.add(file.plate or "")
        made.append(
            Bunch(
                folder, tuple((name, content) for name, content, _ in group), wells,
                plates.pop() if len(plates) == 1 else "",
            )
        )  # fmt: skip
    return made


def role_of(name: str) -> WellRole:
    """Return what a name in a file says that its well holds."""
    return next((role for pattern, role in ROLES if pattern.search(name)), WellRole.SAMPLE)


def _read(name: str, content: bytes) -> AbifFile | None:
    try:
        return read_abif(content, name=name)
    except AnalyzerFileError:
        return None


def _started(file: AbifFile | None) -> datetime | None:
    return None if file is None else file.run_started


def _belongs(file: AbifFile | None, group: Sequence[AbifFile | None]) -> bool:
    if file is None:
        return True
    for other in group:
        if other is None:
            continue
        if file.well == other.well or file.plate != other.plate:
            return False
        mine, theirs = file.run_started, other.run_started
        if mine is not None and theirs is not None and abs(mine - theirs) > ONE_RUN:
            return False
    return True


def _dye(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name.upper())


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
