# SPDX-License-Identifier: Apache-2.0
"""Secrets that are shown once: they go straight to the page and are stored nowhere."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from lims.core.codes import threes
from lims.web.pages import page

Kind = Literal["start", "pin", "key"]


@dataclass
class Once:
    """A secret on its way from the act to the page; '' where the act was not carried out again."""

    secret: str = ""
    until: datetime | None = None


def answer_once(
    answer: dict[str, object], once: Once, *, kind: Kind
) -> AnyResponse | tuple[str, int]:
    """Answer an act that made a secret.

    The answer that is kept for repetitions of the request never holds the secret: a repetition is
    told that it was shown before.
    """
    if request.is_json or request.accept_mimetypes.best == "application/json":
        body = {**answer, "secret": once.secret} if once.secret else answer
        return Response(json.dumps(body), status=201, mimetype="application/json")
    shown = threes(once.secret) if kind == "start" else once.secret
    return page(
        "people/shown_once.html", kind=kind, secret=shown, until=once.until,
        code=str(answer.get("code", "")), initials=str(answer.get("initials", "")),
        to=str(answer["to"]),
    )  # fmt: skip
