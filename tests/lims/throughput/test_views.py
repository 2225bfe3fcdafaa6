# SPDX-License-Identifier: Apache-2.0
"""The manager's counts are those of the database."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.custody.operations import create_subject
from lims.custody.rules import Tag
from lims.people.rules import Line
from lims.plates.queries import waiting_counts
from lims.throughput.queries import stage_counts
from tests.cast import Cast


def test_each_thing_is_counted_at_its_stage_and_in_its_age(
    database: Database, cast: Cast, sign_in: Callable[[Actor], FlaskClient]
) -> None:
    """Three bones wait for reception: one since today, two for a month; one is finished."""
    at = now()
    ages = [(0, "coded"), (30, "coded"), (31, "coded"), (40, "profiled")]
    with database.writing() as session:
        for days, state in ages:
            create_subject(
                session, draw_code(Kind.BONE), Tag.SAMPLE_CODE_GIVEN, by=cast.coordinator,
                at=at - timedelta(days=days), content={}, state=state,
            )  # fmt: skip
    with database.reading() as session:
        counts = {count.stage.name: count for count in stage_counts(session, at=at)}
    page = sign_in(cast.manager).get("/laboratory").get_data(as_text=True)

    assert counts["reception"].ages == (1, 0, 0, 2)
    assert counts["preparation"].total == 0
    assert "Reception is where something waits longest: 31 days." in page


def test_the_manager_and_the_worklist_count_the_same(
    database: Database, an_aliquot: Callable[..., str], extracts: Callable[..., tuple[str, ...]]
) -> None:
    with database.writing() as session:
        an_aliquot(session)
        extracts(session)
        extracts(session, line=Line.REFERENCE)
    with database.reading() as session:
        worklist = {stage.value: count for stage, count in waiting_counts(session).items()}
        counted = {count.stage.name: count.total for count in stage_counts(session, at=now())}

    assert {name: counted[name] for name in worklist} == worklist
    assert worklist["extraction"] == 1
    assert worklist["quantification"] > 0
    assert worklist["amplification"] > 0
