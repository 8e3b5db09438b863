"""Connector kinds by name: what a kind's settings are, how they are checked, how a connector is made from them.

Each family of connected systems is a package with a ``KIND`` of its own, imported only when a project uses it, so
that a missing optional library (an LDAP or database client) hurts nobody else.

The fields of a kind are its documentation and its first check at once: unknown, missing and mistyped settings are
found here, for all kinds alike; what depends on more than one setting, or on the schema, is the kind's ``check``.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from unisono.connectors.contract import Connector
from unisono.model.names import Naming
from unisono.model.schema import Schema
from unisono.model.secrets import Secret


class SettingType(StrEnum):
    """What a setting's value is, in the words of a configuration file."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "true or false"
    SECRET = "a secret reference"  # arrives as Secret, never as text  # noqa: S105 - names a kind of value
    TEXT_OR_SECRET = "text or a secret reference"  # noqa: S105 - the same
    TEXTS = "a list of texts"
    TEXT_MAP = "a mapping of names to texts"
    GROUP = "a group of settings"  # its settings: Setting.fields
    GROUPS = "a list of groups of settings"
    GROUP_MAP = "a mapping of names to groups of settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a connector kind. ``summary`` is one sentence for the administrator."""

    name: str
    type: SettingType
    summary: str
    required: bool = False
    default: object = None  # None: absent
    choices: tuple[str, ...] = ()  # the only texts allowed; empty: any
    minimum: int | None = None  # of an integer
    fields: tuple[Setting, ...] = ()  # settings of each group


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingMistake:
    """A mistake in a connector's settings; ``path`` leads from the settings to the value at fault."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""


Settings = Mapping[str, Any]  # Any: values as a configuration file has them, secrets as Secret
Check = Callable[[Settings, Schema], tuple[SettingMistake, ...]]


def _nothing_more(_settings: Settings, _schema: Schema) -> tuple[SettingMistake, ...]:
    return ()


NamingOf = Callable[[Settings, Schema], Mapping[str, Naming]]


def _names_of_their_own(_settings: Settings, _schema: Schema) -> Mapping[str, Naming]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A family of connected systems.

    ``make(settings, schema, directory)`` gives the connector of validated settings; it touches neither network nor
    file. ``directory`` is the project's: relative paths in settings start there. ``check`` finds what the single
    settings cannot show; it is asked only when each setting by itself is right. ``naming(settings, schema)`` says, per
    object type, how the DN of a new object follows from its anchor attributes, for kinds without names of their own.
    """

    name: str
    summary: str
    settings: tuple[Setting, ...]
    make: Callable[[Settings, Schema, Path], Connector]
    check: Check = field(default=_nothing_more)
    naming: NamingOf = field(default=_names_of_their_own)

    def validate(self, settings: Settings, schema: Schema) -> tuple[SettingMistake, ...]:
        """All mistakes at once; empty when a connector can be made."""
        mistakes = tuple(_group_mistakes(settings, self.settings, ()))
        return mistakes or self.check(settings, schema)


def with_defaults(settings: Settings, fields: Sequence[Setting]) -> dict[str, Any]:
    """A value for every setting: the given one, or the default where none is given. Any: as in ``Settings``."""
    given = {name: value for name, value in settings.items() if value is not None}
    return {setting.name: setting.default for setting in fields} | given


def kind_names() -> tuple[str, ...]:
    return tuple(_PACKAGES)


def load_kind(name: str) -> Kind:
    """The kind of that name. Raises ``KeyError`` for an unknown name, ``ImportError`` where a library is missing."""
    kind: Kind = importlib.import_module(_PACKAGES[name]).KIND
    return kind


_PACKAGES = {
    "delimited-text": "unisono.connectors.delimited_text",
    "ldif": "unisono.connectors.ldif",
    "sql": "unisono.connectors.sql",
    "ldap": "unisono.connectors.ldap",
}

# --- the check of single settings ------------------------------------------------------------------------------------

_PYTHON_TYPES: Mapping[SettingType, tuple[type, ...]] = {
    SettingType.TEXT: (str,),
    SettingType.INTEGER: (int,),
    SettingType.BOOLEAN: (bool,),
    SettingType.SECRET: (Secret,),
    SettingType.TEXT_OR_SECRET: (str, Secret),
    SettingType.TEXTS: (list, tuple),
    SettingType.TEXT_MAP: (Mapping,),
    SettingType.GROUP: (Mapping,),
    SettingType.GROUPS: (list, tuple),
    SettingType.GROUP_MAP: (Mapping,),
}
_Path = tuple[str | int, ...]


def _group_mistakes(values: Settings, fields: Sequence[Setting], path: _Path) -> Iterator[SettingMistake]:
    known = {setting.name: setting for setting in fields}
    for name, value in values.items():
        if name not in known:
            yield SettingMistake(path=(*path, name), message=f"unknown setting {name!r}", hint=_suggestion(name, known))
        elif value is not None:
            yield from _value_mistakes(value, known[name], (*path, name))
    for setting in fields:
        if setting.required and values.get(setting.name) is None:
            yield SettingMistake(path=path, message=f"the setting {setting.name!r} is missing", hint=setting.summary)


def _value_mistakes(value: Any, setting: Setting, path: _Path) -> Iterator[SettingMistake]:
    if not _is(value, setting.type):
        yield SettingMistake(path=path, message=f"{setting.name!r} must be {setting.type}", hint=setting.summary)
    elif setting.choices and isinstance(value, str) and value not in setting.choices:
        allowed = ", ".join(setting.choices)
        yield SettingMistake(path=path, message=f"{setting.name!r} cannot be {value!r}", hint=f"allowed: {allowed}")
    elif setting.minimum is not None and isinstance(value, int) and value < setting.minimum:
        yield SettingMistake(path=path, message=f"{setting.name!r} must be at least {setting.minimum}")
    else:
        yield from _member_mistakes(value, setting, path)


def _member_mistakes(value: Any, setting: Setting, path: _Path) -> Iterator[SettingMistake]:
    match setting.type:
        case SettingType.GROUP:
            yield from _group_mistakes(value, setting.fields, path)
        case SettingType.TEXTS | SettingType.TEXT_MAP:
            for key, member in _members(value):
                if not isinstance(member, str):
                    yield SettingMistake(path=(*path, key), message=f"{member!r} in {setting.name!r} must be text")
        case SettingType.GROUPS | SettingType.GROUP_MAP:
            for key, member in _members(value):
                if isinstance(member, Mapping):
                    yield from _group_mistakes(member, setting.fields, (*path, key))
                else:
                    message = f"{key!r} in {setting.name!r} must be {SettingType.GROUP}"
                    yield SettingMistake(path=(*path, key), message=message, hint=setting.summary)
        case _:
            return


def _members(value: Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, Mapping) else enumerate(value)


def _is(value: object, wanted: SettingType) -> bool:
    if wanted is SettingType.INTEGER and isinstance(value, bool):
        return False
    return isinstance(value, _PYTHON_TYPES[wanted])


def _suggestion(name: str, known: Mapping[str, Setting]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known settings: {', '.join(known)}"
