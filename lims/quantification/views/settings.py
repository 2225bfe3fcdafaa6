# SPDX-License-Identifier: Apache-2.0
"""What the laboratory sets for quantification: its limits, and how it reads its own tables."""

from collections.abc import Mapping, Sequence

from flask import url_for
from sqlalchemy.orm import Session

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import (
    LONG_FIELDS,
    WIDE_FIELDS,
    HeaderMapping,
    MappingBroken,
    MeasuredQuantity,
    guessed_columns,
    guessed_header,
    preview,
)
from instruments.analyzers.quantification import Target as FileTarget
from instruments.analyzers.quantification import Task as FileTask
from lims.core.clock import now
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.quantification import operations, queries
from lims.quantification.rules import (
    LIMIT_FIELDS,
    MappingWrong,
    TableNotRead,
    limit_text,
    read_limits,
    then_do,
    unreadable,
)
from lims.quantification.schemas import LimitsSchema, MappingSchema, SettleSchema
from lims.quantification.views.blueprint import Answer, blueprint
from lims.quantification.views.importing import file_sent
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words
from lims.web.pages import done, form, laboratory, page, reading, write
from lims.web.rights import Right

FIELD_WORDS = {
    "sample": N_("Sample"), "well": N_("Well"), "target": N_("Target"), "task": N_("Task"),
    "quantity": N_("Quantity"), "ct": N_("Ct"), "omit": N_("Left out"),
    "small autosomal quantity": N_("Small autosomal: quantity"),
    "small autosomal ct": N_("Small autosomal: Ct"),
    "large autosomal quantity": N_("Large autosomal: quantity"),
    "large autosomal ct": N_("Large autosomal: Ct"),
    "Y quantity": N_("Y: quantity"), "Y ct": N_("Y: Ct"),
    "IPC quantity": N_("IPC: quantity"), "IPC ct": N_("IPC: Ct"),
}  # fmt: skip
BROKEN_WORDS = {
    "no column for the sample": N_("no column for the sample is chosen"),
    "no column for the target": N_(
        "neither a column for the target nor columns for each target are chosen"
    ),
    "no column for the quantity": N_("no column for the quantity is chosen"),
    "one column stands for two fields": N_("one column is chosen for two fields"),
    "both a column for the target and columns for each target": N_(
        "a column for the target and columns for each target are chosen together"
    ),
}
SHOWN = 12


@blueprint.get("/quantification/limits")
@needs(Right.SEE_SAMPLES)
def limits() -> Answer:
    """Show the limits in force, what is proposed, and every version before."""
    with reading() as session:
        current = queries.in_force(session)
        versions = queries.limits_versions(session)
        if wants_json():
            return {
                "version": current.version,
                "limits": {one.name: getattr(current.limits, one.name) for one in LIMIT_FIELDS}
                | {"dilutions": list(current.limits.dilutions)},
                "proposed": [one.version for one in versions if one.settled_at is None],
            }  # fmt: skip
        people = {one.proposed_by for one in versions} | {
            one.settled_by for one in versions if one.settled_by
        }
        return page(
            "quantification/limits.html", current=current, fields=LIMIT_FIELDS,
            versions=[(one, queries.limits_of(session, one.version)) for one in versions],
            limit_text=limit_text, staff=initials_of(session, people), me=signed_in().id,
            dilutions=", ".join(str(one) for one in current.limits.dilutions),
        )  # fmt: skip


@blueprint.post("/quantification/limits")
@needs(Right.SET_LIMITS)
def post_limits() -> Answer:
    """Propose limits; a second person approves them before they judge anything."""
    sent = form(LimitsSchema())
    proposed = read_limits(sent, sent["dilutions"])

    def propose(session: Session) -> dict[str, object]:
        row = operations.propose_limits(
            session, proposed, reason=sent["reason"], by=signed_in(), at=now()
        )
        return {"to": url_for("quantification.limits"), "version": row.version}

    return done(write(propose))


