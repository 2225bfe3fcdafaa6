# SPDX-License-Identifier: Apache-2.0
"""R01, R02, R08 to R15 and R23: what is found in one injection."""

from collections.abc import Iterator

from instruments.analyzers.kit import Kit, MarkerKind, allele_value, marker_key
from lims.core.words import N_, Many, Say
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.findings import (
    Found,
    SeenInjection,
    SeenRun,
    fewest_loci,
    whole_loci,
)
from lims.genotyping.rules.states import Severity
from lims.plates.rules import WellRole
from lims.samples.rules import ExpectedSex, Line

STUTTER_DOUBT = 30
"""Below this share of the next longer allele, percent, an allele may be stutter (R10)."""

MIXTURE_LOCI = 2
"""From this many loci with more than two alleles on, a mixture is suspected (R14)."""


def injection_findings(run: SeenRun, index: int) -> Iterator[Found]:
    """Yield what is found in the injection at `index` of the run."""
    one = run.injections[index]
    yield from _file(one, index)
    yield from _sizing(run, one, index)
    if one.calls.size is None or not one.calls.size.sized:
        return
    yield from _off_scale(run, one, index)
    if one.role is WellRole.SAMPLE and one.calls.ladder:
        yield from _sample(run, one, index)


def machine_labels(
    calls: MachineCalls, kit: Kit, thresholds: Thresholds
) -> dict[str, tuple[str, ...]]:
    """Return what the machine proposes at each locus of the kit, R09 applied (`14`, `?`).

    A single autosomal allele below the stochastic threshold may have lost its partner, and one
    beside a peak in no bin of the ladder (R12) may have a variant as partner: neither is ever a
    homozygote.
    """
    off_ladder = {peak.marker for peak in calls.kinds("off-ladder")}
    labels: dict[str, tuple[str, ...]] = {}
    for marker in kit.markers:
        locus = calls.locus(marker.name)
        if locus is None or marker.kind is MarkerKind.QUALITY:
            continue
        alleles = locus.alleles
        if marker.kind is MarkerKind.AUTOSOMAL and len(alleles) == 1:
            height = calls.heights(marker.name).get(alleles[0], 0)
            if height < thresholds.homozygote or marker.name in off_ladder:
                alleles = (alleles[0], "?")
        labels[marker.name] = alleles
    return labels


RENAMED_WORDS = {
    "sample name": N_("sample name"),
    "well": N_("well"),
    "plate": N_("plate"),
    "sample type": N_("sample type"),
    "size standard": N_("size standard"),
}
"""The fields of a file that may be renamed after its run, as `AbifFile.renamed` calls them."""


