# SPDX-License-Identifier: Apache-2.0
"""The first tables of reagents."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "lot",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("reagent", sa.String(length=80), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("released_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_lot_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_lot")),
        sa.UniqueConstraint("reagent", "number", name=op.f("uq_lot_reagent_number")),
    )
    op.create_index(op.f("ix_lot_reagent"), "lot", ["reagent"], unique=False)
