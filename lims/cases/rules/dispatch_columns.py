# SPDX-License-Identifier: Apache-2.0
"""The columns of dispatch lists, and the words by which partners call them in two languages."""

from enum import StrEnum

from lims.core.words import N_
from lims.people.rules import Line
from lims.samples.rules import Material, Side


class Column(StrEnum):
    """What a column of a dispatch list can hold. The value names it in a template and a mapping."""

    SEAL = "seal number"
    PACKAGE = "package"
    SITE = "site"
    CASE = "case number"
    FIELD = "field number"
    DONOR = "donor number"
    ELEMENT = "element"
    SIDE = "side"
    MATERIAL = "material"
    MASS_MG = "mass mg"
    MASS_G = "mass g"
    COUNT = "count"
    TAKEN_ON = "taken on"
    REMARKS = "remarks"


COLUMN_WORDS = {
    Column.SEAL: N_("Seal number"),
    Column.PACKAGE: N_("Package"),
    Column.SITE: N_("Site"),
    Column.CASE: N_("Case number"),
    Column.FIELD: N_("Field number"),
    Column.DONOR: N_("Donor number"),
    Column.ELEMENT: N_("Element"),
    Column.SIDE: N_("Side"),
    Column.MATERIAL: N_("Material"),
    Column.MASS_MG: N_("Mass (mg)"),
    Column.MASS_G: N_("Mass (g)"),
    Column.COUNT: N_("Count"),
    Column.TAKEN_ON: N_("Taken on"),
    Column.REMARKS: N_("Remarks"),
}

COLUMNS = {
    Line.BONE: (
        Column.SEAL, Column.PACKAGE, Column.SITE, Column.CASE, Column.FIELD, Column.ELEMENT,
        Column.SIDE, Column.MATERIAL, Column.MASS_G, Column.COUNT, Column.TAKEN_ON, Column.REMARKS,
    ),
    Line.REFERENCE: (
        Column.SEAL, Column.PACKAGE, Column.DONOR, Column.MATERIAL, Column.COUNT, Column.TAKEN_ON,
        Column.REMARKS,
    ),
}  # fmt: skip
"""The columns of each kind of list, in the order of the template."""

NEEDED = {
    Line.BONE: (Column.SEAL, Column.SITE, Column.CASE, Column.FIELD),
    Line.REFERENCE: (Column.SEAL, Column.DONOR, Column.MATERIAL),
}

TEMPLATE_HEADERS = {
    "en": COLUMN_WORDS,
    "ar": {
        Column.SEAL: "رقم الختم",
        Column.PACKAGE: "الطرد",
        Column.SITE: "الموقع",
        Column.CASE: "رقم الحالة",
        Column.FIELD: "الرقم الميداني",
        Column.DONOR: "رقم المتبرع",
        Column.ELEMENT: "العنصر",
        Column.SIDE: "الجانب",
        Column.MATERIAL: "المادة",
        Column.MASS_MG: "الكتلة (مغ)",
        Column.MASS_G: "الكتلة (غ)",
        Column.COUNT: "العدد",
        Column.TAKEN_ON: "تاريخ الأخذ",
        Column.REMARKS: "ملاحظات",
    },
}
"""Headers of the template file: what a partner fills in, so no part of the pages' catalogue."""

KNOWN = {
    Column.SEAL: (
        "seal", "seal number", "seal no", "seal nr", "seal id", "tamper seal", "ختم", "الختم",
        "رقم الختم",
    ),
    Column.PACKAGE: (
        "package", "package number", "package no", "parcel", "box", "bag", "طرد", "الطرد",
        "رقم الطرد", "كيس", "رقم الكيس", "صندوق",
    ),
    Column.SITE: (
        "site", "site code", "recovery site", "grave site", "موقع", "الموقع", "رمز الموقع",
        "موقع الانتشال",
    ),
    Column.CASE: (
        "case", "case number", "case no", "case id", "body number", "رقم الحالة", "الحالة",
        "رقم الملف", "الملف", "رقم الجثة",
    ),
    Column.FIELD: (
        "field number", "field no", "item", "item number", "item no", "sample number", "specimen",
        "evidence number", "الرقم الميداني", "رقم ميداني", "رقم اللقية", "رقم القطعة",
        "رقم العينة",
    ),
    Column.DONOR: (
        "donor", "donor number", "donor no", "donor reference", "donor reference number",
        "donor id", "reference number", "رقم المتبرع", "المتبرع", "الرقم المرجعي",
        "رقم المتبرع المرجعي",
    ),
    Column.ELEMENT: (
        "element", "skeletal element", "bone element", "العنصر", "العنصر الهيكلي", "العظم",
        "نوع العظم",
    ),
    Column.SIDE: ("side", "laterality", "الجانب", "الجهه", "جانب"),
    Column.MATERIAL: (
        "material", "sample type", "type", "kind", "المادة", "نوع العينة", "النوع",
    ),
    Column.MASS_MG: (
        "mass mg", "weight mg", "mass in mg", "weight in mg", "الكتلة مغ", "الوزن مغ",
        "الكتلة ملغ", "الوزن ملغ", "الوزن بالملغرام", "الكتلة ملغم", "الوزن ملغم",
    ),
    Column.MASS_G: (
        "mass g", "weight g", "mass in g", "weight in g", "mass in grams", "weight in grams",
        "الكتلة غ", "الوزن غ", "الوزن بالغرام", "الكتلة غم", "الوزن غم", "الوزن جم",
        "الكتلة جم", "الوزن بالجرام",
    ),
    Column.COUNT: (
        "count", "expected count", "quantity", "pieces", "number of pieces", "qty", "العدد",
        "عدد القطع", "العدد المتوقع", "الكمية",
    ),
    Column.TAKEN_ON: (
        "taken on", "date", "date taken", "sampling date", "sampled on", "date of sampling",
        "collected on", "التاريخ", "تاريخ الاخذ", "تاريخ اخذ العينة", "تاريخ الجمع",
    ),
    Column.REMARKS: (
        "remarks", "remark", "notes", "note", "comment", "comments", "ملاحظات", "ملاحظه",
        "الملاحظات", "تعليق",
    ),
}  # fmt: skip

