# SPDX-License-Identifier: Apache-2.0
"""Reading quantities, decisions and what is left of extracts."""

from lims.quantification.queries.pages import (
    MeasuredRow,
    PlatePage,
    PlateShown,
    StationPlate,
    Waiting,
    WellShown,
    extracts_to_quantify,
    plate_page,
    plates_shown,
    station_plate,
    waiting,
)
from lims.quantification.queries.records import (
    PlateMeasured,
    curves_of,
    decision_of,
    decisions_of,
    extract_with_batch,
    findings_of,
    imports_of,
    measured_plate,
    quantification_plate,
    taken_of,
    volume_left,
)

__all__ = [
    "MeasuredRow",
    "PlateMeasured",
    "PlatePage",
    "PlateShown",
    "StationPlate",
    "Waiting",
    "WellShown",
    "curves_of",
    "decision_of",
    "decisions_of",
    "extract_with_batch",
    "extracts_to_quantify",
    "findings_of",
    "imports_of",
    "measured_plate",
    "plate_page",
    "plates_shown",
    "quantification_plate",
    "station_plate",
    "taken_of",
    "volume_left",
    "waiting",
]
