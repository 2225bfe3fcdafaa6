# SPDX-License-Identifier: Apache-2.0
"""The pages of preparation: sets and tools, one set, its photographs."""

from lims.preparation.views import photographs as photographs
from lims.preparation.views import sets as sets
from lims.preparation.views.blueprint import blueprint

__all__ = ["blueprint"]
