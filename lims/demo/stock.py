# SPDX-License-Identifier: Apache-2.0
"""Stations, procedures, lots and instruments of the demonstration, each with its printed label."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import read_payload
from lims.core.scans import StationKind
from lims.equipment.operations import install_consumable, register_instrument
from lims.equipment.rules import ConsumableKind, InstrumentKind
from lims.people.operations import add_station, issue_agent_key
from lims.people.rules import Activity, Line
from lims.preparation.operations import register_tool
from lims.preparation.rules import ToolKind
from lims.printing.operations import (
    lease_labels,
    queue_label,
    record_print_outcome,
    scan_label,
)
from lims.printing.rules import PrintOutcome
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.reagents.queries import reagent_named
from lims.reagents.rules import ReagentUnit
from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind

DPI = 300
"""What the virtual printers print, and at what the pictures of labels are drawn."""


@dataclass(frozen=True)
class Bench:
    """A station of the fictional laboratory; `key` is how the demonstration calls it."""

    key: str
    kind: StationKind
    name: str
    name_ar: str
    line: Line | None = None


BENCHES = (
    Bench("intake", StationKind.INTAKE, "Intake", "الاستلام"),
    Bench("reception", StationKind.RECEPTION, "Laboratory reception", "استقبال المختبر"),
    Bench(
        "bones", StationKind.PREPARATION, "Preparation of bones", "تحضير عيّنات العظم", Line.BONE
    ),
    Bench(
        "references", StationKind.PREPARATION, "Preparation of references",
        "تحضير العيّنات المرجعية", Line.REFERENCE,
    ),
    Bench("extraction", StationKind.EXTRACTION, "Extraction", "الاستخلاص"),
    Bench("quantification", StationKind.QUANTIFICATION, "Quantification", "التقدير الكمّي"),
    Bench("amplification", StationKind.AMPLIFICATION, "Amplification", "التضخيم"),
    Bench("injection", StationKind.INJECTION, "Genetic analyzer", "المحلّل الجيني"),
    Bench("storage", StationKind.STORAGE, "Cold store", "المخزن المبرّد"),
    Bench("handover", StationKind.HANDOVER, "Hand-overs", "التسليم والاستلام"),
)  # fmt: skip

PROCEDURES = (
    ("pr-bone", 3),
    ("pr-reference", 2),
    ("ex-bone-silica", 7),
    ("ex-reference-direct", 2),
    ("qu-real-time", 3),
    ("am-globalfiler", 5),
    ("in-capillary", 4),
)
"""The shipped examples that the demonstration works by, and the numbers of their versions."""


@dataclass(frozen=True)
class Reagent:
    """A lot; `days` until it expires, negative where it has."""

    key: str
    reagent: str
    activity: Activity
    number: str
    days: int = 400
    released: bool = True
    unit: ReagentUnit = ReagentUnit.NANOLITRE
    containers: int = 2
    each: int = 100_000_000
    storage: str = "-20 °C"
    open_days: int | None = None


KIT = "GlobalFiler"
"""The kit of the path that the run-through takes."""

LOTS = (
    Reagent(
        "bleach",
        "Sodium hypochlorite",
        Activity.PREPARATION,
        "SH-0815",
        storage="20 °C",
    ),
    Reagent("buffer", "Demineralisation buffer", Activity.EXTRACTION, "DB-2201", storage="20 °C"),
    Reagent("proteinase", "Proteinase K", Activity.EXTRACTION, "PK-0917", open_days=180),
    Reagent("expired", "Proteinase K", Activity.EXTRACTION, "PK-0411", days=-12),
    Reagent("unreleased", "Proteinase K", Activity.EXTRACTION, "PK-1102", released=False),
    Reagent(
        "quantifiler",
        "Quantifiler Trio kit",
        Activity.QUANTIFICATION,
        "QT-3310",
        unit=ReagentUnit.REACTION,
        each=400,
    ),
    Reagent(
        "kit",
        "GlobalFiler kit",
        Activity.AMPLIFICATION,
        "GF-7714",
        unit=ReagentUnit.REACTION,
        each=400,
    ),
    Reagent("control", "Positive control DNA007", Activity.AMPLIFICATION, "C7-1180"),
    Reagent(
        "other kit",
        "Identifiler kit",
        Activity.AMPLIFICATION,
        "ID-5512",
        unit=ReagentUnit.REACTION,
        each=400,
    ),
    Reagent("other control", "Positive control 9947A", Activity.AMPLIFICATION, "C9-0420"),
    Reagent("ladder", "GlobalFiler ladder", Activity.INJECTION, "GL-2265"),
    Reagent("standard", "GS600 LIZ size standard", Activity.INJECTION, "SZ-0608"),
)


@dataclass(frozen=True)
class Tool:
    """An instrument; `days` until its calibration is due, negative where it is overdue."""

    key: str
    name: str
    activity: Activity
    serial: str
    days: int = 200
    kind: InstrumentKind = InstrumentKind.OTHER


TOOLS = (
    Tool("shaker", "Incubation shaker", Activity.EXTRACTION, "SH-104"),
    Tool(
        "overdue", "Pipette 20-200", Activity.EXTRACTION, "PI-077", days=-5,
        kind=InstrumentKind.PIPETTE,
    ),
    Tool(
        "cycler", "Real-time cycler", Activity.QUANTIFICATION, "RC-310",
        kind=InstrumentKind.QUANTIFIER,
    ),
    Tool(
        "thermocycler", "Thermal cycler", Activity.AMPLIFICATION, "TC-221",
        kind=InstrumentKind.CYCLER,
    ),
    Tool(
        "analyzer", "Genetic analyzer", Activity.INJECTION, "SYN-0001",
        kind=InstrumentKind.ANALYZER,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """What is on the analyzer; `days` until it expires, and how much it may do."""

    kind: ConsumableKind
    number: str
    days: int
    most_injections: int | None = None
    most_runs: int | None = None


CONSUMABLES = (
    Fitted(ConsumableKind.ARRAY, "AR-3301", 300, most_injections=20_000),
    Fitted(ConsumableKind.POLYMER, "PO-1207", 60, most_injections=9_600),
    Fitted(ConsumableKind.ANODE_BUFFER, "AB-0441", 90, most_runs=500),
    Fitted(ConsumableKind.CATHODE_BUFFER, "CB-0442", 90, most_runs=500),
    Fitted(ConsumableKind.SEPTA, "SE-0090", 400, most_runs=500),
)

SHELF = "R1-S1"
"""The shelf on which bags of bones lie."""

_PRINTED_AT = {
    Activity.PREPARATION: "bones",
    Activity.EXTRACTION: "extraction",
    Activity.QUANTIFICATION: "quantification",
    Activity.AMPLIFICATION: "amplification",
    Activity.INJECTION: "injection",
}


@dataclass(frozen=True)
class OpenedBench:
    """A station as the demonstration keeps it: its code and its agent's key."""

    key: str
    code: str
    agent_key: str


