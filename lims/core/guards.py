# SPDX-License-Identifier: Apache-2.0
"""Triggers by which the databases themselves refuse to change what is written.

They stop accidents; against an administrator only a checkpoint that has left the machine helps. A
table says in `__table_args__` what may change: `{"info": guarded(APPEND_ONLY)}`, or `Once(...)`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table, UniqueConstraint
from sqlalchemy.dialects.sqlite import dialect as sqlite

FUNCTION = (
    "CREATE FUNCTION osteon_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
"""What the triggers of PostgreSQL call; the ledger's migration makes it."""

_GUARD = "guard"


@dataclass(frozen=True)
class Once:
    """What may change in a row: `columns`, as long as `column` still has the value `open`.

    `open` is None for NULL. `always` may change at any time: sealed text that an erasure blanks.
    No `column`: nothing may ever change.
    """

    column: str = ""
    open: str | None = None
    columns: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


APPEND_ONLY = Once()

_quote = sqlite().identifier_preparer.quote


def guarded(guard: Once) -> dict[str, object]:
    """Return the `info` of a table that this guard keeps."""
    return {_GUARD: guard}


def guard_of(table: Table) -> Once | None:
    """Return what keeps a table, None for one whose rows may change."""
    found = table.info.get(_GUARD)
    return found if isinstance(found, Once) else None


def triggers_of(tables: Iterable[Table]) -> dict[str, list[str]]:
    """Return the DDL of the triggers of these tables by name of the dialect."""
    written: dict[str, list[str]] = {"sqlite": [], "postgresql": []}
    for table in sorted(tables, key=lambda one: one.name):
        guard = guard_of(table)
        if guard is None:
            continue
        if not guard.column:
            made = append_only(table.name, _keys(table))
        else:
            made = kept(
                table.name, _keys(table), _refused(table, guard),
                f"{guard.column} is written once, and nothing else changes",
            )  # fmt: skip
        for kind, ddl in made.items():
            written[kind] += ddl
    return written


def append_only(table: str, keys: Sequence[Collection[str]]) -> dict[str, list[str]]:
    """Return the triggers of a table without UPDATE and DELETE; `keys` are its unique ones."""
    lite = [
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN "
        f"SELECT RAISE(ABORT, '{table} is append-only'); END"
        for act in ("UPDATE", "DELETE")
    ]
    return {
        "sqlite": [*lite, _no_replace(table, keys)],
        "postgresql": [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('it is append-only')"
        ],
    }


def kept(
    table: str, keys: Sequence[Collection[str]], refused: Mapping[str, str], why: str
) -> dict[str, list[str]]:
    """Return the triggers of a table without DELETE that refuses some changes, by dialect."""
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{table}: nothing is deleted'); END",
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} WHEN {refused['sqlite']} BEGIN "
            f"SELECT RAISE(ABORT, '{table}: {why}'); END",
            _no_replace(table, keys),
        ],
        "postgresql": [
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION osteon_refuse('nothing is deleted')",
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({refused['postgresql']}) EXECUTE FUNCTION osteon_refuse('{why}')",
        ],
    }


def _no_replace(table: str, keys: Sequence[Collection[str]]) -> str:
    # INSERT OR REPLACE deletes the old row without a word where recursive_triggers is off,
    # which is SQLite's default for every other program that opens the file.
    both = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in keys]
    same = " OR ".join(f"({one})" for one in both) if len(both) > 1 else both[0]
    exists = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608  # our own names
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({exists}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} has this row already'); END"
    )


def _keys(table: Table) -> list[tuple[str, ...]]:
    """Return the primary key of a table and its other unique ones."""
    others = sorted(
        tuple(_quote(column.name) for column in one.columns)
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    )
    return [tuple(_quote(column.name) for column in table.primary_key.columns), *others]


def _refused(table: Table, guard: Once) -> dict[str, str]:
    column = _quote(guard.column)
    is_closed = (
        f"OLD.{column} IS NOT NULL" if guard.open is None else f"OLD.{column} <> '{guard.open}'"
    )
    fixed = [
        name.name for name in table.columns if name.name not in (*guard.columns, *guard.always)
    ]
    refused = {}
    for kind, differs in (("sqlite", "IS NOT"), ("postgresql", "IS DISTINCT FROM")):
        once = " OR ".join(_changed(one, differs) for one in guard.columns)
        refused[kind] = " OR ".join(
            [*(_changed(one, differs) for one in fixed), f"({is_closed} AND ({once}))"]
        )
    return refused


def _changed(column: str, differs: str) -> str:
    return f"NEW.{_quote(column)} {differs} OLD.{_quote(column)}"
