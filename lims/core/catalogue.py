# SPDX-License-Identifier: Apache-2.0
"""The shipped reference figures: kits, size standards and control genotypes, read once."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from instruments.analyzers.kit import (
    Kit,
    KitError,
    SizeStandard,
    read_controls,
    read_kit,
    read_size_standards,
)


@cache
def shipped_kits() -> tuple[Kit, ...]:
    """Return every shipped kit, by name."""
    folder = files("lims") / "data" / "kits"
    kits = [read_kit(entry.read_bytes()) for entry in folder.iterdir() if entry.is_file()]
    return tuple(sorted(kits, key=lambda kit: kit.name.casefold()))


def shipped_kit(name: str) -> Kit:
    """Return the kit of a name or alias however it is spelled, or raise KitError."""
    for kit in shipped_kits():
        if kit.is_called(name):
            return kit
    raise KitError("unknown-kit", kit=name)


@cache
def shipped_size_standards() -> tuple[SizeStandard, ...]:
    """Return every shipped definition of a size standard."""
    return read_size_standards((files("lims") / "data" / "size_standards.json").read_bytes())


@cache
def shipped_controls() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return control name to marker name to alleles."""
    content = (files("lims") / "data" / "positive_controls.json").read_bytes()
    return MappingProxyType(read_controls(content))


@cache
def shipped_kit_texts() -> Mapping[str, str]:
    """Return the document of every shipped kit, by the kit's name."""
    folder = files("lims") / "data" / "kits"
    texts = [entry.read_text("utf-8") for entry in folder.iterdir() if entry.is_file()]
    return MappingProxyType({read_kit(text.encode()).name: text for text in texts})
