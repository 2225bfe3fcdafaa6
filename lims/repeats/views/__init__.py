# SPDX-License-Identifier: Apache-2.0
"""Pages of repeats and of urgent samples."""

from lims.repeats.views import urgent
from lims.repeats.views.repeats import blueprint

__all__ = ["blueprint", "urgent"]
