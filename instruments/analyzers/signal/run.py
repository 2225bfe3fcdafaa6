# SPDX-License-Identifier: Apache-2.0
"""Call a whole run: size every injection, register its ladders, call the rest against them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.kit import BASE_PAIR, Kit, SizeStandard
from instruments.analyzers.signal.bleed import usual_widths
from instruments.analyzers.signal.calling import (
    TOO_NARROW,
    Sized,
    call_marker,
    outside_markers,
    territories,
)
from instruments.analyzers.signal.ladder import (
    LadderPeaks,
    agreeing,
    is_of_kit,
    register,
    whole_or_none,
)
from instruments.analyzers.signal.reading import ReadInjection, read_injection
from instruments.analyzers.signal.values import (
    Fact,
    InjectionCalls,
    InjectionSignal,
    LadderCalls,
    LadderFit,
    Limits,
    MarkerCall,
    Peak,
    PeakKind,
    Role,
    RunCalls,
    Trace,
)

# A ladder shows at least this share of its rungs over the analytical threshold.
_CROWDED = 0.6


def call_run(
    injections: Iterable[InjectionSignal],
    kit: Kit,
    limits: Limits,
    *,
    size_standards: Sequence[SizeStandard],
    find_ladders: bool = False,
    progress: Callable[[], None] = lambda: None,
) -> RunCalls:
    """Call the injections of one run with one kit, in the order given.

    Every sample is called against the run's ladders, the one most alike in migration first;
    without one, nothing is called and R03 says so. Never raises for poor signal: facts and
    refusals tell what is wrong. With `find_ladders` an injection that registers as a ladder is
    one, whatever its role was thought to be. `progress` is called after each injection is read.
    """
    read = []
    for injection in injections:
        one = read_injection(injection, kit, limits, size_standards)
        if find_ladders and injection.role is not Role.LADDER and _is_crowded(one, kit, limits):
            like = read_injection(replace(injection, role=Role.LADDER), kit, limits, size_standards)
            one = like if is_of_kit(_register(like, kit, limits)) else one
        read.append(one)
        progress()
    read = _in_one_family(read, kit, limits)
    found = [
        (one, _register(one, kit, limits))
        for one in read
        if one.signal.role is Role.LADDER and one.sizer is not None
    ]
    agreed = agreeing(kit, [whole_or_none(fits) for _, fits in found])
    ladders = [
        _Ladder(one, LadderCalls(one.signal.name, one.signal.well, fits))
        for (one, _), fits in zip(found, agreed, strict=True)
    ]
    usable = [ladder for ladder in ladders if ladder.calls.registered]
    facts = []
    if not usable:
        given = sum(1 for one in read if one.signal.role is Role.LADDER)
        facts.append(Fact("R03", "ladder-missing", {"ladders": given}))
    calls = []
    for one in read:
        chosen = _ladder_for(one, usable)
        if chosen is None:
            calls.append(_uncalled(one, kit, "no-ladder" if one.sizer else "not-sized"))
        else:
            calls.append(_called(one, kit, limits, chosen))
    return RunCalls(
        kit=kit.name,
        injections=tuple(calls),
        ladders=tuple(ladder.calls for ladder in ladders),
        facts=tuple(facts),
    )


def _in_one_family(read: Sequence[ReadInjection], kit: Kit, limits: Limits) -> list[ReadInjection]:
    """Take the size standard for the one under which the run's ladders register best.

    Standards of other dyes have the same sizes, but fragments run up to a repeat apart beside
    them; where the file does not say which it is, only a ladder tells.
    """
    registered: dict[str, int] = {}
    for one in read:
        if one.signal.role is Role.LADDER and one.sizer is not None and len(one.alike) > 1:
            for family in one.alike:
                fits = _register(replace(one, family=family), kit, limits)
                count = sum(fit.refused is None for fit in fits)
                registered[family] = registered.get(family, 0) + count
                if count == len(fits):
                    break
    return [
        replace(one, family=max(one.alike, key=lambda family: registered.get(family, 0)))
        if len(one.alike) > 1
        else one
        for one in read
    ]


@dataclass(frozen=True, eq=False)
class _Ladder:
    read: ReadInjection
    calls: LadderCalls


def _register(read: ReadInjection, kit: Kit, limits: Limits) -> tuple[LadderFit, ...]:
    peaks: dict[int, LadderPeaks] = {}
    if read.sizer is None:
        return register(kit, peaks, family=read.family, limits=limits)
    for dye in sorted({marker.dye for marker in kit.markers}):
        centres = np.array([peak.centre for peak in read.peaks[dye]])
        if not len(centres):
            continue
        even = read.sizer.even_sizes_at(centres)
        markers = kit.markers_of(dye, read.family)
        low = min(m.window(read.family)[0] for m in markers) / BASE_PAIR - 12
        high = max(m.window(read.family)[1] for m in markers) / BASE_PAIR + 12
        near = [int(i) for i in np.flatnonzero((even > low) & (even < high))]
        peaks[dye] = LadderPeaks(
            sizes=read.sizer.sizes_at(centres)[near],
            even=even[near],
            heights=np.array([read.peaks[dye][i].height for i in near]),
            scans=np.rint(centres[near]).astype(np.int64),
            foreign=_foreign(read, dye, centres)[near],
        )
    return register(kit, peaks, family=read.family, limits=limits)


def _foreign(read: ReadInjection, dye: int, centres: Trace) -> NDArray[np.bool_]:
    """Tell the peaks of a dye that are bleeding, spikes, or too narrow for a fragment."""
    widths = np.array([peak.width for peak in read.peaks[dye]])
    narrow = 100 * widths < TOO_NARROW * usual_widths(read.standard, centres)
    bled = np.array([primary is not None for primary in read.primaries[dye]])
    foreign: NDArray[np.bool_] = narrow | bled | np.array(read.spikes[dye], dtype=np.bool_)
    return foreign


def _is_crowded(read: ReadInjection, kit: Kit, limits: Limits) -> bool:
    """Whether so many fragments stand where the ladders do that it may be one: no person's."""
    if read.sizer is None:
        return False
    found = 0
    for dye in {marker.dye for marker in kit.markers}:
        markers = kit.markers_of(dye, read.family)
        windows = [marker.window(read.family) for marker in markers]
        low, high = min(low for low, _ in windows), max(high for _, high in windows)
        found += sum(
            low <= peak.size <= high and peak.height >= limits.analytical and not peak.spike
            for peak in _sized(read, dye)
        )
    return found >= _CROWDED * sum(len(marker.ladder) for marker in kit.markers)


