# SPDX-License-Identifier: Apache-2.0
"""Photographs: what is refused at the border and why, what is kept and what is derived."""

import zipfile
import zlib
from base64 import b64decode
from datetime import datetime
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from lims.cases import operations as cases
from lims.cases import queries
from lims.cases.models import BoneSampling, FieldPhotograph
from lims.cases.rules import (
    HeicNotRead,
    PhotographCut,
    PhotographGone,
    PhotographKind,
    PhotographMetadata,
    PhotographMissing,
    PhotographMoves,
    PhotographNeeded,
    PhotographRefused,
    PhotographTooLarge,
    PhotographTrailed,
    PhotographTwice,
    ReasonNeeded,
)
from lims.core import pictures
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.core.settings import Settings
from tests.cast import Cast
from tests.sealed import Sealed, picture


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    body = kind + content
    return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def png(*more: bytes, size: int = 8) -> bytes:
    """Return a PNG with more chunks between its head and its rows."""
    head = size.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(bytes(size * (size + 1)) if size < 5000 else bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", rows)
        + chunk(b"IEND")
    )  # fmt: skip


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("letter.txt", "x" * 100)
    return out.getvalue()


def drawn(kind: str, **more: object) -> bytes:
    out = BytesIO()
    image = Image.new("RGB", (60, 40), "white")
    image.paste("red", (0, 0, 30, 40))
    image.save(out, kind, **more)
    return out.getvalue()


def moving(kind: str) -> bytes:
    out = BytesIO()
    frames = [Image.new("RGB", (9, 9), (shade, 0, 0)) for shade in (1, 200)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def with_segments(many: int) -> bytes:
    """Return a JPEG with segments of 64 kB that no camera would write."""
    segment = b"\xff\xed\xff\xff" + b"x" * 65533
    return picture()[:2] + segment * many + picture()[2:]


def announced(second: bytes) -> bytes:
    """Return a JPEG that announces a second picture behind it, as telephones write one."""
    out = BytesIO()
    image = Image.new("RGB", (60, 40), "white")
    image.save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (6, 4))])
    return out.getvalue() + second


# The first boxes of a HEIC file: enough to be recognised, not enough to be a picture.
BOX_HEIC = b"\x00\x00\x00\x14ftypheic\x00\x00\x00\x00mif1"


@pytest.mark.parametrize(
    ("content", "refusal", "said"),
    [
        pytest.param(b"", PhotographRefused, "not a whole picture", id="nothing"),
        pytest.param(zipped(), PhotographRefused, "not a whole picture", id="an archive"),
        pytest.param(b"<svg onload='alert(1)'/>", PhotographRefused, "JPEG, PNG or HEIC", id="svg"),
        pytest.param(moving("GIF"), PhotographRefused, "JPEG, PNG or HEIC", id="gif"),
        pytest.param(drawn("WEBP"), PhotographRefused, "JPEG, PNG or HEIC", id="webp"),
        pytest.param(moving("PNG"), PhotographMoves, "several pictures", id="moving png"),
        pytest.param(b"\xff\xd8\xff" + b"x" * 90, PhotographCut, "cut off", id="false start"),
        pytest.param(picture()[:-30], PhotographCut, "its end is missing", id="cut jpeg"),
        pytest.param(picture("PNG")[:-30], PhotographCut, "its end is missing", id="cut png"),
        pytest.param(
            picture("PNG").replace(b"IDAT", b"IDAU"), PhotographRefused, "picture", id="false sum"
        ),
        pytest.param(picture() + zipped(), PhotographTrailed, "no part of it", id="jpeg and zip"),
        pytest.param(picture("PNG") + b"<html>", PhotographTrailed, "6 bytes", id="png and page"),
        pytest.param(picture() + picture(), PhotographTrailed, "no part of it", id="two jpegs"),
        pytest.param(announced(b"PK"), PhotographTrailed, "2 bytes", id="announced and more"),
        pytest.param(with_segments(70), PhotographMetadata, "more than 4 MB", id="huge exif"),
        pytest.param(
            png(chunk(b"iCCP", bytes(4_000_001))), PhotographMetadata, "4 MB", id="huge profile"
        ),
        pytest.param(
            png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))), PhotographRefused,
            "picture", id="a text that swells",
        ),
        pytest.param(png(size=60_000), PhotographTooLarge, "64 megapixels", id="a bomb"),
        pytest.param(picture() + bytes(20_000_001), PhotographTooLarge, "20 MB", id="many bytes"),
    ],
)  # fmt: skip
def test_what_is_no_photograph_is_refused_and_told_why(
    content: bytes, refusal: type[PhotographRefused], said: str
) -> None:
    with pytest.raises(PhotographRefused) as refused:
        cases.read_photograph(content)
    assert type(refused.value) is refusal
    assert said in str(refused.value.say)
    assert "Nothing was stored." in str(refused.value.advice)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(picture() + bytes(4096), id="zeros behind a jpeg"),
        pytest.param(picture("PNG") + bytes(7), id="zeros behind a png"),
        pytest.param(announced(b""), id="a second picture that is announced"),
        pytest.param(drawn("JPEG", progressive=True), id="progressive"),
        pytest.param(with_segments(3), id="some metadata"),
    ],
)
def test_what_cameras_write_is_taken(content: bytes) -> None:
    assert cases.read_photograph(content).content == content


