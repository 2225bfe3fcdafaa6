# SPDX-License-Identifier: Apache-2.0
"""Pages of quantification."""

from lims.quantification.views import deciding, importing, plates, settings
from lims.quantification.views.blueprint import blueprint, stations_of

__all__ = ["blueprint", "deciding", "importing", "plates", "settings", "stations_of"]
