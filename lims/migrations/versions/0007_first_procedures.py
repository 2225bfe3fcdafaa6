# SPDX-License-Identifier: Apache-2.0
"""The first tables of procedures."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER procedure_no_delete BEFORE DELETE OR TRUNCATE ON procedure FOR "
        "EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER procedure_kept BEFORE UPDATE ON procedure FOR EACH ROW WHEN "
        "(NEW.id IS DISTINCT FROM OLD.id OR NEW.name IS DISTINCT FROM OLD.name OR "
        "NEW.version IS DISTINCT FROM OLD.version OR NEW.activity IS DISTINCT FROM "
        "OLD.activity OR NEW.title IS DISTINCT FROM OLD.title OR NEW.title_ar IS "
        "DISTINCT FROM OLD.title_ar OR NEW.text IS DISTINCT FROM OLD.text OR NEW.sha256 "
        "IS DISTINCT FROM OLD.sha256 OR NEW.reason IS DISTINCT FROM OLD.reason OR "
        "NEW.drafted_at IS DISTINCT FROM OLD.drafted_at OR NEW.drafted_by IS DISTINCT "
        "FROM OLD.drafted_by OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS "
        "DISTINCT FROM OLD.approved_at OR NEW.approved_by IS DISTINCT FROM "
        "OLD.approved_by OR NEW.valid_from IS DISTINCT FROM OLD.valid_from))) EXECUTE "
        "FUNCTION osteon_refuse('approved_at is written once, and nothing else "
        "changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER procedure_no_delete BEFORE DELETE ON procedure BEGIN SELECT "
        "RAISE(ABORT, 'procedure: nothing is deleted'); END",
        "CREATE TRIGGER procedure_kept BEFORE UPDATE ON procedure WHEN NEW.id IS NOT OLD.id "
        "OR NEW.name IS NOT OLD.name OR NEW.version IS NOT OLD.version OR NEW.activity IS "
        "NOT OLD.activity OR NEW.title IS NOT OLD.title OR NEW.title_ar IS NOT OLD.title_ar "
        "OR NEW.text IS NOT OLD.text OR NEW.sha256 IS NOT OLD.sha256 OR NEW.reason IS NOT "
        "OLD.reason OR NEW.drafted_at IS NOT OLD.drafted_at OR NEW.drafted_by IS NOT "
        "OLD.drafted_by OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NOT "
        "OLD.approved_at OR NEW.approved_by IS NOT OLD.approved_by OR NEW.valid_from IS NOT "
        "OLD.valid_from)) BEGIN SELECT RAISE(ABORT, 'procedure: approved_at is written once, "
        "and nothing else changes'); END",
        "CREATE TRIGGER procedure_no_replace BEFORE INSERT ON procedure WHEN EXISTS (SELECT "
        "1 FROM procedure WHERE (id = NEW.id) OR (name = NEW.name AND version = "
        "NEW.version)) BEGIN SELECT RAISE(ABORT, 'procedure has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "procedure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
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
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("title_ar", sa.String(length=120), nullable=False),
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
            "(approved_at IS NULL) = (approved_by = '')", name=op.f("ck_procedure_approval")
        ),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (valid_from IS NULL)", name=op.f("ck_procedure_force")
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_procedure_second_person")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_from >= approved_at",
            name=op.f("ck_procedure_not_backwards"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_procedure_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_procedure_name_version")),
    )
    op.create_index(
        "uq_procedure_draft",
        "procedure",
        ["name"],
        unique=True,
        sqlite_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("approved_at IS NULL AND withdrawn_at IS NULL"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
