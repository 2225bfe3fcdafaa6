# SPDX-License-Identifier: Apache-2.0
"""What people read is true: every command, option, setting, event and address stands in docs/."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
from flask import Flask

from instruments.agent.cli import main as bench
from instruments.agent.settings import _STATION, _TOP
from lims.cli import main as lims
from lims.core.actors import Role
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody.rules import HoldReason, Tag
from lims.demo.views import blueprint as demonstration
from lims.printers.rules import TROUBLES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(group: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, group
    if isinstance(group, click.Group):
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            assert command is not None
            yield from commands(command, f"{path} {name}")


def sections(text: str) -> dict[str, str]:
    """Return heading to the text under it."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_and_every_option_is_described() -> None:
    text = read("docs/commands.md")
    described = sections(text)
    missing = []
    for name, command in [*commands(lims, "lims"), *commands(bench, "lims-bench")]:
        section = text if name == "lims" else described.get(name)
        if section is None:
            missing.append(name)
            continue
        missing += [
            f"{name} {option}"
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden
            for option in [*parameter.opts, *parameter.secondary_opts]
            if option.startswith("--")
            and option != "--help"
            and not re.search(rf"(?<![\w-]){option}(?![\w-])", section)
        ]

    assert missing == []


def test_no_command_is_described_that_is_not_there() -> None:
    known = {name for name, _ in [*commands(lims, "lims"), *commands(bench, "lims-bench")]}

    assert set(sections(read("docs/commands.md"))) - known == {"verifier.py"}
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for said in re.findall(r"`(lims(?:-bench)?(?: [a-z][a-z-]*)+)", page.read_text("utf-8")):
            words = said.split()
            assert any(" ".join(words[:n]) in known for n in range(2, len(words) + 1)), said


def test_every_setting_is_described_with_its_default() -> None:
    text = read("docs/administration.md")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, re.MULTILINE))
    settings = {field.name: field.default for field in fields(Settings) if field.name != "folder"}
    wrong = {
        name: rows[name]
        for name, default in settings.items()
        if name in rows
        and default not in ("", settings["origin"])
        and rows[name].strip() not in (str(default), str(default).lower())
    }

    assert set(settings) - set(rows) == set()
    assert wrong == {}


def test_every_key_of_a_benchs_settings_is_described() -> None:
    text = read("docs/administration.md")

    assert [key for key in _TOP | _STATION if key not in text] == []


def test_every_fault_of_a_printer_is_described_in_the_words_of_the_pages() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| ([^|]+) \| [^|]+ \| ([^|]+) \|$", read("docs/bench.md"), re.M
    )

    assert [(code, trouble.happened, trouble.act) for code, trouble in TROUBLES.items()] == rows


def test_the_two_languages_of_the_bench_name_the_same_commands_codes_and_settings() -> None:
    named = [
        [
            set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))),
            len(re.findall(r"^#", text, re.MULTILINE)),
            len(re.findall(r"^\|", text, re.MULTILINE)),
            [
                line.split("#")[0].rstrip()
                for line in re.findall(r"^[a-z_]+ = .*$", text, re.MULTILINE)
            ],
        ]
        for text in (read("docs/bench.md"), read("docs/bench.ar.md"))
    ]

    assert named[0] == named[1]


def test_every_type_of_event_and_every_reason_of_a_hold_is_described() -> None:
    vocabulary = read("docs/custody-vocabulary.md")
    quality = read("docs/quality.md")

    assert [tag.value for tag in Tag if f"| `{tag.value}` |" not in vocabulary] == []
    assert [reason.value for reason in HoldReason if f"| {reason.value} |" not in quality] == []


def test_every_role_is_described() -> None:
    text = read("docs/administration.md")

    assert [role.value for role in Role if f"| `{role.value}` |" not in text] == []


def test_every_address_is_described(app: Flask) -> None:
    app.register_blueprint(demonstration)
    text = read("docs/addresses.md")
    groups = {
        "/api/bench" if rule.rule.startswith("/api/bench") else "/" + rule.rule.split("/")[1]
        for rule in app.url_map.iter_rules()
    }

    assert [group for group in sorted(groups) if f"`{group}`" not in text] == []


