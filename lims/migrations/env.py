# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: always given an open connection by `lims.migrations`."""

from alembic import context

from lims.core.db import Base
from lims.features import TABLES

connection = context.config.attributes["connection"]
if connection is None or not TABLES:
    raise RuntimeError("migrations run through lims.migrations.upgrade")

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
