"""Rules of the project that no other tool checks: a pure core, small files, nothing unfinished, locks with hashes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "unisono"
FOLDERS = ("src", "tests", "benchmarks", "examples", "scripts")

# What the packages of the functional core may use besides the standard library and each other.
LIBRARIES = {
    "model": {"polars"},
    "expressions": {"polars", "lark", "cryptography"},
    "engine": {"polars"},
}

# What of the standard library reaches for a clock, chance, a log or the world outside the process.
IMPURE_MODULES = {
    *("asyncio", "concurrent", "ctypes", "fileinput", "getpass", "glob", "http", "locale", "logging", "mmap"),
    *("multiprocessing", "os", "pathlib", "platform", "queue", "random", "sched", "secrets", "select", "selectors"),
    *("shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "syslog", "tempfile", "threading", "time"),
    *("urllib", "warnings"),
}
IMPURE_CALLS = {"breakpoint", "eval", "exec", "input", "open", "print", "uuid1", "uuid4"}
# Of datetime the clock; of Polars chance, files and databases.
IMPURE_METHODS = {"sample", "shuffle", "today", "utcnow", "uuid1", "uuid4"}
IMPURE_METHOD_STARTS = ("scan_", "sink_", "read_csv", "read_database", "read_parquet", "write_")

MOST_LINES = 500


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def core_files() -> list[Path]:
    return [path for package in LIBRARIES for path in python_files(f"src/unisono/{package}")]


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every imported module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.lineno, node.module


def impure_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every call of a function or method that has, or depends on, an effect."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield node.lineno, name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime"), attr="now")):
                yield node.lineno, "now"
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS or name.startswith(
                IMPURE_METHOD_STARTS
            ):
                yield node.lineno, name


def is_allowed(module: str, package: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return top not in IMPURE_MODULES
    return top == "unisono" or top in LIBRARIES[package]


@pytest.mark.parametrize("package", LIBRARIES)
def test_the_core_imports_no_clock_no_chance_no_log_and_no_outside_world(package: str) -> None:
    refused = [
        f"{place(path, line)} {module}"
        for path in python_files(f"src/unisono/{package}")
        for line, module in imports(ast.parse(path.read_text(encoding="utf-8")))
        if not is_allowed(module, package)
    ]
    assert refused == []


def test_the_core_calls_nothing_that_reads_writes_or_tells_the_time() -> None:
    refused = [
        f"{place(path, line)} {name}()"
        for path in core_files()
        for line, name in impure_calls(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert refused == []


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "date.today()",
        "open('f')",
        "print(1)",
        "frame.sample(3)",
        "pl.read_csv('f')",
        "f.write_csv()",
    ],
)
def test_an_impure_call_is_noticed(code: str) -> None:
    assert list(impure_calls(ast.parse(code)))


@pytest.mark.parametrize("code", ["import time", "from os import path", "import logging.handlers", "import sqlalchemy"])
def test_an_impure_import_is_noticed(code: str) -> None:
    assert not any(is_allowed(module, "engine") for _, module in imports(ast.parse(code)))


def test_no_file_of_code_outgrows_one_idea() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*FOLDERS)}
    assert [f"{path.relative_to(ROOT)}: {lines}" for path, lines in lengths.items() if lines > MOST_LINES] == []


def test_nothing_is_marked_as_unfinished() -> None:
    mark = re.compile(r"\b(" + "TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    found = [
        place(path, number)
        for path in python_files(*FOLDERS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if mark.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["build", "runtime", "extras", "dev", "lock"])
def test_a_lock_names_versions_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert [
        each for each in requirements if not re.match(r"[a-z0-9-]+==\S+", each) or "--hash=sha256:" not in each
    ] == []
    assert "://" not in text


def test_all_locks_agree_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
