# SPDX-License-Identifier: Apache-2.0
"""The tag directories of an ABIF file: the current one and the older ones that saving left."""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import gt
from struct import Struct
from typing import NamedTuple

from instruments.analyzers.abif.values import (
    COMPRESSED,
    INTEGER_CHANNELS,
    KNOWN,
    PSTRING,
    SCRAMBLED,
    TEXTS,
    USER,
    WIDTHS,
)
from instruments.analyzers.contents import MACBINARY_HEADER, kind_of, refuse_too_large
from instruments.analyzers.errors import AnalyzerFileError

MOST_TAGS = 100_000  # the fullest real directory has under 200
_MOST_GENERATIONS = 1_000
_MOST_CANDIDATES = 100_000  # places that are looked at for an older directory
_MOST_OVERLAP = 4  # times the file; in real files no two values share a byte
_FEWEST_TAGS = 10  # a shorter run of entries is the remains of an overwritten directory

_ENTRY = Struct(">4sihhiiii")  # name, number, type, element size, count, size, offset, handle
_ENTRY_SIZE = _ENTRY.size
FIRST_VALUE = 34  # the header itself ends here; its other bytes up to 128 are unused
_WHAT_A_NAME_IS = re.compile(rb"[ -~]{4}")
_ONLY_NAMES = re.compile(rb"(?:[ -~]{4}.{24})*+", re.DOTALL)
_CANDIDATE = re.compile(rb"DATA\x00\x00[\x00-\x03][\x00-\xff]\x00")

Key = tuple[str, int]


class Entry(NamedTuple):
    """One tag of a directory; `offset` is the place of its value, in the entry for a short one."""

    name: str
    number: int
    kind: int
    element_size: int
    elements: int
    size: int
    offset: int

    @property
    def plain(self) -> bool:
        """Say whether the value can be decoded."""
        return self.kind not in SCRAMBLED and self.kind not in COMPRESSED

    @property
    def holds_samples(self) -> bool:
        """Say whether the value is a channel that can be read."""
        return self.kind in INTEGER_CHANNELS and self.elements > 0


Entries = Mapping[Key, Entry]


@dataclass(frozen=True)
class Generation:
    """One complete tag directory in the file, with the byte at which it begins."""

    position: int
    entries: Entries
    current: bool

    @property
    def plain(self) -> bool:
        """Say whether all channels of this generation are stored unscrambled."""
        return all(entry.plain for key, entry in self.entries.items() if key[0] == "DATA")


class Header(NamedTuple):
    """What the first bytes say: the format's version and where the current directory lies."""

    version: int
    tags: int
    room: int
    position: int

    @property
    def directory_end(self) -> int:
        """The byte behind the directory's last tag."""
        return self.position + self.tags * _ENTRY_SIZE


def without_macbinary(content: bytes) -> bytes:
    """Return the file without the 128 bytes that old Macintosh transfers put before it."""
    if not content.startswith(b"ABIF") and content[MACBINARY_HEADER:].startswith(b"ABIF"):
        return content[MACBINARY_HEADER:]
    return content


def read_header(content: bytes, *, name: str) -> Header:
    """Read and check the header; raise AnalyzerFileError for what is no whole ABIF file."""
    refuse_too_large(content, name=name)
    if not content.startswith(b"ABIF"):
        kind = kind_of(content)
        raise AnalyzerFileError(
            name, f"not-abif-{kind.code}", "first bytes", 'the letters "ABIF"', kind.words
        )
    if len(content) < 6 + _ENTRY_SIZE:
        raise AnalyzerFileError(
            name, "truncated", "header", "128 bytes", f"the file's end at byte {len(content)}"
        )
    version = int.from_bytes(content[4:6], "big", signed=True)
    root, _, _, entry_size, tags, room, position, _ = _ENTRY.unpack_from(content, 6)
    if root != b"tdir" or entry_size != _ENTRY_SIZE:
        raise AnalyzerFileError(
            name,
            "header-damaged",
            "bytes 6 to 18",
            'the entry "tdir" with elements of 28 bytes',
            f"{_shown(root)} with elements of {entry_size} bytes",
        )
    if not 0 < tags <= MOST_TAGS:
        raise AnalyzerFileError(
            name, "directory-impossible", "byte 18", f"1 to {MOST_TAGS} tags", f"{tags} tags"
        )
    if position < FIRST_VALUE:
        raise AnalyzerFileError(
            name,
            "directory-impossible",
            "byte 26",
            f"a tag directory at byte {FIRST_VALUE} or later",
            f"byte {position}",
        )
    end = position + tags * _ENTRY_SIZE
    if end > len(content):
        raise AnalyzerFileError(
            name,
            "truncated",
            f"byte {position}",
            f"a directory of {tags} tags up to byte {end}",
            f"the file's end at byte {len(content)}: the rest is missing",
        )
    return Header(version, tags, room, position)


