# SPDX-License-Identifier: Apache-2.0
"""Pages of batches and plates, the worklist, and the stock."""

from lims.plates.views import judging, stock
from lims.plates.views.work import blueprint

__all__ = ["blueprint", "judging", "stock"]
