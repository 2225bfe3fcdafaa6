# SPDX-License-Identifier: Apache-2.0
"""Plate records of capillary analyzers: read, understood as templates, filled, read back.

Columns and head differ between instruments and versions. A laboratory exports one record from its
own instrument; it is the template, and what it holds stays byte for byte but for what varies.
"""

from instruments.analyzers.plate_records.fields import AnalyzerModel, RecordRole, dyes_of_set
from instruments.analyzers.plate_records.reading import PlateRecord, RecordRow, read_plate_record
from instruments.analyzers.plate_records.refusals import RecordRefused
from instruments.analyzers.plate_records.templates import (
    ModelRow,
    PlateTemplate,
    Wanted,
    model_row,
    understand,
)
from instruments.analyzers.plate_records.writing import RecordWell, read_back, write_plate_record

__all__ = [
    "AnalyzerModel",
    "ModelRow",
    "PlateRecord",
    "PlateTemplate",
    "RecordRefused",
    "RecordRole",
    "RecordRow",
    "RecordWell",
    "Wanted",
    "dyes_of_set",
    "model_row",
    "read_back",
    "read_plate_record",
    "understand",
    "write_plate_record",
]
