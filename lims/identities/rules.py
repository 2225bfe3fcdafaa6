# SPDX-License-Identifier: Apache-2.0
"""Rules of persons: declared relations, what a consent covers, when it is valid."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.spelling import consonants, name_parts
from lims.core.words import N_


class RelationKind(StrEnum):
    """What a donor declares to be to a missing person. Paternal and maternal are kept apart."""

    FATHER = "father"
    MOTHER = "mother"
    SON = "son"
    DAUGHTER = "daughter"
    FULL_BROTHER = "full brother"
    FULL_SISTER = "full sister"
    BROTHER_BY_FATHER = "half brother by father"
    BROTHER_BY_MOTHER = "half brother by mother"
    SISTER_BY_FATHER = "half sister by father"
    SISTER_BY_MOTHER = "half sister by mother"
    IDENTICAL_TWIN = "identical twin"
    FATHERS_FATHER = "paternal grandfather"
    MOTHERS_FATHER = "maternal grandfather"
    FATHERS_MOTHER = "paternal grandmother"
    MOTHERS_MOTHER = "maternal grandmother"
    SONS_CHILD = "child of son"
    DAUGHTERS_CHILD = "child of daughter"
    FATHERS_BROTHER = "paternal uncle"
    FATHERS_SISTER = "paternal aunt"
    MOTHERS_BROTHER = "maternal uncle"
    MOTHERS_SISTER = "maternal aunt"
    FATHERS_BROTHERS_CHILD = "child of paternal uncle"
    FATHERS_SISTERS_CHILD = "child of paternal aunt"
    MOTHERS_BROTHERS_CHILD = "child of maternal uncle"
    MOTHERS_SISTERS_CHILD = "child of maternal aunt"
    SPOUSE = "spouse"
    NOT_BIOLOGICAL = "not biological"


RELATION_WORDS = {
    RelationKind.FATHER: N_("father"),
    RelationKind.MOTHER: N_("mother"),
    RelationKind.SON: N_("son"),
    RelationKind.DAUGHTER: N_("daughter"),
    RelationKind.FULL_BROTHER: N_("full brother"),
    RelationKind.FULL_SISTER: N_("full sister"),
    RelationKind.BROTHER_BY_FATHER: N_("half brother by the father"),
    RelationKind.BROTHER_BY_MOTHER: N_("half brother by the mother"),
    RelationKind.SISTER_BY_FATHER: N_("half sister by the father"),
    RelationKind.SISTER_BY_MOTHER: N_("half sister by the mother"),
    RelationKind.IDENTICAL_TWIN: N_("identical twin"),
    RelationKind.FATHERS_FATHER: N_("grandfather, father’s side"),
    RelationKind.MOTHERS_FATHER: N_("grandfather, mother’s side"),
    RelationKind.FATHERS_MOTHER: N_("grandmother, father’s side"),
    RelationKind.MOTHERS_MOTHER: N_("grandmother, mother’s side"),
    RelationKind.SONS_CHILD: N_("grandchild, by a son"),
    RelationKind.DAUGHTERS_CHILD: N_("grandchild, by a daughter"),
    RelationKind.FATHERS_BROTHER: N_("uncle, father’s brother"),
    RelationKind.FATHERS_SISTER: N_("aunt, father’s sister"),
    RelationKind.MOTHERS_BROTHER: N_("uncle, mother’s brother"),
    RelationKind.MOTHERS_SISTER: N_("aunt, mother’s sister"),
    RelationKind.FATHERS_BROTHERS_CHILD: N_("cousin, child of a father’s brother"),
    RelationKind.FATHERS_SISTERS_CHILD: N_("cousin, child of a father’s sister"),
    RelationKind.MOTHERS_BROTHERS_CHILD: N_("cousin, child of a mother’s brother"),
    RelationKind.MOTHERS_SISTERS_CHILD: N_("cousin, child of a mother’s sister"),
    RelationKind.SPOUSE: N_("husband or wife, no blood relation"),
    RelationKind.NOT_BIOLOGICAL: N_("not biological: by milk, adoption or marriage"),
}
"""The donor is … of the missing person."""


class Scope(StrEnum):
    """What a donor agrees to."""

    DNA_TESTING = "DNA testing"
    STORAGE = "storage of the sample"
    SEARCH_PROJECT = "search in the project"
    SEARCH_ABROAD = "search abroad"
    COURT = "use in court"
    DESTRUCTION = "destruction after use"


SCOPE_WORDS = {
    Scope.DNA_TESTING: N_("DNA testing"),
    Scope.STORAGE: N_("storage of the sample"),
    Scope.SEARCH_PROJECT: N_("search in this project"),
    Scope.SEARCH_ABROAD: N_("search in other projects and countries"),
    Scope.COURT: N_("use in court"),
    Scope.DESTRUCTION: N_("destruction of the sample after use"),
}


class LaterAct(StrEnum):
    """What the ledger learns of a code later than it happened, so that nothing is paired by time.

    Held: its consent was withdrawn. Erased: its key was destroyed.
    """

    HELD = "held"
    ERASED = "erased"


TELL_WITHIN = timedelta(hours=24)
"""Within this time, at an hour drawn for each code alone, the ledger learns of a withdrawal."""


class ConsentStanding(StrEnum):
    """What a donor's consents come to today."""

    VALID = "valid"
    NO_WITNESS = "no witness"
    NO_TESTING = "no testing"
    NOT_YET = "not yet"
    WITHDRAWN = "withdrawn"
    NONE = "none"


