# SPDX-License-Identifier: Apache-2.0
"""The page that sets scanners: choose the maker and the link, scan or print the bar codes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from flask import send_file, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from instruments.scanner_settings import Link, Maker, Setting, settings_table
from labels.settings import Mark, setting_modules
from labels.symbols import Matrix
from lims.bench.operations.scanner_sheet import (
    CHECK,
    CHOOSE,
    CHOOSE_ALONE,
    HELP,
    Step,
    draw_sheet,
    help_bars,
)
from lims.bench.views.pages import blueprint
from lims.core.words import N_, Say
from lims.web.guard import needs
from lims.web.locale import translate
from lims.web.pages import laboratory, page, query
from lims.web.rights import Right

OTHER = N_("Any other scanner")

LINK_WORDS = {
    Link.USB_SERIAL: N_("USB, as a serial port"),
    Link.RS232: N_("RS-232"),
    Link.KEYBOARD: N_("USB, as a keyboard"),
}

SETTING_WORDS = {
    "usb-serial": N_("Connect as a USB serial port"),
    "usb-ssi": N_("Connect as a USB serial port that speaks SSI"),
    "rs232": N_("Connect as RS-232"),
    "ssi": N_("Connect as RS-232 that speaks SSI"),
    "keyboard": N_("Connect as a USB keyboard"),
    "baud": N_("Speed: 9600 baud"),
    "frame": N_("8 data bits, no parity, 1 stop bit"),
    "suffix": N_("Enter (carriage return) after every code"),
    "aim": N_("AIM identifier before every code"),
    "answer": N_("Wait for the computer's answer: the sound is the laboratory's verdict"),
    "retries": N_("Send nothing again after a refusal"),
    "packets": N_("Send packets, not raw codes"),
    "lines": N_("Use the lines RTS and CTS"),
    "bel": N_("Beep when the computer says BEL"),
    "country": N_("Type as an English (US) keyboard"),
}

TONE_WORDS = {
    "accepted": N_("accepted"),
    "stored": N_("stored, not checked: the server is away"),
    "refused": N_("refused, or not read: look at the page"),
    "ambiguous": N_("not certain: look at the page"),
}

SOUNDS = {
    "honeywell": (
        N_("the tone of a good read"), N_("two medium beeps"), N_("two error tones"),
        N_("error tone, low beep, error tone"),
    ),
    "datalogic": (
        N_("the tone of a good read"), N_("the tone of a good read and a beep"),
        N_("the tone of a wrong read"), N_("the tone of a wrong read and a beep"),
    ),
    "ssi": (
        N_("one short high beep"), N_("two short low beeps"), N_("three long low beeps"),
        N_("high, low, high, low"),
    ),
    "plain": (N_("one beep"), N_("two beeps"), N_("three beeps"), N_("four beeps")),
}  # fmt: skip
"""By maker: accepted, stored, refused, not certain; as the bench agent sounds them."""


class ScannerSchema(Schema):
    """Which scanner, and how it is connected."""

    maker = fields.String(load_default="honeywell")
    link = fields.Enum(Link, by_value=True, load_default=Link.USB_SERIAL)


@dataclass(frozen=True)
class Drawn:
    """Bars as a path, and how many modules they are wide with their quiet zones."""

    path: str
    width: int


@blueprint.get("/scanners")
@needs(Right.FIT_BENCHES)
def scanners() -> ResponseReturnValue:
    """Show the bar codes that set a scanner."""
    maker, link = _chosen()
    sounds = (
        []
        if link is Link.KEYBOARD
        else list(zip(TONE_WORDS.values(), SOUNDS[maker.key], strict=True))
    )
    return page(
        "bench/scanners.html", makers=settings_table().makers, maker=maker, link=link,
        links=LINK_WORDS, other=OTHER, sounds=sounds, toml=_toml(maker, link),
        steps=[(step, _drawn(step.bars)) for step in _steps(maker, link)],
        check=(Step(Say(CHECK), help_bars(), HELP, None, ""), _drawn(help_bars())),
        sheet=url_for("bench.scanner_sheet", maker=maker.key, link=link.value),
    )  # fmt: skip


@blueprint.get("/scanners/sheet.pdf")
@needs(Right.FIT_BENCHES)
def scanner_sheet() -> ResponseReturnValue:
    """Hand out the same as a sheet of paper."""
    maker, link = _chosen()
    held = laboratory().settings
    drawn = draw_sheet(
        _steps(maker, link), subject=f"{maker.name or OTHER}, {LINK_WORDS[link]}",
        toml="   ".join(_toml(maker, link)), laboratory=held.laboratory,
        arabic=partial(translate, into="ar"),
    )  # fmt: skip
    return send_file(
        io.BytesIO(drawn), mimetype="application/pdf",
        download_name=f"scanner-{maker.key}-{link.value}.pdf",
    )  # fmt: skip


def _chosen() -> tuple[Maker, Link]:
    sent = query(ScannerSchema())
    makers = {one.key: one for one in settings_table().makers}
    return makers.get(sent["maker"], makers["plain"]), sent["link"]


def _steps(maker: Maker, link: Link) -> Sequence[Step]:
    return [_step(maker, one) for one in settings_table().of(maker.key, link)]


def _step(maker: Maker, one: Setting) -> Step:
    words = Say(SETTING_WORDS[one.what])
    if one.command:
        bars = setting_modules(one.command, mark=Mark(maker.mark))
        return Step(words, bars, one.command.rstrip("\r"), None, one.source)
    if not (maker.tool and one.called):
        return Step(words, None, "", Say(CHOOSE_ALONE), one.source)
    instead = Say(CHOOSE, {"tool": maker.tool, "called": one.called})
    return Step(words, None, "", instead, one.source)


def _toml(maker: Maker, link: Link) -> Sequence[str]:
    """Return the lines of bench.toml that go with it: none for a keyboard, which needs no agent."""
    if link is Link.KEYBOARD:
        return ()
    return f'scanner_model = "{maker.key}"', f"scanner_baud = {maker.baud}"


def _drawn(bars: Matrix | None) -> Drawn | None:
    if bars is None:
        return None
    path, first = "", 10
    for black, run in groupby(bars[0]):
        length = len(list(run))
        path += f"M{first} 0h{length}v40h-{length}z" if black else ""
        first += length
    return Drawn(path, first + 10)
