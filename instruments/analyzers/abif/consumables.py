# SPDX-License-Identifier: Apache-2.0
"""Reagents, settings and audit records that 3500 instruments write into each file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from instruments.analyzers.abif.values import Value

Tag: TypeAlias = Callable[[str], Value | None]

# First two letters of the tags (ABIF schema of the 3500, 2009), by what is meant.
_CONSUMABLES = {
    "capillary array": "CA",
    "polymer": "SM",
    "anode buffer": "AB",
    "cathode buffer": "CB",
}
_DAY = re.compile(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_ATTRIBUTE = re.compile(r'([A-Z_]+)\s*=\s*"([^"]*)"')
_RECORD = re.compile(r"<DATA_AUDIT\b([^>]*)>")


@dataclass(frozen=True)
class Consumable:
    """One consumable on the instrument; `expires_text` keeps the file's own words."""

    kind: str
    lot: str | None
    serial: str | None
    installed: date | None
    expires: date | None
    expires_text: str | None
    runs: int | None  # injections or runs since installation


@dataclass(frozen=True)
class RunConditions:
    """How the injection was run; None where the file does not say."""

    injection_volts: int | None
    injection_seconds: int | None
    run_volts: int | None
    laser_microwatts: int | None
    celsius: int | None
    centimetres_to_detector: int | None
    run_module: str | None
    run_protocol: str | None
    assay: str | None
    polymer: str | None
    operator: str | None


@dataclass(frozen=True)
class AuditRecord:
    """One act on the file that the instrument's software recorded, its attributes as written."""

    attributes: tuple[tuple[str, str], ...]

    @property
    def operation(self) -> str | None:
        """INSERT or UPDATE, as the software names it."""
        return dict(self.attributes).get("AUDIT_OPERATION")

    @property
    def reason(self) -> str | None:
        """The reason for the change that the operator gave; None where the record has none."""
        reason = dict(self.attributes).get("AUDIT_REASON_FOR_CHANGE")
        return None if reason in ("", "NULL:") else reason


def consumables_of(tag: Tag) -> tuple[Consumable, ...]:
    """Collect the consumables that the file names."""
    found = []
    for kind, prefix in _CONSUMABLES.items():
        expires_text = text_of(tag(f"{prefix}ED"))
        consumable = Consumable(
            kind=kind,
            lot=text_of(tag(f"{prefix}Lt")),
            serial=text_of(tag("CASN")) if prefix == "CA" else None,
            installed=_day(text_of(tag(f"{prefix}ID"))),
            expires=_day(expires_text),
            expires_text=expires_text,
            runs=_whole(tag(f"{prefix}Rn")),
        )
        if consumable.lot or consumable.serial or expires_text:
            found.append(consumable)
    return tuple(found)


def conditions_of(tag: Tag) -> RunConditions:
    """Collect the settings of the run."""
    return RunConditions(
        injection_volts=_whole(tag("InVt")),
        injection_seconds=_whole(tag("InSc")),
        run_volts=_whole(tag("EPVt")),
        laser_microwatts=_whole(tag("LsrP")),
        celsius=_whole(tag("Tmpr")),
        centimetres_to_detector=_whole(tag("LNTD")),
        run_module=text_of(tag("RMdN")) or text_of(tag("MODF")),
        run_protocol=text_of(tag("RPrN")),
        assay=text_of(tag("AsyN")),
        polymer=text_of(tag("GTyp")),
        operator=text_of(tag("User")),
    )


def audit_records(text: str) -> tuple[AuditRecord, ...]:
    """Read the DATA_AUDIT elements of an AUDT tag."""
    return tuple(
        AuditRecord(tuple(_ATTRIBUTE.findall(match.group(1)))) for match in _RECORD.finditer(text)
    )


def text_of(value: Value | None) -> str | None:
    """Return trimmed text, or None for what is no text or says nothing."""
    if not isinstance(value, str):
        return None
    return value.strip(" \t\r\n\x00") or None


def _whole(value: Value | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _day(text: str | None) -> date | None:
    match = _DAY.match(text) if text else None
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
