# SPDX-License-Identifier: Apache-2.0
"""What a sample is, the states it goes through, and what the balance's figure means."""

import re
from enum import StrEnum

from lims.core.codes import Kind
from lims.core.errors import Refusal
from lims.core.words import N_, Say
from lims.people.rules import LINE_WORDS
from lims.people.rules import Line as Line


class Material(StrEnum):
    """What a sample is made of."""

    BONE = "bone"
    TOOTH = "tooth"
    BLOOD_CARD = "blood card"
    BUCCAL_SWAB = "buccal swab"


class Side(StrEnum):
    """The side of a skeletal element."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    UNKNOWN = "unknown"


class ExpectedSex(StrEnum):
    """The sex the sealed side expects: anthropological for remains, recorded for donors."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "?"


class AliquotKind(StrEnum):
    """What was taken from a sample."""

    POWDER = "powder"
    PUNCH = "punch"
    LYSATE = "lysate"
    DILUTION = "dilution"


class SampleState(StrEnum):
    """Where a sample is on its way through the laboratory; holds stand beside it."""

    CODED = "coded"
    ACCEPTED = "accepted"
    IN_PREPARATION = "in preparation"
    IN_PROCESS = "in process"
    PROFILED = "profiled"
    REFUSED = "refused"
    DESTROYED = "destroyed"
    RETURNED = "returned"


class AliquotState(StrEnum):
    """Whether an aliquot can still be worked with."""

    CREATED = "created"
    USED = "used"
    DISCARDED = "discarded"
    DESTROYED = "destroyed"
    RETURNED = "returned"


class ExtractState(StrEnum):
    """How far an extract has come; a worklist is asked by it.

    To repeat: its quantification failed. Measured: what follows is proposed, and waits for a
    person to confirm it. Set aside: its quantity sends nobody on with it, but to extract or to
    purify again.
    """

    CREATED = "created"
    MEASURED = "measured"
    TO_REPEAT = "to repeat"
    SET_ASIDE = "set aside"
    QUANTIFIED = "quantified"
    AMPLIFIED = "amplified"
    CONSUMED = "consumed"
    DISCARDED = "discarded"
    DESTROYED = "destroyed"
    RETURNED = "returned"


PREPARABLE = tuple(
    state
    for state in SampleState
    if state not in (SampleState.CODED, SampleState.DESTROYED, SampleState.RETURNED)
)
"""States in which a part may be taken: the first time, and again when a repeat is needed."""

_HOW_FAR = {
    SampleState.CODED: 0,
    SampleState.ACCEPTED: 1,
    # Refused work is begun again from the sample.
    SampleState.REFUSED: 1,
    SampleState.IN_PREPARATION: 2,
    SampleState.IN_PROCESS: 3,
    SampleState.PROFILED: 4,
    # The end: nothing goes on from there.
    SampleState.DESTROYED: 9,
    SampleState.RETURNED: 9,
}

LYSATE_NL = 200_000
"""A lysate of a swab unless the technician says otherwise, nanolitres."""

KIND_OF_LINE = {Line.BONE: Kind.BONE, Line.REFERENCE: Kind.REFERENCE}
LINE_OF_MATERIAL = {
    Material.BONE: Line.BONE,
    Material.TOOTH: Line.BONE,
    Material.BLOOD_CARD: Line.REFERENCE,
    Material.BUCCAL_SWAB: Line.REFERENCE,
}

MATERIAL_WORDS = {
    Material.BONE: N_("bone"),
    Material.TOOTH: N_("tooth"),
    Material.BLOOD_CARD: N_("blood card"),
    Material.BUCCAL_SWAB: N_("buccal swab"),
}
SIDE_WORDS = {
    Side.LEFT: N_("left"),
    Side.RIGHT: N_("right"),
    Side.MIDLINE: N_("midline"),
    Side.UNKNOWN: N_("side unknown"),
}
SEX_WORDS = {
    ExpectedSex.FEMALE: N_("female"),
    ExpectedSex.MALE: N_("male"),
    ExpectedSex.UNKNOWN: N_("unknown"),
}
ALIQUOT_WORDS = {
    AliquotKind.POWDER: N_("bone powder"),
    AliquotKind.PUNCH: N_("punch"),
    AliquotKind.LYSATE: N_("lysate"),
    AliquotKind.DILUTION: N_("dilution"),
}
ELEMENT_WORDS = {
    "femur": N_("femur"),
    "tibia": N_("tibia"),
    "humerus": N_("humerus"),
    "rib": N_("rib"),
    "skull": N_("skull"),
    "petrous bone": N_("petrous bone"),
    "tooth": N_("tooth"),
    "mandible": N_("mandible"),
    "vertebra": N_("vertebra"),
    "clavicle": N_("clavicle"),
    "scapula": N_("scapula"),
    "sternum": N_("sternum"),
    "radius": N_("radius"),
    "ulna": N_("ulna"),
    "metacarpal": N_("metacarpal"),
    "pelvis": N_("pelvis"),
    "sacrum": N_("sacrum"),
    "patella": N_("patella"),
    "fibula": N_("fibula"),
    "calcaneus": N_("calcaneus"),
    "talus": N_("talus"),
    "metatarsal": N_("metatarsal"),
    "phalanx": N_("phalanx"),
}
"""Skeletal elements with a word of their own in every language; others are shown as written."""


