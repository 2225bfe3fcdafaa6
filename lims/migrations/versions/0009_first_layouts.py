# SPDX-License-Identifier: Apache-2.0
"""The first tables of layouts."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "layout_version",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("saved_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_layout_version_ck_layout_version_number")),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_layout_version")),
    )
