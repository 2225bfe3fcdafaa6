# SPDX-License-Identifier: Apache-2.0
"""Pages of people: the door, one's own account, the administrator's lists."""

from lims.people.views import account, door, staff, stations
from lims.people.views.second_person import (
    confirm_badge,
    confirm_oneself,
    confirm_own_pin,
    witness_of,
)
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
    "confirm_badge",
    "confirm_oneself",
    "confirm_own_pin",
    "door",
    "load_signed_in",
    "person_here",
    "re_authenticate",
    "staff",
    "stations",
    "witness_of",
]
