# SPDX-License-Identifier: Apache-2.0
"""What genotyping refuses, and what it tells the person to do."""

from collections.abc import Sequence

from lims.core.errors import Refusal
from lims.core.words import N_, Many, Say


class NotAnAmplificationPlate(Refusal):
    """Another thing than an amplification plate at an injection bench."""

    says = N_("%(code)s is no amplification plate.")
    do = N_("Scan the label of the amplification plate (P…).")


class NotAnInjectionPlate(Refusal):
    """A run is imported onto a plate that is not for injection."""

    says = N_("%(code)s is no injection plate: files of an analyzer cannot be imported onto it.")
    do = N_("Give the code of the plate that stood in the analyzer.")


class PlateNotCompleted(Refusal):
    """A plate is used before its own work is over."""

    says = N_("Plate %(code)s is %(state)s: it must be completed first.")
    do = N_("Complete it at its bench, then scan it again.")


class PlateInHand(Refusal):
    """Another plate is scanned while one is being prepared for injection."""

    says = N_("Injection plate %(code)s is being prepared here.")
    do = N_("Complete it with DONE, then scan the next amplification plate.")


class NoPlateHere(Refusal):
    """A lot or a command before a plate."""

    says = N_("No plate is being prepared at this bench.")
    do = N_("Scan the amplification plate first (P…).")


class NotForThisBench(Refusal):
    """A code that means nothing at an injection bench."""

    says = N_("%(code)s means nothing at an injection bench.")
    do = N_("Here amplification plates (P…), lots (L…) and analyzers (C…) are scanned.")


class NoRoomForLadder(Refusal):
    """A full plate."""

    says = N_("Plate %(code)s has %(free)s free wells; %(needed)s ladders must stand on it.")
    do = N_("Take samples off the amplification plate, or inject them in two runs.")


class NoRoomInSet(Refusal):
    """An injection set that is full, where the procedure asks for a ladder in each."""

    says = N_(
        "Wells %(first)s to %(last)s of plate %(code)s are full: the ladder of that injection set "
        "has no room."
    )
    do = N_("Leave a well free in each injection set when the samples are amplified again.")


class LadderMissing(Refusal):
    """A plate or an injection set without a ladder."""

    says = N_("No ladder stands in wells %(first)s to %(last)s of plate %(code)s.")
    do = N_("Put a ladder into a free well of that injection set before the plate is completed.")


class InjectionSetOdd(Refusal):
    """A procedure that asks for a ladder in sets that no analyzer injects."""

    says = N_("Procedure %(name)s: %(limit)s is %(read)s; it can be %(known)s.")
    do = N_("Ask the laboratory manager for a new version of the procedure.")


class KitUnknown(Refusal):
    """A plate whose kit has no definition."""

    says = N_("Plate %(code)s names kit “%(kit)s”, which is not defined.")
    do = N_("Ask the laboratory manager to correct the kit of the plate.")


class LotsMissing(Refusal):
    """A plate is completed without the lots that its signal depends on."""

    says = N_("Plate %(code)s names no lot of ladder or size standard.")
    do = N_("Scan the lot of the ladder and of the size standard, then scan DONE again.")


class ControlsMissing(Refusal):
    """An amplification plate without its controls."""

    says = N_("Plate %(code)s has no %(control)s.")
    do = N_("Amplify the samples again with it. Nothing could be released without it.")


class ProcedureMissing(Refusal):
    """No procedure of injection is in force."""

    says = N_("No procedure for injection is in force.")
    do = N_("Ask the laboratory manager to put one in force.")


class AllOnHold(Refusal):
    """Every sample of the plate is on hold."""

    says = N_("Every sample of plate %(code)s is on hold.")
    do = N_("Put the plate back. The quality officer lifts holds.")


class SizeStandardForeign(Refusal):
    """A size standard that the kit is not measured with."""

    says = N_("%(name)s is no size standard of kit %(kit)s.")
    do = N_("Take one of these: %(standards)s.")


class NothingToTakeBack(Refusal):
    """There is no step at an injection bench that UNDO takes back."""

    says = N_("There is nothing to take back: wells are copied as they stand.")
    do = N_("If the plate is wrong, set it aside with NEXT and tell the quality officer.")


