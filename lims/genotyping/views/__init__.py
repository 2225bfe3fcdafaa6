# SPDX-License-Identifier: Apache-2.0
"""Pages of injection plates, runs, readings and profiles."""

from lims.genotyping.views import plates, profiles, readings, records, runs
from lims.genotyping.views.blueprint import blueprint

__all__ = ["blueprint", "plates", "profiles", "readings", "records", "runs"]
