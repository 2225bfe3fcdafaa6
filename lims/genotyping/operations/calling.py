# SPDX-License-Identifier: Apache-2.0
"""The machine call of a run: files in, stored values out. Slow: never inside a transaction."""

from collections.abc import Callable, Sequence

from instruments.analyzers.abif import AbifFile
from instruments.analyzers.kit import Kit
from instruments.analyzers.signal import (
    InjectionCalls,
    LadderCalls,
    Limits,
    Peak,
    Role,
    call_run,
    signal_of,
)
from lims.genotyping.rules.calls import (
    LocusRead,
    MachineCalls,
    PeakRead,
    RungRead,
    SizeRead,
    Thresholds,
)
from lims.kits.queries import standards_for
from lims.plates.rules import WellRole

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many are done, of how many."""


def limits_of(files: Sequence[AbifFile], kit: Kit) -> Limits:
    """Return the laboratory's limits for the analyzer of these files and the kit."""
    model = next((file.instrument_model for file in files if file.instrument_model), None)
    return Limits.for_instrument(model, kit)


def thresholds_of(limits: Limits) -> Thresholds:
    """Return what is stored of the limits with the run."""
    return Thresholds(
        analytical=limits.analytical,
        size_standard=limits.size_standard,
        homozygote=limits.homozygote,
        heterozygote_balance=limits.heterozygote_balance,
        stutter=limits.stutter,
        saturation=limits.saturation,
        bin=limits.bin,
    )


def call_files(
    files: Sequence[tuple[AbifFile, WellRole, str]], kit: Kit, limits: Limits
) -> tuple[MachineCalls, ...]:
    """Call the files of one run, each with the role and the position of its well; in that order.

    A ladder is what the plate says is one, whatever the file is named.
    """
    # Positions are unique names for ladders only with the place in the list: re-injections.
    names = [f"{position}#{index}" for index, (_, _, position) in enumerate(files)]
    signals = [
        signal_of(file, role=Role.LADDER if role is WellRole.LADDER else Role.OTHER, name=name)
        for (file, role, _), name in zip(files, names, strict=True)
    ]
    run = call_run(signals, kit, limits, size_standards=standards_for(kit))
    ladders = {ladder.name: ladder for ladder in run.ladders}
    return tuple(
        stored_calls(calls, ladders.get(name), file)
        for (file, _, _), name, calls in zip(files, names, run.injections, strict=True)
    )


def stored_calls(calls: InjectionCalls, ladder: LadderCalls | None, file: AbifFile) -> MachineCalls:
    """Return what is kept of one injection's call; `ladder` is its own registration, if one."""
    foreign = next(
        (
            str(fact.values["named"])
            for fact in calls.facts
            if fact.code == "size-standard-not-of-kit"
        ),
        "",
    )
    return MachineCalls(
        size=_size(calls),
        ladder=(calls.ladder or "").split("#", maxsplit=1)[0],
        loci=tuple(LocusRead(one.marker, one.alleles, one.refused or "") for one in calls.markers),
        peaks=tuple(_peak(peak) for peak in calls.peaks),
        off_scale=len(file.off_scale),
        rungs=()
        if ladder is None
        else tuple(
            RungRead(fit.marker, rung.allele, rung.size)
            for fit in ladder.markers
            if fit.refused is None
            for rung in fit.rungs
        ),
        unregistered=()
        if ladder is None
        else tuple((fit.marker, fit.refused) for fit in ladder.markers if fit.refused is not None),
        foreign_standard=foreign[:60],
        readable=file.signal != "unreadable",
    )


def _size(calls: InjectionCalls) -> SizeRead | None:
    fit = calls.size_fit
    if fit is None:
        return None
    return SizeRead(
        standard=fit.standard,
        sized=fit.sized,
        accepted=fit.accepted,
        required=fit.required,
        found=fit.found,
        missing=fit.missing,
        correlation=fit.correlation,
        rms=fit.rms,
        lowest=fit.lowest_height,
        peaks=tuple((peak.size, peak.scan, peak.height) for peak in fit.peaks),
    )


def _peak(peak: Peak) -> PeakRead:
    return PeakRead(
        dye=peak.dye,
        scan=peak.scan,
        size=peak.size,
        height=peak.height,
        kind=peak.kind.value,
        marker=peak.marker or "",
        allele=peak.allele or "",
        residual=peak.residual,
        saturated=peak.saturated,
        reasons=peak.reasons,
    )