KIND_WORDS = {
    Kind.BONE: N_("bone sample"),
    Kind.REFERENCE: N_("reference sample"),
    Kind.ALIQUOT: N_("aliquot"),
    Kind.EXTRACT: N_("extract"),
    Kind.PLATE: N_("plate"),
    Kind.CONTAINER: N_("instrument or container"),
    Kind.LOT: N_("reagent lot"),
    Kind.BADGE: N_("badge"),
    Kind.STATION: N_("station"),
    Kind.COMMAND: N_("command"),
    Kind.BATCH: N_("batch"),
}

STATE_LOOKS = {
    "coded": ("kept", N_("coded")),
    "accepted": ("ok", N_("accepted")),
    "in preparation": ("run", N_("in preparation")),
    "in process": ("run", N_("in process")),
    "profiled": ("ok", N_("profiled")),
    "refused": ("bad", N_("refused")),
    "created": ("ok", N_("ready")),
    "used": ("plain", N_("used up")),
    "measured": ("warn", N_("measured, next step to be confirmed")),
    "quantified": ("run", N_("quantified")),
    "to repeat": ("warn", N_("to be quantified again")),
    "set aside": ("warn", N_("set aside")),
    "amplified": ("run", N_("amplified")),
    "consumed": ("plain", N_("consumed")),
    "discarded": ("plain", N_("discarded")),
    "destroyed": ("bad", N_("destroyed")),
    "returned": ("kept", N_("returned")),
    "draft": ("plain", N_("draft")),
    "repeated": ("plain", N_("repeated")),
    "running": ("run", N_("running")),
    "completed": ("ok", N_("completed")),
    "reviewed": ("ok", N_("reviewed")),
    "registered": ("kept", N_("not released")),
    "released": ("ok", N_("released")),
    "in use": ("ok", N_("in use")),
}
"""How the state of a coded thing is shown: kind of badge, words."""


def state_look(state: str) -> tuple[str, str]:
    """Return kind of badge and words of a state; one that nobody drew is shown as it is."""
    return STATE_LOOKS.get(state, ("plain", state))


class FigureNotRead(Refusal):
    """What was typed or sent by the balance is not a figure."""

    says = N_("“%(read)s” is not a figure in %(unit)s with at most three decimals.")
    do = N_("Read the display again and give the figure, for example 412.5.")
    status = 422


class FigureZero(Refusal):
    """A mass or a volume of nothing."""

    says = N_("A part of 0 %(unit)s is no part.")
    do = N_("Weigh or measure again.")
    status = 422


class NoMassLeft(Refusal):
    """More powder is asked for than the sample has."""

    says = N_("Only %(left)s mg of %(code)s are left, %(asked)s mg asked.")
    do = N_("Compare the balance and the code. Take less, or ask for another sample.")


class AlreadyAccepted(Refusal):
    """The sample came through reception before."""

    says = N_("%(code)s was accepted already: %(at)s, by %(who)s.")
    do = N_("Nothing is to be done here. If a second bag carries this code, call quality.")


class NotAtReception(Refusal):
    """Something else than a fresh sample lies at reception."""

    says = N_("%(code)s cannot be accepted: its state is “%(state)s”.")
    do = N_("Look at its page. Call the quality officer if it should be in reception.")


class SamePerson(Refusal):
    """Who coded a sample may not accept it."""

    says = N_("You coded %(code)s. Somebody else must accept it in the laboratory.")
    do = N_("Ask a colleague of the laboratory to scan it.")


class NotAccepted(Refusal):
    """A part is asked of a sample that is not in the laboratory's hands."""

    says = N_("%(code)s is not accepted: its state is “%(state)s”.")
    do = N_("Scan it at the reception bench first.")


