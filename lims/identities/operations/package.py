# SPDX-License-Identifier: Apache-2.0
"""What the sealed side says of a donor in the package of a thing, when the coordinator makes it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.codes import Kind, threes
from lims.core.sealing import Vault
from lims.core.words import N_, Say
from lims.identities.models import ReferenceCoding, ReferenceSampling
from lims.identities.queries import CODE_INDEX, consents_of, donor, relations_of_donor
from lims.identities.rules import RELATION_WORDS
from lims.quality.queries.sections import PackageSection
from lims.quality.rules.sections import Cell, Scope, Section


def donor_section(vault: Vault) -> PackageSection:
    """Return the section that names who gave a reference sample, and on what consent."""

    def section(session: Session, scope: Scope) -> Section | None:
        rows: list[tuple[Cell, Cell, Cell]] = []
        for code in (one for one in scope.things if one[0] == Kind.REFERENCE):
            found = session.execute(
                select(ReferenceSampling)
                .join(ReferenceCoding, ReferenceCoding.sampling_ref == ReferenceSampling.ref)
                .where(ReferenceCoding.code_index == vault.blind(code, CODE_INDEX))
            ).scalar_one_or_none()
            if found is None:
                continue
            shown = donor(session, vault, found.donor_ref, today=scope.at.date())
            facts: list[tuple[str, Cell]] = [
                (N_("Donor"), shown.names.shown),
                (N_("Number"), shown.number),
                (N_("Taken on"), found.taken_on.isoformat()),
            ]
            for relation in relations_of_donor(session, vault, found.donor_ref):
                facts += [
                    (N_("Relation"), Say(RELATION_WORDS[relation.relation.kind])),
                    (N_("To the missing person"), f"{relation.names.shown} ({relation.number})"),
                ]
            facts += [
                (N_("Consent given on"), one.consent.given_on.isoformat())
                for one in consents_of(session, vault, found.donor_ref)
            ]
            rows += [(threes(code), Say(words), value) for words, value in facts]
        if not rows:
            return None
        return Section(
            N_("Who gave it (sealed)"),
            ((N_("Thing"), 18), (N_("What"), 27), (N_("As it was recorded"), 55)),
            tuple(rows), N_("Nothing."), first=True,
        )  # fmt: skip

    return section
