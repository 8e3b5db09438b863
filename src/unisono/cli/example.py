"""The example project Contoso, wherever this installation has it.

In a wheel it is package data, in a checkout it stands beside the sources. It is a package of its own with generators
and a scenario, and is loaded from its folder under a private name, so that it needs no place on the import path.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import unisono
from unisono.cli.failures import CallMistake

_NAME = "unisono_example_contoso"


class DayTwo(Protocol):
    """Who is concerned by the changes of the second day: employee numbers."""

    joiners: Sequence[str]
    leavers: Sequence[str]
    renamed: str
    on_leave: str
    without_title: str
    contested: str


class Project(Protocol):
    """``project.py`` of the example."""

    def make_project(self, directory: Path, *, server: object | None = None) -> None: ...

    def LdapServer(self, *, url: str, base: str, bind_dn: str) -> object: ...  # noqa: N802  # a class there


class Scenario(Protocol):
    """``scenario.py`` of the example: each function changes the data of the connected systems in a folder."""

    def day_two(self, directory: Path) -> DayTwo: ...

    def bad_file(self, directory: Path) -> tuple[str, str]: ...

    def truncated_file(self, directory: Path) -> int: ...

    def repaired_file(self, directory: Path) -> None: ...


def load_project_maker() -> Project:
    """Raises ``CallMistake`` where the example is not installed."""
    return cast("Project", _load("project"))


def load_scenario() -> Scenario:
    """Raises ``CallMistake`` where the example is not installed."""
    return cast("Scenario", _load("scenario"))


def _load(module: str) -> object:
    if _NAME not in sys.modules:
        _load_package(_folder())
    return importlib.import_module(f"{_NAME}.{module}")


def _folder() -> Path:
    package = Path(unisono.__file__).parent
    for folder in (package / "_examples" / "contoso", package.parents[1] / "examples" / "contoso"):
        if (folder / "project.py").is_file():
            return folder
    raise CallMistake("the example project is not installed", hint="it comes with the wheel, and with a checkout")


def _load_package(folder: Path) -> None:
    start = folder / "__init__.py"
    specification = importlib.util.spec_from_file_location(_NAME, start, submodule_search_locations=[str(folder)])
    if specification is None or specification.loader is None:
        raise CallMistake(f"the example project in {folder} cannot be loaded")
    package = importlib.util.module_from_spec(specification)
    sys.modules[_NAME] = package
    specification.loader.exec_module(package)