MASS_WITHOUT_UNIT = ("mass", "weight", "الكتلة", "الوزن", "كتلة", "وزن")

NAMES = (
    "name", "names", "full name", "first name", "given name", "last name", "family name",
    "surname", "donor name", "name of donor", "father", "father name", "fathers name", "mother",
    "mother name", "mothers name", "grandfather", "relative", "next of kin", "phone", "telephone",
    "mobile", "address", "national id", "passport", "اسم", "الاسم", "الاسم الكامل",
    "الاسم الثلاثي", "الاسم الرباعي", "اسم المتبرع", "اسم الاب", "اسم الام", "اسم الجد", "اللقب",
    "لقب", "العائله", "اسم العائله", "الكنيه", "كنيه", "اسم المفقود", "هاتف", "الهاتف",
    "رقم الهاتف", "العنوان", "الرقم الوطني", "صله القرابه",
)  # fmt: skip
NAME_TOKENS = frozenset({"name", "names", "surname", "اسم", "الاسم", "الاسماء", "اسماء", "لقب"})
NAME_OF_THINGS = frozenset(
    {"site", "file", "sender", "laboratory", "الموقع", "موقع", "الملف", "المرسل", "المختبر"}
)

ELEMENTS = {
    "femur": ("عظم الفخذ", "الفخذ", "فخذ"),
    "tibia": ("الظنبوب", "ظنبوب", "عظم الظنبوب", "عظم الساق"),
    "humerus": ("العضد", "عضد", "عظم العضد"),
    "rib": ("ضلع", "الضلع"),
    "skull": ("جمجمة", "الجمجمة"),
    "petrous bone": ("العظم الصخري", "petrous", "عظم صخري"),
    "tooth": ("سن", "السن", "ضرس"),
    "mandible": ("الفك السفلي", "فك سفلي"),
    "vertebra": ("فقرة", "الفقرة"),
    "clavicle": ("الترقوة", "ترقوة"),
    "scapula": ("لوح الكتف", "الكتف"),
    "sternum": ("القص", "عظم القص"),
    "radius": ("الكعبرة", "كعبرة"),
    "ulna": ("الزند", "زند"),
    "metacarpal": ("مشط اليد",),
    "pelvis": ("الحوض", "حوض"),
    "sacrum": ("العجز", "عظم العجز"),
    "patella": ("الرضفة", "رضفة"),
    "fibula": ("الشظية", "شظية"),
    "calcaneus": ("العقب", "عظم العقب"),
    "talus": ("الكاحل", "عظم الكاحل"),
    "metatarsal": ("مشط القدم",),
    "phalanx": ("سلامى", "السلامية", "سلامية"),
}
SIDES = {
    Side.LEFT: ("left", "l", "lt", "ايسر", "يسار", "الايسر", "يسرى", "اليسرى"),
    Side.RIGHT: ("right", "r", "rt", "ايمن", "يمين", "الايمن", "يمنى", "اليمنى"),
    Side.MIDLINE: ("midline", "middle", "m", "وسط", "الوسط", "ناصف"),
    Side.UNKNOWN: ("unknown", "side unknown", "?", "-", "غير معروف", "مجهول"),
}
MATERIALS = {
    Material.BONE: ("bone", "عظم"),
    Material.TOOTH: ("tooth", "سن", "ضرس"),
    Material.BLOOD_CARD: ("blood card", "blood", "fta", "fta card", "بطاقة دم", "دم"),
    Material.BUCCAL_SWAB: (
        "buccal swab", "swab", "buccal", "saliva", "مسحة", "مسحة من باطن الخد", "لعاب",
        "مسحة فموية",
    ),
}  # fmt: skip
