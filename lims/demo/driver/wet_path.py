# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through at the benches: reception, preparation, extraction."""

import re

from lims.core.codes import ALPHABET, threes
from lims.core.scans import Command
from lims.demo.driver.benches import Bench
from lims.demo.driver.pages import StepFailed
from lims.demo.driver.play import Play
from lims.demo.sealed import Bone, draw_bone
from lims.people.rules import Line
from lims.samples.rules import Side

POWDER_MG = "450"
TOO_MUCH_MG = "999999"


def receive(play: Play) -> None:
    """Take every coded sample into the laboratory, and be refused what is wrong."""
    bench = play.bench("reception", "technician")
    first = play.bones[0]
    bench.refuse(mistyped(play.payloads[first]), "check character")
    bench.refuse(play.stock("proteinase"), "sample")
    for code in (*play.bones, *play.references):
        if "petrous bone" in bench.scan(play.payloads[code]).say:
            play.home = code
    play.bones = [code for code in play.bones if code != play.home]
    bench.refuse(play.payloads[first], "already", "accepted")
    _scan_twice(play, bench, play.payloads[first])
    play.refused += bench.refusals


def prepare_bones(play: Play) -> None:
    """Grind each bone; whoever has no elimination profile may not, and a full tube is full."""
    bench = play.bench("bones", "newcomer")
    bench.refuse(play.payloads[play.bones[0]], "elimination")
    play.refused += bench.refusals
    bench = play.bench("bones", "technician")
    bench.refuse(play.payloads[play.references[0]], "bone", "line", "bench")
    bench.refuse(play.payloads[play.bones[0]], "set")
    mill, number = play.stock("mill"), len(play.bones)
    _open_set(play, bench, Line.BONE)
    bench.scan(play.stock("bleach"))
    for place, code in enumerate(play.bones, start=1):
        if place > 1:
            bench.scan(mill)
            bench.command(Command.DONE)
        bench.scan(play.payloads[code])
        if place == 1:
            bench.refuse_command(Command.DONE, "photograph")
        _photograph(bench, code, place)
        bench.command(Command.DONE)
        if place == number:
            bench.refuse_entry(POWDER_MG, "mill")
        bench.scan(mill)
        if place == 1:
            bench.refuse_entry(TOO_MUCH_MG, "left", "more")
        _part_of(play, bench, code, bench.enter(POWDER_MG).subject)
        if place == 1:
            bench.command(Command.DONE)
            bench.scan(play.payloads[play.bones[1]])
            bench.refuse(mill, "decontaminated")
            bench.command(Command.UNDO)
    for _ in range(3):
        bench.command(Command.DONE)
    play.refused += bench.refusals


def _open_set(play: Play, bench: Bench, line: Line) -> str:
    before = bench.odometer()
    page = bench.person.open("/preparation")
    title = "Bone:" if line is Line.BONE else "Reference samples:"
    fitting = re.search(rf'<option value="(\d+)"[^>]*>[^<]*{title}', page.text)
    if fitting is None:
        raise StepFailed(f"no procedure for {line.value} is offered; {page.said()}")
    page = bench.person.send(
        page.form("/preparation"),
        {"line": line.value, "station": bench.station, "procedure": fitting[1]},
    )
    code = page.url.rsplit("/", 1)[-1]
    bench.scan(bench.scan_back([code], after=before)[code])
    return code


def _photograph(bench: Bench, code: str, number: int) -> None:
    form = bench.person.open(f"/bench/{bench.station}").form("/photographs")
    drawn = draw_bone(Bone(number, "femur", Side.LEFT, 900), threes(code))
    bench.person.send(form, files=[("photograph", ("bone.jpg", drawn, "image/jpeg"))])


def prepare_references(play: Play) -> None:
    """Punch each blood card and lyse each swab."""
    bench = play.bench("references", "technician")
    bench.refuse(play.payloads[play.bones[0]], "reference", "line", "bench")
    _open_set(play, bench, Line.REFERENCE)
    for code in play.references:
        verdict = bench.scan(play.payloads[code])
        if not verdict.labels:
            verdict = bench.command(Command.DONE)
        _part_of(play, bench, code, verdict.subject)
    for _ in range(2):
        bench.command(Command.DONE)
    play.refused += bench.refusals


