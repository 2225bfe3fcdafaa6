# SPDX-License-Identifier: Apache-2.0
"""A donor withdraws and is erased: nothing of the person is left, and nothing else is touched."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from instruments.analyzers.synthetic import Sex
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import CodeErased, CodeKey, Withdrawn, code_keys
from lims.core.db import Database
from lims.core.erasures import CODE, PERSON, DestroyedKey, ErasureListBroken, erasure_list
from lims.core.files import FileDamaged, FileStore
from lims.core.scans import StationKind
from lims.core.sealing import Erased, FieldDamaged, SealedKey, Vault, open_vault
from lims.core.settings import Settings
from lims.custody.operations import (
    certify_days,
    checkpoint,
    create_long_term_key,
    daily_signer,
    long_term_signer,
    publish,
    read_public_key,
    write_public_key,
)
from lims.custody.queries import blocked, descendants, history, verify_database
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.custody.verifier import read_notes
from lims.founding.erasures import apply_erasures
from lims.genotyping.models import Finding, Injection, Profile, ProfileState, Reading, RunFile
from lims.genotyping.operations import accept_profile, submit_reading
from lims.genotyping.queries import (
    profile_of,
    profile_picture,
    reading_case,
    waiting_readings,
)
from lims.identities import operations, queries
from lims.identities.models import Donor, NameIndex, ReferenceCoding, ToTell
from lims.identities.rules import LegalHoldStands, NotWithdrawn, SecondPersonNeeded, TooEarly
from lims.jobs import tell_ledger
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from lims.people.rules import Line
from lims.plates.queries import waiting_counts
from lims.samples.models import Sample
from lims.samples.operations import accept_sample
from tests.cast import Cast
from tests.sealed import CANARIES, FAMILY, GIVEN, LATIN, NUMBER, PHONE, REASON, Sealed

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
OF_DONOR = tuple(word for word in CANARIES if word in (FAMILY, GIVEN, LATIN, NUMBER, PHONE, REASON))


@dataclass(frozen=True)
class Family:
    """Two donors whose profiles are accepted: one who will withdraw, with two codes, and another.

    `typed` and `begun` are the first donor's codes (the second read once); `other` the second's.
    """

    donor: str
    missing: str
    typed: str
    begun: str
    other: str
    injections: dict[str, int]
    plate: str
    listed: str


@pytest.fixture
def at() -> datetime:
    """Now: the views and the daily keys compare with the real clock."""
    return now() - timedelta(minutes=5)


@pytest.fixture
def vault(settings: Settings) -> Vault:
    """The keys of the test's laboratory."""
    return open_vault(settings)


@pytest.fixture
def family(
    database: Database, settings: Settings, vault: Vault, cast: Cast, at: datetime,
    an_aliquot: Any, a_live_label: Any, an_injection_plate: Any, a_run_of: Any, import_files: Any,
) -> Family:  # fmt: skip
    """Take the references of two donors from consent to profile."""
    sealed = Sealed(vault, FileStore(settings.files), cast, at)
    with database.writing() as session:
        donor, missing = sealed.a_donor(session), sealed.a_missing_person(session)
        sealed.a_relation(session, donor, missing)
        cards = [sealed.a_reference(session, donor=donor) for _ in range(2)]
        cards.append(sealed.a_reference(session))
        listed = operations.code_references(
            session, vault, cards, station=cast.stations[StationKind.INTAKE], minimum=3,
            by=cast.coordinator, at=at,
        )  # fmt: skip
        codes = {
            pair.sampling_ref: pair.code
            for pair in queries.reference_pairs_of_list(session, vault, listed)
        }
        own = [codes[card] for card in cards]
        for code in own:
            a_live_label(session, code)
            accept_sample(session, code, by=cast.technician, at=at)
        tubes = tuple(an_aliquot(session, sample=code) for code in own)
    plate = an_injection_plate("PowerPlex 16", line=Line.REFERENCE, aliquots=tubes, samples=3)
    import_files(a_run_of(plate, sex=Sex.FEMALE), plate.code)
    with database.writing() as session:
        injections = {
            one.key_code: one.id for one in session.scalars(select(Injection)) if one.key_code
        }
        for code in own:
            machine = reading_case(session, injections[code]).machine
            written = {locus: " ".join(found) for locus, found in machine.items()}
            readers = (cast.first_reader, cast.second_reader)
            for reader in readers[:1] if code == own[1] else readers:
                submit_reading(
                    session, injections[code], written=written, reasons={}, by=reader, at=at
                )
            if code != own[1]:
                accept_profile(session, injections[code], by=cast.manager, at=at)
    return Family(donor, missing, own[0], own[1], own[2], injections, plate.code, listed)


