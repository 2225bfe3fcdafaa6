# SPDX-License-Identifier: Apache-2.0
"""The first tables of people."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=12), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("initials", sa.String(length=12), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "reception",
                "coordinator",
                "technician",
                "manager",
                "quality",
                "administrator",
                "auditor",
                "partner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("start_code", sa.String(length=64), nullable=True),
        sa.Column("start_code_until", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.LargeBinary(length=100), nullable=True),
        sa.Column("second_factor_since", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("second_factor_step", sa.BigInteger(), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("added_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("elimination_since", sa.Date(), nullable=True),
        sa.CheckConstraint("failed_attempts >= 0", name=op.f("ck_person_failed_attempts")),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_person_login_folded")),
        sa.CheckConstraint(
            "second_factor_since IS NULL OR second_factor IS NOT NULL",
            name=op.f("ck_person_second_factor"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("initials", name=op.f("uq_person_initials")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
        sa.UniqueConstraint("ref", name=op.f("uq_person_ref")),
    )
    op.create_table(
        "refused_sign_in",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_refused_sign_in")),
    )
    op.create_table(
        "authorisation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
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
        sa.Column("procedure", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("given_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_authorisation_days")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_authorisation_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
    )
    op.create_index(
        op.f("ix_authorisation_person_id"), "authorisation", ["person_id"], unique=False
    )
    op.create_table(
        "badge",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("failed_pins", sa.Integer(), nullable=False),
        sa.Column("issued_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("failed_pins >= 0", name=op.f("ck_badge_failed_pins")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_badge_code")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_badge_person_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_badge")),
    )
    op.create_index(op.f("ix_badge_person_id"), "badge", ["person_id"], unique=False)
    op.create_table(
        "role_held",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "role",
            sa.Enum(
                "reception",
                "coordinator",
                "technician",
                "manager",
                "quality",
                "administrator",
                "auditor",
                "partner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_held_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_held")),
    )
    op.create_index(op.f("ix_role_held_person_id"), "role_held", ["person_id"], unique=False)
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("created_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("second_factor_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token", name=op.f("uq_sign_in_session_token")),
    )
    op.create_index(
        op.f("ix_sign_in_session_person_id"), "sign_in_session", ["person_id"], unique=False
    )
    op.create_table(
        "station",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "intake",
                "reception",
                "preparation",
                "extraction",
                "quantification",
                "amplification",
                "injection",
                "storage",
                "handover",
                name="stationkind",
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
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_ar", sa.String(length=80), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_station_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_station")),
        sa.UniqueConstraint("name", name=op.f("uq_station_name")),
        sa.UniqueConstraint("name_ar", name=op.f("uq_station_name_ar")),
    )
    op.create_table(
        "agent_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_agent_key_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_key")),
        sa.UniqueConstraint("key", name=op.f("uq_agent_key_key")),
    )
    op.create_index(
        "uq_agent_key_unused",
        "agent_key",
        ["station_code"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL AND last_seen_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL AND last_seen_at IS NULL"),
    )
    op.create_index(
        "uq_agent_key_used",
        "agent_key",
        ["station_code"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL AND last_seen_at IS NOT NULL"),
        postgresql_where=sa.text("revoked_at IS NULL AND last_seen_at IS NOT NULL"),
    )
    op.create_table(
        "station_agent",
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("claimed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("heard_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("clock_ahead_ms", sa.BigInteger(), nullable=True),
        sa.Column("scans_stored", sa.Integer(), nullable=False),
        sa.Column("scans_rejected", sa.Integer(), nullable=False),
        sa.Column("outcomes_stored", sa.Integer(), nullable=False),
        sa.Column("labels_held", sa.Integer(), nullable=False),
        sa.Column("rival", sa.String(length=40), nullable=False),
        sa.Column("rival_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_station_agent_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", name=op.f("pk_station_agent")),
    )
