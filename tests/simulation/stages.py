# SPDX-License-Identifier: Apache-2.0
"""Bones and references from coded to injection plate, through the pages and the scanner.

The whole path of the four stages with what goes wrong on it: a reagent blank fails and its batch
is held until quality has decided, two bones are extracted again, one extract is diluted, a plate is
injected again, a lot is recalled. In the end the lineage of every well must be complete, and the
recall must list exactly what the book says that the people of the run kept. CI runs a small share.

    python tests/simulation/stages.py [--bones 96] [--references 96] [--seed 1]
        [--postgres] [--keep FOLDER]

The last line is one JSON object; the exit status is 1 unless it says "ok".
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import httpx

from lims.app import create_app
from lims.core.scans import Command
from lims.demo.driver.pages import StepFailed
from lims.demo.stock import KIT
from lims.people.rules import Line
from tests.simulation.bench_day_laboratory import Server
from tests.simulation.own_postgres import own_database
from tests.simulation.stages_account import check_console, check_lineages, check_recall
from tests.simulation.stages_benches import Beats, Desk, Door, RunBroken, Somebody
from tests.simulation.stages_laboratory import Laboratory, found
from tests.simulation.stages_path import (
    REACTIONS,
    TUBES,
    UNKNOWNS,
    Team,
    amplify,
    extract,
    open_plate,
    prepare,
    prepare_injection,
    quantify,
    receive,
)


def simulate(
    folder: Path, *, bones: int, references: int, seed: int, url: str = "", own_server: bool = True
) -> dict[str, object]:
    """Run the stages in an empty folder and return the account.

    `own_server` is a server of its own; otherwise the application answers in this process.
    """
    began = time.monotonic()
    lab = found(folder, bones=bones, references=references, url=url)
    _tell(began, f"founded with {bones} bones and {references} references coded")
    with ExitStack() as stack:
        door = stack.enter_context(served(lab) if own_server else _here(lab))
        people = {login: Somebody(door, login, cookie) for login, cookie in lab.sessions.items()}
        desks = {key: Desk(door, lab.stations[key], lab.keys[key]) for key in lab.stations}
        doors: tuple[Somebody | Desk, ...] = (*people.values(), *desks.values())
        for one in doors:
            stack.callback(one.close)
        for desk in desks.values():
            desk.live()
        beats = Beats(desks.values())
        beats.start()
        stack.callback(beats.end)
        team = Team(lab, people, desks, random.Random(seed))  # noqa: S311  # repeatable
        steps = _go(team, began)
        lineages = check_lineages(team)
        _tell(began, f"{lineages.complete} of {lineages.wells} lineages are complete")
        recall = check_recall(team)
        _tell(began, f"the recall lists {recall.found} wells, the book {recall.expected}")
        # The console is a process of its own for each question.
        console = check_console(team) if own_server else []
    problems = [*lineages.problems, *recall.problems, *console]
    return {
        "ok": not problems, "bones": bones, "references": references, "seed": seed,
        "batches": len(team.book.batches), "plates": len(team.book.plates), **steps,
        "wells": lineages.wells, "lineages_complete": lineages.complete,
        "recall_expected": recall.expected, "recall_found": recall.found,
        "scans": sum(desk.scans for desk in desks.values()),
        "refused": sum(desk.refused for desk in desks.values()),
        "problems": problems[:20], "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def passed(result: dict[str, object]) -> bool:
    """Return whether the run held."""
    return result["ok"] is True


def _go(team: Team, began: float) -> dict[str, object]:
    bones, references = team.lab.bones, team.lab.references
    receive(team)
    _tell(began, "every sample is accepted")
    prepare(team, Line.BONE, bones)
    prepare(team, Line.REFERENCE, references)
    _tell(began, "a part of every sample is taken")
    own = [
        extract(team, Line.BONE, samples, proteinase="recalled" if not number else "proteinase")
        for number, samples in enumerate(_shared(bones, TUBES))
    ]
    others = [
        extract(
            team, Line.REFERENCE, samples, proteinase="recalled" if not number else "proteinase"
        )
        for number, samples in enumerate(_shared(references, TUBES))
    ]
    _tell(began, f"{len(own)} batches of bones and {len(others)} of references are extracted")
    team.failed, team.too_much, team.to_repeat = own[1], bones[0], set(bones[1:3])
    for group in _groups(team, own, UNKNOWNS):
        quantify(team, group)
    _tell(began, "bones are quantified; a blank failed")
    held = _check_held(team)
    _decide(team)
    for sample in sorted(team.to_repeat):
        _check_set_aside(team, sample)
    again = _extract_again(team)
    _tell(began, "two bones are extracted again, the held batch is decided on")
    first = {
        code for code, part in team.book.part_of.items()
        if part and team.book.sample_of[part] in team.to_repeat
        and team.book.batch_of[code] != again
    }  # fmt: skip
    plates = [
        amplify(team, Line.BONE, group, leave=first)
        for group in _groups(team, [*own, again], REACTIONS)
    ]
    diluted = _diluted(team, team.extracts[team.too_much])
    plates += [
        amplify(team, Line.REFERENCE, group, leave=set())
        for group in _groups(team, others, REACTIONS)
    ]
    _tell(began, f"{len(plates)} plates are amplified")
    for plate in plates:
        prepare_injection(team, plate)
    prepare_injection(team, plates[0])
    _tell(began, "every plate is ready for the analyzer, one of them a second time")
    return {
        "failed_blanks": 1, "held_and_refused": held, "re_extracted": len(team.to_repeat),
        "diluted": diluted, "injected_again": 1,
    }  # fmt: skip


def _shared(samples: list[str], most: int) -> list[list[str]]:
    """Share samples into batches as even as may be, two at least."""
    many = max(2, -(-len(samples) // most))
    ends = [len(samples) * number // many for number in range(many + 1)]
    return [samples[begin:end] for begin, end in pairwise(ends)]


def _groups(team: Team, batches: list[str], most: int) -> list[list[str]]:
    """Share batches into plates, each batch whole on one."""
    groups: list[list[str]] = [[]]
    filled = 0
    for batch in batches:
        many = sum(1 for one in team.book.batch_of.values() if one == batch)
        if filled + many > most:
            groups.append([])
            filled = 0
        groups[-1].append(batch)
        filled += many
    return groups


def _check_held(team: Team) -> int:
    """The batch of the failed blank is held with all that came of it: none of it goes on."""
    desk = team.desk("amplification")
    person = team.people["technician"]
    made = [code for code, batch in team.book.batch_of.items() if batch == team.failed]
    shown = person.open(f"/batches/{team.failed}").words
    if "hold" not in shown.casefold():
        raise RunBroken(f"the page of {team.failed} does not say that it is on hold")
    plate = open_plate(team, desk, "/amplification", Line.BONE, kit=KIT)
    desk.scan(team.label(plate))
    for code in made:
        desk.refuse(team.label(code), "hold")
    desk.command(Command.NEXT)
    return len(made)


def _decide(team: Team) -> None:
    """Quality decides on the held batch: what the blank held was in the blank's tube alone."""
    quality = team.people["quality"]
    page = quality.open("/holds")
    links = [one for one in page.links if one.startswith("/holds/")]
    holds = [one for one in links if team.failed in quality.open(one).text]
    if len(holds) != 1:
        raise RunBroken(f"{len(holds)} holds of {team.failed} are shown")
    form = quality.open(holds[0]).form(f"{holds[0]}/lift")
    quality.send(form, {
        "decision": "accepted", "incident": "2026-1",
        "reason": "The tube of the blank was touched after elution; the batch was not.",
    })  # fmt: skip
    confirm_left(team)


