# SPDX-License-Identifier: Apache-2.0
"""The sheet of a day: the newest checkpoint on paper, to be compared, signed in ink and kept away.

One page of A4 in black and white, English on the left, Arabic on the right.
"""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from labels.paper import width, wrapped, write
from lims.core.words import N_, Translate
from lims.custody import verifier
from lims.custody.queries import Head
from lims.custody.queries.days import SignedDay, signed_day
from lims.custody.rules import Tag

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
LEFT, RIGHT = 42.0, 553.0
QR_SIDE = 164.0  # points; 58 mm, so that a module is as broad as three dots of 300 an inch
_SIZE, _LEADING = 9.0, 13.5
_BACK = 31  # days: sheets older than that are not made up for
_INK = 122.0  # under this height is the room for ink

TITLE = N_("Daily sheet of the ledger")
DAY = N_("Day")
LABORATORY = N_("Laboratory")
LEDGER = N_("Ledger")
SIGNED_AT = N_("Signed (UTC)")
EVENTS = N_("Events in all")
ADDED = N_("Signed on this day")
ROOT = N_("Root")
ANCHOR = N_("Anchor")
KEY = N_("Signed by the key")
WHAT = N_("What was done")
OTHERS = N_("other kinds of acts")
NONE = N_("Nothing was signed on this day; the checkpoint is an older one.")
WHAT_IT_IS = N_(
    "This sheet fixes the ledger as it was when it was signed: all events up to the number above. "
    "Nothing among them can later be changed, removed or added without the root becoming another. "
    "It says what was recorded, not that it is true."
)
HOW_TO_COMPARE = N_(
    "To compare: scan the square; it holds the whole signed checkpoint as text. Keep that text as "
    "a file ending in .checkpoint beside the others, and run verifier.py on an export of the "
    "ledger. If it says sound, the ledger still begins with these events."
)
FIRST = N_("First signature: name, date, place")
SECOND = N_("Second signature: name, date, place")
KEEP = N_("Keep this sheet away from the laboratory's computers.")


@dataclass(frozen=True)
class DaySheet:
    """What stands on the sheet."""

    day: date  # by the laboratory's clock
    laboratory: tuple[str, str]  # in English and in Arabic
    signed: SignedDay


