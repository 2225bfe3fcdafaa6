# SPDX-License-Identifier: Apache-2.0
"""The first tables of samples."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "sample",
        sa.Column("code", sa.String(length=9), nullable=False),
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
            "material",
            sa.Enum(
                "bone",
                "tooth",
                "blood card",
                "buccal swab",
                name="material",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("element", sa.String(length=40), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "left",
                "right",
                "midline",
                "unknown",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column(
            "expected_sex",
            sa.Enum(
                "F",
                "M",
                "?",
                name="expectedsex",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("site_group", sa.String(length=12), nullable=False),
        sa.Column("burial_condition", sa.String(length=12), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(line = 'bone') = (material IN ('bone', 'tooth'))",
            name=op.f("ck_sample_material_of_line"),
        ),
        sa.CheckConstraint(
            "line <> 'bone' OR (element <> '' AND mass_ug > 0)", name=op.f("ck_sample_bone")
        ),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_sample_mass")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_sample_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_sample")),
    )
    op.create_index(op.f("ix_sample_line"), "sample", ["line"], unique=False)
    op.create_index("ix_sample_registered", "sample", ["registered_at", "code"], unique=False)
    op.create_table(
        "aliquot",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "powder",
                "punch",
                "lysate",
                "dilution",
                name="aliquotkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column("volume_nl", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "kind <> 'powder' OR mass_ug IS NOT NULL", name=op.f("ck_aliquot_powder_has_mass")
        ),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_aliquot_mass")),
        sa.CheckConstraint("volume_nl IS NULL OR volume_nl > 0", name=op.f("ck_aliquot_volume")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_aliquot_code")),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["sample.code"], name=op.f("fk_aliquot_sample_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_aliquot")),
    )
    op.create_index(op.f("ix_aliquot_sample_code"), "aliquot", ["sample_code"], unique=False)
