# SPDX-License-Identifier: Apache-2.0
"""Reading the customer's permissions to use up samples."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.samples.models import ConsumptionPermission

PAGE = 50


def permissions_shown(session: Session) -> tuple[ConsumptionPermission, ...]:
    """Return the permissions recorded last, the newest first."""
    return tuple(
        session.scalars(
            select(ConsumptionPermission)
            .order_by(
                ConsumptionPermission.recorded_at.desc(), ConsumptionPermission.code,
                ConsumptionPermission.ordinal.desc(),
            )
            .limit(PAGE)
        )
    )  # fmt: skip