class WrongMaterial(Refusal):
    """The part does not fit what the sample is made of."""

    says = N_("%(code)s is a sample of %(material)s: it gives no %(part)s.")
    do = N_("Check that you hold the right sample.")


class NotASample(Refusal):
    """The code read stands for something else than a sample."""

    says = N_("%(code)s is not a sample.")
    do = N_("Scan the label of a bone sample (B…) or of a reference sample (R…).")


class WrongRoom(Refusal):
    """A sample of the other line at a bench that is kept for one line."""

    says = N_("%(code)s does not belong in this room: here only %(line)s are worked on.")
    do = N_("Take it away at once, clean the bench, and scan it at a bench of its own line.")
    stops = True


class AliquotThere(Refusal):
    """A second part is asked while the first one is still unused."""

    says = N_("%(code)s has an unused part already: %(aliquot)s, taken %(at)s by %(who)s.")
    do = N_("Use that one. If a second is needed all the same, say why.")


class EntryAwaited(Refusal):
    """Another sample is scanned while the station waits for a figure."""

    says = N_("The figure for %(code)s is still missing.")
    do = N_("Enter it, or scan UNDO to set that sample aside.")


class CommandMeansNothing(Refusal):
    """A command bar code that has no meaning at this moment."""

    says = N_("This command means nothing here now.")
    do = N_("Scan HELP to see what this bench waits for.")


class ElementMissing(Refusal):
    """A bone sample without its element."""

    says = N_("The skeletal element is missing.")
    do = N_("Say which bone or tooth it is before it is coded.")
    status = 422


class MassMissing(Refusal):
    """A bone sample without its mass."""

    says = N_("The mass of the bone sample is missing.")
    do = N_("Weigh the sample before it is coded.")
    status = 422


class MaterialOfOtherLine(Refusal):
    """A material that belongs to the other line of the laboratory."""

    says = N_("%(material)s is no material of %(line)s.")
    do = N_("Choose the material of this line.")
    status = 422


_FIGURE = re.compile("([0-9]{1,9})(?:[.,\u066b]([0-9]{1,3}))?")
_UNSEEN = re.compile("[\\s\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]+")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def read_thousandths(read: str, *, unit: str) -> int:
    """Return a figure in thousandths of `unit` (mg → µg, µl → nl), exactly.

    Taken: digits Latin, Arabic-Indic or Persian; a point, a comma or the Arabic decimal sign; at
    most three decimals; the unit itself behind, as balances send it. Nothing that could be read in
    two ways: no thousands signs, no sign, no exponent. Raises FigureNotRead and FigureZero.
    """
    text = _UNSEEN.sub("", read).translate(_ARABIC_DIGITS)
    found = _FIGURE.fullmatch(text.removesuffix(unit))
    if found is None:
        raise FigureNotRead(read=read[:40], unit=unit)
    figure = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
    if figure == 0:
        raise FigureZero(unit=unit)
    return figure


def read_mass(read: str) -> int:
    """Return micrograms from milligrams as typed or sent by a balance; see read_thousandths."""
    return read_thousandths(read, unit="mg")


def read_volume(read: str) -> int:
    """Return nanolitres from microlitres as typed; see read_thousandths."""
    return read_thousandths(read.replace("μ", "µ"), unit="µl")


def thousandths(figure: int) -> str:
    """Return thousandths as exact decimal text without needless zeros: 412500 → 412.5."""
    whole, part = divmod(figure, 1000)
    return f"{whole}.{part:03d}".rstrip("0").rstrip(".")


def is_onward(before: SampleState, to: SampleState) -> bool:
    """Return whether a sample that is `before` goes on to `to`: never back, never unaccepted."""
    if to is SampleState.REFUSED:
        return before in (SampleState.IN_PREPARATION, SampleState.IN_PROCESS)
    return _HOW_FAR[to] > _HOW_FAR[before]


def check_mass(code: str, *, left_ug: int, asked_ug: int) -> None:
    """Refuse (NoMassLeft) a powder heavier than what is left of its sample, micrograms."""
    if asked_ug > left_ug:
        raise NoMassLeft(code=code, left=thousandths(left_ug), asked=thousandths(asked_ug))


def check_material(material: Material, line: Line) -> None:
    """Refuse (MaterialOfOtherLine) a material that the line does not work on."""
    if LINE_OF_MATERIAL[material] is not line:
        raise MaterialOfOtherLine(
            material=Say(MATERIAL_WORDS[material]), line=Say(LINE_WORDS[line])
        )
