# SPDX-License-Identifier: Apache-2.0
"""Pages of the coordinator: intake with its coding, missing persons, donors."""

from lims.identities.views import intake, persons
from lims.identities.views.shared import blueprint

__all__ = ["blueprint", "intake", "persons"]