def test_a_thumbnail_stands_upright_and_says_nothing_of_place_or_camera() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the right when it is shown
    exif[0x010E] = "Wadi Zahra Canary"
    exif.get_ifd(0x8825)[1] = "N"
    content = drawn("JPEG", exif=exif, comment=b"Wadi Zahra Canary")
    read = cases.read_photograph(content)
    assert (read.width, read.height) == (40, 60)
    assert b"Canary" in content
    assert b"Canary" not in read.thumbnail
    with Image.open(BytesIO(read.thumbnail)) as small:
        assert small.size == (40, 60)
        assert dict(small.getexif()) == {}
        assert "comment" not in small.info
        top, bottom = small.getpixel((20, 5)), small.getpixel((20, 55))
    assert top[1] < 100 < bottom[1]  # red was at the left


def test_a_large_picture_gets_a_small_thumbnail() -> None:
    read = cases.read_photograph(picture(size=(3000, 2000)))
    with Image.open(BytesIO(read.thumbnail)) as small:
        assert small.size == (480, 320)
    assert (read.width, read.height, read.kind) == (3000, 2000, "jpeg")


def test_without_the_part_that_reads_heic_the_refusal_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "pi_heif", None)
    with pytest.raises(HeicNotRead) as refused:
        cases.read_photograph(BOX_HEIC)
    assert "osteon-lims[heic]" in str(refused.value.advice)


def test_a_broken_heic_is_refused() -> None:
    pytest.importorskip("pi_heif", reason="the extra heic is not installed")
    with pytest.raises(PhotographCut):
        cases.read_photograph(BOX_HEIC)
    boxes = b"".join(
        (8 + len(body)).to_bytes(4, "big") + kind + body
        for kind, body in ((b"meta", b"x" * 40), (b"mdat", b"y" * 40))
    )
    with pytest.raises(PhotographRefused, match="not a whole picture"):
        cases.read_photograph(BOX_HEIC + boxes)
    with pytest.raises(PhotographTrailed):
        cases.read_photograph(BOX_HEIC + boxes + zipped())
    with pytest.raises(PhotographMoves):
        cases.read_photograph(BOX_HEIC + boxes + b"\x00\x00\x00\x08moov")


