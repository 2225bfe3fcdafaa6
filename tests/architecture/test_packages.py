# SPDX-License-Identifier: Apache-2.0
"""What is shipped: the wheel's contents, and locks that pin everything and name no host."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "tests/requirements.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(.*)$")


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(lock: str) -> dict[str, list[str]]:
    """Return canonical name to the versions that a lock pins (one for each Python, where split)."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if match := PIN.match(line):
            found.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_version_and_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    without = [
        entry.split()[0]
        for entry in entries
        if PIN.match(entry) and not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
    ]
    strange = [
        line
        for line in text.splitlines()
        if line and not re.match(r"^(#|\s+#|\s+--hash=sha256:[0-9a-f]{64}|-r )", line)
        and not PIN.match(line)
    ]  # fmt: skip

    assert without == []
    assert strange == []
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_the_lock_pins_everything_that_osteon_needs_at_a_version_it_takes() -> None:
    stated = project()["project"]
    assert isinstance(stated, dict)
    needed = [Requirement(text) for text in stated["dependencies"]]
    needed += [Requirement(text) for text in stated["optional-dependencies"]["postgres"]]
    needed += [Requirement("hatchling"), Requirement("editables")]
    locked = pins("requirements.lock")
    wrong = [
        str(one)
        for one in needed
        if not any(
            one.specifier.contains(Version(version))
            for version in locked.get(canonicalize_name(one.name), [])
        )
    ]

    assert wrong == []


def test_the_lock_of_the_tests_holds_the_lock_of_the_laboratory() -> None:
    groups = project()["dependency-groups"]
    assert isinstance(groups, dict)
    ours, theirs = pins("requirements.lock"), pins("tests/requirements.lock")
    included = "-r ../requirements.lock" in (ROOT / LOCKS[1]).read_text("utf-8").splitlines()
    known = {**ours, **theirs} if included else theirs
    other = {name: (ours[name], theirs[name]) for name in ours.keys() & theirs.keys()
             if ours[name] != theirs[name]}  # fmt: skip

    assert other == {}
    assert included or set(ours) <= set(theirs)
    assert {canonicalize_name(Requirement(text).name) for text in groups["dev"]} <= set(known)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as it would be shipped from this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_carries_pages_pictures_words_figures_and_migrations(
    wheel: zipfile.ZipFile,
) -> None:
    names = set(wheel.namelist())
    awaited = {
        path.relative_to(ROOT).as_posix()
        for folder in ("lims", "instruments", "labels")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    awaited |= {
        f"lims/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "templates").rglob("*.html")
    }

    assert awaited - names == set()
    for needed in (
        "lims/templates/shared/base.html", "lims/static/css/osteon.css",
        "lims/translations/ar/LC_MESSAGES/messages.po", "lims/data/size_standards.json",
        "lims/migrations/script.py.mako", "lims/custody/verifier.py", "lims/py.typed",
    ):  # fmt: skip
        assert needed in names
    assert any(name.endswith(".woff2") for name in names)
    assert any(name.startswith("lims/migrations/versions/0001") for name in names)


def test_the_wheel_carries_nothing_but_the_program_and_its_licence(
    wheel: zipfile.ZipFile,
) -> None:
    names = wheel.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}

    assert tops == {"lims", "instruments", "labels"}
    assert not [name for name in names if "test" in name.lower() or name.endswith((".mo", ".pyc"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_brings_its_two_commands(wheel: zipfile.ZipFile) -> None:
    listed = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(listed).decode()

    assert "lims = lims.cli:main" in text
    assert "lims-bench = instruments.agent.cli:main" in text


def test_nothing_in_the_project_is_under_a_copyleft_licence_or_of_unknown_licence() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")[:400]
    sources = (ROOT / "lims" / "data" / "SOURCES.md").read_text("utf-8")
    shipped = [path.name for path in (ROOT / "lims" / "data").iterdir() if path.suffix == ".json"]

    assert shipped
    assert [name for name in shipped if name not in sources] == []
