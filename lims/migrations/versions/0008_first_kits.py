# SPDX-License-Identifier: Apache-2.0
"""The first tables of kits."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER kit_use_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "kit_use FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')",
        "CREATE TRIGGER kit_version_no_delete BEFORE DELETE OR TRUNCATE ON kit_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER kit_version_kept BEFORE UPDATE ON kit_version FOR EACH ROW WHEN "
        "(NEW.id IS DISTINCT FROM OLD.id OR NEW.name IS DISTINCT FROM OLD.name OR "
        "NEW.version IS DISTINCT FROM OLD.version OR NEW.source IS DISTINCT FROM "
        "OLD.source OR NEW.text IS DISTINCT FROM OLD.text OR NEW.sha256 IS DISTINCT FROM "
        "OLD.sha256 OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.drafted_at IS "
        "DISTINCT FROM OLD.drafted_at OR NEW.drafted_by IS DISTINCT FROM OLD.drafted_by "
        "OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS DISTINCT FROM "
        "OLD.approved_at OR NEW.approved_by IS DISTINCT FROM OLD.approved_by OR "
        "NEW.valid_from IS DISTINCT FROM OLD.valid_from))) EXECUTE FUNCTION "
        "osteon_refuse('approved_at is written once, and nothing else changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER kit_use_no_update BEFORE UPDATE ON kit_use BEGIN SELECT RAISE(ABORT, "
        "'kit_use is append-only'); END",
        "CREATE TRIGGER kit_use_no_delete BEFORE DELETE ON kit_use BEGIN SELECT RAISE(ABORT, "
        "'kit_use is append-only'); END",
        "CREATE TRIGGER kit_use_no_replace BEFORE INSERT ON kit_use WHEN EXISTS (SELECT 1 "
        "FROM kit_use WHERE plate_code = NEW.plate_code) BEGIN SELECT RAISE(ABORT, 'kit_use "
        "has this row already'); END",
        "CREATE TRIGGER kit_version_no_delete BEFORE DELETE ON kit_version BEGIN SELECT "
        "RAISE(ABORT, 'kit_version: nothing is deleted'); END",
        "CREATE TRIGGER kit_version_kept BEFORE UPDATE ON kit_version WHEN NEW.id IS NOT "
        "OLD.id OR NEW.name IS NOT OLD.name OR NEW.version IS NOT OLD.version OR NEW.source "
        "IS NOT OLD.source OR NEW.text IS NOT OLD.text OR NEW.sha256 IS NOT OLD.sha256 OR "
        "NEW.reason IS NOT OLD.reason OR NEW.drafted_at IS NOT OLD.drafted_at OR "
        "NEW.drafted_by IS NOT OLD.drafted_by OR (OLD.approved_at IS NOT NULL AND "
        "(NEW.approved_at IS NOT OLD.approved_at OR NEW.approved_by IS NOT OLD.approved_by "
        "OR NEW.valid_from IS NOT OLD.valid_from)) BEGIN SELECT RAISE(ABORT, 'kit_version: "
        "approved_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER kit_version_no_replace BEFORE INSERT ON kit_version WHEN EXISTS "
        "(SELECT 1 FROM kit_version WHERE (id = NEW.id) OR (name = NEW.name AND version = "
        "NEW.version)) BEGIN SELECT RAISE(ABORT, 'kit_version has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "kit_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("drafted_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.String(length=80), nullable=False),
        sa.Column("approved_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=False),
        sa.Column("valid_from", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by = '')", name=op.f("ck_kit_version_approval")
        ),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (valid_from IS NULL)", name=op.f("ck_kit_version_force")
        ),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_from >= approved_at",
            name=op.f("ck_kit_version_not_backwards"),
        ),
        sa.CheckConstraint(
            "version = 0 OR approved_by <> drafted_by", name=op.f("ck_kit_version_second_person")
        ),
        sa.CheckConstraint("version >= 0", name=op.f("ck_kit_version_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_version")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_kit_version_name_version")),
    )
    op.create_index(
        "uq_kit_version_draft",
        "kit_version",
        ["name"],
        unique=True,
        sqlite_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "kit_use",
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kit_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["kit_version_id"], ["kit_version.id"], name=op.f("fk_kit_use_kit_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["subject.code"], name=op.f("fk_kit_use_plate_code")
        ),
        sa.PrimaryKeyConstraint("plate_code", name=op.f("pk_kit_use")),
    )
    op.create_index(op.f("ix_kit_use_kit_version_id"), "kit_use", ["kit_version_id"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
