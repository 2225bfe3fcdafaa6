# SPDX-License-Identifier: Apache-2.0
"""The first tables of storage."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER count_scan_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "count_scan FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER place_stay_no_delete BEFORE DELETE OR TRUNCATE ON place_stay FOR "
        "EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER place_stay_kept BEFORE UPDATE ON place_stay FOR EACH ROW WHEN "
        "(NEW.id IS DISTINCT FROM OLD.id OR NEW.code IS DISTINCT FROM OLD.code OR "
        "NEW.parent_code IS DISTINCT FROM OLD.parent_code OR NEW.name IS DISTINCT FROM "
        "OLD.name OR NEW.since IS DISTINCT FROM OLD.since OR NEW.began_by IS DISTINCT "
        "FROM OLD.began_by OR (OLD.until IS NOT NULL AND (NEW.until IS DISTINCT FROM "
        "OLD.until))) EXECUTE FUNCTION osteon_refuse('until is written once, and nothing "
        "else changes')",
        "CREATE TRIGGER rack_import_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "rack_import FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
    ],
    "sqlite": [
        "CREATE TRIGGER count_scan_no_update BEFORE UPDATE ON count_scan BEGIN SELECT "
        "RAISE(ABORT, 'count_scan is append-only'); END",
        "CREATE TRIGGER count_scan_no_delete BEFORE DELETE ON count_scan BEGIN SELECT "
        "RAISE(ABORT, 'count_scan is append-only'); END",
        "CREATE TRIGGER count_scan_no_replace BEFORE INSERT ON count_scan WHEN EXISTS "
        "(SELECT 1 FROM count_scan WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'count_scan "
        "has this row already'); END",
        "CREATE TRIGGER place_stay_no_delete BEFORE DELETE ON place_stay BEGIN SELECT "
        "RAISE(ABORT, 'place_stay: nothing is deleted'); END",
        "CREATE TRIGGER place_stay_kept BEFORE UPDATE ON place_stay WHEN NEW.id IS NOT "
        "OLD.id OR NEW.code IS NOT OLD.code OR NEW.parent_code IS NOT OLD.parent_code OR "
        "NEW.name IS NOT OLD.name OR NEW.since IS NOT OLD.since OR NEW.began_by IS NOT "
        "OLD.began_by OR (OLD.until IS NOT NULL AND (NEW.until IS NOT OLD.until)) BEGIN "
        "SELECT RAISE(ABORT, 'place_stay: until is written once, and nothing else changes'); "
        "END",
        "CREATE TRIGGER place_stay_no_replace BEFORE INSERT ON place_stay WHEN EXISTS "
        "(SELECT 1 FROM place_stay WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'place_stay "
        "has this row already'); END",
        "CREATE TRIGGER rack_import_no_update BEFORE UPDATE ON rack_import BEGIN SELECT "
        "RAISE(ABORT, 'rack_import is append-only'); END",
        "CREATE TRIGGER rack_import_no_delete BEFORE DELETE ON rack_import BEGIN SELECT "
        "RAISE(ABORT, 'rack_import is append-only'); END",
        "CREATE TRIGGER rack_import_no_replace BEFORE INSERT ON rack_import WHEN EXISTS "
        "(SELECT 1 FROM rack_import WHERE (id = NEW.id) OR (place_code = NEW.place_code AND "
        "sha256 = NEW.sha256)) BEGIN SELECT RAISE(ABORT, 'rack_import has this row "
        "already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "place",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "site",
                "room",
                "freezer",
                "shelf",
                "rack",
                "box",
                name="placekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column(
            "takes",
            sa.Enum(
                "anything",
                "samples",
                "parts",
                "extracts",
                name="boxuse",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("added_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("order_key", sa.String(length=120), nullable=False),
        sa.Column("retired_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'box') = (rows IS NOT NULL)", name=op.f("ck_place_positions_of_boxes")
        ),
        sa.CheckConstraint(
            "(rows IS NULL) = (columns IS NULL)", name=op.f("ck_place_rows_and_columns")
        ),
        sa.CheckConstraint("columns BETWEEN 1 AND 24", name=op.f("ck_place_columns")),
        sa.CheckConstraint("parent_code <> code", name=op.f("ck_place_not_in_itself")),
        sa.CheckConstraint("rows BETWEEN 1 AND 16", name=op.f("ck_place_rows")),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_place_code")),
        sa.ForeignKeyConstraint(["parent_code"], ["place.code"], name=op.f("fk_place_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_place")),
    )
    op.create_index("ix_place_inside", "place", ["parent_code", "order_key", "code"], unique=False)
    op.create_index(
        "uq_place_name",
        "place",
        ["parent_code", "name"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_index(
        "uq_place_outermost",
        "place",
        ["name"],
        unique=True,
        sqlite_where=sa.text("parent_code IS NULL AND retired_at IS NULL"),
        postgresql_where=sa.text("parent_code IS NULL AND retired_at IS NULL"),
    )
    op.create_table(
        "place_count",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_code", sa.String(length=9), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_place_count_closed")
        ),
        sa.ForeignKeyConstraint(
            ["place_code"], ["place.code"], name=op.f("fk_place_count_place_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_count")),
    )
    op.create_index("ix_place_count_place", "place_count", ["place_code", "id"], unique=False)
    op.create_index(
        "uq_place_count_open",
        "place_count",
        ["place_code"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "place_stay",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("since", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("began_by", sa.String(length=80), nullable=False),
        sa.Column("until", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_place_stay_in_time")),
        sa.ForeignKeyConstraint(["code"], ["place.code"], name=op.f("fk_place_stay_code")),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["place.code"], name=op.f("fk_place_stay_parent_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_stay")),
    )
    op.create_index("ix_place_stay_code", "place_stay", ["code", "since"], unique=False)
    op.create_index(
        "uq_place_stay_now",
        "place_stay",
        ["code"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "rack_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_code", sa.String(length=9), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("rack", sa.String(length=40), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("imported_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["place_code"], ["place.code"], name=op.f("fk_rack_import_place_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rack_import")),
        sa.UniqueConstraint("place_code", "sha256", name=op.f("uq_rack_import_place_code_sha256")),
    )
    op.create_table(
        "stored",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("place_code", sa.String(length=9), nullable=False),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column("put_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("put_by", sa.String(length=80), nullable=False),
        sa.Column("taken_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name=op.f("ck_stored_taken")),
        sa.CheckConstraint(
            "taken_at IS NULL OR taken_at >= put_at", name=op.f("ck_stored_in_time")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_stored_code")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_stored_place_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored")),
    )
    op.create_index(op.f("ix_stored_code"), "stored", ["code"], unique=False)
    op.create_index(
        "ix_stored_now",
        "stored",
        ["place_code"],
        unique=False,
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_index(
        "uq_stored_position",
        "stored",
        ["place_code", "position"],
        unique=True,
        sqlite_where=sa.text("taken_at IS NULL AND position <> ''"),
        postgresql_where=sa.text("taken_at IS NULL AND position <> ''"),
    )
    op.create_index(
        "uq_stored_thing",
        "stored",
        ["code"],
        unique=True,
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_table(
        "count_difference",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("count_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing",
                "elsewhere",
                "nowhere",
                "unknown",
                name="difference",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=40), nullable=False),
        sa.Column("recorded_in", sa.String(length=9), nullable=True),
        sa.Column("position", sa.String(length=3), nullable=False),
        sa.Column("seen_in", sa.String(length=9), nullable=True),
        sa.Column(
            "settled_as",
            sa.Enum(
                "moved",
                "explained",
                name="settled",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("settled_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_as IS NULL)",
            name=op.f("ck_count_difference_settled_how"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL)",
            name=op.f("ck_count_difference_settled_by_whom"),
        ),
        sa.ForeignKeyConstraint(
            ["count_id"], ["place_count.id"], name=op.f("fk_count_difference_count_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_in"], ["place.code"], name=op.f("fk_count_difference_recorded_in")
        ),
        sa.ForeignKeyConstraint(
            ["seen_in"], ["place.code"], name=op.f("fk_count_difference_seen_in")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_difference")),
        sa.UniqueConstraint("count_id", "text", name=op.f("uq_count_difference_count_id_text")),
    )
    op.create_table(
        "count_scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("count_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("place_code", sa.String(length=9), nullable=False),
        sa.Column("scanned_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("scanned_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["count_id"], ["place_count.id"], name=op.f("fk_count_scan_count_id")
        ),
        sa.ForeignKeyConstraint(
            ["place_code"], ["place.code"], name=op.f("fk_count_scan_place_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_scan")),
    )
    op.create_index(
        "ix_count_scan_by", "count_scan", ["count_id", "scanned_by", "id"], unique=False
    )
    op.create_index("ix_count_scan_of", "count_scan", ["count_id", "id"], unique=False)
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
