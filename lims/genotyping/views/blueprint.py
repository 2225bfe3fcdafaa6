# SPDX-License-Identifier: Apache-2.0
"""The blueprint of genotyping, and what its pages share."""

from collections.abc import Mapping

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from lims.core.errors import Refusal
from lims.core.words import Say
from lims.web.locale import in_words

blueprint = Blueprint("genotyping", __name__)

Answer = AnyResponse | tuple[str, int] | dict[str, object]


def spoken(stored: Mapping[str, object]) -> str:
    """Return a stored sentence in the request's language."""
    return in_words(Say.from_json(stored))


def told(refusal: Refusal) -> dict[str, str]:
    """Return a refusal as a page shows it beside what was sent."""
    return {"say": in_words(refusal.say), "advice": in_words(refusal.advice)}
