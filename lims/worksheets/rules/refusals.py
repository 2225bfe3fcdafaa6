# SPDX-License-Identifier: Apache-2.0
"""What is refused of templates and of a robot's files."""

from lims.core.errors import Refusal
from lims.core.words import N_


class TemplateRefused(Refusal):
    """A template that no robot's file can be written by."""

    says = N_("This template cannot be used: %(fault)s")
    do = N_("Correct it and try again. Nothing was stored.")
    status = 422


class TemplateUnknown(Refusal):
    """A template of a name that was never saved."""

    says = N_("There is no robot template “%(name)s”.")
    do = N_("Choose one of those that are saved.")
    status = 422


class NotForARobot(Refusal):
    """A plate of an activity for which no robot's file is written."""

    says = N_("No robot file is written for %(code)s.")
    do = N_("Robot files are for quantification and amplification plates.")


class NothingForARobot(Refusal):
    """A plate on which nothing stands that a robot could pipette."""

    says = N_("%(code)s holds nothing for a robot yet.")
    do = N_("Load it at its bench first.")


class RobotFileNotRead(Refusal):
    """A file that is no table by this template."""

    says = N_("The file cannot be read by template “%(name)s”: %(fault)s")
    do = N_("Take the file that the robot wrote for this template. Nothing was recorded.")
    status = 422


class RobotFileOfOtherPlate(Refusal):
    """A file for another plate."""

    says = N_("The file is for plate %(found)s, not for %(code)s (line %(line)s).")
    do = N_("Do not use this plate with it: find out which plate stands on the robot.")
    stops = True


class RobotWellStrange(Refusal):
    """A file that names a well in which nothing is to stand."""

    says = N_(
        "The file fills well %(well)s (line %(line)s): nothing is to stand there on %(code)s."
    )
    do = N_("The file is of another plate or older than the plate. Write it anew from the plate.")
    stops = True


class RobotWellTwice(Refusal):
    """A file that names a well twice."""

    says = N_("The file fills well %(well)s twice (line %(line)s).")
    do = N_("Write the file anew from the plate.")


class RobotWellMissing(Refusal):
    """A file that leaves a well out."""

    says = N_("The file leaves out well %(well)s of %(code)s (%(count)s left out in all).")
    do = N_("The file is of another plate or older than the plate. Write it anew from the plate.")


class RobotWellOther(Refusal):
    """A file that puts something else into a well."""

    says = N_(
        "Well %(well)s, column “%(column)s”: the file has “%(found)s”, %(code)s “%(awaited)s”."
    )
    do = N_("Put nothing of it to use: find out what stands in this well.")
    stops = True
