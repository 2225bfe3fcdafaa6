# SPDX-License-Identifier: Apache-2.0
"""Reading kits, injection plates, runs, readings and profiles."""

from lims.genotyping.queries.kits import control_genotypes, kit, kits, usual_size_standard
from lims.genotyping.queries.plates import PlatePicture, plate_picture, plate_record
from lims.genotyping.queries.wells import awaited_wells, origins, sample_name

__all__ = [
    "PlatePicture",
    "awaited_wells",
    "control_genotypes",
    "kit",
    "kits",
    "origins",
    "plate_picture",
    "plate_record",
    "sample_name",
    "usual_size_standard",
]
