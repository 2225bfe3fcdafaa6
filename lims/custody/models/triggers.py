# SPDX-License-Identifier: Apache-2.0
"""What the databases themselves refuse. This stops accidents; against an administrator only a
checkpoint that has left the machine helps. (On PostgreSQL the owner of a table can disable its
triggers; the application signs in as a role that owns nothing.)
"""

APPEND_ONLY: dict[str, tuple[tuple[str, ...], ...]] = {
    "ledger_event": (("event_id",), ("idem",), ("stream", "sseq")),
    "ledger_leaf": (("idx",), ("event_id",)),
    "ledger_node": (("level", "idx"),),
    "ledger_checkpoint": (("size",),),
    "derivation": (("child", "parent"),),
}
"""Tables without UPDATE and DELETE, with the keys of each."""

KEPT = {
    "ledger_head": (
        "NEW.origin <> OLD.origin OR NEW.size < OLD.size",
        "the ledger only grows",
    ),
    "subject": (
        "NEW.code <> OLD.code OR NEW.kind <> OLD.kind OR NEW.created_at <> OLD.created_at",
        "a code stays what it is",
    ),
    "hold": (
        "OLD.lifted_by_event IS NOT NULL OR NEW.code <> OLD.code OR NEW.reason <> OLD.reason"
        " OR NEW.set_at <> OLD.set_at OR NEW.set_by_event IS NULL OR CASE"
        " WHEN OLD.set_by_event IS NULL THEN NEW.lifted_by_event IS NOT NULL"
        " ELSE NEW.set_by_event <> OLD.set_by_event OR NEW.lifted_by_event IS NULL END",
        "a hold is only ever recorded once and lifted once",
    ),
    "possession": (
        "OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.code <> OLD.code"
        " OR NEW.number <> OLD.number OR NEW.holder <> OLD.holder OR NEW.place <> OLD.place"
        " OR NEW.position <> OLD.position OR NEW.began_at <> OLD.began_at"
        " OR NEW.began_event <> OLD.began_event",
        "an interval is only ever ended, once",
    ),
}
"""Tables without DELETE where only some changes are allowed: what is refused, and why."""

KEPT_KEYS = {
    "ledger_head": ("id",), "subject": ("code",), "hold": ("id",), "possession": ("code", "number"),
}  # fmt: skip


def _sqlite() -> list[str]:
    written = []
    for table, keys in APPEND_ONLY.items():
        for act in ("UPDATE", "DELETE"):
            written.append(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        # INSERT OR REPLACE deletes the old row without a word where recursive_triggers is off,
        # which is SQLite's default for every other program that opens the file.
        same = " OR ".join(
            f"({' AND '.join(f'{column} = NEW.{column}' for column in key)})" for key in keys
        )
        written.append(_no_replace(table, same))
    for table, (refused, why) in KEPT.items():
        written.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{table}: nothing is deleted'); END"
        )
        written.append(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} WHEN {refused} BEGIN "
            f"SELECT RAISE(ABORT, '{table}: {why}'); END"
        )
        same = " AND ".join(f"{column} = NEW.{column}" for column in KEPT_KEYS[table])
        written.append(_no_replace(table, same))
    return written


def _no_replace(table: str, same: str) -> str:
    exists = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608  # our own names
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({exists}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} has this row already'); END"
    )


def _postgresql() -> list[str]:
    written = [
        "CREATE FUNCTION osteon_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    ]
    for table in APPEND_ONLY:
        written.append(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        )
    for table, (refused, why) in KEPT.items():
        written.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')"
        )
        written.append(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({refused}) EXECUTE FUNCTION osteon_refuse('{why}')"
        )
    return written


TRIGGERS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""DDL of the triggers by name of the dialect; the migration that makes the tables runs it last."""
