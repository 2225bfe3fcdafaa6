# SPDX-License-Identifier: Apache-2.0
"""An injection plate as its page and its bench show it, and its record for the analyzer."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.queries import blocked
from lims.custody.rules import HoldStanding
from lims.genotyping.models import Run
from lims.genotyping.queries.wells import sample_name
from lims.people.rules import Activity
from lims.plates.models import Plate, Well
from lims.plates.queries import Used, plate_of, state_of, uses_of, wells_of
from lims.plates.rules import ROLE_MARKS


@dataclass(frozen=True)
class PlatePicture:
    """An injection plate: its wells for the plate map, its lots, holds and runs."""

    plate: Plate
    state: str
    wells: tuple[Well, ...]
    names: Mapping[str, str]
    uses: tuple[Used, ...]
    holds: tuple[HoldStanding, ...]
    runs: tuple[Run, ...]

    @property
    def map(self) -> dict[str, dict[str, str]]:
        """What the plate map draws: position to role and words."""
        return {
            well.position: {
                "role": ROLE_MARKS[well.role],
                "words": self.names[well.position],
            }
            for well in self.wells
        }


def plate_picture(session: Session, code: str) -> PlatePicture:
    """Return an injection plate. Raises NotFound for a plate of another activity too."""
    plate = plate_of(session, code)
    if plate.activity is not Activity.INJECTION:
        raise NotFound(code=code)
    wells = wells_of(session, code)
    return PlatePicture(
        plate=plate,
        state=state_of(session, code),
        wells=wells,
        names={well.position: sample_name(well) for well in wells},
        uses=uses_of(session, code),
        holds=blocked(session, code),
        runs=tuple(session.scalars(select(Run).where(Run.plate_code == code).order_by(Run.id))),
    )
