# SPDX-License-Identifier: Apache-2.0
"""What the coordinator's pages share."""

from datetime import date
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import local, now
from lims.identities.rules import RELATION_WORDS, SCOPE_WORDS, STANDING_LOOKS
from lims.identities.schemas import REFERENCES
from lims.samples.rules import MATERIAL_WORDS
from lims.web.locale import translate
from lims.web.pages import settings

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("identities", __name__)


def today() -> date:
    """Return the day on the laboratory's wall clock."""
    return local(now(), settings().time_zone).date()


def person_words() -> dict[str, Any]:
    """Return the words and choices of forms about persons."""
    return {
        "relations": [(kind.value, translate(text)) for kind, text in RELATION_WORDS.items()],
        "scopes": [(scope.value, translate(text)) for scope, text in SCOPE_WORDS.items()],
        "references": [(kind.value, translate(MATERIAL_WORDS[kind])) for kind in REFERENCES],
        "relation_words": RELATION_WORDS, "scope_words": SCOPE_WORDS,
        "standing_looks": STANDING_LOOKS, "today": today(),
    }  # fmt: skip
