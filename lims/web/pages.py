# SPDX-License-Identifier: Apache-2.0
"""What every view uses: the laboratory's parts, pages, forms, and the one write of a request."""

import dataclasses
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from flask import Request, Response, current_app, redirect, render_template, request
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.core.db import Database
from lims.core.errors import BadInput, NotFound
from lims.core.files import FileStore
from lims.core.once import once
from lims.core.scans import Meaning, StationKind
from lims.core.settings import Settings
from lims.core.stages import Stages
from lims.core.words import N_, Say
from lims.web.guard import signed_in

FORM_ONLY = ("csrf_token", "request_key")


@dataclass(frozen=True)
class Laboratory:
    """The parts an application was made with; `app.extensions["osteon"]`."""

    settings: Settings
    database: Database
    files: FileStore
    meanings: Mapping[StationKind, Meaning]
    gap_checks: tuple[Callable[[Session, Collection[str]], Iterable[Any]], ...] = ()
    """What features add to the gap analysis: custody.queries.GapCheck."""
    package_sections: tuple[Callable[[Session, Any], Any], ...] = ()
    """What features say in the package of a thing: quality.queries.sections.PackageSection."""
    stages: Stages = dataclasses.field(default_factory=dict)
    """How work of each activity is released and reviewed."""


def laboratory() -> Laboratory:
    """Return the parts of the running application."""
    parts: Laboratory = current_app.extensions["osteon"]
    return parts


def settings() -> Settings:
    """Return the laboratory's settings."""
    return laboratory().settings


def reading() -> AbstractContextManager[Session]:
    """Open the reading door."""
    return laboratory().database.reading()


def page(template: str, /, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page."""
    return render_template(template, **context), status


def form(schema: Schema) -> Any:
    """Load the request's form or JSON by `schema`; raises BadInput naming field and problem.

    Unknown fields are refused; empty text fields of a form count as not given.
    """
    if request.is_json:
        given = _json_body()
        if not isinstance(given, dict):
            raise BadInput(field="JSON", problem=Say(N_("an object was expected")))
        given = {name: value for name, value in given.items() if name not in FORM_ONLY}
    else:
        given = _form_fields(request, schema)
    return _loaded(schema, given, unknown=RAISE)


def query(schema: Schema) -> Any:
    """Load the request's query string by `schema`; raises BadInput."""
    return _loaded(schema, request.args.to_dict(), unknown=EXCLUDE)


def write(do: Callable[[Session], dict[str, object]], *, key: str | None = None) -> dict[str, Any]:
    """Carry out the one act of this request under its client-made key, or answer as before.

    The key is `key`, else the field or JSON member `request_key`, else the header
    `Idempotency-Key`.
    """
    given = key or request.form.get("request_key") or request.headers.get("Idempotency-Key")
    if not given and request.is_json:
        body = _json_body()
        given = body.get("request_key") if isinstance(body, dict) else None
    lab = laboratory()
    lab.files.check_room()
    return once(
        lab.database, str(given or ""), act=f"{request.method} {request.path}",
        by=signed_in(), at=now(), do=do,
    )  # fmt: skip


def done(answer: Mapping[str, Any]) -> AnyResponse:
    """Answer a write: a page goes to `answer["to"]`, a program gets the JSON, 201."""
    if request.is_json or request.accept_mimetypes.best == "application/json":
        return Response(json.dumps(answer), status=201, mimetype="application/json")
    return redirect(str(answer["to"]), code=303)


def code_in_path(text: str, *kinds: Kind) -> str:
    """Return the code in a path; raises NotFound for what is none, or of another kind."""
    try:
        payload = read_payload(text)
    except MistypedCode:
        raise NotFound(code=text[:40]) from None
    if kinds and payload.kind not in kinds:
        raise NotFound(code=text[:40])
    return payload.code


def fresh_key() -> str:
    """Return a new key for one write of a form."""
    return secrets.token_urlsafe(18)


def with_security_headers(response: AnyResponse) -> AnyResponse:
    """Put the security headers on every answer: no inline script or style, no other origin."""
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; manifest-src 'self'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), serial=(self), microphone=()")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _json_body() -> Any:
    try:
        return request.get_json()
    except RecursionError:
        raise BadInput(field="JSON", problem=Say(N_("is nested too deeply"))) from None


