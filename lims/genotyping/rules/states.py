# SPDX-License-Identifier: Apache-2.0
"""The states of runs, findings, readings and profiles."""

from enum import StrEnum

from lims.core.words import N_


class RunState(StrEnum):
    """Whether a run's injections may lead to profiles."""

    PASSED = "passed"
    PASSED_WITH_EXCEPTIONS = "passed with exceptions"
    FAILED = "failed"


class Severity(StrEnum):
    """What a finding does, the gravest first."""

    FAIL = "fail"
    HOLD = "hold"
    WARN = "warn"
    NOTE = "note"


class ProfileState(StrEnum):
    """What became of the readings of a sample."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class ReadingStage(StrEnum):
    """How far the reading of an injection has come."""

    FIRST = "first reading"
    SECOND = "second reading"
    DIFFERS = "readings differ"
    AGREED = "readings agree"
    SETTLED = "difference settled"
    ACCEPTED = "accepted"
    REFUSED = "refused"


RUN_WORDS = {
    RunState.PASSED: N_("passed"),
    RunState.PASSED_WITH_EXCEPTIONS: N_("passed with exceptions"),
    RunState.FAILED: N_("nothing is released"),
}
RUN_TONES = {
    RunState.PASSED: "ok",
    RunState.PASSED_WITH_EXCEPTIONS: "warn",
    RunState.FAILED: "bad",
}
SEVERITY_WORDS = {
    Severity.FAIL: N_("stops"),
    Severity.HOLD: N_("on hold"),
    Severity.WARN: N_("look"),
    Severity.NOTE: N_("noted"),
}
SEVERITY_TONES = {
    Severity.FAIL: "bad",
    Severity.HOLD: "bad",
    Severity.WARN: "warn",
    Severity.NOTE: "plain",
}
STAGE_WORDS = {
    ReadingStage.FIRST: N_("waits for the first reader"),
    ReadingStage.SECOND: N_("waits for the second reader"),
    ReadingStage.DIFFERS: N_("readers differ: waits for a third person"),
    ReadingStage.AGREED: N_("readers agree: waits for acceptance"),
    ReadingStage.SETTLED: N_("difference settled: waits for acceptance"),
    ReadingStage.ACCEPTED: N_("profile accepted"),
    ReadingStage.REFUSED: N_("refused"),
}
STAGE_TONES = {
    ReadingStage.FIRST: "plain",
    ReadingStage.SECOND: "run",
    ReadingStage.DIFFERS: "warn",
    ReadingStage.AGREED: "ok",
    ReadingStage.SETTLED: "ok",
    ReadingStage.ACCEPTED: "ok",
    ReadingStage.REFUSED: "bad",
}
