# SPDX-License-Identifier: Apache-2.0
"""What is written once stays as it was: both databases refuse, whoever asks."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lims.cases import operations as cases
from lims.cases.operations.discrepancies import decide
from lims.cases.rules.dispatches import Decision
from lims.core.db import Base, Database
from lims.core.files import FileStore
from lims.core.guards import APPEND_ONLY, guard_of
from lims.core.sealing import open_vault
from lims.core.settings import Settings
from lims.equipment.operations import SeenConsumable, count_run, record_upkeep
from lims.equipment.queries import plans_of
from lims.equipment.rules import ConsumableKind, InstrumentKind
from lims.handovers.operations import hand_over
from lims.handovers.rules import Purpose
from lims.identities.operations import lift_legal_hold, set_legal_hold
from lims.kits.operations import work_by_kit
from lims.people.rules import Activity
from lims.reagents.operations import open_container
from lims.repeats.operations import ask_repeat, lift_urgency, set_urgent, withdraw_repeat
from lims.repeats.rules import RepeatKind, RepeatReason, UrgencyReason
from lims.samples.operations import permit_consumption
from lims.storage.operations import add_place
from lims.storage.operations.counts import open_count, record_read
from lims.storage.operations.places import rename_place
from lims.storage.rules import PlaceKind
from tests.cast import Cast
from tests.sealed import Sealed

GUARDED = {
    "cleaning_step", "laboratory_photograph", "prepared_part", "prepared_sample", "tool_record",
    "amount", "assignment", "bench_paper", "consumption_permission", "count_scan", "dilution",
    "dispatch_discrepancy", "handed_thing", "individual_decision", "instrument_upkeep",
    "item_version", "legal_hold", "lot", "lot_act", "lot_container", "consumable",
    "consumable_use", "reagent", "kit_use", "kit_version",
    "place_stay", "plate_record_template", "procedure", "rack_import", "robot_template",
    "repeat", "sealed_possession", "urgency",
}  # fmt: skip
UNFILLED = {
    "cleaning_step",
    "laboratory_photograph",
    "prepared_part",
    "prepared_sample",
    "tool_record",
    "bench_paper",
    "dilution",
    "plate_record_template",
    "rack_import",
    "robot_template",
}
"""Their triggers are made as those of all others; no row is made here."""

FORGED = {
    "kit_version": "text", "laboratory_photograph": "sha256", "prepared_part": "by",
    "prepared_sample": "added_by",
    "dispatch_discrepancy": "recorded_by", "handed_thing": "code", "legal_hold": "set_by",
    "lot": "number", "lot_container": "lot_code", "consumable": "number",
    "place_stay": "name", "procedure": "text", "repeat": "asked_by",
    "sealed_possession": "holder", "urgency": "said_by",
}  # fmt: skip
"""A column that never changes."""
CLOSED = {
    "dispatch_discrepancy": "witness = 'forged'", "handed_thing": "note = 'forged'",
    "kit_version": "approved_by = 'forged'", "legal_hold": "lifted_by = 'forged'",
    "place_stay": "until = NULL",
    "procedure": "approved_by = 'forged'", "lot": "tested = 'forged'",
    "lot_container": "opened_by = 'forged'", "repeat": "withdrawn = 'forged'",
    "urgency": "ended_by = 'forged'",
}  # fmt: skip
"""What was written once, and is not written again."""


def test_what_is_written_once_is_neither_changed_nor_deleted(
    database: Database, settings: Settings, cast: Cast, at: datetime,
    a_bone_sample: Callable[..., str], a_procedure: Callable[..., int],
    a_lot: Callable[..., str], an_instrument: Callable[..., str],
) -> None:  # fmt: skip
    tables = {one.name: one for one in Base.metadata.tables.values() if guard_of(one)}
    assert set(tables) == GUARDED
    vault = open_vault(settings)
    sealed = Sealed(vault, FileStore(settings.files), cast, at)
    by = cast.coordinator
    with database.writing() as session:
        bone = a_bone_sample(session)
        permit_consumption(session, bone, reference="4711", given_on=date(2026, 3, 1), by=by, at=at)
        again = ask_repeat(
            session, RepeatKind.RE_EXTRACTION, bone, reason=RepeatReason.SECOND_RESULT, by=by, at=at
        )
        withdraw_repeat(session, again.id, reason="enough", by=by, at=at)
        set_urgent(session, bone, UrgencyReason.COURT, by=by, at=at)
        lift_urgency(session, bone, by=by, at=at)
        hand_over(session, [bone], by=cast.technician, to=by, purpose=Purpose.RETURN, at=at)
        room = add_place(session, kind=PlaceKind.ROOM, name="one", by=cast.manager, at=at)
        rename_place(session, room, "two", by=cast.manager, at=at)
        count = open_count(session, room, by=cast.manager, at=at)
        record_read(session, count.id, bone, by=cast.manager, at=at)
        item = sealed.an_item(session)
        cases.decide(
            session, vault, {item: "new1"}, reason="one grave", evidence="the layer",
            witness=cast.reception, by=by, at=at,
        )  # fmt: skip
        donor = sealed.a_donor(session)
        set_legal_hold(session, vault, donor, reason="a court", by=by, at=at)
        lift_legal_hold(session, vault, donor, reason="it ended", by=by, at=at)
        sealed.a_dispatch(session)
        a_procedure(session)
        work_by_kit(session, bone, "GlobalFiler", by=cast.manager, at=at)
        lot = a_lot(session)
        open_container(session, lot, by=cast.manager, at=at)
        analyzer = an_instrument(
            session, kind=InstrumentKind.ANALYZER, activity=Activity.INJECTION, serial="S-1"
        )
        record_upkeep(
            session, plans_of(session, analyzer)[0].id, done_on=at.date(), by=cast.manager, at=at,
            until=date(2031, 1, 1),
        )  # fmt: skip
        polymer = SeenConsumable(ConsumableKind.POLYMER, "PO-1", None)
        count_run(
            session, "S-1", plate=bone, run=1, injections=1, seen=[polymer], by=cast.manager, at=at
        )
        differs = session.scalar(text("SELECT ref FROM dispatch_discrepancy"))
        decide(
            session, vault, str(differs), Decision.KEEP_OUT, reason="the seal was torn",
            witness=by, by=cast.reception, at=at,
        )  # fmt: skip
    for name, table in sorted(tables.items()):
        guard = guard_of(table)
        assert guard is not None
        acts = [f"DELETE FROM {name}"]  # noqa: S608  # our own names
        if guard == APPEND_ONLY:
            key = next(iter(table.primary_key.columns)).name
            acts.append(f"UPDATE {name} SET {key} = {key}")  # noqa: S608
        else:
            acts.append(f"UPDATE {name} SET {FORGED[name]} = 'forged'")  # noqa: S608
            if name in CLOSED:
                acts.append(f"UPDATE {name} SET {CLOSED[name]}")  # noqa: S608
        with database.reading() as session:
            rows = session.scalar(text(f"SELECT count(*) FROM {name}"))  # noqa: S608
        assert rows or name in UNFILLED, name
        for act in acts if rows else ():
            with pytest.raises(DBAPIError), database.writing() as session:
                session.execute(text(act))
