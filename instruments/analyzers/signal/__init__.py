# SPDX-License-Identifier: Apache-2.0
"""The machine's own call of raw signal: advisory, beside what readers and other programs call.

Peaks are found in the channels, sized by the size standard, and compared with a ladder of the
same run. What cannot be registered surely is refused, never guessed.
"""

from instruments.analyzers.signal.run import call_run
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
    Rung,
    SizeFit,
    StandardPeak,
    signal_of,
)

__all__ = [
    "Fact",
    "InjectionCalls",
    "InjectionSignal",
    "LadderCalls",
    "LadderFit",
    "Limits",
    "MarkerCall",
    "Peak",
    "PeakKind",
    "Role",
    "RunCalls",
    "Rung",
    "SizeFit",
    "StandardPeak",
    "call_run",
    "signal_of",
]
