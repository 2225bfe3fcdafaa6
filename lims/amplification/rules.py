# SPDX-License-Identifier: Apache-2.0
"""What goes into a well of an amplification plate, and what must stand on it before it is done."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lims.core.errors import Refusal
from lims.core.words import N_, Many, Say
from lims.quantification.rules import NEXT_WORDS, TO_AMPLIFY, Limits, NextStep
from lims.quantification.rules import Room as Room
from lims.quantification.rules import room_of as room_of

REFERENCE_NL = 2_000
"""What is taken of the extract of a reference sample, which is not quantified, nanolitres."""

CONTROL_WELLS = 2
"""Wells kept for the positive and the negative control."""

REASONS = (
    N_("A replicate for the consensus profile."),
    N_("The amplification before this one failed."),
    N_("The profile was partial or weak."),
    N_("Nothing better is left of this sample."),
)
"""Why a sample is amplified once more, or below the stop limit; as stored and as shown."""

_CONTROL = re.compile(r"^(?:positive[ -]control|control[ -]dna)[ :]*(.+)$", re.IGNORECASE)
_KIT = re.compile(r"\s*(?:amplification|pcr)?\s*kit$", re.IGNORECASE)


class NotAnAmplificationPlate(Refusal):
    """A plate of another activity, or no plate at all."""

    says = N_("%(code)s is no amplification plate.")
    do = N_("Scan the label of an amplification plate (P…).")


class LineMissing(Refusal):
    """An amplification plate for no line."""

    says = N_("The line of the plate is missing.")
    do = N_("Say whether it is for bone samples or for reference samples.")
    status = 422


class LotOfOtherKit(Refusal):
    """A lot of a kit that this plate is not set up with."""

    says = N_("Lot %(number)s is %(reagent)s; plate %(plate)s is set up with %(kit)s.")
    do = N_("Put it away and scan the lot of the plate's own kit.")


class ControlOfOtherKit(Refusal):
    """A control DNA whose genotype is not known with this kit."""

    says = N_("%(control)s is no positive control of %(kit)s.")
    do = N_("Controls of this kit: %(controls)s.")


class SecondControl(Refusal):
    """Two positive controls for one plate."""

    says = N_("Plate %(plate)s has its positive control already: %(control)s.")
    do = N_("One lot of control DNA stands on a plate.")


class NotQuantified(Refusal):
    """An extract of a bone whose quantity is not known."""

    says = N_("%(code)s has no quantity: it cannot be amplified.")
    do = N_("Take it to the quantification bench first.")


class NotConfirmed(Refusal):
    """An extract for which something is proposed that nobody has confirmed."""

    says = N_("%(code)s is not to be amplified yet: nobody has confirmed what follows for it.")
    do = N_("Confirm it on the page of its quantification plate %(plate)s.")


class NotToAmplify(Refusal):
    """An extract for which something else was decided."""

    says = N_("%(code)s is not to be amplified: %(step)s.")
    do = N_("Do what was decided. Its figures stand on the page of its quantification plate.")


class ReasonAwaited(Refusal):
    """A sample that needs a reason is loaded without one."""

    says = N_("%(code)s: %(why)s. A reason is needed.")
    do = N_("Choose the reason, or scan UNDO and take another tube.")


class KitLotMissing(Refusal):
    """No lot of the kit was scanned."""

    says = N_("Plate %(code)s names no lot of %(kit)s.")
    do = N_("Scan the lot of the kit, then scan DONE again.")


class PositiveMissing(Refusal):
    """No positive control on the plate."""

    says = N_("Plate %(code)s has no positive control.")
    do = N_("Scan the lot of the control DNA, then scan DONE again.")


class BlankOfBatchMissing(Refusal):
    """The reagent blank of an extraction batch is not on the plate."""

    says = N_("Extraction batch %(batch)s has no blank on this plate.")
    do = N_("Scan its reagent blank into a well, then scan DONE again.")


class BlankTooLittle(Refusal):
    """A blank that is amplified less sensitively than a sample of its batch."""

    says = N_(
        "Reagent blank %(code)s has %(has)s µl, a sample of batch %(batch)s has %(needs)s µl."
    )
    do = N_("A blank is amplified at the most sensitive conditions of its set: ask quality.")


class ReactionFull(Refusal):
    """More of an extract than the reaction holds beside the kit's mix."""

    says = N_(
        "%(code)s: %(volume)s µl are decided; beside its mix the reaction of %(procedure)s holds "
        "%(room)s µl."
    )
    do = N_(
        "Have another volume decided on the page of its quantification plate, or take a kit "
        "whose reaction holds it."
    )


@dataclass(frozen=True)
class Loading:
    """What a well takes: `volume_nl` of the extract or of its dilution; `drawn_nl` of the tube."""

    volume_nl: int
    drawn_nl: int
    dilution: int
    template_fg: int | None
    low_template: bool


@dataclass(frozen=True)
class Decided:
    """What quantification decided of an extract."""

    step: NextStep
    fg_per_ul: int | None
    volume_nl: int | None
    drawn_nl: int | None
    dilution: int
    template_fg: int | None
    low_template: bool
    is_confirmed: bool
    plate: str


@dataclass(frozen=True)
class Filled:
    """A filled well as the completion of a plate looks at it; `batch` '' for a control."""

    code: str
    batch: str
    is_blank: bool
    volume_nl: int


