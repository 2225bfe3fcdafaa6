# SPDX-License-Identifier: Apache-2.0
"""The quality officer's pages: the ledger and its proof, timelines, packages, holds."""

from lims.quality.views import gaps, holds, ledger, packages, recall, timelines
from lims.quality.views.blueprint import blueprint
from lims.quality.views.packages import hand_out

__all__ = ["blueprint", "gaps", "hand_out", "holds", "ledger", "packages", "recall", "timelines"]
