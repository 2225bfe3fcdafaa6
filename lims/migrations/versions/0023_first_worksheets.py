# SPDX-License-Identifier: Apache-2.0
"""The first tables of worksheets."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER bench_paper_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "bench_paper FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER robot_template_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON robot_template FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER bench_paper_no_update BEFORE UPDATE ON bench_paper BEGIN SELECT "
        "RAISE(ABORT, 'bench_paper is append-only'); END",
        "CREATE TRIGGER bench_paper_no_delete BEFORE DELETE ON bench_paper BEGIN SELECT "
        "RAISE(ABORT, 'bench_paper is append-only'); END",
        "CREATE TRIGGER bench_paper_no_replace BEFORE INSERT ON bench_paper WHEN EXISTS "
        "(SELECT 1 FROM bench_paper WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, "
        "'bench_paper has this row already'); END",
        "CREATE TRIGGER robot_template_no_update BEFORE UPDATE ON robot_template BEGIN "
        "SELECT RAISE(ABORT, 'robot_template is append-only'); END",
        "CREATE TRIGGER robot_template_no_delete BEFORE DELETE ON robot_template BEGIN "
        "SELECT RAISE(ABORT, 'robot_template is append-only'); END",
        "CREATE TRIGGER robot_template_no_replace BEFORE INSERT ON robot_template WHEN "
        "EXISTS (SELECT 1 FROM robot_template WHERE (id = NEW.id) OR (name = NEW.name AND "
        "version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'robot_template has this row "
        "already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "robot_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_robot_template_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot_template")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_robot_template_name_version")),
    )
    op.create_table(
        "bench_paper",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "worksheet",
                "robot",
                name="paperkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(kind = 'robot') = (template_id IS NOT NULL)",
            name=op.f("ck_bench_paper_robot_by_template"),
        ),
        sa.ForeignKeyConstraint(
            ["subject_code"], ["subject.code"], name=op.f("fk_bench_paper_subject_code")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["robot_template.id"], name=op.f("fk_bench_paper_template_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bench_paper")),
    )
    op.create_index("ix_bench_paper_of", "bench_paper", ["subject_code", "id"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
