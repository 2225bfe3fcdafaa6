# SPDX-License-Identifier: Apache-2.0
"""The first tables of storage."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "place",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "site",
                "room",
                "freezer",
                "shelf",
                "rack",
                "box",
                name="placekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column(
            "takes",
            sa.Enum(
                "anything",
                "samples",
                "parts",
                "extracts",
                name="boxuse",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("added_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'box') = (rows IS NOT NULL)", name=op.f("ck_place_positions_of_boxes")
        ),
        sa.CheckConstraint(
            "(rows IS NULL) = (columns IS NULL)", name=op.f("ck_place_rows_and_columns")
        ),
        sa.CheckConstraint("columns BETWEEN 1 AND 24", name=op.f("ck_place_columns")),
        sa.CheckConstraint("parent_code <> code", name=op.f("ck_place_not_in_itself")),
        sa.CheckConstraint("rows BETWEEN 1 AND 16", name=op.f("ck_place_rows")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_place_code")),
        sa.ForeignKeyConstraint(["parent_code"], ["place.code"], name=op.f("fk_place_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_place")),
    )
    op.create_index("uq_place_name", "place", ["parent_code", "name"], unique=True)
    op.create_index(
        "uq_place_outermost",
        "place",
        ["name"],
        unique=True,
        sqlite_where=sa.text("parent_code IS NULL"),
        postgresql_where=sa.text("parent_code IS NULL"),
    )
    op.create_table(
        "stored",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("place_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column("put_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("put_by", sa.String(length=80), nullable=False),
        sa.Column("taken_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name=op.f("ck_stored_taken")),
        sa.CheckConstraint(
            "taken_at IS NULL OR taken_at >= put_at", name=op.f("ck_stored_in_time")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_stored_code")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_stored_place_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored")),
    )
    op.create_index(op.f("ix_stored_code"), "stored", ["code"], unique=False)
    op.create_index(
        "ix_stored_now",
        "stored",
        ["place_code"],
        unique=False,
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_index(
        "uq_stored_position",
        "stored",
        ["place_code", "position"],
        unique=True,
        sqlite_where=sa.text("taken_at IS NULL AND position <> ''"),
        postgresql_where=sa.text("taken_at IS NULL AND position <> ''"),
    )
    op.create_index(
        "uq_stored_thing",
        "stored",
        ["code"],
        unique=True,
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
