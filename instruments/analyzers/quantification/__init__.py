# SPDX-License-Identifier: Apache-2.0
"""Tables of DNA quantities from real-time PCR: cyclers' exports and plain tables."""

from instruments.analyzers.quantification.fitting import Fit, fit
from instruments.analyzers.quantification.mapping import (
    LONG_FIELDS,
    WIDE_FIELDS,
    HeaderMapping,
    MappingBroken,
)
from instruments.analyzers.quantification.reading import (
    guessed_columns,
    guessed_header,
    preview,
    read_quantities,
)
from instruments.analyzers.quantification.targets import target_of
from instruments.analyzers.quantification.values import (
    MeasuredQuantity,
    QuantificationTable,
    StandardCurve,
    Target,
    Task,
)

__all__ = [
    "LONG_FIELDS",
    "WIDE_FIELDS",
    "Fit",
    "HeaderMapping",
    "MappingBroken",
    "MeasuredQuantity",
    "QuantificationTable",
    "StandardCurve",
    "Target",
    "Task",
    "fit",
    "guessed_columns",
    "guessed_header",
    "preview",
    "read_quantities",
    "target_of",
]
