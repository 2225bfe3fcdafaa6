# SPDX-License-Identifier: Apache-2.0
"""Tables of samples and their parts, of amounts, and of what is to be destroyed."""

from lims.samples.models.amounts import Amount, ConsumptionPermission
from lims.samples.models.ends import Destruction
from lims.samples.models.records import (
    Aliquot,
    AliquotKind,
    ExpectedSex,
    Line,
    Material,
    Sample,
    Side,
)

__all__ = [
    "Aliquot", "AliquotKind", "Amount", "ConsumptionPermission", "Destruction", "ExpectedSex",
    "Line", "Material", "Sample", "Side",
]  # fmt: skip
