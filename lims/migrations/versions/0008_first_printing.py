# SPDX-License-Identifier: Apache-2.0
"""The first tables of printing."""

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
        "label_instance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payload", sa.String(length=11), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("layout_version", sa.Integer(), nullable=False),
        sa.Column("layout_sha256", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "leased",
                "intent",
                "sent",
                "printed",
                "ambiguous",
                "active",
                "lost",
                "void",
                name="labelstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_ends", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("leased_to", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("odometer_before", sa.Integer(), nullable=True),
        sa.Column("odometer_after", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("queued_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("queued_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_label_instance_code")),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_instance_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_instance")),
        sa.UniqueConstraint("payload", name=op.f("uq_label_instance_payload")),
    )
    op.create_index(op.f("ix_label_instance_code"), "label_instance", ["code"], unique=False)
    op.create_index(
        "ix_label_waiting", "label_instance", ["station_code", "state", "id"], unique=False
    )
    op.create_index(
        "uq_label_active",
        "label_instance",
        ["code"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "uq_label_pending",
        "label_instance",
        ["code"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('queued', 'leased', 'intent', 'sent', 'printed', 'ambiguous')"
        ),
        postgresql_where=sa.text(
            "state IN ('queued', 'leased', 'intent', 'sent', 'printed', 'ambiguous')"
        ),
    )
    op.create_table(
        "label_queue",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_queue_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", name=op.f("pk_label_queue")),
    )