def test_no_address_is_described_that_is_not_there(app: Flask) -> None:
    app.register_blueprint(demonstration)
    described = re.findall(r"^\| (`/[^|]*) \|", read("docs/addresses.md"), re.MULTILINE)
    known = [rule.rule for rule in app.url_map.iter_rules()]
    gone = [
        address
        for cell in described
        for address in re.findall(r"`([^`]+)`", cell)
        if not any(rule == address or rule.startswith(address + "/") for rule in known)
        and address != "/"
    ]

    assert gone == []


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for to in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in to and not (page.parent / to).exists():
                broken.append(f"{page.relative_to(ROOT)}: {to}")

    assert broken == []


def test_decisions_are_numbered_without_a_gap_and_say_context_decision_and_consequence() -> None:
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. ")
        for part in ("**Context.**", "**Decision.**", "**Consequence.**"):
            assert part in text, page.name


def test_the_readme_has_the_two_commands_each_on_one_line_of_its_own() -> None:
    begin = "python3 -m venv .venv && .venv/bin/pip install -r "
    lines = [line for line in read("README.md").splitlines() if line.startswith("python3 -m venv")]

    assert lines == [
        begin + "requirements.lock && .venv/bin/pip install --no-deps --no-build-isolation -e . "
        "&& .venv/bin/lims demo",
        begin + "tests/requirements.lock && .venv/bin/pip install --no-deps --no-build-isolation "
        "-e . && .venv/bin/python -m pytest -n 2",
    ]


def test_the_way_to_copy_the_database_in_the_handbook_makes_a_whole_copy(
    database: Database, tmp_path: Path
) -> None:
    if not database.is_sqlite:
        assert "`pg_dump`" in read("docs/administration.md")
        return
    written = re.search(r'python3 -c "([^"]+)" laboratory', read("docs/administration.md"))
    assert written is not None
    copy = tmp_path / "copy.sqlite"
    subprocess.run(
        [sys.executable, "-c", written[1], str(database.url.database), str(copy)], check=True
    )
    copied = sqlite3.connect(copy)
    events = copied.execute("SELECT count(*) FROM ledger_event").fetchone()[0]
    sound = copied.execute("PRAGMA integrity_check").fetchone()[0]
    copied.close()

    assert events > 10
    assert sound == "ok"


def test_the_two_languages_of_the_technicians_handbook_have_the_same_parts_and_pictures() -> None:
    built = [
        [
            re.findall(r"^(#+) ", text, re.MULTILINE),
            [len(table.splitlines()) for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)],
            [name.replace(".ar.", ".") for name in re.findall(r"\(pictures/([^)]+)\)", text)],
        ]
        for text in (read("docs/technicians.md"), read("docs/technicians.ar.md"))
    ]

    assert built[0] == built[1]
    for name in built[0][2]:
        assert (DOCS / "pictures" / str(name)).exists(), name
        assert (DOCS / "pictures" / str(name).replace(".png", ".ar.png")).exists(), name


def test_every_refusal_of_the_technicians_handbook_is_said_by_the_pages_in_these_words() -> None:
    said = re.sub(r'"\n"', "", read("lims/translations/ar/LC_MESSAGES/messages.po"))
    words = {_with_gaps(one) for one in re.findall(r'^msg\S+ "(.*)"$', said, re.MULTILINE)}

    wrong = []
    for name, head in (("technicians.md", "it says"), ("technicians.ar.md", "ما تقوله الصفحة")):
        tables = re.findall(rf"^\| {head} \|.*\n\|.*\n((?:\|.*\n)+)", read(f"docs/{name}"), re.M)
        assert len(tables) == 7
        rows = [row.strip("| ").split(" | ") for row in "".join(tables).splitlines()]
        wrong += [(name, part) for row in rows for part in row if part not in words]

    assert wrong == []


def _with_gaps(text: str) -> str:
    """Return a text of the pages as the handbook gives it: an ellipsis for what is filled in."""
    return re.sub(r"[\u2066\u2069]", "", re.sub(r"%\(\w+\)s", "…", text))