@pytest.fixture
def signed(settings: Settings) -> None:
    """Certify today's key."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=3)


def sign(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        checkpoint(session, daily_signer(settings.keys, origin=settings.origin, at=now()), at=now())
    with database.reading() as session:
        publish(session, settings.checkpoints)


def withdraw(database: Database, vault: Vault, family: Family, cast: Cast, at: datetime) -> int:
    with database.writing() as session:
        return operations.withdraw_consent(
            session, vault, family.donor, reason=REASON, by=cast.coordinator, at=at
        )


def erase(
    database: Database, vault: Vault, family: Family, cast: Cast, at: datetime, *, days: int = 0,
    witness: Actor | None = None,
) -> operations.Erasure:  # fmt: skip
    with database.writing() as session:
        return operations.erase_donor(
            session, vault, family.donor, after_days=days, witness=witness or cast.quality,
            by=cast.coordinator, at=at,
        )  # fmt: skip


def counts(database: Database) -> list[int]:
    tables = (Donor, Sample, Injection, Reading, Profile, RunFile, Finding, ReferenceCoding)
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def every_byte(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def test_what_is_learnt_of_a_reference_lies_sealed_and_of_a_control_plain(
    database: Database, settings: Settings, family: Family
) -> None:
    store = FileStore(settings.files)
    with database.reading() as session:
        injections = session.scalars(select(Injection)).all()
        assert {bool(one.key_code) for one in injections} == {True, False}
        for one in injections:
            assert one.calls[:1] == (b"\x01" if one.key_code else b"\x00")
        for row in (*session.scalars(select(Reading)), *session.scalars(select(Profile))):
            assert row.salt[:1] == b"\x01"
        assert {row.calls[:1] for row in session.scalars(select(Reading))} == {b"\x01"}
        assert {row.alleles[:1] for row in session.scalars(select(Profile))} == {b"\x01"}
        keys = code_keys(session, {one.key_code for one in injections})
        for one in injections:
            # The address of a file is the hash of its original bytes, whatever lies there.
            assert store.read(one.sha256, keys[one.key_code])[:4] == b"ABIF"
            kept = settings.files / one.sha256[:2]
            assert (kept / one.sha256).exists() is (one.key_code is None)
        typed = session.get_one(Injection, family.injections[family.typed])
        with pytest.raises(FileDamaged):
            store.read(typed.sha256)
        # A cell moved to another row, or opened under another code, does not open.
        other = session.get_one(Injection, family.injections[family.other])
        with pytest.raises(FieldDamaged):
            keys[family.other].open(typed.calls, typed, "calls")
        with pytest.raises(FieldDamaged):
            keys[family.typed].open(typed.calls, other, "calls")


def test_a_withdrawal_takes_every_code_out_of_everything_at_once(
    database: Database, vault: Vault, family: Family, cast: Cast, at: datetime, sign_in: SignIn
) -> None:
    with database.reading() as session:
        before = {one.injection for one in waiting_readings(session, limit=50)[0]}
        assert family.injections[family.begun] in before
    assert withdraw(database, vault, family, cast, at) == 2
    manager = sign_in(cast.manager)
    with database.reading() as session:
        assert not waiting_readings(session, limit=50)[0]
        for code in (family.typed, family.begun):
            assert [one.reason for one in blocked(session, code)] == [HoldReason.CONSENT]
            with pytest.raises(Withdrawn):
                reading_case(session, family.injections[code])
            assert profile_of(session, code) is None
        picture = profile_picture(session, family.typed)
        assert [path.profile.state for path in picture.paths] == [ProfileState.WITHDRAWN]
        assert [path.alleles for path in picture.paths] == [None]
        kept = profile_picture(session, family.other)
        assert kept.current is not None
        assert kept.current.alleles
        # The ledger knows nothing of the codes yet: no time pairs them with the withdrawal.
        assert not any(
            event.tag is Tag.SUBJECT_HOLD_SET
            for code in (family.typed, family.begun)
            for event in history(session, code)
        )
        due = session.scalars(select(ToTell.due_at)).all()
        assert len(set(due)) == 2
        assert all(at <= one < at + timedelta(hours=24) for one in due)
    with database.writing() as session, pytest.raises((Withdrawn, OnHold)):
        accept_profile(session, family.injections[family.typed], by=cast.manager, at=at)
    for address in (f"/readings/{family.injections[family.begun]}",
                    f"/injections/{family.injections[family.typed]}/signal"):  # fmt: skip
        answer = manager.get(address)
        assert answer.status_code == 410, address
    shown = manager.get(f"/profiles/{family.typed}")
    assert shown.status_code == 200
    assert b"was withdrawn on" in shown.data
    assert manager.get(f"/profiles/{family.other}").status_code == 200
    # Later each code learns of it by itself.
    assert tell_ledger(database, at=at) == sum(one <= at for one in due)
    tell_ledger(database, at=at + timedelta(hours=24))
    with database.reading() as session:
        for code in (family.typed, family.begun):
            told = [e for e in history(session, code) if e.tag is Tag.SUBJECT_HOLD_SET]
            assert [event.content for event in told] == [{"reason": "consent"}]
            assert [one.reason for one in blocked(session, code)] == [HoldReason.CONSENT]
        assert any(
            event.tag is Tag.PROFILE_RECORD_WITHDRAWN for event in history(session, family.typed)
        )


def test_a_withdrawn_reference_waits_for_no_stage(
    database: Database, vault: Vault, cast: Cast, at: datetime, settings: Settings
) -> None:
    sealed = Sealed(vault, FileStore(settings.files), cast, at)
    with database.writing() as session:
        donor = sealed.a_donor(session)
        cards = [sealed.a_reference(session, donor=donor), *sealed.references(session, 2)]
        operations.code_references(
            session, vault, cards, station=cast.stations[StationKind.INTAKE], minimum=3,
            by=cast.coordinator, at=at,
        )  # fmt: skip
        before = sum(waiting_counts(session).values())
        operations.withdraw_consent(
            session, vault, donor, reason=REASON, by=cast.coordinator, at=at
        )
    with database.reading() as session:
        assert sum(waiting_counts(session).values()) == before - 1


def test_an_erasure_waits_for_withdrawal_days_the_law_and_a_second_person(
    database: Database, vault: Vault, family: Family, cast: Cast, at: datetime
) -> None:
    with pytest.raises(NotWithdrawn):
        erase(database, vault, family, cast, at)
    act = {"by": cast.coordinator, "at": at, "reason": REASON}
    with database.writing() as session:
        operations.set_legal_hold(session, vault, family.donor, **act)
    # The law blocks the erasure, not the withdrawal.
    assert withdraw(database, vault, family, cast, at) == 2
    with pytest.raises(LegalHoldStands):
        erase(database, vault, family, cast, at)
    with database.writing() as session:
        operations.lift_legal_hold(session, vault, family.donor, **act)
    with pytest.raises(SecondPersonNeeded):
        erase(database, vault, family, cast, at, witness=cast.coordinator)
    with pytest.raises(TooEarly):
        erase(database, vault, family, cast, at + timedelta(days=29), days=30)
    erase(database, vault, family, cast, at + timedelta(days=30), days=30)
    with pytest.raises(Erased):
        erase(database, vault, family, cast, at + timedelta(days=31))


def test_after_an_erasure_nothing_of_the_person_is_left_and_nothing_else_is_touched(
    database: Database, database_url: str, settings: Settings, vault: Vault, family: Family,
    cast: Cast, at: datetime, sign_in: SignIn, key: Key, signed: None,
) -> None:  # fmt: skip
    sign(database, settings)
    with database.reading() as session:
        person = session.get_one(Donor, family.donor)
        rows = session.scalars(select(CodeKey).where(CodeKey.code != family.other)).all()
        wrapped = [row.wrapped for row in rows]
        wrapped.append(session.get_one(SealedKey, person.key_ref).wrapped)
        secrets = [key.secret for key in code_keys(session, {row.code for row in rows}).values()]
        secrets = [secret for secret in secrets if secret]
        secrets.append(vault.key(session, person.key_ref).secret)
        assert len(wrapped) == len(secrets) == 3
        named = {DestroyedKey(CODE, row.ref) for row in rows} | {
            DestroyedKey(PERSON, person.key_ref)
        }
        indexed = set(
            session.scalars(select(NameIndex.part).where(NameIndex.donor_ref == family.donor))
        )
    copy = settings.folder / "copy.sqlite"
    if database.is_sqlite:
        assert database.empty_log()
        shutil.copyfile(settings.folder / "lims.sqlite", copy)
    with database.writing() as session:
        quality = session.get_one(Person, cast.quality.person)
        pin = hash_pin("2468")
        badge = issue_badge(session, quality, pin, by=cast.administrator, at=at).code
    before = counts(database)
    coordinator = sign_in(cast.coordinator)
    address = f"/intake/donors/{family.donor}"
    asked = {"request_key": key(), "reason": REASON}
    assert coordinator.post(f"{address}/consents/withdraw", data=asked).status_code == 303
    shown = coordinator.get(address).get_data(as_text=True)
    assert "Erase this person" in shown
    second = {"witness_badge": badge, "witness_pin": "9753"}
    refused = coordinator.post(f"{address}/erasure", data={"request_key": key(), **second})
    assert refused.status_code == 403
    second["witness_pin"] = "2468"
    erased = coordinator.post(f"{address}/erasure", data={"request_key": key(), **second})
    assert erased.status_code == 303

    assert counts(database) == before
    assert set(erasure_list(settings).read()) == named
    with database.reading() as session:
        # No guess of a name finds the person any more.
        assert indexed.isdisjoint(
            session.scalars(select(NameIndex.part).where(NameIndex.donor_ref == family.donor))
        )
        with pytest.raises(CodeErased):
            reading_case(session, family.injections[family.typed])
        with pytest.raises(Erased):
            vault.key(session, person.key_ref)
        assert profile_of(session, family.other) is not None
        for code in (family.typed, family.begun):
            assert session.get_one(CodeKey, code).wrapped == b""
    tell_ledger(database, at=now() + timedelta(hours=25))
    with database.reading() as session:
        for code in (family.typed, family.begun):
            assert any(e.tag is Tag.SAMPLE_RECORD_ERASED for e in history(session, code))
            # What is left of it waits for its destruction; the punch was used up.
            for thing in (code, *(one for one in descendants(session, code) if one[0] == "X")):
                queued = Tag.SAMPLE_DESTRUCTION_QUEUED
                assert any(event.tag is queued for event in history(session, thing)), thing
        sealed = history(session, f"s:{family.donor}")
        assert [event.tag for event in sealed][-1] is Tag.SEALED_RECORD_ERASED

    # Neither a key nor a word of the person is in the database, its log, or any file.
    if database.is_sqlite:
        assert database.empty_log()
        copy.rename(settings.folder.parent / copy.name)
        for name, content in every_byte(settings.folder):
            for canary in (*wrapped, *secrets, *(word.encode() for word in OF_DONOR)):
                assert canary not in content, name
    else:
        with database.reading() as session:
            for table in ("sealed_key", "code_key"):
                held = session.execute(text(f"SELECT wrapped FROM {table}")).scalars()  # noqa: S608  # two names
                assert not set(wrapped) & {bytes(one) for one in held}

    # Every page that showed it says so, and none breaks.
    run = "/runs/1"
    for client, where, says in (
        (coordinator, address, "Erased on"),
        (coordinator, "/intake/persons", "Erased on"),
        (coordinator, f"/intake/missing/{family.missing}", "Erased on"),
        (coordinator, f"/intake/lists/{family.listed}", "were erased"),
        (coordinator, "/intake", ""),
        (sign_in(cast.manager), f"/profiles/{family.typed}", "erased on"),
        (sign_in(cast.manager), run, ""),
        (sign_in(cast.technician), f"/samples/{family.typed}", ""),
        (sign_in(cast.technician), f"/injection/{family.plate}", ""),
        (sign_in(cast.manager), "/readings", ""),
    ):
        answer = client.get(where)
        assert answer.status_code == 200, where
        page = answer.get_data(as_text=True)
        assert says in page, where
        if where != "/intake/persons" and "missing" not in where:
            assert not any(word in page for word in (FAMILY, LATIN, PHONE, REASON)), where
    for where in (f"/readings/{family.injections[family.typed]}", f"{run}/wells/A01",
                  f"/injections/{family.injections[family.typed]}/signal"):  # fmt: skip
        assert sign_in(cast.manager).get(where).status_code == 410, where

    # The ledger still verifies, with the events of before and of after.
    sign(database, settings)
    with database.reading() as session:
        line = read_public_key(settings.public_key)
        found = verify_database(session, line, read_notes(settings.checkpoints))
        assert found.verdict == "sound", found.as_json()

    # An older copy is put back: it is erased again before anything is shown.
    if database.is_sqlite:
        database.close()
        for left in settings.folder.glob("lims.sqlite*"):
            left.unlink()
        shutil.copyfile(settings.folder.parent / copy.name, settings.folder / "lims.sqlite")
    else:
        with database.writing() as session:
            for row, blob in zip(rows, wrapped[:2], strict=True):
                session.execute(
                    text("UPDATE code_key SET wrapped = :w, destroyed_on = NULL WHERE code = :c"),
                    {"w": blob, "c": row.code},
                )
            session.execute(
                text("UPDATE sealed_key SET wrapped = :w, destroyed_at = NULL WHERE ref = :r"),
                {"w": wrapped[2], "r": person.key_ref},
            )
    applied = apply_erasures(settings, by=cast.quality, at=now())
    assert (applied.listed, applied.destroyed_again, applied.added) == (3, 3, 0)
    assert bool(applied.newer_checkpoint) is database.is_sqlite
    again = coordinator.get(address) if not database.is_sqlite else None
    with database.reading() as session:
        assert queries.erased_on(session, family.donor) is not None
        with pytest.raises(CodeErased):
            reading_case(session, family.injections[family.typed])
        assert [one.reason for one in blocked(session, family.typed)] == [HoldReason.CONSENT]
    assert again is None or "Erased on" in again.get_data(as_text=True)
    second_time = apply_erasures(settings, by=cast.quality, at=now())
    assert second_time.destroyed_again == 0


def test_a_changed_list_of_erasures_opens_nothing(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path)
    kept = erasure_list(settings)
    first, second = DestroyedKey(PERSON, "a" * 32), DestroyedKey(CODE, "b" * 32)
    assert kept.add([first], on=now().date()) == 1
    assert kept.add([first, second], on=now().date()) == 1
    assert set(erasure_list(settings).read()) == {first, second}
    whole = kept.path.read_bytes()
    # What a crash cut short is written over; what somebody changed or took out is not borne.
    kept.path.write_bytes(whole[:-10])
    assert set(kept.read()) == {first}
    assert kept.add([second], on=now().date()) == 1
    assert kept.path.read_bytes() == whole
    for broken in (whole.replace(b"aaaa", b"aaac"), whole.split(b"\n", 1)[1]):
        kept.path.write_bytes(broken)
        with pytest.raises(ErasureListBroken):
            kept.read()


def test_a_file_that_comes_after_the_erasure_is_sealed_under_a_key_that_nobody_keeps(
    database: Database, settings: Settings, vault: Vault, cast: Cast, at: datetime,
    an_injection_plate: Any, a_run_of: Any, import_files: Any,
) -> None:  # fmt: skip
    plate = an_injection_plate("PowerPlex 16", line=Line.REFERENCE, samples=1)
    with database.writing() as session:
        code = session.scalars(select(Sample.code)).one()
        row = session.get_one(CodeKey, code)
        row.wrapped, row.closed_on, row.destroyed_on = b"", at.date(), at.date()
    import_files(a_run_of(plate, sex=Sex.FEMALE), plate.code)
    with database.reading() as session:
        own = session.scalars(select(Injection).where(Injection.key_code == code)).one()
        assert own.calls[:1] == b"\x01"
        with pytest.raises(CodeErased):
            reading_case(session, own.id)
        assert not (settings.files / own.sha256[:2] / own.sha256).exists()
        assert session.scalars(select(Finding)).all()
