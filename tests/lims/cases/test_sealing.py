# SPDX-License-Identifier: Apache-2.0
"""Sealed fields: bound to their place, erasable by a key, findable blind, plain where law asks."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from lims.cases import queries
from lims.cases.models import Site
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.core.sealing import (
    AES_GCM,
    FORMER_KEY_FILE,
    KEY_FILE,
    PLAIN,
    Erased,
    FieldDamaged,
    Key,
    SealedKey,
    Vault,
    destroy_key,
    open_vault,
    wrap_anew,
)
from lims.core.settings import Settings
from lims.core.spelling import consonants, name_parts, normalised
from lims.identities import queries as identity_queries
from tests.cast import Cast
from tests.sealed import FAMILY, SITE, Sealed


@dataclass
class Row:
    """A row of a table, as far as sealing sees it."""

    ref: str
    __tablename__: str = "donor"


KEY = Key("k1", bytes(range(32)))


@given(st.text())
def test_what_is_sealed_opens_to_the_same_words(words: str) -> None:
    sealed = KEY.seal(words, Row("a"), "family")
    assert KEY.open(sealed, Row("a"), "family") == words
    assert sealed[:1] == AES_GCM


def test_the_same_name_is_never_sealed_to_the_same_bytes() -> None:
    assert len({KEY.seal(FAMILY, Row("a"), "family") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("row", "column"),
    [(Row("b"), "family"), (Row("a"), "given"), (Row("a", "missing_person"), "family")],
)
def test_a_sealed_field_moved_to_another_row_column_or_table_is_refused(
    row: Row, column: str
) -> None:
    sealed = KEY.seal(FAMILY, Row("a"), "family")
    with pytest.raises(FieldDamaged):
        KEY.open(sealed, row, column)


def test_every_changed_bit_of_a_sealed_field_is_refused() -> None:
    sealed = KEY.seal("Fatima", Row("a"), "given")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FieldDamaged):
            KEY.open(bytes(changed), Row("a"), "given")
    for length in range(len(sealed)):
        with pytest.raises(FieldDamaged):
            KEY.open(sealed[:length], Row("a"), "given")


def test_a_plain_field_planted_in_a_sealed_record_is_refused() -> None:
    with pytest.raises(FieldDamaged):
        KEY.open(PLAIN + b"Somebody Else", Row("a"), "family")
    with pytest.raises(FieldDamaged):
        Key("k2", b"").open(KEY.seal("x", Row("a"), "family"), Row("a"), "family")


def test_no_damage_tells_what_was_written(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FieldDamaged) as refused:
        KEY.open(KEY.seal(FAMILY, Row("a"), "family"), Row("b"), "family")
    assert FAMILY not in str(refused.value)
    assert bytes(range(32)).hex() not in repr(KEY)
    assert "secret" not in repr(KEY)


def test_rows_swapped_in_the_database_are_found_when_they_are_read(
    database: Database, sealed: Sealed, vault: Vault
) -> None:
    with database.writing() as session:
        site = sealed.a_site(session)
        first, second = sealed.an_item(session, site=site), sealed.an_item(session, site=site)
    with database.writing() as session:
        numbers = dict(session.execute(
            text("SELECT ref, field_number FROM recovered_item")
        ).all())  # fmt: skip
        for to, of in ((first, second), (second, first)):
            session.execute(
                text("UPDATE recovered_item SET field_number = :n WHERE ref = :r"),
                {"n": numbers[of], "r": to},
            )
    with database.reading() as session:
        case = session.execute(
            text("SELECT case_ref FROM recovered_item WHERE ref = :r"), {"r": first}
        ).scalar_one()
        with pytest.raises(FieldDamaged):
            queries.items_of_case(session, vault, case)


def test_the_key_of_the_installation_is_changed_while_records_stay_readable(
    database: Database, sealed: Sealed, settings: Settings
) -> None:
    with database.writing() as session:
        refs = [sealed.a_site(session) for _ in range(5)]
    old = settings.keys / KEY_FILE
    old.rename(settings.keys / FORMER_KEY_FILE)
    vault = open_vault(settings)
    with database.writing() as session:
        assert queries.site(session, vault, refs[0]).name == SITE
        begins = {row.wrapped[:9] for row in session.scalars(select(SealedKey))}
        assert len(begins) == 1
        # Stopped half-way: both keys are still needed, and enough.
        assert wrap_anew(session, vault, limit=2) == 2
        assert {queries.site(session, vault, ref).name for ref in refs} == {SITE}
        assert wrap_anew(session, vault) == 3
        assert wrap_anew(session, vault) == 0
        assert begins.isdisjoint({row.wrapped[:9] for row in session.scalars(select(SealedKey))})
    (settings.keys / FORMER_KEY_FILE).unlink()
    with database.reading() as session:
        assert {queries.site(session, open_vault(settings), ref).name for ref in refs} == {SITE}


def test_without_the_key_of_the_installation_nothing_can_be_read(
    database: Database, sealed: Sealed, settings: Settings
) -> None:
    with database.writing() as session:
        ref = sealed.a_site(session)
    (settings.keys / KEY_FILE).unlink()
    with database.reading() as session, pytest.raises(FieldDamaged):
        queries.site(session, open_vault(settings), ref)


def test_a_donors_destroyed_key_erases_the_donor_and_nobody_else(
    database: Database, sealed: Sealed, vault: Vault, at: datetime
) -> None:
    with database.writing() as session:
        first, second = sealed.a_donor(session), sealed.a_donor(session)
    with database.writing() as session:
        shown = identity_queries.donor(session, vault, first, today=at.date())
        destroy_key(session, shown.donor.key_ref, at=at)
    with database.reading() as session:
        with pytest.raises(Erased):
            identity_queries.donor(session, vault, first, today=at.date())
        assert [
            one.donor.ref for one in identity_queries.newest_donors(session, vault, today=at.date())
        ] == [second]
        assert identity_queries.donor(
            session, vault, second, today=at.date()
        ).names.family == FAMILY  # fmt: skip


def test_where_the_law_asks_for_it_fields_are_plain_and_everything_works(
    database: Database, settings: Settings, cast: Cast, at: datetime, sealed: Sealed
) -> None:
    vault = open_vault(replace(settings, encrypt_persons=False))
    plainly = Sealed(vault, sealed.files, cast, at)
    with database.writing() as session:
        ref = plainly.a_site(session, code="PLAIN1")
    with database.reading() as session:
        row = session.get_one(Site, ref)
        assert row.name == PLAIN + SITE.encode()
        assert queries.site(session, vault, ref).name == SITE
        # Switched on again: what was plain stays readable, what is new is sealed.
        assert queries.site(session, open_vault(settings), ref).name == SITE
    with database.writing() as session:
        later = sealed.a_site(session)
        assert SITE.encode() not in session.get_one(Site, later).name


def test_the_keys_lie_in_the_keys_folder_readable_by_the_owner_alone(
    settings: Settings, vault: Vault
) -> None:
    assert vault.present == (settings.keys / KEY_FILE).read_bytes()
    for path in Path(settings.keys).iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_a_blind_index_finds_spellings_and_differs_by_column(vault: Vault) -> None:
    written = vault.blind("فاطمة", "name_index.part")
    assert len(written) == 8
    assert written == vault.blind("فَاطِمَه", "name_index.part")
    assert written != vault.blind("فاطمة", "donor.number")
    assert written != replace(vault, index=bytes(32)).blind("فاطمة", "name_index.part")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("مُحَمَّد", "محمد"), ("أحمد", "احمد"), ("إبراهيم", "ابراهيم"), ("آمنة", "امنه"),
        ("مصطفى", "مصطفي"), ("محـــمد", "محمد"), ("٠١٢", "012"), ("Straße", "STRASSE"),
        ("José", "jose"), ("\u200fGL02\u200e", "gl02"), ("فؤاد", "فواد"), ("ﻣﺤﻤﺪ", "محمد"),
        ("a\u00a0 b", "A b"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_are_compared_as_one(first: str, second: str) -> None:
    assert normalised(first) == normalised(second)


@given(st.text())
def test_a_normal_spelling_stays_as_it_is(words: str) -> None:
    once = normalised(words)
    assert normalised(once) == once


def test_names_are_found_with_and_without_articles_and_words_between() -> None:
    assert name_parts("محمد بن عبد الله القذافي") == name_parts("محمد عبدالله قذافي")
    assert name_parts("Ali Al Khoury") == name_parts("ali al-khoury")
    assert name_parts("jamal ali") == ("jamal", "ali")
    assert consonants("mohammed") == consonants("muhamad") == "mhmd"
    assert consonants("khoury") == consonants("kouri")
    assert consonants("أحمد") == ""
    assert consonants("ali") == ""


def test_a_ref_that_is_none_is_not_there(database: Database, vault: Vault) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        queries.site(session, vault, "0" * 32)
