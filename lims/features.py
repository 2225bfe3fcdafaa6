# SPDX-License-Identifier: Apache-2.0
"""The one list of features: blueprints, tables, navigation, meanings of scans, checks for gaps."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint

from lims.amplification.models import Amplification
from lims.amplification.operations import MEANING as AMPLIFICATION
from lims.amplification.operations import release_amplification
from lims.amplification.views import blueprint as amplification
from lims.bench.models import (
    BenchSession,
    CommandCard,
    Device,
    ScanRecord,
    Screen,
    StationState,
)
from lims.bench.views import blueprint as bench
from lims.cases.models import (
    Assignment,
    BoneCoding,
    BoneSampling,
    BurialGroup,
    Case,
    CodingList,
    Discrepancy,
    Dispatch,
    DispatchItem,
    EventSalt,
    FieldPhotograph,
    Individual,
    IndividualDecision,
    Item,
    ItemVersion,
    OutsideParty,
    OutsideThing,
    Package,
    PackageSeal,
    Resolution,
    SealedPossession,
    Sender,
    Site,
    ThingNumber,
)
from lims.cases.operations import MEANING as INTAKE
from lims.cases.views import blueprint as cases
from lims.core.code_keys import CodeKey
from lims.core.once import RequestKey
from lims.core.scans import Meaning, StationKind
from lims.core.sealing import SealedKey
from lims.core.stages import StageRules, Stages
from lims.core.words import N_
from lims.custody.models import Subject
from lims.custody.queries import GapCheck
from lims.equipment.models import Instrument
from lims.equipment.views import blueprint as equipment
from lims.extraction.models import Dilution, Extract
from lims.extraction.operations import MEANING as EXTRACTION
from lims.extraction.operations import release_extraction
from lims.extraction.views import blueprint as extraction
from lims.genotyping.models import (
    Finding,
    Injection,
    PlateRecordTemplate,
    Profile,
    Reading,
    Run,
    RunFile,
)
from lims.genotyping.operations import MEANING as INJECTION
from lims.genotyping.operations import release_injection
from lims.genotyping.queries.evidence import (
    amplification_evidence,
    extraction_evidence,
    injection_evidence,
    quantification_evidence,
)
from lims.genotyping.views import blueprint as genotyping
from lims.handovers.models import HandedThing, HandOver
from lims.handovers.operations import MEANING as HANDOVER
from lims.handovers.views import blueprint as handovers
from lims.identities.models import (
    Consent,
    Donor,
    LegalHold,
    MissingPerson,
    NameIndex,
    ReferenceCoding,
    ReferenceSampling,
    Relation,
    ToTell,
)
from lims.identities.views import blueprint as identities
from lims.kits.models import KitUse, KitVersion
from lims.kits.views import blueprint as kits
from lims.layouts.models import LayoutVersion
from lims.layouts.views import blueprint as layouts
from lims.people.models import Person, Station
from lims.people.rules import Activity
from lims.people.views import blueprint as people
from lims.plates.models import Batch, Plate, Well
from lims.plates.views import blueprint as plates
from lims.preparation.models import (
    CleaningStep,
    LaboratoryPhotograph,
    PreparedPart,
    PreparedSample,
    Tool,
    ToolRecord,
)
from lims.preparation.operations import MEANING as PREPARATION
from lims.preparation.views import blueprint as preparation
from lims.printers.models import PrinterSetting, TestPrint
from lims.printers.views import blueprint as printers
from lims.printing.models import Alarm, LabelInstance, LabelQueue, LabelSheet, PrintJob
from lims.printing.views import blueprint as printing
from lims.procedures.models import Procedure
from lims.procedures.views import blueprint as procedures
from lims.quality.queries.preparation import preparation_section
from lims.quality.queries.sections import LABORATORY_SECTIONS, PackageSection, gap_section
from lims.quality.views import blueprint as quality
from lims.quantification.models import (
    QuantificationCurve,
    QuantificationImport,
    QuantificationLimits,
    QuantificationMapping,
    Quantity,
    QuantityDecision,
)
from lims.quantification.operations import MEANING as QUANTIFICATION
from lims.quantification.operations import release_quantification
from lims.quantification.views import blueprint as quantification
from lims.reagents.models import Lot
from lims.reagents.views import blueprint as reagents
from lims.repeats.models import Repeat, Urgency
from lims.repeats.views import blueprint as repeats
from lims.samples.models import Aliquot, Amount, ConsumptionPermission, Destruction, Sample
from lims.samples.operations import MEANING_RECEPTION
from lims.samples.queries.gaps import quantity_gaps
from lims.samples.views import blueprint as samples
from lims.storage.models import (
    CountDifference,
    CountScan,
    PlaceCount,
    PlaceStay,
    RackImport,
    Stored,
)
from lims.storage.models import Place as StoragePlace
from lims.storage.operations import MEANING as STORAGE
from lims.storage.views import blueprint as storage
from lims.throughput.views import blueprint as throughput
from lims.web.rights import Right
from lims.worksheets.models import BenchPaper, RobotTemplate
from lims.worksheets.views import blueprint as worksheets

BLUEPRINTS: tuple[Blueprint, ...] = (
    people,
    layouts,
    printers,
    printing,
    procedures,
    reagents,
    equipment,
    kits,
    bench,
    storage,
    handovers,
    samples,
    plates,
    repeats,
    preparation,
    extraction,
    quantification,
    amplification,
    worksheets,
    quality,
    throughput,
    genotyping,
    cases,
    identities,
)

# Importing a feature's models registers its tables; the migrations and a test compare.
TABLES = (
    RequestKey,
    Subject,
    Person,
    Station,
    StoragePlace,
    PlaceStay,
    Stored,
    HandOver,
    HandedThing,
    PlaceCount,
    CountScan,
    CountDifference,
    RackImport,
    LayoutVersion,
    PrinterSetting,
    TestPrint,
    LabelInstance,
    LabelQueue,
    LabelSheet,
    PrintJob,
    Lot,
    Instrument,
    Procedure,
    KitVersion,
    KitUse,
    Sample,
    Aliquot,
    Amount,
    ConsumptionPermission,
    Destruction,
    Repeat,
    Urgency,
    Batch,
    Plate,
    Well,
    PreparedSample,
    CleaningStep,
    PreparedPart,
    Tool,
    ToolRecord,
    LaboratoryPhotograph,
    Extract,
    Dilution,
    QuantificationLimits,
    QuantificationMapping,
    QuantificationImport,
    QuantificationCurve,
    Quantity,
    QuantityDecision,
    Amplification,
    RobotTemplate,
    BenchPaper,
    Run,
    RunFile,
    Injection,
    Finding,
    Reading,
    Profile,
    PlateRecordTemplate,
    BenchSession,
    StationState,
    ScanRecord,
    Device,
    Alarm,
    Screen,
    CommandCard,
    SealedKey,
    CodeKey,
    Site,
    Case,
    Item,
    ItemVersion,
    OutsideParty,
    OutsideThing,
    ThingNumber,
    FieldPhotograph,
    Individual,
    IndividualDecision,
    Assignment,
    BoneSampling,
    BoneCoding,
    CodingList,
    BurialGroup,
    EventSalt,
    Resolution,
    Sender,
    Dispatch,
    Package,
    PackageSeal,
    DispatchItem,
    Discrepancy,
    SealedPossession,
    MissingPerson,
    Donor,
    NameIndex,
    Relation,
    Consent,
    ReferenceSampling,
    ReferenceCoding,
    LegalHold,
    ToTell,
)

MEANINGS: Mapping[StationKind, Meaning] = {
    StationKind.INTAKE: INTAKE,
    StationKind.RECEPTION: MEANING_RECEPTION,
    StationKind.PREPARATION: PREPARATION,
    StationKind.EXTRACTION: EXTRACTION,
    StationKind.QUANTIFICATION: QUANTIFICATION,
    StationKind.AMPLIFICATION: AMPLIFICATION,
    StationKind.INJECTION: INJECTION,
    StationKind.STORAGE: STORAGE,
    StationKind.HANDOVER: HANDOVER,
}

# How work of each activity is released, and what its review looks at.
STAGES: Stages = {
    Activity.EXTRACTION: StageRules(release_extraction, extraction_evidence),
    Activity.QUANTIFICATION: StageRules(release_quantification, quantification_evidence),
    Activity.AMPLIFICATION: StageRules(release_amplification, amplification_evidence),
    Activity.INJECTION: StageRules(release_injection, injection_evidence),
}

# What features above custody add to the gap analysis.
GAP_CHECKS: tuple[GapCheck, ...] = (quantity_gaps,)

# What the laboratory side says in the package of a thing, in this order.
PACKAGE_SECTIONS: tuple[PackageSection, ...] = (
    gap_section(GAP_CHECKS), *LABORATORY_SECTIONS, preparation_section,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One place of the navigation: shown to whoever has the right, at most five a role."""

    right: Right
    endpoint: str
    icon: str
    words: str
    unless: Right | None = None
    """Whoever has this right finds it elsewhere: there is room for five."""


