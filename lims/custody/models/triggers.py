# SPDX-License-Identifier: Apache-2.0
"""What the databases themselves refuse. This stops accidents; against an administrator only a
checkpoint that has left the machine helps. (On PostgreSQL the owner of a table can disable its
triggers; the application signs in as a role that owns nothing.)
"""

from lims.core.guards import FUNCTION, append_only, kept

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


def _written() -> dict[str, list[str]]:
    written: dict[str, list[str]] = {"sqlite": [], "postgresql": [FUNCTION]}
    guards = [append_only(table, keys) for table, keys in APPEND_ONLY.items()]
    guards += [
        kept(table, [KEPT_KEYS[table]], {"sqlite": refused, "postgresql": refused}, why)
        for table, (refused, why) in KEPT.items()
    ]
    for made in guards:
        for kind, ddl in made.items():
            written[kind] += ddl
    return written


TRIGGERS: dict[str, list[str]] = _written()
"""DDL of the triggers by name of the dialect; the migration that makes the tables runs it last."""
