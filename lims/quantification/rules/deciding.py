# SPDX-License-Identifier: Apache-2.0
"""What follows from a quantity: how much to amplify, or what else to do. Whole numbers only.

Limits after domain practice with Quantifiler Trio and its kin: 0.5 to 1 ng of template in a
reaction, the small target over the large one as index of degradation, a late internal control as
inhibition. Each laboratory sets its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lims.core.words import N_

UL = 1_000
"""Nanolitres in a microlitre, thousandths in one."""


class Target(StrEnum):
    """What a quantification kit measures."""

    SMALL = "small autosomal"
    LARGE = "large autosomal"
    Y = "Y"
    IPC = "IPC"


DNA_TARGETS = (Target.SMALL, Target.LARGE, Target.Y)
"""Targets that are DNA of a person; the internal control is not."""


class NextStep(StrEnum):
    """What is done with an extract after its quantity is known."""

    AMPLIFY = "amplify"
    DILUTE = "dilute"
    LOW_TEMPLATE = "low template"
    RE_EXTRACT = "re-extract"
    NEW_SAMPLE = "new sample"
    REPURIFY = "repurify"
    REPEAT = "quantify again"


TO_AMPLIFY = (NextStep.AMPLIFY, NextStep.DILUTE, NextStep.LOW_TEMPLATE)
"""Decisions that send an extract to amplification, once a person has confirmed them."""

NEXT_WORDS = {
    NextStep.AMPLIFY: N_("amplify"),
    NextStep.DILUTE: N_("dilute, then amplify"),
    NextStep.LOW_TEMPLATE: N_("amplify the most: low template"),
    NextStep.RE_EXTRACT: N_("extract again: some of the sample is left"),
    NextStep.NEW_SAMPLE: N_("ask for another sample: nothing is left to extract"),
    NextStep.REPURIFY: N_("purify again: the reaction is inhibited"),
    NextStep.REPEAT: N_("quantify again: this plate failed"),
}


@dataclass(frozen=True)
class Limits:
    """What a laboratory sets for its quantification. Units stand in the names.

    `aim_fg` of template is put into a reaction if there is enough, under `least_fg` it is low
    template. Under `stop_fg_per_ul` an extract is not amplified. A blank or a no-template well
    above `blank_fg_per_ul` failed. With less than `least_sample_ug` left of a sample and no part of
    it waiting, another sample is asked for. Ratios and slopes are thousandths, Ct thousandths of a
    cycle. The `_off_` limits say how far the instrument's curve may lie from the one fitted here.
    """

    aim_fg: int = 1_000_000
    least_fg: int = 500_000
    max_volume_nl: int = 15 * UL
    min_volume_nl: int = 1 * UL
    volume_step_nl: int = 100
    stop_fg_per_ul: int = 3_000
    blank_fg_per_ul: int = 1_000
    least_sample_ug: int = 200_000
    severe_di_milli: int = 10_000
    ipc_shift_milli: int = 1_500
    steepest_slope_milli: int = -3_600
    flattest_slope_milli: int = -3_000
    least_r2_ppm: int = 980_000
    slope_off_milli: int = 50
    intercept_off_milli: int = 100
    r2_off_ppm: int = 5_000
    dilutions: tuple[int, ...] = (10, 100, 1_000)

    def __post_init__(self) -> None:
        if not 0 < self.least_fg <= self.aim_fg:
            raise ValueError("the least template must lie between nothing and the aim")
        if not 0 < self.min_volume_nl <= self.max_volume_nl:
            raise ValueError("the smallest volume must lie between nothing and the largest")
        if not 0 < self.volume_step_nl <= self.min_volume_nl:
            raise ValueError("volumes go in steps not larger than the smallest one")
        if not self.steepest_slope_milli <= self.flattest_slope_milli < 0:
            raise ValueError("the steepest slope is the more negative one, and both are negative")
        if list(self.dilutions) != sorted(set(self.dilutions)) or any(
            step < 2 for step in self.dilutions
        ):
            raise ValueError("dilutions rise and thin")


LIMITS = Limits()
"""The limits of a laboratory that has set none of its own."""


@dataclass(frozen=True)
class Plan:
    """What goes into a reaction: `volume_nl` of the extract, or of its dilution 1 to `dilution`."""

    volume_nl: int
    dilution: int
    template_fg: int
    low_template: bool
    drawn_nl: int
    """What is taken out of the extract's tube for it."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one extract. None is: not detected, or not measured."""

    small_fg_per_ul: int | None
    large_fg_per_ul: int | None = None
    has_large: bool = False
    ipc_ct_milli: int | None = None
    has_ipc: bool = False
    is_left: bool = True
    """Whether enough of the sample, or a part of it, is left to extract once more."""


