# SPDX-License-Identifier: Apache-2.0
"""Our reader and Biopython's agree on every tag that Biopython can decode."""

import io
import warnings
from array import array
from datetime import date, time
from pathlib import Path

import pytest
from Bio import BiopythonWarning, SeqIO

from instruments.analyzers.abif import Entry, read_abif

pytestmark = pytest.mark.data


def _as_biopython(value: object, entry: Entry) -> object:
    """Put one of our values into the form that Biopython gives it."""
    if isinstance(value, array):
        return tuple(value)
    if isinstance(value, date):
        return str(value)
    if isinstance(value, time):
        return str(value.replace(microsecond=0))
    # The format's bytes have no sign; Biopython gives them one.
    if entry.kind == 1 and isinstance(value, int):
        return _signed(value)
    if entry.kind == 1 and isinstance(value, bytes):
        return tuple(map(_signed, value))
    if entry.kind == 13:
        return bool(value)  # Biopython makes one of several
    if entry.kind == 12 and isinstance(value, tuple):
        return (*value[:2], *map(_signed, value[2:]))
    if entry.kind == 2 and isinstance(value, int):
        return bytes((value,))
    return value


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _same_text(ours: str, theirs: bytes) -> bool:
    """Compare text with Biopython's bytes, which keep padding behind the text."""
    for encoding in ("ascii", "utf-8", "cp1252", "latin-1"):
        try:
            if theirs.startswith(ours.encode(encoding)):
                return True
        except UnicodeEncodeError:
            continue
    return False


def test_every_tag_that_both_decode_is_the_same(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "abif").rglob("*.[fah][sbi][a1d]")):
        if path.parent.name == "damaged" or path.name == "fake.ab1":
            continue
        content = path.read_bytes()
        ours = read_abif(content, name=path.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BiopythonWarning)
            theirs = SeqIO.read(io.BytesIO(content), "abi").annotations["abif_raw"]
        assert len(theirs) == len(ours.directory), path.name
        for (name, number), entry in ours.directory.items():
            value, expected = ours.tag(name, number), theirs[f"{name}{number}"]
            where = f"{path.name} {name}{number}"
            if entry.kind >= 1024 or not entry.plain:
                assert expected is None, where
            elif isinstance(value, str):
                assert _same_text(value, expected), where
                compared += 1
            else:
                assert _as_biopython(value, entry) == expected, where
                compared += 1
    assert compared > 4_000
