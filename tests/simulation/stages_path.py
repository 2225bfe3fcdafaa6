# SPDX-License-Identifier: Apache-2.0
"""The steps of the run of the stages, from the coded sample to the injection plate."""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lims.core.scans import Command
from lims.demo.driver.pages import Page
from lims.demo.sealed import Bone, draw_bone
from lims.demo.stock import KIT
from lims.people.rules import Line
from lims.samples.rules import Side
from tests.simulation.stages_benches import Desk, RunBroken, Somebody, Verdict
from tests.simulation.stages_book import Book, Work
from tests.simulation.stages_laboratory import Laboratory

POWDER_MG, SECOND_MG = "450", "300"
TUBES = 23
"""Tubes of a batch beside its blank."""
UNKNOWNS = 80
"""Extracts of a quantification plate beside standards and the no-template control."""
REACTIONS = 88
"""Extracts of an amplification plate: controls and the ladders of injection need wells."""

STANDARDS = ("50", "5", "0.5", "0.05", "0.005")
SLOPE, INTERCEPT = -3.32, 28.1
HEADER = "Well,Sample Name,Target Name,Task,Quantity,CT,Slope,Y-Intercept,R2"
CLEAN, DIRTY = "0.0002", "0.0450"
"""ng/µl of a reagent blank, and of one that failed."""
NOTHING, MUCH = "0.0004", "18.0000"
"""ng/µl of an extract to be made again, and of one to be diluted."""


@dataclass
class Team:
    """Who works where, what they hold, and what they write down."""

    lab: Laboratory
    people: dict[str, Somebody]
    desks: dict[str, Desk]
    rng: random.Random
    book: Book = field(default_factory=Book)
    parts: dict[str, str] = field(default_factory=dict)
    """The newest part of each sample."""
    extracts: dict[str, str] = field(default_factory=dict)
    """The newest extract of each sample."""
    blanks: dict[str, str] = field(default_factory=dict)
    """Blank of each batch."""
    to_repeat: set[str] = field(default_factory=set)
    """Samples whose first extract holds next to nothing."""
    too_much: str = ""
    failed: str = ""
    """Batch whose blank fails."""
    look: Callable[[str], None] = lambda _: None
    """Told of each moment at a bench that is worth a picture."""

    def desk(self, key: str, login: str = "technician") -> Desk:
        """Return a desk with somebody at it."""
        desk = self.desks[key]
        desk.take(self.people[login])
        return desk

    def label(self, code: str) -> str:
        """Return what the newest label of a thing says."""
        if code in self.lab.labels:
            return self.lab.labels[code]
        for desk in self.desks.values():
            if code in desk.papers:
                return desk.papers[code]
        raise RunBroken(f"nobody has a label of {code}")

    def lot(self, key: str) -> str:
        """Return what the label of a lot or an instrument says."""
        return self.label(self.lab.stock[key])


def receive(team: Team) -> None:
    """Scan every label back at intake, then accept every sample in the laboratory."""
    intake = team.desk("intake", "coordinator")
    intake.scan_back([*team.lab.bones, *team.lab.references])
    desk = team.desk("reception")
    for code in (*team.lab.bones, *team.lab.references):
        desk.scan(team.label(code))
    team.look("reception")
    desk.refuse(team.label(team.lab.bones[0]), "already", "accepted")
    team.look("refused")


def prepare(team: Team, line: Line, samples: Sequence[str], *, again: bool = False) -> None:
    """Take a part of each sample: powder of a bone, a punch or lysate of a reference."""
    desk = team.desk("bones" if line is Line.BONE else "references")
    prepared = _open_set(team, desk, line)
    for number, code in enumerate(samples, start=1):
        if line is Line.BONE:
            verdict = _grind(team, desk, code, SECOND_MG if again else POWDER_MG, number)
        else:
            verdict = desk.scan(team.label(code))
            team.look("preparation")
            if not verdict.labels:
                verdict = desk.command(Command.DONE)
        part = verdict.subject
        if not part or part == code:
            raise RunBroken(f"no part of {code} was taken: {verdict.say}")
        team.parts[code] = part
        team.book.sample_of[part] = code
        team.book.set_of[part] = prepared
        desk.scan_back([part])
    while team.people["technician"].json(f"/batches/{prepared}")["state"] == "running":
        desk.command(Command.DONE)


def _open_set(team: Team, desk: Desk, line: Line) -> str:
    prepared = _new_batch(team, desk, "/preparation", line)
    work = team.book.sets[prepared] = Work(prepared)
    if line is Line.BONE:
        desk.scan(team.lot("bleach"))
        work.used.add(team.lab.stock["bleach"])
    return prepared


