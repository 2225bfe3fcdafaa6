# SPDX-License-Identifier: Apache-2.0
"""The first tables of identities."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER legal_hold_no_delete BEFORE DELETE OR TRUNCATE ON legal_hold FOR "
        "EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
        "CREATE TRIGGER legal_hold_kept BEFORE UPDATE ON legal_hold FOR EACH ROW WHEN "
        "(NEW.ref IS DISTINCT FROM OLD.ref OR NEW.key_ref IS DISTINCT FROM OLD.key_ref "
        "OR NEW.donor_ref IS DISTINCT FROM OLD.donor_ref OR NEW.set_at IS DISTINCT FROM "
        "OLD.set_at OR NEW.set_by IS DISTINCT FROM OLD.set_by OR (OLD.lifted_at IS NOT "
        "NULL AND (NEW.lifted_at IS DISTINCT FROM OLD.lifted_at OR NEW.lifted_by IS "
        "DISTINCT FROM OLD.lifted_by))) EXECUTE FUNCTION osteon_refuse('lifted_at is "
        "written once, and nothing else changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER legal_hold_no_delete BEFORE DELETE ON legal_hold BEGIN SELECT "
        "RAISE(ABORT, 'legal_hold: nothing is deleted'); END",
        "CREATE TRIGGER legal_hold_kept BEFORE UPDATE ON legal_hold WHEN NEW.ref IS NOT "
        "OLD.ref OR NEW.key_ref IS NOT OLD.key_ref OR NEW.donor_ref IS NOT OLD.donor_ref OR "
        "NEW.set_at IS NOT OLD.set_at OR NEW.set_by IS NOT OLD.set_by OR (OLD.lifted_at IS "
        "NOT NULL AND (NEW.lifted_at IS NOT OLD.lifted_at OR NEW.lifted_by IS NOT "
        "OLD.lifted_by)) BEGIN SELECT RAISE(ABORT, 'legal_hold: lifted_at is written once, "
        "and nothing else changes'); END",
        "CREATE TRIGGER legal_hold_no_replace BEFORE INSERT ON legal_hold WHEN EXISTS "
        "(SELECT 1 FROM legal_hold WHERE ref = NEW.ref) BEGIN SELECT RAISE(ABORT, "
        "'legal_hold has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "donor",
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column(
            "sex",
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
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("father", sa.LargeBinary(), nullable=False),
        sa.Column("grandfather", sa.LargeBinary(), nullable=False),
        sa.Column("family", sa.LargeBinary(), nullable=False),
        sa.Column("mother", sa.LargeBinary(), nullable=False),
        sa.Column("kunya", sa.LargeBinary(), nullable=False),
        sa.Column("latin", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["key_ref"], ["sealed_key.ref"], name=op.f("fk_donor_key_ref")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_donor")),
        sa.UniqueConstraint("number_index", name=op.f("uq_donor_number_index")),
    )
    op.create_index(op.f("ix_donor_recorded_at"), "donor", ["recorded_at"], unique=False)
    op.create_table(
        "missing_person",
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column(
            "sex",
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
        sa.Column("birth", sa.LargeBinary(), nullable=False),
        sa.Column("circumstances", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("father", sa.LargeBinary(), nullable=False),
        sa.Column("grandfather", sa.LargeBinary(), nullable=False),
        sa.Column("family", sa.LargeBinary(), nullable=False),
        sa.Column("mother", sa.LargeBinary(), nullable=False),
        sa.Column("kunya", sa.LargeBinary(), nullable=False),
        sa.Column("latin", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_missing_person_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_missing_person")),
        sa.UniqueConstraint("number_index", name=op.f("uq_missing_person_number_index")),
    )
    op.create_index(
        op.f("ix_missing_person_recorded_at"), "missing_person", ["recorded_at"], unique=False
    )
    op.create_table(
        "to_tell",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "held",
                "erased",
                name="lateract",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("told_event", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_to_tell_code")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_to_tell")),
    )
    op.create_index(op.f("ix_to_tell_due_at"), "to_tell", ["due_at"], unique=False)
    op.create_table(
        "consent",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("donor_ref", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("witness", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_because", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["donor_ref"], ["donor.ref"], name=op.f("fk_consent_donor_ref")),
        sa.ForeignKeyConstraint(["key_ref"], ["sealed_key.ref"], name=op.f("fk_consent_key_ref")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_donor_ref"), "consent", ["donor_ref"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("donor_ref", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("lifted_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["donor_ref"], ["donor.ref"], name=op.f("fk_legal_hold_donor_ref")),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_legal_hold_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_legal_hold")),
    )
    op.create_index(
        "uq_legal_hold_standing",
        "legal_hold",
        ["donor_ref"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "name_index",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.LargeBinary(length=8), nullable=False),
        sa.Column("missing_ref", sa.String(length=32), nullable=True),
        sa.Column("donor_ref", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(missing_ref IS NULL) <> (donor_ref IS NULL)", name=op.f("ck_name_index_one_person")
        ),
        sa.ForeignKeyConstraint(["donor_ref"], ["donor.ref"], name=op.f("fk_name_index_donor_ref")),
        sa.ForeignKeyConstraint(
            ["missing_ref"], ["missing_person.ref"], name=op.f("fk_name_index_missing_ref")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_index")),
    )
    op.create_index(op.f("ix_name_index_donor_ref"), "name_index", ["donor_ref"], unique=False)
    op.create_index(op.f("ix_name_index_missing_ref"), "name_index", ["missing_ref"], unique=False)
    op.create_index(op.f("ix_name_index_part"), "name_index", ["part"], unique=False)
    op.create_table(
        "reference_sampling",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("donor_ref", sa.String(length=32), nullable=False),
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
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_by", sa.LargeBinary(), nullable=False),
        sa.Column("seal_number", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "coded",
                "withdrawn",
                name="samplingstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "material IN ('blood card', 'buccal swab')",
            name=op.f("ck_reference_sampling_line_of_material"),
        ),
        sa.ForeignKeyConstraint(
            ["donor_ref"], ["donor.ref"], name=op.f("fk_reference_sampling_donor_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_reference_sampling_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_reference_sampling")),
    )
    op.create_index(
        op.f("ix_reference_sampling_donor_ref"), "reference_sampling", ["donor_ref"], unique=False
    )
    op.create_index(
        op.f("ix_reference_sampling_recorded_at"),
        "reference_sampling",
        ["recorded_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reference_sampling_state"), "reference_sampling", ["state"], unique=False
    )
    op.create_table(
        "relation",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("donor_ref", sa.String(length=32), nullable=False),
        sa.Column("missing_ref", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "father",
                "mother",
                "son",
                "daughter",
                "full brother",
                "full sister",
                "half brother by father",
                "half brother by mother",
                "half sister by father",
                "half sister by mother",
                "identical twin",
                "paternal grandfather",
                "maternal grandfather",
                "paternal grandmother",
                "maternal grandmother",
                "child of son",
                "child of daughter",
                "paternal uncle",
                "paternal aunt",
                "maternal uncle",
                "maternal aunt",
                "child of paternal uncle",
                "child of paternal aunt",
                "child of maternal uncle",
                "child of maternal aunt",
                "spouse",
                "not biological",
                name="relationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("declared_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["donor_ref"], ["donor.ref"], name=op.f("fk_relation_donor_ref")),
        sa.ForeignKeyConstraint(
            ["missing_ref"], ["missing_person.ref"], name=op.f("fk_relation_missing_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_relation")),
        sa.UniqueConstraint(
            "donor_ref", "missing_ref", name=op.f("uq_relation_donor_ref_missing_ref")
        ),
    )
    op.create_index(op.f("ix_relation_missing_ref"), "relation", ["missing_ref"], unique=False)
    op.create_table(
        "reference_coding",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("list_ref", sa.String(length=32), nullable=False),
        sa.Column("sampling_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_reference_coding_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["list_ref"], ["coding_list.ref"], name=op.f("fk_reference_coding_list_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"],
            ["reference_sampling.ref"],
            name=op.f("fk_reference_coding_sampling_ref"),
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_reference_coding")),
        sa.UniqueConstraint("code_index", name=op.f("uq_reference_coding_code_index")),
        sa.UniqueConstraint("sampling_ref", name=op.f("uq_reference_coding_sampling_ref")),
    )
    op.create_index(
        op.f("ix_reference_coding_list_ref"), "reference_coding", ["list_ref"], unique=False
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