PLACES: tuple[Place, ...] = (
    Place(Right.SEE_PERSONS, "identities.intake", "box", N_("Intake")),
    Place(Right.SEE_CASES, "cases.cases", "case", N_("Cases")),
    Place(Right.SEE_CASES, "cases.list_dispatches", "download", N_("Dispatches")),
    Place(Right.PERMIT_CONSUMPTION, "samples.consumption", "flask", N_("Using up")),
    Place(Right.SET_URGENCY, "repeats.urgent", "clock", N_("Urgent")),
    Place(Right.SEE_THROUGHPUT, "throughput.overview", "home", N_("Laboratory")),
    Place(Right.SEE_LEDGER, "quality.ledger", "proof", N_("Ledger")),
    Place(Right.SET_HOLDS, "quality.holds", "hand", N_("Holds")),
    Place(Right.WORK_AT_BENCH, "bench.benches", "scanner", N_("Benches"), unless=Right.SET_HOLDS),
    Place(Right.WORK_BATCHES, "plates.worklist", "list", N_("Worklist")),
    Place(Right.READ_PROFILES, "genotyping.readings", "pen", N_("Readings")),
    Place(Right.REVIEW_PROFILES, "genotyping.readings", "pen", N_("Review")),
    Place(Right.SEE_RUNS, "genotyping.runs", "peaks", N_("Runs")),
    Place(Right.SEE_SAMPLES, "samples.samples", "search", N_("Samples")),
    Place(Right.SEE_SAMPLES, "plates.work", "plate", N_("Batches")),
    Place(Right.SEE_STOCK, "reagents.stock", "flask", N_("Stock")),
    Place(Right.KEEP_PEOPLE, "people.people", "people", N_("People")),
    Place(Right.KEEP_STATIONS, "people.stations", "pin", N_("Stations")),
    Place(Right.KEEP_STATIONS, "bench.agents", "scanner", N_("Bench agents")),
    Place(Right.KEEP_LAYOUTS, "layouts.layouts", "tag", N_("Layouts of labels")),
)
