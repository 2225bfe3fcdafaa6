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


def curve_findings(
    curves: Mapping[Target, CurveFigures], limits: Limits = LIMITS
) -> tuple[Finding, ...]:
    """Return what is wrong with the standard curves (R25)."""
    if not curves:
        return (
            Finding(
                "R25", Weight.WARN, "",
                Say(N_("No standard curve came with these figures.")),
                Say(N_("Compare the curve on the instrument with the limits of the procedure.")),
            ),
        )  # fmt: skip
    return tuple(
        Finding(
            "R25", Weight.FAIL, target.value, seen,
            Say(N_("Repeat the plate with fresh standards. No extract of it is amplified.")),
        )
        for target, curve in curves.items()
        for seen in _curve_faults(curve, limits)
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


def _thousandths(figure: int) -> str:
    sign = "−" if figure < 0 else ""
    return f"{sign}{abs(figure) // 1000}.{abs(figure) % 1000:03d}"


def _millionths(figure: int) -> str:
    return f"{figure // 1_000_000}.{figure % 1_000_000:06d}".rstrip("0").rstrip(".")
