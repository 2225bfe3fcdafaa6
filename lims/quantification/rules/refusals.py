# SPDX-License-Identifier: Apache-2.0
"""What is refused at quantification, in words that say what to do."""

from lims.core.errors import Refusal
from lims.core.words import N_, Say


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
    status = 422

    @property
    def advice(self) -> Say | None:
        """What to do, by what is wrong with the file."""
        then = self.values.get("then")
        return then if isinstance(then, Say) else None


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
        "%(code)s in well %(position)s has no quantity of the target %(target)s: nothing imported."
    )
    do = N_("Export the whole plate with all its targets, or enter the figures by hand.")


class HalfMeasured(Refusal):
    """Several samples of the plate have no quantity in the file."""

    says = N_(
        "%(missing)s of %(wells)s wells have no quantity of the small autosomal target "
        "(%(positions)s): nothing imported."
    )
    do = N_(
        "The plate was measured or exported in part. Finish the run, export the whole plate and "
        "import it again; nothing was stored."
    )


class OtherPlateNamed(Refusal):
    """The head of the file names another plate."""

    says = N_("The file says it is of plate “%(read)s”, this is %(plate)s: nothing imported.")
    do = N_("Choose the file of this plate, or correct the name in the cycler's software.")


class MappingUnknown(Refusal):
    """A mapping of headers that nobody saved."""

    says = N_("There is no mapping “%(name)s”.")
    do = N_("Choose one from the list, or save it from a sample file first.")
    status = 422


class MappingWrong(Refusal):
    """A mapping that can read no table."""

    says = N_("This mapping cannot read any table: %(why)s.")
    do = N_("Say for each field which column holds it, then try again. Nothing was stored.")
    status = 422


class DecisionChanged(Refusal):
    """A decision that was seen is not the one that stands now."""

    says = N_("What follows for %(code)s was changed in the meantime: nothing confirmed.")
    do = N_("Read the page again, look at the figures, and confirm what is right.")


class DecisionUnknown(Refusal):
    """Nothing was proposed for an extract."""

    says = N_("Nothing is proposed for %(code)s.")
    do = N_("Import its figures first.")


class AlreadyConfirmed(Refusal):
    """A decision is confirmed that was confirmed before."""

    says = N_("What follows for %(code)s was confirmed already.")
    do = N_("To decide otherwise, give a reason.")


class NothingToConfirm(Refusal):
    """No row was ticked."""

    says = N_("No decision is ticked.")
    do = N_("Tick the rows you have looked at.")
    status = 422


class PlanWrong(Refusal):
    """What a person wants to amplify cannot be pipetted."""

    says = N_("This cannot be amplified: %(why)s.")
    do = N_("Give a volume in µl and a dilution such as 10, or choose another step.")
    status = 422


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