def sheet_of(
    session: Session, day: date, zone: ZoneInfo, laboratory: tuple[str, str]
) -> DaySheet | None:
    """Gather the sheet of a day by the wall clock of `zone`; None where nothing was signed yet."""
    begin, end = (
        datetime.combine(one, time.min, zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    signed = signed_day(session, begin, end)
    return None if signed is None else DaySheet(day, laboratory, signed)


def keep_sheets(
    session: Session, folder: Path, *, at: datetime, zone: ZoneInfo, laboratory: tuple[str, str],
    arabic: Translate,
) -> list[Path]:  # fmt: skip
    """Write the sheets of the days that are over and have none; return the files, oldest first.

    What was missed is made up for, from the newest sheet on (at most a month back; where there is
    none, yesterday's is the first). Raises OSError.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    today = at.astimezone(zone).date()
    kept = [date.fromisoformat(path.stem) for path in folder.glob("????-??-??.pdf")]
    first = max(kept, default=today - timedelta(days=2)) + timedelta(days=1)
    day = max(first, today - timedelta(days=_BACK))
    made = []
    while day < today:
        sheet = sheet_of(session, day, zone, laboratory)
        if sheet is not None:
            path = folder / f"{day.isoformat()}.pdf"
            fresh = path.with_suffix(".new")
            fresh.write_bytes(draw_sheet(sheet, arabic))
            fresh.replace(path)
            made.append(path)
        day += timedelta(days=1)
    return made


def anchor_of(mark: verifier.Checkpoint) -> str:
    """Return size and the beginning of the root, as printed on labels and slips."""
    return Head(mark.origin, mark.size, mark.root).anchor


def draw_sheet(sheet: DaySheet, arabic: Translate) -> bytes:
    """Return the PDF, one page; the same bytes for the same day. `arabic` translates marked words.

    Raises verifier.Malformed for a note that is no checkpoint.
    """
    note = verifier.read_note(sheet.signed.note.encode())
    mark = verifier.read_checkpoint(note.text)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE} {sheet.day.isoformat()}")
    y = _top(canvas, sheet, arabic)
    y = _facts(canvas, sheet, mark, note.signatures[0][0], y, arabic)
    y = _texts(canvas, y, arabic)
    y = _counts(canvas, sheet.signed, y, arabic)
    _signatures(canvas, arabic)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _top(canvas: Canvas, sheet: DaySheet, arabic: Translate) -> float:
    y = HEIGHT - 46
    write(canvas, LEFT, y, TITLE, size=15, bold=True)
    write(canvas, RIGHT, y, arabic(TITLE), size=15, bold=True, edge="right")
    y -= 20
    write(canvas, LEFT, y, sheet.laboratory[0], size=_SIZE + 1)
    write(canvas, RIGHT, y, sheet.laboratory[1], size=_SIZE + 1, edge="right")
    canvas.setLineWidth(0.7)
    canvas.line(LEFT, y - 9, RIGHT, y - 9)
    return y - 26


def _facts(
    canvas: Canvas, sheet: DaySheet, mark: verifier.Checkpoint, signer: str, y: float,
    arabic: Translate,
) -> float:  # fmt: skip
    """Write the figures on the left and the square with the whole note on the right."""
    added = sheet.signed.end - sheet.signed.first
    root = mark.root.hex()
    right = RIGHT - QR_SIDE - 12
    rows = (
        (DAY, (sheet.day.isoformat(),)),
        (LEDGER, (mark.origin,)),
        (SIGNED_AT, (mark.at.replace("T", " ")[:19],)),
        (EVENTS, (str(mark.size),)),
        (ADDED, (f"{added}  ({sheet.signed.first} - {sheet.signed.end - 1})" if added else "0",)),
        (ROOT, tuple(" ".join(root[at : at + 4] for at in range(i, i + 32, 4)) for i in (0, 32))),
        (ANCHOR, (anchor_of(mark),)),
        (KEY, (signer,)),
    )
    top = y
    for words, values in rows:
        write(canvas, LEFT, y, words, size=_SIZE, bold=True)
        write(canvas, right, y, arabic(words), size=_SIZE, bold=True, edge="right")
        y -= _LEADING
        for value in values:
            write(canvas, LEFT + 10, y, value, size=_fitting(value, right - LEFT - 10), code=True)
            y -= _LEADING
        y -= 1.5
    _square(canvas, sheet.signed.note, RIGHT - QR_SIDE, top + 9 - QR_SIDE)
    return min(y, top + 9 - QR_SIDE) - 4


def _fitting(value: str, room: float) -> float:
    size = _SIZE
    while size > 5 and width(value, size=size, code=True) > room:
        size -= 0.5
    return size


def _square(canvas: Canvas, note: str, x: float, y: float) -> None:
    code = QrCodeWidget(note, barLevel="M", barBorder=4, barWidth=QR_SIDE, barHeight=QR_SIDE)
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, x, y)


def _texts(canvas: Canvas, y: float, arabic: Translate) -> float:
    """Write the plain words side by side."""
    half = (RIGHT - LEFT - 20) / 2
    for text in (WHAT_IT_IS, HOW_TO_COMPARE):
        english = wrapped(text, half, size=_SIZE)
        other = wrapped(arabic(text), half, size=_SIZE)
        for number in range(max(len(english), len(other))):
            if number < len(english):
                write(canvas, LEFT, y, english[number], size=_SIZE)
            if number < len(other):
                write(canvas, RIGHT, y, other[number], size=_SIZE, edge="right")
            y -= _LEADING
        y -= 4
    return y - 6


def _counts(canvas: Canvas, signed: SignedDay, y: float, arabic: Translate) -> float:
    """List how many acts of each kind were signed on the day, the most frequent first."""
    middle = (LEFT + RIGHT) / 2
    write(canvas, LEFT, y, WHAT, size=_SIZE + 1, bold=True)
    write(canvas, RIGHT, y, arabic(WHAT), size=_SIZE + 1, bold=True, edge="right")
    y -= _LEADING + 1
    counts = sorted(signed.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    known = {tag.value: tag.words for tag in Tag}
    room = int((y - _INK) / _LEADING)
    spelled = len(counts) if len(counts) <= room else room - 1
    rows = [(known.get(kind, kind), count) for kind, count in counts[:spelled]]
    if spelled < len(counts):
        rows.append((OTHERS, sum(count for _, count in counts[spelled:])))
    canvas.setLineWidth(0.25)
    for words, count in rows:
        write(canvas, LEFT, y, words, size=_SIZE)
        write(canvas, middle, y, str(count), size=_SIZE, edge="middle")
        write(canvas, RIGHT, y, arabic(words), size=_SIZE, edge="right")
        canvas.line(LEFT, y - 3.5, RIGHT, y - 3.5)
        y -= _LEADING
    if not rows:
        for text, x, edge in ((NONE, LEFT, "left"), (arabic(NONE), RIGHT, "right")):
            write(canvas, x, y, text, size=_SIZE, edge="right" if edge == "right" else "left")
            y -= _LEADING
    return y


def _signatures(canvas: Canvas, arabic: Translate) -> None:
    """Leave room for two signatures in ink."""
    half = (RIGHT - LEFT - 16) / 2
    canvas.setLineWidth(0.7)
    for x, words in ((LEFT, FIRST), (LEFT + half + 16, SECOND)):
        canvas.rect(x, 52, half, 62)
        write(canvas, x + 5, 103, words, size=7)
        write(canvas, x + half - 5, 58, arabic(words), size=7, edge="right")
    write(canvas, LEFT, 36, KEEP, size=_SIZE, bold=True)
    write(canvas, RIGHT, 36, arabic(KEEP), size=_SIZE, bold=True, edge="right")
