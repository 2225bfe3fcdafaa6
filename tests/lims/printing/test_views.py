# SPDX-License-Identifier: Apache-2.0
"""The pages of labels: a batch's labels as one job, the print ledger, what nobody can explain."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.operations import create_subject
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.extraction.queries import extract_of
from lims.people.queries import who
from lims.printing.models import LabelInstance
from lims.printing.operations import queue_label
from lims.printing.rules import LabelState, Settled
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]


def test_the_labels_of_a_batch_are_one_job_that_stands_in_the_print_ledger_until_explained(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Callable[[], str],
    extracts: Callable[..., tuple[str, ...]],
) -> None:  # fmt: skip
    """Ordered twice with one key it is ordered once; what never came back is settled by quality."""
    station = cast.stations[StationKind.EXTRACTION]
    with database.writing() as session:
        made = extracts(session, labelled=False)
        batch = extract_of(session, made[0]).batch_code
        initials = who(session, cast.technician.id)
    tech, quality = sign_in(cast.technician), sign_in(cast.quality)
    needed = {
        one["code"] for one in tech.get(
            f"/labels/of/{batch}", headers={"Accept": "application/json"}
        ).json["labels"] if one["needs"] and one["size"] == "25.4 × 12.7 mm"
    }  # fmt: skip
    assert set(made) <= needed
    form = {"request_key": key(), "codes": sorted(needed), "station": station}
    first, second = (tech.post(f"/labels/of/{batch}", data=form) for _ in range(2))
    assert first.status_code == 303, first.get_data(as_text=True)
    assert first.location == second.location
    assert quality.post(f"/labels/of/{batch}", data=form).status_code == 403
    shown = tech.get(first.location).get_data(as_text=True)
    assert "Stop" in shown
    assert "No printer has answered at this station yet." in shown
    found = tech.get(first.location, headers={"Accept": "application/json"}).json
    assert [one["state"] for one in found["labels"]] == ["queued"] * len(needed)

    act = {"request_key": key(), "revision": 0}
    assert tech.post(f"{first.location}/stop", data=act).status_code == 303
    stale = tech.post(f"{first.location}/resume", data={"request_key": key(), "revision": 0})
    assert stale.status_code == 409
    assert "changed this job" in stale.get_data(as_text=True)
    label_1 = tech.get(f"{first.location}?label=1").get_data(as_text=True)
    assert "Print on from this label" in label_1
    assert tech.get("/labels/jobs").get_data(as_text=True).count("0 of ") >= 1
    assert f"/labels/of/{batch}" in tech.get(f"/batches/{batch}").get_data(as_text=True)

    # One of them came out long ago, and one was ordered again with words like a formula.
    with database.writing() as session:
        row = session.scalars(
            select(LabelInstance).where(LabelInstance.code == made[0])
        ).one()  # fmt: skip
        row.state, row.changed_at = LabelState.AMBIGUOUS, at - timedelta(hours=1)
        number = row.id
    again = {"request_key": key(), "reason": '=HYPERLINK("x")', "station": station}
    assert tech.post(f"/labels/{made[1]}/reprint", data=again).status_code == 303
    ledger = quality.get(f"/labels/printed?code={made[1]}&who={initials}")
    assert "=HYPERLINK" in ledger.get_data(as_text=True)
    table = quality.get(f"/labels/printed.csv?job={found['job']}").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert len(rows) == len(needed) + 1
    assert {row["reason"] for row in rows} == {"", '\'=HYPERLINK("x")'}
    nothing = quality.get("/labels/printed?outcome=lost&until=2001-01-01").get_data(as_text=True)
    assert "No such label was ever ordered." in nothing
    assert quality.get("/labels/printed?who=nobody").status_code == 404
    for key_of_page, status in (("9" * 18 + "-1", 200), ("9" * 19 + "-1", 422)):
        assert quality.get(f"/labels/printed?before={key_of_page}").status_code == status

    assert made[0] in quality.get("/labels/unexplained").get_data(as_text=True).replace(
        "</i><i>", ""
    )  # fmt: skip
    settle = {"request_key": key(), "how": "destroyed", "reason": "Found under the printer."}
    where = f"/labels/unexplained/{number}"
    assert tech.post(where, data=settle).status_code == 403
    assert quality.post(where, data=settle).status_code == 303
    assert quality.post(where, data=settle | {"request_key": key()}).status_code == 409
    with database.reading() as session:
        row = session.get_one(LabelInstance, number)
        assert (row.state, row.settled) == (LabelState.VOID, Settled.DESTROYED)
        assert history(session, made[0])[-1].tag is Tag.LABEL_INSTANCE_SETTLED


def test_labels_of_the_intake_stand_in_the_ledger_of_quality_and_not_of_technicians(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn
) -> None:
    """Nobody of the laboratory sees by the order of labels what was sampled together."""
    code = draw_code(Kind.BONE)
    with database.writing() as session:
        create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=cast.coordinator, at=at, content={},
            state="coded",
        )  # fmt: skip
        queue_label(
            session, code, layout="tube", station=cast.stations[StationKind.INTAKE],
            by=cast.coordinator, at=at,
        )  # fmt: skip
    asked = {"headers": {"Accept": "application/json"}}
    seen = {
        one.role: [
            row["code"] for row in sign_in(one).get("/labels/printed", **asked).json["labels"]
        ]
        for one in (cast.quality, cast.technician, cast.manager)
    }  # fmt: skip
    assert list(seen.values()) == [[code], [], []]
    assert sign_in(cast.coordinator).get("/labels/printed").status_code == 403
