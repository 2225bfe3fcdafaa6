# SPDX-License-Identifier: Apache-2.0
"""The sealed side of the demonstration: an invented site and family, ready to be coded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from lims.cases import operations as cases
from lims.cases.operations.dispatch_files import read_list
from lims.cases.operations.dispatches import import_list
from lims.cases.rules import (
    BoneSex,
    Burial,
    Completeness,
    Condition,
    NumberKind,
    PhotographKind,
    Segment,
)
from lims.core.actors import Actor
from lims.core.files import FileStore
from lims.core.sealing import Vault
from lims.identities import operations as identities
from lims.identities.rules import Names, RelationKind, Scope
from lims.people.rules import Line
from lims.samples.rules import ExpectedSex, Material, Side

SITE_CODE = "EXA"
SITE = "Example Hollow (invented)"
FAMILY = "المثال"
"""“Of the example”: nobody is called so."""


@dataclass(frozen=True)
class Bone:
    """A recovered bone; one has no photograph, to try what coding says to that."""

    case: int
    element: str
    side: Side
    mass_mg: int
    material: Material = Material.BONE
    photographed: bool = True
    shade: tuple[int, int, int] = (222, 209, 178)
    segment: Segment = Segment.WHOLE
    condition: Condition = Condition.FIRM
    completeness: Completeness = Completeness.MOST
    sex: BoneSex = BoneSex.UNDETERMINED


BONES = (
    Bone(1, "femur", Side.LEFT, 3100, sex=BoneSex.PROBABLY_MALE),
    Bone(1, "tibia", Side.RIGHT, 2600, shade=(214, 198, 166), condition=Condition.WORN),
    Bone(2, "femur", Side.RIGHT, 2900, shade=(205, 190, 160), sex=BoneSex.PROBABLY_FEMALE),
    Bone(
        2, "humerus", Side.LEFT, 1800, shade=(198, 180, 148), condition=Condition.BROKEN,
        segment=Segment.DISTAL_THIRD, completeness=Completeness.LESS,
    ),
    Bone(2, "ulna", Side.LEFT, 900, photographed=False, condition=Condition.FRIABLE),
)  # fmt: skip


DISPATCHED = (
    (1, 2, 21, "femur", "left", "2.9"), (1, 2, 22, "tibia", "left", "2.1"),
    (2, 3, 23, "petrous bone", "right", "0.8"),
)  # fmt: skip
"""Items of the list that stands at the door: seal, case, number, element, side, grams."""

HOME = 23
"""Number of the item of that list which the run-through sends home in the end."""


@dataclass(frozen=True)
class Donor:
    """A relative of a missing person who gave a sample; one has not agreed to testing."""

    given: str
    latin: str
    relation: RelationKind
    missing: int
    sex: ExpectedSex
    material: Material = Material.BLOOD_CARD
    consents: bool = True


MISSING = (
    ("نموذج", "Namudhaj of the Example", ExpectedSex.MALE),
    ("صورة", "Sura of the Example", ExpectedSex.FEMALE),
)
DONORS = (
    Donor("قصة", "Qissa of the Example", RelationKind.MOTHER, 0, ExpectedSex.FEMALE),
    Donor("خيال", "Khayal of the Example", RelationKind.FATHER, 0, ExpectedSex.MALE),
    Donor(
        "رسم", "Rasm of the Example", RelationKind.FULL_BROTHER, 1, ExpectedSex.MALE,
        material=Material.BUCCAL_SWAB,
    ),
    Donor(
        "لوحة", "Lawha of the Example", RelationKind.FULL_SISTER, 1, ExpectedSex.FEMALE,
        consents=False,
    ),
)  # fmt: skip


def fill_cases(
    session: Session, vault: Vault, files: FileStore, *, by: Actor, at: datetime
) -> None:
    """Record the site with its cases, bones and photographs; nothing is coded yet."""
    site = cases.register_site(
        session, vault, code=SITE_CODE, name=SITE, number_pattern="EXA-[0-9]{3}", by=by, at=at
    )
    opened = {
        number: cases.open_case(
            session, vault, site, number=f"{SITE_CODE}-{number:03}", by=by, at=at,
            description="An invented grave of the demonstration.",
        )
        for number in sorted({bone.case for bone in BONES})
    }  # fmt: skip
    for number, bone in enumerate(BONES, start=1):
        item = cases.record_item(
            session, vault, opened[bone.case], field_number=f"EX-{number:02}",
            element=bone.element, side=bone.side, segment=bone.segment, condition=bone.condition,
            completeness=bone.completeness, bone_sex=bone.sex, age_from=20, age_to=35,
            mass_ug=bone.mass_mg * 60_000, by=by, at=at,
        )  # fmt: skip
        cases.give_number(
            session, vault, item, kind=NumberKind.MORTUARY, number=f"MO-{number:03}/26",
            issuer="Example Mortuary (invented)", by=by, at=at,
        )  # fmt: skip
        sampling = cases.record_sampling(
            session, vault, item, material=bone.material, mass_ug=bone.mass_mg * 1000,
            taken_on=at.date() - timedelta(days=3), burial=Burial.MASS_GRAVE,
            seal_number=f"S-{number:04}", by=by, at=at,
        )  # fmt: skip
        if bone.photographed:
            drawn = cases.read_photograph(draw_bone(bone, f"EX-{number:02}"))
            for thing, kind in (
                (item, PhotographKind.OVERVIEW), (sampling, PhotographKind.SCALE),
            ):  # fmt: skip
                cases.add_photograph(
                    session, vault, files, thing, drawn, kind=kind, place=SITE, by=by, at=at
                )


def fill_dispatch(session: Session, vault: Vault, *, by: Actor, at: datetime) -> None:
    """Take a list of what an invented morgue has sent: it stands at the door, to be received."""
    rows = [
        f"D-{seal:04},{SITE_CODE},{SITE_CODE}-{case:03},EX-{number},{element},{side},{mass}"
        for seal, case, number, element, side, mass in DISPATCHED
    ]
    content = "\n".join(["Seal,Site,Case,Field number,Element,Side,Mass (g)", *rows])
    read = read_list(content.encode(), name="list.csv", line=Line.BONE)
    import_list(
        session, vault, read, sender="Morgue of the Example (invented)", number="L-001",
        file_name="list.csv", by=by, at=at,
    )  # fmt: skip


def fill_persons(session: Session, vault: Vault, *, by: Actor, at: datetime) -> None:
    """Record missing persons and donors with relation, consent and reference sample."""
    missing = [
        identities.register_missing_person(
            session, vault, Names(given, family=FAMILY, latin=latin), number=f"M-{number:03}",
            sex=sex, by=by, at=at,
        )
        for number, (given, latin, sex) in enumerate(MISSING, start=1)
    ]  # fmt: skip
    for number, donor in enumerate(DONORS, start=1):
        ref = identities.register_donor(
            session, vault, Names(donor.given, family=FAMILY, latin=donor.latin),
            number=f"D-{number:03}", sex=donor.sex, by=by, at=at,
        )  # fmt: skip
        identities.declare_relation(
            session, vault, ref, missing[donor.missing], donor.relation, by=by, at=at
        )
        if donor.consents:
            identities.record_consent(
                session, vault, ref, version="2", language="ar",
                scopes=(Scope.DNA_TESTING, Scope.STORAGE, Scope.SEARCH_PROJECT),
                given_on=at.date() - timedelta(days=5), witness="Invented Witness", by=by, at=at,
            )  # fmt: skip
        identities.record_reference(
            session, vault, ref, material=donor.material,
            taken_on=at.date() - timedelta(days=4), seal_number=f"R-{number:04}", by=by, at=at,
        )  # fmt: skip


def draw_home() -> bytes:
    """Draw the photograph of the bone that goes home."""
    return draw_bone(Bone(2, "petrous bone", Side.RIGHT, 800), f"EX-{HOME}")


def draw_bone(bone: Bone, label: str) -> bytes:
    """Draw the photograph of a bone with scale and label, as the rules of the field ask."""
    picture = Image.new("RGB", (960, 540), (58, 62, 66))
    pen = ImageDraw.Draw(picture)
    dark = (bone.shade[0] - 50, bone.shade[1] - 52, bone.shade[2] - 50)
    length = 380 + bone.mass_mg // 12
    left, middle = (960 - length) // 2, 230
    pen.rounded_rectangle((left, middle - 26, left + length, middle + 26), 26, fill=bone.shade)
    for end in (left, left + length):
        pen.ellipse((end - 46, middle - 58, end + 46, middle + 10), fill=bone.shade, outline=dark)
        pen.ellipse((end - 42, middle - 6, end + 42, middle + 58), fill=bone.shade, outline=dark)
    pen.line((left + 60, middle - 8, left + length - 60, middle - 12), fill=dark, width=3)
    for centimetre in range(10):
        shade = (240, 240, 240) if centimetre % 2 else (20, 20, 20)
        pen.rectangle((60 + 40 * centimetre, 450, 100 + 40 * centimetre, 474), fill=shade)
    pen.text((60, 484), "10 cm", fill=(240, 240, 240), font_size=24)
    pen.rectangle((640, 420, 900, 510), fill=(250, 250, 245))
    pen.text((660, 430), label, fill=(20, 20, 20), font_size=36)
    pen.text((660, 474), "DEMONSTRATION", fill=(140, 20, 20), font_size=24)
    out = BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