def extract(play: Play, line: Line) -> None:
    """Extract the parts of a line in a batch with its reagent blank."""
    samples = play.bones if line is Line.BONE else play.references
    others = play.references if line is Line.BONE else play.bones
    bench = play.bench("extraction", "technician")
    before = bench.odometer()
    page = bench.person.open("/extraction")
    form = page.form("/extraction")
    title = "Bone:" if line is Line.BONE else "Reference samples:"
    fitting = re.search(rf'<option value="(\d+)"[^>]*>[^<]*{title}', page.text)
    if fitting is None:
        raise StepFailed(f"no procedure for {line.value} is offered; {page.said()}")
    page = bench.person.send(
        form, {"line": line.value, "station": bench.station, "procedure": fitting[1]}
    )
    batch = page.url.rsplit("/", 1)[-1]
    bench.refuse(play.payloads[play.aliquots[samples[0]]], "batch")
    card = bench.scan_back([batch], after=before)[batch]
    bench.scan(card)
    bench.refuse(play.stock("expired"), "expired")
    bench.refuse(play.stock("unreleased"), "released")
    bench.refuse(play.stock("overdue"), "calibration")
    for key in ("buffer", "proteinase", "shaker"):
        bench.scan(play.stock(key))
    bench.refuse(play.payloads[play.aliquots[others[0]]], "share", "line", "used up")
    for code in samples:
        bench.scan(play.payloads[play.aliquots[code]])
    bench.refuse(play.payloads[play.aliquots[samples[0]]], "already", "position", "stands")
    before = bench.odometer()
    bench.command(Command.DONE)
    made = bench.person.json(f"/batches/{batch}")
    sources = {play.aliquots[code]: code for code in samples}
    play.payloads |= bench.scan_back(made["made"], after=before)
    for extract in made["made"]:
        parents = play.parents(bench.person, extract)
        of_sample = parents & sources.keys()
        if of_sample:
            play.extracts[sources[of_sample.pop()]] = extract
        else:
            play.blanks[line.value] = extract
    if not {*samples} <= play.extracts.keys() or line.value not in play.blanks:
        raise StepFailed(f"batch {batch} did not make an extract of each tube and a blank")
    play.refused += bench.refusals


def reprint(play: Play) -> None:
    """Replace a label that is said to be damaged: the old one must never be taken again."""
    code = play.references[-1]
    bench = play.bench("reception", "technician")
    old, before = play.payloads[code], bench.odometer()
    page = bench.person.open(f"/samples/{code}")
    form = page.form(f"/labels/{code}/reprint")
    bench.person.send(form, {"reason": "label damaged", "station": bench.station})
    fresh = bench.label_of(code, after=before)
    bench.refuse(old, "voided")
    bench.scan(fresh)
    play.payloads[code] = fresh
    play.refused += bench.refusals


def mistyped(payload: str) -> str:
    """Return a payload with one character of its code wrong."""
    place = 4
    other = next(c for c in ALPHABET if c != payload[place])
    return payload[:place] + other + payload[place + 1 :]


def _part_of(play: Play, bench: Bench, sample: str, part: str) -> None:
    if not part or part == sample:
        raise StepFailed(f"no part of {threes(sample)} was taken")
    play.aliquots[sample] = part
    play.payloads |= bench.scan_back([part])


def _scan_twice(play: Play, bench: Bench, payload: str) -> None:
    """Send one scan twice from the page, as after a lost answer: it has one effect."""
    page = bench.person.open(f"/bench/{bench.station}")
    form = page.form(f"/api/bench/{bench.station}/scans")
    sent = {"text": payload, "reason": "label damaged"}
    for _ in range(2):
        bench.person.try_send(form, sent)
    times = bench.since()
    if times != 1:
        raise StepFailed(f"the same scan sent twice was taken {times} times")
    play.refused += 1