def _loaded(
    schema: Schema, given: Mapping[str, object], *, unknown: Literal["exclude", "raise"]
) -> Any:
    _check_storable(given)
    try:
        loaded = schema.load(given, unknown=unknown)
    except ValidationError as error:
        name, problem = _first_problem(error.messages_dict)
        raise BadInput(field=name, problem=problem) from error
    if isinstance(loaded, dict):
        _check_storable(loaded)
    return loaded


def _check_storable(given: Mapping[str, object]) -> None:
    """Refuse what no database takes: NUL, halves of a character, numbers beyond 64 bits."""
    for name, value in given.items():
        for one in _leaves(value):
            if isinstance(one, str) and re.search("[\x00\ud800-\udfff]", one):
                raise BadInput(field=name, problem=Say(N_("holds characters that cannot be kept")))
            if isinstance(one, int) and abs(one) >= 2**63:
                raise BadInput(field=name, problem=Say(N_("is too large a number")))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _form_fields(sent: Request, schema: Schema) -> dict[str, object]:
    many = {name for name, field in schema.fields.items() if type(field).__name__ == "List"}
    given: dict[str, object] = {
        name: sent.form.getlist(name) if name in many else sent.form[name]
        for name in sent.form
        if name not in FORM_ONLY and (name in many or sent.form[name].strip() != "")
    }
    for name, field in schema.fields.items():
        # An id made by the client: of a form without script it is the form's own key.
        if field.metadata.get("made_by_client") and "request_key" in sent.form:
            given.setdefault(name, sent.form["request_key"])
    return given


# What marshmallow says of a field, marked so that it can be translated.
FIELD_PROBLEMS = (
    N_("Missing data for required field."),
    N_("Unknown field."),
    N_("Field may not be null."),
    N_("Not a valid string."),
    N_("Not a valid integer."),
    N_("Not a valid number."),
    N_("Not a valid boolean."),
    N_("Not a valid date."),
    N_("Not a valid datetime."),
    N_("Not a valid choice."),
    N_("Not a valid list."),
    N_("Length is too long."),
)

# The same of a field's limits: marshmallow has filled in the figures already.
FIELD_LIMITS = (
    (r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.",
     N_("It must have %(least)s to %(most)s characters.")),
    (r"Longer than maximum length (?P<most>\d+)\.",
     N_("It may have %(most)s characters at most.")),
    (r"Shorter than minimum length (?P<least>\d+)\.",
     N_("It must have %(least)s characters at least.")),
    (r"Must be greater than or equal to (?P<least>-?\d+)\.", N_("It must be %(least)s or more.")),
    (r"Must be less than or equal to (?P<most>-?\d+)\.", N_("It must be %(most)s or less.")),
    (r"Must be greater than or equal to (?P<least>-?\d+) and less than or equal to"
     r" (?P<most>-?\d+)\.", N_("It must be %(least)s to %(most)s.")),
    (r"Must be one of: .*\.", N_("Not a valid choice.")),
    (r"String does not match expected pattern\.", N_("It is malformed.")),
)  # fmt: skip


def _first_problem(messages: Mapping[str, Any]) -> tuple[str, Say]:
    name, problem = next(iter(messages.items()))
    while isinstance(problem, dict):
        key, problem = next(iter(problem.items()))
        name = f"{name}.{key}"
    said = str(problem[0] if isinstance(problem, list) else problem)
    for pattern, words in FIELD_LIMITS:
        if found := re.fullmatch(pattern, said):
            return str(name), Say(words, found.groupdict())
    return str(name), Say(said)
