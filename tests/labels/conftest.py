# SPDX-License-Identifier: Apache-2.0
"""Labels to print, and two strangers who judge them: a ZPL renderer and a bar-code reader."""

import io
import re
from collections.abc import Callable

import pytest
import zplkit
import zxingcpp
from PIL import Image
from zplkit.rendering import Limits

from labels.layout import Values
from labels.trial import PAYLOAD, VALUES


@pytest.fixture(scope="session")
def payload() -> str:
    """A code of nine characters and a label instance of two."""
    return PAYLOAD


@pytest.fixture(scope="session")
def kinds_of_values() -> dict[str, Values]:
    """The least a label can say, the most, and the most in Arabic."""
    return dict(VALUES)


@pytest.fixture(scope="session")
def printed() -> Callable[..., Image.Image]:
    """Return what zplkit, which shares no code with us, draws of a label.

    It refuses ^PQ1, which it has no use for: that command alone is taken out.
    """

    def render(zpl: bytes, dpi: int) -> Image.Image:
        size = re.search(rb"\^PW(\d+)\^LL(\d+)", zpl)
        assert size is not None
        assert zpl.count(b"^PQ1\n") == 1

        options = zplkit.Options(width=int(size[1]), height=int(size[2]), dpi=dpi)
        limits = Limits(graphic_bytes=1 << 26)
        document = zplkit.render(zpl.replace(b"^PQ1\n", b""), options, limits=limits)
        assert document.warnings == []
        assert len(document.labels) == 1
        return Image.open(io.BytesIO(document.labels[0].png())).convert("L")

    return render


@pytest.fixture(scope="session")
def read() -> Callable[[Image.Image], list[tuple[str, str]]]:
    """Return the symbols that a bar-code reader finds in a picture: AIM letter and text."""

    def symbols(picture: Image.Image) -> list[tuple[str, str]]:
        found = zxingcpp.read_barcodes(picture)
        return sorted((each.symbology_identifier[:2], each.text) for each in found)

    return symbols
