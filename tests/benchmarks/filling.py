# SPDX-License-Identifier: Apache-2.0
"""The rows of a laboratory of any size: samples, tubes, events, possession, places, labels.

They are what the operations would have written, and the ledger verifies; made in bulk, because a
million samples by the operations take a day.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lims.core.codes import ALPHABET, Kind, draw_code
from lims.custody import verifier
from lims.custody.rules import GONE, Tag, fork_of
from lims.storage.rules import PlaceKind, order_key, positions_of
from tests.benchmarks.loading import COLUMNS_OF, Loader

BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001  # written as text, in UTC
EVERY = timedelta(seconds=2)
"""So long after the event before it comes an event."""

EVENTS_OF_A_SAMPLE = 10
INTAKE = 500
"""So many samples are coded, accepted, worked on and stored together."""

WITH_TUBES = 100
"""Of so many samples one has powder and an extract."""

ROWS, COLUMNS = 8, 12
INSIDE = {PlaceKind.RACK: 25, PlaceKind.SHELF: 5, PlaceKind.FREEZER: 4, PlaceKind.ROOM: 4}
"""How many of the next smaller kind stand in one."""

MASS_UG, POWDER_UG, EXTRACT_NL = 5_000_000, 500_000, 50_000

ASKED = 500
"""So many of each are kept to be asked after."""


@dataclass(frozen=True)
class Stage:
    """Who and where: actors' ids, stations' codes, the procedure's number, the ledger's name."""

    coordinator: str
    technicians: tuple[str, ...]
    intake: str
    reception: str
    extraction: str
    procedure: int
    origin: str


@dataclass(frozen=True)
class Size:
    """How many samples, and how many of them the last, coded and labelled, wait for acceptance."""

    samples: int
    waiting: int

    @property
    def tubes(self) -> int:
        """How many samples have powder and an extract."""
        return (self.samples - self.waiting) // WITH_TUBES

    @property
    def boxes(self) -> int:
        """How many boxes hold all that is stored."""
        return -(-(self.samples - self.waiting + self.tubes) // (ROWS * COLUMNS))


@dataclass(frozen=True)
class Filled:
    """What to ask after: some of each, the payloads that wait, the frontier of the ledger."""

    samples: list[str]
    extracts: list[str]
    boxes: list[str]
    racks: list[str]
    waiting: list[str]
    events: int
    frontier: bytes
    ends: datetime


class Filling:
    """Writes the rows of one laboratory."""

    def __init__(self, loader: Loader, stage: Stage, size: Size, frontier: bytes, at: int) -> None:
        self._loader, self._stage, self._size = loader, stage, size
        self._random = random.Random(20260314)  # noqa: S311  # repeatable
        self._tree = verifier.Frontier(
            at, (frontier[start : start + 32] for start in range(0, len(frontier), 32))
        )
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in COLUMNS_OF}
        self._known: set[str] = set()
        self._number = 0
        self._last: dict[str, tuple[int, str]] = {}
        self._held: dict[str, tuple[int, str, str, str, datetime, str]] = {}
        self._boxes: list[str] = []
        self._racks: list[str] = []
        self._stood = 0
        self._made: dict[str, datetime] = {}
        self._payloads: dict[str, str] = {}
        self._samples: list[str] = []
        self._extracts: list[str] = []
        self._waiting: list[str] = []
        self._positions = positions_of(ROWS, COLUMNS)

    def run(self) -> Iterator[int]:
        """Write everything; yields how many samples are done. Then ask `filled`."""
        self._places()
        for start in range(0, self._size.samples, INTAKE):
            end = min(start + INTAKE, self._size.samples)
            self._intake(range(start, end))
            yield end
        self._flush(at_least=1)

    filled: Filled

    def _places(self) -> None:
        def add(kind: PlaceKind, number: int, parent: str | None) -> str:
            code, name = self._code(Kind.CONTAINER), f"{kind.value} {number}"
            box = kind is PlaceKind.BOX
            self._add("subject", code, "C", "in use", _text(BEGIN))
            self._add(
                "place", code, kind.value, name, parent, ROWS if box else None,
                COLUMNS if box else None, "anything", _text(BEGIN), order_key(name),
            )  # fmt: skip
            self._add("place_stay", code, parent, name, _text(BEGIN), self._stage.technicians[0])
            self._label(code, "place", BEGIN)
            return code

        site = add(PlaceKind.SITE, 1, None)
        wanted = self._size.boxes
        counts = {PlaceKind.BOX: wanted}
        below = PlaceKind.BOX
        for kind, inside in INSIDE.items():
            counts[kind] = -(-counts[below] // inside)
            below = kind
        level = [site]
        each = counts[PlaceKind.ROOM]
        for kind in (*reversed(INSIDE), PlaceKind.BOX):
            level = [add(kind, n + 1, level[n // each]) for n in range(counts[kind])]
            each = INSIDE.get(kind, 1)
            if kind is PlaceKind.RACK:
                self._racks = level
        self._boxes = level

    def _intake(self, which: range) -> None:
        """Code, accept, work on and store some samples, step by step and each step for all."""
        stage, waits_from = self._stage, self._size.samples - self._size.waiting
        bones = [self._code(Kind.BONE) for _ in which]
        by = [stage.technicians[number % len(stage.technicians)] for number in which]
        for code in bones:
            at, event = self._event(
                code, Tag.SAMPLE_CODE_GIVEN, stage.coordinator, "",
                f'{{"element":"femur","held_at":"","held_by":"{stage.coordinator}","line":"bone",'
                f'"mass_ug":{MASS_UG},"material":"bone","side":"left","state":"coded"}}',
            )  # fmt: skip
            self._pass(code, stage.coordinator, "", "", at, event)
            self._made[code] = at
            self._amount(code, "ug", MASS_UG, at, stage.coordinator)
        for code in bones:
            payload = self._label(code, "bone bag", self._made[code])
            self._event(
                code, Tag.LABEL_INSTANCE_VERIFIED, stage.coordinator, stage.intake,
                f'{{"label":"{payload}"}}',
            )  # fmt: skip
            self._payloads[code] = payload
        working = [
            (number, code, who)
            for number, code, who in zip(which, bones, by, strict=True)
            if number < waits_from
        ]
        accepted: dict[str, tuple[datetime, str]] = {}
        for _, code, who in working:
            at, event = self._event(
                code, Tag.SAMPLE_ITEM_ACCEPTED, who, stage.reception,
                f'{{"from":"coded","held_at":"{stage.reception}","held_by":"{who}",'
                '"to":"accepted"}',
            )  # fmt: skip
            self._pass(code, who, stage.reception, "", at, event)
            accepted[code] = at, who
            self._add(
                "scan_record", f"old-scan-of-the-past-{event}", stage.reception, "scan", "serial",
                self._payloads[code], "", "]d1", "/dev/x", "", _text(at), "accepted", "{}",
                "[]", "",
            )  # fmt: skip
        for code in bones:
            at, who = accepted.get(code, (None, None))
            made = _text(self._made[code])
            self._add("subject", code, "B", "coded" if at is None else "profiled", made)
            self._add(
                "sample", code, "bone", "bone", "femur", "left", MASS_UG, "?", "", "", "free",
                made, stage.coordinator, None if at is None else _text(at), who,
            )  # fmt: skip
        self._tubes([(code, who) for number, code, who in working if number % WITH_TUBES == 0])
        for _, code, who in working:
            self._store(code, who, Tag.SAMPLE_ITEM_MOVED, "")
        notes = EVENTS_OF_A_SAMPLE - 4
        for note in range(notes):
            said = '{"from":"accepted","to":"profiled"}' if note == notes - 1 else '{"why":"seen"}'
            for _, code, who in working:
                self._event(code, Tag.SUBJECT_NOTE_ADDED, who, "", said)
        self._end_of_intake(bones, [code for number, code, _ in working])

    def _tubes(self, of: list[tuple[str, str]]) -> None:
        """Grind and extract some samples in one batch."""
        if not of:
            return
        stage, where = self._stage, self._stage.extraction
        batch = self._code(Kind.BATCH)
        powders, extracts = {}, {}
        for code, who in of:
            powder = self._code(Kind.ALIQUOT)
            at, taken = self._event(
                powder, Tag.ALIQUOT_TUBE_TAKEN, who, where,
                f'{{"held_at":"{where}","held_by":"{who}","kind":"powder","mass_ug":{POWDER_UG},'
                f'"parents":["{code}"],"reason":"ground","state":"created"}}',
            )  # fmt: skip
            self._pass(powder, who, where, "", at, taken)
            self._add("subject", powder, "A", "used", _text(at))
            self._add("aliquot", powder, code, "powder", POWDER_UG, _text(at), who)
            self._add("derivation", powder, code, "ground", taken)
            self._add("amount", code, 2, 1, "ug", MASS_UG, -POWDER_UG, MASS_UG - POWDER_UG,
                      "divided", None, None, None, 0, _text(at), who)  # fmt: skip
            self._amount(powder, "ug", POWDER_UG, at, who, source=code)
            self._event(
                code, Tag.SAMPLE_ITEM_GROUND, who, where,
                f'{{"aliquot":"{powder}","mass_ug":{POWDER_UG}}}',
            )  # fmt: skip
            payload = self._label(powder, "tube", at)
            self._event(powder, Tag.LABEL_INSTANCE_VERIFIED, who, where, f'{{"label":"{payload}"}}')
            powders[code] = powder
        opened, _ = self._event(
            batch, Tag.BATCH_RECORD_OPENED, of[0][1], where,
            '{"activity":"extraction","line":"bone","state":"completed"}',
        )  # fmt: skip
        self._add("subject", batch, "G", "completed", _text(opened))
        self._add("batch", batch, "extraction", "bone", stage.procedure, _text(opened), of[0][1],
                  _text(opened), of[0][1], "")  # fmt: skip
        for code, who in of:
            at, used = self._event(
                powders[code], Tag.ALIQUOT_TUBE_CONSUMED, who, where,
                f'{{"batch":"{batch}","from":"created","held_at":"","held_by":"{GONE}",'
                '"to":"used"}',
            )  # fmt: skip
            self._pass(powders[code], GONE, "", "", at, used)
            self._add("amount", powders[code], 2, 1, "ug", POWDER_UG, -POWDER_UG, 0, "used", None,
                      None, None, 0, _text(at), who)  # fmt: skip
        for position, (code, who) in zip(self._positions, of, strict=False):
            extract = self._code(Kind.EXTRACT)
            at, made = self._event(
                extract, Tag.EXTRACT_TUBE_MADE, who, where,
                f'{{"blank":false,"held_at":"{where}","held_by":"{who}",'
                f'"parents":["{powders[code]}","{batch}"],"position":"{position}",'
                f'"reason":"extracted","state":"created","volume_nl":{EXTRACT_NL}}}',
            )  # fmt: skip
            self._pass(extract, who, where, "", at, made)
            self._add("subject", extract, "X", "amplified", _text(at))
            self._add("extract", extract, batch, position, powders[code], 0, EXTRACT_NL, 0,
                      _text(at), who)  # fmt: skip
            self._add("derivation", extract, powders[code], "extracted", made)
            self._add("derivation", extract, batch, "extracted", made)
            self._amount(extract, "nl", EXTRACT_NL, at, who)
            payload = self._label(extract, "tube", at)
            self._event(
                extract, Tag.LABEL_INSTANCE_VERIFIED, who, where, f'{{"label":"{payload}"}}'
            )
            extracts[extract] = who
        for extract, who in extracts.items():
            self._store(extract, who, Tag.EXTRACT_TUBE_MOVED, '"from":"created",')
            self._keep(self._extracts, extract)

    def _store(self, code: str, who: str, tag: Tag, change: str) -> None:
        box = self._boxes[self._stood // len(self._positions)]
        position = self._positions[self._stood % len(self._positions)]
        self._stood += 1
        become = ',"to":"amplified"' if change else ""
        at, event = self._event(
            code, tag, who, "",
            f'{{{change}"held_at":"{box}","held_by":"{box}","held_position":"{position}",'
            f'"place":"{box}","position":"{position}"{become}}}',
        )  # fmt: skip
        self._pass(code, box, box, position, at, event)
        self._add("stored", code, box, position, _text(at), who)

    def _end_of_intake(self, bones: list[str], working: list[str]) -> None:
        for code, (number, holder, place, position, began, event) in self._held.items():
            self._add("possession", code, number, number - 1 or None, holder, place, position,
                      _text(began), event, None, None, None)  # fmt: skip
        done = set(working)
        for code in bones:
            if code in done:
                self._keep(self._samples, code)
            else:
                self._waiting.append(self._payloads[code])
        for kept in (self._held, self._last, self._made, self._payloads):
            kept.clear()
        self._flush(at_least=20_000)
        self.filled = Filled(
            self._samples, self._extracts, _some(self._boxes[:-1] or self._boxes),
            _some(self._racks), self._waiting, self._tree.size, b"".join(self._tree.peaks),
            BEGIN + self._number * EVERY,
        )  # fmt: skip

    def _keep(self, some: list[str], code: str) -> None:
        """Keep some of many, from all of the years, to ask after."""
        wanted = self._size.samples if some is self._samples else self._size.tubes
        if self._random.random() < ASKED / wanted:
            some.append(code)

    def _code(self, kind: Kind) -> str:
        while (code := draw_code(kind)) in self._known:
            pass
        self._known.add(code)
        return code

    def _add(self, table: str, *row: object) -> None:
        self._rows[table].append(row)

    def _amount(
        self, code: str, unit: str, much: int, at: datetime, by: str, source: str | None = None
    ) -> None:
        taken = (source, 2, -much) if source else (None, None, None)
        self._add("amount", code, 1, None, unit, 0, much, much, "made", *taken, 0, _text(at), by)

    def _label(self, code: str, layout: str, at: datetime) -> str:
        payload = code + self._random.choice(ALPHABET) + self._random.choice(ALPHABET)
        self._add(
            "label_instance", payload, code, layout, 0, "", "{}", self._stage.intake, "active", 1,
            "", "", "", "", _text(at), self._stage.coordinator, _text(at),
        )  # fmt: skip
        return payload

    def _event(
        self, stream: str, tag: Tag, actor: str, device: str, content: str
    ) -> tuple[datetime, str]:
        """Write an event; `content` is canonical JSON. Returns its instant and its id."""
        number, self._number = self._number, self._number + 1
        at = BEGIN + number * EVERY
        seq, prev = self._last.get(stream, (0, ""))
        event = f"01940000-0000-7000-8000-{number:012x}"
        said = at.isoformat(timespec="microseconds") + "Z"
        body = (
            f'{{"actor":"{actor}","cause":"","data":{content},"device":"{device}","id":"{event}",'
            f'"idem":"built-{number:012}","log":"{self._stage.origin}","occurred":"{said}",'
            f'"prev":"{prev}","recorded":"{said}","seq":{seq},"stream":"{stream}",'
            f'"type":"{tag.value}","v":1}}'
        ).encode()
        leaf = verifier.leaf_hash(body)
        self._last[stream] = seq + 1, leaf.hex()
        self._add("ledger_event", event, stream, seq, body, leaf, f"built-{number:012}")
        self._add("ledger_leaf", self._tree.size, event, leaf)
        self._rows["ledger_node"] += self._tree.append(leaf)
        return at, event

    def _pass(
        self, code: str, holder: str, place: str, position: str, at: datetime, event: str
    ) -> None:
        number = 1
        if code in self._held:
            number, who, where, stood, began, first = self._held[code]
            self._add(
                "possession", code, number, number - 1 or None, who, where, stood, _text(began),
                first, _text(at), event, fork_of(_utc(began), _utc(at)),
            )  # fmt: skip
            number += 1
        self._held[code] = number, holder, place, position, at, event

    def _flush(self, *, at_least: int) -> None:
        if len(self._rows["ledger_event"]) < at_least:
            return
        for table, columns in COLUMNS_OF.items():
            if self._rows[table]:
                self._loader.write(table, columns.split(), self._rows[table])
                self._rows[table] = []


def _some(codes: list[str]) -> list[str]:
    return codes[:: -(-len(codes) // ASKED)]


def _text(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="microseconds")


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
