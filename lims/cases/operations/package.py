# SPDX-License-Identifier: Apache-2.0
"""What the sealed side says in the package of a thing, when the coordinator makes it: the place of
recovery, the case, the item, the photograph with its hash.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import BoneCoding
from lims.cases.operations.photographs import photograph_of
from lims.cases.queries import CODE_INDEX, sampling
from lims.core.codes import Kind, threes
from lims.core.errors import NotFound
from lims.core.files import FileStore
from lims.core.sealing import Vault
from lims.core.words import N_, Say
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