def read_current(
    content: bytes, header: Header, *, name: str
) -> tuple[dict[Key, Entry], dict[Key, str], list[str]]:
    """Read the current directory: sound entries, the faults of damaged ones, other problems.

    Raises AnalyzerFileError when most of the entries are no tags at all.
    """
    entries, faults, problems = _entries_at(content, header.position, header.tags)
    strangers = sum(not _WHAT_A_NAME_IS.fullmatch(tag.encode("latin-1")) for tag, _ in faults)
    if strangers * 2 > header.tags:
        raise AnalyzerFileError(
            name,
            "directory-impossible",
            f"byte {header.position}",
            f"a directory of {header.tags} tags",
            f"{strangers} entries without a readable name",
        )
    starts = sorted([entry[6] for entry in entries.values() if entry[5] > 4])
    ends = sorted([entry[6] + entry[5] for entry in entries.values() if entry[5] > 4])
    claimed = sum(ends) - sum(starts)
    if claimed > _MOST_OVERLAP * len(content):
        raise AnalyzerFileError(
            name,
            "directory-impossible",
            f"byte {header.position}",
            f"values of at most {len(content)} bytes, the whole file",
            f"{len(entries)} tags that claim {claimed} bytes",
        )
    # Where no two values share a byte, the sorted starts and ends take turns.
    if any(map(gt, ends, starts[1:])) or _reaches_into(starts, ends, header):
        problems.append("two values share bytes of the file: the place of one of them is wrong")
    end = header.directory_end
    if header.room < header.tags * _ENTRY_SIZE:
        problems.append(
            f"the header gives the directory {header.room} bytes, its {header.tags} tags need "
            f"{header.tags * _ENTRY_SIZE}"
        )
    elif header.position + header.room > len(content):
        missing = header.position + header.room - len(content)
        problems.append(f"the file ends {missing} bytes before the directory's room does")
    elif end + _ENTRY_SIZE <= header.position + header.room and _plausible(content, end):
        # A count that was made smaller would hide tags, and with them channels, without a trace.
        problems.append(f"the header counts {header.tags} tags, but more follow at byte {end}")
    return entries, faults, problems


def _reaches_into(starts: list[int], ends: list[int], header: Header) -> bool:
    """Say whether a value lies over the header or the directory."""
    if not starts:
        return False
    before = bisect_left(starts, header.directory_end)
    return starts[0] < FIRST_VALUE or (before > 0 and ends[before - 1] > header.position)


def all_generations(
    content: bytes, header: Header, current: Entries, *, damaged: Collection[Key]
) -> tuple[Generation, ...]:
    """Find the complete directories in the file, oldest first, the current one last.

    3500, 3730 and 3100 instruments save by appending, so older directories stay in the file. They
    are found by their DATA entries; the run of plausible entries around one is a directory. It is
    complete when it has the raw channels of the current one and a third of its tags. One that names
    another injection is no generation of this file.
    """
    listed = {*current, *damaged}
    raw_channels = {key for key in listed if key[0] == "DATA" and key[1] in _FIRST_CHANNELS}
    inside = range(header.position, header.position + max(header.tags * _ENTRY_SIZE, header.room))
    found: list[Generation] = []
    done = walked = 0
    for tried, match in enumerate(_CANDIDATE.finditer(content)):
        if tried >= _MOST_CANDIDATES or walked >= MOST_TAGS or len(found) >= _MOST_GENERATIONS:
            break
        start = match.start()
        if start < done or start in inside or not _plausible(content, start):
            continue
        first, end = start, start + _ENTRY_SIZE
        while first - _ENTRY_SIZE >= done and _plausible(content, first - _ENTRY_SIZE):
            first -= _ENTRY_SIZE
        while (end - first) // _ENTRY_SIZE < MOST_TAGS and _plausible(content, end):
            end += _ENTRY_SIZE
        done = end
        tags = (end - first) // _ENTRY_SIZE
        walked += tags
        if tags < _FEWEST_TAGS:
            continue
        entries = _entries_at(content, first, tags)[0]
        shared = sum(key in listed for key in entries)
        complete = raw_channels <= entries.keys() and shared * 3 >= len(listed)
        if complete and _same_injection(content, entries, current):
            found.append(Generation(first, entries, current=False))
    return (*found, Generation(header.position, current, current=True))


