# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through after the analyzer: import, two readings, acceptance or refusal."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lims.demo.accounts import PASSWORD
from lims.demo.driver.analyzer import People, import_by_command, run_files, upload
from lims.demo.driver.pages import Browser, StepFailed
from lims.demo.driver.play import Play

FIRST, SECOND = "reader", "second-reader"


def import_on_page(play: Play, plate: str, people: People) -> int:
    """Import a run on its page; a damaged one and a mixed-up one are refused whole first."""
    person = play.person("technician")
    files = run_files(play, person, plate, people)
    names = sorted(files)
    cut = {**files, names[0]: files[names[0]][: len(files[names[0]]) // 2]}
    play.must_refuse(upload(person, plate, cut.items()), "nothing was imported")
    mixed = run_files(play, person, plate, people, exchanged=True)
    play.must_refuse(upload(person, plate, mixed.items()), "nothing was imported")
    if person.json("/runs")["runs"]:
        raise StepFailed("a refused import left a run behind")
    page = upload(person, plate, files.items())
    run = run_of(person, plate)
    if page.status != 200 or run is None:
        raise StepFailed(f"the run of {plate} was not imported: {page.said()}")
    again = upload(person, plate, files.items())
    if again.status != 200 or len(_runs(person)) != 1:
        raise StepFailed(f"the same files again changed something: {again.said()}")
    return run


def import_in_console(play: Play, plate: str, people: People) -> int:
    """Import a run with `lims import-run`, looked at first and once more afterwards."""
    person = play.person("technician")
    files = run_files(play, person, plate, people)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        looked = import_by_command(play, folder, plate, "--dry-run")
        if looked["exit"] != 0 or run_of(person, plate) is not None:
            raise StepFailed(f"a dry run of {plate} did something: {looked}")
        done = import_by_command(play, folder, plate)
        run = run_of(person, plate)
        if done["exit"] != 0 or run is None:
            raise StepFailed(f"the run of {plate} was not imported: {done}")
        import_by_command(play, folder, plate)
        if sum(1 for one in _runs(person) if one["plate"] == plate) != 1:
            raise StepFailed(f"the same files of {plate} again made another run")
    return run


def read_blind(play: Play, run: int, samples: Sequence[str]) -> None:
    """Read each sample's injection twice by two people; the second does not see the first."""
    injections = injections_of(play, run)
    importer, first, second = (play.person(who) for who in ("technician", FIRST, SECOND))
    for index, code in enumerate(samples):
        injection = injections[play.extracts[code]]
        if index == 0 and _imported_by_person(play, run):
            page = importer.look(f"/readings/{injection}")
            if page.has_form(f"/readings/{injection}/calls"):
                raise StepFailed("whoever imported a run may read it")
            play.refused += 1
        read(first, injection)
        if index == 0:
            page = first.look(f"/readings/{injection}")
            if page.has_form(f"/readings/{injection}/calls"):
                raise StepFailed("one person may read an injection twice")
            play.refused += 1
        page = second.open(f"/readings/{injection}")
        if "T-02" in page.words or "Both readings" in page.words:
            raise StepFailed("the second reader sees the first reading")
        read(second, injection)


def read(person: Browser, injection: int) -> None:
    """Read an injection as the machine proposes it, signed with the password."""
    page = person.open(f"/readings/{injection}")
    form = page.form(f"/readings/{injection}/calls")
    answer = person.try_send(form, {"password": PASSWORD})
    if answer.status != 200:
        raise StepFailed(f"{person.login} could not read injection {injection}: {answer.said()}")


def accept(play: Play, run: int, samples: Iterable[str]) -> None:
    """Let the manager accept the profiles that both readers agree on, signed."""
    manager = play.person("manager")
    injections = injections_of(play, run)
    for index, code in enumerate(samples):
        injection = injections[play.extracts[code]]
        page = manager.open(f"/readings/{injection}")
        form = page.form(f"/readings/{injection}/acceptance")
        if index == 0:
            play.must_refuse(manager.try_send(form, {"password": "not the password 1"}), "password")
            page = manager.open(f"/readings/{injection}")
            form = page.form(f"/readings/{injection}/acceptance")
        manager.send(form, {"password": PASSWORD})
        state_of_profile(play, code, "accepted")


def refuse(play: Play, run: int, code: str, reason: str) -> None:
    """Let the manager refuse a profile that is too little, with the reason."""
    manager = play.person("manager")
    injection = injections_of(play, run)[play.extracts[code]]
    page = manager.open(f"/readings/{injection}")
    if page.has_form(f"/readings/{injection}/acceptance"):
        raise StepFailed(f"the degraded sample {code} could be accepted")
    play.refused += 1
    form = page.form(f"/readings/{injection}/refusal")
    manager.send(form, {"reason": reason, "password": PASSWORD})
    state_of_profile(play, code, "refused")


def state_of_profile(play: Play, code: str, state: str) -> dict[str, Any]:
    """Check the state of a sample's newest profile and remember it; raises StepFailed."""
    versions = play.person("manager").json(f"/profiles/{code}")["versions"]
    newest: dict[str, Any] = max(versions, key=lambda one: one["version"], default={})
    if newest.get("state") != state:
        raise StepFailed(f"the profile of {code} is {newest.get('state', 'missing')}, not {state}")
    loci = sum(1 for alleles in newest["alleles"].values() if alleles)
    play.fates[code] = {"fate": state, "kit": newest["kit"], "loci": loci}
    if newest["reasons"]:
        play.fates[code]["reasons"] = newest["reasons"]
    return newest


def injections_of(play: Play, run: int) -> dict[str, int]:
    """Return the injection of each extract of a run."""
    shown = play.person("manager").json(f"/runs/{run}")
    return {one["holds"]: one["id"] for one in shown["injections"] if one["role"] == "sample"}


def check_run(play: Play, run: int) -> None:
    """Check that a run has nothing that stops it, and that each well's signal is drawn."""
    person = play.person("manager")
    shown = person.json(f"/runs/{run}")
    stops = [one for one in shown["findings"] if one["stops_run"]]
    if stops:
        raise StepFailed(f"run {run} is stopped: {[one['seen'] for one in stops]}")
    for one in shown["injections"]:
        person.open(f"/runs/{run}/wells/{one['well']}")
        signal = person.json(f"/injections/{one['id']}/signal")
        if not signal:
            raise StepFailed(f"well {one['well']} of run {run} shows no signal")


def _imported_by_person(play: Play, run: int) -> bool:
    return "T-01" in play.person("manager").open(f"/runs/{run}").words


def _runs(person: Browser) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = person.json("/runs")["runs"]
    return runs


def run_of(person: Browser, plate: str) -> int | None:
    found = [int(one["id"]) for one in _runs(person) if one["plate"] == plate]
    return max(found, default=None)
