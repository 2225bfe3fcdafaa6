# SPDX-License-Identifier: Apache-2.0
"""The first tables of plates."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "batch",
        sa.Column("code", sa.String(length=9), nullable=False),
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
        sa.Column(
            "line",
            sa.Enum(
                "bone",
                "reference",
                name="line",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("released_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("completed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.String(length=80), nullable=True),
        sa.Column("reviewed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=80), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "pass",
                "exceptions",
                "fail",
                name="reviewoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("review_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_batch_code")),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_batch_procedure_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_batch")),
    )
    op.create_table(
        "batch_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_code", sa.String(length=9), nullable=False),
        sa.Column("used_code", sa.String(length=9), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_batch_use_subject_code")
        ),
        sa.ForeignKeyConstraint(
            ["used_code"], ["subject.code"], name=op.f("fk_batch_use_used_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_use")),
        sa.UniqueConstraint(
            "subject_code", "used_code", name=op.f("uq_batch_use_subject_code_used_code")
        ),
    )
    op.create_index(op.f("ix_batch_use_subject_code"), "batch_use", ["subject_code"], unique=False)
    op.create_index(op.f("ix_batch_use_used_code"), "batch_use", ["used_code"], unique=False)
    op.create_table(
        "plate",
        sa.Column("code", sa.String(length=9), nullable=False),
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
        sa.Column(
            "line",
            sa.Enum(
                "bone",
                "reference",
                name="line",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kit", sa.String(length=60), nullable=False),
        sa.Column("size_standard", sa.String(length=60), nullable=False),
        sa.Column("made_from", sa.String(length=9), nullable=True),
        sa.Column("file_plate_name", sa.String(length=120), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("released_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("completed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.String(length=80), nullable=True),
        sa.Column("reviewed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=80), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "pass",
                "exceptions",
                "fail",
                name="reviewoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("review_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_plate_code")),
        sa.ForeignKeyConstraint(["made_from"], ["plate.code"], name=op.f("fk_plate_made_from")),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_plate_procedure_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plate")),
    )
    op.create_index(op.f("ix_plate_made_from"), "plate", ["made_from"], unique=False)
    op.create_table(
        "batch_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "sample",
                "blank",
                "positive",
                "negative",
                "ladder",
                "standard",
                name="wellrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_code", sa.String(length=9), nullable=True),
        sa.Column("placed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("awaits_scan", sa.Boolean(), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(role = 'blank') = (subject_code IS NULL)", name=op.f("ck_batch_member_blank_is_empty")
        ),
        sa.ForeignKeyConstraint(
            ["batch_code"], ["batch.code"], name=op.f("fk_batch_member_batch_code")
        ),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_batch_member_subject_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_member")),
    )
    op.create_index(
        op.f("ix_batch_member_batch_code"), "batch_member", ["batch_code"], unique=False
    )
    op.create_index(
        op.f("ix_batch_member_subject_code"), "batch_member", ["subject_code"], unique=False
    )
    op.create_index(
        "uq_member_position",
        "batch_member",
        ["batch_code", "position"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_index(
        "uq_member_subject",
        "batch_member",
        ["subject_code"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "well",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "sample",
                "blank",
                "positive",
                "negative",
                "ladder",
                "standard",
                name="wellrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_code", sa.String(length=9), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("volume_nl", sa.Integer(), nullable=True),
        sa.Column("file_sample_name", sa.String(length=120), nullable=False),
        sa.Column("filled_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("filled_by", sa.String(length=80), nullable=False),
        sa.Column("awaits_scan", sa.Boolean(), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "role NOT IN ('sample', 'blank') OR subject_code IS NOT NULL",
            name=op.f("ck_well_subject_of_sample"),
        ),
        sa.ForeignKeyConstraint(["plate_code"], ["plate.code"], name=op.f("fk_well_plate_code")),
        sa.ForeignKeyConstraint(["source_id"], ["well.id"], name=op.f("fk_well_source_id")),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_well_subject_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_well")),
    )
    op.create_index(op.f("ix_well_plate_code"), "well", ["plate_code"], unique=False)
    op.create_index(op.f("ix_well_source_id"), "well", ["source_id"], unique=False)
    op.create_index(op.f("ix_well_subject_code"), "well", ["subject_code"], unique=False)
    op.create_index(
        "uq_well_filled",
        "well",
        ["plate_code", "position"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
