# SPDX-License-Identifier: Apache-2.0
"""The pages of kits: what is in force, what waits for approval, a version drawn, two compared."""

from datetime import datetime, time

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit, name_key
from lims.core.catalogue import shipped_size_standards
from lims.core.clock import now
from lims.core.errors import BadInput
from lims.core.versions import STATE_WORDS, VersionState
from lims.core.words import N_, Say
from lims.kits import operations, queries
from lims.kits.models import KitVersion
from lims.kits.rules import (
    LONGEST_TEXT,
    SHIPPED,
    KitRefused,
    bp,
    compared,
    drawn,
    in_own_format,
    off_ladder,
)
from lims.kits.schemas import (
    ApprovalSchema,
    BeginSchema,
    CompareSchema,
    DraftSchema,
    WithdrawalSchema,
)
from lims.people.queries import initials_of
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right

blueprint = Blueprint("kits", __name__)

KIND_WORDS = {
    "autosomal": N_("autosomal"),
    "sex": N_("sex"),
    "y": N_("Y chromosome"),
    "x": N_("X chromosome"),
    "quality": N_("quality"),
}


@blueprint.get("/kits")
@needs(Right.SEE_PROCEDURES)
def list_kits() -> ResponseReturnValue:
    """List the kits in force, then drafts and what is withdrawn."""
    at = now()
    with reading() as session:
        rows = [(one, queries.state_of(one, at)) for one in queries.all_versions(session)]
        if wants_json():
            return {"kits": [_json(one, state) for one, state in rows]}
        return page(
            "kits/kits.html", rows=rows, states=VersionState, state_words=STATE_WORDS,
            kit_of=queries.kit_of, slug=slug, shipped=SHIPPED,
            staff=initials_of(session, {one.drafted_by for one, _ in rows}),
        )  # fmt: skip


@blueprint.get("/kits/new")
@needs(Right.WRITE_PROCEDURES)
def new() -> ResponseReturnValue:
    """Show the editor: empty, or with a version's document."""
    asked = query(BeginSchema())
    text = ""
    with reading() as session:
        if asked["kit"]:
            known = queries.versions(session, asked["kit"])
            wanted = known[0].version if asked["version"] is None else asked["version"]
            text = queries.version_of(session, asked["kit"], wanted).text
        return _editor(session, text)


@blueprint.post("/kits/read")
@needs(Right.WRITE_PROCEDURES)
def post_file() -> ResponseReturnValue:
    """Put a file into the editor, in Osteon's own format; nothing is kept yet."""
    given = request.files.get("file")
    if given is None or not given.filename:
        raise BadInput(field="file", problem=Say(N_("is missing")))
    content = given.read(LONGEST_TEXT + 1)
    if len(content) > LONGEST_TEXT:
        raise KitRefused(fault=Say(N_("it is longer than %(most)s bytes."), {"most": LONGEST_TEXT}))
    text = in_own_format(_decoded(content))
    if wants_json():
        return {"text": text}
    with reading() as session:
        return _editor(session, text)


@blueprint.post("/kits")
@needs(Right.WRITE_PROCEDURES)
def post_draft() -> ResponseReturnValue:
    """Keep a document as a draft that somebody else must approve."""
    sent = form(DraftSchema())

    def keep(session: Session) -> dict[str, object]:
        drafted = operations.draft_kit(
            session, sent["text"], reason=sent["reason"], by=signed_in(), at=now()
        )
        return {
            "to": _address(drafted), "kit": drafted.name, "version": drafted.version,
            "sha256": drafted.sha256,
        }  # fmt: skip

    return done(write(keep))


