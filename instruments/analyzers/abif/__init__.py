# SPDX-License-Identifier: Apache-2.0
"""ABIF files of genetic analyzers (.fsa, .hid, .ab1): all tags, channels and generations."""

from instruments.analyzers.abif.consumables import AuditRecord, Consumable, RunConditions
from instruments.analyzers.abif.directory import Entry, Generation
from instruments.analyzers.abif.file import AbifFile, Dye, Renaming
from instruments.analyzers.abif.reading import read_abif
from instruments.analyzers.abif.values import Samples, Value

__all__ = [
    "AbifFile",
    "AuditRecord",
    "Consumable",
    "Dye",
    "Entry",
    "Generation",
    "Renaming",
    "RunConditions",
    "Samples",
    "Value",
    "read_abif",
]
