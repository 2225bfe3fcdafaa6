# SPDX-License-Identifier: Apache-2.0
"""The pictures of the technicians' handbook, taken of a small run of the stages in a browser.

    python tests/simulation/pictures.py FOLDER [--chromium /usr/bin/chromium]

Writes `station-<stage>.png` and `station-<stage>.ar.png` into the folder: the page of each bench in
the middle of its work, in English and in Arabic.
"""

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from lims.people.rules import Line
from lims.web.locale import COOKIE as LANGUAGE
from tests.simulation.stages import served
from tests.simulation.stages_benches import Desk, Somebody
from tests.simulation.stages_laboratory import Laboratory, found
from tests.simulation.stages_path import (
    Team,
    amplify,
    extract,
    prepare,
    prepare_injection,
    quantify,
    receive,
)

WIDTH, HEIGHT = 1000, 820
COLOURS = 64
STATIONS = {
    "reception": "reception", "refused": "reception", "preparation": "bones",
    "extraction": "extraction", "quantification": "quantification",
    "amplification": "amplification", "injection": "injection",
}  # fmt: skip
"""The station at which each moment is."""


class Camera:
    """Takes one picture of each moment, in both languages."""

    def __init__(self, browser: Chromium, lab: Laboratory, address: str, folder: Path) -> None:
        self._browser, self._lab, self._address, self._folder = browser, lab, address, folder
        self._taken: set[str] = set()

    def look(self, moment: str) -> None:
        """Take the picture of a moment, the first time that it comes."""
        name, _, path = moment.partition(" ")
        if name in self._taken:
            return
        self._taken.add(name)
        path = path or f"/bench/{self._lab.stations[STATIONS[name]]}"
        for language, ending in (("en", ""), ("ar", ".ar")):
            context = self._browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
            context.add_cookies([
                {"name": key, "value": value, "url": self._address}
                for key, value in (
                    ("osteon", self._lab.sessions["technician"]), (LANGUAGE, language)
                )
            ])  # fmt: skip
            page = context.new_page()
            page.goto(self._address + path, wait_until="domcontentloaded")
            page.wait_for_timeout(400)
            self._keep(page.screenshot(), f"station-{name}{ending}.png")
            context.close()

    def _keep(self, shot: bytes, name: str) -> None:
        picture = (
            Image.open(BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        )
        picture.save(self._folder / name, optimize=True)


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lab = found(place / "laboratory", bones=8, references=2)
        door = stack.enter_context(served(lab))
        people = {login: Somebody(door, login, cookie) for login, cookie in lab.sessions.items()}
        desks = {key: Desk(door, lab.stations[key], lab.keys[key]) for key in lab.stations}
        doors: tuple[Somebody | Desk, ...] = (*people.values(), *desks.values())
        for one in doors:
            stack.callback(one.close)
        for desk in desks.values():
            desk.live()
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        stack.callback(browser.close)
        team = Team(lab, people, desks, random.Random(1))  # noqa: S311  # repeatable
        team.look = Camera(browser, lab, door.address, asked.folder).look
        receive(team)
        prepare(team, Line.BONE, lab.bones)
        batch = extract(team, Line.BONE, lab.bones, proteinase="proteinase")
        team.too_much = lab.bones[0]
        quantify(team, [batch])
        prepare_injection(team, amplify(team, Line.BONE, [batch], leave=set()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
