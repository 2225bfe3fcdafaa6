# SPDX-License-Identifier: Apache-2.0
"""The first tables of bench."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "bench_screen",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("code_until", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_bench_screen_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bench_screen")),
        sa.UniqueConstraint("secret", name=op.f("uq_bench_screen_secret")),
    )
    op.create_index(
        op.f("ix_bench_screen_station_code"), "bench_screen", ["station_code"], unique=False
    )
    op.create_table(
        "bench_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("badge", sa.String(length=11), nullable=True),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "ended",
            sa.Enum(
                "badge",
                "page",
                "idle",
                "taken",
                name="ended",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("kept", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_bench_session_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_bench_session_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bench_session")),
    )
    op.create_index(
        op.f("ix_bench_session_station_code"), "bench_session", ["station_code"], unique=False
    )
    op.create_index(
        "uq_bench_session_open",
        "bench_session",
        ["station_code"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "command_card",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "command",
            sa.Enum(
                "done",
                "undo",
                "next",
                "print",
                "hold",
                "help",
                name="command",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_command_card_code")),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_command_card_station_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_command_card")),
        sa.UniqueConstraint(
            "station_code", "command", name=op.f("uq_command_card_station_code_command")
        ),
    )
    op.create_table(
        "device",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("port", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ready",
                "fault",
                "unknown",
                "gone",
                name="devicestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("heard_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_device_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", "kind", "port", name=op.f("pk_device")),
    )
    op.create_table(
        "station_state",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("focus", sa.String(length=11), nullable=True),
        sa.Column("held", sa.String(length=11), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("ask", sa.JSON(), nullable=True),
        sa.Column("next", sa.JSON(), nullable=True),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("badge", sa.String(length=11), nullable=True),
        sa.Column("badge_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_station_state_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", name=op.f("pk_station_state")),
    )
    op.create_table(
        "scan_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scan_id", sa.String(length=64), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "scan",
                "entry",
                "command",
                "fault",
                name="recordkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "serial",
                "wedge",
                "camera",
                "typed",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.String(length=2000), nullable=False),
        sa.Column("symbology", sa.String(length=10), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("device_time", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("received_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "accepted",
                "refused",
                "stop",
                "unknown",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("say", sa.JSON(), nullable=False),
        sa.Column("advice", sa.JSON(), nullable=True),
        sa.Column("subject", sa.String(length=11), nullable=True),
        sa.Column("position", sa.String(length=12), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_scan_record_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["bench_session.id"], name=op.f("fk_scan_record_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_scan_record_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_record")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_scan_record_scan_id")),
    )
    op.create_index("ix_scan_record_recent", "scan_record", ["station_code", "id"], unique=False)
