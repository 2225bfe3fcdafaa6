# SPDX-License-Identifier: Apache-2.0
"""Write synthetic injections as ABIF files, for demonstrations and for tests without real runs."""

import re
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from instruments.analyzers.kit import Kit, KitError, SizeStandard
from instruments.analyzers.synthetic import (
    DrawnSignal,
    Role,
    Signal,
    SyntheticInjection,
    SyntheticInstrument,
    draw_signal,
    seeded,
)

# Element types of the ABIF specification (Applied Biosystems, 2006 and 2009).
_BYTE, _CHAR, _SHORT, _LONG, _DATE, _TIME, _PSTRING, _CSTRING = 1, 2, 4, 5, 10, 11, 18, 19
_ELEMENT_SIZE = {
    _BYTE: 1, _CHAR: 1, _SHORT: 2, _LONG: 4, _DATE: 4, _TIME: 4, _PSTRING: 1, _CSTRING: 1,
}  # fmt: skip
_HEADER = 128
_RAW_TAGS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 105, 6: 106}
_ANALYSED_TAGS = {1: 9, 2: 10, 3: 11, 4: 12, 5: 205, 6: 206}
_MINUTES_PER_INJECTION = 45
_ROWS, _COLUMNS = "ABCDEFGH", range(1, 13)


@dataclass(frozen=True)
class SyntheticWell:
    """A well of a synthetic plate: `A1` or `A01`, the sample's name, its role, its alleles."""

    well: str
    name: str
    role: Role
    genotype: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    height: int = 1600
    dropout: tuple[tuple[str, str], ...] = ()
    overloaded: bool = False


def synthetic_run(
    kit: Kit,
    wells: Sequence[SyntheticWell],
    *,
    size_standard: SizeStandard,
    plate: str,
    instrument: SyntheticInstrument,
    started: datetime,
    seed: int,
) -> dict[str, bytes]:
    """Return the files of a run, file name to content, in the order of injection.

    Wells are injected column by column, as many at a time as the analyzer has capillaries.
    `started` is the laboratory's local time. The same arguments give the same bytes. Raises
    KitError for a well that is named twice or does not exist on a plate of 96.
    """
    places = [_place(well.well) for well in wells]
    if len(set(places)) != len(places):
        raise KitError("well-twice", plate=plate)
    files: dict[str, bytes] = {}
    for index, (place, well) in enumerate(sorted(zip(places, wells, strict=True), key=_place_of)):
        turn, capillary = divmod(index, instrument.capillaries)
        column, row = place
        label = f"{_ROWS[row]}{column:02d}" if instrument.is_3500 else f"{_ROWS[row]}{column}"
        injection = SyntheticInjection(
            kit=kit,
            size_standard=size_standard,
            instrument=instrument,
            name=well.name,
            well=label,
            plate=plate,
            role=well.role,
            genotype=well.genotype,
            started=started + timedelta(minutes=_MINUTES_PER_INJECTION * turn),
            seed=seed,
            capillary=capillary + 1,
            injection=turn + 1,
            height=well.height,
            dropout=well.dropout,
            overloaded=well.overloaded,
        )
        stem = re.sub(r"[^A-Za-z0-9._+-]", "_", well.name)
        suffix = "hid" if instrument.is_3500 else "fsa"
        name = f"{stem}_{_ROWS[row]}{column:02d}_{capillary + 1:02d}.{suffix}"
        files[name] = write_abif(injection)
    return files


def write_abif(run: SyntheticInjection) -> bytes:
    """Return an ABIF file: version 3.00 for the 3500 series, else 1.01."""
    return _file(300 if run.instrument.is_3500 else 101, _tags(run, draw_signal(run)))


@dataclass(frozen=True)
class _Tag:
    name: str
    number: int
    kind: int
    content: bytes

    @property
    def count(self) -> int:
        return len(self.content) // _ELEMENT_SIZE[self.kind]


