# SPDX-License-Identifier: Apache-2.0
"""A plate record leaves from the laboratory's own template, or says why it does not."""

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments.analyzers.plate_records import read_plate_record
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.genotyping.models import PlateRecordTemplate
from lims.genotyping.operations import complete_injection_plate, open_injection_plate
from lims.genotyping.queries import awaited_wells
from lims.genotyping.rules.plates import check_ladders, ladder_positions, wells_per_ladder
from lims.genotyping.rules.refusals import (
    InjectionSetOdd,
    LadderMissing,
    NoRoomInSet,
    PlateTooOld,
)
from lims.plates.models import Plate
from lims.plates.operations import void_filling
from lims.plates.rules import PLATE_POSITIONS
from lims.procedures.operations import approve_procedure, draft_procedure
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
TEMPLATE = (
    b"Container Name\tPlate ID\tDescription\tContainerType\tOwner\tOperator\t\r\n"
    b"OLD\tOLD\tMonday\t96-Well\tAB\tCD\t\r\n"
    b"Well\tSample Name\tSample Type\tPanel\tSize Standard\tInstrument Protocol 1\t\r\n"
    b"A01\tLADDER\tAllelic Ladder\tIdentifiler_v1\tGS500_LIZ\tHID36_G5\t\r\n"
    b"B01\tFEMUR\tSample\tIdentifiler_v1\tGS500_LIZ\tHID36_G5\t\r\n"
    b"C01\tPOS\tPositive Control\tIdentifiler_v1\tGS500_LIZ\tHID36_G5\t\r\n"
    b"D01\tNEG\tNegative Control\tIdentifiler_v1\tGS500_LIZ\tHID36_G5\t\r\n"
)


def test_a_template_is_uploaded_looked_at_and_kept_and_a_record_leaves_by_it(
    an_injection_plate: Any, sign_in: SignIn, cast: Cast, database: Database, key: Any
) -> None:
    plate = an_injection_plate(samples=2)
    manager, technician = sign_in(cast.manager), sign_in(cast.technician)

    def upload(content: bytes, *, by: FlaskClient = manager, **more: str) -> Any:
        sent = {"request_key": key(), "name": "Identifiler", "model": "3130", **more}
        return by.post(
            "/plate-records",
            data=sent | ({"file": (io.BytesIO(content), "own.plt")} if content else {}),
            content_type="multipart/form-data",
        )

    def leave(template: int, *, by: FlaskClient = technician, **more: str) -> Any:
        sent = {"request_key": key(), "template": str(template), **more}
        return by.post(f"/injection/{plate.code}/record", data=sent)

    def events(tag: Tag, stream: str = "genotyping:plate-records") -> list[Any]:
        with database.reading() as session:
            return [one.content for one in history(session, stream) if one.tag == tag]

    # Only managers and quality keep templates; looking stores nothing.
    assert upload(TEMPLATE, by=technician).status_code == 403
    looked = upload(TEMPLATE)
    assert looked.status_code == 200
    assert "line 4" in looked.text
    assert technician.get("/plate-records", headers={"Accept": "application/json"}).json == {
        "templates": []
    }
    wrong = upload(TEMPLATE.replace(b"C01\tPOS", b"Z9\tPOS"))
    assert wrong.status_code == 422
    assert "line" in wrong.text
    assert "Z9" in wrong.text
    sha256 = hashlib.sha256(TEMPLATE).hexdigest()
    kept = upload(b"", keep="yes", sha256=sha256, file_name="own.plt")
    assert kept.status_code == 303
    assert upload(TEMPLATE, keep="yes").headers["Location"] == kept.headers["Location"]
    assert [one["sha256"] for one in events(Tag.PLATE_TEMPLATE_ADDED)] == [sha256]
    number = int(kept.headers["Location"].rpartition("/")[2])
    for language in ("en", "ar"):
        technician.set_cookie("osteon_language", language)
        for address in ("/plate-records", kept.headers["Location"], f"/injection/{plate.code}"):
            assert technician.get(address).status_code == 200, address
    technician.set_cookie("osteon_language", "en")

    # Amplified too long ago by the real clock, then within the limit.
    assert leave(number).status_code == 409
    with database.writing() as session:
        session.get_one(Plate, plate.amplification).completed_at = now()
    assert leave(number, by=sign_in(cast.quality)).status_code == 403
    again = key()
    left = leave(number, request_key=again)
    assert left.status_code == 200, left.text
    record = read_plate_record(left.data, name="record")
    with database.reading() as session:
        awaited = {well.position: well.name for well in awaited_wells(session, plate.code)}
    assert {row.well: row.name for row in record.rows} == awaited
    assert (record.plate, record.owner, record.operator) == (plate.code, "AB", "CD")
    told = events(Tag.PLATE_RECORD_EXPORTED, plate.code)
    assert [one["sha256"] for one in told] == [hashlib.sha256(left.data).hexdigest()]
    assert told[0]["template_sha256"] == sha256
    assert leave(number, request_key=again).data == left.data
    assert len(events(Tag.PLATE_RECORD_EXPORTED, plate.code)) == 1

    # A name that the instrument refuses, and a template of another kit.
    def rename(name: str) -> int:
        sent = {"request_key": key(), "names": f"A01\t{name}", "file_plate_name": ""}
        return technician.post(f"/injection/{plate.code}/names", data=sent).status_code

    assert rename("FEMUR-1") == 303
    assert leave(number, request_key=again).status_code == 409
    assert rename("FEMUR 1") == 303
    refused = leave(number)
    assert refused.status_code == 422
    assert "FEMUR 1" in refused.text
    assert "A01" in refused.text
    assert rename("FEMUR-1") == 303
    other = upload(TEMPLATE.replace(b"GS500_LIZ", b"GS500_ROX"), keep="yes", name="Other")
    foreign = leave(int(other.headers["Location"].rpartition("/")[2]))
    assert foreign.status_code == 422
    assert "GS500_ROX" in foreign.text
    assert len(events(Tag.PLATE_RECORD_EXPORTED, plate.code)) == 1

    # What was kept is never changed.
    for statement in ("UPDATE plate_record_template SET name = 'x'",
                      "DELETE FROM plate_record_template"):  # fmt: skip
        with pytest.raises(DBAPIError), database.writing() as session:
            session.execute(text(statement))
    with database.reading() as session:
        assert session.get_one(PlateRecordTemplate, number).content == TEMPLATE


