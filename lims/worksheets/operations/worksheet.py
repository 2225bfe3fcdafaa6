# SPDX-License-Identifier: Apache-2.0
"""The worksheet of a batch or plate: A4, in the reader's language, black on white."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reportlab.pdfgen.canvas import Canvas

from labels.paper import wrapped
from labels.symbols import Kind as Symbol
from lims.core.codes import threes
from lims.core.words import N_, Translate
from lims.people.rules import ACTIVITY_WORDS, LINE_WORDS
from lims.samples.rules import thousandths
from lims.worksheets.operations.drawing import (
    HEIGHT,
    INNER,
    WIDTH,
    Block,
    Pen,
    draw_page,
    pages_of,
)
from lims.worksheets.operations.map import map_block
from lims.worksheets.queries import Sheet, SheetWell
from lims.worksheets.rules import MARKS, ROLE_WORDS

BATCH, PLATE = N_("Worksheet of a batch"), N_("Worksheet of a plate")
LINE, OPENED = N_("Line"), N_("Opened (UTC)")
BY, FILLED = N_("By"), N_("Filled")
REACTION, MIX, REST = N_("Reaction, µl"), N_("Mix in it, µl"), N_("Extract and water, µl")
STEPS, INITIALS = N_("Steps"), N_("Initials")
USED, CODE, NAME, NUMBER = N_("Lots and instruments used"), N_("Code"), N_("Name"), N_("Number")
VALID = N_("Valid until")
NEEDED, AMOUNT = N_("To be used, by the procedure"), N_("For each, µl")
IN_ALL, LOT = N_("In all, µl"), N_("Lot or instrument")
STANDING, WELL, CONTENT = N_("What stands where"), N_("Well"), N_("Content")
DRAWN, DILUENT = N_("Of the tube, µl"), N_("Diluent, µl")
VOLUME, DILUTION, WATER = N_("Extract, µl"), N_("Dilution"), N_("Water, µl")
TOO_MUCH = N_("too much: %(over)s")
SIGNED, WORKED, CHECKED = N_("Signatures"), N_("Worked by"), N_("Checked by a second person")
DATE, SIGNATURE = N_("Date and time"), N_("Signature")
PRINTED = N_("Printed (UTC)")
PAGE_OF = N_("Page %(page)s of %(pages)s")
NOTHING = N_("Nothing stands in it yet.")

ROW = 17.0
_HEAD = 20.0


@dataclass(frozen=True)
class Column:
    """A column of a table: where it begins, its head."""

    x: float
    words: str


def draw_worksheet(
    sheet: Sheet, *, laboratory: tuple[str, str], at: datetime, by: str, anchor: str,
    arabic: bool, translate: Translate,
) -> bytes:  # fmt: skip
    """Return the PDF. `laboratory`: its name in English and Arabic; `by`: staff number.

    `translate` goes into the language of the sheet. The same bytes for the same sheet and instant.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{translate(PLATE if sheet.is_plate else BATCH)} {sheet.code}")
    canvas.setViewerPreference("PrintScaling", "None")
    pen = Pen(canvas, arabic)
    pages = pages_of(list(_blocks(sheet, arabic, translate)))
    for number, blocks in enumerate(pages, start=1):
        _frame(pen, sheet, laboratory[1 if arabic else 0], translate)
        told = translate(PAGE_OF) % {"page": number, "pages": len(pages)}
        pen.rule(0, 46, INNER)
        pen.text(0, 33, translate(PRINTED))
        pen.text(82, 33, f"{at:%Y-%m-%d %H:%M}")
        pen.text(160, 33, by)
        pen.text(230, 33, anchor, code=True)
        pen.text(INNER, 33, told, at_end=True)
        draw_page(pen, blocks)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _frame(pen: Pen, sheet: Sheet, laboratory: str, translate: Translate) -> None:
    title = translate(PLATE if sheet.is_plate else BATCH)
    pen.text(0, HEIGHT - 36, laboratory)
    pen.text(0, HEIGHT - 54, f"{title}: {translate(ACTIVITY_WORDS[sheet.activity])}", size=13,
             bold=True)  # fmt: skip
    pen.text(0, HEIGHT - 74, threes(sheet.code), size=14, code=True)
    pen.symbol(Symbol.DATAMATRIX, sheet.code, INNER - 42, HEIGHT - 30, module=2.6)
    pen.rule(0, HEIGHT - 82, INNER)


