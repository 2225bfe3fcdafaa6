# SPDX-License-Identifier: Apache-2.0
"""Releasing and reviewing a batch or plate on its page."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.plates import operations
from lims.plates.schemas import ReleaseSchema, ReviewSchema
from lims.plates.views.work import Answer, blueprint
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, write
from lims.web.rights import Right


@blueprint.post("/batches/<code>/release")
@needs(Right.WORK_BATCHES)
def post_release_batch(code: str) -> Answer:
    """Release a batch when its checks pass."""
    return _release(code_in_path(code, Kind.BATCH), "plates.batch")


@blueprint.post("/plates/<code>/release")
@needs(Right.WORK_BATCHES)
def post_release_plate(code: str) -> Answer:
    """Release a plate when its checks pass."""
    return _release(code_in_path(code, Kind.PLATE), "plates.plate")


@blueprint.post("/batches/<code>/review")
@needs(Right.REVIEW_WORK)
def post_review_batch(code: str) -> Answer:
    """Review a completed batch."""
    return _review(code_in_path(code, Kind.BATCH), "plates.batch")


@blueprint.post("/plates/<code>/review")
@needs(Right.REVIEW_WORK)
def post_review_plate(code: str) -> Answer:
    """Review a completed plate."""
    return _review(code_in_path(code, Kind.PLATE), "plates.plate")


def _release(code: str, back: str) -> Answer:
    form(ReleaseSchema())

    def act(session: Session) -> dict[str, object]:
        work = operations.work_of(session, code)
        rules = laboratory().stages.get(work.activity)
        release = operations.release if rules is None else rules.release
        release(session, code, by=signed_in(), at=now())
        return {"to": url_for(back, code=code)}

    return done(write(act))


def _review(code: str, back: str) -> Answer:
    sent = form(ReviewSchema())

    def act(session: Session) -> dict[str, object]:
        operations.review(
            session, code, sent["outcome"], sent["reason"], by=signed_in(), at=now(),
            stages=laboratory().stages,
        )  # fmt: skip
        return {"to": url_for(back, code=code)}

    return done(write(act))
