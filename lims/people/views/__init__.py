# SPDX-License-Identifier: Apache-2.0
"""Pages of people: the door, one's own account, the administrator's lists."""

from lims.people.views import account, door, staff, stations
from lims.people.views.who import (
    SignedIn,
    blueprint,
    complete_person_here,
    load_signed_in,
    person_here,
    re_authenticate,
)

__all__ = [
    "SignedIn",
    "account",
    "blueprint",
    "complete_person_here",
    "door",
    "load_signed_in",
    "person_here",
    "re_authenticate",
    "staff",
    "stations",
]
