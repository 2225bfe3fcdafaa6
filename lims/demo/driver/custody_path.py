# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through about custody: a sealed package, hands, a shelf, the way home, proof."""

import io
import re
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from lims.demo.accounts import PASSWORD, PIN
from lims.demo.driver.benches import Bench
from lims.demo.driver.pages import Browser, Form, Page, StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.sealed_path import check_silent
from lims.demo.sealed import DISPATCHED, HOME, draw_home
from lims.demo.stock import SHELF

DRIVER = {"name": "Sa'iq of the Example", "organisation": "Morgue", "document": "ID-0001"}
RELATIVE = {"name": "Qarib of the Example", "document": "ID-0002", "kind": "family"}

_ITEM = re.compile(r"/cases/photographs/of/[0-9a-f]{32}$")


def receive_package(play: Play) -> None:
    """Receive what the list at the door announces, by scan; another seal is refused."""
    person = play.person("reception")
    page = _follow(person, person.open("/cases/dispatches"), "/cases/dispatches/", "L-001")
    here = page.url.split("?")[0].rsplit("/", 1)[-1]
    person.send(page.form(f"{here}/arrival", words="Organisation"), DRIVER)
    play.must_refuse(_read(person, here, "D-9999"), "stands nowhere")
    for seal in sorted({one[0] for one in DISPATCHED}):
        page = _read(person, here, f"D-{seal:04}")
        form = _of_open_package(page)
        own = {"witness_badge": play.built.badges["reception"], "witness_pin": PIN}
        play.must_refuse(person.try_send(form, own), "second person")
        page = person.send(_of_open_package(page), _confirmed(play, "coordinator"))
        for _, _, number, *_ in (one for one in DISPATCHED if one[0] == seal):
            page = _read(person, here, f"EX-{number}", page)
        page = person.send(page.form("/emptied"))
    page = person.open(f"/cases/dispatches/{here}")
    page = person.send(
        page.form(f"{here}/received"), {"taken_on": datetime.now(UTC).date().isoformat()}
    )
    person.send(page.form(f"{here}/hand-over"), _confirmed(play, "coordinator", "witness"))
    if not person.fetch(f"/cases/dispatches/{here}/receipt.pdf").startswith(b"%PDF"):
        raise StepFailed("the receipt of the dispatch is no PDF")
    _photograph(play)


def _photograph(play: Play) -> None:
    """Let the coordinator photograph the bone that will go home; the others wait."""
    person = play.person("coordinator")
    found = person.send(person.open("/cases").form("/cases/search"), {"search": f"EX-{HOME}"})
    link = next((one for one in found.links if "/cases/items/" in one), "")
    if not link:
        raise StepFailed(f"EX-{HOME} is not found: {found.said()}")
    page = person.open(link)
    # The item has a page of photographs too; the sampling's is the last.
    page = person.open([one for one in page.links if _ITEM.search(one)][-1])
    form = page.form(page.url.split("?")[0].rsplit("/", 1)[-1])
    sent = [("photograph", ("home.jpg", draw_home(), "image/jpeg"))]
    person.send(form, {}, files=sent)


def hand_over_and_store(play: Play) -> None:
    """Pass a bone on with badge and two PINs, put it on a shelf and fetch it, by scans."""
    payload = play.payloads[play.home]
    bones = play.bench("bones", "reader")
    bones.refuse(payload, "T-01")
    _hand_over(play, "technician", "reader", payload)
    store = play.bench("storage", "reader")
    shelf = play.stock(SHELF)
    store.scan(payload)
    store.scan(shelf)
    where = store.person.json(f"/storage/things/{play.home}")
    if SHELF not in str(where):
        raise StepFailed(f"{play.home} is not where it was put: {where}")
    bones.take()
    store.take()
    store.scan(payload)
    store.enter("take")
    _hand_over(play, "reader", "coordinator", payload)
    play.refused += bones.refusals + store.refusals


def send_home(play: Play) -> None:
    """Give the bone back to somebody from outside: it is returned, and never used again."""
    payload = play.payloads[play.home]
    person = play.person("coordinator")
    sent = RELATIVE | {"list": payload, "secret": PASSWORD}
    page = person.open("/cases/outside")
    form = page.form("/cases/outside")
    play.must_refuse(person.try_send(form, sent | {"document": " "}), "document")
    form = person.open("/cases/outside").form("/cases/outside")
    person.send(form, sent)
    bench = play.bench("bones", "technician")
    bench.refuse(payload, "outside", "returned", "ended", "gone")
    play.refused += bench.refusals


def prove_package(play: Play) -> None:
    """Make the package of the bone; a stranger's verifier believes it, and no changed byte."""
    quality = play.person("quality")
    page = quality.open(f"/ledger?code={play.home}")
    content = quality.download(page.form(f"/ledger/packages/{play.home}"))
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(name)
        (folder,) = Path(name).iterdir()
        if _believes(folder) != 0:
            raise StepFailed("the verifier does not believe the package")
        for one in folder.iterdir():
            if one.suffix in (".txt", ".ndjson"):
                check_silent(one.read_text("utf-8"), f"{one.name} of the package")
        for name_of_file in ("proof.ndjson", "timeline.pdf"):
            file = folder / name_of_file
            whole = file.read_bytes()
            changed = bytearray(whole)
            changed[len(changed) // 2] ^= 1
            file.write_bytes(changed)
            if _believes(folder) == 0:
                raise StepFailed(f"the verifier believes a package whose {file.name} was changed")
            file.write_bytes(whole)
            play.refused += 1


def _hand_over(play: Play, giver: str, receiver: str, payload: str) -> None:
    bench: Bench = play.bench("handover", giver)
    bench.scan(payload)
    bench.scan(play.built.badges[receiver])
    bench.refuse_entry("9999", "PIN")
    bench.enter(PIN)
    bench.enter(PIN)
    play.refused += bench.refusals


def _read(person: Browser, here: str, text: str, page: Page | None = None) -> Page:
    page = page or person.open(f"/cases/dispatches/{here}")
    return person.try_send(page.form(f"{here}/read"), {"read": text})


def _of_open_package(page: Page) -> Form:
    """Return the form that breaks the seal which was just read."""
    for one in page.forms:
        if one.action.endswith("/open"):
            return one
    raise StepFailed(f"no seal can be broken: {page.said()}")


def _confirmed(play: Play, login: str, field: str = "witness") -> dict[str, str]:
    return {f"{field}_badge": play.built.badges[login], f"{field}_pin": PIN}


def _follow(person: Browser, page: Page, start: str, words: str) -> Page:
    for link in page.links:
        if re.fullmatch(re.escape(start) + r"[0-9a-f]{32}", link):
            return person.open(link)
    raise StepFailed(f"{page.url} leads to no {words}: {page.said()}")


def _believes(folder: Path) -> int:
    done = subprocess.run(  # the verifier, with no package to import
        [sys.executable, "-I", "-S", "verifier.py", "--package", ".", "--key", "ledger.pub"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode
