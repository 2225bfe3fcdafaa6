# SPDX-License-Identifier: Apache-2.0
"""The limits of quantification as a laboratory writes, keeps and approves them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lims.core.errors import Refusal
from lims.core.words import N_, Say
from lims.quantification.rules.deciding import LIMITS, Limits


@dataclass(frozen=True)
class LimitField:
    """One limit on a page: its words, its unit, and how many decimals it is kept with."""

    name: str
    words: str
    unit: str
    places: int


LIMIT_FIELDS = (
    LimitField("aim_fg", N_("Template aimed at in a reaction"), "ng", 6),
    LimitField("least_fg", N_("Low template below"), "ng", 6),
    LimitField("max_volume_nl", N_("Largest volume into a reaction"), "µl", 3),
    LimitField("min_volume_nl", N_("Smallest volume that is pipetted"), "µl", 3),
    LimitField("volume_step_nl", N_("Volumes go in steps of"), "µl", 3),
    LimitField("stop_fg_per_ul", N_("Not amplified below"), "ng/µl", 6),
    LimitField("blank_fg_per_ul", N_("Most in a blank or a no-template well"), "ng/µl", 6),
    LimitField("least_sample_ug", N_("Least of a sample to extract again"), "mg", 3),
    LimitField("severe_di_milli", N_("Degradation is severe above"), "", 3),
    LimitField("ipc_shift_milli", N_("Inhibition: the internal control later than"), "Ct", 3),
    LimitField("steepest_slope_milli", N_("Steepest slope of a standard curve"), "", 3),
    LimitField("flattest_slope_milli", N_("Flattest slope of a standard curve"), "", 3),
    LimitField("least_r2_ppm", N_("Least R² of a standard curve"), "", 6),
    LimitField("slope_off_milli", N_("The instrument's slope may differ by"), "", 3),
    LimitField("intercept_off_milli", N_("The instrument's intercept may differ by"), "Ct", 3),
    LimitField("r2_off_ppm", N_("The instrument's R² may differ by"), "", 6),
)
"""What a laboratory sets, in the order of the page; dilutions stand beside them."""

_NUMBER = re.compile("([-−]?)([0-9]{1,9})(?:[.,٫]([0-9]{1,6}))?")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_WORDS = {
    "the least template must lie between nothing and the aim": N_(
        "low template begins above nothing and not above the template aimed at"
    ),
    "the smallest volume must lie between nothing and the largest": N_(
        "the smallest volume lies above nothing and not above the largest"
    ),
    "volumes go in steps not larger than the smallest one": N_(
        "volumes go in steps not larger than the smallest volume"
    ),
    "the steepest slope is the more negative one, and both are negative": N_(
        "slopes are negative, and the steepest one is the more negative"
    ),
    "dilutions rise and thin": N_("dilutions are different, at least 2, and rise"),
}


class LimitsWrong(Refusal):
    """Limits that contradict each other, or are no figures."""

    says = N_("These limits cannot be used: %(why)s.")
    do = N_("Correct the figure and propose again. Nothing was stored.")
    status = 422


class LimitsUnchanged(Refusal):
    """Limits are proposed that say what those in force say."""

    says = N_("These are the limits in force: nothing would change.")
    do = N_("Change a figure, or leave everything as it is.")
    status = 422


class OwnProposal(Refusal):
    """The person who proposed limits approves them."""

    says = N_("You proposed these limits yourself: a second person must look at them.")
    do = N_("Ask a colleague who may set limits.")


class LimitsSettled(Refusal):
    """A proposal that was approved or refused already."""

    says = N_("Version %(version)s of the limits was settled already.")
    do = N_("Read the page again.")


def limit_text(limits: Limits, field: LimitField) -> str:
    """Return a limit as people write it: 1000000 fg → "1" (ng)."""
    value = int(getattr(limits, field.name))
    whole, part = divmod(abs(value), 10**field.places)
    text = f"{whole}.{part:0{field.places}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def read_limits(written: Mapping[str, str], dilutions: str) -> Limits:
    """Return limits as a person wrote them; raises LimitsWrong naming the field."""
    figures: dict[str, int] = {}
    for field in LIMIT_FIELDS:
        read = written.get(field.name, "").strip().translate(_DIGITS)
        found = _NUMBER.fullmatch(read)
        part = (found[3] or "") if found is not None else ""
        if found is None or len(part) > field.places:
            raise LimitsWrong(
                why=Say(
                    N_("“%(read)s” is no figure with at most %(places)s decimals (%(field)s)"),
                    {"read": read[:20], "places": field.places, "field": Say(field.words)},
                )
            )
        figures[field.name] = int(found[2] + part.ljust(field.places, "0"))
        figures[field.name] *= -1 if found[1] else 1
    steps = [one for one in re.split(r"[\s,;،]+", dilutions.translate(_DIGITS)) if one]
    if len(steps) > 10 or not all(re.fullmatch("[0-9]{1,6}", one) for one in steps):
        raise LimitsWrong(why=Say(N_("dilutions are whole numbers, for example 10, 100, 1000")))
    return _made({**figures, "dilutions": [int(one) for one in steps]})


def limits_as_text(limits: Limits) -> str:
    """Return limits for keeping: canonical JSON, every figure by its name."""
    return json.dumps(asdict(limits), sort_keys=True, separators=(",", ":"))


def limits_of_text(text: str) -> Limits:
    """Return limits that were kept; figures that are newer than they are keep their defaults."""
    stored = json.loads(text)
    return _made({**asdict(LIMITS), **stored})


def _made(figures: Mapping[str, object]) -> Limits:
    dilutions = figures["dilutions"]
    rest = {
        name: value for name, value in figures.items()
        if name != "dilutions" and isinstance(value, int)
    }  # fmt: skip
    if any(value < 0 for name, value in rest.items() if "slope_milli" not in name):
        raise LimitsWrong(why=Say(N_("only slopes are negative")))
    try:
        return Limits(
            **rest,
            dilutions=tuple(int(one) for one in dilutions)
            if isinstance(dilutions, list | tuple)
            else (),
        )
    except ValueError as fault:
        raise LimitsWrong(why=Say(_WORDS[str(fault)])) from None
