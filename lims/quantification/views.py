# SPDX-License-Identifier: Apache-2.0
"""Pages of quantification: plates, the values of one, its import and entry forms."""

import hashlib
from collections.abc import Mapping, Sequence

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import QuantificationTable, read_quantities
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.scans import StationKind
from lims.core.words import N_, Say
from lims.extraction.operations import dilute
from lims.extraction.rules import read_factor
from lims.people.queries import initials_of, open_station, stations
from lims.people.rules import LINE_WORDS, Line
from lims.plates.queries import current_procedures
from lims.plates.rules import Activity
from lims.quantification import operations, queries
from lims.quantification.rules import (
    NEXT_WORDS,
    Figure,
    Finding,
    RowsUneven,
    TableNotRead,
    Target,
    Weight,
    read_concentration,
    read_cycles,
    unreadable,
)
from lims.quantification.schemas import (
    AfterSchema,
    DilutionSchema,
    FiguresSchema,
    PlateSchema,
    TableSchema,
)
from lims.samples.rules import read_volume, state_look
from lims.web.errors import wants_json
from lims.web.filters import role as drawn_role
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both, in_words, language, translate
from lims.web.pages import code_in_path, done, form, laboratory, page, query, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("quantification", __name__)

PAGE = 50

FINDING_ROLES = {Weight.FAIL: "found-wrong", Weight.HOLD: "hold", Weight.WARN: "found-unknown"}
"""How a finding is drawn, by its weight."""

WEIGHT_WORDS = {
    Weight.FAIL: N_("The plate failed"),
    Weight.HOLD: N_("Extraction batch on hold"),
    Weight.WARN: N_("Look at this"),
}


@blueprint.post("/quantification/dilutions/<code>")
@needs(Right.DIVIDE)
def post_dilution(code: str) -> Answer:
    """Dilute a part of an extract or of a dilution; its concentration goes along where known."""
    given = form(DilutionSchema())
    read = code_in_path(code, Kind.EXTRACT, Kind.ALIQUOT)
    lot = code_in_path(given["lot"], Kind.LOT)
    station = code_in_path(given["station"], Kind.STATION) if given["station"] else ""
    volume, (parts, of) = read_volume(given["volume"]), read_factor(given["factor"])

    def act(session: Session) -> dict[str, object]:
        made = dilute(
            session, read, volume_nl=volume, parts=parts, of=of, lot=lot, reason=given["remark"],
            fg_per_ul=queries.concentration_of(session, read), by=signed_in(), at=now(),
            station=station,
        )  # fmt: skip
        return {
            "code": made.code, "label": made.label, "to": url_for("samples.thing", code=made.code)
        }  # fmt: skip

    return done(write(act))


@blueprint.get("/quantification")
@needs(Right.SEE_SAMPLES)
def overview() -> Answer:
    """List the plates, what waits for one, and offer a new one."""
    after = query(AfterSchema())["after"]
    with reading() as session:
        waiting = queries.extracts_to_quantify(session, line=Line.BONE, after=after, limit=PAGE + 1)
        plates = queries.plates_shown(session, Activity.QUANTIFICATION)
        if wants_json():
            return {
                "plates": [
                    {"code": one.code, "kit": one.kit, "state": one.state} for one in plates
                ],
                "waiting": [one.code for one in waiting[:PAGE]],
            }
        return page(
            "quantification/overview.html", plates=plates, waiting=waiting[:PAGE],
            after=waiting[PAGE - 1].code if len(waiting) > PAGE else "", first=not after,
            look=state_look,
            line_words={one.value: words for one, words in LINE_WORDS.items()},
            lines=[(one.value, translate(words)) for one, words in LINE_WORDS.items()],
            procedures=[
                (one.id, f"{one.name} v{one.version}")
                for one in current_procedures(session, Activity.QUANTIFICATION)
            ],
            stations=stations_of(session, StationKind.QUANTIFICATION),
        )  # fmt: skip


@blueprint.post("/quantification")
@needs(Right.WORK_BATCHES)
def post_plate() -> Answer:
    """Open a plate; its label comes out at the station chosen."""
    sent = form(PlateSchema())

    def opened(session: Session) -> dict[str, object]:
        plate = operations.open_quantification(
            session, procedure_id=sent["procedure"], kit=sent["kit"], line=sent["line"],
            file_plate_name=sent["file_plate_name"],
            station=open_station(session, sent["station"]).code, by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("quantification.plate", code=plate.code), "code": plate.code,
            "label": plate.label,
        }  # fmt: skip

    return done(write(opened))


