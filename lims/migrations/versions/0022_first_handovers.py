# SPDX-License-Identifier: Apache-2.0
"""The first tables of handovers."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER handed_thing_no_delete BEFORE DELETE OR TRUNCATE ON handed_thing "
        "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER handed_thing_kept BEFORE UPDATE ON handed_thing FOR EACH ROW "
        "WHEN (NEW.handover_id IS DISTINCT FROM OLD.handover_id OR NEW.code IS DISTINCT "
        "FROM OLD.code OR (OLD.state <> 'waiting' AND (NEW.state IS DISTINCT FROM "
        "OLD.state OR NEW.difference IS DISTINCT FROM OLD.difference OR NEW.note IS "
        "DISTINCT FROM OLD.note))) EXECUTE FUNCTION osteon_refuse('state is written "
        "once, and nothing else changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER handed_thing_no_delete BEFORE DELETE ON handed_thing BEGIN SELECT "
        "RAISE(ABORT, 'handed_thing: nothing is deleted'); END",
        "CREATE TRIGGER handed_thing_kept BEFORE UPDATE ON handed_thing WHEN NEW.handover_id "
        "IS NOT OLD.handover_id OR NEW.code IS NOT OLD.code OR (OLD.state <> 'waiting' AND "
        "(NEW.state IS NOT OLD.state OR NEW.difference IS NOT OLD.difference OR NEW.note IS "
        "NOT OLD.note)) BEGIN SELECT RAISE(ABORT, 'handed_thing: state is written once, and "
        "nothing else changes'); END",
        "CREATE TRIGGER handed_thing_no_replace BEFORE INSERT ON handed_thing WHEN EXISTS "
        "(SELECT 1 FROM handed_thing WHERE handover_id = NEW.handover_id AND code = "
        "NEW.code) BEGIN SELECT RAISE(ABORT, 'handed_thing has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "hand",
                "taken",
                "out",
                "back",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("giver", sa.String(length=80), nullable=False),
        sa.Column("receiver", sa.String(length=80), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "work",
                "storage",
                "review",
                "quarantine",
                "return",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(length=9), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "completed",
                "refused",
                "withdrawn",
                name="handoverstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_event", sa.String(length=64), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_event", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_handover_ended")),
        sa.CheckConstraint(
            "(way = 'taken') = (witness <> '')", name=op.f("ck_handover_taken_before_a_witness")
        ),
        sa.CheckConstraint(
            "way = 'hand' OR state <> 'open'", name=op.f("ck_handover_only_two_wait")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_event IS NULL)", name=op.f("ck_handover_ended_by_event")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= opened_at", name=op.f("ck_handover_in_time")
        ),
        sa.CheckConstraint("giver <> receiver", name=op.f("ck_handover_two_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_giver", "handover", ["giver", "id"], unique=False)
    op.create_index("ix_handover_receiver", "handover", ["receiver", "id"], unique=False)
    op.create_index(
        "ix_handover_waiting",
        "handover",
        ["receiver"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "handed_thing",
        sa.Column(
            "handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "passed",
                "kept",
                name="thingstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "difference",
            sa.Enum(
                "missing",
                "damaged",
                name="difference",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "difference IS NULL OR state = 'kept'", name=op.f("ck_handed_thing_difference_stays")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_handed_thing_code")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handed_thing_handover_id")
        ),
        sa.PrimaryKeyConstraint("handover_id", "code", name=op.f("pk_handed_thing")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_handed_thing_code", "handed_thing", ["code"], unique=False)
    op.create_index(
        "uq_handed_thing_waiting",
        "handed_thing",
        ["code"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