def _blocks(sheet: Sheet, arabic: bool, translate: Translate) -> Iterator[Block]:
    document = sheet.document
    title = document.title_ar if arabic and document.title_ar else document.title
    yield _facts(sheet, title, translate)
    yield map_block(sheet)
    yield _legend(sheet, translate)
    yield from _volumes(sheet, translate)
    yield from _used(sheet, translate)
    yield from _needed(sheet, translate)
    steps = [one.words_ar if arabic and one.words_ar else one.words for one in document.steps]
    yield from _steps(steps, translate)
    yield _signatures(translate)


def _facts(sheet: Sheet, title: str, translate: Translate) -> Block:
    """The bar code, and what the batch or plate is."""
    pairs = []
    if sheet.line is not None:
        pairs.append((LINE, translate(LINE_WORDS[sheet.line])))
    pairs += [(OPENED, f"{sheet.opened_at:%Y-%m-%d %H:%M}"), (BY, sheet.opened_by)]
    pairs.append((FILLED, str(len(sheet.wells))))
    if sheet.room is not None:
        pairs += [
            (REACTION, thousandths(sheet.room.reaction_nl)),
            (MIX, thousandths(sheet.room.mix_nl)),
            (REST, thousandths(sheet.room.template_nl)),
        ]
    # Names may be long: they have lines of their own.
    named = f"{sheet.procedure} · {sheet.kit}" if sheet.kit else sheet.procedure
    lines = [*wrapped(title, 340, bold=True), *wrapped(named, 340, bold=True)]
    rows = -(-len(pairs) // 2)

    def draw(pen: Pen, top: float) -> None:
        y = top - 14
        for line in lines:
            pen.text(0, y, line, bold=True)
            y -= 12
        pen.symbol(Symbol.CODE128, sheet.code, INNER - 150, top - 6, module=0.96, height=30)
        for place, (words, value) in enumerate(pairs):
            column, row = divmod(place, rows)
            pen.text(column * 180, y - 4 - row * 13, translate(words))
            pen.text(column * 180 + (90 if column == 0 else 102), y - 4 - row * 13, value)

    return Block(max(48.0, 18 + 12 * len(lines) + 13 * rows), draw)


def _legend(sheet: Sheet, translate: Translate) -> Block:
    roles = list(dict.fromkeys(one.role for one in sheet.wells if MARKS[one.role]))

    def draw(pen: Pen, top: float) -> None:
        for place, role in enumerate(roles):
            pen.text(place * 130, top - 12, MARKS[role], bold=True)
            pen.text(place * 130 + 20, top - 12, translate(ROLE_WORDS[role]))
        if not sheet.wells:
            pen.text(0, top - 12, translate(NOTHING))

    return Block(20, draw)


def _volumes(sheet: Sheet, translate: Translate) -> Iterator[Block]:
    """A line a well: what goes in, and a box to tick off."""
    columns = [Column(0, WELL), Column(34, CONTENT), Column(84, CODE)]
    if sheet.wells and any(one.setup for one in sheet.wells):
        columns += [
            Column(160, DILUTION), Column(208, DRAWN), Column(288, DILUENT), Column(345, VOLUME),
            Column(405, WATER),
        ]  # fmt: skip
    elif sheet.is_plate:
        columns.append(Column(220, VOLUME))
    head = _table_head([*columns, Column(INNER - 46, INITIALS)], translate)
    if not sheet.wells:
        return
    yield _title(translate(STANDING))
    yield head
    for one in sheet.wells:
        yield _row(_cells(one, columns, translate), head, boxes=((INNER - 46, 46),))


def _cells(
    well: SheetWell, columns: Sequence[Column], translate: Translate
) -> list[tuple[float, str, bool]]:
    setup = well.setup
    shown = {
        WELL: well.position, CONTENT: MARKS[well.role], VOLUME: _ul(well.volume_nl),
        DILUTION: f"1:{well.dilution}" if well.dilution > 1 else "",
    }  # fmt: skip
    if setup is not None:
        if well.dilution > 1:
            shown |= {DRAWN: _ul(setup.drawn_nl), DILUENT: _ul(setup.diluent_nl)}
        over = {"over": thousandths(setup.over_nl)}
        shown[WATER] = translate(TOO_MUCH) % over if setup.over_nl else _ul(setup.water_nl)
    bold = {CONTENT, WATER} if setup is not None and setup.over_nl else {CONTENT}
    cells = [
        (one.x, shown.get(one.words, ""), one.words in bold) for one in columns if one.words != CODE
    ]
    return [*cells, (84.0, threes(well.code), False)]


def _used(sheet: Sheet, translate: Translate) -> Iterator[Block]:
    if not sheet.uses:
        return
    head = _table_head(
        (Column(0, CODE), Column(100, NAME), Column(310, NUMBER), Column(420, VALID)), translate
    )
    yield _title(translate(USED))
    yield head
    for one in sheet.uses:
        name = wrapped(one.name, 205)[0]
        yield _row(
            [(0, threes(one.code), False), (100, name, False),
             (310, wrapped(one.number, 105)[0], False), (420, one.until.isoformat(), False)],
            head,
        )  # fmt: skip


def _needed(sheet: Sheet, translate: Translate) -> Iterator[Block]:
    """What the procedure asks for and nobody has scanned: with room for the code."""
    there = [one.name.casefold() for one in sheet.uses]
    wells = max(1, len(sheet.wells))
    rows = [
        (one.name, one.volume_nl, wells)
        for one in sheet.document.reagents
        if not any(one.name.casefold() in name for name in there)
    ]
    rows += [
        (f"{one.kind}, {one.program}" if one.program else one.kind, None, 1)
        for one in sheet.document.instruments
        if not any(one.kind.casefold() in name for name in there)
    ]
    if not rows:
        return
    columns = (Column(0, NAME), Column(220, AMOUNT), Column(290, IN_ALL), Column(360, LOT))
    head = _table_head(columns, translate)
    yield _title(translate(NEEDED))
    yield head
    for name, volume, count in rows:
        in_all = None if volume is None else volume * count
        yield _row(
            [(0, wrapped(name, 215)[0], False), (220, _ul(volume), False),
             (290, _ul(in_all), False)],
            head, boxes=((360, INNER - 360),),
        )  # fmt: skip


def _steps(steps: Sequence[str], translate: Translate) -> Iterator[Block]:
    head = _table_head((Column(20, STEPS), Column(INNER - 70, INITIALS)), translate)
    yield Block(12, lambda pen, top: None, keep=True)
    yield head
    for number, words in enumerate(steps, start=1):
        yield _step(number, wrapped(words, INNER - 110), head)


def _step(number: int, lines: Sequence[str], head: Block) -> Block:
    height = max(24.0, 8 + 12.0 * len(lines))

    def draw(pen: Pen, top: float) -> None:
        pen.text(0, top - 13, f"{number}", bold=True)
        for place, line in enumerate(lines):
            pen.text(20, top - 13 - place * 12, line)
        pen.box(INNER - 70, top - height + 2, 70, height - 4)
        pen.rule(0, top - height, INNER, line=0.3)

    return Block(height, draw, head)


def _signatures(translate: Translate) -> Block:
    def draw(pen: Pen, top: float) -> None:
        pen.text(0, top - 20, translate(SIGNED), size=11, bold=True)
        for place, words in enumerate((WORKED, CHECKED)):
            y = top - 62 - place * 60
            pen.text(0, y + 30, translate(words))
            for x, width, under in ((0, 110, INITIALS), (130, 150, DATE), (300, 223, SIGNATURE)):
                pen.rule(x, y + 2, width)
                pen.text(x, y - 8, translate(under), size=7)

    return Block(140, draw)


def _title(words: str) -> Block:
    return Block(22, lambda pen, top: pen.text(0, top - 16, words, size=11, bold=True), keep=True)


def _table_head(columns: Sequence[Column], translate: Translate) -> Block:
    def draw(pen: Pen, top: float) -> None:
        for one in columns:
            pen.text(one.x, top - 12, translate(one.words), size=8, bold=True)
        pen.rule(0, top - 17, INNER, line=0.8)

    return Block(_HEAD, draw, keep=True)


def _row(
    cells: Sequence[tuple[float, str, bool]], head: Block,
    *, boxes: Sequence[tuple[float, float]] = (),
) -> Block:  # fmt: skip
    def draw(pen: Pen, top: float) -> None:
        for x, text, is_bold in cells:
            if text:
                pen.text(x, top - 12, text, bold=is_bold)
        for x, width in boxes:
            pen.box(x, top - ROW + 1.5, width, ROW - 3)
        pen.rule(0, top - ROW, INNER, line=0.25)

    return Block(ROW, draw, head)


def _ul(volume_nl: int | None) -> str:
    return "–" if volume_nl is None else thousandths(volume_nl)
