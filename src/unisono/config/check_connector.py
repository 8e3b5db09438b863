"""A connector's settings and filters: secrets resolved, the kind asked, its answers given their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisono.config.check_expression import expression_mistakes
from unisono.config.checks import Check, shown, suggestion
from unisono.config.convert import filter_path
from unisono.config.known import Known, readable_connector
from unisono.config.locate import At, Key, KeyPath
from unisono.config.secrets import SecretSource, is_secret_in_clear
from unisono.connectors.registry import Kind, Setting, SettingMistake, SettingType, kind_names, load_kind
from unisono.expressions import check_condition
from unisono.model.errors import Mistake
from unisono.model.frames import EXPORTED
from unisono.model.project import ConnectorDefinition
from unisono.model.rules import Direction, Rule
from unisono.model.schema import Schema
from unisono.model.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """Settings with their secrets (Any: each kind has its own), lists as tuples; ``kind`` None: there is none."""

    kind: Kind | None
    values: Mapping[str, Any]
    mistakes: tuple[Mistake, ...]


def connector_settings(
    kind_name: str, settings: Mapping[str, Any], schema: Schema, at: At, source: SecretSource
) -> ConnectorSettings:
    """``at`` is the connector's file; its settings stand under ``settings``."""
    resolver = _Resolver(at.at("settings"), source)
    values = {name: resolver.resolved(value, (name,)) for name, value in settings.items()}
    kind, unavailable = _kind(kind_name, at)
    mistakes = [*unavailable, *resolver.mistakes]
    if kind is not None:
        answers = (answer for answer in _answers(kind, values, schema) if not resolver.has_told(answer))
        mistakes += [_placed(answer, kind, values, at.at("settings")) for answer in answers]
    return ConnectorSettings(kind=kind, values=values, mistakes=tuple(mistakes))


def filter_mistakes(connector: ConnectorDefinition, at: At, known: Known) -> Iterator[Mistake]:
    """Mistakes in the connector filters, which are conditions over connector-space objects."""
    for object_type, expression in connector.filters.items():
        readable = readable_connector(connector.schema[object_type])
        if readable is not None and known.parameters is not None:
            place = at.at(*filter_path(object_type))
            yield from expression_mistakes(expression, place, readable, known.parameters, check_condition)


def exported_name_mistakes(connector: ConnectorDefinition, at: At, rules: Iterable[Rule]) -> Iterator[Mistake]:
    """Attributes of exported objects whose names are taken by the columns of an export (``frames.EXPORTED``)."""
    outbound = (rule for rule in rules if rule.direction is Direction.OUTBOUND and rule.connector == connector.name)
    written = {rule.connector_type for rule in outbound}
    for object_type in connector.schema.object_types:
        taken = [a for a in object_type.attributes if a.name in EXPORTED.columns and not a.read_only]
        for attribute in taken if object_type.name in written else ():
            place = at.key_place("types", object_type.name, "attributes", attribute.name)
            message = f"an attribute of exported objects cannot be called {attribute.name!r}"
            hint = "give it another name, or say that it is read-only"
            yield Mistake(check=Check.BAD_NAME, message=message, place=place, hint=hint)


# --- secrets in settings ---------------------------------------------------------------------------------------------


class _Resolver:
    """Settings with secrets for references, and the mistakes on the way."""

    def __init__(self, at: At, source: SecretSource) -> None:
        self.mistakes: list[Mistake] = []
        self._at = at
        self._source = source
        self._told: set[KeyPath] = set()

    def resolved(self, value: Any, path: KeyPath) -> Any:  # Any: as in the file, secrets as ``Secret``
        match value:
            case str():
                return self._text(value, path)
            case list():
                return tuple(self.resolved(member, (*path, position)) for position, member in enumerate(value))
            case dict():
                return {key: self.resolved(member, (*path, key)) for key, member in value.items()}
            case _:
                return value

    def has_told(self, mistake: SettingMistake) -> bool:
        """Whether the value at fault is one whose secret was found wrong already."""
        return mistake.path in self._told

    def _text(self, text: str, path: KeyPath) -> str | Secret:
        name = next((key for key in reversed(path) if isinstance(key, str)), "")
        if is_secret_in_clear(name, text):
            message = f"{shown(name)} holds a secret in clear"
            self._tell(Check.SECRET_IN_CLEAR, message, path, "write ${env:NAME} or ${file:path}, and change the secret")
            return Secret(text)
        value, findings = self._source.resolve(text)
        for finding in findings:
            self._tell(finding.check, finding.message, path, finding.hint)
        return value

    def _tell(self, check: Check, message: str, path: KeyPath, hint: str) -> None:
        self._told.add(path)
        self.mistakes.append(Mistake(check=check, message=message, place=self._at.place(*path), hint=hint))


# --- the kind's own checks -------------------------------------------------------------------------------------------


def _kind(name: str, at: At) -> tuple[Kind | None, tuple[Mistake, ...]]:
    place = at.place("kind")
    try:
        return load_kind(name), ()
    except KeyError:
        message, hint = f"there is no connector kind {shown(name)}", suggestion(name, kind_names())
        return None, (Mistake(check=Check.UNKNOWN_KIND, message=message, place=place, hint=hint),)
    except ImportError as error:
        message = f"the connector kind {name!r} needs the library {error.name!r}, which is not installed"
    hint = "see the page of the connector for what to install"
    return None, (Mistake(check=Check.MISSING_LIBRARY, message=message, place=place, hint=hint),)


def _answers(kind: Kind, values: Mapping[str, Any], schema: Schema) -> tuple[SettingMistake, ...]:
    try:
        return kind.validate(values, schema)
    except ValueError:  # from a library that was given what it cannot parse; its text may show the value
        message, hint = f"the kind {kind.name!r} cannot read these settings", "look at URLs and names of encodings"
        return (SettingMistake(path=(), message=message, hint=hint),)


def _placed(mistake: SettingMistake, kind: Kind, values: Mapping[str, Any], at: At) -> Mistake:
    check = _check(mistake.path, kind.settings, values)
    place = at.key_place(*mistake.path) if check is Check.UNKNOWN_SETTING else at.place(*mistake.path)
    return Mistake(check=check, message=mistake.message, place=place, hint=mistake.hint)


def _check(path: Sequence[Key], fields: Sequence[Setting], value: Any) -> Check:
    """What is wrong at the path: a setting that the kind does not have, a secret in clear, or a bad value."""
    if not path:
        return Check.BAD_SETTING
    name, *rest = path
    setting = next((field for field in fields if field.name == name), None)
    if setting is None:
        return Check.UNKNOWN_SETTING
    inner = _member(value, name)
    if setting.type is SettingType.SECRET and isinstance(inner, str):
        return Check.SECRET_IN_CLEAR
    if setting.type in (SettingType.GROUPS, SettingType.GROUP_MAP) and rest:
        member, *rest = rest
        inner = _member(inner, member)
    return _check(rest, setting.fields, inner) if setting.fields else Check.BAD_SETTING


def _member(value: Any, key: Key) -> Any:
    """What stands at the key, or None: a setting may be wrong because it is absent."""
    match value:
        case Mapping():
            return value.get(key)
        case tuple() if isinstance(key, int) and key < len(value):
            return value[key]
        case _:
            return None
