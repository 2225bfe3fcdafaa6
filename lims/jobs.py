# SPDX-License-Identifier: Apache-2.0
"""What the worker does by the clock: sign checkpoints, make sheets, destroy past days' keys."""

import threading
import time
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import Settings
from lims.core.shifts import last_end, read_times
from lims.custody.operations import (
    certification_due,
    checkpoint,
    daily_signer,
    destroy_past_keys,
    publish,
)
from lims.custody.queries import checkpoint_due
from lims.custody.rules import CheckpointBackwards, NoDailyKey
from lims.features import GAP_CHECKS
from lims.identities.operations import tell_next
from lims.quality.operations import end_search, keep_search, keep_sheets, read_search, search_on
from lims.web.locale import translate

LOOK_EVERY_SECONDS = 15
TOLD_AT_ONCE = 100
SEARCH_SECONDS = 10.0

log = structlog.get_logger()


def sign_if_due(settings: Settings, database: Database, *, at: datetime) -> bool:
    """Sign a checkpoint when enough events or time have passed; return whether one was made."""
    with database.reading() as session:
        due = checkpoint_due(
            session, at=at, events=settings.checkpoint_events,
            minutes=settings.checkpoint_minutes,
            shift_end=last_end(read_times(settings.shift_ends), at, settings.time_zone),
        )  # fmt: skip
    return due and sign(settings, database, at=at)


def sign(settings: Settings, database: Database, *, at: datetime) -> bool:
    """Sign whatever is unsigned; return whether a checkpoint was made."""
    try:
        signer = daily_signer(
            settings.keys, origin=settings.origin, at=at, passphrase=settings.passphrase
        )
        with database.writing() as session:
            made = checkpoint(session, signer, at=at)
    except (NoDailyKey, CheckpointBackwards) as refusal:
        log.error("checkpoint not signed", why=str(refusal))
        return False
    with database.reading() as session:
        publish(session, settings.checkpoints)
    return made is not None


def tell_ledger(database: Database, *, at: datetime) -> int:
    """Tell the ledger of withdrawals and erasures whose hours have come; return of how many."""
    for told in range(TOLD_AT_ONCE):
        with database.writing() as session:
            if not tell_next(session, at=at):
                return told
    return TOLD_AT_ONCE


def search_gaps(settings: Settings, database: Database, *, seconds: float) -> bool:
    """Go on with a search for gaps that somebody asked for, so long; return whether one ended."""
    search = read_search(settings.gap_report)
    if search is None or search.done_at:
        return False
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with database.reading() as session:
            further = search_on(session, search, GAP_CHECKS)
        if further is None:
            with database.writing() as session:
                search = end_search(session, search, at=now())
            break
        search = further
    keep_search(settings.gap_report, search)
    return bool(search.done_at)


def end_of_day(settings: Settings, *, at: datetime) -> None:
    """Destroy the secrets of past days, and warn while there is time to certify more."""
    for day in destroy_past_keys(settings.keys, at=at):
        log.info("daily key destroyed", day=day.isoformat())
    if certification_due(settings.keys, at=at):
        log.warning("certify more daily keys: lims ledger key --certify")


def print_days(settings: Settings, database: Database, *, at: datetime) -> list[Path]:
    """Lay the sheets of the days that are over into the folder; return the new ones."""
    with database.reading() as session:
        made = keep_sheets(
            session, settings.sheets, at=at, zone=settings.time_zone,
            laboratory=(settings.laboratory, settings.laboratory_ar),
            arabic=partial(translate, into="ar"),
        )  # fmt: skip
    for path in made:
        log.info("daily sheet made: print it and have it signed", file=str(path))
    return made


def run(settings: Settings, stop: threading.Event) -> None:
    """Run the jobs until `stop` is set, then sign what is left unsigned."""
    database = open_database(settings)
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        lambda: sign_if_due(settings, database, at=now()), "interval",
        seconds=LOOK_EVERY_SECONDS, max_instances=1, coalesce=True,
    )  # fmt: skip
    scheduler.add_job(
        lambda: end_of_day(settings, at=now()), "interval",
        hours=1, next_run_time=now(), max_instances=1, coalesce=True,
    )  # fmt: skip
    scheduler.add_job(
        lambda: print_days(settings, database, at=now()), "interval",
        hours=1, next_run_time=now(), max_instances=1, coalesce=True,
    )  # fmt: skip
    scheduler.add_job(
        lambda: tell_ledger(database, at=now()), "interval",
        seconds=LOOK_EVERY_SECONDS, max_instances=1, coalesce=True,
    )  # fmt: skip
    scheduler.add_job(
        lambda: search_gaps(settings, database, seconds=SEARCH_SECONDS), "interval",
        seconds=LOOK_EVERY_SECONDS, max_instances=1, coalesce=True,
    )  # fmt: skip
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    sign(settings, database, at=now())
    database.close()
