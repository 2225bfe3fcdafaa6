# SPDX-License-Identifier: Apache-2.0
"""Pages of remains. Reception and the coordinator see them."""

from lims.cases.views import cases
from lims.cases.views.blueprint import blueprint, look, recorded, words

__all__ = ["blueprint", "cases", "look", "recorded", "words"]
