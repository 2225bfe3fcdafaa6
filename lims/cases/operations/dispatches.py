# SPDX-License-Identifier: Apache-2.0
"""Taking dispatch lists: a row's verdict against what is stored, then the whole list or nothing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases.models import Site
from lims.cases.models.dispatches import (
    Dispatch,
    DispatchItem,
    Package,
    Sender,
)
from lims.cases.operations.recording import found
from lims.cases.operations.sealed import record_sealed
from lims.cases.queries import CASE_INDEX, ITEM_INDEX, SITE_INDEX
from lims.cases.queries.dispatches import (
    BYTES_INDEX,
    CONTENT_INDEX,
    IDENTITY_INDEX,
    LABEL_INDEX,
    PACKAGE_SEAL_INDEX,
    SENDER_INDEX,
    sender_named,
)
from lims.cases.queries.numbers import SCAN_INDEX, number_blind
from lims.cases.rules import (
    NumberOfOtherShape,
    check_number,
    check_reason,
    is_reason,
)
from lims.cases.rules.dispatch_columns import Column
from lims.cases.rules.dispatch_lists import header_key
from lims.cases.rules.dispatch_rows import ListRow, ReadList, identity
from lims.cases.rules.dispatches import (
    DISPATCH_LOOKS,
    AnnouncedBefore,
    DispatchState,
    ItemState,
    ListThere,
    PackageState,
    RowsRefused,
    WrongState,
)
from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.core.errors import BadInput
from lims.core.sealing import Key, Vault, new_ref
from lims.core.spelling import normalised
from lims.core.words import N_, Say
from lims.custody.rules import Tag
from lims.people.rules import Line

MOST_MAPPED = 60
"""Headers at most that are kept for one sender."""


def keep_sender(session: Session, vault: Vault, *, name: str, by: Actor, at: datetime) -> Sender:
    """Return the sender of this name, recorded now if it never sent. Raises BadInput for none."""
    known = sender_named(session, vault, name)
    if known is not None:
        return known.sender
    if not normalised(name):
        raise BadInput(field="sender", problem=Say(N_("Missing data for required field.")))
    key = vault.new_key(session, at=at)
    sender = Sender(
        ref=new_ref(), key_ref=key.ref, name_index=vault.blind(name, SENDER_INDEX),
        recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    sender.name = key.seal(name.strip(), sender, "name")
    sender.mapping = key.seal("{}", sender, "mapping")
    try:
        with session.begin_nested():
            session.add(sender)
            session.flush()
    except IntegrityError:
        # Another list of the same sender came in the same moment.
        again = sender_named(session, vault, name)
        if again is None:
            raise
        return again.sender
    return sender


def save_mapping(
    session: Session,
    vault: Vault,
    sender_ref: str,
    mapping: Mapping[str, Column],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Keep what a sender calls its columns: it goes before the known words. Raises NotFound."""
    sender = found(session, Sender, sender_ref, lock=True)
    key = vault.key(session, sender.key_ref)
    kept = {
        header.strip()[:80]: column.value
        for header, column in mapping.items()
        if header_key(header)
    }
    if len(kept) > MOST_MAPPED:
        raise BadInput(field="header", problem=Say(N_("Length is too long.")))
    written = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    sender.mapping = key.seal(written, sender, "mapping")
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_LIST_TAKEN, sender.ref, {"mapping": written}, by=by, at=at
    )


def judge(
    session: Session, vault: Vault, read: ReadList, *, sender: str, again: str = ""
) -> ReadList:
    """Add to each row what only the records know: sites, numbers, seals and items seen before.

    `again` is why things of an earlier list are sent once more; with it they are remarked on, not
    refused.
    """
    repeats = is_reason(again)
    shapes: dict[str, str | None] = {}
    known = sender_named(session, vault, sender)
    seals = _seals_before(session, vault, read)
    things = _things_before(session, vault, read)
    rows = []
    for row in read.rows:
        if read.line is Line.BONE and row.site:
            if row.site not in shapes:
                shapes[row.site] = _shape_at(session, vault, row.site)
            shape = shapes[row.site]
            if shape is None:
                row = row.refuse(N_("site %(site)s is not registered"), site=row.site[:20])
            elif row.case and not _fits(row.case, shape):
                row = row.refuse(
                    N_("case number %(case)s does not have the shape of its site’s numbers"),
                    case=row.case[:40],
                )  # fmt: skip
        before = seals.get(number_blind(vault, row.seal, PACKAGE_SEAL_INDEX)) if row.seal else None
        if before is not None:
            of_other = known is None or before[0] != known.sender.ref
            text = (
                N_("seal %(seal)s stands in a list of another sender, of %(at)s")
                if of_other
                else N_("seal %(seal)s stands in another list already, of %(at)s")
            )
            told = row.remark if of_other or repeats else row.refuse
            row = told(text, seal=row.seal, at=before[1])
        thing = things.get(_identity_index(vault, row)) if row.number else None
        if thing is not None:
            told = row.remark if repeats else row.refuse
            row = told(
                N_("%(number)s stands in another list already, of %(at)s"),
                number=row.number, at=thing,
            )  # fmt: skip
        rows.append(row)
    return replace(read, rows=tuple(rows))


