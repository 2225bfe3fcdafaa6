# SPDX-License-Identifier: Apache-2.0
"""Pages of storage: places, a box as a picture, counts, files of rack scanners."""

from lims.storage.views import contents, counts, places, racks
from lims.storage.views.blueprint import blueprint

__all__ = ["blueprint", "contents", "counts", "places", "racks"]
