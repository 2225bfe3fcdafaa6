# SPDX-License-Identifier: Apache-2.0
"""Pages of the coordinator: intake with its coding, missing persons, donors."""

from lims.identities.views import erasing, intake, package, persons
from lims.identities.views.shared import blueprint

__all__ = ["blueprint", "erasing", "intake", "package", "persons"]
