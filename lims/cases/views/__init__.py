# SPDX-License-Identifier: Apache-2.0
"""Pages of remains. Reception and the coordinator see them."""

from lims.cases.views import cases, dispatches, individuals, items, outside, photographs, receiving
from lims.cases.views.blueprint import blueprint, look, recorded, words

__all__ = [
    "blueprint",
    "cases",
    "dispatches",
    "individuals",
    "items",
    "look",
    "outside",
    "photographs",
    "receiving",
    "recorded",
    "words",
]
