# SPDX-License-Identifier: Apache-2.0
"""Time our ABIF reader against Biopython: every tag and every channel of the same files.

Both decode everything into Python values: Biopython numbers into tuples, ours into arrays of the
standard library, whose elements become int objects when they are touched. What it costs to make
lists of all of them too stands beside it as `osteon_as_lists_seconds`.
Files whose channels Biopython cannot decode (.hid) are left out. The last line is one JSON object.
"""

import argparse
import io
import json
import os
import statistics
import struct
import time
import warnings
from array import array
from collections.abc import Callable
from pathlib import Path

from Bio import SeqIO

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.abif.file import RAW
from instruments.analyzers.errors import AnalyzerFileError

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
_DEFAULT_FOLDER = Path(os.environ.get("OSTEON_TEST_DATA", _BESIDE)) / "abif"
_SUFFIXES = frozenset({".fsa", ".ab1", ".hid"})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=_DEFAULT_FOLDER)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    contents = {
        path: path.read_bytes()
        for path in sorted(options.folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
    }
    # Biopython warns of files without a sample name; that is not what is measured.
    warnings.simplefilter("ignore")
    both = [content for content in contents.values() if _both_read(content)]
    print(f"{len(both)} of {len(contents)} files under {options.folder} can be read by both")
    seconds: dict[str, list[float]] = {"osteon": [], "biopython": [], "lists": []}
    for _ in range(options.rounds):
        seconds["osteon"].append(_timed(_read_with_osteon, both))
        seconds["biopython"].append(_timed(_read_with_biopython, both))
        seconds["lists"].append(_timed(_read_with_osteon_as_lists, both))
    ours, theirs = statistics.median(seconds["osteon"]), statistics.median(seconds["biopython"])
    print(
        json.dumps(
            {
                "benchmark": "abif_reading",
                "files": len(both),
                "bytes": sum(map(len, both)),
                "osteon_seconds": round(ours, 6),
                "biopython_seconds": round(theirs, 6),
                "ratio": round(theirs / ours, 2) if both else None,
                "osteon_as_lists_seconds": round(statistics.median(seconds["lists"]), 6),
            }
        )
    )


def _timed(read: Callable[[bytes], object], contents: list[bytes]) -> float:
    started = time.perf_counter()
    for content in contents:
        read(content)
    return time.perf_counter() - started


def _read_with_osteon(content: bytes) -> list[object]:
    abif = read_abif(content, name="file")
    return list(abif.values().values())


def _read_with_osteon_as_lists(content: bytes) -> list[object]:
    return [
        value.tolist() if isinstance(value, array) else value
        for value in _read_with_osteon(content)
    ]


def _read_with_biopython(content: bytes) -> dict[str, object]:
    raw: dict[str, object] = SeqIO.read(io.BytesIO(content), "abi").annotations["abif_raw"]
    return raw


def _both_read(content: bytes) -> bool:
    """Say whether both readers decode the same channels, with the same samples."""
    try:
        ours: AbifFile = read_abif(content, name="file")
        theirs = _read_with_biopython(content)
    except (
        AnalyzerFileError,
        AssertionError,
        ValueError,
        OSError,
        LookupError,
        EOFError,
        struct.error,
    ):
        return False
    raw = {dye: f"DATA{tag}" for dye, tag in RAW.items() if ("DATA", tag) in ours.directory}
    return bool(raw) and all(
        isinstance(theirs.get(channel), tuple)
        and (samples := ours.raw(dye)) is not None
        and tuple(samples) == theirs[channel]
        for dye, channel in raw.items()
    )


if __name__ == "__main__":
    main()