def _tags(run: SyntheticInjection, signal: DrawnSignal) -> list[_Tag]:
    kit, instrument = run.kit, run.instrument
    text = _cstring if instrument.is_3500 else _pstring
    ended = run.started + timedelta(minutes=_MINUTES_PER_INJECTION - 3)
    run_name = f"Run {run.started:%Y-%m-%d-%H-%M-%S}"
    identity = uuid.UUID(
        int=seeded(f"{run.seed}:{run.plate}:{run.well}:{run.name}").getrandbits(128),
        version=4,
    )
    tags = [
        _pstring("SpNm", 1, run.name),
        _pstring("SMPL", 1, "Sample" if instrument.is_3500 else run.name),
        _pstring("TUBE", 1, run.well),
        text("CTNM", 1, run.plate),
        text("CTID", 1, run.plate),
        text("CTOw", 1, "synthetic"),
        text("PTYP", 1, "96-Well"),
        _pstring("LIMS", 1, str(identity)),
        text("RunN", 1, run_name),
        text("InjN", 1, f"Injection {run.injection}"),
        text("RGNm", 1, run.plate),
        _chars("MODL", 1, instrument.model[:4].ljust(4)),
        text("HCFG", 1, "CE"),
        text("HCFG", 2, "35XX" if instrument.is_3500 else "31XX"),
        text("HCFG", 3, instrument.model),
        text("HCFG", 4, f"SerialNumber={instrument.serial};SyntheticSignal=yes"),
        _pstring("MCHN", 1, instrument.name),
        _pstring("SVER", 1, "Osteon synthetic signal 1"),
        _pstring("CMNT", 1, "Synthetic: drawn by a program, no person's DNA"),
        _short("LANE", 1, run.capillary),
        _short("NLNE", 1, instrument.capillaries),
        _short("Dye#", 1, len(kit.dyes)),
        _pstring("DySN", 1, {4: "F", 5: "G5", 6: "J6"}.get(len(kit.dyes), "Any5Dye")),
        _pstring("StdF", 1, run.size_standard.name),
        _long("SCAN", 1, signal.raw.shape[1]),
    ]
    if instrument.is_3500:
        tags.append(_cstring("STYP", 1, "Sample"))
    for number, moment in enumerate((run.started, ended, run.started, ended), start=1):
        tags.append(_Tag("RUND", number, _DATE, _date(moment)))
        tags.append(_Tag("RUNT", number, _TIME, _time(moment)))
    names = {dye.number: dye.name for dye in kit.dyes}
    for index, dye in enumerate(signal.dyes):
        tags.append(_pstring("DyeN", dye, names[dye]))
        tags.append(_samples("DATA", _RAW_TAGS[dye], signal.raw[index]))
        if run.analysed:
            tags.append(_samples("DATA", _ANALYSED_TAGS[dye], signal.analysed[index]))
    for number, level in enumerate((150, 100, 15, 60), start=5):
        tags.append(_samples("DATA", number, np.full(420, float(level))))
    if signal.off_scale:
        scans = struct.pack(f">{len(signal.off_scale)}i", *signal.off_scale)
        tags.append(_Tag("OfSc", 1, _LONG, scans))
    return sorted(tags, key=lambda tag: (tag.name, tag.number))


def _file(version: int, tags: Sequence[_Tag]) -> bytes:
    """Lay out header, contents and, last, the directory, as the analyzers do."""
    contents = bytearray(_HEADER)
    entries = bytearray()
    for tag in tags:
        head = struct.pack(
            ">4siHHii", tag.name.encode("ascii"), tag.number, tag.kind, _ELEMENT_SIZE[tag.kind],
            tag.count, len(tag.content),
        )  # fmt: skip
        if len(tag.content) <= 4:
            place = tag.content.ljust(4, b"\0")
        else:
            place = struct.pack(">i", len(contents))
            contents += tag.content
        entries += head + place + bytes(4)
    root = struct.pack(
        ">4sh4siHHiiii", b"ABIF", version, b"tdir", 1, 1023, 28, len(tags), len(entries),
        len(contents), 0,
    )  # fmt: skip
    contents[: len(root)] = root
    return bytes(contents + entries)


def _pstring(name: str, number: int, value: str) -> _Tag:
    encoded = value.encode("utf-8")[:255]
    return _Tag(name, number, _PSTRING, bytes([len(encoded)]) + encoded)


def _cstring(name: str, number: int, value: str) -> _Tag:
    return _Tag(name, number, _CSTRING, value.encode("utf-8") + b"\0")


def _chars(name: str, number: int, value: str) -> _Tag:
    return _Tag(name, number, _CHAR, value.encode("ascii"))


def _short(name: str, number: int, value: int) -> _Tag:
    return _Tag(name, number, _SHORT, struct.pack(">h", value))


def _long(name: str, number: int, value: int) -> _Tag:
    return _Tag(name, number, _LONG, struct.pack(">i", value))


def _samples(name: str, number: int, values: Signal) -> _Tag:
    return _Tag(name, number, _SHORT, np.rint(values).astype(">i2").tobytes())


def _date(moment: datetime) -> bytes:
    return struct.pack(">hBB", moment.year, moment.month, moment.day)


def _time(moment: datetime) -> bytes:
    return struct.pack(">BBBB", moment.hour, moment.minute, moment.second, 0)


def _place(well: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-H])0?(\d{1,2})", well.upper())
    if match is None or int(match[2]) not in _COLUMNS:
        raise KitError("well-unknown", well=well)
    return int(match[2]), _ROWS.index(match[1])


def _place_of(pair: tuple[tuple[int, int], SyntheticWell]) -> tuple[int, int]:
    return pair[0]
