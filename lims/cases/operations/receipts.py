# SPDX-License-Identifier: Apache-2.0
"""The receipt of a dispatch on paper: A4, English and Arabic side by side, with the anchor."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from labels.lettering import Script, face_of
from labels.paper import Edge, wrapped, write
from lims.cases.queries.dispatches import (
    deliverer_of,
    discrepancies_of,
    dispatch,
    items_of,
    packages_of,
)
from lims.cases.rules.dispatches import DISCREPANCY_WORDS, ITEM_LOOKS
from lims.core.clock import local
from lims.core.sealing import Vault
from lims.core.words import N_, Say, Translate
from lims.custody.queries import anchor
from lims.people.queries import initials_of

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN, BOTTOM = 40.0, 70.0
LEADING = 13.0
COLUMNS = (  # left edge, width, heading
    (40.0, 30.0, N_("Row")),
    (70.0, 105.0, N_("Seal number")),
    (175.0, 150.0, N_("Item")),
    (325.0, 60.0, N_("Pieces")),
    (385.0, 170.0, N_("State")),
)
TITLE = N_("Receipt of a dispatch")
END = N_("End of the receipt")
QUARANTINE = N_("in quarantine")
MOST_ITEMS = 5_000
PAGE_OF = N_("Page %(page)s of %(pages)s")
SIGNATURES = (N_("Delivered by (signature)"), N_("Received by (signature)"))
ANCHOR = N_(
    "Ledger at printing: %(anchor)s. The number of events and the beginning of their root; whoever"
    " keeps this paper can prove that nothing before it was changed."
)


@dataclass(frozen=True)
class ReceiptRow:
    """One item of the receipt; `state` are marked words."""

    number: int
    seal: str
    item: str
    pieces: str
    state: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What a receipt says. `facts` are marked words and a value; `laboratory` in two languages."""

    id: str
    laboratory: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    rows: tuple[ReceiptRow, ...]
    differences: tuple[Say, ...]
    anchor: str


def draw_receipt(receipt: Receipt, arabic: Translate) -> bytes:
    """Return the PDF; the same bytes for the same receipt. `arabic` translates marked words."""
    pages = list(_pages(receipt, arabic))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE} {receipt.id}")
    for number, lines in enumerate(pages, start=1):
        counted = {"page": number, "pages": len(pages)}
        _both(canvas, HEIGHT - 40, *receipt.laboratory)
        _both(canvas, HEIGHT - 55, TITLE, arabic(TITLE))
        canvas.line(MARGIN, HEIGHT - 63, WIDTH - MARGIN, HEIGHT - 63)
        for line in lines:
            line.draw(canvas)
        canvas.line(MARGIN, 48, WIDTH - MARGIN, 48)
        _Text(MARGIN, 35, receipt.id).draw(canvas)
        middle = _Text(WIDTH / 2 - 40, 35, receipt.anchor)
        middle.draw(canvas)
        _Text(WIDTH - MARGIN, 35, PAGE_OF % counted, right=True).draw(canvas)
        _Text(WIDTH - MARGIN, 22, arabic(PAGE_OF) % counted, right=True).draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@dataclass(frozen=True)
class _Text:
    """Text at a place: from its left edge, or to its right edge."""

    x: float
    y: float
    text: str
    bold: bool = False
    right: bool = False

    def draw(self, canvas: Canvas) -> None:
        edge: Edge = "right" if self.right else "left"
        write(canvas, self.x, self.y, self.text, bold=self.bold, edge=edge)


