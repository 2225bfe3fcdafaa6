# SPDX-License-Identifier: Apache-2.0
"""Reading kits, injection plates, runs, readings and profiles."""

from lims.genotyping.queries.kits import kit_of_plate, kit_of_run
from lims.genotyping.queries.opened import FindingRead, alleles_of, calls_of_injection
from lims.genotyping.queries.plates import PlatePicture, plate_picture
from lims.genotyping.queries.profiles import (
    Path,
    ProfilePicture,
    profile_of,
    profile_paths,
    profile_picture,
)
from lims.genotyping.queries.readings import (
    ReadingCase,
    Waiting,
    reading_case,
    waiting_readings,
)
from lims.genotyping.queries.records import (
    Understood,
    plate_record,
    record_template,
    record_templates,
    template_versions,
    understood,
)
from lims.genotyping.queries.runs import (
    RunPicture,
    findings_of,
    injections_of_well,
    ladder_used,
    other_injection,
    plates_to_run,
    run_of,
    run_picture,
    runs,
    thresholds_of_run,
)
from lims.genotyping.queries.signals import electropherogram
from lims.genotyping.queries.wells import awaited_wells, origins, sample_name

__all__ = [
    "FindingRead", "Path", "PlatePicture", "ProfilePicture", "ReadingCase", "RunPicture",
    "Understood", "Waiting",
    "alleles_of", "awaited_wells", "calls_of_injection", "electropherogram",
    "findings_of",
    "injections_of_well", "kit_of_plate", "kit_of_run", "ladder_used", "origins", "other_injection",
    "plate_picture", "plate_record", "plates_to_run", "profile_of", "profile_paths",
    "profile_picture", "reading_case", "record_template", "record_templates",
    "run_of", "run_picture", "runs", "sample_name",
    "template_versions", "thresholds_of_run", "understood",
    "waiting_readings",
]  # fmt: skip
