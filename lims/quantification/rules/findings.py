# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a quantification plate: curve, no-template well, blanks, inhibition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lims.core.words import N_, Say
from lims.quantification.rules.deciding import LIMITS, Limits, Target, highest, is_above
from lims.quantification.rules.figures import CurveFigures

NG = 1_000_000
"""Femtograms in a nanogram."""


class Weight(StrEnum):
    """What a finding does: it fails the plate, holds a batch, or is only told."""

    FAIL = "fail"
    HOLD = "hold"
    WARN = "warn"


class WellVerdict(StrEnum):
    """What the figures say of a well."""

    SAMPLE = "sample"
    STANDARD = "standard"
    CLEAN = "clean"
    NOT_CLEAN = "not clean"
    NOT_MEASURED = "not measured"


VERDICT_WORDS = {
    WellVerdict.SAMPLE: N_("measured"),
    WellVerdict.STANDARD: N_("standard"),
    WellVerdict.CLEAN: N_("clean"),
    WellVerdict.NOT_CLEAN: N_("above the limit"),
    WellVerdict.NOT_MEASURED: N_("not in the file"),
}


@dataclass(frozen=True)
class Finding:
    """What a rule found, where, and what to do. `where` is a well, a target or a code."""

    rule: str
    weight: Weight
    where: str
    seen: Say
    do: Say


@dataclass(frozen=True)
class BlankMeasured:
    """A reagent blank of an extraction batch, its well and its highest quantity (None: none)."""

    code: str
    batch: str
    position: str
    fg_per_ul: int | None


def ng_text(fg_per_ul: int) -> str:
    """Return a concentration in ng/µl as exact decimal text: 12500 → 0.0125."""
    whole, part = divmod(fg_per_ul, NG)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class StandardsSeen:
    """How many wells of standards a plate has, and how many have a cycle, by target."""

    wells: int
    measured: Mapping[Target, int]
    by_file: bool
    """Whether the figures came in a file: a person who types them types no standards."""


