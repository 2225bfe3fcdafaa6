# SPDX-License-Identifier: Apache-2.0
"""The typed values of ABIF tags (Applied Biosystems Genetic Analysis Data File Format, 2009)."""

import re
import sys
from array import array
from collections.abc import Callable
from datetime import date, time
from struct import Struct
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from instruments.analyzers.texts import guess_legacy_text

if TYPE_CHECKING:
    Samples: TypeAlias = array[int]
    Reals: TypeAlias = array[float]
else:  # arrays cannot be subscripted when Python 3.11 runs
    Samples = Reals = array
Value: TypeAlias = (
    int | float | bool | str | bytes | date | time | Samples | Reals | tuple[object, ...]
)

CHAR, DATE, TIME, PSTRING, CSTRING = 2, 10, 11, 18, 19
USER = 1024  # this type and above: a structure of the maker's own, kept as bytes

# Bytes of one element. Files carry the size in each entry too; where the two disagree with the
# size of the whole value, the entry is damaged.
WIDTHS = {
    1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 8, 7: 4, 8: 8, 10: 4, 11: 4,
    12: 10, 13: 1, 14: 4, 15: 8, 16: 8, 17: 16, 18: 1, 19: 1, 20: 8,
}  # fmt: skip
TEXTS = frozenset({CHAR, PSTRING, CSTRING})
# 3500 instruments save .hid files with types 28, 30, 31, 32, 33 and 34: the values of types 4, 2,
# 5, 8, 19 and 18, scrambled. The numbers around them, which no document explains, are taken for
# scrambled kinds too, so that such a tag is looked for in an earlier generation.
SCRAMBLED = frozenset(range(24, 41))
COMPRESSED = {128: "delta compression", 256: "LZW compression", 384: "delta and LZW compression"}
INTEGER_CHANNELS = frozenset({3, 4, 5})  # what a channel of samples may be stored as
KNOWN = frozenset({*WIDTHS, 9, *SCRAMBLED, *COMPRESSED})

_SWAP = sys.byteorder == "little"
_CALENDAR = Struct(">hBB")
_CLOCK = Struct(">BBBB")
_PRINTABLE = bytes((9, 10, 13, *range(32, 127)))
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def decode(content: bytes, kind: int, elements: int, size: int, offset: int) -> Value | None:
    """Decode one value; None where its type is scrambled, compressed, unknown or has no meaning.

    The caller has checked that `size` bytes lie at `offset` and that `elements` fits them.
    One number comes as int or float, several as an array; text as str; structures as tuples.
    """
    decoder = DECODERS.get(kind)
    if decoder is not None:
        return decoder(content[offset : offset + size], elements)
    return content[offset : offset + size] if kind >= USER else None


def is_samples(value: Value | None) -> TypeGuard[Samples]:
    """Say whether a decoded value is an array of whole numbers."""
    return isinstance(value, array) and value.typecode in "hHi"


def read_text(raw: bytes) -> tuple[str, str]:
    """Decode text of unknown encoding; return it with the encoding that was taken.

    Instruments write ASCII or the code page of their Windows. UTF-8 is taken where it is valid:
    other text is so by accident only. Then Windows-1256 where whole words of Arabic come out,
    and Windows-1252 for the rest.
    """
    if raw.isascii():
        if b"\x00" in raw and (wide := _wide(raw)):
            return wide
        return raw.decode("ascii"), "ascii"
    if wide := _wide(raw):
        return wide
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    return guess_legacy_text(raw)


def pstring_bytes(raw: bytes) -> bytes:
    """Return the bytes of a Pascal string: its first byte counts the rest, padding may follow."""
    if not raw:
        return b""
    text = raw[1 : 1 + raw[0]]
    if not text.isascii() and len(text) < len(raw) - 1:
        # Some writers count letters, not bytes.
        try:
            if len(raw[1:].decode("utf-8")) == raw[0]:
                return raw[1:]
        except UnicodeDecodeError:
            pass
    return text


def text_bytes(raw: bytes, kind: int) -> bytes:
    """Return the bytes of the text in a value of one of the three text types."""
    if kind == PSTRING:
        return pstring_bytes(raw)
    if kind == CSTRING and not _wide(raw):
        return raw.partition(b"\x00")[0]
    return raw


