# SPDX-License-Identifier: Apache-2.0
"""The kits that this laboratory knows, their size standards and controls."""

from collections.abc import Mapping

from instruments.analyzers.kit import Kit, KitError, control_name
from instruments.analyzers.size_standards import size_standards_of
from lims.core.catalogue import (
    shipped_controls,
    shipped_kit,
    shipped_kits,
    shipped_size_standards,
)
from lims.genotyping.rules.refusals import KitUnknown


def kits() -> tuple[Kit, ...]:
    """Return every kit, by name."""
    return shipped_kits()


def kit(name: str) -> Kit:
    """Return the kit of a name or alias, however it is spelled. Raises KitError."""
    return shipped_kit(name)


def kit_of_plate(code: str, name: str) -> Kit:
    """Return the kit that a plate names. Raises KitUnknown."""
    try:
        return shipped_kit(name)
    except KitError:
        raise KitUnknown(code=code, kit=name) from None


def usual_size_standard(kit: Kit) -> str:
    """Return the name of the size standard that is usual with a kit, '' where none is known."""
    found = size_standards_of(kit, shipped_size_standards())
    return found[0].name if found else ""


def control_genotypes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return control name to marker to alleles (one autosomal allele is a homozygote)."""
    return shipped_controls()


def control_meant(words: str, kit: Kit) -> str:
    """Return which control DNA a lot's words mean, else the kit's usual one; '' for neither.

    `words` such as "positive control 9947A".
    """
    known = shipped_controls()
    for word in words.replace("(", " ").replace(")", " ").split():
        named = control_name(word, known)
        if named is not None:
            return named
    return kit.positive_control or ""
