# SPDX-License-Identifier: Apache-2.0
"""Which labels belong together: those of a batch, a plate, a place, a tube and its parts."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.core.words import N_
from lims.custody.queries import children, subject
from lims.extraction.queries import extract_of
from lims.plates.queries import batch_of, members_of, plate_of, wells_of
from lims.printing.models import LabelInstance
from lims.printing.operations import Wanted
from lims.printing.rules import PENDING, LabelState
from lims.samples.queries import aliquot_of
from lims.storage.models import Place
from lims.storage.queries import contents, path_of
from lims.storage.rules import PlaceKind

ITSELF = N_("itself")
MADE = N_("made from it")
INSIDE = N_("stands in it")
KINDS = frozenset(
    {
        Kind.BONE, Kind.REFERENCE, Kind.ALIQUOT, Kind.EXTRACT, Kind.PLATE, Kind.BATCH,
        Kind.CONTAINER,
    }
)  # fmt: skip
"""Of what the labels of a set can be printed."""


@dataclass(frozen=True)
class SetLabel:
    """A thing of a set and its newest label."""

    code: str
    how: str
    label: LabelInstance | None
    first: Wanted | None
    """How its first label looks; None where only its maker knows."""

    @property
    def needs(self) -> bool:
        """Whether it has no label, and none is on its way."""
        return self.first is not None and (
            self.label is None or self.label.state in (LabelState.LOST, LabelState.VOID)
        )

    @property
    def can(self) -> bool:
        """Whether a label of it can be printed here."""
        return self.first is not None or self.label is not None

    @property
    def under_way(self) -> bool:
        """Whether a label of it waits to be printed or scanned back."""
        return self.label is not None and self.label.state in PENDING


def labels_together(session: Session, about: str) -> list[SetLabel]:
    """Return the things whose labels belong together with that of one, itself first.

    Raises NotFound for what has no such set.
    """
    found = subject(session, about)
    if found is None or found.kind not in KINDS:
        raise NotFound(code=about)
    codes = {about: ITSELF}
    codes |= {link.child: MADE for link in children(session, about) if Kind(link.child[0]) in KINDS}
    for code in _inside(session, found.kind, about):
        codes.setdefault(code, INSIDE)
    newest = _newest(session, codes)
    return [
        SetLabel(code, how, newest.get(code), _first(session, code, about))
        for code, how in codes.items()
    ]


def _inside(session: Session, kind: Kind, about: str) -> Iterable[str]:
    if kind is Kind.BATCH:
        return [one.subject_code for one in members_of(session, about) if one.subject_code]
    if kind is Kind.PLATE:
        wells = [one.subject_code for one in wells_of(session, about) if one.subject_code]
        return [code for code in wells if Kind(code[0]) in KINDS]
    if kind is Kind.CONTAINER and session.get(Place, about) is not None:
        found = contents(session, about)
        return [one.code for one in found.inside] + [one.code for one in found.contents]
    return []


def _newest(session: Session, codes: Iterable[str]) -> dict[str, LabelInstance]:
    last = (
        select(func.max(LabelInstance.id))
        .where(LabelInstance.code.in_(list(codes)))
        .group_by(LabelInstance.code)
    )
    rows = session.scalars(select(LabelInstance).where(LabelInstance.id.in_(last)))
    return {row.code: row for row in rows}


def _first(session: Session, code: str, about: str) -> Wanted | None:
    """Return how the first label of a thing looks, as where it is made."""
    try:
        match Kind(code[0]):
            case Kind.ALIQUOT:
                part = aliquot_of(session, code)
                if part is None:
                    return None
                return Wanted(code, "tube", part.kind.value.upper(), part.sample_code)
            case Kind.EXTRACT:
                made = extract_of(session, code)
                kind = "REAGENT BLANK" if made.is_blank else "EXTRACT"
                return Wanted(code, "tube", kind, f"{made.batch_code} {made.position}")
            case Kind.PLATE:
                plate = plate_of(session, code)
                return Wanted(code, "plate", plate.activity.value.upper(), plate.kit or "")
            case Kind.BATCH:
                batch = batch_of(session, code)
                return Wanted(code, "batch card", batch.activity.value.upper(), batch.line.value)
            case Kind.CONTAINER:
                place = session.get(Place, code)
                if place is None:
                    return None
                layout = "box" if place.kind is PlaceKind.BOX else "shelf"
                way = " › ".join(one.name for one in path_of(session, code)[:-1])
                return Wanted(code, layout, place.name, way)
    except NotFound:
        return None
    return None
