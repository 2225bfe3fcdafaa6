# SPDX-License-Identifier: Apache-2.0
"""The administrator's pages of layouts: what is in use, the editor, previews, the test print."""

import io
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from labels import pdf, preview, ruler, zpl
from labels.errors import LabelError
from labels.files import FIELDS, file_name, read
from labels.layout import DPIS, Layout, Values
from labels.trial import PAYLOAD, VALUES, Fault, faults, frail_at
from lims.core.clock import now
from lims.layouts import operations, queries
from lims.layouts.models import LayoutVersion
from lims.layouts.operations import Found, found_file, found_files, one_line_ends, save_layout
from lims.layouts.rules import (
    SHIPPED,
    VALUE_WORDS,
    LayoutChanged,
    LayoutRefused,
    LayoutUnknown,
    Versioned,
    fault_words,
    layout_words,
    slug,
    unslug,
)
from lims.layouts.schemas import FromSchema, PdfSchema, SaveSchema, TrialSchema
from lims.people.queries import initials_of
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, translate
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right

blueprint = Blueprint("layouts", __name__)


@dataclass(frozen=True)
class Row:
    """A layout of the list. `file` says of the laboratory's file: "", "differs" or "new"."""

    slug: str
    words: str
    size: str
    number: int
    saved_at: datetime | None
    saved_by: str
    file: str


def _folder() -> Path:
    return settings().folder / "layouts"


@blueprint.get("/layouts")
@needs(Right.KEEP_LAYOUTS)
def layouts() -> ResponseReturnValue:
    """List the layouts in use, and files that nobody has taken into use."""
    files = found_files(_folder())
    with reading() as session:
        saved = queries.newest(session)
        who = initials_of(session, {row.saved_by for row in saved.values()})
        rows = [
            _row(queries.in_use(session, name), saved.get(name), files.get(name), who)
            for name in sorted({*operations.shipped_names(), *saved})
        ]
        rows += [
            Row(slug(name), name, "", SHIPPED, None, "", "new")
            for name in sorted(files)
            if name not in saved and name not in operations.shipped_names()
        ]
        return page("layouts/layouts.html", rows=rows)


@blueprint.get("/layouts/<slug>")
@needs(Right.KEEP_LAYOUTS)
def layout(slug: str) -> ResponseReturnValue:
    """Show the editor of a layout: its file, its preview, and every version it had."""
    name, asked = unslug(slug), query(FromSchema())
    there = found_file(_folder(), name)
    with reading() as session:
        used = _in_use(session, name)
        if used is None and there is None:
            raise LayoutUnknown(name=name)
        text = _begun_with(session, name, asked["begin"], used, there)
        history = queries.versions(session, name)
        who = initials_of(session, {row.saved_by for row in history})
        known = {row.sha256 for row in history} | ({used.sha256} if used else set())
        return page(
            "layouts/layout.html",
            slug=slug,
            name=name,
            words=_name_words(name),
            used=used,
            text=text,
            begin=asked["begin"],
            dpi=asked["dpi"],
            dpis=DPIS,
            values=asked["values"],
            value_words={each: translate(words) for each, words in VALUE_WORDS.items()},
            fields=FIELDS,
            file=there,
            file_name=file_name(name),
            file_differs=there is not None and there.sha256 not in known,
            history=[(row, who.get(row.saved_by, row.saved_by)) for row in history],
            shipped=name in operations.shipped_names(),
            shown=_shown(text, asked),
            frail=frail_at(used.layout) if used is not None else (),
        )


