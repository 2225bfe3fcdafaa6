# SPDX-License-Identifier: Apache-2.0
"""Robot templates and their files, what is refused of them, kinds of paper."""

from enum import StrEnum

from lims.core.words import N_
from lims.plates.rules import WellRole
from lims.worksheets.rules.comparing import check_file
from lims.worksheets.rules.refusals import (
    NotForARobot,
    NothingForARobot,
    RobotFileNotRead,
    RobotFileOfOtherPlate,
    RobotWellMissing,
    RobotWellOther,
    RobotWellStrange,
    RobotWellTwice,
    TemplateRefused,
    TemplateUnknown,
)
from lims.worksheets.rules.templates import (
    PLACEHOLDER_WORDS,
    SEPARATORS,
    Ends,
    RobotWell,
    Separator,
    Template,
    read_template,
    write_file,
)


class PaperKind(StrEnum):
    """What was made for the bench."""

    WORKSHEET = "worksheet"
    ROBOT = "robot"


PAPER_WORDS = {
    PaperKind.WORKSHEET: N_("Worksheet"),
    PaperKind.ROBOT: N_("Robot file"),
}

MARKS = {
    WellRole.SAMPLE: "", WellRole.BLANK: "RB", WellRole.POSITIVE: "+", WellRole.NEGATIVE: "−",
    WellRole.LADDER: "L", WellRole.STANDARD: "S",
}  # fmt: skip
"""How a role is marked on paper: as on the screen (lims.web.filters.ROLES)."""

ROLE_WORDS = {
    WellRole.SAMPLE: N_("sample"),
    WellRole.BLANK: N_("reagent blank"),
    WellRole.POSITIVE: N_("positive control"),
    WellRole.NEGATIVE: N_("negative control"),
    WellRole.LADDER: N_("allelic ladder"),
    WellRole.STANDARD: N_("standard"),
}

__all__ = [
    "MARKS",
    "PAPER_WORDS",
    "PLACEHOLDER_WORDS",
    "ROLE_WORDS",
    "SEPARATORS",
    "Ends",
    "NotForARobot",
    "NothingForARobot",
    "PaperKind",
    "RobotFileNotRead",
    "RobotFileOfOtherPlate",
    "RobotWell",
    "RobotWellMissing",
    "RobotWellOther",
    "RobotWellStrange",
    "RobotWellTwice",
    "Separator",
    "Template",
    "TemplateRefused",
    "TemplateUnknown",
    "check_file",
    "read_template",
    "write_file",
]
