# SPDX-License-Identifier: Apache-2.0
"""The first tables of equipment."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "instrument",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("calibration_due", sa.Date(), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_instrument_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_instrument")),
        sa.UniqueConstraint("name", name=op.f("uq_instrument_name")),
    )
    op.create_index(op.f("ix_instrument_serial"), "instrument", ["serial"], unique=False)
