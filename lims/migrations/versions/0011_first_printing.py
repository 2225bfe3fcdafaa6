# SPDX-License-Identifier: Apache-2.0
"""The first tables of printing."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "label_alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scan_id", sa.String(length=64), nullable=True),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "why",
            sa.Enum(
                "LabelVoid",
                "LabelUnknown",
                "counter jumped",
                name="alarmwhy",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("read", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=True),
        sa.Column("raised_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_label_alarm_code")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_label_alarm_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_alarm_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_alarm")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_label_alarm_scan_id")),
    )
    op.create_index(op.f("ix_label_alarm_code"), "label_alarm", ["code"], unique=False)
    op.create_index("ix_label_alarm_open", "label_alarm", ["answered_at", "id"], unique=False)
    op.create_table(
        "label_queue",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_queue_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", name=op.f("pk_label_queue")),
    )
    op.create_table(
        "label_sheet",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("layout_version", sa.Integer(), nullable=False),
        sa.Column("stock", sa.String(length=20), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("used", sa.JSON(), nullable=False),
        sa.Column("offset_x", sa.Integer(), nullable=False),
        sa.Column("offset_y", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.String(length=40), nullable=False),
        sa.Column("placed", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("given_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("given_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_sheet_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_sheet")),
    )
    op.create_index(
        "ix_label_sheet_stock", "label_sheet", ["station_code", "stock", "id"], unique=False
    )
    op.create_table(
        "print_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("about", sa.String(length=9), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ordered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["about"], ["subject.code"], name=op.f("fk_print_job_about")),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_print_job_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_job")),
    )
    op.create_index("ix_print_job_about", "print_job", ["about", "id"], unique=False)
    op.create_table(
        "label_instance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payload", sa.String(length=11), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("layout_version", sa.Integer(), nullable=False),
        sa.Column("layout_sha256", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "stopped",
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
        sa.Column(
            "settled",
            sa.Enum(
                "destroyed",
                "never out",
                name="settled",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("settled_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_label_instance_code")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["print_job.id"], name=op.f("fk_label_instance_job_id")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_label_instance_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_instance")),
        sa.UniqueConstraint("payload", name=op.f("uq_label_instance_payload")),
    )
    op.create_index(
        "ix_label_at_outcome",
        "label_instance",
        ["station_code", "state", "queued_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_label_by_at",
        "label_instance",
        ["queued_by", "station_code", "queued_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_label_by_outcome",
        "label_instance",
        ["queued_by", "state", "queued_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_label_instance_code"), "label_instance", ["code"], unique=False)
    op.create_index("ix_label_of_job", "label_instance", ["job_id", "place", "id"], unique=False)
    op.create_index("ix_label_ordered", "label_instance", ["queued_at", "id"], unique=False)
    op.create_index(
        "ix_label_ordered_at", "label_instance", ["station_code", "queued_at", "id"], unique=False
    )
    op.create_index(
        "ix_label_ordered_by", "label_instance", ["queued_by", "queued_at", "id"], unique=False
    )
    op.create_index(
        "ix_label_outcome", "label_instance", ["state", "queued_at", "id"], unique=False
    )
    op.create_index(
        "ix_label_waiting",
        "label_instance",
        ["station_code", "state", "job_id", "place", "id"],
        unique=False,
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
            "state IN ('queued', 'stopped', 'leased', 'intent', 'sent', 'printed', 'ambiguous')"
        ),
        postgresql_where=sa.text(
            "state IN ('queued', 'stopped', 'leased', 'intent', 'sent', 'printed', 'ambiguous')"
        ),
    )