def reference_loading() -> Loading:
    """Return what a reference sample's extract gives; it is not quantified."""
    return Loading(REFERENCE_NL, REFERENCE_NL, 1, None, False)


def blank_loading(*, is_bone: bool, left_nl: int, limits: Limits) -> Loading:
    """Return what a reagent blank gives: the most that any sample of its set may get.

    Where less is left in the tube, what is left; whether that is enough is asked when the plate
    is completed.
    """
    most = limits.max_volume_nl if is_bone else REFERENCE_NL
    volume = max(1, min(most, left_nl))
    return Loading(volume, volume, 1, None, False)


def sample_loading(
    code: str, decided: Decided | None, *, reason: str, limits: Limits, left_nl: int
) -> Loading:
    """Return what an extract of a bone gives, as its quantity decided.

    Below the stop limit it is amplified for a `reason` only, at the largest volume. Raises
    NotQuantified, NotConfirmed, NotToAmplify, ReasonAwaited.
    """
    if decided is None:
        raise NotQuantified(code=code)
    if not decided.is_confirmed and decided.step is not NextStep.REPEAT:
        raise NotConfirmed(code=code, plate=decided.plate)
    if decided.step in TO_AMPLIFY and decided.volume_nl and decided.drawn_nl:
        return Loading(
            decided.volume_nl, decided.drawn_nl, decided.dilution, decided.template_fg,
            decided.low_template,
        )  # fmt: skip
    if decided.step not in (NextStep.RE_EXTRACT, NextStep.NEW_SAMPLE):
        raise NotToAmplify(code=code, step=Say(NEXT_WORDS[decided.step]))
    if not reason:
        raise ReasonAwaited(code=code, why=Say(N_("its quantity is below the stop limit")))
    volume = max(1, min(limits.max_volume_nl, left_nl))
    return Loading(volume, volume, 1, (decided.fg_per_ul or 0) * volume // 1_000, True)


@dataclass(frozen=True)
class Setup:
    """How a well is pipetted, nanolitres: `drawn` of the tube, thinned, `extract` of that, water.

    None: not known, for a control whose volume no procedure says. `over` is what the reaction
    cannot hold.
    """

    drawn_nl: int | None
    diluent_nl: int
    extract_nl: int | None
    water_nl: int | None
    over_nl: int = 0


def set_up(
    volume_nl: int | None, *, dilution: int, drawn_nl: int | None, room: Room | None
) -> Setup:
    """Return how a well gets `volume_nl` of an extract or of its dilution, with water to the brim.

    What is drawn of the tube and thinned is never less than what goes in.
    """
    diluent = (drawn_nl or 0) * (dilution - 1)
    if volume_nl is None or room is None:
        return Setup(drawn_nl, diluent, volume_nl, None)
    water = room.template_nl - volume_nl
    return Setup(drawn_nl, diluent, volume_nl, max(water, 0), max(-water, 0))


def check_times(code: str, *, times: int, reason: str) -> None:
    """Refuse (ReasonAwaited) a sample that was amplified before, without a reason."""
    if times and not reason:
        raise ReasonAwaited(
            code=code,
            why=Say(
                Many(
                    "its sample was amplified %(count)s time",
                    "its sample was amplified %(count)s times",
                ),
                {"count": times},
            ),
        )


def check_fits(code: str, volume_nl: int, room: Room | None, *, procedure: str) -> None:
    """Refuse (ReactionFull) more than a reaction holds, where its procedure gives figures."""
    if room is not None and volume_nl > room.template_nl:
        raise ReactionFull(
            code=code, volume=_ul(volume_nl), room=_ul(room.template_nl), procedure=procedure
        )


def control_text(reagent: str) -> str:
    """Return which control DNA a reagent's name says, '' where it is none."""
    found = _CONTROL.match(reagent.strip())
    return found[1].strip() if found is not None else ""


def kit_text(reagent: str) -> str:
    """Return a kit's name out of a reagent's, which may say “kit” behind it."""
    return _KIT.sub("", reagent.strip())


def check_blanks(wells: Collection[Filled]) -> None:
    """Refuse a plate on which a represented extraction batch has no blank, or too weak a one.

    Raises BlankOfBatchMissing, BlankTooLittle; the first batch in the order of codes.
    """
    blanks: dict[str, Filled] = {}
    for well in wells:
        known = blanks.get(well.batch)
        if well.is_blank and (known is None or well.volume_nl > known.volume_nl):
            blanks[well.batch] = well
    most: dict[str, int] = {}
    for well in wells:
        if well.batch and not well.is_blank:
            most[well.batch] = max(most.get(well.batch, 0), well.volume_nl)
    for batch in sorted(most):
        if batch not in blanks:
            raise BlankOfBatchMissing(batch=batch)
        _check_sensitive(batch, blanks, most)


def _check_sensitive(batch: str, blanks: Mapping[str, Filled], most: Mapping[str, int]) -> None:
    blank = blanks[batch]
    if blank.volume_nl < most[batch]:
        raise BlankTooLittle(
            code=blank.code, batch=batch, has=_ul(blank.volume_nl), needs=_ul(most[batch])
        )


def _ul(volume_nl: int) -> str:
    return f"{volume_nl // 1000}.{volume_nl % 1000:03d}".rstrip("0").rstrip(".")
