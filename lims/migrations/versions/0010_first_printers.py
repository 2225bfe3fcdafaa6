# SPDX-License-Identifier: Apache-2.0
"""The first tables of printers."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "printer_setting",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "language",
            sa.Enum(
                "zpl", "tspl", name="language", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column("offset_x", sa.Integer(), nullable=False),
        sa.Column("offset_y", sa.Integer(), nullable=False),
        sa.Column("darkness", sa.Integer(), nullable=True),
        sa.Column("speed", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("saved_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "number >= 1", name=op.f("ck_printer_setting_ck_printer_setting_number")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_printer_setting_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", "number", name=op.f("pk_printer_setting")),
    )
    op.create_table(
        "test_print",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("setting", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "leased",
                "intent",
                "sent",
                "printed",
                "ambiguous",
                "lost",
                name="teststate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_ends", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("ordered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_test_print_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_print")),
    )
    op.create_index(
        op.f("ix_test_print_station_code"), "test_print", ["station_code"], unique=False
    )
    op.create_index(
        "uq_test_print_pending",
        "test_print",
        ["station_code"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'leased', 'intent', 'sent')"),
        postgresql_where=sa.text("state IN ('queued', 'leased', 'intent', 'sent')"),
    )
