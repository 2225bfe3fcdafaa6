# SPDX-License-Identifier: Apache-2.0
"""The first tables of cases."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TRIGGERS = {
    "postgresql": [
        "CREATE TRIGGER assignment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "assignment FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER dispatch_discrepancy_no_delete BEFORE DELETE OR TRUNCATE ON "
        "dispatch_discrepancy FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing "
        "is deleted')",
        "CREATE TRIGGER dispatch_discrepancy_kept BEFORE UPDATE ON dispatch_discrepancy "
        "FOR EACH ROW WHEN (NEW.ref IS DISTINCT FROM OLD.ref OR NEW.key_ref IS DISTINCT "
        "FROM OLD.key_ref OR NEW.dispatch_ref IS DISTINCT FROM OLD.dispatch_ref OR "
        "NEW.package_ref IS DISTINCT FROM OLD.package_ref OR NEW.item_ref IS DISTINCT "
        "FROM OLD.item_ref OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.sent IS DISTINCT "
        "FROM OLD.sent OR NEW.read IS DISTINCT FROM OLD.read OR NEW.reason IS DISTINCT "
        "FROM OLD.reason OR NEW.photograph_sha256 IS DISTINCT FROM OLD.photograph_sha256 "
        "OR NEW.photograph_file IS DISTINCT FROM OLD.photograph_file OR "
        "NEW.photograph_type IS DISTINCT FROM OLD.photograph_type OR NEW.recorded_at IS "
        "DISTINCT FROM OLD.recorded_at OR NEW.recorded_by IS DISTINCT FROM "
        "OLD.recorded_by OR (OLD.decided_at IS NOT NULL AND (NEW.decision IS DISTINCT "
        "FROM OLD.decision OR NEW.decided_because IS DISTINCT FROM OLD.decided_because "
        "OR NEW.decided_at IS DISTINCT FROM OLD.decided_at OR NEW.decided_by IS DISTINCT "
        "FROM OLD.decided_by OR NEW.witness IS DISTINCT FROM OLD.witness))) EXECUTE "
        "FUNCTION osteon_refuse('decided_at is written once, and nothing else changes')",
        "CREATE TRIGGER individual_decision_append_only BEFORE UPDATE OR DELETE OR "
        "TRUNCATE ON individual_decision FOR EACH STATEMENT EXECUTE FUNCTION "
        "osteon_refuse('it is append-only')",
        "CREATE TRIGGER item_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "item_version FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is "
        "append-only')",
        "CREATE TRIGGER sealed_possession_no_delete BEFORE DELETE OR TRUNCATE ON "
        "sealed_possession FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is "
        "deleted')",
        "CREATE TRIGGER sealed_possession_kept BEFORE UPDATE ON sealed_possession FOR "
        "EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.thing_ref IS DISTINCT FROM "
        "OLD.thing_ref OR NEW.number IS DISTINCT FROM OLD.number OR NEW.previous IS "
        "DISTINCT FROM OLD.previous OR NEW.holder IS DISTINCT FROM OLD.holder OR "
        "NEW.began_at IS DISTINCT FROM OLD.began_at OR NEW.began_event IS DISTINCT FROM "
        "OLD.began_event OR (OLD.ended_at IS NOT NULL AND (NEW.ended_at IS DISTINCT FROM "
        "OLD.ended_at OR NEW.ended_event IS DISTINCT FROM OLD.ended_event))) EXECUTE "
        "FUNCTION osteon_refuse('ended_at is written once, and nothing else changes')",
    ],
    "sqlite": [
        "CREATE TRIGGER assignment_no_update BEFORE UPDATE ON assignment BEGIN SELECT "
        "RAISE(ABORT, 'assignment is append-only'); END",
        "CREATE TRIGGER assignment_no_delete BEFORE DELETE ON assignment BEGIN SELECT "
        "RAISE(ABORT, 'assignment is append-only'); END",
        "CREATE TRIGGER assignment_no_replace BEFORE INSERT ON assignment WHEN EXISTS "
        "(SELECT 1 FROM assignment WHERE (ref = NEW.ref) OR (item_ref = NEW.item_ref AND "
        "number = NEW.number) OR (sampling_ref = NEW.sampling_ref AND number = NEW.number)) "
        "BEGIN SELECT RAISE(ABORT, 'assignment has this row already'); END",
        "CREATE TRIGGER dispatch_discrepancy_no_delete BEFORE DELETE ON dispatch_discrepancy "
        "BEGIN SELECT RAISE(ABORT, 'dispatch_discrepancy: nothing is deleted'); END",
        "CREATE TRIGGER dispatch_discrepancy_kept BEFORE UPDATE ON dispatch_discrepancy WHEN "
        "NEW.ref IS NOT OLD.ref OR NEW.key_ref IS NOT OLD.key_ref OR NEW.dispatch_ref IS NOT "
        "OLD.dispatch_ref OR NEW.package_ref IS NOT OLD.package_ref OR NEW.item_ref IS NOT "
        "OLD.item_ref OR NEW.kind IS NOT OLD.kind OR NEW.sent IS NOT OLD.sent OR NEW.read IS "
        "NOT OLD.read OR NEW.reason IS NOT OLD.reason OR NEW.photograph_sha256 IS NOT "
        "OLD.photograph_sha256 OR NEW.photograph_file IS NOT OLD.photograph_file OR "
        "NEW.photograph_type IS NOT OLD.photograph_type OR NEW.recorded_at IS NOT "
        "OLD.recorded_at OR NEW.recorded_by IS NOT OLD.recorded_by OR (OLD.decided_at IS NOT "
        "NULL AND (NEW.decision IS NOT OLD.decision OR NEW.decided_because IS NOT "
        "OLD.decided_because OR NEW.decided_at IS NOT OLD.decided_at OR NEW.decided_by IS "
        "NOT OLD.decided_by OR NEW.witness IS NOT OLD.witness)) BEGIN SELECT RAISE(ABORT, "
        "'dispatch_discrepancy: decided_at is written once, and nothing else changes'); END",
        "CREATE TRIGGER dispatch_discrepancy_no_replace BEFORE INSERT ON "
        "dispatch_discrepancy WHEN EXISTS (SELECT 1 FROM dispatch_discrepancy WHERE ref = "
        "NEW.ref) BEGIN SELECT RAISE(ABORT, 'dispatch_discrepancy has this row already'); "
        "END",
        "CREATE TRIGGER individual_decision_no_update BEFORE UPDATE ON individual_decision "
        "BEGIN SELECT RAISE(ABORT, 'individual_decision is append-only'); END",
        "CREATE TRIGGER individual_decision_no_delete BEFORE DELETE ON individual_decision "
        "BEGIN SELECT RAISE(ABORT, 'individual_decision is append-only'); END",
        "CREATE TRIGGER individual_decision_no_replace BEFORE INSERT ON individual_decision "
        "WHEN EXISTS (SELECT 1 FROM individual_decision WHERE (ref = NEW.ref) OR (undoes = "
        "NEW.undoes)) BEGIN SELECT RAISE(ABORT, 'individual_decision has this row already'); "
        "END",
        "CREATE TRIGGER item_version_no_update BEFORE UPDATE ON item_version BEGIN SELECT "
        "RAISE(ABORT, 'item_version is append-only'); END",
        "CREATE TRIGGER item_version_no_delete BEFORE DELETE ON item_version BEGIN SELECT "
        "RAISE(ABORT, 'item_version is append-only'); END",
        "CREATE TRIGGER item_version_no_replace BEFORE INSERT ON item_version WHEN EXISTS "
        "(SELECT 1 FROM item_version WHERE (ref = NEW.ref) OR (item_ref = NEW.item_ref AND "
        "number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'item_version has this row "
        "already'); END",
        "CREATE TRIGGER sealed_possession_no_delete BEFORE DELETE ON sealed_possession BEGIN "
        "SELECT RAISE(ABORT, 'sealed_possession: nothing is deleted'); END",
        "CREATE TRIGGER sealed_possession_kept BEFORE UPDATE ON sealed_possession WHEN "
        "NEW.id IS NOT OLD.id OR NEW.thing_ref IS NOT OLD.thing_ref OR NEW.number IS NOT "
        "OLD.number OR NEW.previous IS NOT OLD.previous OR NEW.holder IS NOT OLD.holder OR "
        "NEW.began_at IS NOT OLD.began_at OR NEW.began_event IS NOT OLD.began_event OR "
        "(OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NOT OLD.ended_at OR NEW.ended_event "
        "IS NOT OLD.ended_event)) BEGIN SELECT RAISE(ABORT, 'sealed_possession: ended_at is "
        "written once, and nothing else changes'); END",
        "CREATE TRIGGER sealed_possession_no_replace BEFORE INSERT ON sealed_possession WHEN "
        "EXISTS (SELECT 1 FROM sealed_possession WHERE (id = NEW.id) OR (thing_ref = "
        "NEW.thing_ref AND number = NEW.number) OR (thing_ref = NEW.thing_ref AND number = "
        "NEW.number AND ended_at = NEW.ended_at)) BEGIN SELECT RAISE(ABORT, "
        "'sealed_possession has this row already'); END",
    ],
}


def upgrade() -> None:
    """Create the tables with their constraints, indexes and triggers."""
    op.create_table(
        "burial_group",
        sa.Column(
            "burial",
            sa.Enum(
                "unknown",
                "surface",
                "earth grave",
                "mass grave",
                "vault",
                "well",
                "water",
                "burnt",
                name="burial",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("group_code", sa.String(length=12), nullable=False),
        sa.Column("group_shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("burial", name=op.f("pk_burial_group")),
        sa.UniqueConstraint("group_code", name=op.f("uq_burial_group_group_code")),
    )
    op.create_table(
        "sealed_possession",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thing_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("began_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("began_event", sa.String(length=36), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_event", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_event IS NULL)", name=op.f("ck_sealed_possession_ended")
        ),
        sa.CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1",
            name=op.f("ck_sealed_possession_previous"),
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_sealed_possession_order")
        ),
        sa.ForeignKeyConstraint(
            ["thing_ref", "previous", "began_at"],
            [
                "sealed_possession.thing_ref",
                "sealed_possession.number",
                "sealed_possession.ended_at",
            ],
            name="no_gap",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_possession")),
        sa.UniqueConstraint(
            "thing_ref",
            "number",
            "ended_at",
            name=op.f("uq_sealed_possession_thing_ref_number_ended_at"),
        ),
        sa.UniqueConstraint(
            "thing_ref", "number", name=op.f("uq_sealed_possession_thing_ref_number")
        ),
    )
    op.create_index(
        "ix_sealed_possession_holder", "sealed_possession", ["holder", "began_at"], unique=False
    )
    op.create_index(
        "uq_sealed_possession_standing",
        "sealed_possession",
        ["thing_ref"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "code_resolution",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("sampling_ref", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("resolved_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_code_resolution_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_code_resolution")),
    )
    op.create_index(
        op.f("ix_code_resolution_sampling_ref"), "code_resolution", ["sampling_ref"], unique=False
    )
    op.create_table(
        "dispatch_sender",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("mapping", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_dispatch_sender_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_dispatch_sender")),
        sa.UniqueConstraint("name_index", name=op.f("uq_dispatch_sender_name_index")),
    )
    op.create_table(
        "event_salt",
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_event_salt_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_event_salt")),
    )
    op.create_table(
        "individual",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_individual_number")),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_individual_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_individual")),
        sa.UniqueConstraint("number", name=op.f("uq_individual_number")),
    )
    op.create_table(
        "individual_decision",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "assigned",
                "split",
                "joined",
                "released",
                "undone",
                name="decisionkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("undoes", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(kind = 'undone') = (undoes IS NOT NULL)", name=op.f("ck_individual_decision_undoes")
        ),
        sa.CheckConstraint("decided_by <> witness", name=op.f("ck_individual_decision_two_decide")),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_individual_decision_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["individual_decision.ref"], name=op.f("fk_individual_decision_undoes")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_individual_decision")),
        sa.UniqueConstraint("undoes", name=op.f("uq_individual_decision_undoes")),
    )
    op.create_index(
        op.f("ix_individual_decision_decided_at"),
        "individual_decision",
        ["decided_at"],
        unique=False,
    )
    op.create_table(
        "outside_party",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "out",
                "back",
                name="outsideway",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "court",
                "authority",
                "courier",
                "partner",
                "family",
                name="outsidekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_outside_party_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_outside_party")),
        sa.UniqueConstraint("commitment", name=op.f("uq_outside_party_commitment")),
        sa.UniqueConstraint("key_ref", name=op.f("uq_outside_party_key_ref")),
    )
    op.create_index("ix_outside_party_at", "outside_party", ["recorded_at"], unique=False)
    op.create_table(
        "recovery_site",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("coordinates", sa.LargeBinary(), nullable=False),
        sa.Column("number_pattern", sa.LargeBinary(), nullable=False),
        sa.Column("group_code", sa.String(length=12), nullable=False),
        sa.Column("group_shown", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovery_site_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovery_site")),
        sa.UniqueConstraint("code_index", name=op.f("uq_recovery_site_code_index")),
        sa.UniqueConstraint("group_code", name=op.f("uq_recovery_site_group_code")),
    )
    op.create_table(
        "coding_list",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.LargeBinary(), nullable=False),
        sa.Column("station_code", sa.String(length=9), nullable=False),
        sa.Column("coded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("coded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_coding_list_size")),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_coding_list_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["station_code"], ["station.code"], name=op.f("fk_coding_list_station_code")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_coding_list")),
    )
    op.create_index(op.f("ix_coding_list_coded_at"), "coding_list", ["coded_at"], unique=False)
    op.create_table(
        "dispatch",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("sender_ref", sa.String(length=32), nullable=False),
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
            "state",
            sa.Enum(
                "announced",
                "arrived",
                "received",
                "refused",
                name="dispatchstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.LargeBinary(), nullable=False),
        sa.Column("bytes_index", sa.LargeBinary(length=8), nullable=True),
        sa.Column("content_index", sa.LargeBinary(length=8), nullable=True),
        sa.Column("columns", sa.LargeBinary(), nullable=False),
        sa.Column("again", sa.LargeBinary(), nullable=False),
        sa.Column("cancelled_because", sa.LargeBinary(), nullable=False),
        sa.Column("deliverer", sa.LargeBinary(), nullable=False),
        sa.Column("deliverer_key", sa.String(length=32), nullable=True),
        sa.Column("delivered_by", sa.String(length=80), nullable=True),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("arrived_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("arrived_by", sa.String(length=80), nullable=True),
        sa.Column("received_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(state = 'received') = (received_at IS NOT NULL)", name=op.f("ck_dispatch_received")
        ),
        sa.CheckConstraint(
            "state = 'announced' OR arrived_at IS NOT NULL OR state = 'refused'",
            name=op.f("ck_dispatch_arrived"),
        ),
        sa.CheckConstraint(
            "arrived_by IS NULL OR arrived_by <> delivered_by", name=op.f("ck_dispatch_two_hands")
        ),
        sa.ForeignKeyConstraint(
            ["deliverer_key"], ["sealed_key.ref"], name=op.f("fk_dispatch_deliverer_key")
        ),
        sa.ForeignKeyConstraint(["key_ref"], ["sealed_key.ref"], name=op.f("fk_dispatch_key_ref")),
        sa.ForeignKeyConstraint(
            ["sender_ref"], ["dispatch_sender.ref"], name=op.f("fk_dispatch_sender_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_dispatch")),
        sa.UniqueConstraint("bytes_index", name=op.f("uq_dispatch_bytes_index")),
        sa.UniqueConstraint("content_index", name=op.f("uq_dispatch_content_index")),
    )
    op.create_index(op.f("ix_dispatch_recorded_at"), "dispatch", ["recorded_at"], unique=False)
    op.create_index(op.f("ix_dispatch_sender_ref"), "dispatch", ["sender_ref"], unique=False)
    op.create_table(
        "outside_thing",
        sa.Column("party_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_outside_thing_code")),
        sa.ForeignKeyConstraint(
            ["party_ref"], ["outside_party.ref"], name=op.f("fk_outside_thing_party_ref")
        ),
        sa.PrimaryKeyConstraint("party_ref", "code", name=op.f("pk_outside_thing")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery_case",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("site_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovery_case_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["site_ref"], ["recovery_site.ref"], name=op.f("fk_recovery_case_site_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovery_case")),
        sa.UniqueConstraint(
            "site_ref", "number_index", name=op.f("uq_recovery_case_site_ref_number_index")
        ),
    )
    op.create_index("ix_recovery_case_newest", "recovery_case", ["opened_at", "ref"], unique=False)
    op.create_index(
        op.f("ix_recovery_case_number_index"), "recovery_case", ["number_index"], unique=False
    )
    op.create_index(
        "ix_recovery_case_of_site", "recovery_case", ["site_ref", "opened_at", "ref"], unique=False
    )
    op.create_table(
        "dispatch_package",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("dispatch_ref", sa.String(length=32), nullable=False),
        sa.Column("sender_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("label_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("seal_number", sa.LargeBinary(), nullable=False),
        sa.Column("seal_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "announced",
                "sealed",
                "open",
                "emptied",
                "missing",
                name="packagestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["dispatch_ref"], ["dispatch.ref"], name=op.f("fk_dispatch_package_dispatch_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_dispatch_package_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sender_ref"], ["dispatch_sender.ref"], name=op.f("fk_dispatch_package_sender_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_dispatch_package")),
        sa.UniqueConstraint(
            "dispatch_ref", "number", name=op.f("uq_dispatch_package_dispatch_ref_number")
        ),
        sa.UniqueConstraint(
            "sender_ref",
            "seal_index",
            "round",
            name=op.f("uq_dispatch_package_sender_ref_seal_index_round"),
        ),
    )
    op.create_index(
        op.f("ix_dispatch_package_label_index"), "dispatch_package", ["label_index"], unique=False
    )
    op.create_index(
        op.f("ix_dispatch_package_seal_index"), "dispatch_package", ["seal_index"], unique=False
    )
    op.create_table(
        "recovered_item",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("case_ref", sa.String(length=32), nullable=False),
        sa.Column("field_number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
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
        sa.Column(
            "segment",
            sa.Enum(
                "unknown",
                "whole",
                "proximal end",
                "proximal third",
                "middle third",
                "distal third",
                "distal end",
                "shaft",
                "fragment",
                name="segment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "condition",
            sa.Enum(
                "unknown",
                "firm",
                "worn",
                "friable",
                "broken",
                "soft tissue",
                "mummified",
                "adipocere",
                "charred",
                "calcined",
                name="condition",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "bone_sex",
            sa.Enum(
                "not assessed",
                "female",
                "probably female",
                "undetermined",
                "probably male",
                "male",
                name="bonesex",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("age_from", sa.Integer(), nullable=True),
        sa.Column("age_to", sa.Integer(), nullable=True),
        sa.Column(
            "completeness",
            sa.Enum(
                "unknown",
                "complete",
                "over 75 %",
                "50-75 %",
                "25-50 %",
                "under 25 %",
                name="completeness",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "age_from IS NULL OR age_from BETWEEN 0 AND 120",
            name=op.f("ck_recovered_item_age_from"),
        ),
        sa.CheckConstraint(
            "age_from IS NULL OR age_to IS NULL OR age_from <= age_to",
            name=op.f("ck_recovered_item_ages"),
        ),
        sa.CheckConstraint(
            "age_to IS NULL OR age_to BETWEEN 0 AND 120", name=op.f("ck_recovered_item_age_to")
        ),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_recovered_item_mass")),
        sa.CheckConstraint("version > 0", name=op.f("ck_recovered_item_version")),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["recovery_case.ref"], name=op.f("fk_recovered_item_case_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_recovered_item_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_recovered_item")),
        sa.UniqueConstraint(
            "case_ref", "number_index", name=op.f("uq_recovered_item_case_ref_number_index")
        ),
    )
    op.create_index(
        op.f("ix_recovered_item_number_index"), "recovered_item", ["number_index"], unique=False
    )
    op.create_index(
        "ix_recovered_item_of_case",
        "recovered_item",
        ["case_ref", "recorded_at", "ref"],
        unique=False,
    )
    op.create_table(
        "bone_sampling",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("item_ref", sa.String(length=32), nullable=False),
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
        sa.Column("segment", sa.LargeBinary(), nullable=False),
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
        sa.Column("mass_ug", sa.BigInteger(), nullable=False),
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
            "burial",
            sa.Enum(
                "unknown",
                "surface",
                "earth grave",
                "mass grave",
                "vault",
                "well",
                "water",
                "burnt",
                name="burial",
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
        sa.Column("seal_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("photograph_sha256", sa.String(length=64), nullable=False),
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
        sa.Column("withdrawn_because", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "material IN ('bone', 'tooth')", name=op.f("ck_bone_sampling_line_of_material")
        ),
        sa.CheckConstraint(
            "state <> 'coded' OR (photograph_sha256 <> '' AND element <> '')",
            name=op.f("ck_bone_sampling_coded"),
        ),
        sa.CheckConstraint("mass_ug > 0", name=op.f("ck_bone_sampling_mass")),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_bone_sampling_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_bone_sampling_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_bone_sampling")),
    )
    op.create_index(op.f("ix_bone_sampling_item_ref"), "bone_sampling", ["item_ref"], unique=False)
    op.create_index(
        op.f("ix_bone_sampling_recorded_at"), "bone_sampling", ["recorded_at"], unique=False
    )
    op.create_index(
        op.f("ix_bone_sampling_seal_index"), "bone_sampling", ["seal_index"], unique=False
    )
    op.create_index(op.f("ix_bone_sampling_state"), "bone_sampling", ["state"], unique=False)
    op.create_table(
        "dispatch_item",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("dispatch_ref", sa.String(length=32), nullable=False),
        sa.Column("package_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("identity_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("site", sa.LargeBinary(), nullable=False),
        sa.Column("site_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("case_number", sa.LargeBinary(), nullable=False),
        sa.Column("case_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("field_number", sa.LargeBinary(), nullable=False),
        sa.Column("field_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("donor_number", sa.LargeBinary(), nullable=False),
        sa.Column("scan_index", sa.LargeBinary(length=8), nullable=False),
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
        sa.Column("mass_ug", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=True),
        sa.Column("remarks", sa.LargeBinary(), nullable=False),
        sa.Column("other", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "announced",
                "scanned",
                "missing",
                "recorded",
                "kept out",
                name="itemstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("read_mass_ug", sa.BigInteger(), nullable=True),
        sa.Column("scanned_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("scanned_by", sa.String(length=80), nullable=True),
        sa.Column("sampling_ref", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(counted = 0) = (scanned_at IS NULL)", name=op.f("ck_dispatch_item_scanned")
        ),
        sa.CheckConstraint(
            "counted >= 0 AND counted <= expected", name=op.f("ck_dispatch_item_counted")
        ),
        sa.CheckConstraint("expected > 0", name=op.f("ck_dispatch_item_expected")),
        sa.CheckConstraint("mass_ug IS NULL OR mass_ug > 0", name=op.f("ck_dispatch_item_mass")),
        sa.CheckConstraint(
            "read_mass_ug IS NULL OR read_mass_ug > 0", name=op.f("ck_dispatch_item_read_mass")
        ),
        sa.ForeignKeyConstraint(
            ["dispatch_ref"], ["dispatch.ref"], name=op.f("fk_dispatch_item_dispatch_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_dispatch_item_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["package_ref"], ["dispatch_package.ref"], name=op.f("fk_dispatch_item_package_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_dispatch_item")),
        sa.UniqueConstraint(
            "dispatch_ref", "number", name=op.f("uq_dispatch_item_dispatch_ref_number")
        ),
        sa.UniqueConstraint(
            "identity_index", "round", name=op.f("uq_dispatch_item_identity_index_round")
        ),
        sa.UniqueConstraint("sampling_ref", name=op.f("uq_dispatch_item_sampling_ref")),
    )
    op.create_index(
        op.f("ix_dispatch_item_field_index"), "dispatch_item", ["field_index"], unique=False
    )
    op.create_index(
        op.f("ix_dispatch_item_package_ref"), "dispatch_item", ["package_ref"], unique=False
    )
    op.create_index(
        op.f("ix_dispatch_item_scan_index"), "dispatch_item", ["scan_index"], unique=False
    )
    op.create_table(
        "item_version",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("item_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_item_version_number")),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_item_version_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_item_version_key_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_item_version")),
        sa.UniqueConstraint("item_ref", "number", name=op.f("uq_item_version_item_ref_number")),
    )
    op.create_table(
        "package_seal",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("package_ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("seal_number", sa.LargeBinary(), nullable=False),
        sa.Column("seal_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("applied_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(length=80), nullable=False),
        sa.Column("broken_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("broken_by", sa.String(length=80), nullable=True),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("broken_because", sa.LargeBinary(), nullable=False),
        sa.Column(
            "followed_by",
            sa.Enum(
                "",
                "new seal",
                "use",
                name="sealend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("followed_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "followed_by = '' OR broken_at IS NOT NULL", name=op.f("ck_package_seal_followed")
        ),
        sa.CheckConstraint(
            "(broken_at IS NULL) = (broken_by IS NULL)", name=op.f("ck_package_seal_broken")
        ),
        sa.CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1",
            name=op.f("ck_package_seal_previous"),
        ),
        sa.CheckConstraint(
            "broken_at IS NULL OR broken_at >= applied_at", name=op.f("ck_package_seal_order")
        ),
        sa.CheckConstraint(
            "broken_by IS NULL OR broken_by <> witness", name=op.f("ck_package_seal_witnessed")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_package_seal_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["package_ref", "previous"],
            ["package_seal.package_ref", "package_seal.number"],
            name="previous_seal",
        ),
        sa.ForeignKeyConstraint(
            ["package_ref"], ["dispatch_package.ref"], name=op.f("fk_package_seal_package_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_package_seal")),
        sa.UniqueConstraint(
            "package_ref",
            "number",
            "broken_at",
            name=op.f("uq_package_seal_package_ref_number_broken_at"),
        ),
        sa.UniqueConstraint(
            "package_ref", "number", name=op.f("uq_package_seal_package_ref_number")
        ),
    )
    op.create_index(
        op.f("ix_package_seal_seal_index"), "package_seal", ["seal_index"], unique=False
    )
    op.create_index(
        "uq_package_seal_whole",
        "package_seal",
        ["package_ref"],
        unique=True,
        sqlite_where=sa.text("broken_at IS NULL"),
        postgresql_where=sa.text("broken_at IS NULL"),
    )
    op.create_table(
        "assignment",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("decision_ref", sa.String(length=32), nullable=False),
        sa.Column("item_ref", sa.String(length=32), nullable=True),
        sa.Column("sampling_ref", sa.String(length=32), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("individual_ref", sa.String(length=32), nullable=True),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(item_ref IS NULL) <> (sampling_ref IS NULL)", name=op.f("ck_assignment_one_thing")
        ),
        sa.CheckConstraint(
            "(number = 1 AND previous IS NULL) OR previous = number - 1",
            name=op.f("ck_assignment_previous"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_ref"], ["individual_decision.ref"], name=op.f("fk_assignment_decision_ref")
        ),
        sa.ForeignKeyConstraint(
            ["individual_ref"], ["individual.ref"], name=op.f("fk_assignment_individual_ref")
        ),
        sa.ForeignKeyConstraint(
            ["item_ref", "previous"],
            ["assignment.item_ref", "assignment.number"],
            name="previous_of_item",
        ),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_assignment_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref", "previous"],
            ["assignment.sampling_ref", "assignment.number"],
            name="previous_of_sampling",
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"], ["bone_sampling.ref"], name=op.f("fk_assignment_sampling_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_assignment")),
        sa.UniqueConstraint("item_ref", "number", name=op.f("uq_assignment_item_ref_number")),
        sa.UniqueConstraint(
            "sampling_ref", "number", name=op.f("uq_assignment_sampling_ref_number")
        ),
    )
    op.create_index(
        op.f("ix_assignment_decision_ref"), "assignment", ["decision_ref"], unique=False
    )
    op.create_index(
        op.f("ix_assignment_individual_ref"), "assignment", ["individual_ref"], unique=False
    )
    op.create_table(
        "bone_coding",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("list_ref", sa.String(length=32), nullable=False),
        sa.Column("sampling_ref", sa.String(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_bone_coding_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["list_ref"], ["coding_list.ref"], name=op.f("fk_bone_coding_list_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"], ["bone_sampling.ref"], name=op.f("fk_bone_coding_sampling_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_bone_coding")),
        sa.UniqueConstraint("code_index", name=op.f("uq_bone_coding_code_index")),
        sa.UniqueConstraint("sampling_ref", name=op.f("uq_bone_coding_sampling_ref")),
    )
    op.create_index(op.f("ix_bone_coding_list_ref"), "bone_coding", ["list_ref"], unique=False)
    op.create_table(
        "dispatch_discrepancy",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("dispatch_ref", sa.String(length=32), nullable=False),
        sa.Column("package_ref", sa.String(length=32), nullable=True),
        sa.Column("item_ref", sa.String(length=32), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "seal differs",
                "package damaged",
                "package missing",
                "item missing",
                "item too many",
                "item damaged",
                "mass differs",
                name="discrepancykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sent", sa.LargeBinary(), nullable=False),
        sa.Column("read", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("photograph_sha256", sa.String(length=64), nullable=False),
        sa.Column("photograph_file", sa.String(length=64), nullable=False),
        sa.Column("photograph_type", sa.String(length=4), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "use",
                "keep out",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("decided_because", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("witness", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (witness IS NULL)",
            name=op.f("ck_dispatch_discrepancy_decided"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> witness",
            name=op.f("ck_dispatch_discrepancy_two_decide"),
        ),
        sa.ForeignKeyConstraint(
            ["dispatch_ref"], ["dispatch.ref"], name=op.f("fk_dispatch_discrepancy_dispatch_ref")
        ),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["dispatch_item.ref"], name=op.f("fk_dispatch_discrepancy_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_dispatch_discrepancy_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["package_ref"],
            ["dispatch_package.ref"],
            name=op.f("fk_dispatch_discrepancy_package_ref"),
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_dispatch_discrepancy")),
    )
    op.create_index(
        op.f("ix_dispatch_discrepancy_decided_at"),
        "dispatch_discrepancy",
        ["decided_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispatch_discrepancy_dispatch_ref"),
        "dispatch_discrepancy",
        ["dispatch_ref"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispatch_discrepancy_item_ref"), "dispatch_discrepancy", ["item_ref"], unique=False
    )
    op.create_index(
        op.f("ix_dispatch_discrepancy_package_ref"),
        "dispatch_discrepancy",
        ["package_ref"],
        unique=False,
    )
    op.create_table(
        "field_photograph",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("item_ref", sa.String(length=32), nullable=True),
        sa.Column("sampling_ref", sa.String(length=32), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "with scale",
                "overview",
                "label",
                "before sampling",
                "after sampling",
                name="photographkind",
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
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("taken_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_because", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(item_ref IS NULL) <> (sampling_ref IS NULL)",
            name=op.f("ck_field_photograph_one_thing"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name=op.f("ck_field_photograph_withdrawn"),
        ),
        sa.CheckConstraint(
            "size_bytes > 0 AND width > 0 AND height > 0", name=op.f("ck_field_photograph_size")
        ),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_field_photograph_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_field_photograph_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"], ["bone_sampling.ref"], name=op.f("fk_field_photograph_sampling_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_field_photograph")),
    )
    op.create_index(
        op.f("ix_field_photograph_item_ref"), "field_photograph", ["item_ref"], unique=False
    )
    op.create_index(
        op.f("ix_field_photograph_sampling_ref"), "field_photograph", ["sampling_ref"], unique=False
    )
    op.create_index(
        "uq_field_photograph_item",
        "field_photograph",
        ["item_ref", "sha256"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(
        "uq_field_photograph_sampling",
        "field_photograph",
        ["sampling_ref", "sha256"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "thing_number",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key_ref", sa.String(length=32), nullable=False),
        sa.Column("case_ref", sa.String(length=32), nullable=True),
        sa.Column("item_ref", sa.String(length=32), nullable=True),
        sa.Column("sampling_ref", sa.String(length=32), nullable=True),
        sa.Column("individual_ref", sa.String(length=32), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "field",
                "mortuary",
                "partner laboratory",
                "other",
                name="numberkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("issuer", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("identity_index", sa.LargeBinary(length=8), nullable=False),
        sa.Column("recorded_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_because", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN case_ref IS NULL THEN 0 ELSE 1 END) + (CASE WHEN item_ref IS NULL THEN 0 ELSE 1 END) + (CASE WHEN sampling_ref IS NULL THEN 0 ELSE 1 END) + (CASE WHEN individual_ref IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_thing_number_one_thing"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name=op.f("ck_thing_number_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["recovery_case.ref"], name=op.f("fk_thing_number_case_ref")
        ),
        sa.ForeignKeyConstraint(
            ["individual_ref"], ["individual.ref"], name=op.f("fk_thing_number_individual_ref")
        ),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["recovered_item.ref"], name=op.f("fk_thing_number_item_ref")
        ),
        sa.ForeignKeyConstraint(
            ["key_ref"], ["sealed_key.ref"], name=op.f("fk_thing_number_key_ref")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_ref"], ["bone_sampling.ref"], name=op.f("fk_thing_number_sampling_ref")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_thing_number")),
    )
    op.create_index(op.f("ix_thing_number_case_ref"), "thing_number", ["case_ref"], unique=False)
    op.create_index(
        op.f("ix_thing_number_individual_ref"), "thing_number", ["individual_ref"], unique=False
    )
    op.create_index(op.f("ix_thing_number_item_ref"), "thing_number", ["item_ref"], unique=False)
    op.create_index(
        op.f("ix_thing_number_number_index"), "thing_number", ["number_index"], unique=False
    )
    op.create_index(
        op.f("ix_thing_number_sampling_ref"), "thing_number", ["sampling_ref"], unique=False
    )
    op.create_index(
        "uq_thing_number_standing",
        "thing_number",
        ["identity_index"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    for ddl in TRIGGERS[op.get_bind().dialect.name]:
        ddl = ddl.replace("%", "%%")
        op.execute(sa.DDL(ddl))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