@blueprint.get("/kits/<name>/<int:version>")
@needs(Right.SEE_PROCEDURES)
def kit(name: str, version: int) -> ResponseReturnValue:
    """Show a version: drawn by dye, its ladder and controls, its document, versions beside it."""
    at = now()
    with reading() as session:
        found = queries.version_of(session, name, version)
        state = queries.state_of(found, at)
        if wants_json():
            return {**_json(found, state), "text": found.text, "reason": found.reason}
        others = queries.versions(session, name)
        shown = queries.kit_of(found)
        return page(
            "kits/kit.html", found=found, kit=shown, state=state, states=VersionState,
            drawing=drawn(shown, shipped_size_standards()), others=[
                (one, queries.state_of(one, at)) for one in others
            ],
            controls=_controls(shown), state_words=STATE_WORDS, kind_words=KIND_WORDS, bp=bp,
            slug=slug, shipped=SHIPPED, own=found.drafted_by == signed_in().id,
            staff=initials_of(
                session,
                {one.drafted_by for one in others} | {one.approved_by for one in others},
            ),
        )  # fmt: skip


@blueprint.get("/kits/<name>/compare")
@needs(Right.SEE_PROCEDURES)
def compare(name: str) -> ResponseReturnValue:
    """Show what differs between two versions of a kit."""
    asked = query(CompareSchema())
    with reading() as session:
        known = queries.versions(session, name)
        later = asked["later"] if asked["later"] is not None else known[0].version
        former = asked["former"]
        if former is None:
            former = next((one.version for one in known if one.version < later), later)
        both = [queries.version_of(session, name, one) for one in (former, later)]
        found = compared(*(queries.kit_of(one) for one in both))
        if wants_json():
            return {
                "kit": both[0].name,
                "former": former,
                "later": later,
                "differences": [
                    {"place": in_words(one.place), "former": one.former, "later": one.later}
                    for one in found
                ],
            }
        return page(
            "kits/compare.html", found=found, former=both[0], later=both[1], known=known,
            slug=slug, in_words=in_words,
        )  # fmt: skip


@blueprint.post("/kits/<name>/<int:version>/approve")
@needs(Right.APPROVE_PROCEDURES)
def post_approval(name: str, version: int) -> ResponseReturnValue:
    """Approve a draft that somebody else wrote."""
    day = form(ApprovalSchema())["valid_from"]
    begins = None if day is None else datetime.combine(day, time.min, settings().time_zone)

    def approve(session: Session) -> dict[str, object]:
        row = operations.approve_kit(
            session, name, version, valid_from=begins, by=signed_in(), at=now()
        )
        return {"to": _address(row)}

    return done(write(approve))


@blueprint.post("/kits/<name>/<int:version>/withdraw")
@needs(Right.APPROVE_PROCEDURES)
def post_withdrawal(name: str, version: int) -> ResponseReturnValue:
    """Withdraw a version without a successor."""
    sent = form(WithdrawalSchema())

    def withdraw(session: Session) -> dict[str, object]:
        row = operations.withdraw_kit(
            session, name, version, reason=sent["reason"], by=signed_in(), at=now()
        )
        return {"to": _address(row)}

    return done(write(withdraw))


def slug(name: str) -> str:
    """Return a kit's name as it stands in an address: letters and digits only."""
    return name_key(name).lower()


def _address(row: KitVersion) -> str:
    return url_for("kits.kit", name=slug(row.name), version=row.version)


def _editor(session: Session, text: str) -> ResponseReturnValue:
    names = sorted({one.name for one in queries.all_versions(session)}, key=str.casefold)
    return page("kits/edit.html", text=text, names=names, slug=slug)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KitRefused(fault=Say(N_("it is no text in UTF-8."))) from None


def _controls(kit: Kit) -> list[tuple[str, dict[str, str], tuple[tuple[str, str], ...], bool]]:
    """Return each control of a kit: its alleles by locus, those off the ladder, whether its own."""
    found = []
    known = queries.controls_for(kit)
    for name in kit.positive_controls:
        genotype = known.get(name, {})
        by_locus = {
            marker.name: "/".join(
                next(
                    (alleles for locus, alleles in genotype.items() if marker.is_called(locus)), ()
                )
            )
            for marker in kit.markers
        }
        found.append((name, by_locus, off_ladder(kit, genotype), name in kit.controls))
    return found


def _json(one: KitVersion, state: VersionState) -> dict[str, object]:
    return {
        "kit": one.name, "version": one.version, "state": state.value, "source": one.source,
        "sha256": one.sha256, "reason": one.reason, "drafted_by": one.drafted_by,
        "approved_by": one.approved_by,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
        "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
    }  # fmt: skip