_FIRST_CHANNELS = frozenset({1, 2, 3, 4})


def _entries_at(
    content: bytes, position: int, tags: int
) -> tuple[dict[Key, Entry], dict[Key, str], list[str]]:
    entries: dict[Key, Entry] = {}
    faults: dict[Key, str] = {}
    problems: list[str] = []
    length, width_of, new, store = len(content), WIDTHS.get, tuple.__new__, entries.setdefault
    block = content[position : position + tags * _ENTRY_SIZE]
    all_named = _ONLY_NAMES.fullmatch(block) is not None
    for raw_name, number, kind, element_size, elements, size, offset, _ in _ENTRY.iter_unpack(
        block
    ):
        if size <= 4:  # short values lie in the entry's own offset field
            offset = position + 20
        position += _ENTRY_SIZE
        name = raw_name.decode("latin-1")
        key = (name, number)
        entry: Entry = new(Entry, (name, number, kind, element_size, elements, size, offset))
        # The usual case in one expression, since a folder of runs holds 100,000 of them.
        if (
            (elements * width_of(kind, -1) == size or (kind >= USER and elements >= 0))
            and size >= 0 <= offset <= length - size
            and (kind != PSTRING or (size and content[offset] < size))
            and (all_named or _WHAT_A_NAME_IS.fullmatch(raw_name))
        ):
            # The first of two wins: giving back what was there is the cheapest way to find out.
            if store(key, entry) is not entry:
                problems.append(f"tag {name}{number} stands twice; the first is taken")
        elif fault := _fault_of(entry, content):
            faults[key] = fault
        else:
            store(key, entry)
            if kind in COMPRESSED:
                problems.append(f"tag {name}{number}: {COMPRESSED[kind]} is not read")
            elif kind in TEXTS:
                problems.append(
                    f"tag {name}{number}: it claims a text of {elements} bytes in {size}; "
                    "all of them are read"
                )
    return entries, faults, problems


def _same_injection(content: bytes, earlier: Entries, current: Entries) -> bool:
    """Say whether two directories do not name different injections."""
    found = {
        content[entry.offset : entry.offset + entry.size]
        for entries in (earlier, current)
        if (entry := entries.get(("LIMS", 1))) is not None and entry.plain
    }
    return len(found) < 2


def _fault_of(entry: Entry, content: bytes) -> str:
    """Say why the value of an entry cannot be trusted; empty when it can."""
    name, _, kind, _, elements, size, offset = entry
    if not _WHAT_A_NAME_IS.fullmatch(name.encode("latin-1")):
        return "its name is not readable"
    if elements < 0 or size < 0:
        return f"it claims {elements} elements in {size} bytes"
    if offset < 0 or offset + size > len(content):
        return f"its {size} bytes at byte {offset} lie outside the file of {len(content)} bytes"
    if kind not in KNOWN and kind < USER:
        return f"its type {kind} is unknown"
    width = WIDTHS.get(kind)
    if width is not None and elements * width != size and kind not in TEXTS:
        return f"it claims {elements} elements of {width} bytes in {size} bytes"
    if kind == PSTRING and size and content[offset] >= size:
        return f"it claims a text of {content[offset]} bytes in {size - 1} bytes"
    return ""


def _plausible(content: bytes, position: int) -> bool:
    """Say whether the 28 bytes at a place can be a directory entry."""
    if position < 0 or position + _ENTRY_SIZE > len(content):
        return False
    raw_name, number, kind, element_size, count, size, offset, _ = _ENTRY.unpack_from(
        content, position
    )
    return (
        0 <= number < MOST_TAGS
        and (kind in KNOWN or kind >= USER)
        and element_size >= 0
        and count >= 0
        and size >= 0
        and (size <= 4 or 0 <= offset <= len(content) - size)
        and _WHAT_A_NAME_IS.fullmatch(raw_name) is not None
    )


def _shown(raw: bytes) -> str:
    return f'"{raw.decode("ascii")}"' if _WHAT_A_NAME_IS.fullmatch(raw) else f"bytes {raw.hex(' ')}"
