# SPDX-License-Identifier: Apache-2.0
"""Read one injection: its peaks found, told from bleeding and spikes, and its size standard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from instruments.analyzers.kit import Kit, SizeStandard
from instruments.analyzers.signal.bleed import pulled_up, spikes
from instruments.analyzers.signal.channels import prepared
from instruments.analyzers.signal.peaks import RawPeak, find_peaks
from instruments.analyzers.signal.sizing import Sizer, fit_standard
from instruments.analyzers.signal.values import Fact, InjectionSignal, Limits, Role, SizeFit
from instruments.analyzers.size_standards import (
    named_size_standard,
    size_standards_of,
    without_shaky,
)

# The lowest peaks looked for: of a size standard that is too weak, of a ladder's stutter.
_LEAST_STANDARD, _LEAST_LADDER = 30.0, 25.0


@dataclass(frozen=True, eq=False)
class ReadInjection:
    """An injection with its peaks found and sized; its `signal` is without its channels."""

    signal: InjectionSignal
    size_fit: SizeFit | None
    sizer: Sizer | None
    family: str
    peaks: Mapping[int, Sequence[RawPeak]]
    primaries: Mapping[int, Sequence[RawPeak | None]]
    spikes: Mapping[int, Sequence[bool]]
    standard: Sequence[RawPeak]
    facts: tuple[Fact, ...]
    # The families of size standards that have these very sizes, the likeliest first.
    alike: tuple[str, ...] = ()


def read_injection(
    injection: InjectionSignal, kit: Kit, limits: Limits, standards: Sequence[SizeStandard]
) -> ReadInjection:
    channels = prepared(injection)
    # A plate of 96 would hold 50 MB of them until the last is read.
    injection = replace(injection, channels={})
    dye = kit.size_standard_dye
    missing = sorted({d.number for d in kit.dyes} - set(channels))
    if missing:
        fact = Fact("R01", "channels-missing", {"dyes": ", ".join(map(str, missing))})
        return ReadInjection(injection, None, None, "", {}, {}, {}, (), (fact,))
    least = _LEAST_LADDER if injection.role is Role.LADDER else limits.analytical / 2
    peaks = {
        d.number: find_peaks(
            channels[d.number],
            dye=d.number,
            least=_LEAST_STANDARD if d.number == dye else least,
            off_scale=injection.off_scale,
        )
        for d in kit.dyes
    }
    primaries = pulled_up(peaks, limits)
    spiky = spikes(peaks, standard_dye=dye)
    bled = [
        primary is not None or spike
        for primary, spike in zip(primaries[dye], spiky[dye], strict=True)
    ]
    facts: list[Fact] = []
    candidates = _standards_for(injection, kit, standards, facts)
    fits = [
        (
            fit_standard(
                peaks[dye], one, pulled_up=bled, least=limits.size_standard,
                used_from=min(m.ladder[0].size + m.shift(one.family) for m in kit.markers),
            ),
            one,
        )
        for one in candidates
    ]  # fmt: skip
    if not fits:
        facts.append(Fact("R01", "size-standard-unknown", {"kit": kit.name}))
        return ReadInjection(injection, None, None, "", peaks, primaries, spiky, (), tuple(facts))
    (fit, sizer), standard = max(
        fits, key=lambda f: (f[0][0].sized, f[0][0].found / f[0][0].required, f[0][0].correlation)
    )
    facts += _size_facts(fit, limits)
    # Primers saturate in most injections and touch no marker.
    first = fit.peaks[0].scan if fit.peaks else 0
    off_scale = sum(1 for scan in injection.off_scale if scan >= first)
    if off_scale:
        facts.append(Fact("R13", "off-scale", {"scans": off_scale}))
    used = {peak.scan for peak in fit.peaks}
    own = [peak for peak in peaks[dye] if round(peak.centre) in used]
    alike = dict.fromkeys(one.family for one in candidates if one.peaks == standard.peaks)
    return ReadInjection(
        injection, fit, sizer, standard.family, peaks, primaries, spiky, own, tuple(facts),
        alike=tuple(alike),
    )  # fmt: skip


def _standards_for(
    injection: InjectionSignal, kit: Kit, standards: Sequence[SizeStandard], facts: list[Fact]
) -> Sequence[SizeStandard]:
    """Return the standard that the file names if it is one of the kit's, else all of the kit's."""
    if injection.size_standard:
        named = named_size_standard(injection.size_standard, standards, kit=kit)
        if named is not None:
            return (without_shaky(named),)
        facts.append(Fact("NOTE", "size-standard-not-of-kit", {"named": injection.size_standard}))
    return size_standards_of(kit, standards)


def _size_facts(fit: SizeFit, limits: Limits) -> list[Fact]:
    facts = []
    if not fit.sized:
        values = {"found": fit.found, "required": fit.required, "correlation": fit.correlation}
        facts.append(Fact("R01", "size-standard-fit", {"standard": fit.standard, **values}))
    elif not fit.accepted:
        facts.append(
            Fact("R02", "size-standard-low",
                 {"height": fit.lowest_height, "limit": limits.size_standard})
        )  # fmt: skip
    return facts
