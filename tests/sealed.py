# SPDX-License-Identifier: Apache-2.0
"""What tests of the sealed side stand on: canaries, pictures, one of each record."""

from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from itertools import count

from PIL import Image
from sqlalchemy.orm import Session

from lims.cases import operations as cases
from lims.cases.operations import receiving
from lims.cases.operations.discrepancies import record_discrepancy
from lims.cases.operations.dispatch_files import read_list
from lims.cases.operations.dispatches import import_list
from lims.cases.queries.receiving import awaited
from lims.cases.rules import Burial
from lims.cases.rules.dispatches import DiscrepancyKind
from lims.core.files import FileStore
from lims.core.sealing import Vault
from lims.identities import operations as identities
from lims.identities.rules import Names, RelationKind, Scope
from lims.people.rules import Line
from lims.samples.rules import ExpectedSex, Material, Side
from tests.cast import Cast

SITE = "Wadi Zahra Canary"
FAMILY, GIVEN = "القناري", "مصطفى"
LATIN = "Mustafa Qanari"
CASE, FIELD, SEAL = "WZQ-7731", "WZQ-7731-ITEM", "SEAL-90417"
NUMBER, PHONE = "D-88412", "+218 91 555 0142"
WITNESS, TAKEN_BY = "Witnessa Canaria", "Anthropa Canaria"
SITE_CODE = "ZUWARA-W"
REASON = "the mother Canaria asked"
CANARIES = (
    SITE, FAMILY, GIVEN, LATIN, "Qanari", CASE, FIELD, SEAL, NUMBER, PHONE, WITNESS, TAKEN_BY,
    REASON, SITE_CODE,
)  # fmt: skip
"""Words that may stand in sealed pages alone."""


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), shade: int = 90) -> bytes:
    """Return the bytes of a small picture."""
    out = BytesIO()
    Image.new("RGB", size, (shade, 60, 30)).save(out, kind)
    return out.getvalue()


