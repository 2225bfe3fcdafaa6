# SPDX-License-Identifier: Apache-2.0
"""The first tables of amplification."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "amplification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("extract_volume_nl", sa.BigInteger(), nullable=False),
        sa.Column("dilution", sa.Integer(), nullable=False),
        sa.Column("drawn_nl", sa.BigInteger(), nullable=False),
        sa.Column("template_fg", sa.BigInteger(), nullable=True),
        sa.Column("low_template", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("amplified_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "number <= 1 OR reason <> ''", name=op.f("ck_amplification_repeat_has_reason")
        ),
        sa.CheckConstraint("dilution >= 1", name=op.f("ck_amplification_dilution")),
        sa.CheckConstraint("drawn_nl >= 0", name=op.f("ck_amplification_drawn")),
        sa.CheckConstraint("extract_volume_nl >= 0", name=op.f("ck_amplification_volume")),
        sa.CheckConstraint(
            "template_fg IS NULL OR template_fg >= 0", name=op.f("ck_amplification_template")
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_amplification_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_amplification_plate_code")
        ),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_amplification_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amplification")),
        sa.UniqueConstraint("well_id", name=op.f("uq_amplification_well_id")),
    )
    op.create_index(
        op.f("ix_amplification_extract_code"), "amplification", ["extract_code"], unique=False
    )
    op.create_index(
        op.f("ix_amplification_plate_code"), "amplification", ["plate_code"], unique=False
    )
