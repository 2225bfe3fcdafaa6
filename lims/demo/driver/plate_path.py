# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through on plates: quantification, amplification, injection."""

import math
from itertools import cycle

from lims.core.scans import Command
from lims.demo.driver.benches import Bench
from lims.demo.driver.pages import StepFailed
from lims.demo.driver.play import Play
from lims.demo.stock import KIT
from lims.people.rules import Line

QUANTITIES = ("0.2500", "0.1800", "0.4200", "0.3100")
"""ng/µl of the bones' extracts in turn."""

LOW_QUANTITY = "0.0210"
"""Of the last bone, whose profile is refused: low template."""

BLANK_QUANTITY = "0.0002"
STANDARDS = ("50", "5", "0.5", "0.05", "0.005")
SLOPE, INTERCEPT = -3.32, 28.1
"""Of a standard curve as real-time cyclers give it: Ct = slope · log10(ng/µl) + intercept."""

OLD_PLATE = b"DEMONSTRATION-0001"
RECORD = (
    b"3500 Plate Layout File Version 1.0\r\n"
    b"Plate Name,Application Type,Number of Wells,Owner Name,Comments\r\n"
    b"DEMONSTRATION-0001,HID,96,LAB,exported\r\n"
    b"Well,Sample Name,Assay,Results Group,Sample Type,Size Standard,Dye Set\r\n"
    b"A01,LADDER,GF_HID_36,RG_HID,Allelic Ladder,GS600_LIZ,J6\r\n"
    b"B01,BONE,GF_HID_36,RG_HID,Sample,GS600_LIZ,J6\r\n"
    b"C01,POS,GF_HID_36,RG_HID,Positive Control,GS600_LIZ,J6\r\n"
    b"D01,NEG,GF_HID_36,RG_HID,Negative Control,GS600_LIZ,J6\r\n"
    b"E01,BLANK,GF_HID_36,RG_HID,Negative Control,GS600_LIZ,J6\r\n"
)
"""What an analyzer might export: invented, since no real record of a 3500 is public."""

HEADER = "Well,Sample Name,Target Name,Task,Quantity,CT,Slope,Y-Intercept,R2"


def quantify(play: Play) -> None:
    """Quantify the bones' extracts and their blank, and take the cycler's table in."""
    bench = play.bench("quantification", "technician")
    plate = _open(play, bench, "/quantification", Line.BONE, kit="Quantifiler Trio")
    bench.refuse(play.payloads[play.extracts[play.bones[0]]], "plate")
    bench.scan(play.payloads[plate])
    bench.refuse(play.stock("buffer"), "not for this step")
    bench.scan(play.stock("quantifiler"))
    bench.scan(play.stock("cycler"))
    extracts = [play.extracts[code] for code in play.bones]
    for extract in (*extracts, play.blanks[Line.BONE.value]):
        bench.scan(play.payloads[extract])
    bench.refuse(play.payloads[extracts[0]], "stands", "already")
    bench.command(Command.DONE)
    play.refused += bench.refusals
    table = _table(play, bench, plate)
    _take_in(play, bench, plate, table)


def amplify(play: Play, line: Line) -> str:
    """Amplify the extracts of a line with their blank and both controls; returns the plate."""
    bench = play.bench("amplification", "technician")
    plate = _open(play, bench, "/amplification", line, kit=KIT)
    bench.scan(play.payloads[plate])
    bench.refuse(play.stock("other kit"), "kit")
    bench.scan(play.stock("kit"))
    samples = play.bones if line is Line.BONE else play.references
    others = play.references if line is Line.BONE else play.bones
    bench.refuse(play.payloads[play.extracts[others[0]]], "share", "line", "batch")
    for code in samples:
        bench.scan(play.payloads[play.extracts[code]])
    bench.refuse_command(Command.DONE, "control", "blank")
    bench.scan(play.stock("control"))
    bench.refuse_command(Command.DONE, "blank")
    bench.scan(play.payloads[play.blanks[line.value]])
    bench.scan(play.stock("thermocycler"))
    bench.command(Command.DONE)
    play.refused += bench.refusals
    page = bench.person.open(f"/worksheets/{plate}")
    printed = bench.person.download(page.form(f"/worksheets/{plate}"))
    if not printed.startswith(b"%PDF"):
        raise StepFailed(f"no worksheet of {plate} was printed")
    return plate


