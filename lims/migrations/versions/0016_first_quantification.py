# SPDX-License-Identifier: Apache-2.0
"""The first tables of quantification."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "quantification_limits",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("proposed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("settled_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (approved IS NULL)",
            name=op.f("ck_quantification_limits_settled_is_said"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL)",
            name=op.f("ck_quantification_limits_settled_by_somebody"),
        ),
        sa.CheckConstraint(
            "settled_by IS NULL OR settled_by != proposed_by",
            name=op.f("ck_quantification_limits_two_people"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_quantification_limits_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_quantification_limits")),
    )
    op.create_table(
        "quantification_mapping",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantification_mapping")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_quantification_mapping_name_version")),
    )
    op.create_table(
        "quantification_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column(
            "mapping_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("limits_version", sa.Integer(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["mapping_id"],
            ["quantification_mapping.id"],
            name=op.f("fk_quantification_import_mapping_id"),
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_quantification_import_plate_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantification_import")),
        sa.UniqueConstraint("sha256", name=op.f("uq_quantification_import_sha256")),
    )
    op.create_index(
        op.f("ix_quantification_import_plate_code"),
        "quantification_import",
        ["plate_code"],
        unique=False,
    )
    op.create_table(
        "quantification_curve",
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "target",
            sa.Enum(
                "small autosomal",
                "large autosomal",
                "Y",
                "IPC",
                name="target",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "file",
                "fitted",
                name="curveorigin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("slope_milli", sa.Integer(), nullable=False),
        sa.Column("intercept_milli", sa.Integer(), nullable=True),
        sa.Column("r2_ppm", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["quantification_import.id"],
            name=op.f("fk_quantification_curve_import_id"),
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "target", "origin", name=op.f("pk_quantification_curve")
        ),
    )
    op.create_table(
        "quantity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=True),
        sa.Column(
            "target",
            sa.Enum(
                "small autosomal",
                "large autosomal",
                "Y",
                "IPC",
                name="target",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fg_per_ul", sa.BigInteger(), nullable=True),
        sa.Column("ct_milli", sa.Integer(), nullable=True),
        sa.Column("as_written", sa.String(length=40), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "fg_per_ul IS NULL OR fg_per_ul >= 0", name=op.f("ck_quantity_concentration")
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_quantity_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["quantification_import.id"], name=op.f("fk_quantity_import_id")
        ),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_quantity_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantity")),
    )
    op.create_index(op.f("ix_quantity_extract_code"), "quantity", ["extract_code"], unique=False)
    op.create_index(op.f("ix_quantity_import_id"), "quantity", ["import_id"], unique=False)
    op.create_index(op.f("ix_quantity_well_id"), "quantity", ["well_id"], unique=False)
    op.create_index(
        "uq_quantity_valid",
        "quantity",
        ["well_id", "target"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "quantity_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "step",
            sa.Enum(
                "amplify",
                "dilute",
                "low template",
                "re-extract",
                "new sample",
                "repurify",
                "quantify again",
                name="nextstep",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fg_per_ul", sa.BigInteger(), nullable=True),
        sa.Column("volume_nl", sa.Integer(), nullable=True),
        sa.Column("dilution", sa.Integer(), nullable=False),
        sa.Column("drawn_nl", sa.Integer(), nullable=True),
        sa.Column("template_fg", sa.BigInteger(), nullable=True),
        sa.Column("low_template", sa.Boolean(), nullable=False),
        sa.Column("di_milli", sa.BigInteger(), nullable=True),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("ipc_shift_milli", sa.Integer(), nullable=True),
        sa.Column("inhibited", sa.Boolean(), nullable=False),
        sa.Column("limits_version", sa.Integer(), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("confirmed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=80), nullable=True),
        sa.Column(
            "instead_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "instead_of IS NULL OR (confirmed_at IS NOT NULL AND reason != '')",
            name=op.f("ck_quantity_decision_says_why"),
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)",
            name=op.f("ck_quantity_decision_confirmed_by_somebody"),
        ),
        sa.CheckConstraint(
            "(volume_nl IS NULL) = (drawn_nl IS NULL)",
            name=op.f("ck_quantity_decision_plan_is_whole"),
        ),
        sa.CheckConstraint("dilution >= 1", name=op.f("ck_quantity_decision_dilution")),
        sa.CheckConstraint(
            "volume_nl IS NULL OR (volume_nl > 0 AND drawn_nl > 0)",
            name=op.f("ck_quantity_decision_volume"),
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_quantity_decision_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["quantification_import.id"], name=op.f("fk_quantity_decision_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["instead_of"], ["quantity_decision.id"], name=op.f("fk_quantity_decision_instead_of")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_quantity_decision_plate_code")
        ),
        sa.ForeignKeyConstraint(
            ["well_id"], ["well.id"], name=op.f("fk_quantity_decision_well_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantity_decision")),
    )
    op.create_index(
        op.f("ix_quantity_decision_extract_code"),
        "quantity_decision",
        ["extract_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_quantity_decision_plate_code"), "quantity_decision", ["plate_code"], unique=False
    )
    op.create_index(
        "ix_quantity_decision_proposed",
        "quantity_decision",
        ["plate_code"],
        unique=False,
        sqlite_where=sa.text("voided_at IS NULL AND confirmed_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL AND confirmed_at IS NULL"),
    )
    op.create_index(
        "uq_quantity_decision_valid",
        "quantity_decision",
        ["extract_code"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
