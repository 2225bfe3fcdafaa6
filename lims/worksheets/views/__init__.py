# SPDX-License-Identifier: Apache-2.0
"""Pages of worksheets and robot files."""

from lims.worksheets.views import robots
from lims.worksheets.views.papers import blueprint

__all__ = ["blueprint", "robots"]