def crowded_loci(kit: Kit, alleles: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the loci with more alleles than one person has."""
    return tuple(
        marker.name
        for marker in kit.markers
        if marker.kind is not MarkerKind.QUALITY
        and len([a for a in alleles.get(marker.name, ()) if a != "?"]) > marker.max_alleles
    )


def _found(
    one: SeenInjection, index: int, rule: str, severity: Severity, seen: Say, do: str,
    *, locus: str = "",
) -> Found:  # fmt: skip
    return Found(
        rule, severity, seen, Say(do), position=one.position, index=index, locus=locus[:20]
    )


def _file(one: SeenInjection, index: int) -> Iterator[Found]:
    for what, earlier, current in one.renamed:
        yield _found(
            one, index, "RENAMED", Severity.WARN,
            Say(N_("The %(what)s was “%(earlier)s” when the analyzer first saved the file, and is "
                   "“%(current)s” now."),
                {"what": Say(RENAMED_WORDS.get(what, what)), "earlier": earlier,
                 "current": current}),
            N_("Find out who renamed it and why, before anything is accepted."),
        )  # fmt: skip
    if not one.calls.readable:
        yield _found(
            one, index, "SIGNAL", Severity.FAIL,
            Say(N_("The file's signal cannot be read; only what is said of the injection is "
                   "stored.")),
            N_("Export the file from the analyzer again."),
        )  # fmt: skip
    if one.calls.foreign_standard and one.calls.size is not None:
        yield _found(
            one, index, "STANDARD", Severity.NOTE,
            Say(N_("The file names size standard %(named)s, which is none of the kit's; "
                   "%(used)s was fitted."),
                {"named": one.calls.foreign_standard, "used": one.calls.size.standard}),
            N_("Correct the setting at the analyzer for the next run."),
        )  # fmt: skip


def _sizing(run: SeenRun, one: SeenInjection, index: int) -> Iterator[Found]:
    size = one.calls.size
    if not one.calls.readable:
        return
    if size is None:
        yield _found(
            one, index, "R01", Severity.FAIL,
            Say(N_("No size standard could be looked for.")),
            N_("Inject again with the kit's size standard."),
        )  # fmt: skip
    elif not size.sized:
        yield _found(
            one, index, "R01", Severity.FAIL,
            Say(N_("%(found)s of %(required)s peaks of %(standard)s, fit %(fit)s. No allele was "
                   "called."),
                {"found": size.found, "required": size.required, "standard": size.standard,
                 "fit": f"0.{size.correlation:05d}" if size.correlation < 100_000 else "1"}),
            N_("Inject again."),
        )  # fmt: skip
    elif not size.accepted:
        yield _found(
            one, index, "R02", Severity.WARN,
            Say(N_("The lowest peak has %(height)s RFU; the limit is %(limit)s."),
                {"height": size.lowest, "limit": run.thresholds.size_standard}),
            N_("Sizes can be measured. Look at the size standard before you read."),
        )  # fmt: skip


def _off_scale(run: SeenRun, one: SeenInjection, index: int) -> Iterator[Found]:
    loci = sorted(
        {
            p.marker
            for p in one.calls.peaks
            # Beneath another dye's off-scale peak the scan is off-scale, the locus is not.
            if p.saturated and p.marker and p.kind in ("allele", "off-ladder", "stutter")
        }
    )
    if loci and one.role is not WellRole.LADDER:
        yield _found(
            one, index, "R13", Severity.WARN,
            Say(N_("The camera was saturated at %(loci)s; pull-up is likely there."),
                {"loci": ", ".join(loci)}),
            N_("Inject for a shorter time, or amplify less, where the reading is in doubt."),
        )  # fmt: skip


def _sample(run: SeenRun, one: SeenInjection, index: int) -> Iterator[Found]:
    calls, limits = one.calls, run.thresholds
    unbalanced, doubtful = [], []
    for locus in calls.loci:
        heights = calls.heights(locus.marker)
        if len(heights) == 2:
            low, high = sorted(heights.values())
            if 100 * low < limits.heterozygote_balance * high:
                unbalanced.append(f"{locus.marker} {100 * low // high} %")
        doubtful += [f"{locus.marker} {name}" for name in _stutter_like(heights)]
    if unbalanced:
        yield _found(
            one, index, "R08", Severity.WARN,
            Say(N_("Lower allele as a share of the higher one: %(loci)s; the limit is %(limit)s "
                   "percent."),
                {"loci": ", ".join(unbalanced), "limit": limits.heterozygote_balance}),
            N_("Ask whether an allele is stutter, or whether there are two persons."),
        )  # fmt: skip
    refused = [locus for locus in calls.loci if locus.refused]
    if refused:
        yield _found(
            one, index, "NOT_CALLED", Severity.WARN,
            Say(N_("The machine called nothing at %(loci)s: the signal there is not sure."),
                {"loci": ", ".join(locus.marker for locus in refused)}),
            N_("Read these loci yourself, or inject again for a shorter time."),
        )  # fmt: skip
    labels = machine_labels(calls, run.kit, limits)
    single = [
        name
        for name, alleles in labels.items()
        if "?" in alleles and calls.heights(name).get(alleles[0], 0) < limits.homozygote
    ]
    if single:
        yield _found(
            one, index, "R09", Severity.WARN,
            Say(N_("One allele below %(limit)s RFU at %(loci)s: kept as possible dropout, never "
                   "as a homozygote."),
                {"limit": limits.homozygote, "loci": ", ".join(single)}),
            N_("Amplify again if these loci are needed."),
        )  # fmt: skip
    if doubtful:
        yield _found(
            one, index, "R10", Severity.WARN,
            Say(N_("Called, but in the place of stutter of a taller allele: %(loci)s."),
                {"loci": ", ".join(doubtful)}),
            N_("Decide for each whether it is an allele."),
        )  # fmt: skip
    yield from _artefacts(one, index)
    yield from _counts(run, one, index, labels)
    yield from _sex(run.kit, one, index)
    whole, needed = whole_loci(run.kit, labels), fewest_loci(run.kit)
    if whole < needed:
        yield _found(
            one, index, "R23", Severity.WARN,
            Say(N_("%(whole)s whole autosomal loci; a profile needs %(needed)s."),
                {"whole": whole, "needed": needed}),
            N_("Amplify again with more extract, or extract again."),
        )  # fmt: skip


def _stutter_like(heights: dict[str, int]) -> list[str]:
    found = []
    for name, height in heights.items():
        value = allele_value(name)
        if value is None:
            continue
        for other, taller in heights.items():
            longer = allele_value(other)
            if longer == (value[0] + 1, value[1]) and 100 * height < STUTTER_DOUBT * taller:
                found.append(name)
    return found


def _artefacts(one: SeenInjection, index: int) -> Iterator[Found]:
    off = one.calls.kinds("off-ladder")
    if off:
        yield _found(
            one, index, "R12", Severity.WARN,
            Say(N_("As tall as an allele, but in no bin of the ladder: %(peaks)s."),
                {"peaks": ", ".join(f"{p.marker} {p.allele} ({p.height} RFU)" for p in off[:12])}),
            N_("A variant is accepted only where a second injection shows the same shift."),
        )  # fmt: skip
    for kind, rule, words in (
        (
            "stutter",
            "R10",
            Many(
                "%(count)s peak was taken for stutter and left out.",
                "%(count)s peaks were taken for stutter and left out.",
            ),
        ),
        (
            "pull-up",
            "R11",
            Many(
                "%(count)s peak was taken for pull-up and left out.",
                "%(count)s peaks were taken for pull-up and left out.",
            ),
        ),
    ):
        count = len(one.calls.kinds(kind))
        if count:
            yield _found(
                one, index, rule, Severity.NOTE, Say(words, {"count": count}),
                N_("Nothing is to be done."),
            )  # fmt: skip


def _counts(
    run: SeenRun, one: SeenInjection, index: int, labels: dict[str, tuple[str, ...]]
) -> Iterator[Found]:
    crowded = crowded_loci(run.kit, labels)
    if not crowded:
        return
    shown = ", ".join(f"{name} {','.join(labels[name])}" for name in crowded)
    if len(crowded) >= MIXTURE_LOCI:
        yield _found(
            one, index, "R14", Severity.HOLD,
            Say(Many("Too many alleles at %(count)s locus: %(loci)s. A mixture of persons is "
                     "suspected.",
                     "Too many alleles at %(count)s loci: %(loci)s. A mixture of persons is "
                     "suspected."), {"count": len(crowded), "loci": shown}),
            N_("No profile is accepted from this injection. Amplify or extract again."),
        )  # fmt: skip
    else:
        yield _found(
            one, index, "R14", Severity.WARN,
            Say(N_("Too many alleles at one locus: %(loci)s."), {"loci": shown}),
            N_("Ask whether one is stutter, or whether the person has three."),
            locus=crowded[0],
        )  # fmt: skip


def _sex(kit: Kit, one: SeenInjection, index: int) -> Iterator[Found]:
    amel = next((x for x in one.calls.loci if marker_key(x.marker) == "AMEL"), None)
    if amel is None or not amel.alleles:
        return
    shown = ",".join(amel.alleles)
    y_loci = [
        marker.name
        for marker in kit.markers
        if marker.kind is MarkerKind.Y
        and (read := one.calls.locus(marker.name)) is not None
        and read.alleles
    ]
    male = "Y" in amel.alleles
    expected = one.expected_sex
    if not male and y_loci:
        yield _found(
            one, index, "R15", Severity.WARN,
            Say(N_("AMEL shows X alone, but Y markers are present: %(loci)s."),
                {"loci": ", ".join(y_loci)}),
            N_("The Y allele of AMEL may be deleted. Look at both."),
        )  # fmt: skip
    if (expected is ExpectedSex.FEMALE and (male or y_loci)) or (
        expected is ExpectedSex.MALE and not male and not y_loci
    ):
        reference = one.line is Line.REFERENCE
        yield _found(
            one, index, "R15", Severity.HOLD if reference else Severity.WARN,
            Say(N_("Recorded sex %(expected)s, profile %(seen)s."),
                {"expected": expected.value, "seen": shown}),
            N_("The extract is on hold: tubes may be switched. The quality officer decides.")
            if reference
            else N_("Ask the coordinator whether the anthropological sex is sure."),
        )  # fmt: skip
