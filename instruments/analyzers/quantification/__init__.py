# SPDX-License-Identifier: Apache-2.0
"""Tables of DNA quantities from real-time PCR: cyclers' exports and plain tables."""

from instruments.analyzers.quantification.reading import read_quantities
from instruments.analyzers.quantification.targets import target_of
from instruments.analyzers.quantification.values import (
    MeasuredQuantity,
    QuantificationTable,
    StandardCurve,
    Target,
    Task,
)

__all__ = [
    "MeasuredQuantity",
    "QuantificationTable",
    "StandardCurve",
    "Target",
    "Task",
    "read_quantities",
    "target_of",
]
