# SPDX-License-Identifier: Apache-2.0
"""The package of one thing: handed out as one zip."""

import io
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text, now
from lims.custody import verifier
from lims.custody.operations import daily_signer, publish, read_public_key
from lims.custody.queries import proof_lines
from lims.quality.operations import (
    Laboratory,
    Prepared,
    cosigned_files,
    prepare_package,
    record_package,
)
from lims.quality.queries.sections import PackageSection
from lims.quality.rules import PackageOvertaken
from lims.quality.views.blueprint import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, laboratory, reading, write
from lims.web.rights import Right


@blueprint.post("/ledger/packages/<code>")
@needs(Right.SEE_LEDGER)
def post_package(code: str) -> ResponseReturnValue:
    """Hand out the package of one thing; that it was made is the last event in it."""
    return hand_out(code_in_path(code), laboratory().package_sections)


def hand_out(
    code: str,
    sections: Sequence[PackageSection],
    *,
    sealed: bool = False,
    also: Any = None,
) -> ResponseReturnValue:
    """Make the package of a thing, record it, and answer with the zip.

    `also` is called with the session that records it. Sent twice, the form answers with the same
    package, or with a refusal where what it tells has changed. Raises NotFound, NoDailyKey,
    PackageOvertaken.
    """
    lab = laboratory()
    at = now()
    held = lab.settings
    signer = daily_signer(held.keys, origin=held.origin, at=at, passphrase=held.passphrase)
    mine = Laboratory(
        (held.laboratory, held.laboratory_ar), read_public_key(held.public_key),
        partial(translate, into="ar"),
    )  # fmt: skip

    beside = cosigned_files(held.checkpoints, held.witnesses)

    def prepared(when: datetime, size: int | None) -> Prepared:
        with reading() as session:
            return prepare_package(
                session, code, laboratory=mine, sections=sections, at=when, size=size,
                sealed=sealed, beside=beside,
            )  # fmt: skip

    made = prepared(at, None)

    def act(session: Session) -> dict[str, Any]:
        if also is not None:
            also(session)
        return record_package(session, made, signer, by=signed_in(), at=at)

    answer = write(act)
    if answer["manifest"] != made.fingerprint:  # this form was sent before
        made = prepared(from_utc_text(answer["at"]), answer["size"])
        if answer["manifest"] != made.fingerprint:
            raise PackageOvertaken(code=code)
    with reading() as session:
        publish(session, held.checkpoints)
        proof = proof_lines(session, code, mine.key, verifier.read_notes(held.checkpoints))
    return send_file(
        io.BytesIO(made.zipped(proof)),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{made.id}.zip",
    )
