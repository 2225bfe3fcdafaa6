# SPDX-License-Identifier: Apache-2.0
"""What stands around every page: language, person, navigation, the hidden fields of a write."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import Flask, g, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from lims.core.clock import local
from lims.web import filters
from lims.web.guard import may_here
from lims.web.locale import in_words, language, translate
from lims.web.pages import fresh_key, settings
from lims.web.rights import Right


class PlaceLike(Protocol):
    """A place of the navigation as `lims.features` lists it."""

    @property
    def right(self) -> Right: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def icon(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def unless(self) -> Right | None:
        """A right whose owners find it elsewhere: five places are shown."""


@dataclass(frozen=True)
class ShownPlace:
    """A place of the navigation as the templates take it."""

    url: str
    icon: str
    words: str
    current: bool


def write_fields() -> Markup:
    """Return the hidden fields that every form of a write carries."""
    return Markup(
        '<input type="hidden" name="csrf_token" value="{}">'
        '<input type="hidden" name="request_key" value="{}">'
    ).format(generate_csrf(), fresh_key())


def install(app: Flask, places: Iterable[PlaceLike]) -> None:
    """Give the templates what base.html and the macros use."""
    listed = tuple(places)

    @app.context_processor
    def around() -> dict[str, object]:
        who = g.get("who")
        here = settings()
        shown = language()
        # Of two places of which one lies in the other, the inner one.
        addresses = {url_for(one.endpoint) for one in listed}
        inner = max(filter(_is_current, addresses), key=len, default="")
        return {
            "locale": shown,
            "direction": "rtl" if shown == "ar" else "ltr",
            "laboratory_name": here.laboratory_ar if shown == "ar" else here.laboratory,
            "demonstration": here.demonstration,
            "who": who,
            "places": [
                ShownPlace(
                    url_for(place.endpoint),
                    place.icon,
                    translate(place.words),
                    url_for(place.endpoint) == inner,
                )
                for place in listed
                if may_here(place.right)
                and not (place.unless is not None and may_here(place.unless))
            ][:5],
            "here": request.path,
        }

    def when(instant: datetime, shape: str = "full") -> Markup:
        return filters.when(instant, settings().time_zone, shape=shape)

    app.jinja_env.globals.update(
        **filters.GLOBALS,
        write_fields=write_fields, csrf_token=generate_csrf, fresh_key=fresh_key, may=may_here,
        Right=Right,
    )  # fmt: skip
    app.jinja_env.filters.update(
        **filters.FILTERS,
        say=in_words,
        tr=translate,
        when=when,
        local=lambda instant: local(instant, settings().time_zone),
    )


def _is_current(url: str) -> bool:
    return request.path == url or (url != "/" and request.path.startswith(url + "/"))