def calendar_date(raw: bytes) -> date | None:
    """Decode year, month, day; None where that is no day."""
    try:
        return date(*_CALENDAR.unpack(raw))
    except ValueError:
        return None


def clock_time(raw: bytes) -> time | None:
    """Decode hour, minute, second, hundredth; None where that is no time of day."""
    hour, minute, second, hundredth = _CLOCK.unpack(raw)
    # 3100 instruments leave other things in the fourth byte: values up to 234 were seen.
    fraction = hundredth * 10_000 if hundredth < 100 else 0
    try:
        return time(hour, minute, second, fraction)
    except ValueError:
        return None


def _wide(raw: bytes) -> tuple[str, str] | None:
    """Decode UTF-16 with a byte-order mark, or with a zero in every other byte."""
    if len(raw) < 4:
        return None
    even = raw[: len(raw) & ~1]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif not even[::2].strip(b"\x00"):
        encoding = "utf-16-be"
    elif not even[1::2].strip(b"\x00"):
        encoding = "utf-16-le"
    else:
        return None
    try:
        text = even.decode(encoding)
    except UnicodeDecodeError:
        return None
    text = text.partition("\x00")[0]
    return (text, "utf-16") if text else None


def _numbers(code: str) -> Callable[[bytes, int], Value]:
    scalar = Struct(f">{code}").unpack

    def decode_numbers(raw: bytes, elements: int) -> Value:
        if elements == 1:
            number: int | float = scalar(raw)[0]
            return number
        numbers = array(code, raw)
        if _SWAP:
            numbers.byteswap()
        return numbers

    return decode_numbers


def _structures(layout: str) -> Callable[[bytes, int], Value]:
    structure = Struct(layout)

    def decode_structures(raw: bytes, elements: int) -> Value:
        return structure.unpack(raw) if elements == 1 else tuple(structure.iter_unpack(raw))

    return decode_structures


def _characters(raw: bytes, elements: int) -> Value:
    text = raw.rstrip(b"\x00")
    if not text.translate(None, _PRINTABLE):
        return text.decode("ascii") if text or elements != 1 else 0
    wide = _wide(raw)
    if wide:
        return wide[0]
    if _UNPRINTABLE.search(text):
        # Base qualities and flags are numbers in characters' clothing.
        return raw[0] if elements == 1 else raw
    return read_text(text)[0]


def _pascal(raw: bytes, elements: int) -> Value:
    text = raw[1 : 1 + raw[0]] if raw else raw
    if text.isascii() and (decoded := text.decode("ascii")).isprintable():
        return decoded
    return read_text(pstring_bytes(raw))[0]


def _c_string(raw: bytes, elements: int) -> Value:
    text = raw[:-1]
    if text.isascii() and raw[-1:] == b"\x00" and (decoded := text.decode()).isprintable():
        return decoded
    return read_text(text_bytes(raw, CSTRING))[0]


def _bytes(raw: bytes, elements: int) -> Value:
    return raw[0] if elements == 1 else raw


def _bools(raw: bytes, elements: int) -> Value:
    return raw != b"\x00" if elements == 1 else tuple(byte != 0 for byte in raw)


def _dates(raw: bytes, elements: int) -> Value | None:
    if elements == 1:
        return calendar_date(raw)
    return tuple(calendar_date(raw[start : start + 4]) for start in range(0, len(raw), 4))


def _times(raw: bytes, elements: int) -> Value | None:
    if elements == 1:
        return clock_time(raw)
    return tuple(clock_time(raw[start : start + 4]) for start in range(0, len(raw), 4))


DECODERS: dict[int, Callable[[bytes, int], Value | None]] = {
    1: _bytes,
    CHAR: _characters,
    3: _numbers("H"),
    4: _numbers("h"),
    5: _numbers("i"),
    6: _structures(">ii"),
    7: _numbers("f"),
    8: _numbers("d"),
    9: _bytes,
    DATE: _dates,
    TIME: _times,
    12: _structures(">iiBB"),
    13: _bools,
    14: _structures(">hh"),
    15: _structures(">hhhh"),
    16: _structures(">ii"),
    17: _structures(">iiii"),
    PSTRING: _pascal,
    CSTRING: _c_string,
    20: _structures(">4si"),
}