def check_unseen(session: Session, vault: Vault, read: ReadList, *, bytes_hash: str) -> None:
    """Refuse (ListThere) a list that was taken already: the same bytes, or the same rows."""
    content = vault.blind(read.content_hash, CONTENT_INDEX)
    seen = select(Dispatch).where(Dispatch.content_index == content)
    known = session.scalar(seen)
    if known is None and bytes_hash:
        same = vault.blind(bytes_hash, BYTES_INDEX)
        known = session.scalar(select(Dispatch).where(Dispatch.bytes_index == same))
    if known is None:
        return
    key = vault.key(session, known.key_ref)
    number = key.open(known.number, known, "number")
    name = key.open(known.file_name, known, "file_name")
    raise ListThere(number=number or name or known.ref[:8], at=utc_text(known.recorded_at)[:16])


def import_list(
    session: Session,
    vault: Vault,
    read: ReadList,
    *,
    sender: str,
    number: str = "",
    file_name: str = "",
    bytes_hash: str = "",
    again: str = "",
    by: Actor,
    at: datetime,
) -> str:
    """Take a list as a whole and return the ref of its dispatch.

    `bytes_hash` is the SHA-256 of the file in hex, '' for a list typed in. Raises ListThere,
    RowsRefused, AnnouncedBefore where another list came first.
    """
    check_unseen(session, vault, read, bytes_hash=bytes_hash)
    judged = judge(session, vault, read, sender=sender, again=again)
    if judged.refused:
        raise RowsRefused(count=judged.refused)
    kept = keep_sender(session, vault, name=sender, by=by, at=at)
    key = vault.new_key(session, at=at)
    listed = Dispatch(
        ref=new_ref(), key_ref=key.ref, sender_ref=kept.ref, line=read.line,
        state=DispatchState.ANNOUNCED,
        bytes_index=vault.blind(bytes_hash, BYTES_INDEX) if bytes_hash else None,
        content_index=vault.blind(read.content_hash, CONTENT_INDEX), delivered_by=None,
        recorded_at=at, recorded_by=by.id, arrived_at=None, arrived_by=None, received_at=None,
        received_by=None,
    )  # fmt: skip
    columns = [[header, column.value] for header, column in judged.columns]
    words = {
        "number": number.strip(), "file_name": file_name.strip()[-120:], "again": again.strip(),
        "columns": json.dumps([*columns, *([h, ""] for h in judged.unknown)], ensure_ascii=False),
        "cancelled_because": "", "deliverer": "",
    }  # fmt: skip
    for column, text in words.items():
        setattr(listed, column, key.seal(text, listed, column))
    try:
        with session.begin_nested():
            session.add(listed)
            session.flush()
            _add_rows(session, vault, key, listed, judged, repeats=is_reason(again))
    except IntegrityError:
        # Two came at the same time: say which of the two things happened.
        check_unseen(session, vault, read, bytes_hash=bytes_hash)
        raise AnnouncedBefore() from None
    record_sealed(
        session, key, Tag.SEALED_LIST_TAKEN, listed.ref,
        {
            "sender": kept.ref, "line": read.line.value, "number": words["number"],
            "rows": len(judged.rows), "content": read.content_hash, "bytes": bytes_hash,
            "again": words["again"],
        },
        by=by, at=at,
    )  # fmt: skip
    return listed.ref


def cancel_dispatch(
    session: Session, vault: Vault, dispatch_ref: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """Cancel a list of which nothing has come, for a reason. Raises WrongState, ReasonNeeded."""
    check_reason(reason)
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    if listed.state is not DispatchState.ANNOUNCED:
        raise WrongState(what=Say(N_("The dispatch")), state=Say(DISPATCH_LOOKS[listed.state][1]))
    key = vault.key(session, listed.key_ref)
    listed.state = DispatchState.REFUSED
    listed.cancelled_because = key.seal(reason.strip(), listed, "cancelled_because")
    # A corrected list may say the same again.
    listed.bytes_index = listed.content_index = None
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_LIST_TAKEN, listed.ref, {"cancelled": reason.strip()}, by=by, at=at
    )


