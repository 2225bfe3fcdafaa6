# SPDX-License-Identifier: Apache-2.0
"""Real files of four instrument families say what their makers' own documents say of them."""

from datetime import date, datetime
from pathlib import Path

import pytest

from instruments.analyzers.abif import AbifFile, read_abif

pytestmark = pytest.mark.data

# Not ABIF at all, in a folder of valid files.
_FAKE = "fake.ab1"


def _read(path: Path) -> AbifFile:
    return read_abif(path.read_bytes(), name=path.name)


def _valid_files(shared_data: Path) -> list[Path]:
    return [
        path
        for path in sorted((shared_data / "abif").rglob("*"))
        if path.suffix in (".fsa", ".ab1", ".hid")
        and path.parent.name != "damaged"
        and path.name != _FAKE
    ]


def test_every_valid_file_is_read_without_a_problem_and_with_all_its_channels(
    shared_data: Path,
) -> None:
    paths = _valid_files(shared_data)
    assert len(paths) >= 44
    for path in paths:
        abif = _read(path)

        assert abif.problems == (), path.name
        assert abif.faults == {}, path.name
        assert abif.signal != "unreadable", path.name
        assert [dye.number for dye in abif.dyes] == [
            dye for dye in range(1, 9) if abif.raw(dye) is not None
        ], path.name
        scans = abif.tag("SCAN")
        for dye in abif.dyes:
            raw = abif.raw(dye.number)
            assert raw is not None
            assert scans is None or len(raw) == scans, path.name


def test_no_file_at_hand_was_renamed_after_its_run(shared_data: Path) -> None:
    assert [path.name for path in _valid_files(shared_data) if _read(path).renamed] == []


def test_the_signal_of_a_hid_file_comes_from_its_newest_plain_generation(
    shared_data: Path,
) -> None:
    folder = shared_data / "abif" / "osiris" / "globalfiler-hid"
    for path in sorted(folder.glob("*.hid")):
        abif = _read(path)

        assert abif.signal == "earlier generation"
        assert [generation.plain for generation in abif.generations] == [True] * 3 + [False] * 2
        assert abif.generations[-1].current
        assert [dye.name for dye in abif.dyes] == ["6-FAM", "VIC", "NED", "PET", "LIZ", "SID"]
        for dye in range(1, 7):
            raw, analysed = abif.raw(dye), abif.analysed(dye)
            assert raw is not None
            assert analysed is not None
            assert (len(raw), len(analysed)) == (9639, 9639)


def test_a_hid_file_says_who_when_where_and_with_what(shared_data: Path) -> None:
    abif = _read(shared_data / "abif/osiris/globalfiler-hid/GF_1_FTA_A01_01.hid")

    assert abif.version == 300
    assert abif.sample_name == "GF_1_FTA"
    assert abif.sample_type == "Sample"
    assert abif.well == "A01"
    assert abif.capillary == 1
    assert abif.plate == "FBI_NIST10_092812"
    assert abif.run_name == "Run 2012-09-28-15-29-21-026"
    assert abif.injection_name == "Injection 2012-09-28-15-40-03-603"
    assert abif.injection_id == "0dbf822e-10b5-480d-9fde-969121bfd7b0"
    assert abif.instrument_model == "3500"
    assert abif.instrument_serial == "22118-211"
    assert abif.run_started == datetime.fromisoformat("2012-09-28T15:41:03")
    assert abif.run_stopped == datetime.fromisoformat("2012-09-28T16:20:08")
    assert abif.size_standard == "GS600LIZ"
    assert len(abif.off_scale) == 471
    assert abif.off_scale == tuple(sorted(abif.off_scale))
    assert [dye.wavelength for dye in abif.dyes] == [522, 554, 575, 595, 655, 620]


def test_a_hid_file_names_its_consumables_with_their_expiry(shared_data: Path) -> None:
    abif = _read(shared_data / "abif/osiris/globalfiler-hid/GF_1_FTA_A01_01.hid")
    found = {consumable.kind: consumable for consumable in abif.consumables}

    assert set(found) == {"capillary array", "polymer", "anode buffer", "cathode buffer"}
    assert found["polymer"].lot == "1207038"
    assert found["polymer"].expires == date(2013, 3, 11)
    assert found["capillary array"].serial == "L310K0216"
    # The array had expired ten months before the run.
    assert found["capillary array"].expires == date(2011, 11, 17)
    assert found["capillary array"].runs == 191
    assert abif.conditions.injection_volts == 1200
    assert abif.conditions.injection_seconds == 16
    assert abif.conditions.run_volts == 13_000
    assert abif.conditions.polymer == "POP4"
    assert abif.conditions.operator == "Administrator"


def test_the_audit_records_of_a_file_are_kept_with_their_reasons(shared_data: Path) -> None:
    abif = _read(shared_data / "abif/fraggler/multiplex.fsa")

    assert len(abif.audits) == 1
    assert abif.audits[0].operation == "INSERT"
    assert abif.audits[0].reason is None


def test_an_old_file_without_plate_run_and_injection_id_says_none(shared_data: Path) -> None:
    abif = _read(shared_data / "abif/osiris/identifiler-run/MIX05case1_victim.fsa")

    assert (abif.plate, abif.run_name, abif.injection_id, abif.instrument_serial) == (None,) * 4
    assert abif.sample_name == "MIX05_P"
    assert abif.well == "A09"
    assert abif.run_started == datetime.fromisoformat("2005-01-03T14:49:53")
    assert abif.size_standard == "GSLIZ500-250POP6.szs"
    assert [dye.name for dye in abif.dyes] == ["6FAM", "VIC", "NED", "PAT", "Bn Joda"]
    assert len(abif.off_scale) == 137
    polymer = next(item for item in abif.consumables if item.kind == "polymer")
    assert (polymer.lot, polymer.expires) == ("pop6", date(2004, 11, 1))


def test_the_model_of_an_instrument_is_given_without_its_padding(shared_data: Path) -> None:
    assert _read(shared_data / "abif/biopython/310.ab1").instrument_model == "310"


def test_injections_without_id_differ_in_the_hash_of_their_raw_channels(
    shared_data: Path,
) -> None:
    files = [_read(path) for path in _valid_files(shared_data)]
    hashes = [abif.raw_channels_sha256 for abif in files]

    assert len(set(hashes)) == len(files)


def test_files_of_one_run_and_capillary_array_name_different_wells(shared_data: Path) -> None:
    folder = shared_data / "abif/osiris/identifiler-run"
    wells = {path.name: _read(path).well for path in folder.glob("*.fsa")}

    assert len(set(wells.values())) == len(wells) == 7
    assert wells["Identifiler LADDER.fsa"] == "H10"
