# SPDX-License-Identifier: Apache-2.0
"""Recording remains, their photographs, their coding, and the intake bench."""

import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from lims.bench.operations import record_command, record_scan, take_bench
from lims.cases import operations as cases
from lims.cases import queries
from lims.cases.models import BoneSampling, CodingList, Item
from lims.cases.rules import (
    ElementNotListed,
    ElementUnknown,
    ListTooShort,
    NotForCoding,
    NotPending,
    NumberOfOtherShape,
    NumberThere,
    PatternRefused,
    PhotographMissing,
    PhotographRefused,
    ReasonNeeded,
    SiteThere,
    check_number,
    check_pattern,
)
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.scans import Command, Scan, Source, StationKind, Verdict
from lims.core.sealing import FieldDamaged, Vault
from lims.core.settings import Settings
from lims.features import MEANINGS
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelNotVerified, LabelState
from lims.samples.models import Sample
from lims.samples.operations import accept_sample
from tests.cast import Cast
from tests.sealed import CASE, SITE, Sealed, picture


def test_a_site_a_case_and_an_item_are_each_registered_once(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        site = sealed.a_site(session, code="TR04")
        with pytest.raises(SiteThere):
            sealed.a_site(session, code="tr04 ")
        other = sealed.a_site(session, code="TR05")
        for where in (site, other):
            cases.open_case(session, vault, where, number="031 B", by=cast.reception, at=at)
        with pytest.raises(NumberThere):
            cases.open_case(session, vault, site, number=" ٠٣١ b", by=cast.reception, at=at)
        assert len(queries.cases(session, vault, number="031 B")) == 2


def test_numbers_must_fit_the_shape_of_their_site(
    database: Database, vault: Vault, cast: Cast, at: datetime
) -> None:
    with database.writing() as session:
        site = cases.register_site(
            session, vault, code="GL02", name=SITE, number_pattern="GL02 [0-9]{3}(B|BP|GB)",
            by=cast.reception, at=at,
        )  # fmt: skip
        cases.open_case(session, vault, site, number="GL02 018BP", by=cast.reception, at=at)
        for wrong in ("GL02 18BP", "GL02 018BPX", "TR04 018B", "x" * 60):
            with pytest.raises(NumberOfOtherShape):
                cases.open_case(session, vault, site, number=wrong, by=cast.reception, at=at)


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a|aa)*b", "([a-z]*){9}", "[", "(?=a)", r"(a)\1", "a*a*a*a*a*", "x" * 200]
)
def test_a_pattern_that_could_hang_the_server_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        check_pattern(pattern)


def test_a_pattern_of_fixed_parts_is_taken() -> None:
    for pattern in ("", "[0-9]{3}", r"TR04-\d{3}(B|BP)", r"\d+[A-Z]{1,2}"):
        check_pattern(pattern)
    check_number("TR04-031BP", r"TR04-\d{3}(B|BP)")


def test_an_element_in_free_words_is_refused(
    database: Database, sealed: Sealed, vault: Vault
) -> None:
    with database.writing() as session:
        item = sealed.an_item(session)
        with pytest.raises(ElementNotListed):
            sealed.a_bone(session, item=item, element="arm of Mustafa")


def _zip_called_jpeg() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("letter.txt", "x" * 100)
    return out.getvalue()


