# SPDX-License-Identifier: Apache-2.0
"""What is decided in genotyping without looking anything up: files, findings, readings."""

from collections.abc import Iterable

from lims.core.words import N_, Say
from lims.genotyping.rules.controls import control_findings
from lims.genotyping.rules.findings import Found, SeenInjection, SeenRun, gravity, state_of_run
from lims.genotyping.rules.samples import injection_findings
from lims.genotyping.rules.states import (
    ProfileState,
    ReadingStage,
    RunState,
    Severity,
)
from lims.plates.rules import WellRole

ROLE_WORDS = {
    WellRole.SAMPLE: N_("sample"),
    WellRole.BLANK: N_("reagent blank"),
    WellRole.POSITIVE: N_("positive control"),
    WellRole.NEGATIVE: N_("negative control"),
    WellRole.LADDER: N_("allelic ladder"),
    WellRole.STANDARD: N_("standard"),
}


def all_findings(run: SeenRun) -> tuple[Found, ...]:
    """Return everything the rules find in a run, the gravest first."""
    found = [*control_findings(run), *_without_file(run)]
    for index in range(len(run.injections)):
        found += injection_findings(run, index)
    return tuple(
        sorted(
            found,
            key=lambda one: (
                gravity(one.severity, stops_run=one.stops_run), one.position, one.rule,
            ),
        )
    )  # fmt: skip


def _without_file(run: SeenRun) -> Iterable[Found]:
    for position, role in run.without_file:
        yield Found(
            "NO_FILE",
            Severity.WARN,
            Say(N_("The run has no file of this well, which holds: %(role)s."),
                {"role": Say(ROLE_WORDS[role])}),
            Say(N_("Look in the analyzer's folder, or plan the well for another injection.")),
            position=position,
        )  # fmt: skip


__all__ = [
    "ROLE_WORDS",
    "Found",
    "ProfileState",
    "ReadingStage",
    "RunState",
    "SeenInjection",
    "SeenRun",
    "Severity",
    "all_findings",
    "control_findings",
    "gravity",
    "injection_findings",
    "state_of_run",
]
