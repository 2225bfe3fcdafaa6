# SPDX-License-Identifier: Apache-2.0
"""The living style page, looked at in a browser under the strict content policy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page

pytestmark = pytest.mark.chromium
STATIC = Path(__file__).parents[2] / "lims" / "static"
TEMPLATES = Path(__file__).parents[2] / "templates"


@contextmanager
def opened(browser: Browser, url: str, *, width: int = 1366, dark: bool = False) -> Iterator[Page]:
    """Open a page; anything the browser complains of fails the test."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    yield page
    page.close()
    assert [c for c in complaints if "AudioContext" not in c] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("query", ["", "?lang=ar", "?bench=yes", "?lang=ar&bench=yes"])
def test_the_parts_are_accessible_and_never_scroll_sideways(
    browser: Browser, shared_site: str, query: str, dark: bool
) -> None:
    """Whatever the width the elements are the same: each is looked at closely light and dark."""
    looked_at, other = (360, 1366) if dark else (1366, 360)
    for width in (looked_at, other):
        with opened(browser, f"{shared_site}/parts{query}", width=width, dark=dark) as page:
            page.wait_for_selector("[data-locus]")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if width == looked_at:
                found = Axe().run(page).response
                assert len(found["passes"]) > 20
                assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_plate_is_never_mirrored(browser: Browser, shared_site: str, query: str) -> None:
    with opened(browser, f"{shared_site}/parts{query}") as page:
        first, last = (
            page.locator(f'[aria-label^="{well}, "]').first.bounding_box() for well in ("A1", "A12")
        )
        assert first is not None
        assert last is not None
        assert first["x"] < last["x"]


def test_arrow_keys_walk_the_wells_and_the_line_below_tells_what_is_in_them(
    browser: Browser, shared_site: str
) -> None:
    with opened(browser, f"{shared_site}/parts?lang=ar") as page:
        page.locator('[aria-label^="A1, "]').last.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        here = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert here.startswith("B2, ")
        assert page.locator("[data-told]").inner_text() == here
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("A2, ")


def test_a_dialog_asks_for_a_reason_and_names_the_thing_by_its_code(
    browser: Browser, shared_site: str
) -> None:
    with opened(browser, f"{shared_site}/parts") as page:
        page.click("[data-open=ask]")
        dialog = page.locator("dialog[open]")
        assert "B7K3Q9FM2" in dialog.inner_text()
        assert dialog.locator("[name=reason]").get_attribute("required") is not None
        assert dialog.locator("[type=submit]").inner_text() == "Hold the sample"
        page.click("dialog [data-close]")
        assert page.locator("dialog[open]").count() == 0


def test_the_electropherogram_is_drawn_and_stands_as_a_table_too(
    browser: Browser, shared_site: str
) -> None:
    with opened(browser, f"{shared_site}/parts") as page:
        page.wait_for_selector("[data-locus]")
        rows = page.locator("[data-peaks] tr")
        assert rows.count() == 5
        assert rows.nth(3).text_content() == "D8S117913150.509,000off-scale"
        page.focus("[data-plot]")
        page.keyboard.press("Shift+ArrowRight")
        assert page.locator('[data-locus="D3S1358"]').get_attribute("aria-pressed") == "true"
        assert page.locator("[data-say]").text_content() == (
            "D3S1358: 15, 123.8 bp, 4200 RFU; 17, 131.8 bp, 3900 RFU"
        )
        page.keyboard.press("2")
        assert page.locator("[data-say]").text_content() == "VIC alone"
        # The picture follows the key by a frame: wait for two, then look once.
        inked = page.evaluate(
            """async () => {
            const frame = () => new Promise((go) => requestAnimationFrame(go));
            await frame(); await frame();
            const c = document.querySelector("canvas"), g = c.getContext("2d");
            const d = g.getImageData(0, 0, c.width, c.height).data, seen = new Set();
            for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
            return seen.size; }"""
        )
        assert inked > 20


def test_an_electropherogram_that_cannot_be_fetched_is_a_fault_not_an_empty_picture(
    browser: Browser, shared_site: str
) -> None:
    page = browser.new_page()
    page.route("**/signal.json", lambda route: route.fulfill(status=500))
    page.goto(f"{shared_site}/parts")
    page.wait_for_selector("[data-read][role=alert]")
    assert "could not be fetched" in page.inner_text("[data-read]")
    assert page.locator("[data-plot]").is_hidden()
    page.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_a_refusal_says_what_was_wrong_and_what_to_do(shared_app: Flask, status: int) -> None:
    answer = shared_app.test_client().get(f"/error/{status}")
    assert answer.status_code == status
    assert "This tube belongs to another batch." in answer.text
    assert "Scan the right tube." in answer.text
    assert ("/sign-in?back=" in answer.text) is (status == 401)


def test_no_template_and_no_style_breaks_the_content_policy() -> None:
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=\s*[\"']|javascript:", text), template
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template
        assert "https://" not in text, template
    for sheet in STATIC.rglob("*.css"):
        assert "http" not in sheet.read_text(), sheet


def test_what_is_served_is_small_enough_for_a_laboratory_network() -> None:
    assert sum(file.stat().st_size for file in STATIC.rglob("*") if file.is_file()) < 900_000


def test_every_font_comes_with_its_licence() -> None:
    fonts = STATIC / "fonts"
    for font in fonts.glob("*.woff2"):
        name = font.stem.removesuffix("-600").removesuffix("-latin")
        assert "SIL OPEN FONT LICENSE" in (fonts / f"{name}-OFL.txt").read_text()


def test_old_browsers_meet_no_colour_they_cannot_read() -> None:
    for sheet in STATIC.rglob("*.css"):
        assert not re.search(r"light-dark\(|:has\(|@layer", sheet.read_text().split("*/", 1)[1])
