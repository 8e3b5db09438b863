"""Where a connector's files are: names in the project's directory, or absolute paths that an administrator wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from unisono.connectors.registry import SettingMistake


def located(directory: Path, name: str) -> Path:
    """The file that a setting names; an absolute name stays as it is."""
    return directory / name


def path_mistakes(settings: Mapping[str, Any], names: Iterable[str]) -> Iterator[SettingMistake]:
    """Settings whose relative path leads out of the project's directory, or which name no file."""
    for setting in names:
        name = settings.get(setting)
        if name is None:
            continue
        path = PurePath(name)
        if not path.name or "\0" in name:
            yield SettingMistake(path=(setting,), message=f"{name!r} names no file")
        elif ".." in path.parts and not path.is_absolute():
            hint = "a file outside of the project needs its absolute path"
            yield SettingMistake(path=(setting,), message=f"{name!r} leads out of the project", hint=hint)
