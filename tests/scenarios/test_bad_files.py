# SPDX-License-Identifier: Apache-2.0
"""Files that are not what a page asks for: each has a message, and nothing of it is stored."""

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from lims.cases.operations import record_sampling
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.sealing import open_vault
from lims.core.settings import Settings
from lims.genotyping.models import Run, RunFile
from lims.people.rules import Activity
from lims.quantification.operations import (
    complete_quantification,
    load_extract,
    open_quantification,
)
from lims.quantification.queries import decision_of
from lims.samples.rules import Material
from tests.cast import Cast
from tests.sealed import Sealed

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
Files = list[tuple[str, bytes]]

LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inside", content)
    return out.getvalue()


def refused_in_words(answer: TestResponse, *about: str) -> None:
    """Hold that a page says what was wrong in words, with no place left unfilled."""
    words = answer.get_data(as_text=True)
    assert answer.status_code in (409, 422), words[-600:]
    assert "<html" in words
    for sign in ("%(", "{{", "Traceback"):
        assert sign not in words
    for one in about:
        assert one in words, one


@pytest.fixture
def imported_run(filled: str, database: Database, settings: Settings) -> tuple[str, Files]:
    """The plate and the files of a run that was imported."""
    store = FileStore(settings.files)
    with database.reading() as session:
        plate = session.scalars(select(Run.plate_code)).one()
        files = [(one.name, store.read(one.sha256)) for one in session.scalars(select(RunFile))]
    return plate, sorted(files)


@pytest.fixture
def upload(cast: Cast, sign_in: SignIn, key: Key) -> Callable[..., TestResponse]:
    """Send files of a run to a plate through the page."""
    client = sign_in(cast.technician)

    def send(plate: str, files: Files, **more: str) -> TestResponse:
        answer = client.post(
            "/runs", content_type="multipart/form-data",
            data={"request_key": key(), "plate": plate, **more,
                  "files": [(io.BytesIO(content), name) for name, content in files]},
        )  # fmt: skip
        answer.get_data()
        answer.request.environ["wsgi.input"].close()
        return answer

    return send


def test_a_run_that_was_imported_is_not_imported_again_under_any_names(
    stored: Any, imported_run: tuple[str, Files], upload: Callable[..., TestResponse]
) -> None:
    plate, files = imported_run

    with stored.nothing_new():
        again = upload(plate, files)
        backwards = upload(plate, files[::-1])
        renamed = upload(
            plate, [(f"copy-{n}.fsa", content) for n, (_, content) in enumerate(files)]
        )
        in_a_folder = upload(plate, [(f"../../{name}", content) for name, content in files])
        looked = upload(plate, files, dry_run="yes")

    assert [one.status_code for one in (again, backwards, renamed, in_a_folder)] == [303] * 4
    assert len({one.headers["Location"] for one in (again, backwards, renamed, in_a_folder)}) == 1
    assert looked.status_code in (200, 303)