def open_benches(session: Session, *, by: Actor, at: datetime) -> dict[str, OpenedBench]:
    """Open every station and issue its agent's key; returns them by their keys."""
    opened = {}
    for bench in BENCHES:
        station = add_station(
            session, kind=bench.kind, name=bench.name, name_ar=bench.name_ar, line=bench.line,
            by=by, at=at,
        )  # fmt: skip
        key = issue_agent_key(session, station, by=by, at=at)
        opened[bench.key] = OpenedBench(bench.key, station.code, key)
    return opened


def fill_stock(
    session: Session,
    stations: Mapping[str, str],
    *,
    by: Actor,
    second: Actor,
    began: datetime,
    today: date,
) -> dict[str, str]:
    """Register procedures, lots, instruments and places of storage; queue labels of lots and tools.

    `stations` are codes by key, `by` a manager, `second` approves what they wrote. All came when
    the laboratory `began`; their days count from `today`. Returns the codes of all but procedures
    by key.
    """
    at = began
    examples = files("lims") / "data" / "procedures"
    for name, version in PROCEDURES:
        drafted = draft_procedure(
            session, (examples / f"{name}.toml").read_text("utf-8"), version=version,
            reason="the laboratory begins", by=by, at=at,
        )  # fmt: skip
        approve_procedure(session, drafted.id, by=second, at=at)
    codes = {}
    for lot in LOTS:
        expires = today + timedelta(days=lot.days)
        reagent = reagent_named(session, lot.reagent, lot.activity) or add_reagent(
            session, name=lot.reagent, activity=lot.activity, unit=lot.unit, storage=lot.storage,
            open_days=lot.open_days, by=by, at=at,
        )  # fmt: skip
        code = receive_lot(
            session, reagent.id, number=lot.number, expires=expires, containers=lot.containers,
            each=lot.each, condition="intact, cold", by=by, at=at,
        )  # fmt: skip
        if lot.released:
            release_lot(session, code, tested="a known sample and a blank", by=second, at=at)
        queue_label(
            session, code, layout="reagent lot", station=stations[_PRINTED_AT[lot.activity]],
            kind=lot.reagent, line1=lot.number, line2=expires.isoformat(), by=by, at=at,
        )  # fmt: skip
        codes[lot.key] = code
    for tool in TOOLS:
        code = register_instrument(
            session, name=tool.name, activity=tool.activity, serial=tool.serial,
            kind=tool.kind, calibration_due=today + timedelta(days=tool.days), by=by, at=at,
        )  # fmt: skip
        queue_label(
            session, code, layout="reagent lot", station=stations[_PRINTED_AT[tool.activity]],
            kind=tool.name, line1=tool.serial, by=by, at=at,
        )  # fmt: skip
        codes[tool.key] = code
    for consumable in CONSUMABLES:
        install_consumable(
            session, codes["analyzer"], kind=consumable.kind, number=consumable.number,
            expires=today + timedelta(days=consumable.days), by=by, at=at,
            most_injections=consumable.most_injections, most_runs=consumable.most_runs,
        )  # fmt: skip
    codes["mill"] = register_tool(
        session, kind=ToolKind.MILL, name="Mill 1", station=stations["bones"], by=by, at=at
    )
    return codes | _add_places(session, stations["storage"], by=by, at=at)


