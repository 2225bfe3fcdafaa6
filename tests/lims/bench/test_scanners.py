# SPDX-License-Identifier: Apache-2.0
"""Setting scanners: the table, the bar codes as strangers read them, the page and the sheet."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from pypdfium2 import PdfDocument

from instruments.scanner_settings import Link, settings_table
from instruments.scanners import ScannerModel
from labels.errors import LabelError
from labels.settings import Mark, setting_modules
from lims.bench.operations.scanner_sheet import HELP
from lims.bench.views.scanners import SETTING_WORDS, SOUNDS
from lims.core.actors import Actor
from tests.cast import Cast

# Pages and paper of no table.
DATABASES = ("sqlite",)


def test_the_table_says_of_every_setting_what_it_is_and_where_it_was_read() -> None:
    table = settings_table()

    assert {maker.key for maker in table.makers} == {one.value for one in ScannerModel}
    assert set(SOUNDS) == {maker.key for maker in table.makers}
    assert {one.what for one in table.settings} == set(SETTING_WORDS)
    for maker in table.makers:
        for link in Link:
            settings = table.of(maker.key, link)
            whats = [one.what for one in settings]
            assert len(set(whats)) == len(whats)
            assert "packets" in whats or link is Link.KEYBOARD or {"suffix", "aim"} <= set(whats)
    for one in table.settings:
        assert one.source
        assert one.command or one.called or one.maker == "plain"


def test_every_setting_bar_code_is_read_back_as_an_instruction_to_the_reader() -> None:
    marks = {maker.key: Mark(maker.mark) for maker in settings_table().makers}
    commands = [(one.command, marks[one.maker]) for one in settings_table().settings if one.command]
    for command, mark in commands:
        (row,) = setting_modules(command, mark=mark)
        line = [255] * 20 + [0 if black else 255 for black in row for _ in (1, 2)] + [255] * 20
        (read,) = zxingcpp.read_barcodes(Image.fromarray(np.array([line] * 40, dtype=np.uint8)))
        assert read.text == command
        assert read.extra == {"ReaderInit": True}
    assert len(commands) == 10


@pytest.mark.parametrize("command", ["", "x" * 41, "small\r", "عربي"])
def test_a_setting_that_no_set_of_code_128_holds_is_refused(command: str) -> None:
    with pytest.raises(LabelError):
        setting_modules(command, mark=Mark.FIRST)


def test_the_page_and_the_sheet_show_the_bar_codes_in_their_order(
    cast: Cast, sign_in: Callable[[Actor], FlaskClient]
) -> None:
    client = sign_in(cast.administrator)
    for maker in settings_table().makers:
        for link in Link:
            chosen = f"maker={maker.key}&link={link.value}"
            shown = client.get(f"/scanners?{chosen}").get_data(as_text=True)
            printed = [one.command for one in settings_table().of(maker.key, link) if one.command]
            assert shown.count('class="bars"') == len(printed) + 1
            assert ("scanner_model = " in shown) is (link is not Link.KEYBOARD)
    paper = client.get("/scanners/sheet.pdf?maker=datalogic&link=rs232").data
    pages = [page.render(scale=300 / 72).to_pil() for page in PdfDocument(io.BytesIO(paper))]
    read = [code for page in pages for code in zxingcpp.read_barcodes(page)]
    in_order = sorted(read, key=lambda code: code.position.top_left.y)
    assert [code.text for code in in_order] == ["$P,HA05,P\r", "$P,CR2AE01,P\r", HELP]
    assert sign_in(cast.technician).get("/scanners").status_code == 403