STANDING_LOOKS = {
    ConsentStanding.VALID: ("ok", N_("valid")),
    ConsentStanding.NO_WITNESS: ("warn", N_("valid, witness missing")),
    ConsentStanding.NO_TESTING: ("bad", N_("not to DNA testing")),
    ConsentStanding.NOT_YET: ("warn", N_("begins later")),
    ConsentStanding.WITHDRAWN: ("bad", N_("withdrawn")),
    ConsentStanding.NONE: ("bad", N_("no consent")),
}
"""How a standing is shown: kind of badge, words."""


@dataclass(frozen=True)
class Names:
    """A name as the laboratory keeps it: as written, generation by generation."""

    given: str
    father: str = ""
    grandfather: str = ""
    family: str = ""
    mother: str = ""
    kunya: str = ""
    latin: str = ""

    @property
    def shown(self) -> str:
        """The name as it is read out."""
        return " ".join(
            part for part in (self.given, self.father, self.grandfather, self.family) if part
        )


NAME_FIELDS = tuple(field.name for field in fields(Names))


@dataclass(frozen=True)
class Form:
    """What of a consent decides whether it is valid."""

    given_on: date
    scopes: frozenset[Scope]
    has_witness: bool
    withdrawn_at: datetime | None


class NoValidConsent(Refusal):
    """A donor in the list has not agreed to testing, or no longer does."""

    says = N_(
        "No valid consent for donor: sample cannot enter the laboratory. (%(count)s in the list)"
    )  # one sentence for translators
    do = N_("Record the donor’s consent to DNA testing, or take the sample off the list.")


class NoConsentToWithdraw(Refusal):
    """There is no consent of this donor that stands."""

    says = N_("This donor has no consent that stands.")
    do = N_("Read the page again.")


class NotWithdrawn(Refusal):
    """Erasure is asked of a person whose consent stands, or never was given."""

    says = N_("This donor has withdrawn no consent: nothing is erased.")
    do = N_("Record the withdrawal first. Read the page again.")


class TooEarly(Refusal):
    """The laboratory waits for some days before it erases."""

    says = N_("The laboratory erases on %(day)s at the earliest.")
    do = N_("Until then nobody reads the record. Come back on that day.")


class LegalHoldStands(Refusal):
    """A legal hold forbids erasure."""

    says = N_("Erasure is blocked by law.")
    do = N_("Read the reason on the donor’s page. Lift the block when it has ended.")


class LegalHoldThere(Refusal):
    """A second legal hold on the same donor."""

    says = N_("Erasure of this donor is blocked already.")
    do = N_("Read the page again.")


class NoLegalHold(Refusal):
    """There is no legal hold to lift."""

    says = N_("Erasure of this donor is not blocked.")
    do = N_("Read the page again.")


class SecondPersonNeeded(Refusal):
    """One person alone asks for an erasure."""

    says = N_("A second person must confirm an erasure.")
    do = N_("Ask a colleague to sign beside you.")


class PersonThere(Refusal):
    """The file number is taken."""

    says = N_("A person with this file number is recorded already.")
    do = N_("Search for the number and compare.")


class NameMissing(Refusal):
    """A person needs a name, or a word that stands for one."""

    says = N_("A name is missing.")
    do = N_("Write the given name. Where nobody knows it, write “unknown”.")
    status = 422


class DonorsUnknown(Refusal):
    """Numbers of a list of references under which nobody is registered."""

    says = N_("No donor is registered under these numbers: %(numbers)s.")
    do = N_("Register the donors first, or compare the numbers with the list.")


class RelationThere(Refusal):
    """This donor has declared a relation to this missing person before."""

    says = N_("A relation between these two is declared already.")
    do = N_("Read the donor’s page. A wrong relation is withdrawn before another is declared.")


class DayInFuture(Refusal):
    """A day that has not come yet."""

    says = N_("This day has not come yet.")
    do = N_("Correct the date.")
    status = 422


def standing(forms: Collection[Form], *, today: date) -> ConsentStanding:
    """Return what a donor's consents come to on a day: the newest form alone counts.

    A withdrawal ends every form given until then, so that no older one comes back to life.
    """
    if not forms:
        return ConsentStanding.NONE
    withdrawn = max((form.withdrawn_at.date() for form in forms if form.withdrawn_at), default=None)
    since = [
        form
        for form in forms
        if form.withdrawn_at is None and (withdrawn is None or form.given_on >= withdrawn)
    ]
    if not since:
        return ConsentStanding.WITHDRAWN
    newest = max(since, key=lambda form: form.given_on)
    if newest.given_on > today:
        return ConsentStanding.NOT_YET
    if Scope.DNA_TESTING not in newest.scopes:
        return ConsentStanding.NO_TESTING
    return ConsentStanding.VALID if newest.has_witness else ConsentStanding.NO_WITNESS


def permits_testing(found: ConsentStanding) -> bool:
    """Return whether a sample of the donor may enter the laboratory."""
    return found in (ConsentStanding.VALID, ConsentStanding.NO_WITNESS)


def search_keys(text: str) -> tuple[tuple[str, str], ...]:
    """Return (part, consonants or '') for each part of a name by which it is looked up."""
    return tuple((part, consonants(part)) for part in name_parts(text))
