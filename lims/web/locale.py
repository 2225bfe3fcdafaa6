# SPDX-License-Identifier: Apache-2.0
"""Language of a page: the person's choice, else the browser's, else the laboratory's.

Catalogues are kept as text (`lims/translations/<language>/LC_MESSAGES/messages.po`) and compiled
in memory at start.
"""

import io
from functools import cache, partial
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, request
from flask_babel import Babel, get_locale

from lims.core.codes import is_code, threes
from lims.core.words import Say
from lims.web.pages import settings

LANGUAGES = ("en", "ar")
COOKIE = "osteon_language"
# Latin digits: Maghreb use.
BABEL_LOCALES = {"en": "en", "ar": "ar_LY"}


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the compiled catalogue of a language; English needs none."""
    if language == "en":
        return NullTranslations()
    source = files("lims") / "translations" / language / "LC_MESSAGES" / "messages.po"
    compiled = io.BytesIO()
    with source.open("rb") as stored:
        write_mo(compiled, read_po(stored, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language() -> str:
    """Return `en` or `ar` for this request."""
    locale = get_locale()
    return "ar" if locale is not None and locale.language == "ar" else "en"


def translate(text: str, into: str | None = None) -> str:
    """Return `text` in the request's language, or in `into`."""
    translated: str = catalogue(into or language()).gettext(text)
    return translated


def translate_count(one: str, many: str, count: int, into: str | None = None) -> str:
    """Return the form of a sentence that fits `count`, in the request's language or in `into`."""
    translated: str = catalogue(into or language()).ngettext(one, many, count)
    return translated


def shown(value: str) -> str:
    """Return a value of a sentence as people read it: a code in threes."""
    return threes(value) if is_code(value) else value


def in_words(say: Say | None) -> str:
    """Return a sentence in the request's language, its values isolated; '' for None."""
    if say is None:
        return ""
    return say.in_words(translate, counted=translate_count, isolate=language() == "ar", show=shown)


def in_both(say: Say) -> dict[str, str]:
    """Return a sentence in every language, for devices that do not know the reader's."""
    return {
        one: say.in_words(
            partial(translate, into=one),
            counted=partial(translate_count, into=one),
            isolate=one == "ar",
            show=shown,
        )
        for one in LANGUAGES
    }


def _choose() -> str:
    chosen = request.cookies.get(COOKIE, "")
    if chosen not in LANGUAGES:
        chosen = request.accept_languages.best_match(LANGUAGES) or settings().language
    return BABEL_LOCALES[chosen]


def install(app: Flask) -> None:
    """Give the application its languages."""
    Babel(
        app,
        default_locale="en",
        locale_selector=_choose,
        timezone_selector=lambda: current_app.extensions["osteon"].settings.zone,
    )
    # Flask-Babel reads `.mo` files; the templates are given our compiled catalogues instead.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of jinja2.ext.i18n
        gettext=translate, ngettext=translate_count, newstyle=True
    )