@dataclass(frozen=True)
class Decision:
    """What follows for an extract. `di_milli` is small over large in thousandths, None unknown."""

    step: NextStep
    plan: Plan | None
    di_milli: int | None
    degraded: bool
    ipc_shift_milli: int | None
    inhibited: bool


def plan(fg_per_ul: int, limits: Limits = LIMITS, *, dilution: int = 1) -> Plan:
    """Return how much of an extract of `fg_per_ul` goes into a reaction.

    `dilution` is the least dilution to use. The volume lies between the smallest and the largest
    of the limits; where the smallest would be too much DNA, the extract is diluted.
    """
    if fg_per_ul <= 0:
        return _plan(0, limits.max_volume_nl, dilution, limits)
    for thinned in (dilution, *(step for step in limits.dilutions if step > dilution)):
        wanted = _rounded(limits.aim_fg * UL * thinned, fg_per_ul, limits.volume_step_nl)
        if wanted >= limits.min_volume_nl:
            return _plan(fg_per_ul, min(wanted, limits.max_volume_nl), thinned, limits)
    thickest = max((dilution, *limits.dilutions))
    return _plan(fg_per_ul, limits.min_volume_nl, thickest, limits)


def decide(measured: Measured, limits: Limits = LIMITS, *, ipc_mean_milli: int | None) -> Decision:
    """Decide what follows from a measurement.

    `ipc_mean_milli` is the mean Ct of the internal control in wells without inhibitors, None
    where there are none.
    """
    small = measured.small_fg_per_ul
    di, degraded = degradation(measured, limits)
    shift = None
    if measured.ipc_ct_milli is not None and ipc_mean_milli is not None:
        shift = measured.ipc_ct_milli - ipc_mean_milli
    # An internal control that never came up is the latest of all.
    silent = measured.has_ipc and measured.ipc_ct_milli is None
    inhibited = silent or (shift is not None and shift > limits.ipc_shift_milli)
    step, planned = _step(small or 0, inhibited, limits)
    if step is NextStep.RE_EXTRACT and not measured.is_left:
        step = NextStep.NEW_SAMPLE
    return Decision(step, planned, di, degraded, shift, inhibited)


def degradation(measured: Measured, limits: Limits = LIMITS) -> tuple[int | None, bool]:
    """Return the index of degradation in thousandths (None unknown) and whether it is severe."""
    small, large = measured.small_fg_per_ul, measured.large_fg_per_ul
    if not measured.has_large or not small:
        return None, False
    if not large:
        # Short pieces and no long ones at all.
        return None, True
    index = _nearest(small * 1_000, large)
    return index, index > limits.severe_di_milli


def is_above(fg_per_ul: int | None, limits: Limits = LIMITS) -> bool:
    """Return whether a blank or a no-template well holds more than the limit allows."""
    return fg_per_ul is not None and fg_per_ul > limits.blank_fg_per_ul


def highest(values: Mapping[Target, int | None]) -> int | None:
    """Return the highest quantity of a well over the targets that are DNA; None: none detected."""
    found = [values[target] for target in DNA_TARGETS if values.get(target) is not None]
    return max((value for value in found if value is not None), default=None)


def mean(values: Iterable[int]) -> int | None:
    """Return the mean to the nearest whole number, None of nothing."""
    given = tuple(values)
    return _nearest(sum(given), len(given)) if given else None


def _step(small: int, inhibited: bool, limits: Limits) -> tuple[NextStep, Plan | None]:
    if inhibited:
        # Thinning thins the inhibitor too, if what is left of the DNA is still enough.
        thinned = plan(small, limits, dilution=limits.dilutions[0]) if limits.dilutions else None
        if thinned is not None and not thinned.low_template:
            return NextStep.DILUTE, thinned
        return NextStep.REPURIFY, None
    if small < limits.stop_fg_per_ul:
        return NextStep.RE_EXTRACT, None
    planned = plan(small, limits)
    if planned.low_template:
        return NextStep.LOW_TEMPLATE, planned
    return (NextStep.DILUTE if planned.dilution > 1 else NextStep.AMPLIFY), planned


def plan_of(fg_per_ul: int, volume_nl: int, dilution: int, limits: Limits = LIMITS) -> Plan:
    """Return what a volume of an extract, or of its dilution, brings into a reaction."""
    return _plan(fg_per_ul, volume_nl, dilution, limits)


def _plan(fg_per_ul: int, volume_nl: int, dilution: int, limits: Limits) -> Plan:
    template = fg_per_ul * volume_nl // (UL * dilution)
    drawn = volume_nl
    if dilution > 1:
        # The dilution is made of at least the smallest volume that can be pipetted.
        drawn = max(limits.min_volume_nl, -(-volume_nl // dilution))
    return Plan(volume_nl, dilution, template, template < limits.least_fg, drawn)


def _rounded(numerator: int, denominator: int, step: int) -> int:
    return _nearest(numerator, denominator * step) * step


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