def _ladder_for(read: ReadInjection, ladders: Sequence[_Ladder]) -> _Ladder | None:
    """Return the ladder to call by: the most alike in migration, whole where others fill it.

    A marker that this ladder does not register is taken from the next most alike. All must be
    run with the same size standard. A ladder is read by itself.
    """
    if read.sizer is None:
        return None
    own = [ladder for ladder in ladders if ladder.read is read]
    if own or read.signal.role is Role.LADDER:
        return next(iter(own), None)
    same = sorted(
        (ladder for ladder in ladders if ladder.read.family == read.family),
        key=lambda ladder: _unlike(read, ladder.read),
    )
    if not same:
        return None
    filled = tuple(
        next((fit for fit in fits if fit.refused is None), fits[0])
        for fits in zip(*(ladder.calls.markers for ladder in same), strict=True)
    )
    return replace(same[0], calls=replace(same[0].calls, markers=filled))


def _unlike(one: ReadInjection, other: ReadInjection) -> float:
    """Return how far the size standard of two injections lies apart, in scans on average."""
    if one.size_fit is None or other.size_fit is None:
        return float("inf")
    places = {peak.size: peak.scan for peak in other.size_fit.peaks}
    apart = [
        abs(peak.scan - places[peak.size]) for peak in one.size_fit.peaks if peak.size in places
    ]
    return sum(apart) / len(apart) if apart else float("inf")