def _pages(receipt: Receipt, arabic: Translate) -> Iterator[list[_Text]]:
    page: list[_Text] = []
    y = HEIGHT - 85
    for words, value in receipt.facts:
        page.append(_Text(MARGIN, y, words, bold=True))
        page.append(_Text(WIDTH - MARGIN, y, arabic(words), bold=True, right=True))
        for line in wrapped(value, 270):
            page.append(_Text(190, y, line))
            y -= LEADING
    page += _headings(y - LEADING, arabic)
    y -= 3.5 * LEADING
    for row in receipt.rows:
        states = [words for text in row.state for words in dict.fromkeys((text, arabic(text)))]
        cells = ((str(row.number),), (row.seal,), (row.item,), (row.pieces,), states)
        lines = [
            [line for text in texts for line in wrapped(text, COLUMNS[at][1] - 6)]
            for at, texts in enumerate(cells)
        ]
        height = max(len(one) for one in lines) * LEADING + 3
        if y - height < BOTTOM:
            yield page
            page, y = _headings(HEIGHT - 85, arabic), HEIGHT - 85 - 2.5 * LEADING
        for at, texts in enumerate(lines):
            for number, line in enumerate(texts):
                page.append(_edge(COLUMNS[at][0], COLUMNS[at][1] - 6, y - number * LEADING, line))
        y -= height
    said = [say.in_words(how) for say in receipt.differences for how in (str, arabic)]
    anchored = [words % {"anchor": receipt.anchor} for words in (ANCHOR, arabic(ANCHOR))]
    for text in [*said, *anchored]:
        y -= 4
        for line in wrapped(text, WIDTH - 2 * MARGIN):
            if y < BOTTOM:
                yield page
                page, y = [], HEIGHT - 85
            page.append(_edge(MARGIN, WIDTH - 2 * MARGIN, y, line))
            y -= LEADING
    if y - 6 * LEADING < BOTTOM:
        yield page
        page, y = [], HEIGHT - 85
    y -= 3 * LEADING
    for at, words in enumerate(SIGNATURES):
        x = MARGIN + at * 265
        page.append(_Text(x, y, f"{words}: ____________________"))
        page.append(_Text(x + 240, y - LEADING, arabic(words), right=True))
    y -= 3 * LEADING
    page.append(_Text(MARGIN, y, f"*** {END}: {receipt.id} ***", bold=True))
    page.append(_Text(WIDTH - MARGIN, y, arabic(END), bold=True, right=True))
    yield page


def _headings(y: float, arabic: Translate) -> list[_Text]:
    return [
        text
        for x, _, words in COLUMNS
        for text in (_Text(x, y, words, bold=True), _Text(x, y - LEADING, arabic(words), bold=True))
    ]


def _both(canvas: Canvas, y: float, english: str, in_arabic: str) -> None:
    _Text(MARGIN, y, english, bold=True).draw(canvas)
    _Text(WIDTH - MARGIN, y, in_arabic, bold=True, right=True).draw(canvas)


def _edge(x: float, width: float, y: float, text: str) -> _Text:
    if face_of(text, script=Script.ANY, bold=False, field="").right_to_left:
        return _Text(x + width, y, text, right=True)
    return _Text(x, y, text)


def receipt_of(
    session: Session,
    vault: Vault,
    dispatch_ref: str,
    *,
    laboratory: tuple[str, str],
    zone: ZoneInfo,
) -> Receipt:
    """Return what the receipt of a dispatch says now. Raises NotFound, Erased."""
    shown = dispatch(session, vault, dispatch_ref)
    row = shown.dispatch
    told = deliverer_of(session, vault, row)
    who = initials_of(session, {one for one in (row.arrived_by, row.delivered_by) if one})
    brought = ", ".join(
        filter(None, (told.get("name"), told.get("organisation"), told.get("document")))
    ) or who.get(row.delivered_by or "", "-")
    seals = {one.package.ref: one.seal_number for one in packages_of(session, vault, row.ref)}
    items = items_of(session, vault, row.ref, limit=MOST_ITEMS)
    differences = tuple(
        Say(
            N_("Discrepancy: %(kind)s. List: %(sent)s. Read: %(read)s. %(reason)s"),
            {
                "kind": Say(DISCREPANCY_WORDS[one.discrepancy.kind]), "sent": one.sent or "-",
                "read": one.read or "-", "reason": one.reason,
            },
        )
        for one in discrepancies_of(session, vault, row.ref)
    )  # fmt: skip
    arrived = f"{local(row.arrived_at, zone):%Y-%m-%d %H:%M}" if row.arrived_at else "-"
    facts = (
        (N_("Sender"), shown.sender),
        (N_("Number of the list"), shown.number or "-"),
        (N_("Delivered by"), brought),
        (N_("Received by"), who.get(row.arrived_by or "", "-")),
        (N_("Received at"), arrived),
        (N_("Items"), f"{shown.scanned} / {shown.items}"),
    )
    return Receipt(
        id=row.ref[:8].upper(), laboratory=laboratory, facts=facts,
        rows=tuple(
            ReceiptRow(
                one.item.number, seals.get(one.item.package_ref, ""),
                " · ".join(filter(None, (one.case_number, one.name))),
                f"{one.item.counted} / {one.item.expected}",
                (ITEM_LOOKS[one.item.state][1], *((QUARANTINE,) if one.quarantined else ())),
            )
            for one in items
        ),
        differences=differences, anchor=anchor(session),
    )  # fmt: skip
