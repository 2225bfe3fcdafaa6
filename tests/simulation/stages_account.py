# SPDX-License-Identifier: Apache-2.0
"""The account of the run of the stages: is every lineage complete, does a recall list all of it?"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from lims.demo.accounts import ACCOUNTS
from lims.people.rules import Line
from lims.quality.queries import Lineage, lineage_of
from tests.simulation.stages_book import Book
from tests.simulation.stages_path import Team, open_batch


@dataclass
class Lineages:
    """How many wells of injection plates lead back all the way."""

    wells: int = 0
    complete: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Recall:
    """How many wells recalled lots touched, by the book and by the laboratory."""

    expected: int = 0
    found: int = 0
    problems: list[str] = field(default_factory=list)


def check_lineages(team: Team) -> Lineages:
    """Compare the lineage of what stands in each well of each injection plate with the book.

    Controls and ladders hold no extract: the plate's lots, instruments and people are asked.
    """
    account = Lineages()
    initials = {account.initials for account in ACCOUNTS}
    known: dict[str, list[str]] = {}
    database = team.lab.open()
    with database.reading() as session:
        for plate, work in team.book.injected.items():
            for place, extract in sorted(work.places.items()):
                account.wells += 1
                if extract not in known and extract:
                    found = lineage_of(session, extract)
                    known[extract] = _faults(team.book, extract, found, initials)
                faults = known[extract] if extract else []
                if not extract:
                    faults = _faults_of_plate(team.book, plate, lineage_of(session, plate))
                account.complete += not faults
                account.problems += [f"{plate} {place}: {one}" for one in faults]
    database.close()
    return account


def _faults(book: Book, extract: str, found: Lineage, initials: set[str]) -> list[str]:
    faults = []
    above = {node.code for node in found.above}
    if above != book.above(extract):
        faults.append(f"{extract} leads back to {sorted(above)}")
    works = {work.code: work for work in found.works}
    missing = book.works_of(extract) - works.keys()
    if missing:
        faults.append(f"the lineage of {extract} lacks {sorted(missing)}")
    for code in book.works_of(extract) & works.keys():
        noted = (book.sets | book.batches | book.plates)[code]
        used = {one.code for one in works[code].used}
        if not noted.used <= used:
            faults.append(f"{code} does not say that it used {sorted(noted.used - used)}")
        if works[code].opened_by not in initials:
            faults.append(f"nobody is named for {code}")
    for plate, work in book.plates.items():
        for place, thing in work.places.items():
            if thing != extract:
                continue
            standing = [
                one for one in found.standings
                if (one.work, one.position) == (plate, place) and not one.voided
            ]  # fmt: skip
            if len(standing) != 1 or standing[0].by not in initials:
                faults.append(f"{extract} is not said to stand in {plate} {place}")
            elif work.made_from and standing[0].source != (work.made_from, place):
                faults.append(f"{plate} {place} does not say where it was carried over from")
    return faults


def _faults_of_plate(book: Book, plate: str, found: Lineage) -> list[str]:
    works = {work.code: {used.code for used in work.used} for work in found.works}
    wanted = book.injected[plate]
    faults = []
    if not wanted.used <= works.get(plate, set()):
        faults.append(f"{plate} does not say what it used")
    if wanted.made_from not in {node.code for node in found.above}:
        faults.append(f"{plate} does not lead back to {wanted.made_from}")
    return faults


def check_recall(team: Team) -> Recall:
    """Recall lots of each stage; what is listed must be what the book says, no more and no less.

    The recalled lot is put on hold: no bench takes it any more.
    """
    account = Recall()
    quality = team.people["quality"]
    for key in ("bleach", "recalled", "proteinase", "quantifiler", "kit", "ladder"):
        lot = team.lab.stock[key]
        told = quality.json(f"/recall/{lot}")
        book = team.book.reached(lot)
        wells = {(one["plate"], one["position"]) for one in told["wells"]}
        account.expected += len(book.wells)
        account.found += len(wells)
        for what, found, wanted in (
            ("wells", wells, book.wells), ("works", set(told["works"]), book.works),
            ("things", set(told["things"]), book.things),
            ("samples", set(told["samples"]), book.samples),
        ):  # fmt: skip
            lacks, more = sorted(wanted - found), sorted(found - wanted)
            if lacks or more:
                account.problems.append(
                    f"recall of {key}: {what} lack {lacks[:5]} ({len(lacks)}) and list "
                    f"{more[:5]} ({len(more)}) too much"
                )
    _withdraw(team)
    return account


def check_console(team: Team) -> list[str]:
    """Ask the console for one lineage and one recall; return where it differs from the book."""
    extract = team.extracts[team.too_much]
    lot = team.lab.stock["recalled"]
    told = _console(team, "lineage", extract)
    problems = []
    if {one["code"] for one in told["above"]} != team.book.above(extract):
        problems.append(f"lims lineage {extract} leads elsewhere than the book")
    told = _console(team, "recall", lot)
    if {(one["plate"], one["position"]) for one in told["wells"]} != team.book.reached(lot).wells:
        problems.append(f"lims recall {lot} lists other wells than the book")
    return problems


def _console(team: Team, command: str, code: str) -> dict[str, Any]:
    done = subprocess.run(  # our own program
        [
            sys.executable, "-m", "lims", command, code, "--json",
            "--folder", str(team.lab.settings.folder),
        ],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def _withdraw(team: Team) -> None:
    quality, lot = team.people["quality"], team.lab.stock["recalled"]
    page = quality.open("/holds")
    quality.send(page.form("/holds"), {
        "code": lot, "reason": "contamination", "remark": "Recalled by its maker.",
    })  # fmt: skip
    desk = team.desk("extraction")
    open_batch(team, Line.BONE)
    desk.refuse(team.label(lot), "hold", "recall", "quarantine")
