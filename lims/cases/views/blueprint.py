# SPDX-License-Identifier: Apache-2.0
"""The blueprint of the sealed side's cases, and what its pages share."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.cases import operations
from lims.cases.rules import BURIAL_WORDS, SAMPLING_LOOKS
from lims.cases.schemas import REMAINS
from lims.core.clock import now
from lims.core.sealing import Vault, open_vault
from lims.samples.rules import ELEMENT_WORDS, MATERIAL_WORDS, SEX_WORDS, SIDE_WORDS
from lims.web.guard import signed_in
from lims.web.locale import translate
from lims.web.pages import laboratory, settings

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("cases", __name__)


def look(name: str, asked: str) -> Vault:
    """Record that a sealed page is looked at, before it is shown; return the vault."""
    vault = open_vault(settings())

    def record(session: Session) -> None:
        operations.record_look(session, vault, page=name, asked=asked, by=signed_in(), at=now())

    recorded(record)
    return vault


def recorded(do: Callable[[Session], None]) -> None:
    """Carry out the record of a reading in a transaction of its own."""
    with laboratory().database.writing() as session:
        do(session)


def words() -> dict[str, Any]:
    """Return the words and choices of forms on the sealed side."""
    return {
        "elements": [(name, translate(text)) for name, text in ELEMENT_WORDS.items()],
        "sides": [(side.value, translate(text)) for side, text in SIDE_WORDS.items()],
        "sexes": [(sex.value, translate(text)) for sex, text in SEX_WORDS.items()],
        "burials": [(burial.value, translate(text)) for burial, text in BURIAL_WORDS.items()],
        "remains": [(kind.value, translate(MATERIAL_WORDS[kind])) for kind in REMAINS],
        "looks": SAMPLING_LOOKS, "element_words": ELEMENT_WORDS, "side_words": SIDE_WORDS,
        "material_words": MATERIAL_WORDS, "sex_words": SEX_WORDS, "burial_words": BURIAL_WORDS,
    }  # fmt: skip
