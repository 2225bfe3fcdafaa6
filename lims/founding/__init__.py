# SPDX-License-Identifier: Apache-2.0
"""How a laboratory begins: its folder, database, ledger, keys and certificates."""

from sqlalchemy.engine import make_url

from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import SETTINGS_FILE, Settings, write_settings
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    start_ledger,
    write_public_key,
)
from lims.founding.certificates import make_certificates
from lims.migrations import upgrade as upgrade_database

CERTIFIED_DAYS = 31


def make_laboratory(settings: Settings) -> None:
    """Make a laboratory's folder: settings, database, ledger, keys, certificates.

    Raises FileExistsError where the folder has one already.
    """
    path = settings.folder / SETTINGS_FILE
    if path.exists():
        raise FileExistsError(str(path))
    write_settings(settings)
    migrate(settings)
    database = open_database(settings)
    with database.writing() as session:
        start_ledger(session, origin=settings.origin)
    database.close()
    public = create_long_term_key(
        settings.keys, origin=settings.origin, passphrase=settings.passphrase
    )
    write_public_key(settings.public_key, public)
    certify(settings)
    make_certificates(settings.folder, settings.host)


def certify(settings: Settings) -> int:
    """Certify the next daily keys with the long-term key; return how many were made."""
    signer = long_term_signer(settings.keys, origin=settings.origin, passphrase=settings.passphrase)
    days = certify_days(
        settings.keys,
        settings.checkpoints,
        signer,
        first=now().date(),
        days=CERTIFIED_DAYS,
        passphrase=settings.passphrase,
    )
    return len(days)


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema, as its owner on PostgreSQL."""
    owner = Database(settings.owner_url or settings.database_url, lock_file=settings.lock_file)
    role = make_url(settings.url).username if settings.owner_url else None
    upgrade_database(owner.engine, role=role)
    owner.close()
