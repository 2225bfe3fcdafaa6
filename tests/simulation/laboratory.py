# SPDX-License-Identifier: Apache-2.0
"""A laboratory for simulations: the cast, labelled samples that wait at reception, two boxes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from lims.bench.operations import take_bench
from lims.core.actors import Actor
from lims.core.code_keys import open_database
from lims.core.codes import draw_instance
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings, write_settings
from lims.custody.operations import start_ledger
from lims.migrations import upgrade
from lims.people.models import Station
from lims.people.operations import issue_agent_key
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelState
from lims.samples.operations import register_bone_sample
from lims.samples.rules import ExpectedSex, Material, Side
from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind
from tests.cast import Cast, read_cast, settle

ORIGIN = "osteon.example/simulation"


@dataclass(frozen=True)
class Laboratory:
    """Where it is, who is there, and what can be scanned: payloads of labels that are live."""

    settings: Settings
    cast: Cast
    keys: dict[StationKind, str]
    samples: list[str]
    boxes: list[str]

    def open(self) -> Database:
        """Open its database as the application does."""
        return open_database(self.settings)


def found(folder: Path, *, samples: int, url: str = "", owner: str = "") -> Laboratory:
    """Found a laboratory in `folder` with so many bone samples coded and waiting for reception.

    `url` is the database as the application opens it (SQLite in the folder unless given), `owner`
    the same as its owner, for the migrations.
    """
    settings = Settings(folder=folder, url=url, origin=ORIGIN, free_disk_mb=0)
    write_settings(settings)
    if owner:
        owned = Database(owner)
        upgrade(owned.engine, role="lims_app")
        owned.close()
    database = open_database(settings)
    if not owner:
        upgrade(database.engine)
    with database.writing() as session:
        start_ledger(session, origin=ORIGIN)
    settle(database)
    at = datetime.now(UTC)
    with database.reading() as session:
        cast = read_cast(session)
    with database.writing() as session:
        keys = {
            kind: issue_agent_key(
                session, session.get_one(Station, cast.stations[kind]), by=cast.administrator, at=at
            )
            for kind in (StationKind.RECEPTION, StationKind.STORAGE)
        }
        for kind in keys:
            take_bench(session, cast.stations[kind], by=cast.technician, at=at)
        site = add_place(session, kind=PlaceKind.SITE, name="Site", by=cast.manager, at=at)
        room = add_place(
            session, kind=PlaceKind.ROOM, name="Room 1", parent=site, by=cast.manager, at=at
        )
        boxes = [
            _labelled(
                session,
                add_place(
                    session, kind=PlaceKind.BOX, name=f"Box {number}", parent=room, rows=16,
                    columns=24, takes=BoxUse.ANYTHING, by=cast.manager, at=at,
                ),
                cast.manager, cast.stations[StationKind.STORAGE], at,
            )
            for number in (1, 2)
        ]  # fmt: skip
    payloads: list[str] = []
    while len(payloads) < samples:
        with database.writing() as session:
            for _ in range(min(500, samples - len(payloads))):
                code = register_bone_sample(
                    session, element="femur", side=Side.LEFT, material=Material.BONE,
                    mass_ug=2_000_000, expected_sex=ExpectedSex.UNKNOWN, by=cast.coordinator, at=at,
                )  # fmt: skip
                payloads.append(
                    _labelled(
                        session, code, cast.coordinator, cast.stations[StationKind.RECEPTION], at
                    )
                )
    database.close()
    return Laboratory(settings, cast, keys, payloads, boxes)


def _labelled(session: Session, code: str, by: Actor, station: str, at: datetime) -> str:
    label = LabelInstance(
        payload=code + draw_instance(), code=code, layout="tube",
        lines={"line1": "", "line2": "", "kind": ""}, station_code=station,
        state=LabelState.ACTIVE, lease_ends=None, odometer_before=None, odometer_after=None,
        queued_at=at, queued_by=by.id, changed_at=at,
    )  # fmt: skip
    session.add(label)
    session.flush()
    return label.payload
