# SPDX-License-Identifier: Apache-2.0
"""What a label may say to a printer: drawing commands of one label, nothing that stays in it."""

import hashlib
import re

from instruments.printers import Language

_LONGEST_LABEL = 1 << 18  # bytes
_ALLOWED = frozenset(
    [
        "XA",
        "XZ",
        "FO",
        "FT",
        "FD",
        "FS",
        "FH",
        "FX",
        "BX",
        "BC",
        "BQ",
        "BY",
        "GF",
        "GB",
        "A0",
        "CI",
        "PO",
        "PQ",
        "PW",
        "LL",
        "LH",
        "LT",
        "LS",
        # Darkness and speed: of this label alone, saved by nothing that is allowed.
        "MD",
        "PR",
    ]
)
_COMMAND = re.compile(r"\^([A-Z][A-Z0-9])")
# Half the way up or down at most: all of it burns small modules, or prints none.
_STEPS = {
    "MD": re.compile(r"-?(?:[0-9]|1[0-5])\s*"),
    "PR": re.compile(r"(?:[1-9]|1[0-4])\s*"),
}
_ONE_COPY = re.compile(r"1(?:,0(?:,1(?:,N)?)?)?\s*")


_NUMBER = rb"\d{1,5}(?:\.\d{1,2})?"
_TSPL = re.compile(
    rb"SIZE %b mm,%b mm|GAP %b mm,0 mm|DIRECTION [01],0|REFERENCE 0,0|DENSITY \d{1,2}"
    rb"|SPEED \d{1,2}|CLS|BAR \d{1,5},\d{1,5},\d{1,5},\d{1,5}" % ((_NUMBER,) * 3)
)
_BITMAP = re.compile(rb"BITMAP \d{1,5},\d{1,5},(\d{1,4}),(\d{1,5}),0,")
_ONE_LABEL = b"PRINT 1,1\r\n"
# XON and XOFF do not pass a line with that flow control; ESC and ~ begin commands that are obeyed
# at once, also within a picture.
_UNSENDABLE = re.compile(rb"[\x11\x13\x1b~]")


class LabelRefused(Exception):
    """The bytes are not one label of ours; `reason` is stable, `detail` names the place."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def check_label(content: bytes, *, sha256: str, language: Language = Language.ZPL) -> None:
    """Raise `LabelRefused` unless these are the bytes the server hashed and they draw one label."""
    if hashlib.sha256(content).hexdigest() != sha256.lower():
        raise LabelRefused("label-altered", "sha256")
    if len(content) > _LONGEST_LABEL:
        raise LabelRefused("label-too-long", f"{len(content)} bytes")
    if language is Language.TSPL:
        _check_tspl(content)
    else:
        _check_zpl(content)


def _check_zpl(zpl: bytes) -> None:
    """Refuse all but drawing commands of one label.

    The letters RS and DLE are refused with all control characters: a printer takes them for ^ and ~
    (ZPL II programming guide, "Basic ZPL Exercises").
    """
    for place, byte in enumerate(zpl):
        if byte >= 0x7F or (byte < 0x20 and byte not in b"\r\n"):
            raise LabelRefused("label-not-plain", f"byte {byte:02x} at {place}")
        if byte == ord("~"):
            raise LabelRefused("command-not-allowed", f"~ at {place}")
    text = zpl.decode("ascii").strip()
    begins = [match.start() for match in re.finditer(r"\^", text)]
    if not begins or begins[0] != 0:
        raise LabelRefused("not-one-label", "start")
    commands: list[str] = []
    for begin, end in zip(begins, [*begins[1:], len(text)], strict=True):
        match = _COMMAND.match(text, begin)
        if match is None or match[1] not in _ALLOWED:
            raise LabelRefused("command-not-allowed", f"{text[begin : begin + 3]} at {begin}")
        commands.append(match[1])
        if match[1] in _STEPS and not _STEPS[match[1]].fullmatch(text, match.end(), end):
            raise LabelRefused(
                "command-not-allowed", f"{text[begin : begin + 6].strip()} at {begin}"
            )
        if match[1] == "PQ" and not _ONE_COPY.fullmatch(text, match.end(), end):
            raise LabelRefused("more-than-one-copy", f"at {begin}")
    inner = commands[1:-1]
    if commands[0] != "XA" or commands[-1] != "XZ" or "XA" in inner or "XZ" in inner:
        raise LabelRefused("not-one-label", "^XA and ^XZ")
    if not text.endswith("^XZ"):
        raise LabelRefused("not-one-label", "end")


def _check_tspl(tspl: bytes) -> None:
    """Refuse all but drawing commands of one label."""
    if found := _UNSENDABLE.search(tspl):
        raise LabelRefused("label-not-plain", f"byte {found[0].hex()} at {found.start()}")
    at = 0
    drawn = False
    while not tspl.startswith(_ONE_LABEL, at):
        if bitmap := _BITMAP.match(tspl, at):
            end = bitmap.end() + int(bitmap[1]) * int(bitmap[2])
        elif command := _TSPL.match(tspl, at):
            end = command.end()
        else:
            shown = tspl[at : at + 8].decode("ascii", "backslashreplace")
            raise LabelRefused("command-not-allowed", f"{shown} at {at}")
        if not tspl.startswith(b"\r\n", end):
            raise LabelRefused("not-one-label", f"line at {at}")
        drawn = drawn or bitmap is not None
        at = end + 2
    if at + len(_ONE_LABEL) != len(tspl) or not drawn:
        raise LabelRefused("not-one-label", "end")
