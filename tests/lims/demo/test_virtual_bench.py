# SPDX-License-Identifier: Apache-2.0
"""The demonstration's own pages, over a demonstration that is at work."""

import io
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from lims.app import create_app
from lims.core.settings import Settings
from lims.demo.accounts import ACCOUNTS, PASSWORD
from lims.demo.views import blueprint

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def post(client: httpx.Client, page: str, action: str, **fields: str) -> httpx.Response:
    """Send a form of a page with its token."""
    found = TOKEN.search(client.get(page).text)
    assert found is not None
    return client.post(action, data={"csrf_token": found[1], **fields})


@pytest.fixture
def station(demonstration: Any) -> str:
    """The station whose devices the tests work."""
    return str(demonstration.built.stations["extraction"])


@pytest.fixture(autouse=True)
def _mended(demonstration: Any, station: str) -> Iterator[None]:
    """Leave the network and the devices in order."""
    yield
    with httpx.Client(base_url=demonstration.address, follow_redirects=True, timeout=60) as client:
        post(client, "/demo/bench", "/demo/network", away="false")
        for device in ("printer", "scanner"):
            post(client, "/demo/bench", f"/demo/bench/{station}/fault", device=device, fault="none")


def test_whoever_comes_without_an_account_is_led_to_the_first_page(newcomer: httpx.Client) -> None:
    page = newcomer.get("/")

    assert page.url.path == "/demo"
    assert PASSWORD in page.text
    assert all(account.login in page.text for account in ACCOUNTS)


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.login)
def test_one_click_signs_in_as_each_role(newcomer: httpx.Client, account: Any) -> None:
    page = post(newcomer, "/demo", f"/demo/sign-in/{account.login}", to="/account")

    assert page.url.path == "/account"
    assert account.initials in page.text


def test_the_digits_of_the_first_page_open_the_real_door(newcomer: httpx.Client) -> None:
    shown = newcomer.get("/demo").text
    row = shown[shown.index(">administrator<") :]
    digits = re.search(r">(\d{6})<", row)
    assert digits is not None
    door = post(
        newcomer, "/sign-in", "/sign-in", login="administrator", password=PASSWORD, back="/people"
    )
    assert door.url.path == "/sign-in/second-factor"
    inside = post(
        newcomer, "/sign-in/second-factor", "/sign-in/second-factor", digits=digits[1],
        back="/people",
    )  # fmt: skip

    assert inside.url.path == "/people"


def test_a_label_is_drawn_as_the_printer_printed_it(
    newcomer: httpx.Client, demonstration: Any, station: str
) -> None:
    number = demonstration.devices.labels(station)[0].number
    answer = newcomer.get(f"/demo/bench/{station}/labels/{number}.png")

    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.width > 300
    assert newcomer.get(f"/demo/bench/{station}/labels/9999.png").status_code == 404


def test_a_click_on_a_label_is_heard_at_the_scanner(newcomer: httpx.Client, station: str) -> None:
    page = newcomer.get(f"/demo/bench/{station}").text
    payload = re.search(r'name="text" value="([A-Z0-9]{11})"', page)
    assert payload is not None

    def scan() -> str:
        page = f"/demo/bench/{station}"
        return post(newcomer, page, f"{page}/scan", text=str(payload[1])).text

    # Nobody works at this bench: the laboratory refuses, and the scanner says so. Where the answer
    # comes too late for a tone, a person scans again.
    ends = time.monotonic() + 60
    while "Refused: two low tones" not in (heard := scan()):
        assert "Stored, not checked" in heard
        assert time.monotonic() < ends, "no answer ever came in time for a tone"
    assert payload[1] in heard


def test_with_the_network_away_a_scan_is_kept_and_sent_later(
    newcomer: httpx.Client, demonstration: Any, station: str
) -> None:
    post(newcomer, "/demo", "/demo/sign-in/technician", to=f"/bench/{station}")
    post(newcomer, f"/bench/{station}", f"/bench/{station}/take", request_key="take-" + "0" * 20)
    post(newcomer, "/demo/bench", "/demo/network", away="true")
    kept = post(
        newcomer, f"/demo/bench/{station}", f"/demo/bench/{station}/scan", text="NETWORK AWAY"
    )
    assert "Stored, not checked" in kept.text
    post(newcomer, "/demo/bench", "/demo/network", away="false")

    ends = time.monotonic() + 60
    while "NETWORK AWAY" not in newcomer.get(f"/bench/{station}").text:
        assert time.monotonic() < ends, "the scan never came"
        time.sleep(0.5)


def test_an_unplugged_scanner_reads_nothing(newcomer: httpx.Client, station: str) -> None:
    page = f"/demo/bench/{station}"
    post(newcomer, page, f"{page}/fault", device="scanner", fault="unplugged")
    heard = post(newcomer, page, f"{page}/scan", text="BXXXXXXXX")

    assert "the scanner is unplugged" in heard.text


@pytest.mark.parametrize("fault", ["paper_out", "head_open", "silent", "unplugged"])
def test_a_fault_of_the_printer_is_shown_and_mended(
    newcomer: httpx.Client, demonstration: Any, station: str, fault: str
) -> None:
    page = f"/demo/bench/{station}"
    post(newcomer, page, f"{page}/fault", device="printer", fault=fault)
    states = {one.station: one for one in demonstration.devices.state()}
    assert states[station].printer_fault == fault
    post(newcomer, page, f"{page}/fault", device="printer", fault="none")
    states = {one.station: one for one in demonstration.devices.state()}
    assert states[station].printer_fault == "none"


def test_an_act_without_the_token_of_a_page_is_refused(
    newcomer: httpx.Client, station: str
) -> None:
    assert newcomer.post("/demo/sign-in/quality", data={"to": "/"}).status_code == 400
    assert newcomer.post("/demo/network", data={"away": "true"}).status_code == 400


def test_a_real_laboratory_has_no_open_door_even_with_these_pages(settings: Settings) -> None:
    app = create_app(settings, extra=[blueprint])
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()

    assert client.post("/demo/sign-in/salma", data={}).status_code == 403
    for path in ("/demo", "/demo/bench", "/demo/bench/TXXXXXXXX"):
        assert client.get(path).status_code == 403
    assert client.get("/").headers["Location"].endswith("/sign-in")
    app.extensions["osteon"].database.close()
