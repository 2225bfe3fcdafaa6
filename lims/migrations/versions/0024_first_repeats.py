# SPDX-License-Identifier: Apache-2.0
"""The first tables of repeats."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER repeat_no_delete BEFORE DELETE OR TRUNCATE ON repeat FOR EACH "
        "STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER repeat_kept BEFORE UPDATE ON repeat FOR EACH ROW WHEN (NEW.id IS "
        "DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.thing_code IS "
        "DISTINCT FROM OLD.thing_code OR NEW.sample_code IS DISTINCT FROM "
        "OLD.sample_code OR NEW.extract_code IS DISTINCT FROM OLD.extract_code OR "
        "NEW.parent_code IS DISTINCT FROM OLD.parent_code OR NEW.position IS DISTINCT "
        "FROM OLD.position OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.words IS "
        "DISTINCT FROM OLD.words OR NEW.is_urgent IS DISTINCT FROM OLD.is_urgent OR "
        "NEW.number IS DISTINCT FROM OLD.number OR NEW.asked_at IS DISTINCT FROM "
        "OLD.asked_at OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR (OLD.ended_at IS "
        "NOT NULL AND (NEW.ended_at IS DISTINCT FROM OLD.ended_at OR NEW.ended_by IS "
        "DISTINCT FROM OLD.ended_by OR NEW.done_by IS DISTINCT FROM OLD.done_by OR "
        "NEW.withdrawn IS DISTINCT FROM OLD.withdrawn))) EXECUTE FUNCTION "
        "osteon_refuse('ended_at is written once, and nothing else changes')",
        "CREATE TRIGGER urgency_no_delete BEFORE DELETE OR TRUNCATE ON urgency FOR EACH "
        "STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER urgency_kept BEFORE UPDATE ON urgency FOR EACH ROW WHEN (NEW.id "
        "IS DISTINCT FROM OLD.id OR NEW.sample_code IS DISTINCT FROM OLD.sample_code OR "
        "NEW.reason IS DISTINCT FROM OLD.reason OR NEW.said_at IS DISTINCT FROM "
        "OLD.said_at OR NEW.said_by IS DISTINCT FROM OLD.said_by OR (OLD.ended_at IS NOT "
        "NULL AND (NEW.ended_at IS DISTINCT FROM OLD.ended_at OR NEW.ended_by IS "
        "DISTINCT FROM OLD.ended_by))) EXECUTE FUNCTION osteon_refuse('ended_at is "
        "written once, and nothing else changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER repeat_no_delete BEFORE DELETE ON repeat BEGIN SELECT RAISE(ABORT, "
        "'repeat: nothing is deleted'); END",
        "CREATE TRIGGER repeat_kept BEFORE UPDATE ON repeat WHEN NEW.id IS NOT OLD.id OR "
        "NEW.kind IS NOT OLD.kind OR NEW.thing_code IS NOT OLD.thing_code OR NEW.sample_code "
        "IS NOT OLD.sample_code OR NEW.extract_code IS NOT OLD.extract_code OR "
        "NEW.parent_code IS NOT OLD.parent_code OR NEW.position IS NOT OLD.position OR "
        "NEW.reason IS NOT OLD.reason OR NEW.words IS NOT OLD.words OR NEW.is_urgent IS NOT "
        "OLD.is_urgent OR NEW.number IS NOT OLD.number OR NEW.asked_at IS NOT OLD.asked_at "
        "OR NEW.asked_by IS NOT OLD.asked_by OR (OLD.ended_at IS NOT NULL AND (NEW.ended_at "
        "IS NOT OLD.ended_at OR NEW.ended_by IS NOT OLD.ended_by OR NEW.done_by IS NOT "
        "OLD.done_by OR NEW.withdrawn IS NOT OLD.withdrawn)) BEGIN SELECT RAISE(ABORT, "
        "'repeat: ended_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER repeat_no_replace BEFORE INSERT ON repeat WHEN EXISTS (SELECT 1 FROM "
        "repeat WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'repeat has this row already'); "
        "END",
        "CREATE TRIGGER urgency_no_delete BEFORE DELETE ON urgency BEGIN SELECT RAISE(ABORT, "
        "'urgency: nothing is deleted'); END",
        "CREATE TRIGGER urgency_kept BEFORE UPDATE ON urgency WHEN NEW.id IS NOT OLD.id OR "
        "NEW.sample_code IS NOT OLD.sample_code OR NEW.reason IS NOT OLD.reason OR "
        "NEW.said_at IS NOT OLD.said_at OR NEW.said_by IS NOT OLD.said_by OR (OLD.ended_at "
        "IS NOT NULL AND (NEW.ended_at IS NOT OLD.ended_at OR NEW.ended_by IS NOT "
        "OLD.ended_by)) BEGIN SELECT RAISE(ABORT, 'urgency: ended_at is written once, and "
        "nothing else changes'); END",
        "CREATE TRIGGER urgency_no_replace BEFORE INSERT ON urgency WHEN EXISTS (SELECT 1 "
        "FROM urgency WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'urgency has this row "
        "already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "repeat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "re-extraction",
                "re-quantification",
                "repurification",
                "dilution",
                "re-amplification",
                "re-injection",
                "new sample",
                name="repeatkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("thing_code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=True),
        sa.Column("extract_code", sa.String(length=9), nullable=True),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "little DNA",
                "inhibited",
                "degraded",
                "control failed",
                "plate failed",
                "contamination",
                "partial profile",
                "results differ",
                "second result",
                "signal",
                "lot recalled",
                "other",
                name="repeatreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("done_by", sa.String(length=9), nullable=True),
        sa.Column("withdrawn", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (done_by IS NOT NULL OR withdrawn <> '')",
            name=op.f("ck_repeat_ended_why"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_repeat_ended_by_somebody")
        ),
        sa.ForeignKeyConstraint(["done_by"], ["subject.code"], name=op.f("fk_repeat_done_by")),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["subject.code"], name=op.f("fk_repeat_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["subject.code"], name=op.f("fk_repeat_parent_code")
        ),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["subject.code"], name=op.f("fk_repeat_sample_code")
        ),
        sa.ForeignKeyConstraint(
            ["thing_code"], ["subject.code"], name=op.f("fk_repeat_thing_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repeat")),
    )
    op.create_index(op.f("ix_repeat_done_by"), "repeat", ["done_by"], unique=False)
    op.create_index(op.f("ix_repeat_parent_code"), "repeat", ["parent_code"], unique=False)
    op.create_index(op.f("ix_repeat_sample_code"), "repeat", ["sample_code"], unique=False)
    op.create_index(op.f("ix_repeat_thing_code"), "repeat", ["thing_code"], unique=False)
    op.create_index(
        "ix_repeat_waits",
        "repeat",
        ["kind", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_repeat_stands",
        "repeat",
        ["thing_code", "kind"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "urgency",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "court",
                "authority",
                "waited long",
                "remains return",
                "little time",
                name="urgencyreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("said_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_urgency_ended_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["sample.code"], name=op.f("fk_urgency_sample_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgency")),
    )
    op.create_index(
        "uq_urgency_stands",
        "urgency",
        ["sample_code"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