def curve_findings(
    curves: Mapping[Target, CurveFigures],
    limits: Limits = LIMITS,
    *,
    given: Mapping[Target, CurveFigures] | None = None,
    standards: StandardsSeen | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with the standard curves (R25).

    `curves` are judged: fitted to the standards where there are any, else as the instrument gives
    them. `given` are the instrument's own, which are compared.
    """
    found = [
        Finding(
            "R25", Weight.FAIL, target.value, seen,
            Say(N_("Repeat the plate with fresh standards. No extract of it is amplified.")),
        )
        for target, curve in curves.items()
        for seen in _curve_faults(curve, limits)
    ]  # fmt: skip
    for target, told in (given or {}).items():
        fitted = curves.get(target)
        if fitted is not None and _differ(fitted, told, limits):
            found.append(_difference(target, fitted, told))
    if standards is not None and standards.wells and standards.by_file:
        found += _standards_missing(curves, standards)
    if not curves and not found:
        found.append(
            Finding(
                "R25", Weight.WARN, "",
                Say(N_("No standard curve came with these figures.")),
                Say(N_("Compare the curve on the instrument with the limits of the procedure.")),
            )
        )  # fmt: skip
    return tuple(found)


def _standards_missing(
    curves: Mapping[Target, CurveFigures], standards: StandardsSeen
) -> list[Finding]:
    if not curves and not any(standards.measured.values()):
        return [
            Finding(
                "R25", Weight.FAIL, "",
                Say(
                    N_("None of the %(wells)s wells of standards has figures in the file."),
                    {"wells": standards.wells},
                ),
                Say(
                    N_("Export the whole plate with its standards and import it again with a "
                       "reason. Until then no extract of it is amplified.")
                ),
            )
        ]  # fmt: skip
    return [
        Finding(
            "R25", Weight.WARN, target.value,
            Say(
                N_("Only %(measured)s of %(wells)s wells of standards have a cycle."),
                {"measured": measured, "wells": standards.wells},
            ),
            Say(N_("See whether they were left out on purpose, and write down why.")),
        )
        for target, measured in standards.measured.items()
        if target is not Target.IPC and measured < standards.wells
    ]  # fmt: skip


def _differ(fitted: CurveFigures, told: CurveFigures, limits: Limits) -> bool:
    def off(one: int | None, other: int | None, limit: int) -> bool:
        return one is not None and other is not None and abs(one - other) > limit

    return (
        off(fitted.slope_milli, told.slope_milli, limits.slope_off_milli)
        or off(fitted.intercept_milli, told.intercept_milli, limits.intercept_off_milli)
        or off(fitted.r2_ppm, told.r2_ppm, limits.r2_off_ppm)
    )


def _difference(target: Target, fitted: CurveFigures, told: CurveFigures) -> Finding:
    return Finding(
        "R25", Weight.WARN, target.value,
        Say(
            N_(
                "The instrument's curve has slope %(told)s, its standards give %(fitted)s "
                "(intercepts %(told_at)s and %(fitted_at)s)."
            ),
            {
                "told": _thousandths(told.slope_milli), "fitted": _thousandths(fitted.slope_milli),
                "told_at": _thousandths(told.intercept_milli),
                "fitted_at": _thousandths(fitted.intercept_milli),
            },
        ),
        Say(N_("See which standards the instrument left out, and whether the plate is this one.")),
    )  # fmt: skip


def reaction_findings(cycles: Mapping[str, int | None]) -> tuple[Finding, ...]:
    """Return what is wrong with the internal control where nothing can inhibit it (R24).

    `cycles` are those of the no-template wells by position, None where it did not come up.
    """
    return tuple(
        Finding(
            "R24", Weight.FAIL, position,
            Say(N_("The internal control of the no-template well did not come up.")),
            Say(N_("The reaction itself failed: repeat the plate with fresh reagents.")),
        )
        for position, ct in cycles.items()
        if ct is None
    )  # fmt: skip


def no_template_findings(
    wells: Mapping[str, Mapping[Target, int | None]], limits: Limits = LIMITS
) -> tuple[Finding, ...]:
    """Return what is wrong with the no-template wells (R26); `wells` by position."""
    if not any(set(values) - {Target.IPC} for values in wells.values()):
        return (
            Finding(
                "R26", Weight.WARN, "", Say(N_("The no-template well has no figures.")),
                Say(N_("Enter them: without them contamination of the reagents is not seen.")),
            ),
        )  # fmt: skip
    found = []
    for position, values in wells.items():
        most = highest(values)
        if most is not None and is_above(most, limits):
            found.append(
                Finding(
                    "R26", Weight.FAIL, position,
                    Say(
                        N_("The no-template well holds %(amount)s ng/µl, limit %(limit)s ng/µl."),
                        {"amount": ng_text(most), "limit": ng_text(limits.blank_fg_per_ul)},
                    ),
                    Say(N_("Repeat the plate with fresh reagents. No extract of it is amplified.")),
                )
            )  # fmt: skip
    return tuple(found)


def blank_findings(blanks: Iterable[BlankMeasured], limits: Limits = LIMITS) -> tuple[Finding, ...]:
    """Return the reagent blanks above the limit; each holds its whole extraction batch."""
    return tuple(
        Finding(
            "", Weight.HOLD, blank.position,
            Say(
                N_(
                    "Reagent blank %(code)s: %(amount)s ng/µl > limit %(limit)s ng/µl: "
                    "the whole extraction batch is on hold."
                ),
                {
                    "code": blank.code, "amount": ng_text(blank.fg_per_ul or 0),
                    "limit": ng_text(limits.blank_fg_per_ul),
                },
            ),
            Say(
                N_("Put away every tube of batch %(batch)s and call the quality officer."),
                {"batch": blank.batch},
            ),
        )
        for blank in blanks
        if is_above(blank.fg_per_ul, limits)
    )  # fmt: skip


def inhibition_finding(code: str, position: str, shift_milli: int | None) -> Finding:
    """Return the finding of a late internal control (R24); None: it never came up."""
    if shift_milli is None:
        seen = Say(N_("%(code)s: the internal control did not come up."), {"code": code})
    else:
        seen = Say(
            N_("%(code)s: the internal control comes %(cycles)s cycles late."),
            {"code": code, "cycles": f"{shift_milli // 1000}.{shift_milli % 1000:03d}"},
        )
    return Finding(
        "R24", Weight.WARN, position, seen,
        Say(N_("Something inhibits the reaction: dilute the extract, or purify it again.")),
    )  # fmt: skip


def fails(findings: Iterable[Finding]) -> bool:
    """Return whether any finding fails the whole plate."""
    return any(finding.weight is Weight.FAIL for finding in findings)


def _curve_faults(curve: CurveFigures, limits: Limits) -> list[Say]:
    faults = []
    if not limits.steepest_slope_milli <= curve.slope_milli <= limits.flattest_slope_milli:
        faults.append(
            Say(
                N_("The slope of the standard curve is %(slope)s, not within %(low)s to %(high)s."),
                {
                    "slope": _thousandths(curve.slope_milli),
                    "low": _thousandths(limits.steepest_slope_milli),
                    "high": _thousandths(limits.flattest_slope_milli),
                },
            )
        )
    if curve.r2_ppm is not None and curve.r2_ppm < limits.least_r2_ppm:
        faults.append(
            Say(
                N_("R² of the standard curve is %(found)s, least %(least)s."),
                {"found": _millionths(curve.r2_ppm), "least": _millionths(limits.least_r2_ppm)},
            )
        )
    return faults


def _thousandths(figure: int | None) -> str:
    if figure is None:
        return "–"
    sign = "−" if figure < 0 else ""
    return f"{sign}{abs(figure) // 1000}.{abs(figure) % 1000:03d}"


def _millionths(figure: int) -> str:
    return f"{figure // 1_000_000}.{figure % 1_000_000:06d}".rstrip("0").rstrip(".")
