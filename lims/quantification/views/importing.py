# SPDX-License-Identifier: Apache-2.0
"""Tables of the cycler: shown first, then taken in, all of it or nothing; figures by hand."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request, url_for
from sqlalchemy.orm import Session

from instruments.analyzers.quantification import QuantificationTable
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.files import FileDamaged
from lims.core.words import N_, Say
from lims.plates.rules import ROLE_MARKS
from lims.quantification import operations, queries
from lims.quantification.operations import Preview, WellPreview
from lims.quantification.rules import (
    NEXT_WORDS,
    VERDICT_WORDS,
    Figure,
    RowsUneven,
    Target,
    WellVerdict,
    efficiency_permille,
    read_concentration,
    read_cycles,
)
from lims.quantification.schemas import FiguresSchema, TableSchema
from lims.quantification.views.blueprint import Answer, blueprint, drawn_findings, finding_json
from lims.quantification.views.plates import charts_of, curves_json
from lims.web.errors import wants_json
from lims.web.filters import role as drawn_role
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, laboratory, page, reading, write
from lims.web.rights import Right

VERDICT_KINDS = {
    WellVerdict.SAMPLE: "plain", WellVerdict.STANDARD: "plain", WellVerdict.CLEAN: "ok",
    WellVerdict.NOT_CLEAN: "bad", WellVerdict.NOT_MEASURED: "warn",
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A file that was sent, or that a preview kept: read, with the mapping that read it."""

    content: bytes
    name: str
    sha256: str
    table: QuantificationTable
    mapping: queries.SavedMapping | None


@blueprint.post("/quantification/<code>/preview")
@needs(Right.RECORD_QUANTITIES)
def post_preview(code: str) -> Answer:
    """Show what a table says of every well and what would follow; nothing is recorded."""
    read = code_in_path(code, Kind.PLATE)
    given = _sent(form(TableSchema()))
    with reading() as session:
        shown = operations.preview_quantities(
            session, read, given.table, sha256=given.sha256, by=signed_in(), at=now()
        )
        if wants_json():
            return preview_json(shown)
        laboratory().files.keep(given.content)
        return page(
            "quantification/preview.html", shown=shown, given=given,
            findings=drawn_findings(shown.findings), next_words=NEXT_WORDS,
            verdicts={one: (VERDICT_KINDS[one], words) for one, words in VERDICT_WORDS.items()},
            role_words={one: translate(drawn_role(mark)[2]) for one, mark in ROLE_MARKS.items()},
            charts=charts_of(shown.measured), measured=shown.measured,
            efficiency=efficiency_permille,
        )  # fmt: skip


@blueprint.post("/quantification/<code>/table")
@needs(Right.RECORD_QUANTITIES)
def post_table(code: str) -> Answer:
    """Take in a table of the cycler, sent now or shown before: all of it, or nothing."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(TableSchema())
    # Parsed before the door is opened: slow work.
    given = _sent(sent)
    files = laboratory().files

    def take(session: Session) -> dict[str, object]:
        recorded = operations.import_quantities(
            session, read, given.table, sha256=given.sha256, file_name=given.name,
            reason=sent["reason"], mapping_id=given.mapping.id if given.mapping else None,
            by=signed_in(), at=now(),
        )  # fmt: skip
        # On disk before the commit that names it, and only once nothing was refused.
        files.keep(given.content)
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


def file_sent(sha256: str, name: str) -> tuple[bytes, str]:
    """Return the file of this request, or the one that a preview kept under `sha256`.

    Raises BadInput where there is neither.
    """
    given = request.files.get("file")
    if given is not None and given.filename:
        return given.read(), given.filename[-200:]
    if not sha256:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    try:
        return laboratory().files.read(sha256), name or sha256
    except (FileDamaged, OSError):
        raise BadInput(field="sha256", problem=Say(N_("is missing"))) from None


def preview_json(shown: Preview) -> dict[str, object]:
    """Return what a table would do as JSON: every well with its verdict and what would follow."""
    return {
        "plate": shown.plate,
        "already_imported": None if shown.known is None else shown.known.file_name,
        "needs_reason": shown.replaces, "limits": shown.limits_version,
        "held": list(shown.held), "notes": list(shown.notes),
        "curves": curves_json(shown.measured),
        "findings": [finding_json(one) for one in shown.findings],
        "wells": [_well_json(one) for one in shown.wells],
    }  # fmt: skip


def _well_json(one: WellPreview) -> dict[str, object]:
    proposed = one.proposed
    return {
        "position": one.well.position, "role": one.well.role.value,
        "holds": one.well.subject_code, "verdict": one.verdict.value,
        "figures": {
            target: {"fg_per_ul": figure.fg_per_ul, "ct_milli": figure.ct_milli}
            for target, figure in one.figures.items()
        },
        "proposed": None if proposed is None else {
            "step": proposed.step.value, "degraded": proposed.decision.degraded,
            "inhibited": proposed.decision.inhibited,
            "volume_nl": proposed.plan.volume_nl if proposed.plan else None,
            "dilution": proposed.plan.dilution if proposed.plan else None,
        },
    }  # fmt: skip


def _sent(sent: Mapping[str, str]) -> Sent:
    content, name = file_sent(sent["sha256"], sent["name"])
    mapping = None
    if sent["mapping"]:
        with reading() as session:
            mapping = queries.saved_mapping(session, sent["mapping"])
    table = operations.read_table(content, name, mapping.mapping if mapping else None)
    return Sent(content, name, hashlib.sha256(content).hexdigest(), table, mapping)


def _answer(code: str, recorded: operations.Recorded) -> dict[str, object]:
    return {
        "to": url_for("quantification.plate", code=code), "changed": recorded.changed,
        "figures": recorded.figures, "held": list(recorded.held),
        "decided": {extract: step.value for extract, step in recorded.decided.items()},
        "findings": [finding_json(one) for one in recorded.findings],
    }  # fmt: skip
