# SPDX-License-Identifier: Apache-2.0
"""One ABIF file: what it says of the injection, its channels, and what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from hashlib import sha256
from typing import Literal, NamedTuple

from instruments.analyzers.abif.consumables import (
    AuditRecord,
    Consumable,
    RunConditions,
    audit_records,
    conditions_of,
    consumables_of,
    text_of,
)
from instruments.analyzers.abif.directory import (
    Entries,
    Entry,
    Generation,
    Header,
    Key,
    all_generations,
)
from instruments.analyzers.abif.values import DECODERS, Samples, Value, decode, is_samples
from instruments.analyzers.wells import well_of

# Channel tags by dye: the fifth and later dyes were added behind the first four.
RAW = {1: 1, 2: 2, 3: 3, 4: 4, 5: 105, 6: 106, 7: 107, 8: 108}
ANALYSED = {1: 9, 2: 10, 3: 11, 4: 12, 5: 205, 6: 206, 7: 207, 8: 208}

Signal = Literal["current", "earlier generation", "unreadable"]

_SERIAL = re.compile(r"SerialNumber\s*=\s*([^;]*)")
_RENAMABLE = (
    ("sample name", "SpNm"),
    ("well", "TUBE"),
    ("plate", "CTNM"),
    ("sample type", "STYP"),
    ("size standard", "StdF"),
)


class Dye(NamedTuple):
    """A dye: its number (1 is the first channel), name as written and wavelength in nm."""

    number: int
    name: str
    wavelength: int | None


class Renaming(NamedTuple):
    """A field that reads otherwise in an earlier generation of the file."""

    field: str
    earlier: str
    current: str


@dataclass(frozen=True, eq=False)
class AbifFile:
    """One file of one injection. Values are decoded when asked for."""

    name: str
    content: bytes = field(repr=False)
    header: Header
    directory: Entries = field(repr=False)
    faults: Mapping[Key, str] = field(repr=False)
    signal: Signal
    channels_of: Entries = field(repr=False)
    problems: tuple[str, ...]
    searched: tuple[Generation, ...] | None = field(repr=False, default=None)

    @property
    def version(self) -> int:
        """The format's version times a hundred: 101 or, on 3500 instruments, 300."""
        return self.header.version

    @cached_property
    def generations(self) -> tuple[Generation, ...]:
        """All complete directories in the file, oldest first, the current one last."""
        if self.searched is not None:
            return self.searched
        return all_generations(
            self.content, self.header, self.directory, damaged=self.faults.keys()
        )

    def tag(self, name: str, number: int = 1) -> Value | None:
        """Return the value of a tag; None where it is absent, damaged or cannot be decoded.

        A tag that the current directory holds scrambled comes from the newest plain generation.
        """
        key = (name, number)
        entry = self.directory.get(key)
        if entry is not None and not entry.plain:
            entry = self._plain_earlier(key)
        if entry is None:
            return None
        return decode(self.content, entry.kind, entry.elements, entry.size, entry.offset)

    def values(self) -> dict[Key, Value | None]:
        """Decode every tag of the current directory, channels included, at one go."""
        content, decoder_of = self.content, DECODERS.get
        return {
            key: decoder(content[offset : offset + size], elements)
            if (decoder := decoder_of(kind)) is not None
            else self.tag(*key)
            for key, (_, _, kind, _, elements, size, offset) in self.directory.items()
        }

    def text(self, name: str, number: int = 1) -> str | None:
        """Return the text of a tag without surrounding blanks; None where it says nothing."""
        return text_of(self.tag(name, number))

    def raw(self, dye: int) -> Samples | None:
        """Return the raw samples of a dye (RFU by scan); None where they cannot be read whole."""
        return self._channel(RAW.get(dye))

    def analysed(self, dye: int) -> Samples | None:
        """Return the instrument's own analysed samples of a dye (RFU by scan), or None."""
        return self._channel(ANALYSED.get(dye))

    @property
    def sample_name(self) -> str | None:
        """The name in the sample sheet; SpNm first, since SMPL is the type on 3500 instruments."""
        return self.text("SpNm") or self.text("SMPL")

    @property
    def sample_type(self) -> str | None:
        """The type in the sample sheet; often "Sample" even for ladders and controls."""
        return self.text("STYP")

    @property
    def well(self) -> str | None:
        """The well as letter and two digits, such as A01; None where the file names none."""
        return well_of(self.text("TUBE") or "")

    @property
    def plate(self) -> str | None:
        """The plate's name; absent on old 3100 instruments."""
        return self.text("CTNM") or self.text("CTID")

    @property
    def run_name(self) -> str | None:
        """The run's name, given by the instrument."""
        return self.text("RunN")

    @property
    def injection_name(self) -> str | None:
        """The injection's name, given by 3500 instruments."""
        return self.text("InjN")

    @property
    def instrument_model(self) -> str | None:
        """The model, such as 3100 or 3500."""
        return self.text("MODL")

    @property
    def instrument_name(self) -> str | None:
        """The name that the laboratory gave the instrument; some contain its serial number."""
        return self.text("MCHN")

    @property
    def instrument_serial(self) -> str | None:
        """The serial number in the hardware configuration; None on old instruments."""
        match = _SERIAL.search(self.text("HCFG", 4) or "")
        return (match[1].strip() or None) if match else None

    @property
    def run_started(self) -> datetime | None:
        """When the run started by the instrument's clock, which names no time zone."""
        return self._moment(1)

    @property
    def run_stopped(self) -> datetime | None:
        """When the run stopped by the instrument's clock, which names no time zone."""
        return self._moment(2)

    @property
    def injection_id(self) -> str | None:
        """The injection's unique id; absent on old instruments."""
        return self.text("LIMS")

    @property
    def size_standard(self) -> str | None:
        """The size standard named in the sample sheet."""
        return self.text("StdF")

    @property
    def capillary(self) -> int | None:
        """The capillary or lane, counted from 1."""
        return self._whole("LANE")

    @property
    def dyes(self) -> tuple[Dye, ...]:
        """The dyes in order, those with a channel and those only announced."""
        numbers = set(range(1, min(self._whole("Dye#") or 0, len(RAW)) + 1))
        numbers |= {dye for dye, tag in RAW.items() if ("DATA", tag) in self.channels_of}
        return tuple(
            Dye(dye, self.text("DyeN", dye) or "", self._whole("DyeW", dye))
            for dye in sorted(numbers)
        )

    @property
    def off_scale(self) -> tuple[int, ...]:
        """The scans at which the camera was saturated (OfSc), as the instrument lists them."""
        scans = self.tag("OfSc")
        if isinstance(scans, int):
            return (int(scans),)
        return tuple(int(scan) for scan in scans) if is_samples(scans) else ()

    @property
    def raw_channels_sha256(self) -> str:
        """A hash of all raw channels, to know an injection that has no id."""
        digest = sha256()
        for dye in RAW:
            entry = self.channels_of.get(("DATA", RAW[dye]))
            if entry is not None:
                digest.update(f"{dye} {entry.kind} {entry.elements}\n".encode())
                digest.update(self.content[entry.offset : entry.offset + entry.size])
        return digest.hexdigest()

    @cached_property
    def renamed(self) -> tuple[Renaming, ...]:
        """The fields of the sample sheet that were changed after an earlier save."""
        found: dict[Renaming, None] = {}
        for field_name, tag in _RENAMABLE:
            current = self.text(tag)
            for generation in self.generations:
                earlier = self._text_in(generation, tag)
                if current and earlier and earlier != current:
                    found[Renaming(field_name, earlier, current)] = None
        return tuple(found)

    @property
    def consumables(self) -> tuple[Consumable, ...]:
        """Capillary array, polymer and buffers, as far as the file names them."""
        return consumables_of(self.tag)

    @property
    def conditions(self) -> RunConditions:
        """Voltages, times, laser, temperature and protocols of the run."""
        return conditions_of(self.tag)

    @property
    def audits(self) -> tuple[AuditRecord, ...]:
        """Who saved or changed the file, as its audit tags say."""
        return tuple(
            record
            for number in (1, 2)
            if (text := self.text("AUDT", number))
            for record in audit_records(text)
        )

    def _channel(self, number: int | None) -> Samples | None:
        entry = self.channels_of.get(("DATA", number or 0))
        if entry is None or not entry.holds_samples:
            return None
        samples = decode(self.content, entry.kind, entry.elements, entry.size, entry.offset)
        return samples if is_samples(samples) else None

    def _plain_earlier(self, key: Key) -> Entry | None:
        for generation in reversed(self.generations):
            entry = generation.entries.get(key)
            if entry is not None and entry.plain:
                return entry
        return None

    def _text_in(self, generation: Generation, tag: str) -> str | None:
        entry = generation.entries.get((tag, 1))
        if entry is None or not entry.plain:
            return None
        return text_of(decode(self.content, entry.kind, entry.elements, entry.size, entry.offset))

    def _whole(self, name: str, number: int = 1) -> int | None:
        value = self.tag(name, number)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _moment(self, number: int) -> datetime | None:
        day, clock = self.tag("RUND", number), self.tag("RUNT", number)
        if isinstance(day, date) and isinstance(clock, time):
            # Hundredths are not reliable on old instruments, and no run needs them.
            return datetime.combine(day, clock.replace(microsecond=0))
        return None
