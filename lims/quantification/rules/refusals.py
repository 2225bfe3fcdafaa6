# SPDX-License-Identifier: Apache-2.0
"""What is refused at quantification, in words that say what to do."""

from lims.core.errors import Refusal
from lims.core.words import N_


class NotAQuantificationPlate(Refusal):
    """A plate of another activity, or no plate at all."""

    says = N_("%(code)s is no quantification plate.")
    do = N_("Scan the label of a quantification plate (P…).")


class NotAnExtract(Refusal):
    """Something else than an extract is put into a well."""

    says = N_("%(code)s is not an extract.")
    do = N_("Scan the tube of an extract or of a reagent blank (X…).")


class ExtractConsumed(Refusal):
    """Nothing is left of the extract."""

    says = N_("%(code)s is used up: nothing is left in the tube.")
    do = N_("Extract the sample again, or ask for another one.")


class VolumeShort(Refusal):
    """More is asked of an extract than is left."""

    says = N_("Only %(left)s µl of %(code)s are left, %(asked)s µl asked.")
    do = N_("Extract the sample again, or void a well on an open plate that holds it.")


class NoPlateHere(Refusal):
    """A tube or lot is scanned before a plate."""

    says = N_("No plate is being worked on at this bench.")
    do = N_("Scan the label of the plate first (P…).")


class PlateHere(Refusal):
    """Another plate is scanned while one is being filled."""

    says = N_("Plate %(code)s is being filled here.")
    do = N_("Complete it with DONE, or set it aside with NEXT; then scan the other plate.")


class NotForThisBench(Refusal):
    """A code that means nothing at this bench."""

    says = N_("%(code)s means nothing at this bench.")
    do = N_("Here plates (P…), extracts (X…), lots (L…) and instruments (C…) are scanned.")


class OnThisPlate(Refusal):
    """The extract stands on the plate already."""

    says = N_("%(code)s stands in %(position)s of plate %(plate)s already.")
    do = N_("Put the tube back. If the well is wrong, scan UNDO.")


class KitMissing(Refusal):
    """A plate is opened without saying the kit."""

    says = N_("The kit is missing.")
    do = N_("Say which kit this plate is set up with.")
    status = 422


class PlateNotFilled(Refusal):
    """Figures come for a plate that is still being filled."""

    says = N_("Plate %(code)s is %(state)s: figures are taken when it is completed.")
    do = N_("Scan DONE at the quantification bench first.")


class TableNotRead(Refusal):
    """The file cannot be read as a table of quantities."""

    says = N_("“%(file)s” cannot be read as a table of quantities: %(why)s.")
    do = N_("Export the results again as text with sample, well, target and quantity.")
    status = 422


class WellDisagrees(Refusal):
    """The file and the plate do not say the same of a well."""

    says = N_(
        "Well %(position)s: file says %(read)s (line %(line)s), plate says %(expected)s: "
        "nothing imported."
    )
    do = N_("Find out which is right. Correct the file's sample name, never the plate, and retry.")


class UnknownSample(Refusal):
    """A name in the file that stands for nothing on the plate."""

    says = N_("Line %(line)s: “%(read)s” is no sample of plate %(plate)s: nothing imported.")
    do = N_("Check that this is the file of this plate.")


class FigureMissing(Refusal):
    """A sample of the plate has no quantity in the file."""

    says = N_(
        "%(code)s in well %(position)s has no quantity of the small autosomal target: "
        "nothing imported."
    )
    do = N_("Export the whole plate with all its targets, or enter the figures by hand.")


class FigureRepeated(Refusal):
    """Two figures for the same target of the same well."""

    says = N_("Line %(line)s: %(target)s of well %(position)s comes a second time.")
    do = N_("A well has one figure for each target. Correct the table.")


class UnknownTarget(Refusal):
    """A target that no quantification kit is known to have."""

    says = N_("Line %(line)s: “%(target)s” is no known target: nothing imported.")
    do = N_("Targets are small autosomal, large autosomal, Y and IPC, as the kits name them.")


class FigureImpossible(Refusal):
    """A figure that no solution of DNA can have."""

    says = N_("Line %(line)s: “%(read)s” is no concentration of DNA: nothing imported.")
    do = N_("Check the unit of the export: quantities are in ng/µl.")


class FileOfOtherPlate(Refusal):
    """The same file was imported for another plate."""

    says = N_("This file was imported on %(at)s for plate %(plate)s.")
    do = N_("Choose the file of this plate.")


class NothingMeasured(Refusal):
    """Figures are recorded without a single one."""

    says = N_("No figure is given.")
    do = N_("Give at least one, for example 0.0125 in the first column.")
    status = 422


class RowsUneven(Refusal):
    """Columns of figures of different length."""

    says = N_("The columns of figures are not of the same length.")
    do = N_("Send one value for each well in every column; empty where nothing was measured.")
    status = 422
