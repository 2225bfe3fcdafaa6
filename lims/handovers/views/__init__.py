# SPDX-License-Identifier: Apache-2.0
"""Pages of hand-overs."""

from lims.handovers.views import lists, one
from lims.handovers.views.blueprint import blueprint

__all__ = ["blueprint", "lists", "one"]