def _grind(team: Team, desk: Desk, code: str, mass: str, number: int) -> Verdict:
    """Photograph, clean and grind a bone; the mill is decontaminated after each."""
    mill = team.lot("mill")
    if team.parts:
        desk.scan(mill)
        desk.command(Command.DONE)
    desk.scan(team.label(code))
    person = team.people["technician"]
    form = person.open(f"/bench/{desk.station}").form("/photographs")
    drawn = draw_bone(Bone(number, "femur", Side.LEFT, 900), f"{code} {len(team.book.sets)}")
    person.send(form, files=[("photograph", ("bone.jpg", drawn, "image/jpeg"))])
    desk.command(Command.DONE)
    desk.scan(mill)
    team.look("preparation")
    return desk.enter("mass", mass)


def open_batch(team: Team, line: Line) -> str:
    """Open an extraction batch and take its card to the bench; return it."""
    return _new_batch(team, team.desk("extraction"), "/extraction", line)


def _new_batch(team: Team, desk: Desk, path: str, line: Line) -> str:
    person = team.people["technician"]
    page = person.open(path)
    title = "Bone:" if line is Line.BONE else "Reference samples:"
    fitting = re.search(rf'<option value="(\d+)"[^>]*>[^<]*{title}', page.text)
    if fitting is None:
        raise RunBroken(f"no procedure for {line.value} is offered at {path}")
    page = person.send(page.form(path), {
        "line": line.value, "station": desk.station, "procedure": fitting[1],
    })  # fmt: skip
    batch = _end(page)
    desk.scan_back([batch])
    desk.scan(team.label(batch))
    return batch


def open_plate(team: Team, desk: Desk, path: str, line: Line, *, kit: str) -> str:
    """Open a plate on the page of its stage, its label scanned back; return it."""
    person = team.people["technician"]
    page = person.send(person.open(path).form(path), {
        "kit": kit, "line": line.value, "station": desk.station,
    })  # fmt: skip
    plate = _end(page)
    desk.scan_back([plate])
    return plate


def extract(team: Team, line: Line, samples: Sequence[str], *, proteinase: str) -> str:
    """Extract parts in a batch with its blank; return the batch."""
    desk, person = team.desk("extraction"), team.people["technician"]
    batch = open_batch(team, line)
    work = team.book.batches[batch] = Work(batch)
    for key in ("buffer", proteinase, "shaker"):
        desk.scan(team.lot(key))
        work.used.add(team.lab.stock[key])
    for code in samples:
        verdict = desk.scan(team.label(team.parts[code]))
        work.places[verdict.position] = team.parts[code]
    team.look("extraction")
    desk.command(Command.DONE)
    made = person.json(f"/batches/{batch}")["made"]
    desk.scan_back(made)
    mine = {team.parts[code]: code for code in samples}
    for extracted in made:
        of = _parents(person, extracted) & mine.keys()
        team.book.batch_of[extracted] = batch
        part = of.pop() if of else ""
        team.book.part_of[extracted] = part
        if part:
            team.extracts[mine[part]] = extracted
        else:
            team.blanks[batch] = extracted
    if batch not in team.blanks or len(made) != len(samples) + 1:
        raise RunBroken(f"batch {batch} made {len(made)} extracts of {len(samples)} tubes")
    return batch


def quantify(team: Team, batches: Sequence[str]) -> str:
    """Quantify what batches made on one plate, import its table, confirm what is proposed."""
    desk, person = team.desk("quantification"), team.people["technician"]
    plate = open_plate(team, desk, "/quantification", Line.BONE, kit="Quantifiler Trio")
    work = team.book.quantified[plate] = Work(plate)
    _use(team, desk, work, "quantifiler", "cycler")
    made = [
        code for batch in batches for code in team.book.batch_of if
        team.book.batch_of[code] == batch
    ]  # fmt: skip
    for code in made:
        work.places[desk.scan(team.label(code)).position] = code
    team.look("quantification")
    desk.command(Command.DONE)
    _fill_in(person, work)
    address = f"/quantification/{plate}"
    files = [("file", ("quantities.csv", _table(team, plate).encode(), "text/csv"))]
    looked = person.send(person.open(address).form(f"{address}/preview"), files=files)
    page = person.send(looked.form(f"{address}/table"))
    team.look(f"decisions {address}")
    form = page.form(f"{address}/decisions")
    person.send(form, {"confirm": form.choices["confirm"]})
    return plate