def test_a_plate_is_injected_within_its_procedures_days_and_with_a_ladder_in_each_set(
    an_injection_plate: Any, database: Database, cast: Cast, at: Any
) -> None:
    made = an_injection_plate(samples=10)
    procedure = (
        'name = "IN-00"\ntitle = "injection"\nactivity = "injection"\n[limits]\n'
        'days_after_amplification = "3"\nwells_per_ladder = "8"\n[[step]]\nwords = "Do it."\n'
    )
    with database.writing() as session:
        draft = draft_procedure(
            session, procedure, version=1, reason="sets of eight", by=cast.manager, at=at
        )
        approve_procedure(session, draft.id, by=cast.quality, at=at)

    def opened(days: int) -> Any:
        with database.writing() as session:
            return open_injection_plate(
                session, made.amplification, by=cast.technician, at=at + timedelta(days=days)
            )

    # Column 1 is full: a set of eight wells has no room for its ladder.
    with pytest.raises(NoRoomInSet, match="A01"):
        opened(3)
    with pytest.raises(PlateTooOld):
        opened(4)


def test_each_injection_set_has_its_ladder_where_the_procedure_says_so() -> None:
    assert wells_per_ladder({}, procedure="IN") is None
    assert wells_per_ladder({"wells_per_ladder": Decimal(24)}, procedure="IN") == 24
    with pytest.raises(InjectionSetOdd):
        wells_per_ladder({"wells_per_ladder": Decimal(7)}, procedure="IN")
    column, others = PLATE_POSITIONS[:7], PLATE_POSITIONS[24:30]
    assert ladder_positions([*column, *others], code="P1", each=24) == ("H01", "G04")
    with pytest.raises(NoRoomInSet):
        ladder_positions(PLATE_POSITIONS[:24], code="P1", each=24)
    assert ladder_positions(PLATE_POSITIONS[:24], code="P1") == ("A04",)
    check_ladders(PLATE_POSITIONS[:40], ["A04"], code="P1", each=None)
    with pytest.raises(LadderMissing, match="A01"):
        check_ladders(PLATE_POSITIONS[:40], ["A04"], code="P1", each=24)
    with pytest.raises(LadderMissing):
        check_ladders(PLATE_POSITIONS[:40], [], code="P1", each=None)


def test_a_plate_whose_ladder_was_taken_away_is_not_completed(
    an_injection_plate: Any, database: Database, cast: Cast, at: Any
) -> None:
    made = an_injection_plate(samples=1, completed=False)
    with database.writing() as session:
        ladder = next(one for one in awaited_wells(session, made.code) if one.role == "ladder")
        void_filling(
            session, made.code, ladder.position, reason="spilled", by=cast.technician, at=at
        )
    with pytest.raises(LadderMissing), database.writing() as session:
        complete_injection_plate(session, made.code, by=cast.technician, at=at)
