# SPDX-License-Identifier: Apache-2.0
"""The verbs of preparation, and what a scan means at its bench."""

from lims.preparation.operations.photographs import (
    add_photograph,
    open_photograph,
    withdraw_photograph,
)
from lims.preparation.operations.sets import (
    check_ready,
    clean,
    clean_as_asked,
    complete_set,
    open_set,
    put_into_set,
    take_out,
    take_part,
    weigh_rest,
)
from lims.preparation.operations.stations import MEANING
from lims.preparation.operations.tools import (
    decontaminate,
    decontaminate_as_asked,
    register_tool,
    use_tool,
)

__all__ = [
    "MEANING",
    "add_photograph",
    "check_ready",
    "clean",
    "clean_as_asked",
    "complete_set",
    "decontaminate",
    "decontaminate_as_asked",
    "open_photograph",
    "open_set",
    "put_into_set",
    "register_tool",
    "take_out",
    "take_part",
    "use_tool",
    "weigh_rest",
    "withdraw_photograph",
]