def confirm_left(team: Team) -> None:
    """Confirm what waited while its batch was held."""
    person = team.people["technician"]
    for plate in team.book.quantified:
        address = f"/quantification/{plate}"
        page = person.open(address)
        if page.has_form(f"{address}/decisions"):
            form = page.form(f"{address}/decisions")
            person.send(form, {"confirm": form.choices["confirm"]})


def _check_set_aside(team: Team, sample: str) -> None:
    """An extract that holds next to nothing asks for a reason before it is amplified."""
    code = team.extracts[sample]
    page = team.people["technician"].open(f"/samples/{code}")
    if "set aside" not in page.words:
        raise RunBroken(f"{code} of {sample} is not set aside: {page.said()}")


def _extract_again(team: Team) -> str:
    samples = sorted(team.to_repeat)
    prepare(team, Line.BONE, samples, again=True)
    kept, team.to_repeat = team.to_repeat, set()
    batch = extract(team, Line.BONE, samples, proteinase="proteinase")
    team.to_repeat = kept
    quantify(team, [batch])
    return batch


def _diluted(team: Team, code: str) -> int:
    """Return in how many wells an extract stands diluted, as the worksheets say."""
    found = 0
    for plate, work in team.book.amplified.items():
        if code in work.places.values():
            wells = team.people["technician"].json(f"/amplification/{plate}")["wells"]
            found += sum(1 for one in wells if one["holds"] == code and one["dilution"] > 1)
    if found != 1:
        raise RunBroken(f"{code} was diluted {found} times")
    return found


@contextmanager
def served(lab: Laboratory) -> Iterator[Door]:
    """Run a server of its own for a laboratory."""
    server = Server(lab.settings.folder)
    server.start()
    try:
        server.wait()
        yield Door(server.address)
    finally:
        server.end()


@contextmanager
def _here(lab: Laboratory) -> Iterator[Door]:
    app = create_app(lab.settings)
    yield Door("http://127.0.0.1", httpx.WSGITransport(app=app))
    app.extensions["osteon"].database.close()


def _tell(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:7.1f} s  {what}", file=sys.stderr, flush=True)


def main() -> int:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bones", type=int, default=96)
    parser.add_argument("--references", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL server of our own")
    parser.add_argument("--keep", type=Path, help="an empty folder that stays")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = ""
        if asked.postgres:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(own_database(place))[1]
        try:
            result = simulate(
                folder / "laboratory", bones=asked.bones, references=asked.references,
                seed=asked.seed, url=url,
            )  # fmt: skip
        except (RunBroken, StepFailed) as broken:
            result = {"ok": False, "why": str(broken)}
    print(json.dumps(result))
    return 0 if passed(result) else 1


if __name__ == "__main__":
    sys.exit(main())