def prepare_injection(play: Play, amplified: str) -> str:
    """Make the injection plate of an amplification plate, with ladders; returns its code."""
    bench = play.bench("injection", "technician")
    before = bench.odometer()
    verdict = bench.scan(play.payloads[amplified])
    if not verdict.labels:
        raise StepFailed(f"no label was ordered for the injection plate of {amplified}")
    plate = verdict.labels[0][:9]
    bench.refuse_command(Command.DONE, "label")
    play.payloads |= bench.scan_back([plate], after=before)
    bench.scan(play.payloads[plate])
    bench.refuse_command(Command.DONE, "lot")
    for key in ("ladder", "standard", "analyzer"):
        bench.scan(play.stock(key))
    bench.command(Command.DONE)
    play.refused += bench.refusals
    _keep_template(play)
    page = bench.person.open(f"/injection/{plate}")
    record = bench.person.download(page.form(f"/injection/{plate}/record"))
    if plate.encode() not in record or OLD_PLATE in record:
        raise StepFailed(f"the plate record of {plate} does not name it")
    return plate


def _keep_template(play: Play) -> None:
    """Upload a record of the laboratory's analyzer as template, looked at before it is kept."""
    manager = play.person("manager")
    page = manager.open("/plate-records")
    if "demonstration 3500" in page.words:
        return
    looked = manager.send(
        page.form("/plate-records"), {"name": "demonstration 3500", "model": "3500"},
        files=[("file", ("demonstration.csv", RECORD, "text/csv"))],
    )  # fmt: skip
    manager.send(looked.form("/plate-records"))


def _open(play: Play, bench: Bench, path: str, line: Line, *, kit: str) -> str:
    """Open a plate on its page and scan its label back at the bench."""
    before = bench.odometer()
    page = bench.person.open(path)
    page = bench.person.send(
        page.form(path), {"kit": kit, "line": line.value, "station": bench.station}
    )
    plate = page.url.split("?")[0].rsplit("/", 1)[-1]
    play.payloads |= bench.scan_back([plate], after=before)
    return plate


def _table(play: Play, bench: Bench, plate: str) -> str:
    """Return the table that the cycler would export for a plate."""
    extracts = [play.extracts[code] for code in play.bones]
    quantities = dict(zip(extracts, cycle(QUANTITIES), strict=False))
    quantities[extracts[-1]] = LOW_QUANTITY
    quantities[play.blanks[Line.BONE.value]] = BLANK_QUANTITY
    lines, standards = [HEADER], iter([level for level in STANDARDS for _ in range(2)])
    for well in bench.person.json(f"/plates/{plate}")["wells"]:
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


def _row(well: str, name: str, target: str, task: str, quantity: str, share: float) -> str:
    if not quantity:
        return f"{well},{name},{target},{task},,Undetermined,{SLOPE},{INTERCEPT},0.998"
    scaled = float(quantity) * (1.0 if task == "STANDARD" else share)
    cycles = INTERCEPT + SLOPE * math.log10(scaled)
    return f"{well},{name},{target},{task},{scaled:.6f},{cycles:.3f},{SLOPE},{INTERCEPT},0.998"


def _take_in(play: Play, bench: Bench, plate: str, table: str) -> None:
    """Import the table as it was shown first; one whose wells were exchanged is refused whole.

    Then what is proposed is confirmed, every extract at once.
    """
    person = bench.person
    address = f"/quantification/{plate}"
    first, second = (play.extracts[code] for code in play.bones[:2])
    exchanged = table.replace(first, "\0").replace(second, first).replace("\0", second)
    for content, fits in ((exchanged, False), (table, True)):
        form = person.open(address).form(f"{address}/preview")
        files = [("file", ("quantities.csv", content.encode(), "text/csv"))]
        answer = person.try_send(form, files=files)
        if not fits:
            play.must_refuse(answer, "well", "names")
        elif answer.status != 200:
            raise StepFailed(f"the table of quantities was refused: {answer.said()}")
        else:
            page = person.send(answer.form(f"{address}/table"))
    form = page.form(f"{address}/decisions")
    person.send(form, {"confirm": form.choices["confirm"]})
    wells = person.json(f"/quantification/{plate}")["wells"]
    for code in play.bones:
        extract = play.extracts[code]
        decided = [w["decision"] for w in wells if w["holds"] == extract and w["decision"]]
        if not decided or decided[0]["volume_nl"] is None or not decided[0]["confirmed"]:
            raise StepFailed(f"nothing was decided for {extract}")