def test_one_bad_file_among_good_ones_forbids_the_import_and_is_named(
    stored: Any, imported_run: tuple[str, Files], upload: Callable[..., TestResponse]
) -> None:
    plate, files = imported_run
    name, good = files[0]
    rest = files[1:]

    for bad, content in {
        "cut.fsa": good[: len(good) // 2], "header.fsa": good[:128], "lfs.hid": LFS,
        "empty.fsa": b"", "zip.fsa": zipped(good), "gzip.fsa": gzip.compress(good),
        "sequence.fasta": b">femur\nACGTACGT\n", "picture.fsa": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "pdf.fsa": b"%PDF-1.7\n", "page.fsa": b"<html><script>alert(1)</script></html>",
        "zeros.fsa": bytes(len(good)), "shifted.fsa": b"\x00" + good,
        "flipped.fsa": good[:6] + bytes(byte ^ 0xFF for byte in good[6:34]) + good[34:],
        "<b>x</b>.fsa": b"", "اسم.fsa": b"nothing",
    }.items():  # fmt: skip
        with stored.nothing_new():
            answer = upload(plate, [(bad, content), *rest])
        refused_in_words(answer)
        assert "<b>x</b>" not in answer.get_data(as_text=True)
        if bad.isascii() and "<" not in bad:
            assert bad in answer.get_data(as_text=True)
    # The good ones are refused with it, not stored without it.
    with stored.nothing_new():
        refused_in_words(upload(plate, [(name, good), *rest, ("extra.fsa", LFS)]))


def test_a_plate_that_the_files_do_not_belong_to_refuses_them(
    stored: Any, imported_run: tuple[str, Files], upload: Callable[..., TestResponse],
    database: Database, a_plate: Callable[..., str],
) -> None:  # fmt: skip
    _, files = imported_run
    with database.writing() as session:
        other = a_plate(session, activity=Activity.INJECTION, kit="PowerPlex 16")
        measured = a_plate(session, activity=Activity.QUANTIFICATION)

    for plate in (other, measured, "P34679CDF", "nothing", ""):
        with stored.nothing_new():
            answer = upload(plate, files)
        assert answer.status_code in (404, 409, 422), plate
        assert "%(" not in answer.get_data(as_text=True)
    with stored.nothing_new():
        refused_in_words(upload(other, []))


@pytest.fixture
def measure(
    database: Database, cast: Cast, at: datetime, extracts: Callable[..., tuple[str, ...]],
    a_procedure: Callable[..., int], a_live_label: Callable[..., str],
) -> Callable[[], tuple[str, str, str]]:  # fmt: skip
    """Make a quantification plate that waits for its figures: plate, extract, blank."""
    by = cast.technician

    def make() -> tuple[str, str, str]:
        with database.writing() as session:
            code, blank = extracts(session)
            plate = open_quantification(
                session, procedure_id=a_procedure(session, activity=Activity.QUANTIFICATION),
                kit="Quantifiler Trio", by=by, at=at,
            ).code  # fmt: skip
            a_live_label(session, plate)
            for one in (code, blank):
                load_extract(session, plate, one, by=by, at=at)
            complete_quantification(session, plate, standards=False, by=by, at=at)
        return plate, code, blank

    return make


@pytest.fixture
def measured(measure: Callable[[], tuple[str, str, str]]) -> tuple[str, str, str]:
    """A plate that waits for its figures."""
    return measure()


def table_of(code: str, blank: str, *, comma: bool = False) -> str:
    quarter, separator = ("0,25", ";") if comma else ("0.25", ",")
    rows = (
        ("Well", "Sample", "Target", "Task", "Quantity"), ("A1", code, "Small", "", quarter),
        ("B1", blank, "Small", "", "0"), ("C1", "NTC", "Small", "NTC", "0"),
    )  # fmt: skip
    return "".join(separator.join(row) + "\n" for row in rows)


@pytest.fixture
def hand_in(cast: Cast, sign_in: SignIn, key: Key) -> Callable[..., TestResponse]:
    """Hand a table of quantities in through the page of a plate."""
    client = sign_in(cast.technician)

    def send(plate: str, content: bytes, name: str = "results.csv", **more: str) -> TestResponse:
        return client.post(
            f"/quantification/{plate}/table", content_type="multipart/form-data",
            data={"file": (io.BytesIO(content), name), "request_key": key(), **more},
        )  # fmt: skip

    return send


def test_what_is_no_table_of_quantities_is_refused_in_words(
    stored: Any, measured: tuple[str, str, str], hand_in: Callable[..., TestResponse]
) -> None:
    plate, code, blank = measured
    good = table_of(code, blank).encode()

    for name, content in {
        "empty.csv": b"", "lfs.csv": LFS, "zip.csv": zipped(good), "zip.xlsx": zipped(good),
        "cut.xlsx": zipped(good)[:40], "gzip.csv": gzip.compress(good),
        "run.fsa": b"ABIF" + bytes(200),
        "letters.fasta": b">femur\nACGT\n", "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "page.csv": b"<html><table><tr><td>Well</td></tr></table></html>",
        "no-target.csv": good.replace(b"Target,", b"").replace(b"Small,", b""),
        "no-quantity.csv": good.replace(b",Quantity", b",Remark"),
        "no-rows.csv": good.splitlines(keepends=True)[0],
        "nul.csv": good.replace(b"0.25", b"\x00.25"),
        "words.csv": good.replace(b"0.25", b"a lot"),
        "negative.csv": good.replace(b"0.25", b"-0.25"),
        "ambiguous.csv": good.replace(b"0.25", b"1.000.25"),
        "endless.csv": good.replace(b"0.25", b"9" * 400),
        "infinite.csv": good.replace(b"0.25", b"inf"), "nan.csv": good.replace(b"0.25", b"NaN"),
        "utf16-cut.csv": good.decode().encode("utf-16")[:-1],
    }.items():  # fmt: skip
        with stored.nothing_new():
            answer = hand_in(plate, content, name)
        refused_in_words(answer)


def test_a_table_that_disagrees_with_the_plate_leaves_not_even_its_file(
    stored: Any, measured: tuple[str, str, str], hand_in: Callable[..., TestResponse]
) -> None:
    plate, code, blank = measured
    good = table_of(code, blank)

    for wrong in (
        good.replace(code, "femur of somebody"), good.replace("A1,", "A2,"),
        good.replace("A1,", "Z9,"), good.replace(code, blank), good + f"A1,{code},Small,,0.5\n",
        good.replace(f"A1,{code},Small,,0.25\n", ""), good.replace(code, code[:-1]),
        good.replace(code, code[:-1] + ("W" if code[-1] != "W" else "V")),
    ):  # fmt: skip
        with stored.nothing_new():
            answer = hand_in(plate, wrong.encode())
        refused_in_words(answer)


def test_the_same_figures_are_taken_however_the_table_is_written(
    measure: Callable[[], tuple[str, str, str]], hand_in: Callable[..., TestResponse],
    database: Database,
) -> None:  # fmt: skip
    for how in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "comma", "crlf"):
        plate, code, blank = measure()
        text = table_of(code, blank, comma=how == "comma")
        written = {
            "comma": text.encode("utf-8-sig"), "crlf": text.replace("\n", "\r\n").encode(),
            "utf-16-le": b"\xff\xfe" + text.encode("utf-16-le"),
        }.get(how) or text.encode(how)  # fmt: skip

        answer = hand_in(plate, written)

        assert answer.status_code == 303, (how, answer.get_data(as_text=True)[-900:])
        with database.reading() as session:
            decision = decision_of(session, code)
        assert decision is not None
        assert decision.volume_nl == 4_000, how


