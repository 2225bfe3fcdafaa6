# SPDX-License-Identifier: Apache-2.0
"""The first tables of equipment."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER consumable_no_delete BEFORE DELETE OR TRUNCATE ON consumable FOR "
        "EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER consumable_kept BEFORE UPDATE ON consumable FOR EACH ROW WHEN "
        "(NEW.id IS DISTINCT FROM OLD.id OR NEW.instrument_code IS DISTINCT FROM "
        "OLD.instrument_code OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.lot_code IS "
        "DISTINCT FROM OLD.lot_code OR NEW.number IS DISTINCT FROM OLD.number OR "
        "NEW.expires IS DISTINCT FROM OLD.expires OR NEW.most_injections IS DISTINCT "
        "FROM OLD.most_injections OR NEW.most_runs IS DISTINCT FROM OLD.most_runs OR "
        "NEW.installed_at IS DISTINCT FROM OLD.installed_at OR NEW.installed_by IS "
        "DISTINCT FROM OLD.installed_by OR (OLD.removed_at IS NOT NULL AND "
        "(NEW.removed_at IS DISTINCT FROM OLD.removed_at))) EXECUTE FUNCTION "
        "osteon_refuse('removed_at is written once, and nothing else changes')",
        "CREATE TRIGGER consumable_use_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON consumable_use FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER instrument_upkeep_append_only BEFORE UPDATE OR DELETE OR "
        "TRUNCATE ON instrument_upkeep FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('it is append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER consumable_no_delete BEFORE DELETE ON consumable BEGIN SELECT "
        "RAISE(ABORT, 'consumable: nothing is deleted'); END",
        "CREATE TRIGGER consumable_kept BEFORE UPDATE ON consumable WHEN NEW.id IS NOT "
        "OLD.id OR NEW.instrument_code IS NOT OLD.instrument_code OR NEW.kind IS NOT "
        "OLD.kind OR NEW.lot_code IS NOT OLD.lot_code OR NEW.number IS NOT OLD.number OR "
        "NEW.expires IS NOT OLD.expires OR NEW.most_injections IS NOT OLD.most_injections OR "
        "NEW.most_runs IS NOT OLD.most_runs OR NEW.installed_at IS NOT OLD.installed_at OR "
        "NEW.installed_by IS NOT OLD.installed_by OR (OLD.removed_at IS NOT NULL AND "
        "(NEW.removed_at IS NOT OLD.removed_at)) BEGIN SELECT RAISE(ABORT, 'consumable: "
        "removed_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER consumable_no_replace BEFORE INSERT ON consumable WHEN EXISTS "
        "(SELECT 1 FROM consumable WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'consumable "
        "has this row already'); END",
        "CREATE TRIGGER consumable_use_no_update BEFORE UPDATE ON consumable_use BEGIN "
        "SELECT RAISE(ABORT, 'consumable_use is append-only'); END",
        "CREATE TRIGGER consumable_use_no_delete BEFORE DELETE ON consumable_use BEGIN "
        "SELECT RAISE(ABORT, 'consumable_use is append-only'); END",
        "CREATE TRIGGER consumable_use_no_replace BEFORE INSERT ON consumable_use WHEN "
        "EXISTS (SELECT 1 FROM consumable_use WHERE (id = NEW.id) OR (consumable_id = "
        "NEW.consumable_id AND run = NEW.run)) BEGIN SELECT RAISE(ABORT, 'consumable_use has "
        "this row already'); END",
        "CREATE TRIGGER instrument_upkeep_no_update BEFORE UPDATE ON instrument_upkeep BEGIN "
        "SELECT RAISE(ABORT, 'instrument_upkeep is append-only'); END",
        "CREATE TRIGGER instrument_upkeep_no_delete BEFORE DELETE ON instrument_upkeep BEGIN "
        "SELECT RAISE(ABORT, 'instrument_upkeep is append-only'); END",
        "CREATE TRIGGER instrument_upkeep_no_replace BEFORE INSERT ON instrument_upkeep WHEN "
        "EXISTS (SELECT 1 FROM instrument_upkeep WHERE id = NEW.id) BEGIN SELECT "
        "RAISE(ABORT, 'instrument_upkeep has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "instrument",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "pipette",
                "hood",
                "thermal cycler",
                "quantification instrument",
                "genetic analyzer",
                "balance",
                "freezer",
                "other",
                name="instrumentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("calibration_due", sa.Date(), nullable=False),
        sa.Column("out_since", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("out_by", sa.String(length=80), nullable=False),
        sa.Column("out_reason", sa.String(length=200), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(out_since IS NULL) = (out_by = '')", name=op.f("ck_instrument_out")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_instrument_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_instrument")),
        sa.UniqueConstraint("name", name=op.f("uq_instrument_name")),
    )
    op.create_index(op.f("ix_instrument_serial"), "instrument", ["serial"], unique=False)
    op.create_table(
        "consumable",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instrument_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "capillary array",
                "polymer",
                "anode buffer",
                "cathode buffer",
                "septa",
                name="consumablekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("lot_code", sa.String(length=9), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("most_injections", sa.Integer(), nullable=True),
        sa.Column("most_runs", sa.Integer(), nullable=True),
        sa.Column("injections", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("installed_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("installed_by", sa.String(length=80), nullable=False),
        sa.Column("removed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("injections >= 0 AND runs >= 0", name=op.f("ck_consumable_counts")),
        sa.ForeignKeyConstraint(
            ["instrument_code"], ["instrument.code"], name=op.f("fk_consumable_instrument_code")
        ),
        sa.ForeignKeyConstraint(
            ["lot_code"], ["subject.code"], name=op.f("fk_consumable_lot_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumable")),
    )
    op.create_index(
        op.f("ix_consumable_instrument_code"), "consumable", ["instrument_code"], unique=False
    )
    op.create_index(op.f("ix_consumable_lot_code"), "consumable", ["lot_code"], unique=False)
    op.create_index(
        "uq_consumable_installed",
        "consumable",
        ["instrument_code", "kind"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "instrument_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instrument_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "calibration",
                "maintenance",
                name="plankind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("interval_days", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.CheckConstraint("interval_days > 0", name=op.f("ck_instrument_plan_interval")),
        sa.ForeignKeyConstraint(
            ["instrument_code"],
            ["instrument.code"],
            name=op.f("fk_instrument_plan_instrument_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_plan")),
        sa.UniqueConstraint(
            "instrument_code", "name", name=op.f("uq_instrument_plan_instrument_code_name")
        ),
    )
    op.create_index(op.f("ix_instrument_plan_due"), "instrument_plan", ["due"], unique=False)
    op.create_index(
        op.f("ix_instrument_plan_instrument_code"),
        "instrument_plan",
        ["instrument_code"],
        unique=False,
    )
    op.create_table(
        "consumable_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "consumable_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("plate_code", sa.String(length=9), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("injections", sa.Integer(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumable_id"], ["consumable.id"], name=op.f("fk_consumable_use_consumable_id")
        ),
        sa.ForeignKeyConstraint(
            ["plate_code"], ["subject.code"], name=op.f("fk_consumable_use_plate_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumable_use")),
        sa.UniqueConstraint(
            "consumable_id", "run", name=op.f("uq_consumable_use_consumable_id_run")
        ),
    )
    op.create_index(
        op.f("ix_consumable_use_consumable_id"), "consumable_use", ["consumable_id"], unique=False
    )
    op.create_index(
        op.f("ix_consumable_use_plate_code"), "consumable_use", ["plate_code"], unique=False
    )
    op.create_table(
        "instrument_upkeep",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("done_by", sa.String(length=80), nullable=False),
        sa.Column("certificate", sa.String(length=120), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["instrument_plan.id"], name=op.f("fk_instrument_upkeep_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_upkeep")),
    )
    op.create_index(
        op.f("ix_instrument_upkeep_plan_id"), "instrument_upkeep", ["plan_id"], unique=False
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
