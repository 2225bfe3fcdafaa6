# SPDX-License-Identifier: Apache-2.0
"""The first tables of core."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "code_key",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("destroyed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_code_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_code_key_ref")),
    )
    op.create_index(op.f("ix_code_key_closed_on"), "code_key", ["closed_on"], unique=False)
    op.create_table(
        "request_key",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("act", sa.String(length=120), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_key")),
    )
    op.create_table(
        "sealed_key",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_sealed_key")),
    )
