# SPDX-License-Identifier: Apache-2.0
"""A count in a browser: no scan is lost while the network is away, and the page can be read."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.storage.operations import add_place
from lims.storage.operations.counts import open_count
from lims.storage.queries.counts import reads_of
from lims.storage.rules import PlaceKind
from tests.cast import Cast

pytestmark = pytest.mark.chromium
# What a browser shows does not depend on the database.
DATABASES = ("sqlite",)


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


def test_scans_wait_in_the_browser_while_the_network_is_away_and_are_kept_once_in_order(
    database: Database, cast: Cast, at: datetime, site: str, browser: Browser,
    sign_in: Callable[[Actor], FlaskClient], an_aliquot: Callable[..., str],
) -> None:  # fmt: skip
    with database.writing() as session:
        room = add_place(session, kind=PlaceKind.ROOM, name="R1", by=cast.manager, at=at)
        tubes = [an_aliquot(session) for _ in range(3)]
        number = open_count(session, room, by=cast.technician, at=at).id
    kept = sign_in(cast.technician).get_cookie("osteon")
    assert kept is not None
    context = browser.new_context(viewport={"width": 360, "height": 900})
    context.add_cookies([{"name": "osteon", "value": kept.value, "url": site}])
    page = context.new_page()
    page.goto(f"{site}/storage/counts/{number}")
    faults = Axe().run(page).response["violations"]

    page.keyboard.type(tubes[0])
    page.keyboard.press("Enter")
    expect(page.locator("#count-live")).to_contain_text(tubes[0][:3])
    context.set_offline(True)
    for text in (tubes[1], tubes[2]):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.locator("[data-unsent]")).to_contain_text("2")
    context.set_offline(False)
    expect(page.locator("[data-unsent]")).to_be_empty()
    expect(page.locator("#count-live")).to_contain_text(tubes[2][:3])
    context.close()

    assert [one["id"] for one in faults] == []
    with database.reading() as session:
        assert [read.code for read in reads_of(session, number)] == tubes


def test_a_scan_answers_the_dialog_that_asks_for_a_place_and_is_sent_by_its_button(
    database: Database, cast: Cast, at: datetime, site: str, browser: Browser,
    sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    with database.writing() as session:
        room = add_place(session, kind=PlaceKind.ROOM, name="R1", by=cast.manager, at=at)
        shelf = draw_code(Kind.CONTAINER)
        freezer = add_place(
            session, kind=PlaceKind.FREEZER, name="F1", parent=room, by=cast.manager, at=at
        )
    kept = sign_in(cast.manager).get_cookie("osteon")
    assert kept is not None
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    context.add_cookies([{"name": "osteon", "value": kept.value, "url": site}])
    page = context.new_page()
    page.goto(f"{site}/storage")
    page.locator("[data-open=new-place]").click()
    page.evaluate("document.getElementById('place-name').dir = 'ltr'")
    page.locator("#place-name").focus()
    page.keyboard.type(shelf)
    page.keyboard.press("Enter")
    answered = page.locator("#place-name").input_value()
    page.goto(f"{site}/storage")
    page.keyboard.type(freezer)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/storage/{freezer}")
    context.close()

    assert answered == shelf