@dataclass
class Sealed:
    """Builds sealed records; every text in them is a canary."""

    vault: Vault
    files: FileStore
    cast: Cast
    at: datetime
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def a_site(self, session: Session, *, code: str = "") -> str:
        """Register a site."""
        return cases.register_site(
            session, self.vault, code=code or f"{SITE_CODE}{next(self._numbers)}", name=SITE,
            coordinates="32.0 N, 13.0 E", by=self.cast.coordinator, at=self.at,
        )  # fmt: skip

    def an_item(self, session: Session, *, site: str = "") -> str:
        """Record a case with one item."""
        site = site or self.a_site(session)
        number = next(self._numbers)
        case = cases.open_case(
            session, self.vault, site, number=f"{CASE}-{number}", by=self.cast.reception,
            at=self.at,
        )  # fmt: skip
        return cases.record_item(
            session, self.vault, case, field_number=f"{FIELD}-{number}", element="femur",
            side=Side.LEFT, description=f"near {SITE}", by=self.cast.reception, at=self.at,
        )  # fmt: skip

    def a_bone(
        self,
        session: Session,
        *,
        item: str = "",
        element: str = "",
        photographed: bool = True,
        burial: Burial = Burial.MASS_GRAVE,
        mass_ug: int = 2_000_000,
    ) -> str:
        """Record a sampling of an item."""
        ref = cases.record_sampling(
            session, self.vault, item or self.an_item(session), material=Material.BONE,
            mass_ug=mass_ug, element=element, taken_on=date(2026, 3, 1), segment="distal third",
            expected_sex=ExpectedSex.MALE, burial=burial, taken_by=TAKEN_BY, seal_number=SEAL,
            by=self.cast.coordinator, at=self.at,
        )  # fmt: skip
        if photographed:
            cases.add_photograph(
                session, self.vault, self.files, ref, cases.read_photograph(picture()),
                by=self.cast.coordinator, at=self.at,
            )  # fmt: skip
        return ref

    def bones(self, session: Session, many: int = 3, *, site: str = "") -> list[str]:
        """Record samplings of as many items."""
        return [self.a_bone(session, item=self.an_item(session, site=site)) for _ in range(many)]

    def a_donor(self, session: Session, *, consents: bool = True, number: str = "") -> str:
        """Record a donor, with a consent to testing."""
        donor = identities.register_donor(
            session, self.vault, Names(GIVEN, family=FAMILY, latin=LATIN),
            number=number or f"{NUMBER}-{next(self._numbers)}", sex=ExpectedSex.FEMALE, phone=PHONE,
            by=self.cast.coordinator, at=self.at,
        )  # fmt: skip
        if consents:
            self.a_consent(session, donor)
        return donor

    def a_consent(
        self, session: Session, donor: str, *, scopes: tuple[Scope, ...] = (Scope.DNA_TESTING,),
        given_on: date = date(2026, 3, 1), witness: str = WITNESS,
    ) -> str:  # fmt: skip
        """Record a consent."""
        return identities.record_consent(
            session, self.vault, donor, version="3", language="ar", scopes=scopes,
            given_on=given_on, witness=witness, by=self.cast.coordinator, at=self.at,
        )  # fmt: skip

    def a_missing_person(self, session: Session) -> str:
        """Record a missing person."""
        return identities.register_missing_person(
            session, self.vault, Names(GIVEN, father=GIVEN, family=FAMILY, latin=LATIN),
            number=f"M-{next(self._numbers)}", circumstances=f"last seen at {SITE}",
            by=self.cast.coordinator, at=self.at,
        )  # fmt: skip

    def a_relation(self, session: Session, donor: str, missing: str) -> str:
        """Declare the donor to be the mother."""
        return identities.declare_relation(
            session, self.vault, donor, missing, RelationKind.MOTHER, by=self.cast.coordinator,
            at=self.at,
        )  # fmt: skip

    def a_reference(self, session: Session, *, donor: str = "") -> str:
        """Record the blood card of a donor."""
        return identities.record_reference(
            session, self.vault, donor or self.a_donor(session), material=Material.BLOOD_CARD,
            taken_on=date(2026, 3, 1), taken_by=TAKEN_BY, seal_number=SEAL,
            by=self.cast.coordinator, at=self.at,
        )  # fmt: skip

    def references(self, session: Session, many: int = 3) -> list[str]:
        """Record the blood cards of as many donors."""
        return [self.a_reference(session) for _ in range(many)]

    def a_dispatch(self, session: Session) -> str:
        """Take a list that arrived: a package read, another with a seal that differs."""
        self.a_site(session, code="WZD")
        rows = (
            f"{SEAL}-1,WZD,{CASE}-D,{FIELD}-D1,femur,3.1,2026-03-01\n"
            f"{SEAL}-2,WZD,{CASE}-D,{FIELD}-D2,tibia,2.6,2026-03-01\n"
        )
        header = "Seal,Site,Case,Field number,Element,Mass (g),Taken on\n"
        read = read_list((header + rows).encode(), name="list.csv", line=Line.BONE)
        by, at = self.cast.reception, self.at
        ref = import_list(session, self.vault, read, sender=f"Morgue of {SITE}", by=by, at=at)
        receiving.arrive(
            session, self.vault, ref, deliverer=receiving.Outsider(WITNESS, SITE, "N-5512"),
            receiver_name="R", by=by, at=at,
        )  # fmt: skip
        receiving.read_at_receiving(session, self.vault, ref, f"{SEAL}-1", by=by, at=at)
        (other,) = awaited(session, ref)
        record_discrepancy(
            session, self.vault, ref, DiscrepancyKind.SEAL, package_ref=other.ref,
            read=f"{SEAL}-9", reason=REASON, photograph=cases.read_photograph(picture()),
            files=self.files, by=by, at=at,
        )  # fmt: skip
        return ref
