# SPDX-License-Identifier: Apache-2.0
"""What the import linter cannot see: clocks, commits, hidden imports, and what rules drag in."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.parsing import parsed

ROOT = Path(__file__).parents[2]
PURE = ("rules", "models", "queries", "operations")
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic"}


def files_of(*roles: str) -> Iterator[Path]:
    """Yield the files of these roles in every feature, packages too."""
    for role in roles:
        yield from sorted((ROOT / "lims").glob(f"*/{role}.py"))
        yield from sorted((ROOT / "lims").glob(f"*/{role}/**/*.py"))


def found(path: Path, node: ast.AST, words: str) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)} {words}"


def calls(path: Path) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call, the name that is called, and what it is called on ('' for a plain name)."""
    for node in ast.walk(parsed(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node, node.func.attr, ast.unparse(node.func.value)
            elif isinstance(node.func, ast.Name):
                yield node, node.func.id, ""


def test_operations_never_commit_or_roll_back_what_their_caller_began() -> None:
    wrong = [
        found(path, node, f"{on}.{name}()")
        for path in files_of(*PURE)
        for node, name, on in calls(path)
        if name in ("commit", "rollback")
    ]

    assert wrong == []


def test_no_rule_table_or_verb_reads_a_clock_the_instant_is_an_argument() -> None:
    wrong = [
        found(path, node, f"{on}.{name}()")
        for path in files_of(*PURE)
        for node, name, on in calls(path)
        # SQL's own now() would be a second clock beside the act's.
        if name in CLOCKS and on != "self"
    ]

    assert wrong == []


def test_no_import_hides_inside_a_function() -> None:
    wrong = []
    for folder in ("lims", "instruments", "labels"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for function in ast.walk(parsed(path.read_text("utf-8"))):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    wrong += [
                        found(path, node, ast.unparse(node))
                        for node in ast.walk(function)
                        if isinstance(node, ast.Import | ast.ImportFrom)
                    ]

    assert wrong == []


def test_views_and_jobs_alone_open_the_doors_to_the_database() -> None:
    wrong = [
        found(path, node, f"{on}.{name}()")
        for path in files_of(*PURE)
        for node, name, on in calls(path)
        # A door that was handed in as an argument is the edge's own.
        if name in ("reading", "writing") and on
    ]

    assert wrong == []


def test_an_exception_is_only_caught_whole_at_the_edge_of_a_process() -> None:
    wrong = []
    for folder in ("lims", "labels", "instruments/analyzers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parts[-2] in ("cli", "demo"):
                continue
            wrong += [
                found(path, node, "except Exception")
                for node in ast.walk(parsed(path.read_text("utf-8")))
                if isinstance(node, ast.ExceptHandler)
                and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
            ]

    assert wrong == []


LOADED = """
import importlib, json, sys
heavy = {"flask", "sqlalchemy", "marshmallow", "alembic", "werkzeug", "jinja2"}
seen, guilty = set(), {}
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
    loaded = heavy & set(sys.modules)
    if loaded - seen:
        guilty[name] = sorted(loaded - seen)
    seen |= loaded
print(json.dumps(guilty))
"""


def in_a_fresh_interpreter(*modules: str) -> dict[str, list[str]]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(modules)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    guilty: dict[str, list[str]] = json.loads(ran.stdout)
    return guilty


def test_rules_stand_alone_in_a_fresh_interpreter() -> None:
    modules = sorted(
        {f"lims.{path.relative_to(ROOT / 'lims').parts[0]}.rules" for path in files_of("rules")}
    )

    assert len(modules) > 8
    assert in_a_fresh_interpreter(*modules) == {}


def test_labels_and_analyzer_files_are_read_without_the_laboratory() -> None:
    assert in_a_fresh_interpreter("labels.zpl", "labels.pdf", "instruments.analyzers.abif") == {}


def test_the_version_can_be_asked_without_starting_anything() -> None:
    assert in_a_fresh_interpreter("lims") == {}


def test_the_verifier_needs_nothing_but_python() -> None:
    tree = parsed((ROOT / "lims" / "custody" / "verifier.py").read_text("utf-8"))
    used = {
        (name.name if isinstance(node, ast.Import) else str(node.module)).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert used - sys.stdlib_module_names == set()
