# SPDX-License-Identifier: Apache-2.0
"""Which version of a kit is in force. Everything that asks for a kit asks here.

A shipped kit is version 0. Its row is written when a plate first needs it or a version follows it;
until then it stands only in the package, and is in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit, SizeStandard, name_key
from instruments.analyzers.size_standards import size_standards_of
from lims.core.approved import in_force
from lims.core.catalogue import (
    shipped_controls,
    shipped_kit_texts,
    shipped_kits,
    shipped_size_standards,
)
from lims.core.errors import NotFound
from lims.core.versions import VersionState, sha256_of, state_at
from lims.kits.models import KitUse, KitVersion
from lims.kits.rules import SHIPPED, KitNotInForce, KitNotThere, KitUnknown, read_document

SHIPPED_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
"""From when a shipped version is in force: before anything a laboratory keeps."""


@dataclass(frozen=True)
class VersionedKit:
    """A version of a kit; `number` is its row's, None for a shipped one that has none yet."""

    kit: Kit
    version: int
    sha256: str
    number: int | None

    @property
    def name(self) -> str:
        """The kit's name."""
        return self.kit.name


def kits_in_force(session: Session, *, at: datetime) -> tuple[VersionedKit, ...]:
    """Return the kits that the laboratory may work with at an instant, by name. Two queries."""
    rows = session.execute(
        select(KitVersion.id, KitVersion.name, KitVersion.version, KitVersion.sha256)
        .where(in_force(KitVersion, at))
        .order_by(KitVersion.version)
    )
    found = {
        name: VersionedKit(_kit_of_row(session, number, sha256), version, sha256, number)
        for number, name, version, sha256 in rows
    }
    kept = set(session.scalars(select(KitVersion.name).where(KitVersion.version == SHIPPED)))
    found |= {name: one for name, one in _shipped().items() if name not in kept}
    return tuple(sorted(found.values(), key=lambda one: one.name.casefold()))


def kit_in_force(session: Session, name: str, *, at: datetime) -> VersionedKit:
    """Return the version in force of the kit of a name or alias, however it is spelled.

    Raises KitNotInForce for a kit that has versions, none of them in force; KitUnknown.
    """
    for one in kits_in_force(session, at=at):
        if one.kit.is_called(name):
            return one
    for row in all_versions(session):
        if kit_of(row).is_called(name):
            raise KitNotInForce(kit=row.name)
    raise KitUnknown(kit=name[:60])


def versioned_kit(session: Session, number: int) -> VersionedKit:
    """Return a version by its row; raises NotFound."""
    row = session.get(KitVersion, number)
    if row is None:
        raise NotFound(code=str(number))
    return VersionedKit(
        _kit_of_row(session, row.id, row.sha256), row.version, row.sha256, row.id
    )  # fmt: skip


def kit_worked_by(session: Session, plate: str, name: str, *, at: datetime) -> VersionedKit:
    """Return the version that a plate keeps; for one that keeps none, what was in force `at`.

    Raises KitUnknown, KitNotInForce.
    """
    number = session.scalar(select(KitUse.kit_version_id).where(KitUse.plate_code == plate))
    if number is not None:
        return versioned_kit(session, number)
    return kit_in_force(session, name, at=at)


def versions(session: Session, name: str) -> Sequence[KitVersion]:
    """Return the versions of a kit, the newest first, with the shipped one where there is one.

    One that has no row yet is made up as it would be written. Raises KitNotThere.
    """
    own = next((one for one in _names(session) if name_key(one) == name_key(name)), None)
    if own is None:
        raise KitNotThere(kit=name[:60])
    rows = list(
        session.scalars(
            select(KitVersion).where(KitVersion.name == own).order_by(KitVersion.version.desc())
        )
    )
    if own in shipped_kit_texts() and all(row.version != SHIPPED for row in rows):
        rows.append(shipped_row(own))
    return rows


def version_of(session: Session, name: str, version: int) -> KitVersion:
    """Return one version of a kit. Raises KitNotThere, NotFound."""
    for one in versions(session, name):
        if one.version == version:
            return one
    raise NotFound(code=f"{name} v{version}")


def all_versions(session: Session) -> Sequence[KitVersion]:
    """Return every version of every kit, by name, the newest first."""
    rows = list(session.scalars(select(KitVersion)))
    kept = {row.name for row in rows if row.version == SHIPPED}
    rows += [shipped_row(name) for name in shipped_kit_texts() if name not in kept]
    return sorted(rows, key=lambda row: (row.name.casefold(), -row.version))


def shipped_row(name: str) -> KitVersion:
    """Return the row of a shipped version, not in any session."""
    kit = _shipped()[name]
    return KitVersion(
        name=name, version=SHIPPED, source=kit.kit.source[:300], text=shipped_kit_texts()[name],
        sha256=kit.sha256, reason="comes with Osteon", drafted_at=SHIPPED_SINCE,
        drafted_by=SHIPPED_BY, approved_at=SHIPPED_SINCE, approved_by=SHIPPED_BY,
        valid_from=SHIPPED_SINCE, withdrawn_at=None,
    )  # fmt: skip


SHIPPED_BY = "osteon"
"""Who wrote the shipped versions, as their rows say."""


def kit_of(row: KitVersion) -> Kit:
    """Return what a version says."""
    return _read(row.text)


def state_of(row: KitVersion, at: datetime) -> VersionState:
    """Return where a version stands at an instant."""
    return state_at(at, valid_from=row.valid_from, withdrawn_at=row.withdrawn_at)


def standards_for(kit: Kit) -> tuple[SizeStandard, ...]:
    """Return the size standards that may be meant with a kit: its own first, then all on record."""
    return (*kit.standards, *shipped_size_standards())


def usual_size_standard(kit: Kit) -> str:
    """Return the name of the size standard that is usual with a kit, '' where none is known."""
    found = size_standards_of(kit, standards_for(kit))
    return found[0].name if found else ""


def controls_for(kit: Kit) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return control name to locus to alleles: what the kit's version says goes before the record.

    One autosomal allele is a homozygote.
    """
    return {**shipped_controls(), **kit.controls}


def _names(session: Session) -> tuple[str, ...]:
    kept = session.scalars(select(KitVersion.name).distinct()).all()
    return tuple(sorted({*kept, *shipped_kit_texts()}))


def _kit_of_row(session: Session, number: int, sha256: str) -> Kit:
    known = _parsed.get(sha256)
    if known is None:
        text = session.scalar(select(KitVersion.text).where(KitVersion.id == number)) or ""
        known = _parsed[sha256] = _read(text)
    return known


_parsed: dict[str, Kit] = {}
"""What documents say, by SHA-256: a document never changes, and a laboratory has few."""


@cache
def _shipped() -> Mapping[str, VersionedKit]:
    return {
        kit.name: VersionedKit(kit, SHIPPED, sha256_of(shipped_kit_texts()[kit.name]), None)
        for kit in shipped_kits()
    }


@lru_cache(maxsize=256)
def _read(text: str) -> Kit:
    return read_document(text, standards=shipped_size_standards(), controls=shipped_controls())
