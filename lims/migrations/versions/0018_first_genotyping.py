# SPDX-License-Identifier: Apache-2.0
"""The first tables of genotyping."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER plate_record_template_append_only BEFORE UPDATE OR DELETE OR "
        "TRUNCATE ON plate_record_template FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('it is append-only')"
    ],
    "sqlite": [
        "CREATE TRIGGER plate_record_template_no_update BEFORE UPDATE ON "
        "plate_record_template BEGIN SELECT RAISE(ABORT, 'plate_record_template is "
        "append-only'); END",
        "CREATE TRIGGER plate_record_template_no_delete BEFORE DELETE ON "
        "plate_record_template BEGIN SELECT RAISE(ABORT, 'plate_record_template is "
        "append-only'); END",
        "CREATE TRIGGER plate_record_template_no_replace BEFORE INSERT ON "
        "plate_record_template WHEN EXISTS (SELECT 1 FROM plate_record_template WHERE (id = "
        "NEW.id) OR (name = NEW.name AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, "
        "'plate_record_template has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "plate_record_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "model",
            sa.Enum(
                "3100",
                "3130",
                "3500",
                "SeqStudio",
                name="analyzermodel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_plate_record_template_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_record_template")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_plate_record_template_name_version")),
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
        "injection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("well_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("sample_name", sa.String(length=200), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.LargeBinary(), nullable=False),
        sa.Column("key_code", sa.String(length=9), nullable=True),
        sa.ForeignKeyConstraint(["key_code"], ["sample.code"], name=op.f("fk_injection_key_code")),
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
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("do", sa.JSON(), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decision", sa.String(length=300), nullable=False),
        sa.Column("key_code", sa.String(length=9), nullable=True),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_finding_injection_id")
        ),
        sa.ForeignKeyConstraint(["key_code"], ["sample.code"], name=op.f("fk_finding_key_code")),
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
                "withdrawn",
                name="profilestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("kit", sa.String(length=60), nullable=False),
        sa.Column("alleles", sa.LargeBinary(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("key_code", sa.String(length=9), nullable=True),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_profile_injection_id")
        ),
        sa.ForeignKeyConstraint(["key_code"], ["sample.code"], name=op.f("fk_profile_key_code")),
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
        sa.Column("calls", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("submitted_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("key_code", sa.String(length=9), nullable=True),
        sa.CheckConstraint("number IN (1, 2, 3)", name=op.f("ck_reading_number")),
        sa.ForeignKeyConstraint(
            ["injection_id"], ["injection.id"], name=op.f("fk_reading_injection_id")
        ),
        sa.ForeignKeyConstraint(["key_code"], ["sample.code"], name=op.f("fk_reading_key_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("injection_id", "number", name=op.f("uq_reading_injection_id_number")),
        sa.UniqueConstraint("injection_id", "reader", name=op.f("uq_reading_injection_id_reader")),
    )
    op.create_index(op.f("ix_reading_injection_id"), "reading", ["injection_id"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
