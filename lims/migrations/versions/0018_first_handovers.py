# SPDX-License-Identifier: Apache-2.0
"""The first tables of handovers."""

import sqlalchemy as sa
from alembic import op

import lims.core.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables with their constraints, indexes."""
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "hand",
                "taken",
                "out",
                "back",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("giver", sa.String(length=80), nullable=False),
        sa.Column("receiver", sa.String(length=80), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "work",
                "storage",
                "review",
                "quarantine",
                "return",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(length=9), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "completed",
                "refused",
                "withdrawn",
                name="handoverstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", lims.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_event", sa.String(length=64), nullable=False),
        sa.Column("ended_at", lims.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_event", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_handover_ended")),
        sa.CheckConstraint(
            "(way = 'taken') = (witness <> '')", name=op.f("ck_handover_taken_before_a_witness")
        ),
        sa.CheckConstraint(
            "way = 'hand' OR state <> 'open'", name=op.f("ck_handover_only_two_wait")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_event IS NULL)", name=op.f("ck_handover_ended_by_event")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= opened_at", name=op.f("ck_handover_in_time")
        ),
        sa.CheckConstraint("giver <> receiver", name=op.f("ck_handover_two_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_giver", "handover", ["giver", "id"], unique=False)
    op.create_index("ix_handover_receiver", "handover", ["receiver", "id"], unique=False)
    op.create_index(
        "ix_handover_waiting",
        "handover",
        ["receiver"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "handed_thing",
        sa.Column(
            "handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "passed",
                "kept",
                name="thingstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "difference",
            sa.Enum(
                "missing",
                "damaged",
                name="difference",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "difference IS NULL OR state = 'kept'", name=op.f("ck_handed_thing_difference_stays")
        ),
        sa.ForeignKeyConstraint(["code"], ["subject.code"], name=op.f("fk_handed_thing_code")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handed_thing_handover_id")
        ),
        sa.PrimaryKeyConstraint("handover_id", "code", name=op.f("pk_handed_thing")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_handed_thing_code", "handed_thing", ["code"], unique=False)
    op.create_index(
        "uq_handed_thing_waiting",
        "handed_thing",
        ["code"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