def amplify(team: Team, line: Line, batches: Sequence[str], *, leave: set[str]) -> str:
    """Amplify what batches made, without those of `leave`, with blanks and controls."""
    desk, person = team.desk("amplification"), team.people["technician"]
    plate = open_plate(team, desk, "/amplification", line, kit=KIT)
    work = team.book.amplified[plate] = Work(plate)
    _use(team, desk, work, "kit", "control")
    for batch in batches:
        for code, own in team.book.batch_of.items():
            if own == batch and code not in leave and team.book.part_of[code]:
                work.places[desk.scan(team.label(code)).position] = code
        blank = team.blanks[batch]
        work.places[desk.scan(team.label(blank)).position] = blank
    _use(team, desk, work, "thermocycler", on=False)
    team.look("amplification")
    desk.command(Command.DONE)
    _fill_in(person, work)
    return plate


def prepare_injection(team: Team, amplified: str) -> str:
    """Make an injection plate of an amplification plate; return it."""
    desk, person = team.desk("injection"), team.people["technician"]
    verdict = desk.scan(team.label(amplified))
    if not verdict.labels:
        raise RunBroken(f"no label was ordered for the injection plate of {amplified}")
    plate = verdict.labels[0][:9]
    work = team.book.injected[plate] = Work(plate, made_from=amplified)
    desk.scan_back([plate])
    desk.scan(team.label(plate))
    _use(team, desk, work, "ladder", "standard", "analyzer", on=False)
    team.look("injection")
    desk.command(Command.DONE)
    work.places |= team.book.amplified[amplified].places
    _fill_in(person, work)
    return plate


def _use(team: Team, desk: Desk, work: Work, *keys: str, on: bool = True) -> None:
    if on:
        desk.scan(team.label(work.code))
    for key in keys:
        desk.scan(team.lot(key))
        work.used.add(team.lab.stock[key])


def _fill_in(person: Somebody, work: Work) -> None:
    """Note the wells that nobody scanned into: standards, controls, ladders."""
    for well in person.json(f"/plates/{work.code}")["wells"]:
        code = well["code"] or ""
        noted = work.places.setdefault(well["position"], code if code[:1] == "X" else "")
        if noted and noted != code:
            raise RunBroken(f"{work.code} {well['position']} holds {code}, {noted} was scanned")


def _table(team: Team, plate: str) -> str:
    """Return the table that the cycler exports."""
    quantities = {code: f"{team.rng.uniform(0.15, 0.6):.4f}" for code in team.book.part_of}
    for sample in team.to_repeat:
        quantities[_first_extract(team, sample)] = NOTHING
    if team.too_much:
        quantities[_first_extract(team, team.too_much)] = MUCH
    quantities |= {
        blank: DIRTY if batch == team.failed else CLEAN for batch, blank in team.blanks.items()
    }
    lines, standards = [HEADER], iter([level for level in STANDARDS for _ in range(2)])
    for well in team.people["technician"].json(f"/plates/{plate}")["wells"]:
        code = well["code"] or ""
        if well["role"] == "standard":
            name, task, quantity = "", "STANDARD", next(standards)
        elif well["role"] == "negative":
            name, task, quantity = "NTC", "NTC", ""
        else:
            name, task, quantity = code, "UNKNOWN", quantities[code]
        for target, share in (
            ("T.Small Autosomal", 1.0), ("T.Large Autosomal", 0.8), ("T.Y", 0.5)
        ):  # fmt: skip
            lines.append(_row(well["position"], name, target, task, quantity, share))
        lines.append(f"{well['position']},{name},T.IPC,{task},,27.6,,,")
    return "\n".join(lines) + "\n"


def _first_extract(team: Team, sample: str) -> str:
    return next(
        code for code, part in team.book.part_of.items()
        if part and team.book.sample_of[part] == sample
    )  # fmt: skip


def _row(well: str, name: str, target: str, task: str, quantity: str, share: float) -> str:
    if not quantity:
        return f"{well},{name},{target},{task},,Undetermined,{SLOPE},{INTERCEPT},0.998"
    scaled = float(quantity) * (1.0 if task == "STANDARD" else share)
    cycles = INTERCEPT + SLOPE * math.log10(scaled)
    return f"{well},{name},{target},{task},{scaled:.6f},{cycles:.3f},{SLOPE},{INTERCEPT},0.998"


def _parents(person: Somebody, code: str) -> set[str]:
    for event in person.json(f"/samples/{code}")["history"]:
        if event["stream"] == code and "parents" in event["content"]:
            return set(event["content"]["parents"])
    raise RunBroken(f"the history of {code} does not say what it was made of")


def _end(page: Page) -> str:
    return page.url.split("?")[0].rsplit("/", 1)[-1]
