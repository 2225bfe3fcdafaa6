# SPDX-License-Identifier: Apache-2.0
"""What a package says of the preparation of a thing: steps, tools, masses, photographs.

Photographs of the laboratory are its own; those of the field stay on their side of the wall.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.code_keys import code_keys
from lims.core.codes import Kind, threes
from lims.core.files import FileStore
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.preparation.models import (
    CleaningStep,
    LaboratoryPhotograph,
    PreparedPart,
    Tool,
    ToolRecord,
)
from lims.preparation.rules import METHOD_WORDS, PICTURE_WORDS, ToolAct
from lims.quality.queries.sections import PackageSection
from lims.quality.rules.sections import Cell, Picture, Scope, Section
from lims.samples.rules import thousandths

_ENDINGS = {"jpeg": "jpg", "png": "png", "heic": "heic"}
_SECOND = "%Y-%m-%d %H:%M:%S"
_MINUTES = N_("%(how)s, %(minutes)s min")
_WITH_LOT = N_("%(how)s, lot %(lot)s")


def preparation_section(session: Session, scope: Scope) -> Section | None:
    """Return how a thing was cleaned, which tools touched it, what was weighed and lost."""
    rows: list[tuple[datetime, int, tuple[Cell, ...], str]] = []
    for step in session.scalars(
        select(CleaningStep)
        .where(CleaningStep.sample_code.in_(scope.things), CleaningStep.at <= scope.at)
        .order_by(CleaningStep.id)
    ):
        what = (threes(step.sample_code), Say(N_("Cleaned")), _how(step))
        rows.append((step.at, 1, what, step.by))
    for record, tool in session.execute(
        select(ToolRecord, Tool)
        .join(Tool, Tool.code == ToolRecord.tool_code)
        .where(ToolRecord.sample_code.in_(scope.things), ToolRecord.at <= scope.at)
        .order_by(ToolRecord.tool_code, ToolRecord.number)
    ):
        thing, named = threes(record.sample_code or ""), f"{tool.name} ({threes(tool.code)})"
        for before in _decontaminations(session, record):
            what = (thing, Say(N_("Decontaminated before it: %(tool)s"), {"tool": named}),
                    _how(before))  # fmt: skip
            rows.append((before.at, 0, what, before.by))
        rows.append((record.at, 2, (thing, Say(N_("Tool used")), named), record.by))
    for part in session.scalars(
        select(PreparedPart).where(
            PreparedPart.sample_code.in_(scope.things), PreparedPart.at <= scope.at
        )
    ):
        thing, powder = threes(part.sample_code), part.powder_ug
        if part.before_ug is None or powder is None:
            continue
        rows.append(
            (
                part.at, 3,
                (
                    thing, Say(N_("Ground")),
                    Say(
                        N_("%(before)s mg before, %(powder)s mg of powder (%(part)s)"),
                        {
                            "before": thousandths(part.before_ug), "powder": thousandths(powder),
                            "part": threes(part.aliquot_code),
                        },
                    ),
                ),
                part.by,
            )
        )  # fmt: skip
        if part.remains_at is not None and part.remains_at <= scope.at:
            rest = Say(
                N_("%(remains)s mg remain, %(lost)s mg lost"),
                {
                    "remains": thousandths(part.remains_ug or 0),
                    "lost": thousandths(part.lost_ug or 0),
                },
            )
            what = (thing, Say(N_("Weighed")), rest)
            rows.append((part.remains_at, 4, what, part.remains_by))
    if not rows:
        return None
    who = initials_of(session, {by for *_, by in rows})
    return Section(
        N_("Preparation: cleaning, tools, masses"),
        (
            (N_("Thing"), 15), (N_("At (UTC)"), 17), (N_("What"), 28), (N_("How"), 30),
            (N_("By"), 10),
        ),
        tuple(
            (what[0], at.strftime(_SECOND), *what[1:], who.get(by, by))
            for at, _, what, by in sorted(rows, key=lambda row: row[:2])
        ),
        N_("None."),
        note=N_("What else was prepared in the same sets is not shown."),
    )  # fmt: skip


def photograph_section(files: FileStore) -> PackageSection:
    """Return the section with the photographs that the laboratory took, and their hashes."""

    def section(session: Session, scope: Scope) -> Section | None:
        found = session.scalars(
            select(LaboratoryPhotograph)
            .where(
                LaboratoryPhotograph.sample_code.in_(scope.things),
                LaboratoryPhotograph.recorded_at <= scope.at,
            )
            .order_by(LaboratoryPhotograph.recorded_at, LaboratoryPhotograph.ref)
        ).all()
        if not found:
            return None
        keys = code_keys(session, {_code(one) for one in found})
        who = initials_of(session, {one.recorded_by for one in found})
        rows: list[tuple[Cell, ...]] = []
        pictures: list[Picture] = []
        for one in found:
            gone = one.withdrawn_at is not None and one.withdrawn_at <= scope.at
            when: Cell = Say(PICTURE_WORDS[one.kind])
            if gone:
                when = (Say(PICTURE_WORDS[one.kind]), Say(N_("withdrawn")))
            rows.append(
                (
                    threes(one.sample_code), when, one.recorded_at.strftime(_SECOND),
                    who.get(one.recorded_by, one.recorded_by), one.sha256,
                )
            )  # fmt: skip
            key = keys.get(_code(one))
            if gone or key is None:
                continue
            content = files.read(one.sha256, key)
            drawn = files.read(one.thumbnail_sha256, key) if one.type == "heic" else content
            caption = Say(
                N_("%(code)s, %(when)s; SHA-256 %(hash)s"),
                {
                    "code": threes(one.sample_code),
                    "when": Say(PICTURE_WORDS[one.kind]),
                    "hash": one.sha256,
                },
            )
            name = f"photographs/{one.sample_code}-{one.ref[:8]}.{_ENDINGS[one.type]}"
            pictures.append(Picture(content, caption, name, drawn))
        return Section(
            N_("Photographs of the laboratory"),
            (
                (N_("Thing"), 14), (N_("It shows"), 17), (N_("At (UTC)"), 15), (N_("By"), 7),
                (N_("SHA-256"), 47),
            ),
            tuple(rows), N_("None."), pictures=tuple(pictures),
        )  # fmt: skip

    return section


def _code(photograph: LaboratoryPhotograph) -> str | None:
    code = photograph.sample_code
    return code if code[0] == Kind.REFERENCE else None


def _how(step: CleaningStep | ToolRecord) -> Say:
    how = Say(METHOD_WORDS[step.method]) if step.method is not None else Say("-")
    if step.minutes:
        how = Say(_MINUTES, {"how": how, "minutes": step.minutes})
    return how if step.lot_code is None else Say(
        _WITH_LOT, {"how": how, "lot": threes(step.lot_code)}
    )  # fmt: skip


def _decontaminations(session: Session, use: ToolRecord) -> list[ToolRecord]:
    """Return what was done to a tool between the use before and this one."""
    before = session.scalar(
        select(ToolRecord.number)
        .where(
            ToolRecord.tool_code == use.tool_code, ToolRecord.act == ToolAct.USED,
            ToolRecord.number < use.number,
        )
        .order_by(ToolRecord.number.desc())
        .limit(1)
    ) or 0  # fmt: skip
    return list(
        session.scalars(
            select(ToolRecord)
            .where(
                ToolRecord.tool_code == use.tool_code,
                ToolRecord.number > before,
                ToolRecord.number < use.number,
            )
            .order_by(ToolRecord.number)
        )
    )
