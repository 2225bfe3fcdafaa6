# SPDX-License-Identifier: Apache-2.0
"""`lims init`, `doctor`, `upgrade`, `user add`, `serve`, `worker` at the console."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from lims.core.actors import Role
from lims.core.db import Database
from lims.core.settings import read_settings
from lims.custody.queries import recent
from lims.custody.rules import Tag
from lims.migrations import newest
from lims.people.models import Person

Run = Callable[..., Any]


def test_a_new_laboratory_is_found_healthy(lims: Run, laboratory: Path) -> None:
    looked = lims("doctor", "--folder", laboratory, "--json")

    assert [check for check in looked.json["checks"] if not check["ok"]] == []
    assert looked.json["ok"] is True
    assert looked.status == 0
    assert {check["name"] for check in looked.json["checks"]} >= {"schema", "ledger", "settings"}


def test_a_new_laboratory_holds_what_has_to_leave_the_house_and_closes_its_keys(
    laboratory: Path,
) -> None:
    settings = read_settings(laboratory)
    loose = [path for path in settings.keys.rglob("*") if path.stat().st_mode & 0o077]

    assert settings.public_key.read_text("ascii").startswith("lab.example/cli+")
    assert len(list(settings.checkpoints.glob("*.certificate"))) == 31
    assert (laboratory / "authority.pem").is_file()
    assert (laboratory / "server.pem").is_file()
    assert stat.S_IMODE(settings.keys.stat().st_mode) == 0o700
    assert loose == []


def test_keys_lie_open_only_where_somebody_asked_for_it(lims: Run, tmp_path: Path) -> None:
    refused = lims("init", "--folder", tmp_path / "new", "--origin", "lab.example/new")

    assert refused.status == 2
    assert "--passphrase-file" in refused.said
    assert "--no-passphrase" in refused.said
    assert not (tmp_path / "new").exists()


def test_nothing_is_signed_while_the_stick_with_the_passphrase_is_away(
    lims: Run, tmp_path: Path
) -> None:
    folder, stick = tmp_path / "new", tmp_path / "passphrase"
    stick.write_text("seven quiet wells under the fig\n", "utf-8")
    made = lims(
        "init", "--folder", folder, "--origin", "lab.example/new", "--passphrase-file", stick
    )
    assert made.status == 0
    assert lims("ledger", "checkpoint", "--folder", folder).status == 0
    stick.rename(tmp_path / "away")
    refused = lims("ledger", "checkpoint", "--folder", folder)

    assert refused.status == 2
    assert "insert the stick" in refused.said


def test_a_folder_that_has_a_laboratory_is_left_as_it_is(lims: Run, laboratory: Path) -> None:
    before = (laboratory / "ledger.pub").read_bytes()
    again = lims("init", "--folder", laboratory, "--origin", "lab.example/b", "--no-passphrase")

    assert again.status == 2
    assert "already" in again.said
    assert (laboratory / "ledger.pub").read_bytes() == before


def test_a_folder_without_a_laboratory_says_how_to_make_one(lims: Run, tmp_path: Path) -> None:
    for command in (("ledger", "verify"), ("history", "B7K3Q9FM4"), ("upgrade",), ("worker",)):
        refused = lims(*command, "--folder", tmp_path)
        assert refused.status == 2, command
        assert "lims init" in refused.said
        assert refused.out == ""


def test_an_unknown_setting_is_refused_by_name(lims: Run, laboratory: Path) -> None:
    with (laboratory / "lims.toml").open("a", encoding="utf-8") as file:
        file.write('collour = "blue"\n')
    refused = lims("ledger", "verify", "--folder", laboratory)
    looked = lims("doctor", "--folder", laboratory, "--json")

    assert refused.status == 2
    assert "collour" in refused.said
    assert looked.status == 1
    assert looked.json["ok"] is False


@pytest.mark.parametrize("role", list(Role))
def test_an_account_added_at_the_console_has_a_start_code_and_no_password(
    lims: Run, laboratory: Path, role: Role
) -> None:
    added = lims(
        "user", "add", "adam", "--name", "Adam Example", "--initials", "A-01",
        "--role", role.value, "--folder", laboratory, "--json",
    )  # fmt: skip
    assert added.status == 0
    assert set(added.json) == {"login", "role", "start_code", "valid_until"}
    database = Database(read_settings(laboratory).database_url)
    with database.reading() as session:
        person = session.query(Person).one()
        newest_events = recent(session, limit=5)
        assert person.role is role
        assert person.password_hash is None
        assert {event.actor.partition(":")[0] for event in newest_events} == {"console"}
        assert Tag.PERSON_ACCOUNT_ADDED in {event.tag for event in newest_events}
        assert all("Adam" not in str(event.content) for event in newest_events)
    database.close()


def test_two_accounts_cannot_have_one_sign_in_name(lims: Run, laboratory: Path) -> None:
    arguments = ("user", "add", "adam", "--name", "Adam Example", "--initials")
    first = lims(*arguments, "A-01", "--role", "manager", "--folder", laboratory)
    second = lims(*arguments, "A-02", "--role", "auditor", "--folder", laboratory)

    assert first.status == 0
    assert second.status == 1
    assert "already" in second.said


def test_a_database_of_another_schema_is_not_opened_but_upgraded_after_a_copy(
    lims: Run, laboratory: Path
) -> None:
    with sqlite3.connect(laboratory / "lims.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    refused = lims("ledger", "verify", "--folder", laboratory)
    looked = lims("doctor", "--folder", laboratory, "--json")

    assert refused.status == 1
    assert "lims upgrade" in refused.said
    assert newest() in refused.said
    assert [check["name"] for check in looked.json["checks"] if not check["ok"]] == ["schema"]


def test_an_upgrade_of_a_database_that_is_up_to_date_changes_nothing(
    lims: Run, laboratory: Path
) -> None:
    done = lims("upgrade", "--folder", laboratory)

    assert done.status == 0
    assert "nothing to do" in done.said
    assert list(laboratory.glob("lims.before-*")) == []


def test_pages_are_not_served_to_others_without_a_certificate(lims: Run, laboratory: Path) -> None:
    (laboratory / "server.pem").unlink()
    refused = lims("serve", "--folder", laboratory, "--host", "0.0.0.0", "--port", "1")  # noqa: S104  # refused

    assert refused.status == 2
    assert "TLS" in refused.said


@pytest.mark.skipif(os.name != "posix", reason="flock is of POSIX")
def test_a_second_worker_in_one_folder_is_refused(lims: Run, laboratory: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with (laboratory / "worker.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = lims("worker", "--folder", laboratory)

    assert refused.status == 2
    assert "already" in refused.said


def test_keys_that_others_may_read_are_found(lims: Run, laboratory: Path) -> None:
    key = next(path for path in (laboratory / "keys").iterdir() if path.is_file())
    key.chmod(0o644)
    looked = lims("doctor", "--folder", laboratory, "--json")

    assert looked.status == 1
    assert key.name in next(
        check["found"] for check in looked.json["checks"] if "keys" in check["name"]
    )


@pytest.mark.postgres
def test_a_laboratory_on_postgresql_owns_nothing_with_the_role_that_it_works_as(
    lims: Run, tmp_path: Path, postgres_server: URL, postgres_template: str
) -> None:
    # postgres_template has made the role of the application.
    name = f"osteon_cli_{os.getpid()}"
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    owner = postgres_server.set(database=name)
    app = owner.set(username="lims_app", password="lims_app")
    folder = tmp_path / "laboratory"
    made = lims(
        "init", "--folder", folder, "--origin", "lab.example/pg", "--no-passphrase",
        "--database", app.render_as_string(hide_password=False),
        "--owner-database", owner.render_as_string(hide_password=False),
    )  # fmt: skip
    looked = lims("doctor", "--folder", folder, "--json")
    added = lims(
        "user", "add", "adam", "--name", "Adam Example", "--initials", "A-01",
        "--role", "administrator", "--folder", folder,
    )  # fmt: skip
    signed = lims("ledger", "checkpoint", "--folder", folder, "--json")
    verified = lims("ledger", "verify", "--folder", folder, "--json")
    as_owner = create_engine(owner)
    with as_owner.connect() as connection:
        owners = connection.execute(
            text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        ).scalars().all()  # fmt: skip
    as_owner.dispose()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()

    assert made.status == 0, made.said
    assert looked.json["ok"] is True, looked.json
    assert added.status == 0, added.said
    assert signed.json["signed"] is True, signed.said
    assert verified.json["verdict"] == "sound"
    assert "lims_app" not in owners
