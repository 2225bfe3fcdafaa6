# SPDX-License-Identifier: Apache-2.0
"""R03 to R07 and missing controls: what decides the whole run."""

from collections.abc import Iterator, Mapping

from instruments.analyzers.kit import MarkerKind
from lims.core.words import N_, Many, Say
from lims.genotyping.rules.calls import MachineCalls, PeakRead
from lims.genotyping.rules.findings import Found, SeenInjection, SeenRun
from lims.genotyping.rules.states import Severity
from lims.plates.rules import WellRole

DROP_IN_TIMES = 3
"""A stray peak counts as drop-in while it stays below this many analytical thresholds."""

CONTROL_BALANCE = 60
"""Least height of a control's lower allele, percent of the higher one (R07)."""

CONSUMABLE_WORDS: Mapping[str, str] = {
    "capillary array": N_("Capillary array"),
    "polymer": N_("Polymer"),
    "anode buffer": N_("Anode buffer"),
    "cathode buffer": N_("Cathode buffer"),
}

_INJECT_AGAIN = N_("Inject it again. Until then nothing of this run is released.")


def control_findings(run: SeenRun) -> Iterator[Found]:
    """Yield what ladders, positive, negative and blanks say of the run."""
    yield from _expired(run)
    yield from _ladders(run)
    yield from _positives(run)
    yield from _negatives(run)
    yield from _blanks(run)


def unexplained(calls: MachineCalls, *, least: int) -> tuple[PeakRead, ...]:
    """Return the peaks inside a locus, `least` RFU or more, that no artefact explains."""
    return tuple(
        peak
        for peak in calls.peaks
        if peak.marker and peak.kind in ("allele", "off-ladder") and peak.height >= least
    )


def _expired(run: SeenRun) -> Iterator[Found]:
    for kind, expires, started in run.expired:
        yield Found(
            "EXPIRED", Severity.WARN,
            Say(N_("%(kind)s on the analyzer: expired on %(expires)s, the run was on "
                   "%(started)s."),
                {"kind": Say(CONSUMABLE_WORDS[kind]), "expires": expires, "started": started}),
            Say(N_("Change it before the next run, and look at the size standards of this one.")),
        )  # fmt: skip


def _of(run: SeenRun, role: WellRole) -> list[tuple[int, SeenInjection]]:
    return [(index, one) for index, one in enumerate(run.injections) if one.role is role]


def _readable(one: SeenInjection) -> bool:
    return one.calls.size is not None and one.calls.size.sized


def _ladders(run: SeenRun) -> Iterator[Found]:
    ladders = _of(run, WellRole.LADDER)
    registered: set[str] = set()
    for index, one in ladders:
        registered |= {rung.marker for rung in one.calls.rungs}
        if one.calls.unregistered and one.calls.rungs:
            yield Found(
                "R04", Severity.WARN,
                Say(N_("The ladder is not sure at %(loci)s."),
                    {"loci": ", ".join(marker for marker, _ in one.calls.unregistered)}),
                Say(N_("Nothing is called there by this ladder. Inject a ladder again.")),
                position=one.position, index=index,
            )  # fmt: skip
    if not registered:
        yield Found(
            "R03", Severity.FAIL,
            Say(Many("The one ladder could not be read.",
                     "Of %(count)s ladders none could be read."), {"count": len(ladders)})
            if ladders else Say(N_("The run has no allelic ladder.")),
            Say(N_("Inject a ladder with the plate again. No allele can be called without it.")),
            stops_run=True,
        )  # fmt: skip
        return
    lost = [marker.name for marker in run.kit.markers if marker.name not in registered]
    if lost:
        yield Found(
            "R04", Severity.WARN,
            Say(N_("No ladder of the run covers %(loci)s: nothing is called there."),
                {"loci": ", ".join(lost)}),
            Say(N_("Inject a ladder again if these loci are needed.")),
        )  # fmt: skip