def test_a_table_is_taken_once_and_other_figures_only_with_a_reason(
    stored: Any, measured: tuple[str, str, str], hand_in: Callable[..., TestResponse]
) -> None:
    plate, code, blank = measured
    good = table_of(code, blank).encode()
    assert hand_in(plate, good).status_code == 303

    def without_keys() -> dict[str, Any]:
        return {name: rows for name, rows in stored.rows().items() if name != "request_key"}

    before, files, events = without_keys(), stored.files(), len(stored.events())
    assert hand_in(plate, good, "renamed.txt").status_code == 303
    assert (without_keys(), stored.files(), len(stored.events())) == (before, files, events)
    with stored.nothing_new():
        refused_in_words(hand_in(plate, good.replace(b"0.25", b"0.50")))


def test_figures_are_no_table_without_a_file(
    stored: Any, measured: tuple[str, str, str], cast: Cast, sign_in: SignIn, key: Key
) -> None:
    plate, _, _ = measured
    client = sign_in(cast.technician)

    with stored.nothing_new():
        for sent in ({}, {"file": "text"}, {"file": (io.BytesIO(b""), "")}):
            answer = client.post(
                f"/quantification/{plate}/table", data={"request_key": key(), **sent},
                content_type="multipart/form-data",
            )  # fmt: skip
            refused_in_words(answer)


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (90, 60, 30)).save(out, kind)
    return out.getvalue()


def test_what_is_no_photograph_is_refused_whatever_it_is_called(
    stored: Any, database: Database, settings: Settings, cast: Cast, sign_in: SignIn, key: Key,
    at: datetime,
) -> None:  # fmt: skip
    sealed = Sealed(open_vault(settings), FileStore(settings.files), cast, at)
    with database.writing() as session:
        taken = sealed.a_bone(session, photographed=False)
    client = sign_in(cast.coordinator)
    good = a_picture()

    def send(content: bytes, name: str) -> TestResponse:
        return client.post(
            f"/cases/samplings/{taken}/photograph", content_type="multipart/form-data",
            data={"request_key": key(), "photograph": (io.BytesIO(content), name)},
        )  # fmt: skip

    for name, content in {
        "zip.jpg": zipped(good), "empty.jpg": b"", "cut.jpg": good[: len(good) // 2],
        "head.jpg": good[:20], "lfs.jpg": LFS, "page.jpg": b"<svg onload='alert(1)'/>",
        "picture.gif": a_picture("GIF"), "picture.tiff": a_picture("TIFF"),
        "picture.bmp": a_picture("BMP"), "run.fsa": b"ABIF" + bytes(100),
        "text.png": b"\x89PNG\r\n\x1a\n", "bomb.png": _huge_png(),
    }.items():  # fmt: skip
        with stored.nothing_new():
            answer = send(content, name)
        refused_in_words(answer)
    taken_at_last = send(good, "../../../picture.exe")
    assert taken_at_last.status_code == 303


def _huge_png() -> bytes:
    """A picture of a few bytes that claims a thousand million dots."""
    head = a_picture("PNG")
    wide = head[:16] + (40_000).to_bytes(4, "big") + (40_000).to_bytes(4, "big") + head[24:]
    return wide


def test_a_sampling_with_a_bad_photograph_is_not_recorded_without_it(
    stored: Any, database: Database, settings: Settings, cast: Cast, sign_in: SignIn, key: Key,
    at: datetime,
) -> None:  # fmt: skip
    vault = open_vault(settings)
    sealed = Sealed(vault, FileStore(settings.files), cast, at)
    with database.writing() as session:
        item = sealed.an_item(session)
        record_sampling(
            session, vault, item, material=Material.BONE, mass_ug=1_000_000,
            taken_on=now().date(), by=cast.coordinator, at=at,
        )  # fmt: skip

    client = sign_in(cast.coordinator)
    with stored.nothing_new():
        answer = client.post(
            f"/cases/none/items/{item}/samplings", content_type="multipart/form-data",
            data={"request_key": key(), "material": "bone", "mass": "2000",
                  "taken_on": "2026-03-01",
                  "photograph": (io.BytesIO(zipped(b"x")), "bone.jpg")},
        )  # fmt: skip

    refused_in_words(answer)
