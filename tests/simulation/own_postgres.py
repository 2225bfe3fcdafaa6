# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of our own for a simulation or a benchmark, with one empty database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.benchmarks.laboratory import APP_ROLE, plain, postgres_in


@contextmanager
def own_database(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a server whose files lie in a folder; yield the addresses as application and as owner."""
    with postgres_in(folder) as server:
        with psycopg.connect(plain(server), autocommit=True) as connection:
            connection.execute("CREATE DATABASE osteon")
            connection.execute(f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_ROLE}'")
        here = server.set(database="osteon")
        yield (
            here.set(username=APP_ROLE, password=APP_ROLE).render_as_string(hide_password=False),
            here.render_as_string(hide_password=False),
        )
