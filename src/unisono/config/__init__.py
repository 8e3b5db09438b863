"""Project folders: YAML files in, a frozen ``Project`` or every mistake with file, line and hint out.

Pydantic and the YAML library live only here, and are imported when the first project is loaded: the command line
imports this package for ``--help`` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisono.config.load import Loaded
    from unisono.config.objects import GivenObject
    from unisono.model.schema import ObjectType


def load_project(directory: Path, *, environ: Mapping[str, str]) -> Loaded:
    """The project in ``directory``; ``environ`` is where ``${env:NAME}`` looks.

    Raises ``ConfigurationError`` with all mistakes of all files. Reads files of the project and those that secrets
    name, and nothing else: no connected system is asked.
    """
    from unisono.config.load import load

    return load(directory, environ=environ)


def write_template(directory: Path, name: str) -> list[Path]:
    """Write the files of a minimal project and return their paths; the result loads without a mistake.

    Raises ``FileExistsError`` before it writes anything when one of the files exists, ``ValueError`` for a name that
    a project cannot have.
    """
    from unisono.config.template import write

    return write(directory, name)


def read_object(file: Path, object_type: ObjectType | None = None) -> GivenObject:
    """The object in a YAML or JSON file: its attributes, with the types of ``object_type`` or those that it shows.

    Raises ``ConfigurationError`` with all mistakes of the file; an attribute that ``object_type`` lacks is one.
    """
    from unisono.config.objects import read

    return read(file, object_type)


__all__ = ["load_project", "read_object", "write_template"]
