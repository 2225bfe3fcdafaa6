# SPDX-License-Identifier: Apache-2.0
"""Pages of quantification: plates, the values of one and what follows from them."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.core.words import Say
from lims.extraction.operations import dilute
from lims.extraction.rules import read_factor
from lims.people.queries import initials_of, open_station
from lims.people.rules import LINE_WORDS, Line
from lims.plates.rules import Activity, WellRole
from lims.procedures.queries import current_procedures
from lims.quantification import operations, queries
from lims.quantification.rules import (
    DNA_TARGETS,
    NEXT_WORDS,
    CurveFigures,
    Measured,
    NextStep,
    Target,
    curve_chart,
    degradation,
    degradation_chart,
    efficiency_permille,
    heat_map,
)
from lims.quantification.schemas import AfterSchema, DilutionSchema, PlateSchema
from lims.quantification.views.blueprint import (
    Answer,
    blueprint,
    drawn_findings,
    finding_json,
    stations_of,
)
from lims.samples.rules import read_volume, state_look
from lims.web.errors import wants_json
from lims.web.filters import role as drawn_role
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

PAGE = 50


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
        unconfirmed = queries.plates_to_confirm(session)
        if wants_json():
            return {
                "plates": [
                    {"code": one.code, "kit": one.kit, "state": one.state} for one in plates
                ],
                "waiting": [one.code for one in waiting[:PAGE]],
                "to_confirm": dict(unconfirmed),
            }
        return page(
            "quantification/overview.html", plates=plates, waiting=waiting[:PAGE],
            after=waiting[PAGE - 1].code if len(waiting) > PAGE else "", first=not after,
            look=state_look, unconfirmed=unconfirmed,
            line_words={one.value: words for one, words in LINE_WORDS.items()},
            lines=[(one.value, translate(words)) for one, words in LINE_WORDS.items()],
            procedures=[
                (one.id, f"{one.name} v{one.version}")
                for one in current_procedures(session, Activity.QUANTIFICATION, at=now())
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
            findings=drawn_findings(shown.findings),
            staff=initials_of(
                session,
                {entry.by for entry in shown.imports}
                | {row.decision.confirmed_by for row in shown.rows
                   if row.decision and row.decision.confirmed_by},
            ),
            measured=any(row.figures for row in shown.rows), targets=Target,
            charts=charts_of(shown.measured), efficiency=efficiency_permille,
            mappings=[(one.name, one.name) for one in queries.saved_mappings(session)],
            steps=[(one.value, translate(NEXT_WORDS[one])) for one in NextStep
                   if one is not NextStep.REPEAT],
            routine={NextStep.AMPLIFY, NextStep.DILUTE},
        )  # fmt: skip


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
                    "seen": row.decision.id, "confirmed": row.decision.confirmed_at is not None,
                    "reason": row.decision.reason, "limits": row.decision.limits_version,
                },
            }
            for row in shown.rows
        ],
        "findings": [finding_json(one) for one in shown.findings],
        "curves": curves_json(shown.measured),
        "to_confirm": [row.code for row in shown.to_confirm],
        "files": [
            {"sha256": one.sha256, "name": one.file_name, "reason": one.reason}
            for one in shown.imports
        ],
    }  # fmt: skip


def curves_json(measured: queries.PlateMeasured) -> list[dict[str, object]]:
    """Return the curves of a plate as JSON: as judged, and as the instrument gives them."""

    def figures(curve: CurveFigures | None) -> dict[str, int | None] | None:
        if curve is None:
            return None
        return {
            "slope_milli": curve.slope_milli, "intercept_milli": curve.intercept_milli,
            "r2_ppm": curve.r2_ppm, "efficiency_permille": efficiency_permille(curve.slope_milli),
        }  # fmt: skip

    return [
        {
            "target": target.value, "judged": figures(curve),
            "instrument": figures(measured.given.get(target)),
        }
        for target, curve in measured.curves.items()
    ]  # fmt: skip


def charts_of(measured: queries.PlateMeasured) -> dict[str, object]:
    """Return the charts of a plate: curves, degradation, and how much each well holds."""
    standards = [well for well in measured.wells if well.role is WellRole.STANDARD]
    drawn = []
    for target in DNA_TARGETS:
        points = [
            (well.position, found.fg_per_ul, found.ct_milli)
            for well in standards
            if (found := measured.figures.get(well.id, {}).get(target)) is not None
            and found.fg_per_ul is not None
            and found.ct_milli is not None
        ]
        chart = curve_chart(target, points, measured.curves.get(target))
        if chart is not None:
            drawn.append(chart)
    indices = []
    for well in measured.wells:
        figures = measured.figures.get(well.id, {})
        if well.role is WellRole.SAMPLE and Target.SMALL in figures and Target.LARGE in figures:
            small, large = figures[Target.SMALL], figures[Target.LARGE]
            index, severe = degradation(
                Measured(small.fg_per_ul, large.fg_per_ul, has_large=True), measured.limits
            )
            indices.append((well.position, well.subject_code or "", index, severe))
    amounts = {
        well.position: (
            well.role.value,
            found.fg_per_ul if found is not None else None,
        )
        for well in measured.wells
        if (found := measured.figures.get(well.id, {}).get(Target.SMALL)) is not None
    }
    return {
        "curves": drawn, "degradation": degradation_chart(indices, measured.limits),
        "heat": heat_map(amounts),
    }  # fmt: skip
