# SPDX-License-Identifier: Apache-2.0
"""Writing a version of a kit, approving it by a second person, withdrawing it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit, name_key
from lims.core.actors import Actor
from lims.core.catalogue import shipped_controls, shipped_kit_texts, shipped_size_standards
from lims.core.errors import ReasonMissing
from lims.core.versions import (
    VersionState,
    approve,
    is_pending,
    one_line_ends,
    sha256_of,
    withdraw,
)
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.kits.models import KitUse, KitVersion
from lims.kits.queries import (
    VersionedKit,
    all_versions,
    kit_in_force,
    kit_of,
    shipped_row,
    state_of,
    version_of,
    versions,
)
from lims.kits.rules import (
    SHIPPED,
    KitNameTaken,
    KitUnchanged,
    KitUnknown,
    KitVersionDecided,
    KitVersionPending,
    OwnKitDraft,
    in_own_format,
    read_document,
)


def work_by_kit(
    session: Session, plate: str, name: str, *, by: Actor, at: datetime, station: str = ""
) -> VersionedKit:
    """Let a plate keep the version of a kit that is in force, for everything that is done with it.

    Raises KitNotInForce, KitUnknown.
    """
    found = kit_in_force(session, name, at=at)
    number = found.number if found.number is not None else _kept_shipped(session, found.name).id
    session.add(KitUse(plate_code=plate, kit_version_id=number))
    session.flush()
    append(
        session, Tag.KIT_VERSION_USED, stream=plate, by=by, at=at, device=station,
        content={"kit": found.name, "version": found.version, "sha256": found.sha256},
    )  # fmt: skip
    return VersionedKit(found.kit, found.version, found.sha256, number)


def draft_kit(session: Session, text: str, *, reason: str, by: Actor, at: datetime) -> KitVersion:
    """Keep a document as the next version of the kit that it names; nobody works by it yet.

    A public kit file is turned into Osteon's own format first. Raises KitRefused, ReasonMissing,
    KitNameTaken, KitUnchanged, KitVersionPending.
    """
    text = one_line_ends(in_own_format(text))
    kit = read_document(text, standards=shipped_size_standards(), controls=shipped_controls())
    if not reason.strip():
        raise ReasonMissing()
    _refuse_other_kit(session, kit)
    if kit.name in shipped_kit_texts():
        _kept_shipped(session, kit.name)
    try:
        there = versions(session, kit.name)
    except KitUnknown:
        there = []
    for one in there:
        if is_pending(one):
            raise KitVersionPending(name=one.name, version=one.version)
    sha256 = sha256_of(text)
    if there and there[0].sha256 == sha256:
        raise KitUnchanged(name=kit.name, version=there[0].version)
    drafted = KitVersion(
        name=kit.name, version=there[0].version + 1 if there else 1, source=kit.source[:300],
        text=text, sha256=sha256, reason=reason.strip()[:200], drafted_at=at, drafted_by=by.id,
        approved_at=None, valid_from=None, withdrawn_at=None,
    )  # fmt: skip
    try:
        # Two who save at once collide on the kit's version: one is refused, whole.
        with session.begin_nested():
            session.add(drafted)
            session.flush()
    except IntegrityError:
        raise KitVersionPending(name=kit.name, version=drafted.version) from None
    append(
        session, Tag.KIT_VERSION_ADDED, stream=_stream(drafted), by=by, at=at,
        content={
            "kit": drafted.name, "version": drafted.version, "sha256": sha256,
            "why": drafted.reason,
        },
    )  # fmt: skip
    return drafted


def approve_kit(
    session: Session,
    name: str,
    version: int,
    *,
    by: Actor,
    at: datetime,
    valid_from: datetime | None = None,
) -> KitVersion:
    """Approve a draft: in force from `valid_from`, at once if that is not given or is past.

    From then on the version before is withdrawn. Raises KitUnknown, NotFound, OwnKitDraft,
    KitVersionDecided, KitNameTaken for a name that another kit took meanwhile.
    """
    row = _locked(session, name, version)
    if not is_pending(row):
        raise KitVersionDecided(name=row.name, version=row.version)
    if row.drafted_by == by.id:
        raise OwnKitDraft(name=row.name, version=row.version)
    _refuse_other_kit(session, kit_of(row))
    begins, ended = approve(
        row, versions(session, row.name), by=by.id, at=at, valid_from=valid_from
    )  # fmt: skip
    append(
        session, Tag.KIT_VERSION_APPROVED, stream=_stream(row), by=by, at=at,
        content={
            "kit": row.name, "version": row.version, "sha256": row.sha256,
            "in_force_from": begins.isoformat(),
        },
    )  # fmt: skip
    for former in ended:
        append(
            session, Tag.KIT_VERSION_WITHDRAWN, stream=_stream(former), by=by, at=at,
            content={
                "kit": former.name, "version": former.version, "followed_by": row.version,
                "from": begins.isoformat(),
            },
        )  # fmt: skip
    session.flush()
    return row


def withdraw_kit(
    session: Session, name: str, version: int, *, reason: str, by: Actor, at: datetime
) -> KitVersion:
    """Withdraw a draft or a version in force, the shipped one too, at once and without a successor.

    Where the version was not in force yet, the one before it stays. Raises KitUnknown, NotFound,
    ReasonMissing, KitVersionDecided for one that is withdrawn.
    """
    if not reason.strip():
        raise ReasonMissing()
    row = _locked(session, name, version)
    if state_of(row, at) is VersionState.WITHDRAWN:
        raise KitVersionDecided(name=row.name, version=row.version)
    stays = withdraw(row, versions(session, row.name), at=at)
    content: dict[str, object] = {
        "kit": row.name, "version": row.version, "why": reason.strip()[:200],
    }  # fmt: skip
    if stays is not None:
        content["stays_in_force"] = stays.version
    append(session, Tag.KIT_VERSION_WITHDRAWN, stream=_stream(row), by=by, at=at, content=content)
    session.flush()
    return row


def _kept_shipped(session: Session, name: str) -> KitVersion:
    """Return the row of a shipped version, written if it is not there yet."""
    query = select(KitVersion).where(KitVersion.name == name, KitVersion.version == SHIPPED)
    row = session.scalar(query)
    if row is not None:
        return row
    try:
        # Two plates may need it at once: the second finds what the first wrote.
        with session.begin_nested():
            session.add(row := shipped_row(name))
            session.flush()
    except IntegrityError:
        return session.scalars(query).one()
    return row


def _refuse_other_kit(session: Session, kit: Kit) -> None:
    """Refuse a name or alias that means another kit, or this one spelled otherwise."""
    own = {name_key(name): name for name in (kit.name, *kit.aliases)}
    for row in all_versions(session):
        if row.name == kit.name:
            continue
        other = kit_of(row)
        for name in (other.name, *other.aliases):
            if name_key(name) in own:
                raise KitNameTaken(name=own[name_key(name)], kit=other.name)


def _locked(session: Session, name: str, version: int) -> KitVersion:
    # Two who decide at once take turns: the second sees what the first did.
    found = version_of(session, name, version)
    if found.version == SHIPPED:
        found = _kept_shipped(session, found.name)
    session.scalar(select(KitVersion.id).where(KitVersion.id == found.id).with_for_update())
    session.refresh(found)
    return found


def _stream(row: KitVersion) -> str:
    # By number: a name may hold what a stream's name may not.
    return f"kit:{row.id}"
