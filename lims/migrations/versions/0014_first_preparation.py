# SPDX-License-Identifier: Apache-2.0
"""The first tables of preparation."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER cleaning_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "cleaning_step FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER laboratory_photograph_no_delete BEFORE DELETE OR TRUNCATE ON "
        "laboratory_photograph FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER laboratory_photograph_kept BEFORE UPDATE ON "
        "laboratory_photograph FOR EACH ROW WHEN (NEW.ref IS DISTINCT FROM OLD.ref OR "
        "NEW.set_code IS DISTINCT FROM OLD.set_code OR NEW.sample_code IS DISTINCT FROM "
        "OLD.sample_code OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.sha256 IS DISTINCT "
        "FROM OLD.sha256 OR NEW.thumbnail_sha256 IS DISTINCT FROM OLD.thumbnail_sha256 "
        "OR NEW.type IS DISTINCT FROM OLD.type OR NEW.width IS DISTINCT FROM OLD.width "
        "OR NEW.height IS DISTINCT FROM OLD.height OR NEW.size_bytes IS DISTINCT FROM "
        "OLD.size_bytes OR NEW.recorded_at IS DISTINCT FROM OLD.recorded_at OR "
        "NEW.recorded_by IS DISTINCT FROM OLD.recorded_by OR (OLD.withdrawn_at IS NOT "
        "NULL AND (NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at OR "
        "NEW.withdrawn_by IS DISTINCT FROM OLD.withdrawn_by OR NEW.withdrawn_because IS "
        "DISTINCT FROM OLD.withdrawn_because))) EXECUTE FUNCTION "
        "osteon_refuse('withdrawn_at is written once, and nothing else changes')",
        "CREATE TRIGGER prepared_part_no_delete BEFORE DELETE OR TRUNCATE ON "
        "prepared_part FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is "
        "deleted')",
        "CREATE TRIGGER prepared_part_kept BEFORE UPDATE ON prepared_part FOR EACH ROW "
        "WHEN (NEW.aliquot_code IS DISTINCT FROM OLD.aliquot_code OR NEW.set_code IS "
        "DISTINCT FROM OLD.set_code OR NEW.sample_code IS DISTINCT FROM OLD.sample_code "
        "OR NEW.before_ug IS DISTINCT FROM OLD.before_ug OR NEW.powder_ug IS DISTINCT "
        'FROM OLD.powder_ug OR NEW.at IS DISTINCT FROM OLD.at OR NEW."by" IS DISTINCT '
        'FROM OLD."by" OR (OLD.remains_at IS NOT NULL AND (NEW.remains_at IS DISTINCT '
        "FROM OLD.remains_at OR NEW.remains_by IS DISTINCT FROM OLD.remains_by OR "
        "NEW.remains_ug IS DISTINCT FROM OLD.remains_ug OR NEW.lost_ug IS DISTINCT FROM "
        "OLD.lost_ug))) EXECUTE FUNCTION osteon_refuse('remains_at is written once, and "
        "nothing else changes')",
        "CREATE TRIGGER prepared_sample_no_delete BEFORE DELETE OR TRUNCATE ON "
        "prepared_sample FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is "
        "deleted')",
        "CREATE TRIGGER prepared_sample_kept BEFORE UPDATE ON prepared_sample FOR EACH "
        "ROW WHEN (NEW.set_code IS DISTINCT FROM OLD.set_code OR NEW.sample_code IS "
        "DISTINCT FROM OLD.sample_code OR NEW.number IS DISTINCT FROM OLD.number OR "
        "NEW.added_at IS DISTINCT FROM OLD.added_at OR NEW.added_by IS DISTINCT FROM "
        "OLD.added_by OR (OLD.taken_out_at IS NOT NULL AND (NEW.taken_out_at IS DISTINCT "
        "FROM OLD.taken_out_at OR NEW.taken_out_because IS DISTINCT FROM "
        "OLD.taken_out_because))) EXECUTE FUNCTION osteon_refuse('taken_out_at is "
        "written once, and nothing else changes')",
        "CREATE TRIGGER tool_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "tool_record FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER cleaning_step_no_update BEFORE UPDATE ON cleaning_step BEGIN SELECT "
        "RAISE(ABORT, 'cleaning_step is append-only'); END",
        "CREATE TRIGGER cleaning_step_no_delete BEFORE DELETE ON cleaning_step BEGIN SELECT "
        "RAISE(ABORT, 'cleaning_step is append-only'); END",
        "CREATE TRIGGER cleaning_step_no_replace BEFORE INSERT ON cleaning_step WHEN EXISTS "
        "(SELECT 1 FROM cleaning_step WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, "
        "'cleaning_step has this row already'); END",
        "CREATE TRIGGER laboratory_photograph_no_delete BEFORE DELETE ON "
        "laboratory_photograph BEGIN SELECT RAISE(ABORT, 'laboratory_photograph: nothing is "
        "deleted'); END",
        "CREATE TRIGGER laboratory_photograph_kept BEFORE UPDATE ON laboratory_photograph "
        "WHEN NEW.ref IS NOT OLD.ref OR NEW.set_code IS NOT OLD.set_code OR NEW.sample_code "
        "IS NOT OLD.sample_code OR NEW.kind IS NOT OLD.kind OR NEW.sha256 IS NOT OLD.sha256 "
        "OR NEW.thumbnail_sha256 IS NOT OLD.thumbnail_sha256 OR NEW.type IS NOT OLD.type OR "
        "NEW.width IS NOT OLD.width OR NEW.height IS NOT OLD.height OR NEW.size_bytes IS NOT "
        "OLD.size_bytes OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.recorded_by IS NOT "
        "OLD.recorded_by OR (OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at IS NOT "
        "OLD.withdrawn_at OR NEW.withdrawn_by IS NOT OLD.withdrawn_by OR "
        "NEW.withdrawn_because IS NOT OLD.withdrawn_because)) BEGIN SELECT RAISE(ABORT, "
        "'laboratory_photograph: withdrawn_at is written once, and nothing else changes'); "
        "END",
        "CREATE TRIGGER laboratory_photograph_no_replace BEFORE INSERT ON "
        "laboratory_photograph WHEN EXISTS (SELECT 1 FROM laboratory_photograph WHERE (ref = "
        "NEW.ref) OR (sample_code = NEW.sample_code AND sha256 = NEW.sha256)) BEGIN SELECT "
        "RAISE(ABORT, 'laboratory_photograph has this row already'); END",
        "CREATE TRIGGER prepared_part_no_delete BEFORE DELETE ON prepared_part BEGIN SELECT "
        "RAISE(ABORT, 'prepared_part: nothing is deleted'); END",
        "CREATE TRIGGER prepared_part_kept BEFORE UPDATE ON prepared_part WHEN "
        "NEW.aliquot_code IS NOT OLD.aliquot_code OR NEW.set_code IS NOT OLD.set_code OR "
        "NEW.sample_code IS NOT OLD.sample_code OR NEW.before_ug IS NOT OLD.before_ug OR "
        'NEW.powder_ug IS NOT OLD.powder_ug OR NEW.at IS NOT OLD.at OR NEW."by" IS NOT '
        'OLD."by" OR (OLD.remains_at IS NOT NULL AND (NEW.remains_at IS NOT OLD.remains_at '
        "OR NEW.remains_by IS NOT OLD.remains_by OR NEW.remains_ug IS NOT OLD.remains_ug OR "
        "NEW.lost_ug IS NOT OLD.lost_ug)) BEGIN SELECT RAISE(ABORT, 'prepared_part: "
        "remains_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER prepared_part_no_replace BEFORE INSERT ON prepared_part WHEN EXISTS "
        "(SELECT 1 FROM prepared_part WHERE (aliquot_code = NEW.aliquot_code) OR (set_code = "
        "NEW.set_code AND sample_code = NEW.sample_code)) BEGIN SELECT RAISE(ABORT, "
        "'prepared_part has this row already'); END",
        "CREATE TRIGGER prepared_sample_no_delete BEFORE DELETE ON prepared_sample BEGIN "
        "SELECT RAISE(ABORT, 'prepared_sample: nothing is deleted'); END",
        "CREATE TRIGGER prepared_sample_kept BEFORE UPDATE ON prepared_sample WHEN "
        "NEW.set_code IS NOT OLD.set_code OR NEW.sample_code IS NOT OLD.sample_code OR "
        "NEW.number IS NOT OLD.number OR NEW.added_at IS NOT OLD.added_at OR NEW.added_by IS "
        "NOT OLD.added_by OR (OLD.taken_out_at IS NOT NULL AND (NEW.taken_out_at IS NOT "
        "OLD.taken_out_at OR NEW.taken_out_because IS NOT OLD.taken_out_because)) BEGIN "
        "SELECT RAISE(ABORT, 'prepared_sample: taken_out_at is written once, and nothing "
        "else changes'); END",
        "CREATE TRIGGER prepared_sample_no_replace BEFORE INSERT ON prepared_sample WHEN "
        "EXISTS (SELECT 1 FROM prepared_sample WHERE (set_code = NEW.set_code AND "
        "sample_code = NEW.sample_code) OR (set_code = NEW.set_code AND number = "
        "NEW.number)) BEGIN SELECT RAISE(ABORT, 'prepared_sample has this row already'); END",
        "CREATE TRIGGER tool_record_no_update BEFORE UPDATE ON tool_record BEGIN SELECT "
        "RAISE(ABORT, 'tool_record is append-only'); END",
        "CREATE TRIGGER tool_record_no_delete BEFORE DELETE ON tool_record BEGIN SELECT "
        "RAISE(ABORT, 'tool_record is append-only'); END",
        "CREATE TRIGGER tool_record_no_replace BEFORE INSERT ON tool_record WHEN EXISTS "
        "(SELECT 1 FROM tool_record WHERE tool_code = NEW.tool_code AND number = NEW.number) "
        "BEGIN SELECT RAISE(ABORT, 'tool_record has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "preparation_tool",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "mill",
                "cutter",
                "blade",
                "drill",
                "punch",
                "forceps",
                name="toolkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("registered_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_preparation_tool_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_preparation_tool")),
        sa.UniqueConstraint("name", name=op.f("uq_preparation_tool_name")),
    )
    op.create_table(
        "prepared_sample",
        sa.Column("set_code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("added_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("taken_out_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_out_because", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(taken_out_at IS NULL) = (taken_out_because = '')",
            name=op.f("ck_prepared_sample_taken_out"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_code"], ["sample.code"], name=op.f("fk_prepared_sample_sample_code")
        ),
        sa.ForeignKeyConstraint(
            ["set_code"], ["batch.code"], name=op.f("fk_prepared_sample_set_code")
        ),
        sa.PrimaryKeyConstraint("set_code", "sample_code", name=op.f("pk_prepared_sample")),
        sa.UniqueConstraint("set_code", "number", name=op.f("uq_prepared_sample_set_code_number")),
    )
    op.create_index(
        op.f("ix_prepared_sample_sample_code"), "prepared_sample", ["sample_code"], unique=False
    )
    op.create_table(
        "cleaning_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("set_code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "mechanical",
                "detergent",
                "bleach",
                "water",
                "ethanol",
                "uv",
                "heat",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("lot_code", sa.String(length=9), nullable=True),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("minutes BETWEEN 0 AND 10000", name=op.f("ck_cleaning_step_minutes")),
        sa.ForeignKeyConstraint(["lot_code"], ["lot.code"], name=op.f("fk_cleaning_step_lot_code")),
        sa.ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
            name=op.f("fk_cleaning_step_set_code_sample_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleaning_step")),
    )
    op.create_index(op.f("ix_cleaning_step_lot_code"), "cleaning_step", ["lot_code"], unique=False)
    op.create_index(
        op.f("ix_cleaning_step_sample_code"), "cleaning_step", ["sample_code"], unique=False
    )
    op.create_index(op.f("ix_cleaning_step_set_code"), "cleaning_step", ["set_code"], unique=False)
    op.create_table(
        "laboratory_photograph",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("set_code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "before",
                "after",
                name="pictureof",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=4), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_because", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_because = '')",
            name=op.f("ck_laboratory_photograph_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
            name=op.f("fk_laboratory_photograph_set_code_sample_code"),
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_laboratory_photograph")),
        sa.UniqueConstraint(
            "sample_code", "sha256", name=op.f("uq_laboratory_photograph_sample_code_sha256")
        ),
    )
    op.create_index(
        op.f("ix_laboratory_photograph_set_code"),
        "laboratory_photograph",
        ["set_code"],
        unique=False,
    )
    op.create_table(
        "prepared_part",
        sa.Column("aliquot_code", sa.String(length=9), nullable=False),
        sa.Column("set_code", sa.String(length=9), nullable=False),
        sa.Column("sample_code", sa.String(length=9), nullable=False),
        sa.Column("before_ug", sa.BigInteger(), nullable=True),
        sa.Column("powder_ug", sa.BigInteger(), nullable=True),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("remains_ug", sa.BigInteger(), nullable=True),
        sa.Column("lost_ug", sa.BigInteger(), nullable=True),
        sa.Column("remains_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("remains_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(before_ug IS NULL) = (powder_ug IS NULL)", name=op.f("ck_prepared_part_weighed")
        ),
        sa.CheckConstraint(
            "(remains_ug IS NULL) = (lost_ug IS NULL) AND (remains_ug IS NULL) = (remains_at IS NULL)",
            name=op.f("ck_prepared_part_remains"),
        ),
        sa.CheckConstraint(
            "powder_ug > 0 AND powder_ug <= before_ug", name=op.f("ck_prepared_part_powder")
        ),
        sa.CheckConstraint(
            "remains_ug IS NULL OR (remains_ug >= 0 AND lost_ug >= 0 AND powder_ug + remains_ug + lost_ug = before_ug)",
            name=op.f("ck_prepared_part_sum"),
        ),
        sa.ForeignKeyConstraint(
            ["aliquot_code"], ["aliquot.code"], name=op.f("fk_prepared_part_aliquot_code")
        ),
        sa.ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
            name=op.f("fk_prepared_part_set_code_sample_code"),
        ),
        sa.PrimaryKeyConstraint("aliquot_code", name=op.f("pk_prepared_part")),
        sa.UniqueConstraint(
            "set_code", "sample_code", name=op.f("uq_prepared_part_set_code_sample_code")
        ),
    )
    op.create_index(
        op.f("ix_prepared_part_sample_code"), "prepared_part", ["sample_code"], unique=False
    )
    op.create_table(
        "tool_record",
        sa.Column("tool_code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "used",
                "decontaminated",
                name="toolact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("set_code", sa.String(length=9), nullable=True),
        sa.Column("sample_code", sa.String(length=9), nullable=True),
        sa.Column(
            "method",
            sa.Enum(
                "mechanical",
                "detergent",
                "bleach",
                "water",
                "ethanol",
                "uv",
                "heat",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("lot_code", sa.String(length=9), nullable=True),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(act = 'used') = (method IS NULL)", name=op.f("ck_tool_record_method_of_act")
        ),
        sa.CheckConstraint(
            "(act = 'used') = (sample_code IS NOT NULL)", name=op.f("ck_tool_record_sample_of_use")
        ),
        sa.CheckConstraint(
            "act <> 'used' OR set_code IS NOT NULL", name=op.f("ck_tool_record_set_of_use")
        ),
        sa.CheckConstraint("minutes BETWEEN 0 AND 10000", name=op.f("ck_tool_record_minutes")),
        sa.ForeignKeyConstraint(["lot_code"], ["lot.code"], name=op.f("fk_tool_record_lot_code")),
        sa.ForeignKeyConstraint(
            ["set_code", "sample_code"],
            ["prepared_sample.set_code", "prepared_sample.sample_code"],
            name=op.f("fk_tool_record_set_code_sample_code"),
        ),
        sa.ForeignKeyConstraint(["set_code"], ["batch.code"], name=op.f("fk_tool_record_set_code")),
        sa.ForeignKeyConstraint(
            ["tool_code"], ["preparation_tool.code"], name=op.f("fk_tool_record_tool_code")
        ),
        sa.PrimaryKeyConstraint("tool_code", "number", name=op.f("pk_tool_record")),
    )
    op.create_index(op.f("ix_tool_record_lot_code"), "tool_record", ["lot_code"], unique=False)
    op.create_index(
        op.f("ix_tool_record_sample_code"), "tool_record", ["sample_code"], unique=False
    )
    op.create_index(op.f("ix_tool_record_set_code"), "tool_record", ["set_code"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
