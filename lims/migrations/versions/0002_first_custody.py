# SPDX-License-Identifier: Apache-2.0
"""The first tables of custody."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE FUNCTION osteon_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = "
        "'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER ledger_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "ledger_event FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER ledger_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "ledger_leaf FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER ledger_node_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "ledger_node FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER ledger_checkpoint_append_only BEFORE UPDATE OR DELETE OR "
        "TRUNCATE ON ledger_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('it is append-only')",
        "CREATE TRIGGER derivation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "derivation FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE OR TRUNCATE ON ledger_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER ledger_head_kept BEFORE UPDATE ON ledger_head FOR EACH ROW WHEN "
        "(NEW.origin <> OLD.origin OR NEW.size < OLD.size) EXECUTE FUNCTION "
        "osteon_refuse('the ledger only grows')",
        "CREATE TRIGGER subject_no_delete BEFORE DELETE OR TRUNCATE ON subject FOR EACH "
        "STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER subject_kept BEFORE UPDATE ON subject FOR EACH ROW WHEN "
        "(NEW.code <> OLD.code OR NEW.kind <> OLD.kind OR NEW.created_at <> "
        "OLD.created_at) EXECUTE FUNCTION osteon_refuse('a code stays what it is')",
        "CREATE TRIGGER hold_no_delete BEFORE DELETE OR TRUNCATE ON hold FOR EACH "
        "STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER hold_kept BEFORE UPDATE ON hold FOR EACH ROW WHEN "
        "(OLD.lifted_by_event IS NOT NULL OR NEW.code <> OLD.code OR NEW.reason <> "
        "OLD.reason OR NEW.set_at <> OLD.set_at OR NEW.set_by_event IS NULL OR CASE WHEN "
        "OLD.set_by_event IS NULL THEN NEW.lifted_by_event IS NOT NULL ELSE "
        "NEW.set_by_event <> OLD.set_by_event OR NEW.lifted_by_event IS NULL END) "
        "EXECUTE FUNCTION osteon_refuse('a hold is only ever recorded once and lifted "
        "once')",
        "CREATE TRIGGER possession_no_delete BEFORE DELETE OR TRUNCATE ON possession FOR "
        "EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER possession_kept BEFORE UPDATE ON possession FOR EACH ROW WHEN "
        "(OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.code <> OLD.code OR "
        "NEW.number <> OLD.number OR NEW.holder <> OLD.holder OR NEW.place <> OLD.place "
        "OR NEW.position <> OLD.position OR NEW.began_at <> OLD.began_at OR "
        "NEW.began_event <> OLD.began_event) EXECUTE FUNCTION osteon_refuse('an interval "
        "is only ever ended, once')",
    ],
    "sqlite": [
        "CREATE TRIGGER ledger_event_no_update BEFORE UPDATE ON ledger_event BEGIN SELECT "
        "RAISE(ABORT, 'ledger_event is append-only'); END",
        "CREATE TRIGGER ledger_event_no_delete BEFORE DELETE ON ledger_event BEGIN SELECT "
        "RAISE(ABORT, 'ledger_event is append-only'); END",
        "CREATE TRIGGER ledger_event_no_replace BEFORE INSERT ON ledger_event WHEN EXISTS "
        "(SELECT 1 FROM ledger_event WHERE (event_id = NEW.event_id) OR (idem = NEW.idem) OR "
        "(stream = NEW.stream AND sseq = NEW.sseq)) BEGIN SELECT RAISE(ABORT, 'ledger_event "
        "has this row already'); END",
        "CREATE TRIGGER ledger_leaf_no_update BEFORE UPDATE ON ledger_leaf BEGIN SELECT "
        "RAISE(ABORT, 'ledger_leaf is append-only'); END",
        "CREATE TRIGGER ledger_leaf_no_delete BEFORE DELETE ON ledger_leaf BEGIN SELECT "
        "RAISE(ABORT, 'ledger_leaf is append-only'); END",
        "CREATE TRIGGER ledger_leaf_no_replace BEFORE INSERT ON ledger_leaf WHEN EXISTS "
        "(SELECT 1 FROM ledger_leaf WHERE (idx = NEW.idx) OR (event_id = NEW.event_id)) "
        "BEGIN SELECT RAISE(ABORT, 'ledger_leaf has this row already'); END",
        "CREATE TRIGGER ledger_node_no_update BEFORE UPDATE ON ledger_node BEGIN SELECT "
        "RAISE(ABORT, 'ledger_node is append-only'); END",
        "CREATE TRIGGER ledger_node_no_delete BEFORE DELETE ON ledger_node BEGIN SELECT "
        "RAISE(ABORT, 'ledger_node is append-only'); END",
        "CREATE TRIGGER ledger_node_no_replace BEFORE INSERT ON ledger_node WHEN EXISTS "
        "(SELECT 1 FROM ledger_node WHERE level = NEW.level AND idx = NEW.idx) BEGIN SELECT "
        "RAISE(ABORT, 'ledger_node has this row already'); END",
        "CREATE TRIGGER ledger_checkpoint_no_update BEFORE UPDATE ON ledger_checkpoint BEGIN "
        "SELECT RAISE(ABORT, 'ledger_checkpoint is append-only'); END",
        "CREATE TRIGGER ledger_checkpoint_no_delete BEFORE DELETE ON ledger_checkpoint BEGIN "
        "SELECT RAISE(ABORT, 'ledger_checkpoint is append-only'); END",
        "CREATE TRIGGER ledger_checkpoint_no_replace BEFORE INSERT ON ledger_checkpoint WHEN "
        "EXISTS (SELECT 1 FROM ledger_checkpoint WHERE size = NEW.size) BEGIN SELECT "
        "RAISE(ABORT, 'ledger_checkpoint has this row already'); END",
        "CREATE TRIGGER derivation_no_update BEFORE UPDATE ON derivation BEGIN SELECT "
        "RAISE(ABORT, 'derivation is append-only'); END",
        "CREATE TRIGGER derivation_no_delete BEFORE DELETE ON derivation BEGIN SELECT "
        "RAISE(ABORT, 'derivation is append-only'); END",
        "CREATE TRIGGER derivation_no_replace BEFORE INSERT ON derivation WHEN EXISTS "
        "(SELECT 1 FROM derivation WHERE child = NEW.child AND parent = NEW.parent) BEGIN "
        "SELECT RAISE(ABORT, 'derivation has this row already'); END",
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head BEGIN SELECT "
        "RAISE(ABORT, 'ledger_head: nothing is deleted'); END",
        "CREATE TRIGGER ledger_head_kept BEFORE UPDATE ON ledger_head WHEN NEW.origin <> "
        "OLD.origin OR NEW.size < OLD.size BEGIN SELECT RAISE(ABORT, 'ledger_head: the "
        "ledger only grows'); END",
        "CREATE TRIGGER ledger_head_no_replace BEFORE INSERT ON ledger_head WHEN EXISTS "
        "(SELECT 1 FROM ledger_head WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, "
        "'ledger_head has this row already'); END",
        "CREATE TRIGGER subject_no_delete BEFORE DELETE ON subject BEGIN SELECT RAISE(ABORT, "
        "'subject: nothing is deleted'); END",
        "CREATE TRIGGER subject_kept BEFORE UPDATE ON subject WHEN NEW.code <> OLD.code OR "
        "NEW.kind <> OLD.kind OR NEW.created_at <> OLD.created_at BEGIN SELECT RAISE(ABORT, "
        "'subject: a code stays what it is'); END",
        "CREATE TRIGGER subject_no_replace BEFORE INSERT ON subject WHEN EXISTS (SELECT 1 "
        "FROM subject WHERE code = NEW.code) BEGIN SELECT RAISE(ABORT, 'subject has this row "
        "already'); END",
        "CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, "
        "'hold: nothing is deleted'); END",
        "CREATE TRIGGER hold_kept BEFORE UPDATE ON hold WHEN OLD.lifted_by_event IS NOT NULL "
        "OR NEW.code <> OLD.code OR NEW.reason <> OLD.reason OR NEW.set_at <> OLD.set_at OR "
        "NEW.set_by_event IS NULL OR CASE WHEN OLD.set_by_event IS NULL THEN "
        "NEW.lifted_by_event IS NOT NULL ELSE NEW.set_by_event <> OLD.set_by_event OR "
        "NEW.lifted_by_event IS NULL END BEGIN SELECT RAISE(ABORT, 'hold: a hold is only "
        "ever recorded once and lifted once'); END",
        "CREATE TRIGGER hold_no_replace BEFORE INSERT ON hold WHEN EXISTS (SELECT 1 FROM "
        "hold WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'hold has this row already'); END",
        "CREATE TRIGGER possession_no_delete BEFORE DELETE ON possession BEGIN SELECT "
        "RAISE(ABORT, 'possession: nothing is deleted'); END",
        "CREATE TRIGGER possession_kept BEFORE UPDATE ON possession WHEN OLD.ended_at IS NOT "
        "NULL OR NEW.ended_at IS NULL OR NEW.code <> OLD.code OR NEW.number <> OLD.number OR "
        "NEW.holder <> OLD.holder OR NEW.place <> OLD.place OR NEW.position <> OLD.position "
        "OR NEW.began_at <> OLD.began_at OR NEW.began_event <> OLD.began_event BEGIN SELECT "
        "RAISE(ABORT, 'possession: an interval is only ever ended, once'); END",
        "CREATE TRIGGER possession_no_replace BEFORE INSERT ON possession WHEN EXISTS "
        "(SELECT 1 FROM possession WHERE code = NEW.code AND number = NEW.number) BEGIN "
        "SELECT RAISE(ABORT, 'possession has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "ledger_checkpoint",
        sa.Column(
            "size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_event",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("sseq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("idem", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_ledger_event")),
        sa.UniqueConstraint("idem", name=op.f("uq_ledger_event_idem")),
        sa.UniqueConstraint("stream", "sseq", name=op.f("uq_ledger_event_stream_sseq")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "idx",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("h", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_ledger_node")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_stream",
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_ledger_stream")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ledger_stream_bucket"), "ledger_stream", ["bucket"], unique=False)
    op.create_table(
        "ledger_stream_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("h", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_ledger_stream_node")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subject",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "B",
                "R",
                "A",
                "X",
                "P",
                "C",
                "L",
                "K",
                "T",
                "M",
                "G",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_subject")),
    )
    op.create_index("ix_subject_waiting", "subject", ["kind", "state", "created_at"], unique=False)
    op.create_table(
        "derivation",
        sa.Column("child", sa.String(length=9), nullable=False),
        sa.Column("parent", sa.String(length=9), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.CheckConstraint("child <> parent", name=op.f("ck_derivation_not_itself")),
        sa.ForeignKeyConstraint(["child"], ["subject.code"], name=op.f("fk_derivation_child")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["ledger_event.event_id"],
            name=op.f("fk_derivation_event_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["parent"], ["subject.code"], name=op.f("fk_derivation_parent")),
        sa.PrimaryKeyConstraint("child", "parent", name=op.f("pk_derivation")),
    )
    op.create_index(op.f("ix_derivation_event_id"), "derivation", ["event_id"], unique=False)
    op.create_index(op.f("ix_derivation_parent"), "derivation", ["parent"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "seal",
                "label",
                "control",
                "contamination",
                "discrepancy",
                "consent",
                "incident",
                "coordination",
                "request",
                name="holdreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("set_by_event", sa.String(length=36), nullable=True),
        sa.Column("set_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by_event", sa.String(length=36), nullable=True),
        sa.Column("lifted_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "set_by_event IS NOT NULL OR reason = 'consent'", name=op.f("ck_hold_recorded")
        ),
        sa.CheckConstraint(
            "(lifted_by_event IS NULL) = (lifted_at IS NULL)", name=op.f("ck_hold_lifted")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_hold_code")),
        sa.ForeignKeyConstraint(
            ["lifted_by_event"],
            ["ledger_event.event_id"],
            name=op.f("fk_hold_lifted_by_event"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["set_by_event"],
            ["ledger_event.event_id"],
            name=op.f("fk_hold_set_by_event"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("lifted_by_event", name=op.f("uq_hold_lifted_by_event")),
        sa.UniqueConstraint("set_by_event", name=op.f("uq_hold_set_by_event")),
    )
    op.create_index(op.f("ix_hold_code"), "hold", ["code"], unique=False)
    op.create_index(
        "ix_hold_standing",
        "hold",
        ["code"],
        unique=False,
        sqlite_where=sa.text("lifted_by_event IS NULL"),
        postgresql_where=sa.text("lifted_by_event IS NULL"),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column(
            "idx",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["ledger_event.event_id"], name=op.f("fk_ledger_leaf_event_id")
        ),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_ledger_leaf")),
        sa.UniqueConstraint("event_id", name=op.f("uq_ledger_leaf_event_id")),
    )
    op.create_table(
        "possession",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column(
            "following",
            sa.Integer(),
            sa.Computed("CASE WHEN ended_at IS NULL THEN NULL ELSE number + 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column("began_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("began_event", sa.String(length=36), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_event", sa.String(length=36), nullable=True),
        sa.Column("fork", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_event IS NULL) AND (ended_at IS NULL) = (fork IS NULL)",
            name=op.f("ck_possession_ended"),
        ),
        sa.CheckConstraint(
            "(number = 1 AND previous IS NULL) OR (number > 1 AND previous IS NOT NULL AND previous = number - 1)",
            name=op.f("ck_possession_follows"),
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_possession_in_time")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_possession_counted")),
        sa.ForeignKeyConstraint(
            ["began_event"],
            ["ledger_event.event_id"],
            name=op.f("fk_possession_began_event"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["code", "following", "ended_at"],
            ["possession.code", "possession.number", "possession.began_at"],
            name="followed",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["code", "previous", "began_at"],
            ["possession.code", "possession.number", "possession.ended_at"],
            name=op.f("fk_possession_code_previous_began_at"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_possession_code")),
        sa.ForeignKeyConstraint(
            ["ended_event"],
            ["ledger_event.event_id"],
            name=op.f("fk_possession_ended_event"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("code", "number", name=op.f("pk_possession")),
        sa.UniqueConstraint(
            "code", "number", "began_at", name=op.f("uq_possession_code_number_began_at")
        ),
        sa.UniqueConstraint(
            "code", "number", "ended_at", name=op.f("uq_possession_code_number_ended_at")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_possession_holder_now",
        "possession",
        ["holder", "code"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_possession_holder_then",
        "possession",
        ["holder", "fork"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_possession_place_now",
        "possession",
        ["place", "code"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_possession_place_then",
        "possession",
        ["place", "fork"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "uq_possession_standing",
        "possession",
        ["code"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