def test_many_photographs_are_kept_of_an_item_and_a_sampling_and_withdrawn_never_lost(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime, intake: str,
    settings: Settings,
) -> None:  # fmt: skip
    by = {"by": cast.reception, "at": at}
    files = sealed.files

    def add(thing: str, shade: int, kind: PhotographKind, **more: str) -> str:
        return cases.add_photograph(
            session, vault, files, thing, cases.read_photograph(picture(shade=shade)),
            kind=kind, **more, **by,
        )  # fmt: skip

    with database.writing() as session:
        item = sealed.an_item(session)
        bone = sealed.a_bone(session, item=item, photographed=False)
        add(item, 1, PhotographKind.OVERVIEW)
        add(bone, 1, PhotographKind.BEFORE, taken_by="Anthropa", place="the mortuary")
        with pytest.raises(PhotographTwice, match="kept here already"):
            add(bone, 1, PhotographKind.AFTER)
        # Only one with scale lets the sampling be coded.
        code = {"station": intake, "minimum": 1, "by": cast.coordinator, "at": at}
        with pytest.raises(PhotographMissing, match="no photograph with scale"):
            cases.code_remains(session, vault, [bone], **code)
        wrong, right = (add(bone, shade, PhotographKind.SCALE) for shade in (60, 120))
        with pytest.raises(ReasonNeeded):
            cases.withdraw_photograph(session, vault, wrong, reason="", **by)
        cases.withdraw_photograph(session, vault, wrong, reason="of another bone", **by)
        with pytest.raises(PhotographGone):
            cases.withdraw_photograph(session, vault, wrong, reason="of another bone", **by)
        cases.code_remains(session, vault, [bone], **code)
        with pytest.raises(PhotographNeeded, match="rests on this photograph"):
            cases.withdraw_photograph(session, vault, right, reason="blurred", **by)
    with database.reading() as session:
        sampling = session.get_one(BoneSampling, bone)
        assert cases.photograph_of(session, vault, files, sampling).content == picture(shade=120)
        shown = queries.photographs_of(session, vault, files, [item, bone])
        assert {len(shown[item]), len(shown[bone])} == {1, 3}
        before = next(one for one in shown[bone] if one.row.kind is PhotographKind.BEFORE)
        assert (before.taken_by, before.place) == ("Anthropa", "the mortuary")
        assert before.picture.startswith("data:image/jpeg;base64,")
        gone = session.get_one(FieldPhotograph, wrong)
        assert cases.open_photograph(session, vault, files, gone).content == picture(shade=60)
        # The same bytes lie once in the store although two things have them.
        hashes = set(session.scalars(select(FieldPhotograph.sha256)))
        thumbnails = set(session.scalars(select(FieldPhotograph.thumbnail_sha256)))
    stored = [path for path in settings.files.rglob("*") if path.is_file()]
    assert len(stored) == len(hashes | thumbnails)


# Drawn by ourselves: a black bar above on the left, a red block below on the right. 96 x 64; the
# second lies on its side in the file, which says how to turn it.
HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAAvQAAACNpaW5mAAAA"
    "AAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAAAACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34"
    "+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmu"
    "bgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABAAAAAEHBpeGkAAAAAAwgICAAA"
    "ABZpcG1hAAAAAAAAAAEAAQOBAoMAAADFbWRhdAAAALkoAa8TgAbzKuVzP51G+SFlb/aKs3XpQoKGchhP//5RgcYH"
    "OuPUVd9NZ1R8cxu/2zLfAX9Lr5ktvEoycICWiUS8V9wBDUeJpC84Ma4GphzwRLOHt7mj8y3/fOfj0Pv97DcJ/P5V"
    "ktMz35hjZr3HfUgfj+z65F7vP5OA/2VxO+EbvFGp0VE0SXPmhB9+rloBCMAtBU7oySlbiWPhgAQRc5JQK+1xUek+"
    "nemS2aCoSjSBcLNW/pwlzb+fcA=="
)
HEIC_TURNED = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAABxQABAAAAAAAAAL0AAgAAAAACggABAAAAAAAAACQAAAA4aWlu"
    "ZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA"
    "4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAi"
    "QAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAJaXJvdAMA"
    "AAAYaXBtYQAAAAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAOltZGF0AAAAuSgBrxOA"
    "BvMq5XM/nUb5IWVv9oqzdelCgoZyGE///lGBxgc649RV301nVHxzG7/bMt8Bf0uvmS28SjJwgJaJRLxX3AENR4mk"
    "LzgxrgamHPBEs4e3uaPzLf985+PQ+/3sNwn8/lWS0zPfmGNmvcd9SB+P7PrkXu8/k4D/ZXE74Ru8UanRUTRJc+aE"
    "H36uWgEIwC0FTujJKVuJY+GABBFzklAr7XFR6T6d6ZLZoKhKNIFws1b+nCXNv59wAAAABkV4aWYAAE1NACoAAAAI"
    "AAEBEgADAAAAAQAGAAAAAAAA"
)


def test_a_heic_of_a_telephone_is_kept_as_it_came_and_shown_upright() -> None:
    pytest.importorskip("pi_heif", reason="the extra heic is not installed")

    kept = cases.read_photograph(HEIC)
    turned = cases.read_photograph(HEIC_TURNED)

    assert (kept.kind, kept.content, kept.width, kept.height) == ("heic", HEIC, 96, 64)
    shown = Image.open(BytesIO(kept.thumbnail)).convert("RGB")
    assert shown.size == (96, 64)
    assert max(shown.getpixel((20, 14))) < 70
    assert shown.getpixel((75, 50))[0] > 180
    upright = Image.open(BytesIO(turned.thumbnail)).convert("RGB")
    assert upright.size == (64, 96)
    assert max(upright.getpixel((48, 20))) < 70
    assert upright.getpixel((13, 75))[0] > 180
