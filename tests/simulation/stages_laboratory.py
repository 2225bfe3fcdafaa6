# SPDX-License-Identifier: Apache-2.0
"""The laboratory of the run of the stages: people, benches, stock, and coded samples at intake."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from labels.preview import codes_in
from lims.app import create_app
from lims.core.actors import Actor
from lims.core.code_keys import open_database
from lims.core.codes import CODE_LENGTH
from lims.core.db import Database
from lims.core.settings import Settings
from lims.demo.accounts import PASSWORD, add_accounts
from lims.demo.stock import fill_stock, open_benches, print_queue
from lims.founding import make_laboratory
from lims.people.models import Person
from lims.people.operations import hash_password, open_session
from lims.people.rules import Activity, Policy
from lims.printing.operations import queue_label
from lims.reagents.operations import receive_lot, release_lot
from lims.reagents.queries import reagent_named
from lims.samples.operations import register_bone_sample, register_reference_sample
from lims.samples.rules import ExpectedSex, Material, Side

ORIGIN = "osteon.example/stages"
BONE_MG = 2_000
LOT_TO_RECALL = "Proteinase K"
FOUNDER = Actor("console:simulation")


@dataclass
class Laboratory:
    """Where it is, and the codes of what people work with."""

    settings: Settings
    stations: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    stock: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """Payload of the label of each lot and instrument."""
    sessions: dict[str, str] = field(default_factory=dict)
    bones: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    def open(self) -> Database:
        """Open its database as the application does."""
        return open_database(self.settings)


def found(folder: Path, *, bones: int, references: int, url: str = "") -> Laboratory:
    """Found a laboratory in an empty folder with so many samples coded, their labels queued."""
    settings = Settings(
        folder=folder, url=url, origin=ORIGIN, free_disk_mb=0, bench_idle_minutes=600,
        demonstration=True, laboratory="Laboratory of the Stages",
    )  # fmt: skip
    make_laboratory(settings)
    lab = Laboratory(settings)
    at = datetime.now(UTC)
    began = at - timedelta(days=60)
    database = lab.open()
    hashed = hash_password(PASSWORD, login="stages", name="Nobody", laboratory="Stages")
    with database.writing() as session:
        people = add_accounts(session, settings, hashed, by=FOUNDER, at=began)
        benches = open_benches(session, by=FOUNDER, at=began)
        lab.stations = {key: bench.code for key, bench in benches.items()}
        lab.keys = {key: bench.agent_key for key, bench in benches.items()}
        lab.stock = fill_stock(
            session, lab.stations, by=people["manager"].actor, second=people["quality"].actor,
            began=began, today=at.date(),
        )  # fmt: skip
        lab.stock["recalled"] = _lot_to_recall(
            session, lab, people["manager"].actor, people["quality"].actor, began
        )  # fmt: skip
    with database.writing() as session:
        for label in print_queue(
            session, lab.stations, by=people["technician"].actor, at=at, counted=False
        ):
            payload = codes_in(label.zpl)[0]
            lab.labels[payload[:CODE_LENGTH]] = payload
    with database.writing() as session:
        _code(session, lab, people["coordinator"].actor, at, bones=bones, references=references)
    _sign_in(database, lab, people, at)
    database.close()
    return lab


def _lot_to_recall(
    session: Session, lab: Laboratory, by: Actor, second: Actor, at: datetime
) -> str:
    reagent = reagent_named(session, LOT_TO_RECALL, Activity.EXTRACTION)
    assert reagent is not None
    code = receive_lot(
        session, reagent.id, number="PK-0918", containers=1, each=100_000_000, by=by, at=at,
        expires=(datetime.now(UTC) + timedelta(days=300)).date(),
    )  # fmt: skip
    release_lot(session, code, tested="a known sample", by=second, at=at)
    queue_label(
        session, code, layout="reagent lot", station=lab.stations["extraction"],
        kind=LOT_TO_RECALL, line1="PK-0918", by=by, at=at,
    )  # fmt: skip
    return code


def _code(
    session: Session, lab: Laboratory, by: Actor, at: datetime, *, bones: int, references: int
) -> None:
    for _ in range(bones):
        lab.bones.append(
            register_bone_sample(
                session, element="femur", side=Side.LEFT, material=Material.BONE,
                mass_ug=BONE_MG * 1000, expected_sex=ExpectedSex.UNKNOWN, by=by, at=at,
            )
        )  # fmt: skip
    for number in range(references):
        material = Material.BUCCAL_SWAB if number % 3 == 2 else Material.BLOOD_CARD
        lab.references.append(
            register_reference_sample(
                session, material=material, expected_sex=ExpectedSex.UNKNOWN, by=by, at=at
            )
        )
    for code in (*lab.bones, *lab.references):
        queue_label(session, code, layout="tube", station=lab.stations["intake"], by=by, at=at)


def _sign_in(database: Database, lab: Laboratory, people: dict[str, Person], at: datetime) -> None:
    app = create_app(lab.settings)
    signer = app.session_interface.get_signing_serializer(app)
    policy = Policy.of(lockout_attempts=100, lockout_minutes=15, idle_minutes=600, hours=12)
    with database.writing() as session:
        for login in ("coordinator", "technician", "reader", "manager", "quality"):
            person = session.get_one(Person, people[login].id)
            token = open_session(session, person, policy=policy, at=at, second_factor=True)
            lab.sessions[login] = signer.dumps({"token": token})
    app.extensions["osteon"].database.close()
