# SPDX-License-Identifier: Apache-2.0
"""The first tables of procedures."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "procedure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "activity",
            sa.Enum(
                "preparation",
                "extraction",
                "quantification",
                "amplification",
                "injection",
                "reading",
                "review",
                name="activity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("title_ar", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("drafted_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.String(length=80), nullable=False),
        sa.Column("approved_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=False),
        sa.Column("valid_from", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by = '')", name=op.f("ck_procedure_approval")
        ),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (valid_from IS NULL)", name=op.f("ck_procedure_force")
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_procedure_second_person")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_from >= approved_at",
            name=op.f("ck_procedure_not_backwards"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_procedure_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_procedure_name_version")),
    )
    op.create_index(
        "uq_procedure_draft",
        "procedure",
        ["name"],
        unique=True,
        sqlite_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
    )
