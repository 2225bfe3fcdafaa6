# SPDX-License-Identifier: Apache-2.0
"""Two readers: what may be written at a locus, whether they agree, when a profile may be accepted.

Alleles are kept as text: `15`, `9.3`, `X`, `?` for an allele that may have dropped out.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from instruments.analyzers.kit import Kit, Marker, MarkerKind, allele_order, allele_value
from lims.core.words import N_, Say
from lims.genotyping.rules.findings import fewest_loci, whole_loci
from lims.genotyping.rules.refusals import (
    AlleleMalformed,
    AlreadyInvolved,
    ReasonOfCallMissing,
    TooManyAlleles,
)
from lims.genotyping.rules.samples import MIXTURE_LOCI, crowded_loci
from lims.genotyping.rules.states import ReadingStage

Alleles = dict[str, tuple[str, ...]]

MOST_ALLELES = 4
"""More than these at a locus are not read: that is a mixture, and no profile."""

REASONS: Mapping[str, str] = {
    "possible dropout": N_("possible dropout"),
    "below threshold": N_("below the stochastic threshold"),
    "stutter": N_("stutter"),
    "pull-up": N_("pull-up"),
    "artefact": N_("spike or dye blob"),
    "split peak": N_("split peak (missing A)"),
    "off-scale": N_("off-scale"),
    "variant": N_("variant outside the ladder"),
    "peak missed": N_("peak that the machine left out"),
    "no result": N_("no result"),
    "typing slip": N_("typing slip of a reader"),
    "do not use": N_("not to be used"),
}
"""Why a person's call differs from the machine's, or why a difference is settled as it is."""

_SEPARATOR = re.compile(r"[\s,;/]+")
_ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫،", "01234567890123456789.,")


@dataclass(frozen=True)
class Call:
    """What one person read at a locus, what the machine proposed, and why they differ."""

    alleles: tuple[str, ...]
    machine: tuple[str, ...]
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `call_of`."""
        return {
            "alleles": list(self.alleles), "machine": list(self.machine), "reason": self.reason,
        }  # fmt: skip


def call_of(stored: Mapping[str, object]) -> Call:
    """Read back what `Call.as_json` made."""
    alleles, machine = stored["alleles"], stored["machine"]
    if not isinstance(alleles, list) or not isinstance(machine, list):
        raise TypeError("a stored call without alleles")
    return Call(tuple(alleles), tuple(machine), str(stored["reason"]))


def calls_of(stored: Mapping[str, object]) -> dict[str, Call]:
    """Read back the calls of a stored reading, by locus."""
    return {locus: call_of(one) for locus, one in stored.items() if isinstance(one, dict)}


def read_loci(kit: Kit) -> tuple[Marker, ...]:
    """Return the markers of a kit that people read: all but those that tell of quality."""
    return tuple(marker for marker in kit.markers if marker.kind is not MarkerKind.QUALITY)


def read_alleles(text: str, marker: Marker) -> tuple[str, ...]:
    """Return the alleles in what a person wrote at a locus, shortest first, `?` last.

    Taken are numbers with at most one decimal (a decimal comma only without blanks around it
    would be ambiguous, so it is a separator), X and Y at AMEL, and `?`. Raises AlleleMalformed,
    TooManyAlleles.
    """
    parts = [part for part in _SEPARATOR.split(text.translate(_ARABIC).upper().strip()) if part]
    names = {allele.name.upper() for allele in marker.ladder}
    for part in parts:
        numeric = allele_value(part) is not None and marker.kind is not MarkerKind.SEX
        if part != "?" and part not in names and not numeric:
            raise AlleleMalformed(locus=marker.name, read=part[:12])
    found = sorted({part for part in parts if part != "?"}, key=allele_order)
    if "?" in parts:
        if not found:
            raise AlleleMalformed(locus=marker.name, read="?")
        found.append("?")
    if len(found) > MOST_ALLELES:
        raise TooManyAlleles(locus=marker.name, most=MOST_ALLELES)
    return tuple(found)


def make_call(marker: Marker, text: str, *, machine: tuple[str, ...], reason: str) -> Call:
    """Return a person's call; one that differs from the machine's needs a reason of REASONS.

    Raises AlleleMalformed, TooManyAlleles, ReasonOfCallMissing.
    """
    alleles = read_alleles(text, marker)
    if alleles == machine:
        return Call(alleles, machine)
    if reason not in REASONS:
        raise ReasonOfCallMissing(locus=marker.name, read=shown(alleles), machine=shown(machine))
    return Call(alleles, machine, reason)


def shown(alleles: Collection[str]) -> str:
    """Return alleles as they are shown in a sentence."""
    return ",".join(alleles) or "-"


def differing(first: Mapping[str, Call], second: Mapping[str, Call]) -> tuple[str, ...]:
    """Return the loci at which two readings differ, in the order of the first."""
    loci = [*first, *(locus for locus in second if locus not in first)]
    nothing = Call((), ())
    return tuple(
        locus
        for locus in loci
        if first.get(locus, nothing).alleles != second.get(locus, nothing).alleles
    )


def stage_of(
    *, readings: Mapping[int, Mapping[str, Call]], decided: ReadingStage | None
) -> ReadingStage:
    """Return how far an injection has come; `readings` are by number (3 settles differences)."""
    if decided is not None:
        return decided
    if 1 not in readings:
        return ReadingStage.FIRST
    if 2 not in readings:
        return ReadingStage.SECOND
    if 3 in readings:
        return ReadingStage.SETTLED
    return ReadingStage.DIFFERS if differing(readings[1], readings[2]) else ReadingStage.AGREED


def check_uninvolved(actor: str, involved: Mapping[str, Say]) -> None:
    """Refuse (AlreadyInvolved) whoever had another part in it; `involved` is by actor id."""
    part = involved.get(actor)
    if part is not None:
        raise AlreadyInvolved(part=part)


def agreed_alleles(readings: Mapping[int, Mapping[str, Call]]) -> Alleles:
    """Return the alleles that hold: of the third reading if there is one, else of both."""
    settled = readings.get(3) or readings[1]
    return {locus: call.alleles for locus, call in settled.items()}


def obstacles(
    kit: Kit,
    alleles: Mapping[str, tuple[str, ...]],
    *,
    run_failed: bool,
    mixture: bool,
) -> tuple[Say, ...]:
    """Return what forbids a profile of these alleles; empty when it may be accepted.

    `mixture`: whether the rules suspected one (R14) in the injection.
    """
    found = []
    if run_failed:
        found.append(
            Say(N_("The run of this injection has findings that stop it: nothing of it is "
                   "released."))
        )  # fmt: skip
    if mixture or len(crowded_loci(kit, dict(alleles))) >= MIXTURE_LOCI:
        found.append(Say(N_("A mixture of persons is suspected (R14).")))
    whole, needed = whole_loci(kit, alleles), fewest_loci(kit)
    if whole < needed:
        found.append(
            Say(N_("Only %(whole)s whole autosomal loci; a profile needs %(needed)s (R23)."),
                {"whole": whole, "needed": needed})
        )  # fmt: skip
    return tuple(found)
