# SPDX-License-Identifier: Apache-2.0
"""Two people read, neither sees the other; a third settles and accepts. All over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.core.actors import Actor
from lims.core.code_keys import PLAIN, open_json
from lims.core.db import Database
from lims.custody.models import Subject
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, Tag
from lims.genotyping.models import Finding, Injection, Profile, ProfileState, Reading, Run
from lims.genotyping.operations import commitment
from lims.genotyping.queries import alleles_of, profile_paths, reading_case
from lims.plates.models import BatchUse, Well
from lims.plates.queries import codes_waiting
from lims.plates.rules import Stage, WellRole, WorkState
from lims.quality.queries import lineage_of, reach_of
from lims.samples.rules import SampleState
from tests.cast import PASSWORD, Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
CANARY = "987.6"
"""An allele that nothing else on any page could be."""


@pytest.fixture
def ready(
    an_injection_plate: Any, a_run_of: Any, import_files: Any, database: Database
) -> Callable[..., tuple[Any, int]]:
    """Import a synthetic run of one sample; returns the plate and the injection to read."""

    def build(**how: Any) -> tuple[Any, int]:
        plate = an_injection_plate(samples=1)
        import_files(a_run_of(plate, **how), plate.code)
        return plate, injection_of(database, plate.extracts[0])

    return build


def injection_of(database: Database, extract: str) -> int:
    with database.reading() as session:
        found = session.scalar(
            select(Injection.id)
            .join(Well, Well.id == Injection.well_id)
            .where(Well.subject_code == extract)
        )
    assert found is not None
    return found


def machine_of(database: Database, injection: int) -> Mapping[str, tuple[str, ...]]:
    with database.reading() as session:
        return reading_case(session, injection).machine


def sample_of(database: Database, injection: int) -> str:
    with database.reading() as session:
        return reading_case(session, injection).origin.sample


def read(
    client: FlaskClient, database: Database, injection: int, key: Key, *,
    edits: Mapping[str, tuple[str, str]] | None = None, password: str = PASSWORD,
) -> Any:  # fmt: skip
    """Submit the machine's labels as one's own, but for `edits`: locus to alleles and reason."""
    sent: dict[str, Any] = {"request_key": key(), "password": password}
    for locus, alleles in machine_of(database, injection).items():
        sent[f"alleles:{locus}"] = list(alleles) or [""]
    for locus, (alleles, reason) in (edits or {}).items():
        sent[f"alleles:{locus}"] = alleles.split()
        sent[f"why:{locus}"] = reason
    return client.post(f"/readings/{injection}/calls", data=sent)


def sign(client: FlaskClient, url: str, key: Key, **fields: str) -> Any:
    return client.post(url, data={"request_key": key(), "password": PASSWORD, **fields})


def proved(row: Reading | Profile, column: str) -> tuple[str, Mapping[str, object]]:
    """Open the salt and what it salts, of a bone: stored plain."""
    return PLAIN.open(row.salt, row, "salt"), open_json(PLAIN, getattr(row, column), row, column)


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return len(session.scalars(select(table)).all())


def test_two_agreeing_readings_and_an_acceptance_make_a_profile(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    plate, injection = ready()
    for reader in (cast.first_reader, cast.second_reader):
        assert read(sign_in(reader), database, injection, key).status_code == 303
    accepted = sign(sign_in(cast.manager), f"/readings/{injection}/acceptance", key)
    assert accepted.status_code == 303
    sample = sample_of(database, injection)
    with database.reading() as session:
        path = profile_paths(session, sample)[0]
        assert (path.profile.version, path.profile.state) == (1, ProfileState.ACCEPTED)
        assert path.alleles is not None
        assert path.alleles["TH01"] == machine_of(database, injection)["TH01"]
        assert path.amplified is not None
        assert (path.extract.code, path.amplified.plate_code) == (
            plate.extracts[0], plate.amplification,
        )  # fmt: skip
        assert session.get_one(Subject, sample).state == SampleState.PROFILED
        events = history(session, sample)
        proof = next(e for e in events if e.tag is Tag.PROFILE_RECORD_ACCEPTED)
        assert proof.content["file"] == path.sha256
        assert proof.content["commitment"] == commitment(*proved(path.profile, "alleles"))


def test_a_plate_waits_for_genotyping_until_its_last_sample_is_decided(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    plate, _ = ready()
    manager = sign_in(cast.manager)
    with database.reading() as session:
        injections = session.scalars(
            select(Injection.id)
            .join(Well, Well.id == Injection.well_id)
            .where(Well.role == WellRole.SAMPLE)
        ).all()

    def waits() -> bool:
        with database.reading() as session:
            return plate.code in session.scalars(codes_waiting(Stage.GENOTYPING)).all()

    for injection in injections:
        assert waits()
        refused = sign(manager, f"/readings/{injection}/refusal", key, reason="too weak to be read")
        assert refused.status_code == 303, refused.get_data(as_text=True)

    assert not waits()
    with database.reading() as session:
        assert session.get_one(Subject, plate.code).state == WorkState.REVIEWED
        assert history(session, plate.code)[-1].tag is Tag.PLATE_WORK_REVIEWED


def test_an_accepted_profile_is_drawn_as_accepted_not_as_kept_unchecked(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    for reader in (cast.first_reader, cast.second_reader):
        read(sign_in(reader), database, injection, key)
    manager = sign_in(cast.manager)
    sign(manager, f"/readings/{injection}/acceptance", key)
    shown = manager.get(f"/readings/{injection}").get_data(as_text=True)

    [drawn] = [line for line in shown.splitlines() if "<span>profile accepted</span>" in line]
    assert 'class="note ok"' in drawn


def test_not_one_byte_of_the_first_reading_reaches_the_second_reader(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    plate, injection = ready()
    edits = {"TH01": (f"6 {CANARY}", "variant")}
    assert (
        read(sign_in(cast.first_reader), database, injection, key, edits=edits).status_code == 303
    )
    second = sign_in(cast.second_reader)
    with database.reading() as session:
        run = session.scalars(select(Run.id)).one()
    sample = sample_of(database, injection)
    for address in (
        f"/readings/{injection}", "/readings", f"/runs/{run}", f"/runs/{run}/wells/A01",
        f"/injections/{injection}/signal", f"/profiles/{sample}", f"/samples/{sample}",
        f"/samples/{plate.extracts[0]}", f"/injection/{plate.code}",
    ):  # fmt: skip
        answer = second.get(address)
        assert answer.status_code == 200, address
        assert CANARY.encode() not in answer.data, address
    for client in (sign_in(cast.manager), sign_in(cast.quality)):
        assert CANARY.encode() not in client.get(f"/readings/{injection}").data
    assert read(second, database, injection, key).status_code == 303
    assert CANARY.encode() in second.get(f"/readings/{injection}").data


def test_the_ledger_proves_a_reading_and_betrays_nothing_of_it(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    plate, injection = ready()
    read(sign_in(cast.first_reader), database, injection, key, edits={"TH01": (CANARY, "variant")})
    with database.reading() as session:
        reading = session.scalars(select(Reading)).one()
        events = history(session, plate.extracts[0])
        submitted = next(e for e in events if e.tag is Tag.READING_CALLS_SUBMITTED)
        assert submitted.content["commitment"] == commitment(*proved(reading, "calls"))
        assert all(CANARY not in str(event.content) for event in events)


def test_nobody_has_two_parts_in_one_profile(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    importer, first = sign_in(cast.technician), sign_in(cast.first_reader)
    assert read(importer, database, injection, key).status_code == 403
    assert read(first, database, injection, key).status_code == 303
    assert read(first, database, injection, key).status_code == 403
    assert count(database, Reading) == 1


def test_readings_that_differ_wait_for_a_third_person_who_settles_them(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    machine = machine_of(database, injection)
    locus = next(name for name, alleles in machine.items() if len(alleles) == 2 and name != "AMEL")
    edits = {locus: (machine[locus][0], "possible dropout")}
    read(sign_in(cast.first_reader), database, injection, key)
    read(sign_in(cast.second_reader), database, injection, key, edits=edits)
    manager = sign_in(cast.manager)
    refused = sign(manager, f"/readings/{injection}/acceptance", key)
    assert refused.status_code == 409
    assert locus.encode() in manager.get(f"/readings/{injection}").data
    open_still = sign(manager, f"/readings/{injection}/settlement", key)
    assert open_still.status_code == 422
    settled = sign(
        manager, f"/readings/{injection}/settlement", key,
        **{f"choice:{locus}": "2", f"why:{locus}": "below threshold"},
    )  # fmt: skip
    assert settled.status_code == 303
    assert sign(manager, f"/readings/{injection}/acceptance", key).status_code == 303
    with database.reading() as session:
        profile = session.scalars(select(Profile)).one()
        assert alleles_of(session, profile)[locus] == (machine[locus][0], "?")


def test_a_call_that_differs_from_the_machine_needs_its_reason_and_nothing_typed_is_lost(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    first = sign_in(cast.first_reader)
    answer = read(first, database, injection, key, edits={"TH01": (CANARY, "")})
    assert answer.status_code == 422
    assert b"TH01" in answer.data
    assert CANARY.encode() in answer.data
    assert count(database, Reading) == 0


def test_a_reading_without_the_right_password_is_not_stored(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    first = sign_in(cast.first_reader)
    answer = read(first, database, injection, key, password="not the password at all")
    assert answer.status_code >= 400
    assert b"not the password at all" not in answer.data
    assert count(database, Reading) == 0


def test_nothing_of_a_failed_run_can_be_read(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready(without=("C01",))
    assert read(sign_in(cast.first_reader), database, injection, key).status_code == 409
    assert count(database, Reading) == 0


def test_a_sample_on_hold_gets_no_profile(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key, at: Any
) -> None:
    _, injection = ready()
    for reader in (cast.first_reader, cast.second_reader):
        read(sign_in(reader), database, injection, key)
    with database.writing() as session:
        sample = reading_case(session, injection).origin.sample
        set_hold(session, sample, HoldReason.COORDINATION, by=cast.quality, at=at)
    answer = sign(sign_in(cast.manager), f"/readings/{injection}/acceptance", key)
    assert answer.status_code == 409
    assert count(database, Profile) == 0


def test_a_suspected_mixture_gets_no_profile_and_can_be_refused(
    an_injection_plate: Any, a_run_of: Any, import_files: Any, database: Database,
    sign_in: SignIn, cast: Cast, key: Key,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=1)
    crowd = {
        marker.name: tuple(allele.name for allele in marker.ladder[2:11:3])
        for marker in plate.kit.markers
        if len(marker.ladder) > 10
    }
    rest = {m.name: (m.ladder[1].name,) for m in plate.kit.markers if m.name not in crowd}
    files = a_run_of(plate, changed={"A01": a_change(crowd | rest)})
    import_files(files, plate.code)
    injection = injection_of(database, plate.extracts[0])
    with database.reading() as session:
        found = session.scalars(select(Finding).where(Finding.rule == "R14")).one()
        assert found.severity == "hold"
    for reader in (cast.first_reader, cast.second_reader):
        assert read(sign_in(reader), database, injection, key).status_code == 303
    manager = sign_in(cast.manager)
    assert sign(manager, f"/readings/{injection}/acceptance", key).status_code == 409
    refused = sign(manager, f"/readings/{injection}/refusal", key, reason="mixture of two")
    assert refused.status_code == 303
    with database.reading() as session:
        profile = session.scalars(select(Profile)).one()
        assert (profile.state, alleles_of(session, profile), profile.reasons) == (
            ProfileState.REFUSED, {}, ["mixture of two"],
        )  # fmt: skip
        assert session.get_one(Subject, profile.sample_code).state == SampleState.REFUSED


def a_change(genotype: dict[str, tuple[str, ...]]) -> Any:
    class Change:
        name, height = "", 1600

    Change.genotype = genotype  # type: ignore[attr-defined]  # a value of this one test
    return Change()


def test_too_few_loci_make_no_profile(
    ready: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    _, injection = ready()
    machine = machine_of(database, injection)
    lost = {name: ("", "no result") for name in list(machine)[:8] if machine[name]}
    for reader in (cast.first_reader, cast.second_reader):
        read(sign_in(reader), database, injection, key, edits=lost)
    answer = sign(sign_in(cast.manager), f"/readings/{injection}/acceptance", key)
    assert answer.status_code == 409
    assert b"R23" in answer.data
    assert count(database, Profile) == 0


def test_a_second_profile_supersedes_the_first_and_both_stay(
    an_injection_plate: Any, a_run_of: Any, import_files: Any, database: Database,
    sign_in: SignIn, cast: Cast, key: Key,
) -> None:  # fmt: skip
    plate = an_injection_plate(samples=1)
    genotype_seed = 7
    import_files(a_run_of(plate, seed=genotype_seed), plate.code)
    import_files(a_run_of(plate, seed=8), plate.code)
    with database.reading() as session:
        injections = session.scalars(
            select(Injection.id)
            .join(Well, Well.id == Injection.well_id)
            .where(Well.role == WellRole.SAMPLE)
            .order_by(Injection.id)
        ).all()
    manager = sign_in(cast.manager)
    for injection in injections:
        for reader in (cast.first_reader, cast.second_reader):
            assert read(sign_in(reader), database, injection, key).status_code == 303
        assert sign(manager, f"/readings/{injection}/acceptance", key).status_code == 303
    with database.reading() as session:
        states = session.execute(select(Profile.version, Profile.state).order_by(Profile.version))
        assert [tuple(row) for row in states] == [
            (1, ProfileState.SUPERSEDED), (2, ProfileState.ACCEPTED),
        ]  # fmt: skip


def off_scale_loci(client: FlaskClient, injection: int) -> dict[str, tuple[str, str]]:
    """What a person reads where the machine refuses: the peaks that stand in bins."""
    told = client.get(f"/readings/{injection}", headers={"Accept": "application/json"}).get_json()
    return {
        one["locus"]: (" ".join(one["seen"][:2]), "off-scale")
        for one in told["loci"]
        if one["refused"] and one["seen"]
    }


@pytest.mark.parametrize("name", ["identifiler-run", "powerplex16-run"])
def test_a_real_run_goes_through_to_accepted_profiles(
    name: str, a_real_run: Any, import_files: Any, database: Database, sign_in: SignIn,
    cast: Cast, key: Key,
) -> None:  # fmt: skip
    plate, files = a_real_run(name)
    import_files(files, plate.code)
    with database.reading() as session:
        finding = session.scalars(select(Finding.id).where(Finding.stops_run)).one()
    quality = sign_in(cast.quality)
    let_go = sign(quality, f"/findings/{finding}/answer", key, reason="typed on plate of Monday")
    assert let_go.status_code == 303
    manager = sign_in(cast.manager)
    readers = [sign_in(cast.first_reader), sign_in(cast.second_reader)]
    for extract in plate.extracts:
        injection = injection_of(database, extract)
        for reader in readers:
            edits = off_scale_loci(reader, injection)
            assert read(reader, database, injection, key, edits=edits).status_code == 303
        accepted = sign(manager, f"/readings/{injection}/acceptance", key)
        assert accepted.status_code == 303, accepted.get_data(as_text=True)
    with database.reading() as session:
        states = session.scalars(select(Profile.state)).all()
        extraction = session.scalars(
            select(BatchUse.used_code).where(BatchUse.subject_code.startswith("G"))
        ).first()
        reach = reach_of(session, extraction or "")
        whole = lineage_of(session, plate.extracts[0])
    assert states == [ProfileState.ACCEPTED] * 4
    assert {one.sample for one in reach.profiles} == set(reach.samples)
    assert len(reach.profiles) == len(reach.samples) == 4
    assert set(reach.plates) == {plate.code, plate.amplification}
    assert {plate.blank, *plate.extracts} < set(reach.things)
    places = {one.work[0] + one.code[0]: one for one in whole.standings if one.work != plate.code}
    carried = next(one for one in whole.standings if one.work == plate.code)
    assert set(places) == {"GA", "PX"}, "the tube in its rack, the extract in its well"
    assert carried.source == (plate.amplification, places["PX"].position)
    assert [one.profiles[0][1:] for one in whole.results] == [(1, "accepted")]
    assert whole.above[-1].code in reach.samples
    shown = quality.get(f"/recall/{extraction}", headers={"Accept-Language": "ar"})
    assert shown.status_code == 200
    assert all(sample in shown.get_data(as_text=True).replace(" ", "") for sample in reach.samples)
    told = quality.get(f"/recall/{extraction}", headers={"Accept": "application/json"}).get_json()
    assert told["samples"] == list(reach.samples)
    assert quality.get(f"/recall/{plate.code}").status_code == 404


def test_the_real_run_without_controls_shows_what_is_missing_and_gives_nothing_to_read(
    a_real_run: Any, import_files: Any, database: Database, sign_in: SignIn, cast: Cast, key: Key
) -> None:
    plate, files = a_real_run("globalfiler-hid")
    result = import_files(files, plate.code)
    reader = sign_in(cast.first_reader)
    shown = reader.get(f"/runs/{result.run}").get_data(as_text=True)
    for words in ("No positive control", "No negative control", "nothing is released"):
        assert words in shown
    listed = reader.get("/readings", headers={"Accept": "application/json"}).get_json()
    assert listed["readings"] == []
    with database.reading() as session:
        missing = session.scalars(select(Finding).where(Finding.rule == "POSITIVE")).one()
    answered = sign(sign_in(cast.quality), f"/findings/{missing.id}/answer", key, reason="so what")
    assert answered.status_code == 409