class PlateFailed(Refusal):
    """An amplification plate that failed its review is to be injected."""

    says = N_("%(code)s failed its review: nothing is injected from it.")
    do = N_("Amplify again, then inject that plate.")


class PlateTooOld(Refusal):
    """Amplified too long ago."""

    says = Many(
        "Plate %(code)s was amplified %(count)s day ago; the limit is %(limit)s.",
        "Plate %(code)s was amplified %(count)s days ago; the limit is %(limit)s.",
    )
    do = N_("Amplify the extracts again.")


class RunRefused(Refusal):
    """An import that would store nothing right: every problem found is told."""

    says = Many(
        "Nothing was imported: %(count)s problem.", "Nothing was imported: %(count)s problems."
    )
    do = N_("Mend them all, then import the whole folder again. Nothing was stored.")
    status = 422

    def __init__(self, problems: Sequence[Say]) -> None:
        self.problems = tuple(problems)
        super().__init__(count=len(self.problems))


class NoFiles(Refusal):
    """An import of nothing."""

    says = N_("There is no file to import.")
    do = N_("Choose the folder that the analyzer wrote.")
    status = 422


class NamesAfterImport(Refusal):
    """Names of the analyzer are changed after its run was imported."""

    says = N_("A run was imported onto plate %(code)s: its names cannot be changed any more.")
    do = N_("If the names are wrong, tell the quality officer.")


class WellEmpty(Refusal):
    """A name for a well that holds nothing."""

    says = N_("Plate %(plate)s holds nothing in %(position)s: no name can be given to it.")
    do = N_("Compare the list with the plate. Nothing was stored.")
    status = 422


class NameLineMalformed(Refusal):
    """A line of a pasted table of names that is not a well and a name."""

    says = N_("Line %(line)s is not a well and a name: “%(read)s”.")
    do = N_("Write one well a line: A01, a blank or tab, the name. Nothing was stored.")
    status = 422


class NoSuchFinding(Refusal):
    """A finding that cannot be answered."""

    says = N_("This finding cannot be answered with a reason: its cause must be removed.")
    do = N_("Do what the finding says, and import again.")


class AlreadyAnswered(Refusal):
    """A finding that was answered before."""

    says = N_("This finding was answered already.")
    do = N_("Read the page again.")


class AlleleMalformed(Refusal):
    """What a reader wrote is no allele."""

    says = N_("%(locus)s: “%(read)s” is not an allele of this locus.")
    do = N_("Write numbers such as 15 or 9.3, X or Y at AMEL, ? for a possible dropout.")
    status = 422


class TooManyAlleles(Refusal):
    """More alleles than are read at a locus."""

    says = N_("%(locus)s: more than %(most)s alleles are not read.")
    do = N_("Refuse the injection as a mixture instead.")
    status = 422


class ReasonOfCallMissing(Refusal):
    """A call that differs from the machine's without saying why."""

    says = N_("%(locus)s: you read %(read)s, the machine %(machine)s, and the reason is missing.")
    do = N_("Choose the reason beside the locus, then submit again.")
    status = 422


class AlreadyInvolved(Refusal):
    """One person in two independent parts."""

    says = N_("You %(part)s: this part must be done by somebody else.")
    do = N_("Leave it to another person who is authorised.")
    status = 403


class NotReadable(Refusal):
    """An injection that nobody can read."""

    says = N_("Well %(well)s cannot be read: its size standard or its ladder failed.")
    do = N_("Inject it again.")


class AlreadyRead(Refusal):
    """Both readings are in, or the next part is not due yet."""

    says = N_("Injection of %(code)s: this reading is not due (%(stage)s).")
    do = N_("Look at the list of readings again.")


class RunStopped(Refusal):
    """A reading or acceptance in a run that failed."""

    says = N_("The run of this injection has findings that stop it: nothing of it is released.")
    do = N_("Look at the findings of the run.")


class NotAcceptable(Refusal):
    """A profile that may not be accepted, with the first reason."""

    says = N_("The profile of %(code)s cannot be accepted: %(problem)s")
    do = N_("Refuse it with a reason, or remove the cause.")


class SettlementMissing(Refusal):
    """A locus at which the readings differ was left open."""

    says = N_("%(locus)s: the readings differ, and you have not decided.")
    do = N_("Choose one reading, write the alleles, or say that there is no result.")
    status = 422
