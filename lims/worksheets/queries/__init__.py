# SPDX-License-Identifier: Apache-2.0
"""Reading what a worksheet and a robot's file say, and what was made already."""

from lims.worksheets.queries.papers import (
    PAPERS,
    Compared,
    Paper,
    last_compared,
    paper_of,
    papers_of,
)
from lims.worksheets.queries.robots import (
    ROBOT_ACTIVITIES,
    SavedTemplate,
    robot_wells,
    saved_template,
    saved_templates,
)
from lims.worksheets.queries.sheets import Sheet, SheetWell, sheet_of

__all__ = [
    "PAPERS",
    "ROBOT_ACTIVITIES",
    "Compared",
    "Paper",
    "SavedTemplate",
    "Sheet",
    "SheetWell",
    "last_compared",
    "paper_of",
    "papers_of",
    "robot_wells",
    "saved_template",
    "saved_templates",
    "sheet_of",
]
