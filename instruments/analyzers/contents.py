# SPDX-License-Identifier: Apache-2.0
"""What a file really is, told by its first bytes: names and extensions lie."""

import re
from typing import NamedTuple

from instruments.analyzers.errors import AnalyzerFileError

LARGEST_FILE = 64 * 1024 * 1024  # bytes; the largest run file seen is under 1 MiB
MACBINARY_HEADER = 128  # bytes that old Macintosh transfers put before the file

_GIT_LFS = b"version https://git-lfs.github.com/spec/"
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (_GIT_LFS, "git-lfs-pointer", "a Git LFS pointer: the file itself was never downloaded"),
    (b"PK\x03\x04", "zip", "a zip archive (also .xlsx and .eds files are such)"),
    (b"PK\x05\x06", "zip", "an empty zip archive"),
    (b"\x1f\x8b", "gzip", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive"),
    (b"Rar!\x1a\x07", "archive", "a RAR archive"),
    (b"%PDF-", "pdf", "a PDF document"),
    (b".scf", "scf", "an SCF trace"),
    (b"\xaeZTR\r\n\x1a\n", "ztr", "a ZTR trace"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office", "an old Office document (such as .xls)"),
    (b"\x89PNG", "picture", "a PNG picture"),
    (b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (b"SQLite format 3\x00", "sqlite", "an SQLite database"),
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FASTA = re.compile(rb">[^\r\n]*\r?\n[A-Za-z*\-. \r\n]")


class Kind(NamedTuple):
    """What a file is: a stable code and English words for it."""

    code: str
    words: str


def kind_of(content: bytes) -> Kind:
    """Tell what the file is from its beginning; `unknown` when nothing fits."""
    if not content:
        return Kind("empty", "an empty file")
    if content.startswith(b"ABIF") or content[MACBINARY_HEADER:].startswith(b"ABIF"):
        return Kind("abif", "an ABIF file of a genetic analyzer")
    for start, code, words in _SIGNATURES:
        if content.startswith(start):
            return Kind(code, words)
    head = content[:4096]
    if not head.strip(b"\x00"):
        return Kind("zeros", "only zero bytes: a copy that was never completed")
    if head.startswith(_BYTE_ORDER_MARKS):
        return Kind("text", "a text file")
    stripped = head.lstrip()
    if stripped.startswith((b"<?xml", b"<")):
        return Kind("xml", "an XML or HTML document")
    if _FASTA.match(stripped):
        return Kind("fasta", "a FASTA sequence file")
    if b"\x00" not in head:
        return Kind("text", "a text file")
    return Kind("unknown", f"bytes of no known kind ({head[:8].hex(' ')} ...)")


def refuse_too_large(content: bytes, *, name: str) -> None:
    """Raise AnalyzerFileError for a file that no analyzer writes."""
    if len(content) > LARGEST_FILE:
        raise AnalyzerFileError(
            name,
            "too-large",
            "whole file",
            f"at most {LARGEST_FILE} bytes",
            f"{len(content)} bytes",
        )