@blueprint.get("/quantification/<code>")
@needs(Right.SEE_SAMPLES)
def plate(code: str) -> Answer:
    """Show what was measured on a plate, what follows, and take figures in."""
    read = code_in_path(code, Kind.PLATE)
    with reading() as session:
        shown = queries.plate_page(session, read)
        if wants_json():
            return _plate_json(shown)
        return page(
            "quantification/plate.html", shown=shown, look=state_look, next_words=NEXT_WORDS,
            role_words={row.role: translate(drawn_role(row.role)[2]) for row in shown.rows},
            findings=[(FINDING_ROLES[one.weight], WEIGHT_WORDS[one.weight], one)
                      for one in shown.findings],
            staff=initials_of(session, {entry.by for entry in shown.imports}),
            measured=any(row.figures for row in shown.rows), targets=Target,
        )  # fmt: skip


@blueprint.post("/quantification/<code>/table")
@needs(Right.RECORD_QUANTITIES)
def post_table(code: str) -> Answer:
    """Take in a table of the cycler: all of it, or nothing."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(TableSchema())
    given = request.files.get("file")
    if given is None or not given.filename:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    content, name = given.read(), given.filename[-200:]
    # Parsed before the door is opened: slow work.
    table = _table(content, name)
    sha256 = hashlib.sha256(content).hexdigest()
    files = laboratory().files

    def take(session: Session) -> dict[str, object]:
        recorded = operations.import_quantities(
            session, read, table, sha256=sha256, file_name=name, reason=sent["reason"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        # On disk before the commit that names it, and only once nothing was refused.
        files.keep(content)
        return _answer(read, recorded)

    return done(write(take))


@blueprint.post("/quantification/<code>/figures")
@needs(Right.RECORD_QUANTITIES)
def post_figures(code: str) -> Answer:
    """Take figures entered by hand."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(FiguresSchema())
    figures = typed_figures(sent)

    def record(session: Session) -> dict[str, object]:
        recorded = operations.record_quantities(
            session, read, figures, reason=sent["reason"], by=signed_in(), at=now()
        )
        return _answer(read, recorded)

    return done(write(record))


def typed_figures(sent: Mapping[str, Sequence[str]]) -> list[Figure]:
    """Return the figures of a form with a row a well; empty cells are no figures.

    Raises RowsUneven, QuantityNotRead.
    """
    positions = sent["position"]
    figures = []
    for name, target in (
        ("small", Target.SMALL), ("large", Target.LARGE), ("y", Target.Y), ("ipc", Target.IPC),
    ):  # fmt: skip
        column = sent[name]
        if column and len(column) != len(positions):
            raise RowsUneven()
        for position, text in zip(positions, column, strict=False):
            if not text.strip():
                continue
            amount = cycles = None
            if target is Target.IPC:
                cycles = read_cycles(text, position=position)
            else:
                amount = read_concentration(text, position=position)
            figures.append(Figure(position, target, amount, cycles, text.strip()))
    return figures


def stations_of(session: Session, kind: StationKind) -> list[tuple[str, str]]:
    """Return the open stations of a kind as choices of a form."""
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None and one.station.kind is kind
    ]


def _table(content: bytes, name: str) -> QuantificationTable:
    try:
        return read_quantities(content, name=name)
    except AnalyzerFileError as fault:
        raise TableNotRead(file=fault.name, why=unreadable(fault.reason, fault.values)) from fault


def _answer(code: str, recorded: operations.Recorded) -> dict[str, object]:
    return {
        "to": url_for("quantification.plate", code=code), "changed": recorded.changed,
        "figures": recorded.figures, "held": list(recorded.held),
        "decided": {extract: step.value for extract, step in recorded.decided.items()},
        "findings": [_finding_json(one) for one in recorded.findings],
    }  # fmt: skip


def _finding_json(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule, "weight": finding.weight.value, "where": finding.where,
        "say": in_both(finding.seen), "do": in_both(finding.do),
    }  # fmt: skip


def _plate_json(shown: queries.PlatePage) -> dict[str, object]:
    return {
        "code": shown.plate.code, "kit": shown.plate.kit, "state": shown.state,
        "wells": [
            {
                "position": row.position, "role": row.role, "holds": row.code,
                "figures": {
                    target: {"fg_per_ul": one.fg_per_ul, "ct_milli": one.ct_milli}
                    for target, one in row.figures.items()
                },
                "decision": None if row.decision is None else {
                    "step": row.decision.step.value, "volume_nl": row.decision.volume_nl,
                    "dilution": row.decision.dilution, "template_fg": row.decision.template_fg,
                    "low_template": row.decision.low_template,
                    "degraded": row.decision.degraded, "inhibited": row.decision.inhibited,
                    "words": in_words(Say(NEXT_WORDS[row.decision.step])),
                },
            }
            for row in shown.rows
        ],
        "findings": [_finding_json(one) for one in shown.findings],
        "files": [
            {"sha256": one.sha256, "name": one.file_name, "reason": one.reason}
            for one in shown.imports
        ],
    }  # fmt: skip
