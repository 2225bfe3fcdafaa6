# SPDX-License-Identifier: Apache-2.0
"""What the sealed side says in the package of a thing, when the coordinator makes it: the place of
recovery, the case, the item, the photograph with its hash.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import BoneCoding, PackageSeal
from lims.cases.operations.photographs import photograph_of
from lims.cases.queries import CODE_INDEX, sampling
from lims.cases.queries.receiving import seals_of_sampling
from lims.cases.rules.dispatches import SEAL_END_WORDS
from lims.core.clock import utc_text
from lims.core.codes import Kind, threes
from lims.core.errors import NotFound
from lims.core.files import FileStore
from lims.core.sealing import Key, Vault
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.quality.queries.sections import PackageSection
from lims.quality.rules.sections import Cell, Picture, Scope, Section
from lims.samples.rules import ELEMENT_WORDS, MATERIAL_WORDS, SIDE_WORDS

ENDINGS = {"jpeg": "jpg", "png": "png", "heic": "heic"}


def remains_section(vault: Vault, files: FileStore) -> PackageSection:
    """Return the section that names where remains were recovered, and shows their photographs."""

    def section(session: Session, scope: Scope) -> Section | None:
        rows: list[tuple[Cell, Cell, Cell]] = []
        pictures: list[Picture] = []
        for code in (one for one in scope.things if one[0] == Kind.BONE):
            found = session.scalar(
                select(BoneCoding).where(BoneCoding.code_index == vault.blind(code, CODE_INDEX))
            )
            if found is None:
                continue
            shown = sampling(session, vault, found.sampling_ref)
            taken = shown.sampling
            facts: tuple[tuple[str, Cell], ...] = (
                (N_("Recovery site"), shown.site_code),
                (N_("Case"), shown.case_number),
                (N_("Item"), shown.field_number),
                (N_("Element"), Say(ELEMENT_WORDS.get(taken.element, taken.element))),
                (N_("Side"), Say(SIDE_WORDS[taken.side])),
                (N_("Material"), Say(MATERIAL_WORDS[taken.material])),
                (N_("Taken on"), taken.taken_on.isoformat()),
                (N_("Taken by"), shown.taken_by or "-"),
                (N_("Seal"), shown.seal_number or "-"),
                (N_("SHA-256 of the photograph"), taken.photograph_sha256 or "-"),
            )
            rows += [(threes(code), Say(words), value) for words, value in facts]
            pictures += _pictures(session, vault, files, shown.sampling.ref, code)
        if not rows:
            return None
        return Section(
            N_("Where it was recovered (sealed)"),
            ((N_("Thing"), 18), (N_("What"), 27), (N_("As it was recorded"), 55)),
            tuple(rows), N_("Nothing."), first=True, pictures=tuple(pictures),
        )  # fmt: skip

    return section


def seals_section(vault: Vault) -> PackageSection:
    """Return the section on the seals of the packages in which remains came, and what followed."""

    def section(session: Session, scope: Scope) -> Section | None:
        rows: list[tuple[Cell, Cell, Cell]] = []
        for code in (one for one in scope.things if one[0] == Kind.BONE):
            found = session.scalar(
                select(BoneCoding).where(BoneCoding.code_index == vault.blind(code, CODE_INDEX))
            )
            seals = seals_of_sampling(session, found.sampling_ref) if found is not None else ()
            who = initials_of(
                session,
                {name for one in seals for name in (one.applied_by, one.broken_by, one.witness)
                 if name},
            )  # fmt: skip
            for one in seals:
                key = vault.key(session, one.key_ref)
                number = key.open(one.seal_number, one, "seal_number")
                rows.append((threes(code), number, _of_seal(key, one, who)))
        if not rows:
            return None
        return Section(
            N_("Seals before coding (sealed)"),
            ((N_("Thing"), 18), (N_("Seal"), 22), (N_("What happened"), 60)),
            tuple(rows), N_("Nothing."), first=True,
        )  # fmt: skip

    return section


def _of_seal(key: Key, seal: PackageSeal, who: Mapping[str, str]) -> tuple[Say, ...]:
    told = [
        Say(
            N_("read on %(when)s by %(who)s") if seal.number == 1
            else N_("put on on %(when)s by %(who)s"),
            {"when": utc_text(seal.applied_at), "who": who.get(seal.applied_by, "-")},
        )
    ]  # fmt: skip
    if seal.broken_at is None:
        return (*told, Say(N_("whole")))
    told.append(
        Say(
            N_("broken on %(when)s by %(who)s before %(witness)s (%(why)s)"),
            {
                "when": utc_text(seal.broken_at), "who": who.get(seal.broken_by or "", "-"),
                "witness": who.get(seal.witness, "-"),
                "why": key.open(seal.broken_because, seal, "broken_because"),
            },
        )
    )  # fmt: skip
    return (*told, Say(SEAL_END_WORDS[seal.followed_by]))


def _pictures(
    session: Session, vault: Vault, files: FileStore, ref: str, code: str
) -> list[Picture]:
    try:
        photograph = photograph_of(session, vault, files, sampling(session, vault, ref).sampling)
    except NotFound:
        return []
    return [
        Picture(
            photograph.content,
            Say(
                N_("%(code)s, photograph with scale; SHA-256 %(hash)s"),
                {"code": code, "hash": photograph.sha256},
            ),
            f"photographs/{code}.{ENDINGS[photograph.kind]}",
            photograph.thumbnail if photograph.kind == "heic" else photograph.content,
        )
    ]  # fmt: skip
