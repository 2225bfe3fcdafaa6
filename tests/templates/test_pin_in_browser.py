# SPDX-License-Identifier: Apache-2.0
"""The unattended screen of a bench in a browser: badge, PIN by keys and by touch, help."""

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from lims.bench.operations import order_screen
from lims.bench.rules import COMMAND_CODES
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import Command, StationKind
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from tests.cast import Cast

pytestmark = pytest.mark.chromium
# What a browser shows does not depend on the database.
DATABASES = ("sqlite",)
HELP = next(code for code, command in COMMAND_CODES.items() if command is Command.HELP)

SCANNER = """(text) => {
  let at = performance.now();
  for (const char of [...text, "Enter"]) {
    const target = document.activeElement || document.body;
    const code = char === "Enter" ? "Enter" : /[0-9]/.test(char) ? "Digit" + char : "Key" + char;
    const event = new KeyboardEvent("keydown", {key: char, code, bubbles: true, cancelable: true});
    Object.defineProperty(event, "timeStamp", {value: at});
    at += 8;
    const go = target.dispatchEvent(event);
    if (go && char !== "Enter" && "value" in target) target.value += char;
  }
}"""


class Silent(WSGIRequestHandler):
    """Serves without a line for every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The laboratory on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def read(page: Page, text: str) -> None:
    """Type as a scanner does: faster than any hand, ended by Enter."""
    page.evaluate(SCANNER, text)


def test_a_badge_and_a_pin_by_keys_or_by_touch_open_the_bench_and_the_focus_is_never_lost(
    database: Database, cast: Cast, site: str, browser: Browser,
) -> None:  # fmt: skip
    station = cast.stations[StationKind.EXTRACTION]
    hashed = hash_pin("2468")
    with database.writing() as session:
        people = [session.get_one(Person, one.person) for one in cast.actors.values()
                  if one.role is cast.technician.role][:2]  # fmt: skip
        badges = [
            issue_badge(session, one, hashed, by=cast.administrator, at=now()).code
            for one in people
        ]
        first, second = (one.initials for one in people)
        code = order_screen(session, station, by=cast.administrator, at=now())
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{site}/bench/screen")
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.wait_for_selector("#scan:focus")
    expect(page.locator("main")).to_contain_text("Scan your badge to work here.")
    assert page.locator("nav").count() == 0

    # By keys: nothing is touched between badge and PIN, and the PIN is shown nowhere.
    read(page, badges[0])
    page.wait_for_selector("form.pad[data-secret] input[name=value]:focus")
    page.keyboard.type("2468", delay=80)
    assert page.input_value("#scan") == ""
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Recent scans")
    expect(page.locator(".verdict")).to_contain_text(f"{first} works here now.")
    page.wait_for_selector("#scan:focus")

    # What is waited for is said; the other badge and its PIN by touch, one figure taken back.
    read(page, HELP)
    expect(page.locator(".verdict .todo")).to_have_text(
        "Scan the label of what you want to work on."
    )
    read(page, badges[1])
    page.wait_for_selector("form.pad[data-secret] input[name=value]:focus")
    # The field that stands there at the end: before the first figure the page may draw it anew.
    field = page.locator("form.pad[data-secret] input[name=value]")
    for key in ("2", "4", "6", "9"):
        page.click(f"form.pad[data-secret] [data-key='{key}']")
    page.click("form.pad[data-secret] [data-key=back]")
    page.click("form.pad[data-secret] [data-key='8']")
    assert field.input_value() == "2468"
    assert field.evaluate("input => input === document.activeElement")
    # A scan while a PIN is being typed is a scan, and leaves the figures as they are.
    read(page, HELP)
    expect(page.locator(".verdict")).to_be_visible()
    page.click("form.pad[data-secret] button[type=submit]")
    expect(page.locator(".verdict")).to_contain_text(f"{second} works here now")
    page.wait_for_selector("#scan:focus")
    found = Axe().run(page)
    assert found.response["violations"] == []

    read(page, badges[1])
    expect(page.locator("main")).to_contain_text("Scan your badge to work here.")
    page.wait_for_selector("#scan:focus")
    assert faults == []
    page.close()
