# SPDX-License-Identifier: Apache-2.0
"""The page of a station: scanners that type, verdicts, what happens without the server."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.chromium

TYPE = """([text, gap, arabic]) => {
  const letters = "ضصثقفغعهخحجشسيبلاتنمكطئءؤرىةو";
  let at = performance.now();
  for (const char of [...text, "Enter"]) {
    const target = document.activeElement || document.body;
    const code = char === "Enter" ? "Enter" : /[0-9]/.test(char) ? "Digit" + char : "Key" + char;
    const other = arabic ? letters[char.charCodeAt(0) % letters.length] : char;
    const key = char === "Enter" ? char : other;
    const event = new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true});
    Object.defineProperty(event, "timeStamp", {value: at});
    at += gap;
    const go = target.dispatchEvent(event);
    if (go && char !== "Enter" && "value" in target) target.value += key;
  }
}"""


@pytest.fixture
def station(browser: Browser, shared_app: Flask, shared_site: str) -> Iterator[Page]:
    for kept in ("SCANS", "ENTRIES", "TOLD", "STREAMED"):
        shared_app.config[kept].clear()
    shared_app.config["AWAY"] = False
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{shared_site}/station")
    page.wait_for_selector("#scan:focus")
    yield page
    page.close()
    assert faults == []


def verdict(page: Page, words: str) -> str:
    page.wait_for_selector(f".verdict:has-text('{words}')")
    return page.locator(".verdict").inner_text()


@pytest.mark.parametrize("arabic", [False, True], ids=["latin keyboard", "arabic keyboard"])
def test_a_scanner_that_types_is_read_by_the_physical_key(
    station: Page, shared_app: Flask, arabic: bool
) -> None:
    station.evaluate(TYPE, ["B7K3Q9FM4", 8, arabic])
    assert "In its place." in verdict(station, "Accepted")
    sent = shared_app.config["SCANS"]
    assert [(scan["text"], scan["source"]) for scan in sent] == [("B7K3Q9FM4", "wedge")]
    station.wait_for_selector("#count:has-text('1 scanned')")


def test_a_scan_while_a_remark_is_being_written_leaves_the_remark_as_it_was(
    station: Page, shared_app: Flask
) -> None:
    station.fill("#remark", "crack at")
    station.evaluate(TYPE, ["B7K3Q9FM4", 8, False])
    verdict(station, "Accepted")
    assert station.input_value("#remark") == "crack at"
    assert len(shared_app.config["SCANS"]) == 1


def test_a_wrong_tube_is_an_alert_that_stays(station: Page) -> None:
    station.evaluate(TYPE, ["X7K3Q9FM4", 8, False])
    assert "Wrong tube." in verdict(station, "Stop")
    assert station.locator(".verdict").get_attribute("role") == "alert"


def test_a_code_typed_by_hand_needs_a_reason(station: Page, shared_app: Flask) -> None:
    station.keyboard.type("b7k3q9fm4", delay=70)
    assert station.input_value("#scan") == "B7K3Q9FM4"
    station.keyboard.press("Enter")
    station.wait_for_selector("#scan-reason:focus")
    assert shared_app.config["SCANS"] == []
    station.select_option("#scan-reason", "damaged")
    station.click("text=Take the typed code")
    verdict(station, "Accepted")
    (scan,) = shared_app.config["SCANS"]
    assert (scan["text"], scan["source"], scan["reason"]) == ("B7K3Q9FM4", "typed", "damaged")


def test_without_the_server_scans_are_stored_and_checked_in_order_later(
    station: Page, shared_app: Flask
) -> None:
    shared_app.config["AWAY"] = True
    station.evaluate(TYPE, ["B7K3Q9FM4", 8, False])
    verdict(station, "Stored, not checked")
    station.evaluate(TYPE, ["B4TW9HN6K", 8, False])
    station.wait_for_selector(".verdict:has-text('B4TW9HN6K')")
    assert "Server does not answer" in station.locator("[data-devices]").inner_text()
    station.reload()
    shared_app.config["AWAY"] = False
    verdict(station, "Accepted")
    station.wait_for_selector("#count:has-text('2 scanned')")
    assert [scan["text"] for scan in shared_app.config["SCANS"]] == ["B7K3Q9FM4", "B4TW9HN6K"]


def test_scans_stored_for_one_person_are_not_sent_for_another(
    station: Page, shared_app: Flask
) -> None:
    shared_app.config["AWAY"] = True
    station.evaluate(TYPE, ["B7K3Q9FM4", 8, False])
    verdict(station, "Stored, not checked")
    station.evaluate("document.querySelector('[data-bench]').dataset.person = 'T-11'")
    stored = station.evaluate("Object.keys(localStorage)")
    assert stored == ["osteon.stored./station.T-07"]


def test_a_verdict_from_the_bench_agent_appears_on_the_open_page(
    station: Page, shared_app: Flask
) -> None:
    shared_app.config["TOLD"].append(
        {"sequence": 7, "verdict": "accepted", "say": "From the agent.", "subject": "B7K3Q9FM4"}
    )
    assert "From the agent." in verdict(station, "Accepted")


def test_a_figure_is_entered_on_the_pad_and_the_scan_box_has_the_focus_again(
    station: Page, shared_app: Flask
) -> None:
    for key in ("5", "0", ".", "2", "."):
        station.click(f"[data-key='{key}']")
    station.click(".pad [type=submit]")
    verdict(station, "Accepted")
    (entry,) = shared_app.config["ENTRIES"]
    assert (entry["name"], entry["value"]) == ("powder_ug", "50.2")
    station.wait_for_selector("#scan:focus")


def test_the_focus_comes_back_to_the_scan_box_but_is_not_taken_from_a_remark(station: Page) -> None:
    station.click("main", position={"x": 5, "y": 5})
    station.wait_for_selector("#scan:focus")
    station.focus("#remark")
    station.wait_for_timeout(1300)
    assert station.evaluate("document.activeElement.id") == "remark"


def test_a_streamed_verdict_is_shown_once_and_a_printer_that_is_open_is_named(
    station: Page, shared_app: Flask, shared_site: str
) -> None:
    shared_app.config["STREAMED"].append(
        {"sequence": 5, "verdict": "refused", "say": {"en": "The lot expired.", "ar": "انتهت."}}
    )
    station.goto(f"{shared_site}/station?events")
    assert "The lot expired." in verdict(station, "Refused")
    station.wait_for_selector(".device.fault:has-text('Head open')")
    first = station.locator(".verdict time").inner_text()
    station.wait_for_timeout(4500)
    assert station.locator(".verdict time").inner_text() == first
