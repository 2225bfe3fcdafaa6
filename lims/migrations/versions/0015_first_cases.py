# SPDX-License-Identifier: Apache-2.0
"""The first tables of cases."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "burial_group",
        sa.Column(
            "burial",
            sa.Enum(
                "unknown",
                "surface",
                "earth grave",
                "mass grave",
                "vault",
                "well",
                "water",
                "burnt",
                name="burial",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("group_code", sa.String(length=12), nullable=False),
        sa.Column("group_shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("burial", name=op.f("pk_burial_group")),
        sa.UniqueConstraint("group_code", name=op.f("uq_burial_group_group_code")),
    )
    op.create_table(
        "code_resolution",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("sampling_ref", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("resolved_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_code_resolution_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_code_resolution")),
    )
    op.create_index(
        op.f("ix_code_resolution_sampling_ref"), "code_resolution", ["sampling_ref"], unique=False
    )
    op.create_table(
        "event_salt",
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_event_salt_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_event_salt")),
    )
    op.create_table(
        "recovery_site",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("coordinates", sa.LargeBinary(), nullable=False),
        sa.Column("number_pattern", sa.LargeBinary(), nullable=False),
        sa.Column("group_code", sa.String(length=12), nullable=False),
        sa.Column("group_shown", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovery_site_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovery_site")),
        sa.UniqueConstraint("code_index", name=op.f("uq_recovery_site_code_index")),
        sa.UniqueConstraint("group_code", name=op.f("uq_recovery_site_group_code")),
    )
    op.create_table(
        "coding_list",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.LargeBinary(), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("coded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("coded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_coding_list_size")),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_coding_list_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_coding_list_station_code")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_coding_list")),
    )
    op.create_index(op.f("ix_coding_list_coded_at"), "coding_list", ["coded_at"], unique=False)
    op.create_table(
        "recovery_case",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("site_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovery_case_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["site_ref"], ["recovery_site.ref"], name=op.f("fk_recovery_case_site_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovery_case")),
        sa.UniqueConstraint(
            "site_ref", "number_index", name=op.f("uq_recovery_case_site_ref_number_index")
        ),
    )
    op.create_index(
        op.f("ix_recovery_case_number_index"), "recovery_case", ["number_index"], unique=False
    )
    op.create_index(
        op.f("ix_recovery_case_opened_at"), "recovery_case", ["opened_at"], unique=False
    )
    op.create_index(op.f("ix_recovery_case_site_ref"), "recovery_case", ["site_ref"], unique=False)
    op.create_table(
        "recovered_item",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("case_ref", sa.String(length=32), nullable=False),
        sa.Column("field_number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
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
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["recovery_case.ref"], name=op.f("fk_recovered_item_case_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovered_item_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovered_item")),
        sa.UniqueConstraint(
            "case_ref", "number_index", name=op.f("uq_recovered_item_case_ref_number_index")
        ),
    )
    op.create_index(
        op.f("ix_recovered_item_case_ref"), "recovered_item", ["case_ref"], unique=False
    )
    op.create_index(
        op.f("ix_recovered_item_number_index"), "recovered_item", ["number_index"], unique=False
    )
    op.create_table(
        "bone_sampling",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("item_ref", sa.String(length=32), nullable=False),
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
        sa.Column("segment", sa.LargeBinary(), nullable=False),
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
        sa.Column("mass_ug", sa.BigInteger(), nullable=False),
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
        sa.Column(
            "burial",
            sa.Enum(
                "unknown",
                "surface",
                "earth grave",
                "mass grave",
                "vault",
                "well",
                "water",
                "burnt",
                name="burial",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_by", sa.LargeBinary(), nullable=False),
        sa.Column("seal_number", sa.LargeBinary(), nullable=False),
        sa.Column("seal_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("photograph_sha256", sa.String(length=64), nullable=False),
        sa.Column("photograph_file", sa.String(length=64), nullable=False),
        sa.Column("photograph_type", sa.String(length=4), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "coded",
                "withdrawn",
                name="samplingstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "material IN ('bone', 'tooth')", name=op.f("ck_bone_sampling_line_of_material")
        ),
        sa.CheckConstraint(
            "state <> 'coded' OR (photograph_sha256 <> '' AND element <> '')",
            name=op.f("ck_bone_sampling_coded"),
        ),
        sa.CheckConstraint("mass_ug > 0", name=op.f("ck_bone_sampling_mass")),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_bone_sampling_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_bone_sampling_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_bone_sampling")),
    )
    op.create_index(op.f("ix_bone_sampling_item_ref"), "bone_sampling", ["item_ref"], unique=False)
    op.create_index(
        op.f("ix_bone_sampling_recorded_at"), "bone_sampling", ["recorded_at"], unique=False
    )
    op.create_index(
        op.f("ix_bone_sampling_seal_index"), "bone_sampling", ["seal_index"], unique=False
    )
    op.create_index(op.f("ix_bone_sampling_state"), "bone_sampling", ["state"], unique=False)
    op.create_table(
        "bone_coding",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("list_ref", sa.String(length=32), nullable=False),
        sa.Column("sampling_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_bone_coding_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["list_ref"], ["coding_list.ref"], name=op.f("fk_bone_coding_list_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"], ["bone_sampling.ref"], name=op.f("fk_bone_coding_sampling_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_bone_coding")),
        sa.UniqueConstraint("code_index", name=op.f("uq_bone_coding_code_index")),
        sa.UniqueConstraint("sampling_ref", name=op.f("uq_bone_coding_sampling_ref")),
    )
    op.create_index(op.f("ix_bone_coding_list_ref"), "bone_coding", ["list_ref"], unique=False)
