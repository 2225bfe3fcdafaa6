# SPDX-License-Identifier: Apache-2.0
"""The ledger on paper: the sheet of a day, made daily, and the anchors on labels compared."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient

from lims import jobs
from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import BadSettings, Settings, read_settings, write_settings
from lims.core.shifts import last_end, read_times
from lims.custody import verifier
from lims.custody.operations import (
    append,
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import anchor, checkpoints, head
from lims.custody.queries.anchors import check_anchor
from lims.custody.rules import Tag
from lims.custody.rules.anchors import AnchorMistyped, AnchorVerdict
from lims.quality.operations import draw_sheet, sheet_of
from lims.web.locale import translate
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys(settings: Settings) -> Settings:
    """The laboratory's signing keys for a week from the day of the test."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=AT.date(), days=7)
    return settings


def act(database: Database, cast: Cast, at: datetime, count: int = 1) -> None:
    with database.writing() as session:
        for number in range(count):
            append(
                session, Tag.SUBJECT_NOTE_ADDED, draw_code(Kind.BONE), {"n": number},
                by=cast.technician, at=at,
            )  # fmt: skip


def squares(pdf: bytes, scale: float) -> tuple[list[str], str]:
    """Return what is read from the page in black and white, and its text."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    page = document[0]
    assert page.get_size() == (595, 842)
    picture = page.render(scale=scale).to_pil().convert("1").convert("L")
    text = page.get_textpage().get_text_range()
    document.close()
    return [code.text for code in zxingcpp.read_barcodes(picture)], text


def test_the_sheet_of_a_day_holds_the_whole_signed_checkpoint(
    database: Database, cast: Cast, keys: Settings, sign_in: SignIn
) -> None:
    with database.reading() as session:
        before = head(session).size
        assert sheet_of(session, AT.date(), keys.time_zone, ("L", "م")) is None
    act(database, cast, AT, 5)
    assert jobs.sign(keys, database, at=AT)
    act(database, cast, AT + timedelta(days=1), 3)
    assert jobs.sign(keys, database, at=AT + timedelta(days=1))
    with database.reading() as session:
        first, second = list(checkpoints(session))
        drawn = sheet_of(session, date(2026, 11, 25), keys.time_zone, ("Laboratory", "مختبر"))
        whole = sheet_of(session, date(2026, 11, 24), keys.time_zone, ("Laboratory", "مختبر"))
    assert drawn is not None
    assert whole is not None
    assert (whole.signed.first, whole.signed.end) == (0, before + 5)
    assert (drawn.signed.first, drawn.signed.end) == (before + 5, before + 8)
    assert drawn.signed.counts == {"subject:note:added": 3}
    for sheet, mark in ((whole, first), (drawn, second)):
        pdf = draw_sheet(sheet, partial(translate, into="ar"))
        assert pdf == draw_sheet(sheet, partial(translate, into="ar"))
        codes, text = squares(pdf, 3)
        assert codes == [mark.note]
        assert str(mark.size) in text
        signed = verifier.read_checkpoint(verifier.read_note(mark.note.encode()).text)
        assert signed.root.hex()[:4] in text
    answer = sign_in(cast.quality).get("/ledger/sheet?day=2026-11-25")
    refused = sign_in(cast.technician).get("/ledger/sheet")
    none = sign_in(cast.quality).get("/ledger/sheet?day=2020-01-01")
    assert (answer.mimetype, answer.data[:4]) == ("application/pdf", b"%PDF")
    assert (refused.status_code, none.status_code) == (403, 404)


def test_the_worker_lays_a_sheet_of_each_day_that_is_over_and_makes_up_for_missed_ones(
    database: Database, cast: Cast, keys: Settings
) -> None:
    act(database, cast, AT)
    jobs.sign(keys, database, at=AT)
    names = []
    for days in (0, 1, 1, 4):
        made = jobs.print_days(keys, database, at=AT + timedelta(days=days))
        names.append([path.name for path in made])
    assert names == [
        [], ["2026-11-24.pdf"], [], ["2026-11-25.pdf", "2026-11-26.pdf", "2026-11-27.pdf"],
    ]  # fmt: skip
    assert (keys.sheets / "2026-11-24.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_unsigned_at_the_end_of_a_shift_is_signed_then_or_as_soon_as_the_worker_runs(
    database: Database, cast: Cast, keys: Settings, tmp_path: Path
) -> None:
    zone = keys.time_zone  # two hours before UTC
    ends = read_times(keys.shift_ends)
    assert [f"{end:%H:%M}" for end in ends] == ["14:00", "22:00"]
    assert last_end(ends, AT, zone) == datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    assert last_end(ends, AT.replace(hour=12), zone) == AT.replace(hour=12)
    assert last_end((), AT, zone) is None
    for wrong in ("24:00", "7:00", "x", "14:00,22:00"):
        with pytest.raises(ValueError, match="time of day"):
            read_times(wrong)
        write_settings(Settings(folder=tmp_path / "wrong", shift_ends=wrong))
        with pytest.raises(BadSettings, match="shift_ends"):
            read_settings(tmp_path / "wrong")
    early = AT.replace(hour=11, minute=50)
    jobs.sign(keys, database, at=early)
    act(database, cast, early + timedelta(minutes=1))
    assert not jobs.sign_if_due(keys, database, at=AT.replace(hour=11, minute=59))
    assert jobs.sign_if_due(keys, database, at=AT.replace(hour=12))
    # The one at 22:00 was missed; the next look makes up for it.
    act(database, cast, AT.replace(hour=19, minute=59, second=50))
    assert jobs.sign_if_due(keys, database, at=AT.replace(hour=20, minute=2))


def test_an_anchor_says_whether_the_ledger_is_still_the_one_of_the_label(
    database: Database, cast: Cast, keys: Settings, sign_in: SignIn
) -> None:
    act(database, cast, AT, 3)
    with database.reading() as session:
        held = anchor(session)
        assert check_anchor(session, held).verdict is AnchorVerdict.UNSIGNED
    act(database, cast, AT, 6)
    jobs.sign(keys, database, at=AT)
    size, letters = held.split(":")
    swapped = letters[:-1] + ("A" if letters[-1] != "A" else "B")
    with database.reading() as session:
        found = check_anchor(session, held.lower())
        assert (found.verdict, found.signed) == (AnchorVerdict.FITS, head(session).size)
        assert found.at == AT
        assert check_anchor(session, f"{size}:{swapped}").verdict is AnchorVerdict.ANOTHER
        assert check_anchor(session, f"{int(size) - 1}:{letters}").verdict is AnchorVerdict.ANOTHER
        assert check_anchor(session, f"99999:{letters}").verdict is AnchorVerdict.LONGER
        for wrong in ("", "12", "x:ABCDEFGHIJ", "1:ABC", f"-{held}"):
            with pytest.raises(AnchorMistyped):
                check_anchor(session, wrong)
    client = sign_in(cast.quality)
    fits = client.get("/ledger/anchor", query_string={"anchor": held}).get_data(as_text=True)
    wrong = client.get("/ledger/anchor", query_string={"anchor": f"{size}:{swapped}"})
    assert "It fits the ledger" in fits
    assert "It does not fit the ledger" in wrong.get_data(as_text=True)
    assert client.get("/ledger/anchor?anchor=nonsense").status_code == 422


def test_the_page_says_loudly_when_nothing_can_be_signed_and_what_was_read(
    database: Database, cast: Cast, keys: Settings, sign_in: SignIn, key: Callable[[], str]
) -> None:
    client = sign_in(cast.quality)

    def verify(**more: Any) -> str:
        answer = client.post("/ledger/verify", data={"request_key": key(), **more})
        return answer.get_data(as_text=True)

    shutil.rmtree(keys.keys)
    assert "There is no key for today" in client.get("/ledger").get_data(as_text=True)
    assert "Every one of the" in verify()
    assert "Every one of the" in verify(whole="true")
