# SPDX-License-Identifier: Apache-2.0
"""Bar codes that set a scanner: Code 128 with the function character FNC 3.

ISO/IEC 15417: a symbol with FNC 3 anywhere in it is an instruction to the reader, never what it
sends on. The makers differ in where they put it.
"""

from enum import StrEnum

from barcode.charsets import code128

from labels.errors import LabelError
from labels.symbols import Matrix

LONGEST = 40  # characters; wider than the paper
_FNC3 = 96  # in the sets A and B alike


class Mark(StrEnum):
    """Where a maker puts FNC 3 in its bar codes."""

    FIRST = "first"
    LAST = "last"


def setting_modules(command: str, *, mark: Mark) -> Matrix:
    """Return the one row of modules of a setting's bar code, without its quiet zones.

    `command`: ASCII, of which set A of Code 128 holds capitals and control characters, set B small
    letters. Raises LabelError `bad_payload` for one that needs both, is empty or too long.
    """
    values = _values(command)
    if values is None or not 0 < len(command) <= LONGEST:
        raise LabelError(
            "bad_payload", "setting", command, f"1 to {LONGEST} characters of one set of Code 128"
        )
    start, coded = values
    marked = [_FNC3, *coded] if mark is Mark.FIRST else [*coded, _FNC3]
    symbols = [start, *marked]
    check = sum(max(place, 1) * value for place, value in enumerate(symbols)) % 103
    bits = "".join(code128.CODES[value] for value in [*symbols, check]) + code128.STOP + "11"
    return (tuple(bit == "1" for bit in bits),)


def _values(command: str) -> tuple[int, list[int]] | None:
    """Return the start character and the values of the characters, in the set that has them all."""
    codes = [ord(character) for character in command]
    if all(0x20 <= code <= 0x7E for code in codes):
        return code128.START_CODES["B"], [code - 0x20 for code in codes]
    if all(code < 0x60 for code in codes):
        return code128.START_CODES["A"], [code + 64 if code < 0x20 else code - 32 for code in codes]
    return None