@blueprint.post("/layouts")
@needs(Right.KEEP_LAYOUTS)
def post_layout() -> ResponseReturnValue:
    """Check a layout and take it into use as the next version of its name."""
    sent = form(SaveSchema())
    text = one_line_ends(sent["text"])
    name = operations.checked(text).name
    there = found_file(_folder(), name)
    same = name == sent["seen_name"]
    if there is not None and same and there.sha256 not in (sent["seen_file"], ""):
        raise LayoutChanged(name=name)

    def save(session: Session) -> dict[str, object]:
        row = save_layout(
            session, text, seen=sent["seen"] if same else None, reason=sent["reason"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("layouts.layout", slug=slug(name)), "version": row.number}

    answer = write(save)
    with reading() as session:
        known = {row.sha256 for row in queries.versions(session, name)}
    operations.write_file(_folder(), name, text, known=frozenset(known))
    return done(answer)


@blueprint.post("/layouts/preview")
@needs(Right.KEEP_LAYOUTS)
def post_preview() -> ResponseReturnValue:
    """Answer with the picture of a layout that is being written, and with what is wrong with it."""
    sent = form(TrialSchema())
    return jsonify(_shown(one_line_ends(sent["text"]), sent))


@blueprint.post("/layouts/label.pdf")
@needs(Right.KEEP_LAYOUTS)
def post_pdf() -> ResponseReturnValue:
    """Answer with the label of a layout that is being written as a PDF of its exact size."""
    sent = form(PdfSchema())
    return _sent(_drawn_pdf(_read(one_line_ends(sent["text"])), _values(sent)), "label.pdf")


@blueprint.get("/layouts/<slug>/label.pdf")
@needs(Right.KEEP_LAYOUTS)
def label_pdf(slug: str) -> ResponseReturnValue:
    """Answer with a label of the layout in use as a PDF."""
    asked = query(FromSchema())
    with reading() as session:
        used = queries.in_use(session, unslug(slug))
    return _sent(_drawn_pdf(used.layout, VALUES[asked["values"]]), f"{slug}.pdf")


@blueprint.get("/layouts/<slug>/ruler.zpl")
@needs(Right.KEEP_LAYOUTS)
def ruler_zpl(slug: str) -> ResponseReturnValue:
    """Answer with a ruler on the stock of a layout, for a test print on a label printer."""
    asked = query(FromSchema())
    with reading() as session:
        used = queries.in_use(session, unslug(slug))
    name = f"{slug}-ruler-{asked['dpi']}.zpl"
    return _sent(ruler.render(used.layout, dpi=asked["dpi"]), name, kind="application/octet-stream")


@blueprint.get("/layouts/<slug>/ruler.pdf")
@needs(Right.KEEP_LAYOUTS)
def ruler_pdf(slug: str) -> ResponseReturnValue:
    """Answer with the same ruler as a PDF, for an office printer."""
    with reading() as session:
        used = queries.in_use(session, unslug(slug))
    return _sent(ruler.render_pdf(used.layout), f"{slug}-ruler.pdf")


def _row(
    used: Versioned, saved: LayoutVersion | None, file: Found | None, who: Mapping[str, str]
) -> Row:
    size = f"{used.layout.width_mm:g} × {used.layout.height_mm:g} mm"
    return Row(
        slug(used.layout.name), _name_words(used.layout.name), size, used.number,
        saved.saved_at if saved else None,
        who.get(saved.saved_by, saved.saved_by) if saved else "",
        "differs" if file is not None and file.sha256 != used.sha256 else "",
    )  # fmt: skip


def _name_words(name: str) -> str:
    words = layout_words(name)
    return words if isinstance(words, str) else in_words(words)


def _in_use(session: Session, name: str) -> Versioned | None:
    try:
        return queries.in_use(session, name)
    except LayoutUnknown:
        return None


def _begun_with(
    session: Session, name: str, begin: str, used: Versioned | None, there: Found | None
) -> str:
    if begin == "file" or used is None:
        if there is None:
            raise LayoutUnknown(name=name)
        return there.text
    return queries.version(session, name, int(begin)).text if begin else used.text


def _shown(text: str, asked: Mapping[str, Any]) -> dict[str, object]:
    """Return what the preview shows: the picture, if there is one, and every fault found."""
    shown: dict[str, object] = {"picture": "", "size": "", "faults": [], "outline": False}
    try:
        layout = read(text, file="")
    except LabelError as error:
        return {**shown, "faults": [{"words": in_words(fault_words(error)), "where": ""}]}
    found = list(faults(layout))
    dpi = asked["dpi"]
    drawn = None
    try:
        drawn = preview.draw(zpl.render(layout, _values(asked), dpi=dpi), dpi=dpi)
    except LabelError as error:
        if (error.reason, error.field) not in {
            (one.error.reason, one.error.field) for one in found
        }:
            found.append(Fault(dpi, asked["values"], error))
    told = [
        {"words": in_words(fault_words(one.error)), "where": _where(one.dpi, one.values)}
        for one in found
    ]
    outlined = drawn is None
    if drawn is None:
        # Where everything lies, so that what is wrong can be put right.
        faulty = {name for one in found for name in (one.error.field, one.error.value)}
        drawn = preview.outline(layout, PAYLOAD, dpi=dpi, faulty=faulty)
    return {
        "picture": "data:image/png;base64," + b64encode(drawn.png).decode("ascii"),
        "size": f"{layout.width_mm:g} × {layout.height_mm:g} mm · {drawn.width} × {drawn.height}",
        "faults": told,
        "outline": outlined,
    }


def _where(dpi: int, values: str) -> str:
    return f"{dpi} dpi, {translate(VALUE_WORDS[values])}"


def _values(asked: Mapping[str, Any]) -> Values:
    """Return the values to show, with the words that the person typed instead of some."""
    typed = {name: asked[name] for name in ("kind", "line1", "line2") if asked.get(name)}
    return replace(VALUES[asked["values"]], **typed)


def _read(text: str) -> Layout:
    try:
        return read(text, file="")
    except LabelError as error:
        raise LayoutRefused(fault=fault_words(error)) from error


def _drawn_pdf(layout: Layout, values: Values) -> bytes:
    try:
        return pdf.render(layout, values)
    except LabelError as error:
        raise LayoutRefused(fault=fault_words(error)) from error


def _sent(content: bytes, name: str, *, kind: str = "application/pdf") -> ResponseReturnValue:
    return send_file(io.BytesIO(content), mimetype=kind, download_name=name, as_attachment=True)
