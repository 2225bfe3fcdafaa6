# SPDX-License-Identifier: Apache-2.0
"""Pages of batches and plates, and the worklist."""

from lims.plates.views import judging
from lims.plates.views.work import blueprint

__all__ = ["blueprint", "judging"]
