# SPDX-License-Identifier: Apache-2.0
"""The first tables of extraction."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER dilution_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "dilution FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')"
    ],
    "sqlite": [
        "CREATE TRIGGER dilution_no_update BEFORE UPDATE ON dilution BEGIN SELECT "
        "RAISE(ABORT, 'dilution is append-only'); END",
        "CREATE TRIGGER dilution_no_delete BEFORE DELETE ON dilution BEGIN SELECT "
        "RAISE(ABORT, 'dilution is append-only'); END",
        "CREATE TRIGGER dilution_no_replace BEFORE INSERT ON dilution WHEN EXISTS (SELECT 1 "
        "FROM dilution WHERE code = NEW.code) BEGIN SELECT RAISE(ABORT, 'dilution has this "
        "row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "dilution",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("source_code", sa.String(length=9), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("taken_nl", sa.BigInteger(), nullable=False),
        sa.Column("diluent_nl", sa.BigInteger(), nullable=False),
        sa.Column("lot_code", sa.String(length=9), nullable=False),
        sa.Column("source_fg_per_ul", sa.BigInteger(), nullable=True),
        sa.Column("fg_per_ul", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(source_fg_per_ul IS NULL) = (fg_per_ul IS NULL) AND (fg_per_ul IS NULL OR (fg_per_ul >= 0 AND fg_per_ul <= source_fg_per_ul))",
            name=op.f("ck_dilution_concentration"),
        ),
        sa.CheckConstraint('parts > 0 AND "of" > parts', name=op.f("ck_dilution_factor")),
        sa.CheckConstraint(
            'taken_nl > 0 AND diluent_nl > 0 AND (taken_nl + diluent_nl) * parts = taken_nl * "of"',
            name=op.f("ck_dilution_volumes"),
        ),
        sa.ForeignKeyConstraint(["code"], ["aliquot.code"], name=op.f("fk_dilution_code")),
        sa.ForeignKeyConstraint(["lot_code"], ["lot.code"], name=op.f("fk_dilution_lot_code")),
        sa.ForeignKeyConstraint(
            ["source_code"], ["subject.code"], name=op.f("fk_dilution_source_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dilution")),
    )
    op.create_index(op.f("ix_dilution_source_code"), "dilution", ["source_code"], unique=False)
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
        sa.CheckConstraint("used_nl >= 0", name=op.f("ck_extract_used")),
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
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
