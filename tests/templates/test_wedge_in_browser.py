# SPDX-License-Identifier: Apache-2.0
"""Scanners that type, under the keyboard layouts of the countries; and the camera as a scanner."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from lims.core.codes import check_character

pytestmark = pytest.mark.chromium

CODE = "B7K3Q9WM" + check_character("B7K3Q9WM") + "Y4"
OTHER = "A4N7TW9Y" + check_character("A4N7TW9Y") + "34"

US = "1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./"
LAYOUTS = {
    "english": US,
    "capitals": US.upper(),
    "arabic": "1234567890-=ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظ",
    "french": "&é\"'(-è_çà)=azertyuiop^$qsdfghjklmùwxcvbn,;:!",
    "german": "1234567890ß´qwertzuiopü+asdfghjklöäyxcvbnm,.-",
}
TYPE = """([text, layout, us, end, gap, from]) => {
  const named = {
    "-": "Minus", "]": "BracketRight", "/": "Slash", "[": "BracketLeft", ";": "Semicolon",
  };
  let at = window.at = Math.max(performance.now(), (window.at || 0) + 1000);
  const press = (key, code, extra = {}) => {
    const target = document.activeElement || document.body;
    const event = new KeyboardEvent("keydown",
      {key, code, bubbles: true, cancelable: true, ...extra});
    Object.defineProperty(event, "timeStamp", {value: at});
    at += gap;
    const go = target.dispatchEvent(event);
    if (go && key.length === 1 && "value" in target) target.value += key;
    return go;
  };
  for (const char of text) {
    const place = (from || us).indexOf(char.toLowerCase());
    if (place < 0) { press(char, "Digit" + char, {shiftKey: true}); continue; }
    const on = us[place];
    press(layout[place], /[0-9]/.test(on) ? "Digit" + on : named[on] || "Key" + on.toUpperCase());
  }
  return end.map((key) => press(key, key === "j" ? "KeyJ" : key, {ctrlKey: key === "j"}));
}"""


@pytest.fixture
def station(browser: Browser, shared_app: Flask, shared_site: str) -> Iterator[Page]:
    shared_app.config["SCANS"].clear()
    shared_app.config["AWAY"] = False
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{shared_site}/station")
    page.wait_for_selector("#scan:focus")
    yield page
    page.close()
    assert faults == []


def types(
    page: Page, text: str, layout: str = "english", *, end: tuple[str, ...] = ("Enter",),
    scanner: str = "",
) -> list[bool]:  # fmt: skip
    """Type as a scanner set to English does, or to `scanner`; what the keys give is `layout`."""
    letters = LAYOUTS[layout]
    went: list[bool] = page.evaluate(
        TYPE, [text, letters, US, list(end), 8, LAYOUTS[scanner] if scanner else ""]
    )
    return went


def told(page: Page, words: str) -> None:
    page.wait_for_selector(f".verdict:has-text('{words}')")


def taken(page: Page, app: Flask, count: int) -> list[dict[str, str]]:
    page.wait_for_selector(f"#count:has-text('{count} scanned')")
    scans: list[dict[str, str]] = app.config["SCANS"]
    assert len(scans) == count
    return scans


def test_a_typing_scanner_is_understood_under_every_keyboard_layout(
    station: Page, shared_app: Flask
) -> None:
    for count, layout in enumerate(LAYOUTS, start=1):
        types(station, CODE, layout, end=("Tab",) if layout == "arabic" else ("Enter", "j"))
        scan = taken(station, shared_app, count)[-1]
        assert (scan["text"], scan["source"]) == (CODE, "wedge"), layout
    # A French scanner at a French computer: the keys alone would say another code.
    types(station, CODE, "french", scanner="french")
    assert taken(station, shared_app, 6)[-1]["text"] == CODE
    # With its AIM identifier, the focus in a field of another form.
    station.focus("#remark")
    went = types(station, "]d1" + CODE, "arabic", end=("Enter", "Enter"))
    scan = taken(station, shared_app, 7)[-1]
    assert (scan["text"], scan["symbology"]) == (CODE, "]d1")
    assert went == [False, False]
    assert station.input_value("#remark") == ""


def test_a_code_split_by_a_pause_is_one_code_or_is_told(station: Page, shared_app: Flask) -> None:
    types(station, CODE[:5], end=())
    station.evaluate("window.at += 5 * 8 + 200 - 1000")
    types(station, CODE[5:])
    assert taken(station, shared_app, 1)[-1]["text"] == CODE
    types(station, CODE[:3], end=())
    station.evaluate("window.at += 3 * 8 + 200 - 1000")
    types(station, CODE[4:])
    told(station, "Half a code came from the scanner.")
    assert len(shared_app.config["SCANS"]) == 1


def test_what_a_typing_scanner_spoils_is_told_and_never_guessed(
    station: Page, shared_app: Flask
) -> None:
    types(station, CODE + OTHER)
    told(station, "Two codes came in one read.")
    types(station, CODE[:4])
    told(station, "Half a code came from the scanner.")
    types(station, CODE, end=())
    told(station, "No Enter came after the code")
    # The number of somebody else on a bag, where the layouts do not agree.
    station.evaluate("localStorage.clear()")
    types(station, "YZ-45123", "german")
    told(station, "what was read is not certain")
    assert shared_app.config["SCANS"] == []
    assert station.input_value("#scan") == ""
    station.evaluate("document.body.append(document.createElement('dialog'));"
                     "document.querySelector('body > dialog').showModal()")  # fmt: skip
    types(station, CODE)
    told(station, "A question is open on this page")
    assert shared_app.config["SCANS"] == []


CAMERA = """
window.seen = [];
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["data_matrix", "code_128"]; }
  async detect() { return window.seen.map((rawValue) => ({ rawValue, format: "data_matrix" })); }
};
navigator.mediaDevices.getUserMedia = async () => {
  if (window.refused) throw new DOMException("no", "NotAllowedError");
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").fillRect(0, 0, 10, 10);
  window.stream = canvas.captureStream(10);
  return window.stream;
};
"""


def test_the_camera_reads_one_code_and_never_one_of_two(
    browser: Browser, shared_app: Flask, shared_site: str
) -> None:
    shared_app.config["SCANS"].clear()
    page = browser.new_page(viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(f"{shared_site}/station")
    page.locator("[data-camera]").evaluate("button => { button.hidden = false; }")
    page.click("[data-camera]")
    page.wait_for_selector("dialog.camera:has-text('This browser cannot read codes')")
    page.click("dialog.camera button")
    page.add_init_script(CAMERA)
    page.reload()
    page.click("[data-camera]")
    page.evaluate(f"window.seen = {json.dumps([CODE, OTHER])}")
    page.wait_for_selector("dialog.camera:has-text('Two codes are in view')")
    assert shared_app.config["SCANS"] == []
    page.evaluate(f"window.seen = {json.dumps([CODE])}")
    page.wait_for_selector("#count:has-text('1 scanned')")
    (scan,) = shared_app.config["SCANS"]
    assert (scan["text"], scan["source"], scan["symbology"]) == (CODE, "camera", "]d1")
    assert page.locator("dialog.camera").count() == 0
    assert page.evaluate("window.stream.getTracks().every(one => one.readyState === 'ended')")
    page.evaluate("window.refused = true")
    page.click("[data-camera]")
    page.wait_for_selector("dialog.camera:has-text('was not allowed to use the camera')")
    page.close()
