# SPDX-License-Identifier: Apache-2.0
"""Pictures at the border: what they are by their content, whole to the end and nothing behind it.

JPEG: ITU-T T.81 annex B (markers); PNG: ISO/IEC 15948 (chunks); HEIC: ISO/IEC 14496-12 (boxes).
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, ImageOps

from lims.core.picture_rules import (
    LARGEST_MB,
    LARGEST_MEGAPIXELS,
    LARGEST_METADATA_MB,
    HeicNotRead,
    PhotographCut,
    PhotographMetadata,
    PhotographMoves,
    PhotographRefused,
    PhotographTooLarge,
    PhotographTrailed,
)

try:
    import pi_heif
except ImportError:  # the extra "heic" is not installed
    pi_heif = None

THUMBNAIL = 480
"""Longest side of a thumbnail in pixels."""
SECOND_PICTURES = 3
"""How many more pictures a JPEG may announce (CIPA DC-007): a brighter copy, a preview."""

_JPEG, _PNG, _PNG_END = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"IEND"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_HEIC_BOXES = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip"})
# The next marker of a scan: stuffed bytes, restarts and fill bytes belong to it.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Pillow and libheif tell of a bad file in all of these ways.
_BAD_PICTURE = (
    OSError, ValueError, SyntaxError, KeyError, IndexError, EOFError, TypeError, OverflowError,
    MemoryError, Warning, RuntimeError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Photograph:
    """A picture that was checked: `kind` is jpeg, png or heic; sizes in pixels as it is shown.

    `thumbnail` is a small JPEG, turned upright, without anything that the camera wrote.
    """

    content: bytes = field(repr=False)
    kind: str
    width: int = 0
    height: int = 0
    thumbnail: bytes = field(default=b"", repr=False)

    @property
    def sha256(self) -> str:
        """The hash of the bytes as they came, hex."""
        return hashlib.sha256(self.content).hexdigest()


def read_photograph(content: bytes) -> Photograph:
    """Check a picture by its content, whatever it is called, down to its last row.

    Raises PhotographRefused, in whose subclasses the reason is: too large, cut, moving, followed
    by something, with too much beside the picture, or HEIC where that is not read.
    """
    if len(content) > LARGEST_MB * 1_000_000:
        raise PhotographTooLarge(mb=LARGEST_MB, mp=LARGEST_MEGAPIXELS)
    if content.startswith(_JPEG):
        return _checked(content, "jpeg", _walk_jpeg, _open)
    if content.startswith(_PNG):
        return _checked(content, "png", _walk_png, _open)
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        if pi_heif is None:
            raise HeicNotRead()
        return _checked(content, "heic", _walk_heic, _open_heic)
    raise PhotographRefused()


def _checked(
    content: bytes,
    kind: str,
    walk: Callable[[bytes], int],
    load: Callable[[bytes], tuple[tuple[int, int], Image.Image]],
) -> Photograph:
    try:
        if walk(content) > LARGEST_METADATA_MB * 1_000_000:
            raise PhotographMetadata(mb=LARGEST_METADATA_MB)
        (width, height), picture = load(content)
        shown, thumbnail = _drawn(picture)
        if (width < height) != (shown[0] < shown[1]):
            width, height = height, width
    except PhotographRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotographTooLarge(mb=LARGEST_MB, mp=LARGEST_MEGAPIXELS) from error
    except _BAD_PICTURE as error:
        raise PhotographRefused() from error
    return Photograph(content, kind, width, height, thumbnail)


def _open(content: bytes) -> tuple[tuple[int, int], Image.Image]:
    # A JPEG with a second picture announced opens as MPO; its first picture is the one.
    picture = Image.open(BytesIO(content), formats=("JPEG", "PNG"))
    size = picture.size
    _check_pixels(*size)
    if picture.format != "PNG":
        # Decoded smaller where that saves memory; every byte of it is read all the same.
        picture.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
    picture.load()
    return size, picture


def _open_heic(content: bytes) -> tuple[tuple[int, int], Image.Image]:
    opened = pi_heif.open_heif(BytesIO(content), convert_hdr_to_8bit=True)
    if len(opened) != 1:
        raise PhotographMoves()
    _check_pixels(*opened.size)
    picture: Image.Image = opened.to_pillow()
    return opened.size, picture


def _check_pixels(width: int, height: int) -> None:
    if width * height > LARGEST_MEGAPIXELS * 1_000_000:
        raise PhotographTooLarge(mb=LARGEST_MB, mp=LARGEST_MEGAPIXELS)


def _drawn(picture: Image.Image) -> tuple[tuple[int, int], bytes]:
    """Return the size of the upright picture, and its thumbnail."""
    try:
        upright = ImageOps.exif_transpose(picture)
    except _BAD_PICTURE:
        # What the camera wrote of its position cannot be read: the picture can.
        upright = picture
    shown = upright.size
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        ground.alpha_composite(upright)
        upright = ground
    small = upright.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    # A new picture of the same pixels: nothing of the camera's words is left in it.
    bare = Image.frombytes("RGB", small.size, small.tobytes())
    out = BytesIO()
    bare.save(out, "JPEG", quality=80)
    return shown, out.getvalue()


def _walk_jpeg(content: bytes) -> int:
    """Return how many bytes are beside the picture; refuse what follows its end."""
    end, beside, announced = _jpeg_end(content, 0)
    for _ in range(SECOND_PICTURES if announced else 0):
        rest = content[end:].lstrip(b"\x00")
        if not rest.startswith(_JPEG):
            break
        end, more, _ = _jpeg_end(content, len(content) - len(rest))
        beside += more
    _check_trail(content[end:])
    return beside


def _jpeg_end(content: bytes, start: int) -> tuple[int, int, bool]:
    """Return where a JPEG ends, the size of its other segments, and whether it announces more."""
    at, beside, announced = start + 2, 0, False
    while True:
        found = _MARKER.search(content, at)
        if found is None:
            raise PhotographCut()
        marker, at = content[found.end() - 1], found.end()
        if marker == 0xD9:
            return at, beside, announced
        if marker in (0x01, 0xD8):
            continue
        if at + 2 > len(content):
            raise PhotographCut()
        length = int.from_bytes(content[at : at + 2], "big")
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            beside += length
            announced = announced or content[at + 2 : at + 6] == b"MPF\x00"
        at += length


def _walk_png(content: bytes) -> int:
    beside = 0
    for kind, at, end in _png_chunks(content):
        if kind == b"acTL":
            raise PhotographMoves()
        if kind == _PNG_END:
            _check_trail(content[end:])
            return beside
        if kind not in (b"IHDR", b"PLTE", b"IDAT"):
            beside += end - at
    raise PhotographCut()


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of every chunk, whose checksums are right."""
    at = len(_PNG)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content):
            raise PhotographCut()
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise PhotographRefused()
        yield content[at + 4 : at + 8], at, end
        at = end


def _walk_heic(content: bytes) -> int:
    at, beside, seen = 0, 0, set()
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        elif size == 0 and kind == b"mdat":
            size = len(content) - at
        if kind == b"moov":
            raise PhotographMoves()
        if kind not in _HEIC_BOXES:
            break
        if size < 8 or at + size > len(content):
            raise PhotographCut()
        beside += size if kind in (b"free", b"skip") else 0
        seen.add(kind)
        at += size
    if not {b"ftyp", b"meta", b"mdat"} <= seen:
        raise PhotographCut()
    _check_trail(content[at:])
    return beside


def _check_trail(rest: bytes) -> None:
    left = len(rest.strip(b"\x00"))
    if left:
        raise PhotographTrailed(bytes=left)
