# SPDX-License-Identifier: Apache-2.0
"""Worksheets printed and read back; a robot's file written from a plate and compared with it."""

import io
from collections.abc import Callable
from datetime import datetime

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from lims.amplification.operations import complete_amplification, load_for_amplification
from lims.core.actors import Actor
from lims.core.codes import threes
from lims.core.db import Database
from lims.custody.queries import events_of
from lims.custody.rules import Tag
from lims.people.rules import Activity
from lims.plates.queries import lots_used, wells_of
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.quantification.operations import load_extract, open_quantification
from lims.worksheets.models import RobotTemplate
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]

PROCEDURE = """name = "AM-04"
title = "Amplification with PowerPlex 16"
title_ar = "التضخيم بعدة PowerPlex 16"
activity = "amplification"
[controls]
positive = 1
negative = 1
[limits]
reaction_ul = "25"
mix_ul = "5.8"
control_ul = "2.5"
[plate]
order = "across"
[[step]]
words = "Scan the plate and the lots."
words_ar = "امسح اللوحة والتشغيلات."
[[reagent]]
name = "polymerase"
volume_ul = "0.8"
[[instrument]]
kind = "thermal cycler"
program = "29 cycles"
"""
TEMPLATE = {
    "name": "Janus", "separator": "semicolon", "ends": "lf",
    "text": "P = {plate}\nW = {position}\nS = {source}\nFrom = {source_position}\n"
            "V = {volume}\nH2O = {diluent}\nRole = {role}\n",
}  # fmt: skip


