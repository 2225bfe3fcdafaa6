# SPDX-License-Identifier: Apache-2.0
"""An injection's signal as the viewer draws it, from the channels of its stored file.

The shape is documented at the top of lims/static/js/egram.js.
"""

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.abif import read_abif
from instruments.analyzers.kit import BASE_PAIR, Kit
from instruments.analyzers.signal import InjectionSignal, Role, signal_of
from instruments.analyzers.signal.channels import prepared
from instruments.analyzers.signal.sizing import Sizer
from lims.genotyping.rules.calls import MachineCalls, PeakRead, Thresholds

EVERY = 20
"""Scans between two given sizes; in between the viewer goes straight."""

_SHOWN_KINDS = {
    "allele": "allele", "off-ladder": "off-ladder", "stutter": "stutter", "pull-up": "pull-up",
    "spike": "artefact", "artefact": "artefact",
}  # fmt: skip


def electropherogram(
    content: bytes,
    *,
    name: str,
    kit: Kit,
    calls: MachineCalls,
    ladder: MachineCalls | None,
    thresholds: Thresholds,
) -> dict[str, object]:
    """Return the JSON of the viewer: every dye's signal (RFU by scan), sizes, bins, peaks.

    `ladder` gives the bins. Raises AnalyzerFileError for bytes that are no analyzer file.
    """
    file = read_abif(content, name=name)
    signal = signal_of(file, role=Role.OTHER)
    traces = prepared(signal) if signal.channels else {}
    dyes = []
    for dye in kit.dyes:
        points = traces.get(dye.number)
        if points is None:
            continue
        drawn: dict[str, object] = {
            "number": dye.number, "name": dye.name, "colour": dye.colour,
            "size_standard": dye.number == kit.size_standard_dye, "points": _whole(points),
        }  # fmt: skip
        raw = file.raw(dye.number)
        if raw is not None:
            own = np.asarray(raw, dtype=float)
            drawn["raw"] = _whole(own[signal.first_scan : signal.first_scan + len(points)])
        dyes.append(drawn)
    return {
        "dyes": dyes,
        "bp": _sizes(calls, signal),
        "markers": _markers(kit, calls, ladder),
        "bins": [
            {
                "marker": rung.marker,
                "allele": rung.allele,
                "low": (rung.size - thresholds.bin) / BASE_PAIR,
                "high": (rung.size + thresholds.bin) / BASE_PAIR,
            }
            for rung in (ladder.rungs if ladder is not None else ())
        ],
        "peaks": _peaks(kit, calls),
        "limits": {
            "at": thresholds.analytical,
            "st": thresholds.homozygote,
            "saturation": thresholds.saturation,
        },
        "off_scale": list(signal.off_scale),
    }


def _whole(points: NDArray[np.float64]) -> list[int]:
    whole: list[int] = np.rint(points).astype(int).tolist()
    return whole


def _sizes(calls: MachineCalls, signal: InjectionSignal) -> list[list[float]]:
    """Return scan and size pairs that both grow, within the reach of the size standard."""
    if calls.size is None or not calls.size.sized or not signal.channels:
        return []
    peaks = sorted(calls.size.peaks, key=lambda peak: peak[1])
    sizer = Sizer(
        np.array([scan for _, scan, _ in peaks], dtype=float),
        np.array([size for size, _, _ in peaks], dtype=float) / BASE_PAIR,
    )
    # Beyond the standard its curve may bend back; the viewer goes straight on from the ends.
    scans = np.arange(peaks[0][1], peaks[-1][1] + 1, EVERY, dtype=float)
    scans = np.append(scans, float(peaks[-1][1])) if scans[-1] < peaks[-1][1] else scans
    sizes = sizer.sizes_at(scans)
    pairs: list[list[float]] = []
    for scan, size in zip(scans.tolist(), sizes.tolist(), strict=True):
        if not pairs or size > pairs[-1][1]:
            pairs.append([int(scan), round(size, 2)])
    return pairs


def _markers(kit: Kit, calls: MachineCalls, ladder: MachineCalls | None) -> list[dict[str, object]]:
    standard = calls.size.standard if calls.size is not None else ""
    rungs: dict[str, list[int]] = {}
    for rung in ladder.rungs if ladder is not None else ():
        rungs.setdefault(rung.marker, []).append(rung.size)
    found = []
    for marker in kit.markers:
        low, high = marker.window(standard)
        own = rungs.get(marker.name)
        if own:
            reach = marker.repeat * BASE_PAIR
            low, high = min(own) - reach, max(own) + reach
        found.append(
            {
                "name": marker.name, "dye": marker.dye,
                "low": low / BASE_PAIR, "high": high / BASE_PAIR,
            }
        )  # fmt: skip
    return found


def _kind(calls: MachineCalls, peak: PeakRead) -> str:
    """Return how a peak is drawn: at a locus that the machine refused, nothing is called."""
    locus = calls.locus(peak.marker)
    if peak.kind == "allele" and locus is not None and locus.refused:
        return "not-called"
    return _SHOWN_KINDS[peak.kind]


def _peaks(kit: Kit, calls: MachineCalls) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {
            "dye": peak.dye,
            "scan": peak.scan,
            "bp": None if peak.size is None else peak.size / BASE_PAIR,
            "height": peak.height,
            "marker": peak.marker,
            "allele": peak.allele,
            "kind": _kind(calls, peak),
        }
        for peak in calls.peaks
        if peak.kind in _SHOWN_KINDS
    ]
    if calls.size is not None:
        found += [
            {
                "dye": kit.size_standard_dye, "scan": scan, "bp": size / BASE_PAIR,
                "height": height, "marker": "", "allele": f"{size / BASE_PAIR:g}", "kind": "size",
            }
            for size, scan, height in calls.size.peaks
        ]  # fmt: skip
    return found
