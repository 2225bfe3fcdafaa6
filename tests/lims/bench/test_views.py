# SPDX-License-Identifier: Apache-2.0
"""A station over HTTP: who may scan, what is answered, what is told twice."""

import re
from collections.abc import Callable
from html import unescape

from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.scans import StationKind
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]


def test_a_scan_at_a_bench_where_nobody_works_is_refused(
    cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    """Somebody must have taken the bench."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.RECEPTION]

    answer = client.post(
        f"/api/bench/{station}/scans", json={"scan_id": key(), "text": "B34679CDF"}
    )

    assert answer.status_code == 201, answer.json
    assert answer.json["verdict"] == "refused"
    assert answer.json["say"]["en"] == "Nobody is working at this bench."


def test_the_same_scan_sent_twice_gets_the_same_answer_once(
    cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    """The scan's own id has one effect for ever."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.RECEPTION]
    client.post(f"/bench/{station}/take", data={"request_key": key()})
    scan = {"scan_id": key(), "text": "nonsense"}

    first = client.post(f"/api/bench/{station}/scans", json=scan)
    second = client.post(f"/api/bench/{station}/scans", json=scan)

    assert first.json == second.json
    assert first.json["verdict"] == "refused"
    assert "check character" in first.json["say"]["en"]


def test_the_station_page_shows_the_last_verdict(
    cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    """What was refused can be read on the page."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.RECEPTION]
    client.post(f"/bench/{station}/take", data={"request_key": key()})
    client.post(f"/api/bench/{station}/scans", json={"scan_id": key(), "text": "nonsense"})

    page = client.get(f"/bench/{station}").get_data(as_text=True)

    assert "check character does not fit" in page
    assert "Refused" in page


def test_what_was_said_before_the_stream_of_a_page_opened_is_told_first(
    cast: Cast, sign_in: SignIn, key: Callable[[], str]
) -> None:
    """A scan between the drawing of a page and its first event is not missed."""
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.RECEPTION]
    client.post(f"/bench/{station}/take", data={"request_key": key()})
    page = client.get(f"/bench/{station}").get_data(as_text=True)
    seen = re.search(r'data-events="([^"]+)"', page)
    last = re.search(r'data-last="(\d+)"', page)
    assert seen is not None
    assert last is not None
    stream_of_another = client.get(unescape(f"{seen[1]}&after={last[1]}")).iter_encoded()
    next(stream_of_another)

    client.post(f"/api/bench/{station}/scans", json={"scan_id": key(), "text": "nonsense"})
    next(part for part in stream_of_another if b"outcome" in part)
    stream = client.get(unescape(f"{seen[1]}&after={last[1]}")).iter_encoded()

    assert next(stream) == b"retry: 1000\n\n"
    assert b"event: outcome" in next(stream)
    for opened in (stream, stream_of_another):
        opened.close()
