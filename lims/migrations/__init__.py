# SPDX-License-Identifier: Apache-2.0
"""The schema's history; `upgrade` brings a database to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from lims.core import guards
from lims.core.db import Base
from lims.core.guards import guard_of
from lims.custody.models import APPEND_ONLY

HERE = Path(__file__).parent


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the newest revision; raises alembic's CommandError when there are two heads."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migration is shipped")
    return head


def current(engine: Engine) -> str | None:
    """Return the revision of a database, None for an empty one."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        return revision


def upgrade(engine: Engine, *, role: str | None = None) -> None:
    """Bring a database to the newest revision, all in one transaction.

    On PostgreSQL `role` (the one the application signs in as, which must exist) is granted what
    it needs and no more: it reads everything, adds everywhere, changes all but the append-only
    tables, deletes nothing, owns nothing.
    """
    with engine.connect().execution_options(osteon_write=True) as connection, connection.begin():
        command.upgrade(_config(connection), "head")
        if role is not None and connection.dialect.name == "postgresql":
            _grant(connection, role)


def _grant(connection: Connection, role: str) -> None:
    quote = connection.dialect.identifier_preparer.quote
    to = quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {to}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}"))
    connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {to}"))
    for table in Base.metadata.sorted_tables:
        only_added = table.name in APPEND_ONLY or guard_of(table) == guards.APPEND_ONLY
        verbs = "INSERT" if only_added else "INSERT, UPDATE"
        connection.execute(text(f"GRANT {verbs} ON {quote(table.name)} TO {to}"))