def _bomb() -> bytes:
    """Return a small PNG that says it is 60 000 by 60 000."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = (60_000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )  # fmt: skip


def _large() -> bytes:
    out = BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    return out.getvalue()


def _gif() -> bytes:
    out = BytesIO()
    Image.new("L", (10, 10)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(_zip_called_jpeg(), id="an archive"),
        pytest.param(_bomb(), id="a bomb"),
        pytest.param(_large(), id="too many pixels"),
        pytest.param(_gif(), id="another format"),
        pytest.param(b"<svg onload='alert(1)'/>", id="a program"),
        pytest.param(picture(size=(900, 700))[:-400], id="a cut picture"),
        pytest.param(picture("PNG", size=(900, 700))[:-400], id="a cut PNG"),
        pytest.param(picture() + bytes(20_000_001), id="too many bytes"),
    ],
)
def test_what_is_no_whole_photograph_is_refused(content: bytes) -> None:
    with pytest.raises(PhotographRefused):
        cases.read_photograph(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photograph_is_kept_sealed_and_comes_back_as_it_was(
    database: Database, sealed: Sealed, vault: Vault, settings: Settings, cast: Cast,
    at: datetime, kind: str,
) -> None:  # fmt: skip
    content = picture(kind)
    with database.writing() as session:
        ref = sealed.a_bone(session, photographed=False)
        cases.add_photograph(
            session, vault, sealed.files, ref, cases.read_photograph(content),
            by=cast.coordinator, at=at,
        )  # fmt: skip
    with database.reading() as session:
        shown = cases.photograph_of(
            session, vault, sealed.files, session.get_one(BoneSampling, ref)
        )
    assert (shown.content, shown.kind) == (content, kind.lower())
    stored = [path.read_bytes() for path in settings.files.rglob("*") if path.is_file()]
    # As it came, and its thumbnail; neither can be read without the key.
    assert len(stored) == 2
    assert not any(content in one or content[:8] in one for one in stored)
    assert not any(shown.thumbnail[:8] in one for one in stored)


def test_without_photograph_or_element_nothing_of_a_list_is_coded(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        good = sealed.bones(session, 3)
        bare = sealed.a_bone(session, photographed=False)
        item = sealed.an_item(session)
        session.get_one(Item, item).element = ""
        nameless = sealed.a_bone(session, item=item)
        code = {"station": intake, "minimum": 3, "by": cast.coordinator, "at": at}
        with pytest.raises(PhotographMissing):
            cases.code_remains(session, vault, [*good, bare], **code)
        with pytest.raises(ElementUnknown):
            cases.code_remains(session, vault, [*good, nameless], **code)
        with pytest.raises(NotPending):
            cases.code_remains(session, vault, [*good, "0" * 32], **code)
        with pytest.raises(ListTooShort):
            cases.code_remains(session, vault, [good[0], good[0], good[0]], **code)
        with pytest.raises(ListTooShort):
            cases.code_remains(session, vault, [], **(code | {"urgent": "very urgent"}))
        wrong = code | {"station": cast.stations[StationKind.RECEPTION]}
        with pytest.raises(NotForCoding):
            cases.code_remains(session, vault, good, **wrong)
        assert session.scalar(select(func.count()).select_from(Sample)) == 0
        assert session.scalar(select(func.count()).select_from(CodingList)) == 0


def test_what_is_coded_is_not_coded_again_and_keeps_its_photograph(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        bones = sealed.bones(session, 3)
        code = {"station": intake, "minimum": 3, "by": cast.coordinator, "at": at}
        cases.code_remains(session, vault, bones, **code)
        with pytest.raises(NotPending):
            cases.code_remains(session, vault, bones, **code)
        first = session.get_one(BoneSampling, bones[0]).photograph_sha256
        cases.add_photograph(
            session, vault, sealed.files, bones[0], cases.read_photograph(picture(shade=1)),
            by=cast.coordinator, at=at,
        )  # fmt: skip
        assert session.get_one(BoneSampling, bones[0]).photograph_sha256 == first
        with pytest.raises(NotPending):
            cases.withdraw_sampling(
                session, vault, bones[0], reason="taken twice", by=cast.coordinator, at=at
            )


def test_a_withdrawn_sampling_is_not_coded(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        bones = sealed.bones(session, 4)
        with pytest.raises(ReasonNeeded):
            cases.withdraw_sampling(session, vault, bones[0], reason=".", by=cast.reception, at=at)
        cases.withdraw_sampling(
            session, vault, bones[0], reason="taken twice", by=cast.reception, at=at
        )
        assert {one.sampling.ref for one in queries.pending_samplings(session, vault)} == set(
            bones[1:]
        )
        with pytest.raises(NotPending):
            cases.code_remains(
                session, vault, bones, station=intake, minimum=3, by=cast.coordinator, at=at
            )


def test_the_laboratory_gets_element_side_mass_and_expected_sex_and_nothing_else(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        item = sealed.an_item(session)
        heavy = sealed.a_bone(session, item=item, mass_ug=3_500_000, element="tibia")
        bones = [heavy, *sealed.bones(session, 3)]
        listed = cases.code_remains(
            session, vault, bones, station=intake, minimum=3, by=cast.coordinator, at=at
        )
        code_of = {
            pair.sampling_ref: pair.code for pair in queries.pairs_of_list(session, vault, listed)
        }
        sample = session.get_one(Sample, code_of[heavy])
        assert (sample.element, sample.side.value, sample.mass_ug) == ("tibia", "left", 3_500_000)
        assert (sample.material.value, sample.expected_sex.value) == ("bone", "M")
        # Under ten of the site and of the condition: not told apart.
        assert (sample.site_group, sample.burial_condition) == ("", "")
        with pytest.raises(LabelNotVerified):
            accept_sample(session, sample.code, by=cast.technician, at=at)


def test_a_group_is_told_apart_only_once_it_has_ten(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    def code(many: int, site: str) -> list[tuple[str, str]]:
        with database.writing() as session:
            cases.code_remains(
                session, vault, sealed.bones(session, many, site=site), station=intake,
                minimum=3, by=cast.coordinator, at=at,
            )  # fmt: skip
            session.expire_all()
            return [(row.site_group, row.burial_condition)
                    for row in session.scalars(select(Sample))]  # fmt: skip

    with database.writing() as session:
        first, second = sealed.a_site(session), sealed.a_site(session)
    assert set(code(9, first)) == {("", "")}
    # Ten or more of one condition, of two sites that are still too small.
    together = code(3, second)
    assert {site for site, _ in together} == {""}
    assert len({burial for _, burial in together}) == 1
    grown = code(3, first)
    assert sorted(sum(site == one for site, _ in grown) for one in {s for s, _ in grown}) == [3, 12]
    assert sum(site == "" for site, _ in grown) == 3
    later = code(3, first)
    assert sum(site != "" for site, _ in later) == 15
    assert len({site for site, _ in later if site}) == 1


def test_at_the_intake_bench_each_label_is_scanned_back_and_nothing_sealed_is_said(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        cases.code_remains(
            session, vault, sealed.bones(session, 3), station=intake, minimum=3,
            by=cast.coordinator, at=at,
        )  # fmt: skip
        labels = session.scalars(select(LabelInstance)).all()
        assert {label.layout for label in labels} == {"bone bag"}
        for label in labels:
            label.state = LabelState.PRINTED
        payloads = [label.payload for label in labels]
        take_bench(session, intake, by=cast.reception, at=at)

    def scan(text: str, number: str) -> tuple[Verdict, str, str]:
        with database.writing() as session:
            record = record_scan(
                session, intake, Scan(f"scan-{number}-{text}", text, Source.SERIAL),
                by=cast.reception, at=at, meanings=MEANINGS,
            )  # fmt: skip
            return record.verdict, str(record.say), str(record.subject)

    assert len(_waiting(database, intake)) == 3
    assert scan(payloads[0], "1")[0] is Verdict.ACCEPTED
    assert len(_waiting(database, intake)) == 2
    verdict, say, subject = scan(payloads[0], "2")
    assert verdict is Verdict.ACCEPTED
    assert subject == payloads[0][:9]
    assert CASE not in say
    assert "coded" in say
    assert scan(intake, "3")[0] is Verdict.REFUSED
    for payload in payloads[1:]:
        assert scan(payload, "4")[0] is Verdict.ACCEPTED
    assert _waiting(database, intake) == []
    with database.writing() as session:
        said = record_command(
            session, intake, Command.HELP, command_id="command-1", by=cast.reception, at=at,
            meanings=MEANINGS,
        )  # fmt: skip
        assert said.verdict is Verdict.ACCEPTED
        undo = record_command(
            session, intake, Command.UNDO, command_id="command-2", by=cast.reception, at=at,
            meanings=MEANINGS,
        )  # fmt: skip
        assert undo.verdict is Verdict.REFUSED


def _waiting(database: Database, station: str) -> list[str]:
    with database.reading() as session:
        return list(queries.labels_waiting(session, station))


def test_a_photograph_changed_on_disk_is_not_shown(
    database: Database, sealed: Sealed, vault: Vault, settings: Settings
) -> None:
    files = FileStore(settings.files)
    with database.writing() as session:
        ref = sealed.a_bone(session)
    with database.reading() as session:
        sampling = session.get_one(BoneSampling, ref)
        assert cases.photograph_of(session, vault, files, sampling).content == picture()
        path = next(settings.files.rglob(f"{sampling.photograph_sha256}*"))
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        with pytest.raises(FieldDamaged):
            cases.photograph_of(session, vault, files, sampling)


def test_of_two_who_code_one_list_at_once_the_second_is_refused(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, intake: str, at: datetime
) -> None:
    with database.writing() as session:
        bones = sealed.bones(session, 3)

    def code(_: int) -> str:
        try:
            with database.writing() as session:
                return cases.code_remains(
                    session, vault, bones, station=intake, minimum=3, by=cast.coordinator, at=at
                )
        except NotPending as refusal:
            return refusal.name

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(code, range(4)), key=len)
    assert answers[:3] == ["NotPending"] * 3
    with database.reading() as session:
        assert len(queries.pairs_of_list(session, vault, answers[3])) == 3
        assert session.scalar(select(func.count()).select_from(Sample)) == 3
