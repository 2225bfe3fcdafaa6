# SPDX-License-Identifier: Apache-2.0
"""The laboratory of the custody machine: a database, people, boxes, a clock that may step back."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.code_keys import open_database
from lims.core.codes import read_payload
from lims.core.db import Database
from lims.core.once import once
from lims.core.scans import StationKind
from lims.core.sealing import Vault, open_vault
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    checkpoint,
    create_long_term_key,
    daily_signer,
    long_term_signer,
    publish,
    write_public_key,
)
from lims.plates.rules import Activity
from lims.printing.models import LabelInstance
from lims.printing.operations import queue_label, scan_label
from lims.printing.rules import PENDING, LabelState
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.reagents.queries import reagent_named
from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind
from tests.cast import Cast, read_cast

BEGIN = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
DAYS = 60
BACK = 60
"""So many seconds may the clock step back in all; more is a gap that the analysis names."""

Act = Callable[[Session, datetime], dict[str, object]]


class Crash(Exception):
    """The program ends in the middle of an act."""


@dataclass
class World:
    """An open laboratory."""

    settings: Settings
    database: Database
    cast: Cast
    vault: Vault
    boxes: tuple[str, ...] = ()
    lots: Mapping[Activity, str] = field(default_factory=dict)
    procedure: int = 0
    now: datetime = BEGIN
    newest: datetime = BEGIN

    def tick(self, seconds: int) -> datetime:
        """Let the clock go on, or back a little; return what it shows."""
        self.now = max(self.now + timedelta(seconds=seconds), self.newest - timedelta(seconds=BACK))
        self.newest = max(self.newest, self.now)
        return self.now

    def restart(self) -> None:
        """End the program and start it again."""
        self.database.close()
        self.database = open_database(self.settings)

    def crash(self, act: Act, by: Actor) -> None:
        """Let the program end after all of an act but its commit."""
        try:
            with self.database.writing(secrets.token_hex(16)) as session:
                act(session, self.now)
                raise Crash
        except Crash:
            pass
        self.restart()

    def do(self, name: str, act: Act, by: Actor, *, twice: bool = False) -> dict[str, object]:
        """Carry an act out under a key of its own; sent twice, it is answered twice alike."""
        key, at = secrets.token_hex(16), self.now

        def write(session: Session) -> dict[str, object]:
            return act(session, at)

        answer = once(self.database, key, act=name, by=by, at=at, do=write)
        if twice:
            again = once(self.database, key, act=name, by=by, at=self.now, do=write)
            if again != answer:
                raise AssertionError(f"{name} sent twice: {answer}, then {again}")
        return answer

    def sign(self) -> None:
        """Sign a checkpoint and publish it, as the worker does."""
        signer = daily_signer(self.settings.keys, origin=self.settings.origin, at=self.now)
        with self.database.writing() as session:
            checkpoint(session, signer, at=self.now)
        with self.database.reading() as session:
            publish(session, self.settings.checkpoints)


def labelled(session: Session, code: str, by: Actor, station: str, at: datetime) -> None:
    """Let the label of a thing be printed (no printer is here) and scan it back."""
    row = session.scalar(
        select(LabelInstance).where(LabelInstance.code == code, LabelInstance.state.in_(PENDING))
    )
    if row is None:
        payload = queue_label(session, code, layout="tube", station=station, by=by, at=at)
        row = session.scalars(select(LabelInstance).where(LabelInstance.payload == payload)).one()
    row.state = LabelState.PRINTED
    session.flush()
    scan_label(session, read_payload(row.payload), station=station, by=by, at=at)


@contextmanager
def opened(settings: Settings) -> Iterator[World]:
    """Open a laboratory whose database has the cast, and give it boxes, lots and keys."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(
        settings.keys, settings.checkpoints, signer, first=BEGIN.date(), days=DAYS,
    )  # fmt: skip
    database = open_database(settings)
    with database.reading() as session:
        cast = read_cast(session)
    world = World(settings, database, cast, open_vault(settings))
    try:
        with database.writing() as session:
            _furnish(session, world)
        world.sign()
        yield world
    finally:
        world.database.close()


def _furnish(session: Session, world: World) -> None:
    by, at = world.cast.manager, BEGIN
    name = secrets.token_hex(4)
    room = add_place(session, kind=PlaceKind.ROOM, name=name, by=by, at=at)
    boxes = [
        add_place(
            session, kind=PlaceKind.BOX, name=f"Box {number}", parent=room, rows=2, columns=3,
            takes=BoxUse.ANYTHING, by=by, at=at,
        )
        for number in (1, 2)
    ]  # fmt: skip
    station = world.cast.stations[StationKind.STORAGE]
    for box in boxes:
        labelled(session, box, by, station, at)
    lots = {}
    for activity in (Activity.EXTRACTION, Activity.QUANTIFICATION):
        reagent = reagent_named(session, "buffer", activity) or add_reagent(
            session, name="buffer", activity=activity, by=by, at=at
        )
        lot = receive_lot(
            session, reagent.id, number=f"{name}{activity.value}", expires=date(2030, 1, 1),
            containers=1, each=1_000_000_000, by=by, at=at,
        )  # fmt: skip
        release_lot(session, lot, tested="a known sample", by=world.cast.quality, at=at)
        labelled(session, lot, by, station, at)
        lots[activity] = lot
    world.boxes, world.lots = tuple(boxes), lots
    world.procedure = draft_procedure(
        session,
        f'name = "EX-{name}"\ntitle = "Extraction"\nactivity = "extraction"\n'
        '[[step]]\nwords = "Extract."\n',
        reason="the laboratory begins", by=by, at=at,
    ).id  # fmt: skip
    approve_procedure(session, world.procedure, by=world.cast.quality, at=at)
