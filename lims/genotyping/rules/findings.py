# SPDX-License-Identifier: Apache-2.0
"""What a rule finds in a run: its gravity, what was seen, what to do; and what a run then is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from instruments.analyzers.kit import Kit, MarkerKind
from lims.core.words import N_, Say
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.states import RunState, Severity
from lims.plates.rules import WellRole
from lims.samples.rules import ExpectedSex, Line

FEWEST_LOCI = 12
"""How many autosomal loci a profile needs for a blind search, where the kit has 15 or more."""

OVERRULABLE = frozenset({"BLANK"})
"""Rules whose finding a quality officer may answer with a reason, so that the run goes on."""

TITLES: Mapping[str, str] = {
    "R01": N_("Size standard too poor to measure by"),
    "R02": N_("Size standard is weak"),
    "R03": N_("No allelic ladder can be used"),
    "R04": N_("Ladder not whole"),
    "R05": N_("Peaks where there must be none"),
    "R05b": N_("One stray peak in a negative"),
    "R06": N_("Positive control"),
    "R07": N_("Positive control is weak or unbalanced"),
    "R08": N_("Heterozygote out of balance"),
    "R09": N_("Low single allele"),
    "R10": N_("Stutter"),
    "R11": N_("Pull-up"),
    "R12": N_("Off-ladder peaks"),
    "R13": N_("Signal above what the analyzer can measure"),
    "R14": N_("More than two alleles"),
    "R15": N_("Sex markers"),
    "R23": N_("Few loci"),
    "POSITIVE": N_("No positive control"),
    "NEGATIVE": N_("No negative control"),
    "BLANK": N_("No reagent blank"),
    "NOT_CALLED": N_("Loci that the machine did not call"),
    "EXPIRED": N_("Consumable past its expiry"),
    "NO_FILE": N_("No file came"),
    "RENAMED": N_("Renamed after the run"),
    "SIGNAL": N_("Signal cannot be read"),
    "STANDARD": N_("Another size standard is named"),
}

_GRAVITY = {Severity.FAIL: 1, Severity.HOLD: 2, Severity.WARN: 3, Severity.NOTE: 4}


@dataclass(frozen=True)
class Found:
    """A finding: `position` '' means the whole run; `index` points to the run's injection.

    `stops_run` means that nothing of the run is released while it stands.
    """

    rule: str
    severity: Severity
    seen: Say
    do: Say
    position: str = ""
    index: int | None = None
    locus: str = ""
    stops_run: bool = False


@dataclass(frozen=True)
class SeenInjection:
    """An injection as the rules see it. `batch` is the extraction batch of sample or blank."""

    position: str
    role: WellRole
    calls: MachineCalls
    batch: str = ""
    control: str = ""
    expected_sex: ExpectedSex = ExpectedSex.UNKNOWN
    line: Line | None = None
    renamed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class SeenRun:
    """A run as the rules see it; `controls` are the known genotypes of control DNAs.

    `blanks_passed` are extraction batches whose blank was typed and empty in an earlier run.
    """

    kit: Kit
    thresholds: Thresholds
    injections: tuple[SeenInjection, ...]
    without_file: tuple[tuple[str, WellRole], ...] = ()
    controls: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    blanks_passed: frozenset[str] = frozenset()
    # What had run out on the analyzer: (kind, day of expiry, day of the run).
    expired: tuple[tuple[str, str, str], ...] = ()


def state_of_run(findings: Iterable[tuple[Severity, bool, bool]]) -> RunState:
    """Return the state of a run from (severity, stops the run, answered) of its findings."""
    worst = RunState.PASSED
    for severity, stops_run, answered in findings:
        if stops_run and not answered:
            return RunState.FAILED
        if severity is not Severity.NOTE:
            worst = RunState.PASSED_WITH_EXCEPTIONS
    return worst


def gravity(severity: Severity, *, stops_run: bool) -> int:
    """Return a number that sorts findings, the gravest first."""
    return 0 if stops_run else _GRAVITY[severity]


def fewest_loci(kit: Kit) -> int:
    """Return how many autosomal loci a profile of this kit needs; small kits need fewer."""
    own = sum(1 for marker in kit.markers if marker.kind is MarkerKind.AUTOSOMAL)
    return min(FEWEST_LOCI, own - own // 5)


def whole_loci(kit: Kit, alleles: Mapping[str, Iterable[str]]) -> int:
    """Return how many autosomal loci are typed without a possible dropout."""
    found = 0
    for marker in kit.markers:
        typed = tuple(alleles.get(marker.name, ()))
        if marker.kind is MarkerKind.AUTOSOMAL and typed and "?" not in typed:
            found += 1
    return found
