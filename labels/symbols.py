# SPDX-License-Identifier: Apache-2.0
"""Code 128, DataMatrix and QR symbols as modules, shared by every renderer so that they agree."""

import re
from enum import StrEnum

from barcode.charsets import code128
from ppf.datamatrix import DataMatrix
from reportlab.graphics.barcode.qrencoder import QRAlphaNum, QRCode, QRErrorCorrectLevel

from labels.errors import LabelError

# Rows of modules from the top, True is black. A Code 128 has one row, drawn as high as its bars.
Matrix = tuple[tuple[bool, ...], ...]


class Kind(StrEnum):
    """A symbology."""

    DATAMATRIX = "datamatrix"
    CODE128 = "code128"
    QR = "qr"


# White modules on each side. ISO/IEC 15417 asks for 10 and ISO/IEC 18004 for 4; ISO/IEC 16022 asks
# for 1, and 2 are given because the edge of a label is seldom where it should be.
QUIET = {Kind.DATAMATRIX: 2, Kind.CODE128: 10, Kind.QR: 4}

# A symbol holds codes and nothing else: no name, no punctuation that a printer, a scanner or a
# keyboard of another language could take for something else.
PAYLOAD = re.compile(r"[0-9A-Z]{1,20}")

_QR_VERSION_OF_20 = 1  # 21 modules a side hold 20 letters and digits at level M


def modules(kind: Kind, payload: str, *, field: str = "payload") -> Matrix:
    """Return the modules of a symbol of 1 to 20 capital letters and digits.

    Raises LabelError `bad_payload`.
    """
    if not PAYLOAD.fullmatch(payload):
        raise LabelError("bad_payload", field, payload, "1 to 20 letters A-Z and digits")
    if kind is Kind.DATAMATRIX:
        return _datamatrix(payload)
    if kind is Kind.CODE128:
        return (_code128(payload),)
    return _qr(payload)


def _datamatrix(payload: str) -> Matrix:
    # ASCII encodation only: the size then hangs on length and digit pairs, not on a choice between
    # encodations that another release could make otherwise. 11 characters: 16x16 at most.
    rows = DataMatrix(payload, codecs=["ascii"]).matrix
    return tuple(tuple(module == 1 for module in row) for row in rows)


def _code128(payload: str) -> tuple[bool, ...]:
    # Set B throughout. Going over to set C for a run of digits would save a little on some codes,
    # and make the width of a label depend on which code was drawn.
    symbols = [code128.START_CODES["B"], *(code128.B[character] for character in payload)]
    check = sum(max(place, 1) * value for place, value in enumerate(symbols)) % 103
    bits = "".join(code128.CODES[value] for value in [*symbols, check]) + code128.STOP + "11"
    return tuple(bit == "1" for bit in bits)


def _qr(payload: str) -> Matrix:
    code = QRCode(_QR_VERSION_OF_20, QRErrorCorrectLevel.M)
    code.addData(QRAlphaNum(payload))
    code.make()
    rows: list[list[bool]] = code.modules
    return tuple(tuple(bool(module) for module in row) for row in rows)
