# SPDX-License-Identifier: Apache-2.0
"""The blueprint of preparation, and the words its pages share."""

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from lims.people.rules import LINE_WORDS
from lims.preparation.rules import METHOD_WORDS, PICTURE_WORDS, TOOL_WORDS, PictureOf
from lims.samples.rules import state_look
from lims.web.locale import translate

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("preparation", __name__)


def words() -> dict[str, Any]:
    """Return the words that both pages show."""
    return {
        "look": state_look,
        "line_words": LINE_WORDS,
        "method_words": METHOD_WORDS,
        "tool_words": TOOL_WORDS,
        "kind_words": PICTURE_WORDS,
        "kinds": list(PictureOf),
        "methods": [(one.value, translate(said)) for one, said in METHOD_WORDS.items()],
    }
