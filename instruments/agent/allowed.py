# SPDX-License-Identifier: Apache-2.0
"""What a label may say to a printer: drawing commands of one label, and nothing that configures."""

import hashlib
import re

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
    ]
)
_COMMAND = re.compile(r"\^([A-Z][A-Z0-9])")
_ONE_COPY = re.compile(r"1(?:,0(?:,1(?:,N)?)?)?\s*")


class LabelRefused(Exception):
    """The bytes are not one label of ours; `reason` is stable, `detail` names the place."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def check_label(zpl: bytes, *, sha256: str) -> None:
    """Raise `LabelRefused` unless these are the bytes the server hashed and they draw one label.

    The letters RS and DLE are refused with all control characters: a printer takes them for ^ and ~
    (ZPL II programming guide, "Basic ZPL Exercises").
    """
    if hashlib.sha256(zpl).hexdigest() != sha256.lower():
        raise LabelRefused("label-altered", "sha256")
    if len(zpl) > _LONGEST_LABEL:
        raise LabelRefused("label-too-long", f"{len(zpl)} bytes")
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
        if match[1] == "PQ" and not _ONE_COPY.fullmatch(text, match.end(), end):
            raise LabelRefused("more-than-one-copy", f"at {begin}")
    inner = commands[1:-1]
    if commands[0] != "XA" or commands[-1] != "XZ" or "XA" in inner or "XZ" in inner:
        raise LabelRefused("not-one-label", "^XA and ^XZ")
    if not text.endswith("^XZ"):
        raise LabelRefused("not-one-label", "end")
