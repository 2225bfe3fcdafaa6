# SPDX-License-Identifier: Apache-2.0
"""Pages of dispatch lists: what was announced, taking a list from a file or typed in."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from lims.cases.operations import dispatch_files, dispatches
from lims.cases.queries import dispatches as queries
from lims.cases.queries.dispatches import DispatchShown
from lims.cases.queries.receiving import seal_gaps
from lims.cases.rules.dispatch_columns import COLUMN_WORDS, COLUMNS, TEMPLATE_HEADERS, Column
from lims.cases.rules.dispatch_lists import read_rows
from lims.cases.rules.dispatch_rows import ROW_LOOKS, ReadList, TableRow
from lims.cases.rules.dispatches import DISPATCH_LOOKS, RowsRefused
from lims.cases.schemas import ReasonSchema
from lims.cases.schemas.dispatches import (
    DispatchesSchema,
    MappingSchema,
    NewListSchema,
    TemplateSchema,
    TypedSchema,
    UploadSchema,
)
from lims.cases.views.blueprint import Answer, blueprint, look
from lims.core.clock import from_utc_text, now, utc_text
from lims.core.errors import BadInput, Refusal
from lims.core.sealing import Vault, open_vault
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.people.rules import LINE_WORDS, Line
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_TYPED_OF = {
    Column.SEAL: "seal", Column.PACKAGE: "package", Column.SITE: "site", Column.CASE: "case",
    Column.FIELD: "field", Column.DONOR: "donor", Column.ELEMENT: "element", Column.SIDE: "side",
    Column.MATERIAL: "material", Column.MASS_G: "mass", Column.COUNT: "count",
    Column.TAKEN_ON: "taken_on", Column.REMARKS: "remarks",
}  # fmt: skip
"""What the fields of a typed list are called."""


@blueprint.get("/cases/dispatches")
@needs(Right.SEE_CASES)
def list_dispatches() -> Answer:
    """List dispatches, the newest first."""
    asked = query(DispatchesSchema())["before"]
    vault = look("dispatches", asked)
    with reading() as session:
        shown = queries.dispatches(session, vault, before=_read_before(asked))
        full = len(shown) == queries.PAGE
        gaps = seal_gaps(session)
        return page(
            "cases/dispatches.html", dispatches=shown, looks=DISPATCH_LOOKS, lines=LINE_WORDS,
            senders=queries.senders(session, vault), seal_gaps=gaps,
            who_is=initials_of(session, {one.broken_by for one in gaps}),
            first=url_for("cases.list_dispatches") if asked else "",
            further=(
                url_for("cases.list_dispatches", before=_before(shown[-1])) if full else ""
            ),
        )  # fmt: skip


@blueprint.get("/cases/dispatches/new")
@needs(Right.REGISTER_CASES)
def new_dispatch() -> Answer:
    """Show the forms by which a list is taken: from a file, or typed in."""
    asked = query(NewListSchema())
    vault = look("new dispatch", "")
    return _forms(vault, asked["line"], rows=asked["rows"])


@blueprint.get("/cases/dispatches/template")
@needs(Right.SEE_CASES)
def dispatch_template() -> Answer:
    """Hand out the file that a sender fills in."""
    asked = query(TemplateSchema())
    kind, language, line = asked["kind"], asked["language"], asked["line"]
    content = dispatch_files.template(line, language, workbook=kind == "xlsx")
    name = f"dispatch-{line.value}-{language}.{kind}"
    return Response(
        content, mimetype=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@blueprint.post("/cases/dispatches/lists")
@needs(Right.REGISTER_CASES)
def post_list() -> Answer:
    """Check a list that came as a file, or take it as a whole."""
    sent = form(UploadSchema())
    file = request.files.get("file")
    # One byte more than is taken is enough to refuse it.
    most = dispatch_files.LARGEST_LIST_MB * 1_000_000 + 1
    content = file.read(most) if file is not None else b""
    if file is None or not content:
        raise BadInput(field="file", problem=Say(N_("Missing data for required field.")))
    name, vault = file.filename or "", open_vault(settings())
    with reading() as session:
        known = queries.sender_named(session, vault, sent["sender"])
    try:
        read = dispatch_files.read_list(
            content, name=name, line=sent["line"], mapping=known.mapping if known else None
        )
    except Refusal as refused:
        return _forms(vault, sent["line"], sent=sent, refused=refused)
    digest = hashlib.sha256(content).hexdigest()
    return _take(vault, sent, read, file_name=name, bytes_hash=digest)


@blueprint.post("/cases/dispatches/typed")
@needs(Right.REGISTER_CASES)
def post_typed() -> Answer:
    """Check a list that was typed in, or take it as a whole."""
    sent, vault = form(TypedSchema()), open_vault(settings())
    line: Line = sent["line"]
    columns = COLUMNS[line]
    given: dict[str, Sequence[str]] = {
        name: sent[name] for name in (_TYPED_OF[column] for column in columns)
    }
    most = max((len(cells) for cells in given.values()), default=0)
    rows = [
        tuple(cells[at].strip() if at < len(cells) else "" for cells in given.values())
        for at in range(most)
    ]
    header = TableRow(0, tuple(TEMPLATE_HEADERS["en"][column] for column in columns))
    try:
        read = read_rows(
            [header, *(TableRow(at, cells) for at, cells in enumerate(rows, start=1))], line=line
        )
    except Refusal as refused:
        return _forms(vault, line, sent=sent, refused=refused, typed=rows, rows=most)
    return _take(vault, sent, read, typed=rows)


@blueprint.get("/cases/dispatches/senders/<ref>")
@needs(Right.SEE_CASES)
def dispatch_sender(ref: str) -> Answer:
    """Show what a sender calls the columns of its lists."""
    vault = look("sender", ref)
    with reading() as session:
        shown = queries.sender(session, vault, ref)
    return page(
        "cases/dispatch_sender.html", sender=shown,
        columns=[(column.value, COLUMN_WORDS[column]) for column in Column],
    )  # fmt: skip


@blueprint.post("/cases/dispatches/senders/<ref>")
@needs(Right.REGISTER_CASES)
def post_mapping(ref: str) -> Answer:
    """Keep what a sender calls the columns of its lists."""
    sent, vault = form(MappingSchema()), open_vault(settings())
    mapping = {
        header: Column(column)
        for header, column in zip(sent["header"], sent["column"], strict=False)
        if header.strip() and column
    }

    def keep(session: Session) -> dict[str, object]:
        dispatches.save_mapping(session, vault, ref, mapping, by=signed_in(), at=now())
        return {"to": url_for("cases.dispatch_sender", ref=ref)}

    return done(write(keep))


@blueprint.post("/cases/dispatches/<ref>/cancel")
@needs(Right.REGISTER_CASES)
def post_cancel(ref: str) -> Answer:
    """Cancel a list of which nothing has come."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def cancel(session: Session) -> dict[str, object]:
        dispatches.cancel_dispatch(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": url_for("cases.dispatch", ref=ref)}

    return done(write(cancel))


def _take(
    vault: Vault,
    sent: Mapping[str, Any],
    read: ReadList,
    *,
    file_name: str = "",
    bytes_hash: str = "",
    typed: Sequence[Sequence[str]] = (),
) -> Answer:
    """Show the verdict on each row, or take the list where that was asked and no row is refused."""
    with reading() as session:
        judged = dispatches.judge(session, vault, read, sender=sent["sender"], again=sent["again"])
        refused: Refusal | None = None
        try:
            dispatches.check_unseen(session, vault, read, bytes_hash=bytes_hash)
        except Refusal as seen:
            refused = seen
    if refused is None and judged.refused:
        refused = RowsRefused(count=judged.refused)
    if sent["act"] == "check" or refused is not None:
        return _forms(
            vault, read.line, sent=sent, judged=judged, refused=refused, typed=typed,
            rows=len(typed),
        )  # fmt: skip

    def take(session: Session) -> dict[str, object]:
        ref = dispatches.import_list(
            session, vault, read, sender=sent["sender"], number=sent["number"],
            file_name=file_name, bytes_hash=bytes_hash, again=sent["again"], by=signed_in(),
            at=now(),
        )  # fmt: skip
        return {"to": url_for("cases.dispatch", ref=ref), "ref": ref}

    return done(write(take))


def _forms(
    vault: Vault,
    line: Line,
    *,
    sent: Mapping[str, Any] | None = None,
    judged: ReadList | None = None,
    refused: Refusal | None = None,
    typed: Sequence[Sequence[str]] = (),
    rows: int = 8,
) -> Answer:
    with reading() as session:
        known = [one.name for one in queries.senders(session, vault)]
    words = {column: COLUMN_WORDS[column] for column in COLUMNS[line]}
    return page(
        "cases/dispatch_new.html", 200 if refused is None else refused.status, line=line,
        lines=LINE_WORDS, senders=known, sent=sent or {}, judged=judged, refused=refused,
        row_looks=ROW_LOOKS, column_words=COLUMN_WORDS, columns=words, names=_TYPED_OF,
        typed=[*typed, *([("",) * len(words)] * max(0, rows - len(typed)))],
        was_typed=bool(typed), largest_mb=dispatch_files.LARGEST_LIST_MB,
        most_rows=dispatch_files.MOST_ROWS,
    )  # fmt: skip


def _before(shown: DispatchShown) -> str:
    return f"{utc_text(shown.dispatch.recorded_at)}.{shown.dispatch.ref}"


def _read_before(asked: str) -> tuple[datetime, str] | None:
    if not asked:
        return None
    instant, _, ref = asked.rpartition(".")
    try:
        return from_utc_text(instant), ref
    except ValueError:
        raise BadInput(field="before", problem=Say(N_("Not a valid datetime."))) from None
