# SPDX-License-Identifier: Apache-2.0
"""Pages of samples and of every coded thing, and what can be done with a thing there."""

from lims.samples.views import acts, consumption
from lims.samples.views.things import blueprint

__all__ = ["acts", "blueprint", "consumption"]
