# SPDX-License-Identifier: Apache-2.0
"""What the manager counts: the stages of the worklist, and what is under way between them."""

from dataclasses import dataclass

from lims.core.codes import Kind
from lims.core.words import N_
from lims.plates.rules import STAGE_WORDS
from lims.plates.rules import Stage as Worklist

AGE_LIMITS = (5, 10, 20)
"""Days: the ages that are told apart."""


@dataclass(frozen=True)
class Stage:
    """A line of the manager's table: what waits on a worklist, or is in one of some states."""

    name: str
    words: str
    waiting: Worklist | tuple[tuple[Kind, str], ...]


def _of(kind: Kind, *states: str) -> tuple[tuple[Kind, str], ...]:
    return tuple((kind, state) for state in states)


STAGES = (
    *(Stage(one.value, STAGE_WORDS[one], one) for one in Worklist),
    Stage("batches", N_("Batches under way"), _of(Kind.BATCH, "draft", "released", "running")),
    Stage("plates", N_("Plates under way"), _of(Kind.PLATE, "draft", "released", "running")),
    Stage("set aside", N_("Extracts set aside"), ((Kind.EXTRACT, "set aside"),)),
    Stage(
        "process", N_("Samples without a profile"),
        (
            (Kind.BONE, "in preparation"), (Kind.BONE, "in process"),
            (Kind.REFERENCE, "in preparation"), (Kind.REFERENCE, "in process"),
        ),
    ),
)  # fmt: skip
