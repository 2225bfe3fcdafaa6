# SPDX-License-Identifier: Apache-2.0
"""The blueprint of the sealed side's cases, and what its pages share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.cases import operations
from lims.cases.rules import (
    BONE_SEX_WORDS,
    BURIAL_WORDS,
    COMPLETENESS_WORDS,
    CONDITION_WORDS,
    DECISION_WORDS,
    NUMBER_WORDS,
    PHOTOGRAPH_WORDS,
    SAMPLING_LOOKS,
    SEGMENT_WORDS,
)
from lims.cases.schemas import REMAINS
from lims.core.clock import from_utc_text, local, now, utc_text
from lims.core.errors import BadInput
from lims.core.sealing import Vault, open_vault
from lims.core.words import N_, Say
from lims.samples.rules import (
    CONSUMPTION_WORDS,
    ELEMENT_WORDS,
    MATERIAL_WORDS,
    SEX_WORDS,
    SIDE_WORDS,
    thousandths,
)
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
        "consumptions": _choices(CONSUMPTION_WORDS),
        "remains": [(kind.value, translate(MATERIAL_WORDS[kind])) for kind in REMAINS],
        "segments": _choices(SEGMENT_WORDS), "conditions": _choices(CONDITION_WORDS),
        "bone_sexes": _choices(BONE_SEX_WORDS), "completenesses": _choices(COMPLETENESS_WORDS),
        "number_kinds": _choices(NUMBER_WORDS), "photograph_kinds": _choices(PHOTOGRAPH_WORDS),
        "segment_words": SEGMENT_WORDS, "condition_words": CONDITION_WORDS,
        "bone_sex_words": BONE_SEX_WORDS, "completeness_words": COMPLETENESS_WORDS,
        "number_words": NUMBER_WORDS, "photograph_words": PHOTOGRAPH_WORDS,
        "decision_words": DECISION_WORDS, "grams": _grams, "looks": SAMPLING_LOOKS,
        "element_words": ELEMENT_WORDS, "side_words": SIDE_WORDS,
        "consumption_words": CONSUMPTION_WORDS,
        "material_words": MATERIAL_WORDS, "sex_words": SEX_WORDS, "burial_words": BURIAL_WORDS,
    }  # fmt: skip


def today() -> str:
    """Return today's date in the laboratory, as a field of a form takes it."""
    return local(now(), settings().time_zone).date().isoformat()


def page_key(at: datetime, ref: str) -> str:
    """Return what names the last row of a page, to begin the next one there."""
    return f"{utc_text(at)}.{ref}"


def read_page_key(asked: str, name: str) -> tuple[datetime, str] | None:
    """Read what `page_key` wrote; None for the first page. Raises BadInput."""
    if not asked:
        return None
    instant, _, ref = asked.rpartition(".")
    try:
        return from_utc_text(instant), ref
    except ValueError:
        raise BadInput(field=name, problem=Say(N_("Not a valid datetime."))) from None


def _grams(mass_ug: int) -> str:
    return thousandths(mass_ug // 1000)


def _choices(words: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(one.value, translate(text)) for one, text in words.items()]
