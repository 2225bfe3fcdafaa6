# SPDX-License-Identifier: Apache-2.0
"""The first tables of samples."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER amount_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON amount "
        "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')",
        "CREATE TRIGGER consumption_permission_append_only BEFORE UPDATE OR DELETE OR "
        "TRUNCATE ON consumption_permission FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('it is append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER amount_no_update BEFORE UPDATE ON amount BEGIN SELECT RAISE(ABORT, "
        "'amount is append-only'); END",
        "CREATE TRIGGER amount_no_delete BEFORE DELETE ON amount BEGIN SELECT RAISE(ABORT, "
        "'amount is append-only'); END",
        "CREATE TRIGGER amount_no_replace BEFORE INSERT ON amount WHEN EXISTS (SELECT 1 FROM "
        "amount WHERE (code = NEW.code AND number = NEW.number) OR (code = NEW.code AND "
        'number = NEW.number AND "left" = NEW."left") OR (code = NEW.code AND number = '
        "NEW.number AND change = NEW.change AND unit = NEW.unit) OR (source = NEW.source AND "
        "source_number = NEW.source_number)) BEGIN SELECT RAISE(ABORT, 'amount has this row "
        "already'); END",
        "CREATE TRIGGER consumption_permission_no_update BEFORE UPDATE ON "
        "consumption_permission BEGIN SELECT RAISE(ABORT, 'consumption_permission is "
        "append-only'); END",
        "CREATE TRIGGER consumption_permission_no_delete BEFORE DELETE ON "
        "consumption_permission BEGIN SELECT RAISE(ABORT, 'consumption_permission is "
        "append-only'); END",
        "CREATE TRIGGER consumption_permission_no_replace BEFORE INSERT ON "
        "consumption_permission WHEN EXISTS (SELECT 1 FROM consumption_permission WHERE code "
        "= NEW.code AND ordinal = NEW.ordinal) BEGIN SELECT RAISE(ABORT, "
        "'consumption_permission has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "amount",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column(
            "unit",
            sa.Enum(
                "ug", "nl", name="amountunit", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column(
            "why",
            sa.Enum(
                "made",
                "divided",
                "well",
                "well voided",
                "used",
                "lost",
                "discarded",
                "destroyed",
                "corrected",
                name="amountwhy",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=9), nullable=True),
        sa.Column("source_number", sa.Integer(), nullable=True),
        sa.Column("source_change", sa.BigInteger(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(number = 1 AND previous IS NULL AND before = 0 AND change > 0 AND why = 'made') OR (number > 1 AND previous IS NOT NULL AND previous = number - 1 AND why <> 'made')",
            name=op.f("ck_amount_follows"),
        ),
        sa.CheckConstraint(
            "change <> 0 AND (change > 0) = (why IN ('made', 'well voided') OR (why = 'corrected' AND change > 0))",
            name=op.f("ck_amount_change"),
        ),
        sa.CheckConstraint('"left" = before + change AND "left" >= 0', name=op.f("ck_amount_left")),
        sa.CheckConstraint(
            "(source IS NULL AND source_number IS NULL AND source_change IS NULL AND added = 0) OR (number = 1 AND source IS NOT NULL AND source_number IS NOT NULL AND source_change IS NOT NULL AND source_change < 0 AND added >= 0 AND change = added - source_change)",
            name=op.f("ck_amount_source"),
        ),
        sa.ForeignKeyConstraint(
            ["code", "previous", "before"],
            ["amount.code", "amount.number", "amount.left"],
            name="fk_amount_previous",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_amount_code")),
        sa.ForeignKeyConstraint(
            ["source", "source_number", "source_change", "unit"],
            ["amount.code", "amount.number", "amount.change", "amount.unit"],
            name="fk_amount_source",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("code", "number", name=op.f("pk_amount")),
        sa.UniqueConstraint(
            "code", "number", "change", "unit", name=op.f("uq_amount_code_number_change_unit")
        ),
        sa.UniqueConstraint("code", "number", "left", name=op.f("uq_amount_code_number_left")),
        sa.UniqueConstraint("source", "source_number", name=op.f("uq_amount_source_source_number")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "destruction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "consent",
                "customer",
                "retention",
                "hazard",
                "court",
                name="destructionreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.String(length=300), nullable=False),
        sa.Column("queued_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("queued_by", sa.String(length=80), nullable=False),
        sa.Column("done_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("witness", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (witness IS NULL)",
            name=op.f("ck_destruction_done"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (done_at IS NULL OR withdrawn_at IS NULL)",
            name=op.f("ck_destruction_withdrawn"),
        ),
        sa.CheckConstraint(
            "done_by IS NULL OR done_by <> witness", name=op.f("ck_destruction_two_persons")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_destruction_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
    )
    op.create_index(op.f("ix_destruction_code"), "destruction", ["code"], unique=False)
    op.create_index(
        "ix_destruction_waiting",
        "destruction",
        ["queued_at", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_index(
        "uq_destruction_open",
        "destruction",
        ["code"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND withdrawn_at IS NULL"),
    )
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
        sa.Column(
            "consumption",
            sa.Enum(
                "free",
                "ask",
                "never",
                name="consumption",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
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
    op.create_index("ix_sample_of_line", "sample", ["line", "registered_at", "code"], unique=False)
    op.create_index("ix_sample_registered", "sample", ["registered_at", "code"], unique=False)
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
        sa.Column("expires", sa.Date(), nullable=True),
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
        "consumption_permission",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["code"], ["sample.code"], name=op.f("fk_consumption_permission_code")
        ),
        sa.PrimaryKeyConstraint("code", "ordinal", name=op.f("pk_consumption_permission")),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