def _called(read: ReadInjection, kit: Kit, limits: Limits, ladder: _Ladder) -> InjectionCalls:
    fits = {fit.marker: fit for fit in ladder.calls.markers}
    facts = list(read.facts)
    is_ladder = read.signal.role is Role.LADDER
    if is_ladder:
        facts += [_ladder_fact(fit) for fit in ladder.calls.markers if fit.refused is not None]
    calls: dict[str, MarkerCall] = {}
    outside: list[Peak] = []
    for dye, row in territories(kit, fits, family=read.family).items():
        peaks = _sized(read, dye)
        for territory in row:
            if is_ladder:
                calls[territory.marker.name] = _rungs(dye, territory.fit)
            else:
                calls[territory.marker.name] = call_marker(territory, peaks, limits)
        if not is_ladder and read.size_fit is not None:
            outside += outside_markers(row, peaks, limits, least=read.size_fit.peaks[0].size)
    markers = tuple(calls[marker.name] for marker in kit.markers)
    return InjectionCalls(
        name=read.signal.name,
        well=read.signal.well,
        role=read.signal.role,
        size_fit=read.size_fit,
        ladder=ladder.calls.name,
        peaks=tuple(
            sorted(
                [*outside, *(peak for call in markers for peak in call.peaks)],
                key=lambda peak: (peak.dye, peak.scan),
            )
        ),
        markers=markers,
        facts=tuple(facts),
    )


def _uncalled(read: ReadInjection, kit: Kit, reason: str) -> InjectionCalls:
    return InjectionCalls(
        name=read.signal.name,
        well=read.signal.well,
        role=read.signal.role,
        size_fit=read.size_fit,
        ladder=None,
        peaks=(),
        markers=tuple(MarkerCall(marker.name, (), (), reason) for marker in kit.markers),
        facts=read.facts,
    )


def _sized(read: ReadInjection, dye: int) -> list[Sized]:
    found = read.peaks[dye]
    if read.sizer is None or not found:
        return []
    centres = np.array([peak.centre for peak in found])
    sizes = read.sizer.sizes_at(centres).tolist()
    widths = usual_widths(read.standard, centres).tolist()
    sized = []
    whence = zip(found, read.primaries[dye], read.spikes[dye], sizes, widths, strict=True)
    for peak, primary, spike, size, usual in whence:
        sized.append(
            Sized(
                dye=dye,
                scan=round(peak.centre),
                size=round(size * BASE_PAIR),
                height=round(peak.height),
                saturated=peak.saturated,
                bled_from=primary.dye if primary is not None else None,
                bled_unknown=primary is not None and primary.saturated,
                width=round(100 * peak.width / usual) if usual else 100,
                spike=spike,
            )
        )
    return sized


def _ladder_fact(fit: LadderFit) -> Fact:
    return Fact(
        "R04",
        "ladder-not-registered",
        {
            "marker": fit.marker,
            "reason": fit.refused or "",
            "missing": ", ".join(fit.missing),
            "correlation": fit.correlation,
        },
    )


def _rungs(dye: int, fit: LadderFit) -> MarkerCall:
    """Show a ladder's rungs as the alleles they are."""
    sure = fit.refused is None
    peaks = tuple(
        Peak(
            dye=dye,
            scan=rung.scan,
            size=rung.size,
            height=rung.height,
            kind=PeakKind.ALLELE if sure else PeakKind.OFF_LADDER,
            marker=fit.marker,
            allele=rung.allele if sure else None,
            residual=0 if sure else None,
            reasons=() if sure else ("ladder-refused",),
        )
        for rung in fit.rungs
    )
    alleles = tuple(rung.allele for rung in fit.rungs) if sure else ()
    return MarkerCall(fit.marker, alleles, peaks, fit.refused)
