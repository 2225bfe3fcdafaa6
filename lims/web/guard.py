# SPDX-License-Identifier: Apache-2.0
"""The guard: every route names the right it needs, and nothing is answered without one."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from lims.core.actors import Actor
from lims.core.errors import Forbidden, NotFound, Refusal
from lims.core.words import N_
from lims.web.rights import Right, may

P = ParamSpec("P")
T = TypeVar("T")

_RIGHT = "_osteon_right"
_PUBLIC = "_osteon_public"


class NotSignedIn(Refusal):
    """Nobody has signed in, or the session has ended."""

    says = N_("You are not signed in, or your session has ended.")
    do = N_("Sign in again. Nothing that you sent was stored.")
    status = 401


class RouteWithoutRight(Exception):
    """A route names neither a right nor that it is public: a fault of the program."""


class SignedIn(Protocol):
    """What the guard must know of whoever sent the request (people.SignedIn satisfies it)."""

    @property
    def actor(self) -> Actor: ...
    @property
    def rights(self) -> frozenset[Right]:
        """Rights of a machine's key, or of the person's role as far as the session has them."""


def needs(right: Right) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Mark a view with the right it needs."""

    def mark(view: Callable[P, T]) -> Callable[P, T]:
        setattr(view, _RIGHT, right)
        return view

    return mark


def public(view: Callable[P, T]) -> Callable[P, T]:
    """Mark a view as open to everybody; the list of such routes stands in a test."""
    setattr(view, _PUBLIC, True)
    return view


def right_of(app: Flask, endpoint: str) -> Right | None:
    """Return the right an endpoint needs, None when it is public; raises RouteWithoutRight."""
    view = app.view_functions[endpoint]
    right: Right | None = getattr(view, _RIGHT, None)
    if right is None and not getattr(view, _PUBLIC, False):
        raise RouteWithoutRight(endpoint)
    return right


def by_key() -> bool:
    """Return whether the request comes with a machine's key, not with a cookie."""
    return "Authorization" in request.headers


def signed_in() -> Actor:
    """Return who sent this request; raises NotSignedIn."""
    who: SignedIn | None = g.get("who")
    if who is None:
        raise NotSignedIn()
    return who.actor


def may_here(right: Right) -> bool:
    """Return whether whoever sent this request has `right`."""
    who: SignedIn | None = g.get("who")
    return who is not None and right in who.rights


def install(app: Flask, load: Callable[[], SignedIn | None], csrf: CSRFProtect) -> None:
    """Ask before every view; `load` reads the session cookie or the agent's key.

    A request with an Authorization header is judged by that alone: `load` must not look at its
    cookie, hence it cannot be forged by a page and needs no token.
    """
    public(app.view_functions["static"])

    @app.before_request
    def ask() -> None:
        endpoint = request.endpoint
        if endpoint is None:
            return
        changes = request.method not in ("GET", "HEAD", "OPTIONS")
        if changes and not by_key() and app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()
        g.who = None if endpoint == "static" else load()
        right = right_of(app, endpoint)
        if right is None:
            return
        if g.who is None:
            raise NotSignedIn()
        if right not in g.who.rights:
            raise Forbidden()
        if any(not _can_be_asked(value) for value in (request.view_args or {}).values()):
            raise NotFound(code=request.path[:80])


def _can_be_asked(value: object) -> bool:
    """Return whether both databases take what stands in an address."""
    if isinstance(value, int):
        return abs(value) < 2**63
    return not isinstance(value, str) or "\x00" not in value


__all__ = ["NotSignedIn", "Right", "may", "may_here", "needs", "public", "right_of", "signed_in"]
