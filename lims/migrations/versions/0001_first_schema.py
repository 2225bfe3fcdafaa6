# SPDX-License-Identifier: Apache-2.0
"""The first schema."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TRIGGERS = {
    "postgresql": [
        (
            "CREATE FUNCTION osteon_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
        ),
        (
            "CREATE TRIGGER ledger_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_event FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ),
        (
            "CREATE TRIGGER ledger_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ),
        (
            "CREATE TRIGGER ledger_node_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ),
        (
            "CREATE TRIGGER ledger_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ),
        (
            "CREATE TRIGGER derivation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON derivation FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ),
        (
            "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE OR TRUNCATE ON ledger_head FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')"
        ),
        (
            "CREATE TRIGGER ledger_head_kept BEFORE UPDATE ON ledger_head FOR EACH ROW WHEN (NEW.origin <> OLD.origin OR NEW.size < OLD.size) EXECUTE FUNCTION osteon_refuse('the ledger only grows')"
        ),
        (
            "CREATE TRIGGER subject_no_delete BEFORE DELETE OR TRUNCATE ON subject FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')"
        ),
        (
            "CREATE TRIGGER subject_kept BEFORE UPDATE ON subject FOR EACH ROW WHEN (NEW.code <> OLD.code OR NEW.kind <> OLD.kind OR NEW.created_at <> OLD.created_at) EXECUTE FUNCTION osteon_refuse('a code stays what it is')"
        ),
        (
            "CREATE TRIGGER hold_no_delete BEFORE DELETE OR TRUNCATE ON hold FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')"
        ),
        (
            "CREATE TRIGGER hold_kept BEFORE UPDATE ON hold FOR EACH ROW WHEN (OLD.lifted_by_event IS NOT NULL OR NEW.lifted_by_event IS NULL OR NEW.code <> OLD.code OR NEW.reason <> OLD.reason OR NEW.set_by_event <> OLD.set_by_event OR NEW.set_at <> OLD.set_at) EXECUTE FUNCTION osteon_refuse('a hold is only ever lifted, once')"
        ),
    ],
    "sqlite": [
        (
            "CREATE TRIGGER ledger_event_no_update BEFORE UPDATE ON ledger_event BEGIN SELECT RAISE(ABORT, 'ledger_event is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_event_no_delete BEFORE DELETE ON ledger_event BEGIN SELECT RAISE(ABORT, 'ledger_event is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_event_no_replace BEFORE INSERT ON ledger_event WHEN EXISTS (SELECT 1 FROM ledger_event WHERE (event_id = NEW.event_id) OR (idem = NEW.idem) OR (stream = NEW.stream AND sseq = NEW.sseq)) BEGIN SELECT RAISE(ABORT, 'ledger_event has this row already'); END"
        ),
        (
            "CREATE TRIGGER ledger_leaf_no_update BEFORE UPDATE ON ledger_leaf BEGIN SELECT RAISE(ABORT, 'ledger_leaf is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_leaf_no_delete BEFORE DELETE ON ledger_leaf BEGIN SELECT RAISE(ABORT, 'ledger_leaf is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_leaf_no_replace BEFORE INSERT ON ledger_leaf WHEN EXISTS (SELECT 1 FROM ledger_leaf WHERE (idx = NEW.idx) OR (event_id = NEW.event_id)) BEGIN SELECT RAISE(ABORT, 'ledger_leaf has this row already'); END"
        ),
        (
            "CREATE TRIGGER ledger_node_no_update BEFORE UPDATE ON ledger_node BEGIN SELECT RAISE(ABORT, 'ledger_node is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_node_no_delete BEFORE DELETE ON ledger_node BEGIN SELECT RAISE(ABORT, 'ledger_node is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_node_no_replace BEFORE INSERT ON ledger_node WHEN EXISTS (SELECT 1 FROM ledger_node WHERE (level = NEW.level AND idx = NEW.idx)) BEGIN SELECT RAISE(ABORT, 'ledger_node has this row already'); END"
        ),
        (
            "CREATE TRIGGER ledger_checkpoint_no_update BEFORE UPDATE ON ledger_checkpoint BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_checkpoint_no_delete BEFORE DELETE ON ledger_checkpoint BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint is append-only'); END"
        ),
        (
            "CREATE TRIGGER ledger_checkpoint_no_replace BEFORE INSERT ON ledger_checkpoint WHEN EXISTS (SELECT 1 FROM ledger_checkpoint WHERE (size = NEW.size)) BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint has this row already'); END"
        ),
        (
            "CREATE TRIGGER derivation_no_update BEFORE UPDATE ON derivation BEGIN SELECT RAISE(ABORT, 'derivation is append-only'); END"
        ),
        (
            "CREATE TRIGGER derivation_no_delete BEFORE DELETE ON derivation BEGIN SELECT RAISE(ABORT, 'derivation is append-only'); END"
        ),
        (
            "CREATE TRIGGER derivation_no_replace BEFORE INSERT ON derivation WHEN EXISTS (SELECT 1 FROM derivation WHERE (child = NEW.child AND parent = NEW.parent)) BEGIN SELECT RAISE(ABORT, 'derivation has this row already'); END"
        ),
        (
            "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head BEGIN SELECT RAISE(ABORT, 'ledger_head: nothing is deleted'); END"
        ),
        (
            "CREATE TRIGGER ledger_head_kept BEFORE UPDATE ON ledger_head WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size BEGIN SELECT RAISE(ABORT, 'ledger_head: the ledger only grows'); END"
        ),
        (
            "CREATE TRIGGER ledger_head_no_replace BEFORE INSERT ON ledger_head WHEN EXISTS (SELECT 1 FROM ledger_head WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'ledger_head has this row already'); END"
        ),
        (
            "CREATE TRIGGER subject_no_delete BEFORE DELETE ON subject BEGIN SELECT RAISE(ABORT, 'subject: nothing is deleted'); END"
        ),
        (
            "CREATE TRIGGER subject_kept BEFORE UPDATE ON subject WHEN NEW.code <> OLD.code OR NEW.kind <> OLD.kind OR NEW.created_at <> OLD.created_at BEGIN SELECT RAISE(ABORT, 'subject: a code stays what it is'); END"
        ),
        (
            "CREATE TRIGGER subject_no_replace BEFORE INSERT ON subject WHEN EXISTS (SELECT 1 FROM subject WHERE code = NEW.code) BEGIN SELECT RAISE(ABORT, 'subject has this row already'); END"
        ),
        (
            "CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'hold: nothing is deleted'); END"
        ),
        (
            "CREATE TRIGGER hold_kept BEFORE UPDATE ON hold WHEN OLD.lifted_by_event IS NOT NULL OR NEW.lifted_by_event IS NULL OR NEW.code <> OLD.code OR NEW.reason <> OLD.reason OR NEW.set_by_event <> OLD.set_by_event OR NEW.set_at <> OLD.set_at BEGIN SELECT RAISE(ABORT, 'hold: a hold is only ever lifted, once'); END"
        ),
        (
            "CREATE TRIGGER hold_no_replace BEFORE INSERT ON hold WHEN EXISTS (SELECT 1 FROM hold WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'hold has this row already'); END"
        ),
    ],
}


def upgrade() -> None:
    """Create every table, constraint, index and trigger."""
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
        sa.Column("valid_from", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_procedure_name_version")),
    )
    op.create_table(
        "refused_sign_in",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_refused_sign_in")),
    )
    op.create_table(
        "request_key",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("act", sa.String(length=120), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_key")),
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
        sa.Column("issued_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_badge_code")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_badge_person_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_badge")),
    )
    op.create_index(op.f("ix_badge_person_id"), "badge", ["person_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("code", sa.String(length=9), nullable=False),
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
            nullable=False,
        ),
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("completed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_batch_code")),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_batch_procedure_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_batch")),
    )
    op.create_table(
        "batch_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_code", sa.String(length=9), nullable=False),
        sa.Column("used_code", sa.String(length=9), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_batch_use_subject_code")
        ),
        sa.ForeignKeyConstraint(
            ["used_code"], ["subject.code"], name=op.f("fk_batch_use_used_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_use")),
        sa.UniqueConstraint(
            "subject_code", "used_code", name=op.f("uq_batch_use_subject_code_used_code")
        ),
    )
    op.create_index(op.f("ix_batch_use_subject_code"), "batch_use", ["subject_code"], unique=False)
    op.create_index(op.f("ix_batch_use_used_code"), "batch_use", ["used_code"], unique=False)
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
        sa.Column("set_by_event", sa.String(length=36), nullable=False),
        sa.Column("set_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by_event", sa.String(length=36), nullable=True),
        sa.Column("lifted_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
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
    op.create_index(
        "ix_hold_standing",
        "hold",
        ["code"],
        unique=False,
        sqlite_where=sa.text("lifted_by_event IS NULL"),
        postgresql_where=sa.text("lifted_by_event IS NULL"),
    )
    op.create_table(
        "instrument",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("calibration_due", sa.Date(), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_instrument_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_instrument")),
        sa.UniqueConstraint("name", name=op.f("uq_instrument_name")),
    )
    op.create_index(op.f("ix_instrument_serial"), "instrument", ["serial"], unique=False)
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
        "lot",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("reagent", sa.String(length=80), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("released_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_lot_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_lot")),
        sa.UniqueConstraint("reagent", "number", name=op.f("uq_lot_reagent_number")),
    )
    op.create_index(op.f("ix_lot_reagent"), "lot", ["reagent"], unique=False)
    op.create_table(
        "plate",
        sa.Column("code", sa.String(length=9), nullable=False),
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
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kit", sa.String(length=60), nullable=False),
        sa.Column("size_standard", sa.String(length=60), nullable=False),
        sa.Column("made_from", sa.String(length=9), nullable=True),
        sa.Column("file_plate_name", sa.String(length=120), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("completed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_plate_code")),
        sa.ForeignKeyConstraint(["made_from"], ["plate.code"], name=op.f("fk_plate_made_from")),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_plate_procedure_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plate")),
    )
    op.create_index(op.f("ix_plate_made_from"), "plate", ["made_from"], unique=False)
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
        "sample",
        sa.Column("code", sa.String(length=9), nullable=False),
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
            nullable=False,
        ),
        sa.Column(
            "material",
            sa.Enum(
                "bone",
                "tooth",
                "blood card",
                "buccal swab",
                name="material",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("element", sa.String(length=40), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "left",
                "right",
                "midline",
                "unknown",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column(
            "expected_sex",
            sa.Enum(
                "F",
                "M",
                "?",
                name="expectedsex",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("site_group", sa.String(length=12), nullable=False),
        sa.Column("burial_condition", sa.String(length=12), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(line = 'bone') = (material IN ('bone', 'tooth'))",
            name=op.f("ck_sample_material_of_line"),
        ),
        sa.CheckConstraint(
            "line <> 'bone' OR (element <> '' AND mass_ug > 0)", name=op.f("ck_sample_bone")
        ),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_sample_mass")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_sample_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_sample")),
    )
    op.create_index(op.f("ix_sample_line"), "sample", ["line"], unique=False)
    op.create_index("ix_sample_registered", "sample", ["registered_at", "code"], unique=False)
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
        "uq_agent_key_live_station",
        "agent_key",
        ["station_code"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "aliquot",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "powder",
                "punch",
                "lysate",
                "dilution",
                name="aliquotkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column("volume_nl", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "kind <> 'powder' OR mass_ug IS NOT NULL", name=op.f("ck_aliquot_powder_has_mass")
        ),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_aliquot_mass")),
        sa.CheckConstraint("volume_nl IS NULL OR volume_nl > 0", name=op.f("ck_aliquot_volume")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_aliquot_code")),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["sample.code"], name=op.f("fk_aliquot_sample_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_aliquot")),
    )
    op.create_index(op.f("ix_aliquot_sample_code"), "aliquot", ["sample_code"], unique=False)
    op.create_table(
        "batch_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "sample",
                "blank",
                "positive",
                "negative",
                "ladder",
                "standard",
                name="wellrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_code", sa.String(length=9), nullable=True),
        sa.Column("placed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(role = 'blank') = (subject_code IS NULL)", name=op.f("ck_batch_member_blank_is_empty")
        ),
        sa.ForeignKeyConstraint(
            ["batch_code"], ["batch.code"], name=op.f("fk_batch_member_batch_code")
        ),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_batch_member_subject_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_member")),
    )
    op.create_index(
        op.f("ix_batch_member_batch_code"), "batch_member", ["batch_code"], unique=False
    )
    op.create_index(
        op.f("ix_batch_member_subject_code"), "batch_member", ["subject_code"], unique=False
    )
    op.create_index(
        "uq_member_position",
        "batch_member",
        ["batch_code", "position"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_index(
        "uq_member_subject",
        "batch_member",
        ["subject_code"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "bench_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
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
        "label_instance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payload", sa.String(length=11), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
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
        "ix_label_waiting",
        "label_instance",
        ["station_code", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
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
    op.create_table(
        "quantification_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_quantification_import_plate_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantification_import")),
        sa.UniqueConstraint("sha256", name=op.f("uq_quantification_import_sha256")),
    )
    op.create_index(
        op.f("ix_quantification_import_plate_code"),
        "quantification_import",
        ["plate_code"],
        unique=False,
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("instrument", sa.String(length=120), nullable=False),
        sa.Column("started", sa.String(length=40), nullable=False),
        sa.Column("kit", sa.String(length=60), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "passed",
                "passed with exceptions",
                "failed",
                name="runstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("consumables", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("imported_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["plate_code"], ["plate.code"], name=op.f("fk_run_plate_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_run_fingerprint")),
    )
    op.create_index(op.f("ix_run_plate_code"), "run", ["plate_code"], unique=False)
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
            ["station_code"], ["station.code"], name=op.f("fk_scan_record_station_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_record")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_scan_record_scan_id")),
    )
    op.create_index("ix_scan_record_recent", "scan_record", ["station_code", "id"], unique=False)
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
        sa.Column("changed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_station_state_station_code")
        ),
        sa.PrimaryKeyConstraint("station_code", name=op.f("pk_station_state")),
    )
    op.create_table(
        "well",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "sample",
                "blank",
                "positive",
                "negative",
                "ladder",
                "standard",
                name="wellrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_code", sa.String(length=9), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("volume_nl", sa.Integer(), nullable=True),
        sa.Column("file_sample_name", sa.String(length=120), nullable=False),
        sa.Column("filled_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("filled_by", sa.String(length=80), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "role NOT IN ('sample', 'blank') OR subject_code IS NOT NULL",
            name=op.f("ck_well_subject_of_sample"),
        ),
        sa.ForeignKeyConstraint(["plate_code"], ["plate.code"], name=op.f("fk_well_plate_code")),
        sa.ForeignKeyConstraint(["source_id"], ["well.id"], name=op.f("fk_well_source_id")),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_well_subject_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_well")),
    )
    op.create_index(op.f("ix_well_plate_code"), "well", ["plate_code"], unique=False)
    op.create_index(op.f("ix_well_subject_code"), "well", ["subject_code"], unique=False)
    op.create_index(
        "uq_well_filled",
        "well",
        ["plate_code", "position"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "extract",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("batch_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column("source_code", sa.String(length=9), nullable=True),
        sa.Column("is_blank", sa.Boolean(), nullable=False),
        sa.Column("volume_nl", sa.BigInteger(), nullable=False),
        sa.Column("used_nl", sa.BigInteger(), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "is_blank = (source_code IS NULL)", name=op.f("ck_extract_blank_has_no_source")
        ),
        sa.CheckConstraint("used_nl >= 0 AND used_nl <= volume_nl", name=op.f("ck_extract_used")),
        sa.CheckConstraint("volume_nl > 0", name=op.f("ck_extract_volume")),
        sa.ForeignKeyConstraint(["batch_code"], ["batch.code"], name=op.f("fk_extract_batch_code")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_extract_code")),
        sa.ForeignKeyConstraint(
            ["source_code"], ["aliquot.code"], name=op.f("fk_extract_source_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_extract")),
        sa.UniqueConstraint("batch_code", "position", name=op.f("uq_extract_batch_code_position")),
    )
    op.create_index(op.f("ix_extract_batch_code"), "extract", ["batch_code"], unique=False)
    op.create_index(op.f("ix_extract_source_code"), "extract", ["source_code"], unique=False)
    op.create_table(
        "quantification_curve",
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "target",
            sa.Enum(
                "small autosomal",
                "large autosomal",
                "Y",
                "IPC",
                name="target",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("slope_milli", sa.Integer(), nullable=False),
        sa.Column("intercept_milli", sa.Integer(), nullable=True),
        sa.Column("r2_ppm", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["quantification_import.id"],
            name=op.f("fk_quantification_curve_import_id"),
        ),
        sa.PrimaryKeyConstraint("import_id", "target", name=op.f("pk_quantification_curve")),
    )
    op.create_table(
        "run_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_file_run_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_run_file")),
    )
    op.create_index(op.f("ix_run_file_run_id"), "run_file", ["run_id"], unique=False)
    op.create_table(
        "amplification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("extract_volume_nl", sa.BigInteger(), nullable=False),
        sa.Column("dilution", sa.Integer(), nullable=False),
        sa.Column("drawn_nl", sa.BigInteger(), nullable=False),
        sa.Column("template_fg", sa.BigInteger(), nullable=True),
        sa.Column("low_template", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("amplified_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "number <= 1 OR reason <> ''", name=op.f("ck_amplification_repeat_has_reason")
        ),
        sa.CheckConstraint("dilution >= 1", name=op.f("ck_amplification_dilution")),
        sa.CheckConstraint("drawn_nl >= 0", name=op.f("ck_amplification_drawn")),
        sa.CheckConstraint("extract_volume_nl >= 0", name=op.f("ck_amplification_volume")),
        sa.CheckConstraint(
            "template_fg IS NULL OR template_fg >= 0", name=op.f("ck_amplification_template")
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_amplification_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_amplification_plate_code")
        ),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_amplification_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amplification")),
        sa.UniqueConstraint("well_id", name=op.f("uq_amplification_well_id")),
    )
    op.create_index(
        op.f("ix_amplification_extract_code"), "amplification", ["extract_code"], unique=False
    )
    op.create_index(
        op.f("ix_amplification_plate_code"), "amplification", ["plate_code"], unique=False
    )
    op.create_table(
        "injection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("sample_name", sa.String(length=200), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_injection_run_id")),
        sa.ForeignKeyConstraint(["sha256"], ["run_file.sha256"], name=op.f("fk_injection_sha256")),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_injection_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_injection")),
        sa.UniqueConstraint("identity", name=op.f("uq_injection_identity")),
        sa.UniqueConstraint("sha256", name=op.f("uq_injection_sha256")),
    )
    op.create_index(op.f("ix_injection_run_id"), "injection", ["run_id"], unique=False)
    op.create_index(op.f("ix_injection_well_id"), "injection", ["well_id"], unique=False)
    op.create_table(
        "quantity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=True),
        sa.Column(
            "target",
            sa.Enum(
                "small autosomal",
                "large autosomal",
                "Y",
                "IPC",
                name="target",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fg_per_ul", sa.BigInteger(), nullable=True),
        sa.Column("ct_milli", sa.Integer(), nullable=True),
        sa.Column("as_written", sa.String(length=40), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "fg_per_ul IS NULL OR fg_per_ul >= 0", name=op.f("ck_quantity_concentration")
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_quantity_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["quantification_import.id"], name=op.f("fk_quantity_import_id")
        ),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_quantity_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantity")),
    )
    op.create_index(op.f("ix_quantity_extract_code"), "quantity", ["extract_code"], unique=False)
    op.create_index(op.f("ix_quantity_import_id"), "quantity", ["import_id"], unique=False)
    op.create_index(op.f("ix_quantity_well_id"), "quantity", ["well_id"], unique=False)
    op.create_index(
        "uq_quantity_valid",
        "quantity",
        ["well_id", "target"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "quantity_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("extract_code", sa.String(length=9), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "step",
            sa.Enum(
                "amplify",
                "dilute",
                "low template",
                "re-extract",
                "repurify",
                "quantify again",
                name="nextstep",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fg_per_ul", sa.BigInteger(), nullable=True),
        sa.Column("volume_nl", sa.Integer(), nullable=True),
        sa.Column("dilution", sa.Integer(), nullable=False),
        sa.Column("drawn_nl", sa.Integer(), nullable=True),
        sa.Column("template_fg", sa.BigInteger(), nullable=True),
        sa.Column("low_template", sa.Boolean(), nullable=False),
        sa.Column("di_milli", sa.BigInteger(), nullable=True),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("ipc_shift_milli", sa.Integer(), nullable=True),
        sa.Column("inhibited", sa.Boolean(), nullable=False),
        sa.Column("made_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("voided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(volume_nl IS NULL) = (drawn_nl IS NULL)",
            name=op.f("ck_quantity_decision_plan_is_whole"),
        ),
        sa.CheckConstraint("dilution >= 1", name=op.f("ck_quantity_decision_dilution")),
        sa.CheckConstraint(
            "volume_nl IS NULL OR (volume_nl > 0 AND drawn_nl > 0)",
            name=op.f("ck_quantity_decision_volume"),
        ),
        sa.ForeignKeyConstraint(
            ["extract_code"], ["extract.code"], name=op.f("fk_quantity_decision_extract_code")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["quantification_import.id"], name=op.f("fk_quantity_decision_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["plate.code"], name=op.f("fk_quantity_decision_plate_code")
        ),
        sa.ForeignKeyConstraint(
            ["well_id"], ["well.id"], name=op.f("fk_quantity_decision_well_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quantity_decision")),
    )
    op.create_index(
        op.f("ix_quantity_decision_extract_code"),
        "quantity_decision",
        ["extract_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_quantity_decision_plate_code"), "quantity_decision", ["plate_code"], unique=False
    )
    op.create_index(
        "uq_quantity_decision_valid",
        "quantity_decision",
        ["extract_code"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "injection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule", sa.String(length=12), nullable=False),
        sa.Column("locus", sa.String(length=20), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "fail",
                "hold",
                "warn",
                "note",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("stops_run", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("do", sa.JSON(), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decision", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_finding_injection_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_finding_run_id")),
        sa.ForeignKeyConstraint(["well_id"], ["well.id"], name=op.f("fk_finding_well_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_injection_id"), "finding", ["injection_id"], unique=False)
    op.create_index(op.f("ix_finding_run_id"), "finding", ["run_id"], unique=False)
    op.create_table(
        "profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "injection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum(
                "accepted",
                "refused",
                "superseded",
                name="profilestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("kit", sa.String(length=60), nullable=False),
        sa.Column("alleles", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_profile_injection_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["sample.code"], name=op.f("fk_profile_sample_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("sample_code", "version", name=op.f("uq_profile_sample_code_version")),
    )
    op.create_index(op.f("ix_profile_injection_id"), "profile", ["injection_id"], unique=False)
    op.create_index(op.f("ix_profile_sample_code"), "profile", ["sample_code"], unique=False)
    op.create_index(
        "uq_profile_current",
        "profile",
        ["sample_code"],
        unique=True,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "injection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("submitted_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number IN (1, 2, 3)", name=op.f("ck_reading_number")),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_reading_injection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("injection_id", "number", name=op.f("uq_reading_injection_id_number")),
        sa.UniqueConstraint("injection_id", "reader", name=op.f("uq_reading_injection_id_reader")),
    )
    op.create_index(op.f("ix_reading_injection_id"), "reading", ["injection_id"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.DDL(ddl.replace("%", "%%")))