def _positives(run: SeenRun) -> Iterator[Found]:
    positives = _of(run, WellRole.POSITIVE)
    if not positives:
        yield Found(
            "POSITIVE", Severity.FAIL,
            Say(N_("The run has no file of a positive control.")),
            Say(N_("Import it with the run, or amplify the samples again with a control. "
                   "Nothing is released.")),
            stops_run=True,
        )  # fmt: skip
    for index, one in positives:
        genotype = run.controls.get(one.control)
        if not _readable(one):
            yield Found(
                "R06", Severity.FAIL,
                Say(N_("The positive control could not be sized.")), Say(_INJECT_AGAIN),
                position=one.position, index=index, stops_run=True,
            )  # fmt: skip
        elif genotype is None:
            yield Found(
                "R06", Severity.FAIL,
                Say(N_("No genotype of the positive control is on record.")),
                Say(N_("Enter which control DNA the lot holds. Nothing is released.")),
                position=one.position, index=index, stops_run=True,
            )  # fmt: skip
        else:
            yield from _compared(run, index, one, genotype)


def _compared(
    run: SeenRun, index: int, one: SeenInjection, genotype: Mapping[str, tuple[str, ...]]
) -> Iterator[Found]:
    wrong: list[str] = []
    unchecked: list[str] = []
    agreed = 0
    for marker in run.kit.markers:
        read = one.calls.locus(marker.name)
        if marker.kind is MarkerKind.QUALITY or read is None:
            continue
        expected = next(
            (alleles for name, alleles in genotype.items() if marker.is_called(name)), None
        )
        if expected is None or read.refused:
            unchecked.append(marker.name)
        elif set(expected) != set(read.alleles):
            wrong.append(f"{marker.name} {','.join(read.alleles) or '-'} ({','.join(expected)})")
        else:
            agreed += 1
    if wrong:
        yield Found(
            "R06", Severity.FAIL,
            Say(Many("Control %(control)s is not as known at %(count)s locus, read (known): "
                     "%(loci)s.",
                     "Control %(control)s is not as known at %(count)s loci, read (known): "
                     "%(loci)s."),
                {"control": one.control, "count": len(wrong), "loci": "; ".join(wrong)}),
            Say(N_("Find out whether wells were switched. Amplify and inject again. "
                   "Nothing of this run is released.")),
            position=one.position, index=index, stops_run=True,
        )  # fmt: skip
    elif not agreed:
        yield Found(
            "R06", Severity.FAIL,
            Say(N_("No locus of control %(control)s could be checked."),
                {"control": one.control}),
            Say(_INJECT_AGAIN), position=one.position, index=index, stops_run=True,
        )  # fmt: skip
    else:
        yield Found(
            "R06", Severity.NOTE,
            Say(Many("Control %(control)s is as known at %(count)s locus; not checked: %(loci)s.",
                     "Control %(control)s is as known at %(count)s loci; not checked: %(loci)s.")
                if unchecked else
                Many("Control %(control)s is as known at its %(count)s locus.",
                     "Control %(control)s is as known at all %(count)s loci."),
                {"control": one.control, "count": agreed, "loci": ", ".join(unchecked)}),
            Say(N_("Nothing is to be done.")), position=one.position, index=index,
        )  # fmt: skip
    yield from _weak(run, index, one)


def _weak(run: SeenRun, index: int, one: SeenInjection) -> Iterator[Found]:
    low: list[str] = []
    for locus in one.calls.loci:
        heights = sorted(one.calls.heights(locus.marker).values())
        if not heights:
            continue
        weak = heights[0] < run.thresholds.analytical * 2
        if weak or 100 * heights[0] < CONTROL_BALANCE * heights[-1]:
            low.append(f"{locus.marker} {'/'.join(map(str, heights))}")
    if low:
        yield Found(
            "R07", Severity.WARN,
            Say(N_("Heights in RFU, lower and higher allele: %(loci)s."),
                {"loci": "; ".join(low)}),
            Say(N_("Look at the control. Compare with the runs before.")),
            position=one.position, index=index,
        )  # fmt: skip