def _add_rows(
    session: Session, vault: Vault, key: Key, listed: Dispatch, judged: ReadList, *, repeats: bool
) -> None:
    """Add packages and items. Only a list that says why it repeats things counts rounds.

    Without a reason everything is in its first round: a list that came in the same moment and
    was not seen yet meets the unique keys.
    """
    packages: dict[bytes, Package] = {}
    rounds = _seal_rounds(session, vault, listed.sender_ref, judged) if repeats else {}
    for row in judged.rows:
        seal_index = number_blind(vault, row.seal, PACKAGE_SEAL_INDEX)
        if seal_index in packages:
            continue
        package = Package(
            ref=new_ref(), key_ref=key.ref, dispatch_ref=listed.ref, sender_ref=listed.sender_ref,
            number=len(packages) + 1, round=rounds.get(seal_index, 0) + 1, seal_index=seal_index,
            label_index=number_blind(vault, row.package, LABEL_INDEX), state=PackageState.ANNOUNCED,
        )  # fmt: skip
        package.label = key.seal(row.package, package, "label")
        package.seal_number = key.seal(row.seal, package, "seal_number")
        packages[seal_index] = package
    session.add_all(packages.values())
    session.flush()
    before = _rounds(session, vault, judged) if repeats else {}
    for row in judged.rows:
        same = _identity_index(vault, row)
        item = _item(
            vault, key, listed, packages[number_blind(vault, row.seal, PACKAGE_SEAL_INDEX)], row
        )
        item.identity_index, item.round = same, before.get(same, 0) + 1
        session.add(item)
    session.flush()


def _item(vault: Vault, key: Key, listed: Dispatch, package: Package, row: ListRow) -> DispatchItem:
    if row.material is None:
        raise TypeError("a row that was judged, without its material")
    item = DispatchItem(
        ref=new_ref(), key_ref=key.ref, dispatch_ref=listed.ref, package_ref=package.ref,
        number=row.line, site_index=vault.blind(row.site, SITE_INDEX),
        case_index=number_blind(vault, row.case, CASE_INDEX),
        field_index=number_blind(vault, row.field, ITEM_INDEX),
        scan_index=number_blind(vault, row.number, SCAN_INDEX), element=row.element, side=row.side,
        material=row.material, mass_ug=row.mass_ug, expected=row.count, taken_on=row.taken_on,
        state=ItemState.ANNOUNCED, counted=0, read_mass_ug=None, scanned_at=None, scanned_by=None,
        sampling_ref=None,
    )  # fmt: skip
    words = {
        "site": row.site, "case_number": row.case, "field_number": row.field,
        "donor_number": row.donor, "remarks": row.remarks,
        "other": json.dumps(row.other, ensure_ascii=False),
    }  # fmt: skip
    for column, text in words.items():
        setattr(item, column, key.seal(text, item, column))
    return item


def _identity_index(vault: Vault, row: ListRow) -> bytes:
    return vault.blind("\x1f".join(identity(row)), IDENTITY_INDEX)


def _shape_at(session: Session, vault: Vault, code: str) -> str | None:
    """Return the shape of a site's case numbers, None for a site that is not registered."""
    site = session.scalar(select(Site).where(Site.code_index == vault.blind(code, SITE_INDEX)))
    if site is None:
        return None
    return vault.key(session, site.key_ref).open(site.number_pattern, site, "number_pattern")


def _fits(number: str, shape: str) -> bool:
    try:
        check_number(number, shape)
    except NumberOfOtherShape:
        return False
    return True


def _seals_before(session: Session, vault: Vault, read: ReadList) -> dict[bytes, tuple[str, str]]:
    """Return sender and day of the lists in which seals stand already; the newest of each."""
    asked = {number_blind(vault, row.seal, PACKAGE_SEAL_INDEX) for row in read.rows if row.seal}
    return {
        index: (sender, utc_text(at)[:10])
        for index, sender, at in session.execute(
            select(Package.seal_index, Package.sender_ref, Dispatch.recorded_at)
            .join(Dispatch, Dispatch.ref == Package.dispatch_ref)
            .where(Package.seal_index.in_(asked))
            .order_by(Dispatch.recorded_at)
        ).all()
    }


def _things_before(session: Session, vault: Vault, read: ReadList) -> dict[bytes, str]:
    asked = {_identity_index(vault, row) for row in read.rows if row.number}
    return {
        index: utc_text(at)[:10]
        for index, at in session.execute(
            select(DispatchItem.identity_index, Dispatch.recorded_at)
            .join(Dispatch, Dispatch.ref == DispatchItem.dispatch_ref)
            .where(DispatchItem.identity_index.in_(asked))
            .order_by(Dispatch.recorded_at)
        ).all()
    }


def _seal_rounds(
    session: Session, vault: Vault, sender_ref: str, judged: ReadList
) -> dict[bytes, int]:
    asked = {number_blind(vault, row.seal, PACKAGE_SEAL_INDEX) for row in judged.rows}
    return dict(
        session.execute(
            select(Package.seal_index, func.max(Package.round))
            .where(Package.sender_ref == sender_ref, Package.seal_index.in_(asked))
            .group_by(Package.seal_index)
        ).all()
    )


def _rounds(session: Session, vault: Vault, judged: ReadList) -> dict[bytes, int]:
    asked = {_identity_index(vault, row) for row in judged.rows}
    found_before = session.execute(
        select(DispatchItem.identity_index, func.max(DispatchItem.round))
        .where(DispatchItem.identity_index.in_(asked))
        .group_by(DispatchItem.identity_index)
    ).all()
    return {one.identity_index: one[1] for one in found_before}
