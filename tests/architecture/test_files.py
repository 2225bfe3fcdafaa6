# SPDX-License-Identifier: Apache-2.0
"""What every file of the house looks like: its length, its first line, its place, its name."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.parsing import parsed

ROOT = Path(__file__).parents[2]
CODE = ("lims", "instruments", "labels")
LONGEST = 400
# Why a file may be longer.
MAY_BE_LONGER = {
    "lims/custody/verifier.py": "one file that a stranger can read and run alone",
    "lims/static/js/egram.js": "one viewer, sent to the browser as one file",
}
FEATURES = (
    "custody", "people", "storage", "reagents", "equipment", "printing", "samples", "plates",
    "extraction", "quantification", "amplification", "genotyping", "bench", "throughput",
    "quality", "cases", "identities", "handovers", "worksheets",
)  # fmt: skip
IN_A_FEATURE = {"__init__", "rules", "models", "queries", "operations", "schemas", "views"}
IN_CUSTODY = IN_A_FEATURE | {"verifier"}
TOP = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "requirements.lock", "lims", "instruments", "labels", "templates", "tests", "docs",
}  # fmt: skip
FORBIDDEN = {"manager", "helper", "util", "handler", "service", "processor", "data", "info", "base"}
# A word of the field, and SQLAlchemy's own name.
MEANT = {"Base", "MANAGER", "manager"}
# Names that the standard library gave to what we must override.
OVERRIDDEN = {"handle_data"}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "__pycache__" not in path.parts:
                yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_a_reader_can_hold_in_mind() -> None:
    scripts = sorted((ROOT / "lims" / "static").rglob("*.js"))
    pages = sorted((ROOT / "templates").rglob("*.html"))
    long = {
        named(path): length
        for path in [*python_files(*CODE), *scripts, *pages]
        # A revision is one act, written by a program from the models.
        if path.parent.name != "versions"
        and (length := len(path.read_text("utf-8").splitlines())) > LONGEST
    }

    assert set(long) - set(MAY_BE_LONGER) == set(), long


def test_every_python_file_names_its_licence_first_and_then_says_what_is_in_it() -> None:
    without = []
    for path in python_files(*CODE, "tests"):
        text = path.read_text("utf-8")
        said = ast.get_docstring(parsed(text))
        if not text.startswith("# SPDX-License-Identifier: Apache-2.0\n") or not said:
            without.append(named(path))

    assert without == []


def test_every_feature_has_the_same_file_names_and_no_others() -> None:
    strangers = []
    for feature in FEATURES:
        allowed = IN_CUSTODY if feature == "custody" else IN_A_FEATURE
        strangers += [
            named(entry)
            for entry in sorted((ROOT / "lims" / feature).iterdir())
            if entry.name != "__pycache__" and entry.stem not in allowed
        ]

    assert strangers == []


def test_every_part_of_lims_has_its_place_among_the_layers() -> None:
    found = {
        entry.stem for entry in (ROOT / "lims").iterdir() if entry.is_dir() or entry.suffix == ".py"
    } - {"__pycache__", "__init__", "static", "translations", "data", "templates"}
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    house = next(one for one in linter["contracts"] if one.get("containers") == ["lims"])
    layers = {name.strip() for layer in house["layers"] for name in layer.split("|")}

    assert found == layers
    assert set(FEATURES) <= layers


def test_nothing_stands_at_the_top_that_the_house_plan_does_not_name() -> None:
    found = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}

    assert found - TOP - {"dist", "build"} == set()


def test_tests_are_no_packages() -> None:
    # tests/lims with an __init__.py would shadow lims.
    assert [named(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


def test_no_module_class_function_or_variable_has_a_name_that_says_nothing() -> None:
    wrong = []
    for path in python_files(*CODE):
        if _says_nothing(path.stem):
            wrong.append(named(path))
        tree = parsed(path.read_text("utf-8"))
        given = {
            argument
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name in OVERRIDDEN
            for argument in node.args.args
        }
        for node in ast.walk(tree):
            if node in given:
                continue
            for name in _names_given(node):
                if name not in MEANT and _says_nothing(name):
                    wrong.append(f"{named(path)}:{getattr(node, 'lineno', 0)} {name}")

    assert wrong == []


def _says_nothing(name: str) -> bool:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().strip("_").split("_")
    # A single forbidden word, or a class or module that ends in one: FileManager, file_utils.
    last = words[-1].removesuffix("s") if words[-1] in ("utils", "helpers") else words[-1]
    return last in FORBIDDEN and (len(words) == 1 or last not in ("data", "info", "base"))


def _names_given(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
