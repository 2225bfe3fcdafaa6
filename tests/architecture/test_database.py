# SPDX-License-Identifier: Apache-2.0
"""Tables, migrations and triggers say the same on both databases."""

import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from lims import features
from lims.core.db import Base, Database
from lims.core.guards import triggers_of
from lims.custody.models import TRIGGERS

LIMS = Path(__file__).parents[2] / "lims"


def owners() -> dict[str, str]:
    """Return table name to the module that defines it."""
    return {
        str(mapper.local_table.description): mapper.class_.__module__
        for mapper in Base.registry.mappers
    }


def test_every_table_belongs_to_the_models_of_one_feature() -> None:
    homeless = {
        table: module
        for table, module in owners().items()
        if not re.fullmatch(
            r"lims\.[a-z]+\.models(\.[a-z_]+)?|lims\.core\.(once|sealing|code_keys)", module
        )
    }

    assert set(Base.metadata.tables) == set(owners())
    assert homeless == {}


def test_every_feature_with_tables_is_on_the_one_list() -> None:
    with_tables = {module.split(".")[1] for module in owners().values()}
    listed = {table.__module__.split(".")[1] for table in features.TABLES}
    on_disk = {path.parent.name for path in LIMS.glob("*/models.py")}
    on_disk |= {path.parent.parent.name for path in LIMS.glob("*/models/__init__.py")}

    assert with_tables <= listed
    assert on_disk <= listed


def test_the_migrations_make_exactly_the_tables_of_the_models(empty_database: Database) -> None:
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def _every_trigger(dialect: str) -> list[str]:
    guarded = triggers_of(Base.metadata.tables.values())
    return [*TRIGGERS[dialect], *guarded[dialect]]


def test_every_trigger_of_the_models_is_there_after_the_last_migration(
    empty_database: Database,
) -> None:
    dialect = empty_database.engine.dialect.name
    awaited = {
        match.group(1)
        for ddl in _every_trigger(dialect)
        if (match := re.match(r"CREATE TRIGGER (\w+)", ddl))
    }
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    )
    with empty_database.engine.connect() as connection:
        found = set(connection.execute(text(asked)).scalars())

    assert awaited
    assert found == awaited


def test_the_text_of_every_sqlite_trigger_is_the_one_in_the_models(
    empty_database: Database,
) -> None:
    if not empty_database.is_sqlite:
        # PostgreSQL keeps triggers parsed, not as they were written.
        with empty_database.engine.connect() as connection:
            kept = connection.execute(
                text("SELECT prosrc FROM pg_proc WHERE proname = 'osteon_refuse'")
            ).scalar_one()
        assert "RAISE EXCEPTION" in kept
        return
    with empty_database.engine.connect() as connection:
        stored = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        ).scalars()
        found = sorted(" ".join(sql.split()) for sql in stored)

    assert found == sorted(" ".join(ddl.split()) for ddl in _every_trigger("sqlite"))
