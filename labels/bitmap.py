# SPDX-License-Identifier: Apache-2.0
"""One-bit pictures, packed as printers take them."""

from dataclasses import dataclass

from PIL import Image

from labels.symbols import Matrix


@dataclass(frozen=True)
class Bitmap:
    """Dots: `rows` from the top, ceil(width / 8) bytes each, highest bit leftmost, 1 is black."""

    width: int
    height: int
    rows: tuple[bytes, ...]


def of_picture(picture: Image.Image) -> Bitmap:
    """Return a picture of mode "1", in which 1 is black, as packed rows."""
    stride = (picture.width + 7) // 8
    packed = picture.tobytes()
    rows = (packed[y * stride : (y + 1) * stride] for y in range(picture.height))
    return Bitmap(picture.width, picture.height, tuple(rows))


def of_modules(matrix: Matrix, *, module: int, bar_height: int = 0) -> Bitmap:
    """Return modules as squares of `module` dots, or as bars `bar_height` dots high."""
    rows: list[bytes] = []
    for row in matrix:
        bits = "".join(("1" if black else "0") * module for black in row)
        stride = (len(bits) + 7) // 8
        packed = int(bits.ljust(8 * stride, "0"), 2).to_bytes(stride, "big")
        rows += [packed] * (bar_height or module)
    return Bitmap(len(matrix[0]) * module, len(rows), tuple(rows))
