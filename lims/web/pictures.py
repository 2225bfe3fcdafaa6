# SPDX-License-Identifier: Apache-2.0
"""Photographs that come with a form, and photographs that are answered."""

from flask import Response, request

from lims.core.errors import BadInput
from lims.core.picture_rules import LARGEST_MB
from lims.core.pictures import Photograph, read_photograph
from lims.core.words import N_, Say


def sent_photograph() -> Photograph | None:
    """Return the photograph that came with a form, checked; None where none came."""
    for sent in request.files.getlist("photograph"):
        # One byte more than is taken is enough to refuse it.
        content = sent.read(LARGEST_MB * 1_000_000 + 1)
        if content:
            return read_photograph(content)
    return None


def needed_photograph() -> Photograph:
    """Return the photograph that came with a form; raises BadInput where none came."""
    photograph = sent_photograph()
    if photograph is None:
        raise BadInput(field="photograph", problem=Say(N_("Missing data for required field.")))
    return photograph


def picture_answer(content: bytes, kind: str, name: str) -> Response:
    """Answer with a picture as it came: `kind` is jpeg, png or heic."""
    answer = Response(content, mimetype=f"image/{kind}")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.{kind}"'
    return answer
