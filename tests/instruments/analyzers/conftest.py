# SPDX-License-Identifier: Apache-2.0
"""ABIF files made by hand, tag by tag, for what no real file at hand shows."""

from collections.abc import Callable, Sequence
from struct import Struct, pack
from typing import NamedTuple

import pytest

_ENTRY = Struct(">4sihhiiii")


class Tag(NamedTuple):
    """One tag to write: its value as the file's bytes."""

    name: str
    number: int
    kind: int
    elements: int
    value: bytes
    element_size: int = 1


MakeAbif = Callable[..., bytes]
MakeTag = Callable[..., Tag]


@pytest.fixture(scope="session")
def make_tag() -> MakeTag:
    """Describe one tag."""
    return Tag


@pytest.fixture(scope="session")
def make_abif() -> MakeAbif:
    """Write a file of one directory, or of several: the last is the current one."""

    def make(*generations: Sequence[Tag], version: int = 101) -> bytes:
        body = bytearray(128)
        position = tags = 0
        for generation in generations:
            directory = bytearray()
            position_of_value = []
            for tag in generation:
                position_of_value.append(len(body))
                if len(tag.value) > 4:
                    body += tag.value
            position, tags = len(body), len(generation)
            for tag, offset in zip(generation, position_of_value, strict=True):
                entry = _ENTRY.pack(
                    tag.name.encode("latin-1"),
                    tag.number,
                    tag.kind,
                    tag.element_size,
                    tag.elements,
                    len(tag.value),
                    offset,
                    0,
                )
                if len(tag.value) <= 4:
                    entry = entry[:20] + tag.value.ljust(4, b"\x00") + entry[24:]
                directory += entry
            body += directory + bytes(28)
        body[:34] = (
            b"ABIF"
            + pack(">h", version)
            + _ENTRY.pack(b"tdir", 1, 1023, 28, tags, 28 * (tags + 1), position, 0)
        )
        return bytes(body)

    return make


@pytest.fixture(scope="session")
def fragment_tags() -> Callable[..., list[Tag]]:
    """The tags of a small fragment run of four dyes with 50 scans."""

    def tags(
        *, sample: str = "X7A-4KQ-9MC", well: str = "A1", data_kind: int = 4, level: int = 100
    ) -> list[Tag]:
        text = sample.encode()
        samples = [pack(">50h", *(level * dye + scan for scan in range(50))) for dye in range(1, 5)]
        return [
            Tag("CTNM", 1, 19, 6, b"PLATE\x00"),
            *(Tag("DATA", dye, data_kind, 50, samples[dye - 1], 2) for dye in range(1, 5)),
            Tag("Dye#", 1, 4, 1, pack(">h", 4), 2),
            *(
                Tag("DyeN", dye, 18, 6, b"\x05" + name)
                for dye, name in enumerate((b"FAM-6", b"VIC-6", b"NED-6", b"LIZ-6"), start=1)
            ),
            Tag("LANE", 1, 4, 1, pack(">h", 3), 2),
            Tag("RUND", 1, 10, 1, pack(">hBB", 2026, 3, 14), 4),
            Tag("RUNT", 1, 11, 1, bytes((9, 26, 53, 58)), 4),
            Tag("SCAN", 1, 5, 1, pack(">i", 50), 4),
            Tag("SpNm", 1, 18, 1 + len(text), bytes((len(text),)) + text),
            Tag("TUBE", 1, 18, 1 + len(well), bytes((len(well),)) + well.encode()),
        ]

    return tags
