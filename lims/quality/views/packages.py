# SPDX-License-Identifier: Apache-2.0
"""The package of one thing."""

import io
from functools import partial
from typing import Any

from flask import send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.custody import verifier
from lims.custody.operations import (
    daily_signer,
    publish,
    read_public_key,
)
from lims.custody.queries import (
    proof_lines,
)
from lims.custody.rules import Tag
from lims.quality.operations import (
    make_package,
    record_and_sign,
)
from lims.quality.views.blueprint import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import (
    code_in_path,
    laboratory,
    reading,
    write,
)
from lims.web.rights import Right


@blueprint.post("/ledger/packages/<code>")
@needs(Right.SEE_LEDGER)
def post_package(code: str) -> ResponseReturnValue:
    """Hand out the package of one thing; that it was made is the last event in it."""
    lab = laboratory()
    read = code_in_path(code)
    at = now()
    signer = daily_signer(
        lab.settings.keys, origin=lab.settings.origin, at=at, passphrase=lab.settings.passphrase
    )

    def act(session: Session) -> dict[str, Any]:
        record_and_sign(session, read, Tag.LEDGER_PACKAGE_MADE, signer, by=signed_in(), at=at)
        return {"code": read}

    write(act)
    key = read_public_key(lab.settings.public_key)
    with reading() as session:
        publish(session, lab.settings.checkpoints)
        made = make_package(
            session,
            proof_lines(session, read, key, verifier.read_notes(lab.settings.checkpoints)),
            key=key,
            laboratory=(lab.settings.laboratory, lab.settings.laboratory_ar),
            arabic=partial(translate, into="ar"),
        )
    return send_file(
        io.BytesIO(made.content),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{made.id}.zip",
    )