def _negatives(run: SeenRun) -> Iterator[Found]:
    negatives = _of(run, WellRole.NEGATIVE)
    if not negatives:
        yield Found(
            "NEGATIVE", Severity.FAIL,
            Say(N_("The run has no file of a negative control.")),
            Say(N_("Import it with the run, or amplify the samples again with a control. "
                   "Nothing is released.")),
            stops_run=True,
        )  # fmt: skip
    for index, one in negatives:
        yield from _emptiness(run, index, one, of_batch="")


def _blanks(run: SeenRun) -> Iterator[Found]:
    typed: set[str] = set()
    for index, one in _of(run, WellRole.BLANK):
        if _readable(one):
            typed.add(one.batch)
        yield from _emptiness(run, index, one, of_batch=one.batch)
    needed = {one.batch for one in run.injections if one.role is WellRole.SAMPLE and one.batch}
    for batch in sorted(needed - typed):
        earlier = batch in run.blanks_passed
        yield Found(
            "BLANK", Severity.NOTE if earlier else Severity.FAIL,
            Say(N_("The reagent blank of extraction batch %(batch)s was typed in an earlier run, "
                   "and was empty."), {"batch": batch})
            if earlier else
            Say(N_("The run has no file of the reagent blank of extraction batch %(batch)s."),
                {"batch": batch}),
            Say(N_("Nothing is to be done."))
            if earlier else
            Say(N_("Inject the blank and import its file. Only a quality officer may let the run "
                   "go without it, with a reason.")),
            stops_run=not earlier,
        )  # fmt: skip


def _emptiness(run: SeenRun, index: int, one: SeenInjection, *, of_batch: str) -> Iterator[Found]:
    if not _readable(one):
        yield Found(
            "R05", Severity.FAIL,
            Say(N_("The negative control could not be sized: nobody knows whether it is empty."))
            if not of_batch else
            Say(N_("The reagent blank of batch %(batch)s could not be sized: nobody knows "
                   "whether it is empty."), {"batch": of_batch}),
            Say(_INJECT_AGAIN), position=one.position, index=index, stops_run=True,
        )  # fmt: skip
        return
    peaks = unexplained(one.calls, least=run.thresholds.analytical)
    if not peaks:
        return
    seen: dict[str, str | int | Say] = {
        "count": len(peaks), "limit": run.thresholds.analytical, "batch": of_batch,
        "loci": ", ".join(
            f"{p.marker} {p.allele} {p.height}" for p in sorted(peaks, key=lambda p: -p.height)[:8]
        ),
    }  # fmt: skip
    if len(peaks) == 1 and peaks[0].height < DROP_IN_TIMES * run.thresholds.analytical:
        yield Found(
            "R05b", Severity.WARN,
            Say(N_("One peak above %(limit)s RFU (locus, allele, height): %(loci)s. It counts as "
                   "drop-in."), seen),
            Say(N_("Compare it with the samples of the plate. The run passes with an exception.")),
            position=one.position, index=index,
        )  # fmt: skip
    elif of_batch:
        yield Found(
            "R05", Severity.HOLD,
            Say(Many("The reagent blank of batch %(batch)s has %(count)s peak above %(limit)s RFU "
                     "(locus, allele, height): %(loci)s. All of that batch is on hold.",
                     "The reagent blank of batch %(batch)s has %(count)s peaks above %(limit)s RFU "
                     "(locus, allele, height): %(loci)s. All of that batch is on hold."), seen),
            Say(N_("Inject the blank once more. If the peaks come back, the quality officer "
                   "decides.")),
            position=one.position, index=index,
        )  # fmt: skip
    else:
        yield Found(
            "R05", Severity.FAIL,
            Say(Many("The negative control has %(count)s peak above %(limit)s RFU (locus, allele, "
                     "height): %(loci)s.",
                     "The negative control has %(count)s peaks above %(limit)s RFU (locus, allele, "
                     "height): %(loci)s."), seen),
            Say(N_("Compare them with staff and with the samples of the plate. Amplify again. "
                   "Nothing of this run is released.")),
            position=one.position, index=index, stops_run=True,
        )  # fmt: skip