def read_back(pdf: bytes) -> tuple[list[str], list[str]]:
    """Return what is scanned from the first page, and the text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=4).to_pil().convert("L")
    texts = [page.get_textpage().get_text_range() for page in document]
    assert all(page.get_size() == (595, 842) for page in document)
    document.close()
    found = zxingcpp.read_barcodes(picture)
    return sorted(f"{one.format.name} {one.text}" for one in found), texts


def test_a_plate_is_filled_across_printed_in_both_languages_and_written_for_a_robot(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, quantified: Extracts,
    an_empty_plate: Build, with_lots: Callable[..., None],
) -> None:  # fmt: skip
    with database.writing() as session:
        drafted = draft_procedure(session, PROCEDURE, reason="first", by=cast.manager, at=at)
        approve_procedure(session, drafted.id, by=cast.quality, at=at)
        rich, thick, blank = quantified(session, 250_000, 50_000_000)
        plate = an_empty_plate(session)
        with_lots(session, plate)
        wells = [
            load_for_amplification(session, plate, code, by=cast.technician, at=at).position
            for code in (rich, thick, blank)
        ]
        assert wells == ["A01", "A02", "A03"]
        complete_amplification(session, plate, by=cast.technician, at=at)
        assert {well.position for well in wells_of(session, plate)} == {*wells, "A04", "A05"}
        control = next(one for one in lots_used(session, plate) if "control" in one.reagent)
    manager, client = sign_in(cast.manager), sign_in(cast.technician)
    said = client.get(
        f"/amplification/{plate}", headers={"Accept": "application/json"}
    ).json  # fmt: skip
    assert (said["reaction_nl"], said["mix_nl"]) == (25_000, 5_800)
    assert [(one["water_nl"], one["drawn_nl"], one["diluent_nl"]) for one in said["wells"]] == [
        (15_200, 4_000, 0), (17_200, 1_000, 99_000), (4_200, 15_000, 0), (16_700, 2_500, 0),
        (19_200, 0, 0),
    ]  # fmt: skip

    # The worksheet, in the language of whoever prints it.
    page = f"/worksheets/{plate}"
    assert client.get(page).status_code == client.get(f"/amplification/{plate}").status_code == 200
    sheets = {}
    for language in ("en", "ar"):
        client.set_cookie("osteon_language", language)
        sent = client.post(page, data={"request_key": key()})
        assert sent.status_code == 303
        answer = client.get(sent.location)
        assert answer.mimetype == "application/pdf"
        assert client.get(page).status_code == 200
        sheets[language] = answer.data
    client.set_cookie("osteon_language", "en")
    scanned, texts = read_back(sheets["en"])
    assert scanned == [f"Code128 {plate}", f"DataMatrix {plate}"]
    text = " ".join("\n".join(texts).split())
    for words in (
        "Worksheet of a plate", "AM-04 v1", "Amplification with PowerPlex 16", threes(rich),
        "1:100", "15.2", "RB", "reagent blank", "Scan the plate and the lots.", "thermal cycler",
        control.number, "Checked by a second person", f"Page 1 of {len(texts)}",
    ):  # fmt: skip
        assert words in text, words
    assert read_back(sheets["ar"])[0] == scanned
    assert sheets["ar"] != sheets["en"]

    # A template is tried, then saved in versions that nobody can change.
    assert "Well = {position}" in manager.get("/robots").text
    tried = manager.post("/robots/preview", data=TEMPLATE | {"plate": plate}).text
    assert thick in tried
    assert "{sauce} is not known" in manager.post(
        "/robots/preview", data=TEMPLATE | {"text": "W = {sauce}"}
    ).text  # fmt: skip
    refused = client.post("/robots", data=TEMPLATE | {"request_key": key()})
    assert refused.status_code == 403
    for version, more in ((1, {}), (1, {}), (2, {"decimal": ","})):
        saved = manager.post("/robots", json=TEMPLATE | more, headers={"Idempotency-Key": key()})
        assert (saved.status_code, saved.json["version"]) == (201, version)
    assert "H2O = {diluent}" in manager.get("/robots?name=Janus").text
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(update(RobotTemplate).values(figures="{}"))
    assert thick in client.get(f"{page}?template=Janus").text

    # The file, and the file of another plate.
    sent = client.post(
        f"/robots/{plate}/file", data={"request_key": key(), "template": "Janus"}
    )  # fmt: skip
    written = client.get(sent.location).data
    lines = written.decode().splitlines()
    assert lines[0] == "P;W;S;From;V;H2O;Role"
    assert lines[2] == f"{plate};A02;{thick};A2;2;17,2;sample"
    assert lines[4:] == [
        f"{plate};A04;{control.code};;2,5;16,7;positive", f"{plate};A05;;;0;19,2;negative"
    ]  # fmt: skip

    def compared(content: bytes) -> tuple[int, str]:
        answer = client.post(
            f"/robots/{plate}/compare",
            data={
                "request_key": key(), "template": "Janus", "file": (io.BytesIO(content), "r.csv")
            },
            headers={"Accept": "application/json"},
        )  # fmt: skip
        told = answer.json
        return answer.status_code, told["say"]["en"] if "say" in told else told["agree"]

    assert compared(written) == (201, 5)
    assert "It agreed in 5 wells." in client.get(page).text
    status, said = compared(written.replace(thick.encode(), rich.encode()))
    assert status == 409
    assert said.startswith("Well A02, column “S”")
    status, said = compared(written.replace(plate.encode(), b"P0000000000"))
    assert status == 409
    assert said.startswith("The file is for plate")
    with database.reading() as session:
        tags = [event.tag for event in events_of(session, [plate, "robots:templates"])]
    for tag, times in (
        (Tag.PLATE_WORKSHEET_PRINTED, 2), (Tag.ROBOT_TEMPLATE_SAVED, 2),
        (Tag.PLATE_ROBOT_WRITTEN, 1), (Tag.PLATE_ROBOT_COMPARED, 1),
    ):  # fmt: skip
        assert tags.count(tag) == times


def test_a_batch_has_a_worksheet_and_a_quantification_plate_a_robot_file(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, key: Key, extracts: Extracts,
    a_procedure: Callable[..., int], a_live_label: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        codes = extracts(session, samples=2)
        plate = open_quantification(
            session, procedure_id=a_procedure(session, activity=Activity.QUANTIFICATION),
            kit="Quantifiler Trio", by=cast.technician, at=at,
        ).code  # fmt: skip
        a_live_label(session, plate)
    client, manager = sign_in(cast.technician), sign_in(cast.manager)
    sent = manager.post(
        "/robots", json={"name": "Q", "text": "W = {number_down}\nS = {source}\nV = {volume}"},
        headers={"Idempotency-Key": key()},
    )  # fmt: skip
    assert sent.status_code == 201
    nothing = client.post(
        f"/robots/{plate}/file", data={"request_key": key(), "template": "Q"},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert nothing.json["say"]["en"].endswith("holds nothing for a robot yet.")
    with database.writing() as session:
        for code in codes[:2]:
            load_extract(session, plate, code, by=cast.technician, at=at)
    sent = client.post(f"/robots/{plate}/file", data={"request_key": key(), "template": "Q"})
    assert client.get(sent.location).data.decode() == (
        f"W,S,V\r\n1,{codes[0]},2\r\n2,{codes[1]},2\r\n"
    )
    batch = client.get(f"/samples/{codes[0]}").text.split("/batches/")[1][:9]
    sent = client.post(f"/worksheets/{batch}", data={"request_key": key()})
    scanned, texts = read_back(client.get(sent.location).data)
    assert scanned == [f"Code128 {batch}", f"DataMatrix {batch}"]
    assert "Worksheet of a batch: extraction" in texts[0]
    assert "RB" in texts[0]
    assert client.get(f"/worksheets/{plate}/{sent.location.split('/')[-1]}").status_code == 404
    refused = client.post(f"/robots/{batch}/file", data={"request_key": key(), "template": "Q"})
    assert refused.status_code == 404
