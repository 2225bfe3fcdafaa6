# SPDX-License-Identifier: Apache-2.0
"""Worksheets printed, robot templates saved, robot files written and compared."""

from lims.worksheets.operations.papers import keep_worksheet, write_robot_file
from lims.worksheets.operations.robots import compare_robot_file, save_template
from lims.worksheets.operations.worksheet import draw_worksheet

__all__ = [
    "compare_robot_file",
    "draw_worksheet",
    "keep_worksheet",
    "save_template",
    "write_robot_file",
]
