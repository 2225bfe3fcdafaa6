# SPDX-License-Identifier: Apache-2.0
"""Which states of which things wait at which stage."""

from dataclasses import dataclass

from lims.core.codes import Kind
from lims.core.words import N_

AGE_LIMITS = (5, 10, 20)
"""Days: the ages that are told apart."""


@dataclass(frozen=True)
class Stage:
    """A stage as the manager sees it: its words, and the kinds and states that wait for it."""

    name: str
    words: str
    waiting: tuple[tuple[Kind, str], ...]


STAGES = (
    Stage(
        "reception", N_("Laboratory reception"),
        ((Kind.BONE, "coded"), (Kind.REFERENCE, "coded")),
    ),
    Stage(
        "preparation", N_("Preparation"),
        ((Kind.BONE, "accepted"), (Kind.REFERENCE, "accepted")),
    ),
    Stage("extraction", N_("Extraction"), ((Kind.ALIQUOT, "created"),)),
    Stage("batches", N_("Batches under way"), ((Kind.BATCH, "draft"), (Kind.BATCH, "running"))),
    Stage("extracts", N_("Extracts in work"), ((Kind.EXTRACT, "created"),)),
    Stage("plates", N_("Plates under way"), ((Kind.PLATE, "draft"), (Kind.PLATE, "running"))),
    Stage("reading", N_("Plates to read"), ((Kind.PLATE, "completed"),)),
    Stage(
        "process", N_("Samples without a profile"),
        (
            (Kind.BONE, "in preparation"), (Kind.BONE, "in process"),
            (Kind.REFERENCE, "in preparation"), (Kind.REFERENCE, "in process"),
        ),
    ),
)  # fmt: skip
