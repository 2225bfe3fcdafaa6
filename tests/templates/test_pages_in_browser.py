# SPDX-License-Identifier: Apache-2.0
"""Every page of every role in a browser: both languages, wide and narrow, by keyboard alone."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from werkzeug.serving import WSGIRequestHandler, make_server

from lims.core.actors import Actor, Role
from tests.cast import PASSWORD, Cast
from tests.render_every_page import walk

pytestmark = [
    pytest.mark.chromium,
    # A browser that leaves a page lets go of a picture half sent; the server of the tests then
    # leaves its file to the collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]
# What a browser shows does not depend on the database.
DATABASES = ("sqlite",)
WIDE, NARROW = 1366, 360
SignIn = Callable[[Actor], FlaskClient]
TYPES = ("error", "warning")


class Silent(WSGIRequestHandler):
    """Serves without a line for every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def site(app: Flask, filled: str) -> Iterator[str]:
    """The filled laboratory on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Watched:
    """A page, and whatever the browser complains of while it is looked at."""

    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        # A browser without a sound card says so of every page that may sound.
        if message.type in TYPES and "AudioContext" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.complaints.append(f"asks for {request.url}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends its stream of events.
        if "ERR_ABORTED" not in str(request.failure):
            self.complaints.append(f"{request.url}: {request.failure}")

    def look(self, path: str, *, closely: bool) -> list[str]:
        """Open a page and return what is wrong with it."""
        self.complaints.clear()
        answer = self.page.goto(self.site + path)
        found = [] if answer is not None and answer.ok else [f"answered {answer and answer.status}"]
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"scrolls sideways: {needed} > {width}; {self.page.evaluate(TOO_WIDE)}")
        if closely:
            faults = Axe().run(self.page).response["violations"]
            found += [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in faults]
        return found + self.complaints


TOO_WIDE = """() => [...document.querySelectorAll("main *, header *, nav *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1) && !e.closest(".scroll, .sr");
}).slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" | ")"""


def pages_of(app: Flask, client: FlaskClient, who: str) -> dict[str, str]:
    """Return one address for each page that this reader can reach by links."""
    found = {}
    for endpoint, addresses in walk(app, client, ["/", "/account"], who=who).visited.items():
        for address in addresses[:1] if endpoint != "samples.thing" else addresses[:4]:
            answer = client.get(address, buffered=False)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                kind = address.rsplit("/", 1)[1][:1] if endpoint == "samples.thing" else ""
                found.setdefault(endpoint + kind, address)
            answer.close()
    return found


def context_for(
    browser: Browser, site: str, client: FlaskClient, *, language: str, width: int
) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": 900})
    kept = client.get_cookie("osteon")
    cookies = {"osteon_language": language} | ({"osteon": kept.value} if kept else {})
    for name, value in cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": site}])
    return context


def faults_of(
    browser: Browser, site: str, client: FlaskClient, pages: dict[str, str], *,
    language: str, known: set[str],
) -> list[str]:  # fmt: skip
    """Look at pages wide and narrow: closely, in one of the two, at what nobody has looked at.

    Elements are the same in both widths and languages: English is looked at closely where it is
    wide, Arabic where it is narrow. What is known is looked at again in that width: the reader's
    rights change what is shown.
    """
    found = []
    again = WIDE if language == "en" else NARROW
    for width in (WIDE, NARROW):
        context = context_for(browser, site, client, language=language, width=width)
        watched = Watched(context.new_page(), site)
        watched.begin()
        for endpoint, address in pages.items():
            if endpoint in known and width != again:
                continue
            wrong = watched.look(address, closely=endpoint not in known and width == again)
            found += [f"{address} {language} {width}: {one}" for one in wrong]
        context.close()
    known |= set(pages)
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_of_every_role_is_accessible_quiet_and_never_scrolls_sideways(
    browser: Browser, site: str, app: Flask, cast: Cast, sign_in: SignIn, language: str
) -> None:
    known: set[str] = set()
    found = faults_of(
        browser, site, app.test_client(), {"door": "/sign-in", "start": "/start"},
        language=language, known=known,
    )  # fmt: skip
    for role in Role:
        person = next(actor for actor in cast.actors.values() if actor.role is role)
        client = sign_in(person)
        pages = pages_of(app, client, role.value)
        assert pages
        found += faults_of(browser, site, client, pages, language=language, known=known)

    assert len(known) > 20
    assert found == [], "\n".join(found)


def test_a_person_signs_in_and_reaches_the_work_with_the_keyboard_alone(
    browser: Browser, site: str, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    page = browser.new_page(viewport={"width": WIDE, "height": 900})
    page.goto(f"{site}/sign-in")
    page.keyboard.type("salma")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/bench")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("element => element === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()


FOCUSED = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    || style.boxShadow !== "none";
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  return {what: here.outerHTML.slice(0, 120), ring, seen};
}"""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_whatever_the_keyboard_reaches_is_seen_and_shows_that_it_is_reached(
    browser: Browser, site: str, cast: Cast, sign_in: SignIn, language: str
) -> None:
    wrong, reached = [], 0
    for actor, path in (
        (cast.technician, "/bench"), (cast.technician, "/samples"), (cast.quality, "/ledger"),
        (cast.manager, "/stock"), (cast.administrator, "/people"),
    ):  # fmt: skip
        context = context_for(browser, site, sign_in(actor), language=language, width=WIDE)
        page = context.new_page()
        page.goto(site + path)
        for _ in range(25):
            page.keyboard.press("Tab")
            here = page.evaluate(FOCUSED)
            if here is None:
                break
            reached += 1
            if not (here["ring"] and here["seen"]):
                wrong.append((path, here))
        context.close()

    assert reached > 40
    assert wrong == []


def test_the_page_of_a_bench_shows_a_scan_made_elsewhere(
    browser: Browser, site: str, cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    station = next(code for kind, code in cast.stations.items() if kind.value == "reception")
    client = sign_in(cast.technician)
    client.post(f"/bench/{station}/take", data={"request_key": key()})
    context = context_for(browser, site, client, language="en", width=WIDE)
    page = context.new_page()
    page.goto(f"{site}/bench/{station}")
    page.wait_for_selector("#scan:focus")
    sent = client.post(
        f"/api/bench/{station}/scans",
        json={"scan_id": key(), "text": "B7K3Q9FM5", "source": "wedge"},
    )
    assert sent.status_code == 201
    page.wait_for_selector(".verdict.warn, .verdict.bad")
    context.close()
