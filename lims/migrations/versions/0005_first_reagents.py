# SPDX-License-Identifier: Apache-2.0
"""The first tables of reagents."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER lot_no_delete BEFORE DELETE OR TRUNCATE ON lot FOR EACH "
        "STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER lot_kept BEFORE UPDATE ON lot FOR EACH ROW WHEN (NEW.code IS "
        "DISTINCT FROM OLD.code OR NEW.reagent_id IS DISTINCT FROM OLD.reagent_id OR "
        "NEW.reagent IS DISTINCT FROM OLD.reagent OR NEW.activity IS DISTINCT FROM "
        "OLD.activity OR NEW.number IS DISTINCT FROM OLD.number OR NEW.expires IS "
        "DISTINCT FROM OLD.expires OR NEW.received_on IS DISTINCT FROM OLD.received_on "
        "OR NEW.received_by IS DISTINCT FROM OLD.received_by OR NEW.condition IS "
        "DISTINCT FROM OLD.condition OR NEW.certificate IS DISTINCT FROM OLD.certificate "
        "OR NEW.seal IS DISTINCT FROM OLD.seal OR NEW.registered_at IS DISTINCT FROM "
        "OLD.registered_at OR (OLD.released_at IS NOT NULL AND (NEW.released_at IS "
        "DISTINCT FROM OLD.released_at OR NEW.released_by IS DISTINCT FROM "
        "OLD.released_by OR NEW.tested IS DISTINCT FROM OLD.tested))) EXECUTE FUNCTION "
        "osteon_refuse('released_at is written once, and nothing else changes')",
        "CREATE TRIGGER lot_act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "lot_act FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')",
        "CREATE TRIGGER lot_container_no_delete BEFORE DELETE OR TRUNCATE ON "
        "lot_container FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is "
        "deleted')",
        "CREATE TRIGGER lot_container_kept BEFORE UPDATE ON lot_container FOR EACH ROW "
        "WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.lot_code IS DISTINCT FROM "
        "OLD.lot_code OR NEW.number IS DISTINCT FROM OLD.number OR NEW.amount IS "
        "DISTINCT FROM OLD.amount OR (OLD.opened_at IS NOT NULL AND (NEW.opened_at IS "
        "DISTINCT FROM OLD.opened_at OR NEW.opened_by IS DISTINCT FROM OLD.opened_by))) "
        "EXECUTE FUNCTION osteon_refuse('opened_at is written once, and nothing else "
        "changes')",
        "CREATE TRIGGER reagent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "reagent FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER lot_no_delete BEFORE DELETE ON lot BEGIN SELECT RAISE(ABORT, 'lot: "
        "nothing is deleted'); END",
        "CREATE TRIGGER lot_kept BEFORE UPDATE ON lot WHEN NEW.code IS NOT OLD.code OR "
        "NEW.reagent_id IS NOT OLD.reagent_id OR NEW.reagent IS NOT OLD.reagent OR "
        "NEW.activity IS NOT OLD.activity OR NEW.number IS NOT OLD.number OR NEW.expires IS "
        "NOT OLD.expires OR NEW.received_on IS NOT OLD.received_on OR NEW.received_by IS NOT "
        "OLD.received_by OR NEW.condition IS NOT OLD.condition OR NEW.certificate IS NOT "
        "OLD.certificate OR NEW.seal IS NOT OLD.seal OR NEW.registered_at IS NOT "
        "OLD.registered_at OR (OLD.released_at IS NOT NULL AND (NEW.released_at IS NOT "
        "OLD.released_at OR NEW.released_by IS NOT OLD.released_by OR NEW.tested IS NOT "
        "OLD.tested)) BEGIN SELECT RAISE(ABORT, 'lot: released_at is written once, and "
        "nothing else changes'); END",
        "CREATE TRIGGER lot_no_replace BEFORE INSERT ON lot WHEN EXISTS (SELECT 1 FROM lot "
        "WHERE (code = NEW.code) OR (reagent_id = NEW.reagent_id AND number = NEW.number)) "
        "BEGIN SELECT RAISE(ABORT, 'lot has this row already'); END",
        "CREATE TRIGGER lot_act_no_update BEFORE UPDATE ON lot_act BEGIN SELECT RAISE(ABORT, "
        "'lot_act is append-only'); END",
        "CREATE TRIGGER lot_act_no_delete BEFORE DELETE ON lot_act BEGIN SELECT RAISE(ABORT, "
        "'lot_act is append-only'); END",
        "CREATE TRIGGER lot_act_no_replace BEFORE INSERT ON lot_act WHEN EXISTS (SELECT 1 "
        "FROM lot_act WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'lot_act has this row "
        "already'); END",
        "CREATE TRIGGER lot_container_no_delete BEFORE DELETE ON lot_container BEGIN SELECT "
        "RAISE(ABORT, 'lot_container: nothing is deleted'); END",
        "CREATE TRIGGER lot_container_kept BEFORE UPDATE ON lot_container WHEN NEW.id IS NOT "
        "OLD.id OR NEW.lot_code IS NOT OLD.lot_code OR NEW.number IS NOT OLD.number OR "
        "NEW.amount IS NOT OLD.amount OR (OLD.opened_at IS NOT NULL AND (NEW.opened_at IS "
        "NOT OLD.opened_at OR NEW.opened_by IS NOT OLD.opened_by)) BEGIN SELECT RAISE(ABORT, "
        "'lot_container: opened_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER lot_container_no_replace BEFORE INSERT ON lot_container WHEN EXISTS "
        "(SELECT 1 FROM lot_container WHERE (id = NEW.id) OR (lot_code = NEW.lot_code AND "
        "number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'lot_container has this row "
        "already'); END",
        "CREATE TRIGGER reagent_no_update BEFORE UPDATE ON reagent BEGIN SELECT RAISE(ABORT, "
        "'reagent is append-only'); END",
        "CREATE TRIGGER reagent_no_delete BEFORE DELETE ON reagent BEGIN SELECT RAISE(ABORT, "
        "'reagent is append-only'); END",
        "CREATE TRIGGER reagent_no_replace BEFORE INSERT ON reagent WHEN EXISTS (SELECT 1 "
        "FROM reagent WHERE (id = NEW.id) OR (name = NEW.name AND activity = NEW.activity)) "
        "BEGIN SELECT RAISE(ABORT, 'reagent has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "reagent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
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
        sa.Column("maker", sa.String(length=80), nullable=False),
        sa.Column("catalogue_number", sa.String(length=60), nullable=False),
        sa.Column(
            "unit",
            sa.Enum(
                "nl",
                "ug",
                "reaction",
                "piece",
                name="reagentunit",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("storage", sa.String(length=80), nullable=False),
        sa.Column("open_days", sa.Integer(), nullable=True),
        sa.Column("added_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("open_days IS NULL OR open_days > 0", name=op.f("ck_reagent_open_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reagent")),
        sa.UniqueConstraint("name", "activity", name=op.f("uq_reagent_name_activity")),
    )
    op.create_table(
        "lot",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "reagent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reagent", sa.String(length=80), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("use_by", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_by", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=120), nullable=False),
        sa.Column("certificate", sa.String(length=120), nullable=False),
        sa.Column("seal", sa.String(length=60), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("released_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("tested", sa.String(length=300), nullable=False),
        sa.Column("quarantined_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("quarantined_by", sa.String(length=80), nullable=False),
        sa.Column("quarantine_reason", sa.String(length=200), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_lot_release")
        ),
        sa.CheckConstraint("released_by <> received_by", name=op.f("ck_lot_second_person")),
        sa.CheckConstraint("use_by <= expires", name=op.f("ck_lot_not_longer")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_lot_code")),
        sa.ForeignKeyConstraint(["reagent_id"], ["reagent.id"], name=op.f("fk_lot_reagent_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_lot")),
        sa.UniqueConstraint("reagent_id", "number", name=op.f("uq_lot_reagent_id_number")),
    )
    op.create_index(op.f("ix_lot_reagent"), "lot", ["reagent"], unique=False)
    op.create_index(op.f("ix_lot_reagent_id"), "lot", ["reagent_id"], unique=False)
    op.create_index("ix_lot_use_by", "lot", ["use_by", "code"], unique=False)
    op.create_table(
        "lot_act",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_code", sa.String(length=9), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "received",
                "released",
                "opened",
                "quarantined",
                "lifted",
                "used",
                "corrected",
                "empty",
                "discarded",
                name="lotactkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("container", sa.Integer(), nullable=True),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("work_code", sa.String(length=9), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["lot_code"], ["lot.code"], name=op.f("fk_lot_act_lot_code")),
        sa.ForeignKeyConstraint(["work_code"], ["subject.code"], name=op.f("fk_lot_act_work_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_act")),
    )
    op.create_index("ix_lot_act_lot", "lot_act", ["lot_code", "id"], unique=False)
    op.create_index(op.f("ix_lot_act_work_code"), "lot_act", ["work_code"], unique=False)
    op.create_table(
        "lot_container",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "end",
            sa.Enum(
                "empty",
                "discarded",
                name="containerend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("end_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            '(ended_at IS NULL) = ("end" IS NULL)', name=op.f("ck_lot_container_ending")
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (opened_by IS NULL)", name=op.f("ck_lot_container_opening")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lot_container_amount")),
        sa.CheckConstraint(
            "used >= 0 AND used <= amount", name=op.f("ck_lot_container_not_below_nothing")
        ),
        sa.ForeignKeyConstraint(["lot_code"], ["lot.code"], name=op.f("fk_lot_container_lot_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_container")),
        sa.UniqueConstraint("lot_code", "number", name=op.f("uq_lot_container_lot_code_number")),
    )
    op.create_index(op.f("ix_lot_container_lot_code"), "lot_container", ["lot_code"], unique=False)
    op.create_index(
        "uq_container_open",
        "lot_container",
        ["lot_code"],
        unique=True,
        sqlite_where=sa.text("opened_at IS NOT NULL AND ended_at IS NULL"),
        postgresql_where=sa.text("opened_at IS NOT NULL AND ended_at IS NULL"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