@blueprint.post("/quantification/limits/<int:version>")
@needs(Right.SET_LIMITS)
def post_settled(version: int) -> Answer:
    """Approve a proposal of limits, or refuse it."""
    approve = form(SettleSchema())["verdict"] == "approve"

    def settle(session: Session) -> dict[str, object]:
        row = operations.settle_limits(session, version, approve=approve, by=signed_in(), at=now())
        return {
            "to": url_for("quantification.limits"), "version": version, "approved": row.approved
        }  # fmt: skip

    return done(write(settle))


@blueprint.get("/quantification/mappings")
@needs(Right.SEE_SAMPLES)
def mappings() -> Answer:
    """List the mappings that the laboratory saved, and take a sample file for a new one."""
    with reading() as session:
        saved = queries.saved_mappings(session)
        if wants_json():
            return {
                "mappings": [
                    {"name": one.name, "version": one.version, **one.mapping.as_json()}
                    for one in saved
                ]
            }
        return page("quantification/mappings.html", saved=saved, words=FIELD_WORDS)


@blueprint.post("/quantification/mappings/sample")
@needs(Right.RECORD_QUANTITIES)
def post_sample() -> Answer:
    """Show the columns of a sample file, and what a mapping reads out of it; nothing is saved."""
    sent = form(MappingSchema())
    content, name = file_sent(sent["sha256"], sent["file_name"])
    try:
        rows = preview(content, name=name, sheet=sent["sheet"])
    except AnalyzerFileError as fault:
        raise TableNotRead(
            file=fault.name, why=unreadable(fault.reason, fault.values), then=then_do(fault.reason)
        ) from fault
    sha256 = laboratory().files.keep(content)
    header = guessed_header(rows)
    chosen = sent["field"] and dict(zip(sent["field"], sent["column"], strict=False))
    read: Sequence[MeasuredQuantity] = ()
    wrong = ""
    if chosen:
        try:
            mapping = _mapping(sent)
            read = operations.read_table(content, name, mapping).rows[:SHOWN]
        except (MappingWrong, TableNotRead) as refusal:
            wrong = in_words(refusal.say)
    return page(
        "quantification/mapping.html", name=name, sha256=sha256, header=header, sent=sent,
        rows=rows[:SHOWN], fields=(*LONG_FIELDS, *WIDE_FIELDS), words=FIELD_WORDS,
        chosen=chosen or guessed_columns(header, name=name), read=read, wrong=wrong,
        tried=bool(chosen), targets=[one.value for one in FileTarget],
    )  # fmt: skip


@blueprint.post("/quantification/mappings")
@needs(Right.RECORD_QUANTITIES)
def post_mapping() -> Answer:
    """Save a mapping as the next version of its name."""
    sent = form(MappingSchema())
    mapping = _mapping(sent)

    def save(session: Session) -> dict[str, object]:
        saved = operations.save_mapping(session, sent["name"], mapping, by=signed_in(), at=now())
        return {
            "to": url_for("quantification.mappings"), "name": saved.name, "version": saved.version
        }  # fmt: skip

    return done(write(save))


def _mapping(sent: Mapping[str, Sequence[str]]) -> HeaderMapping:
    """Return the mapping of a form; raises MappingWrong."""
    columns = {
        field: column
        for field, column in zip(sent["field"], sent["column"], strict=False)
        if column.strip()
    }
    try:
        return HeaderMapping(
            columns,
            {
                name: target
                for target, written in zip(FileTarget, _four(sent["called"]), strict=True)
                for name in _names(written)
            },
            dict.fromkeys(_names(str(sent["standards"])), FileTask.STANDARD)
            | dict.fromkeys(_names(str(sent["empties"])), FileTask.NO_TEMPLATE),
            str(sent["sheet"]), str(sent["unit"]), str(sent["decimal"]),
        )  # fmt: skip
    except MappingBroken as fault:
        words = BROKEN_WORDS.get(str(fault), N_("a name in it is missing or too long"))
        raise MappingWrong(why=Say(words)) from None


def _four(called: Sequence[str]) -> list[str]:
    return [*called, "", "", "", ""][:4]


def _names(written: str) -> list[str]:
    return [one.strip() for one in written.replace("،", ",").split(",") if one.strip()]