def _add_places(session: Session, station: str, *, by: Actor, at: datetime) -> dict[str, str]:
    codes = {}
    room = add_place(session, kind=PlaceKind.ROOM, name="Cold room 1", by=by, at=at)
    for freezer, takes in (("F1", BoxUse.PARTS), ("F2", BoxUse.EXTRACTS)):
        inner = add_place(session, kind=PlaceKind.FREEZER, name=freezer, parent=room, by=by, at=at)
        for number in (1, 2):
            name = f"{freezer}-B{number:02}"
            codes[name] = add_place(
                session, kind=PlaceKind.BOX, name=name, parent=inner, rows=9, columns=9,
                takes=takes, by=by, at=at,
            )  # fmt: skip
    codes[SHELF] = add_place(session, kind=PlaceKind.SHELF, name=SHELF, parent=room, by=by, at=at)
    for name, code in codes.items():
        queue_label(
            session, code, layout="shelf" if name == SHELF else "box", station=station, kind=name,
            line1="Cold room 1", by=by, at=at,
        )  # fmt: skip
    return codes


@dataclass(frozen=True)
class PrintedLabel:
    """A label as it came out of a station's printer; `number` is the odometer after it."""

    station: str
    number: int
    zpl: bytes


def print_queue(
    session: Session,
    stations: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    counted: bool = True,
) -> list[PrintedLabel]:
    """Print every label that waits and scan it back, as agents and people would have done.

    The stock of a laboratory that is at work stands labelled on its benches; the pictures of
    these labels go to the virtual printers. `counted`: the printers are new, and count from 0.
    """
    printed = []
    for station in stations.values():
        agent = Actor(f"a:{station}")
        for number, lease in enumerate(
            lease_labels(session, station, dpi=DPI, by=agent, at=at, limit=100), start=1
        ):
            for outcome in (PrintOutcome.INTENT, PrintOutcome.SENT, PrintOutcome.PRINTED):
                record_print_outcome(
                    session, lease.payload, outcome, station=station, fence=lease.fence, by=agent,
                    at=at, before=number - 1 if counted else None,
                    after=number if counted else None,
                )  # fmt: skip
            scan_label(session, read_payload(lease.payload), station=station, by=by, at=at)
            printed.append(PrintedLabel(station, number, lease.content))
    return printed


def keep_printed(folder: Path, printed: list[PrintedLabel]) -> None:
    """Lay the labels where the virtual printers keep what they printed."""
    for label in printed:
        place = folder / "devices" / f"{label.station}-printed"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place / f"{label.number:06}.zpl").write_bytes(label.zpl)
        (place / "odometer").write_text(str(label.number), "ascii")
