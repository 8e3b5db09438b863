"""The way from a folder to a project: read, convert, check, and only then build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisono.config.check_connector import (
    ConnectorSettings,
    connector_settings,
    exported_name_mistakes,
    filter_mistakes,
)
from unisono.config.check_project import connector_name_mistakes, metaverse_mistakes, project_mistakes
from unisono.config.check_provisioning import Target, provisioning_mistakes
from unisono.config.check_rule import rule_mistakes
from unisono.config.check_rules import rule_set_mistakes
from unisono.config.convert import to_connector, to_metaverse, to_rule, to_schema
from unisono.config.documents import ConnectorShape, ProjectShape
from unisono.config.fingerprint import fingerprint
from unisono.config.known import Known, PlacedRule
from unisono.config.locate import At
from unisono.config.read import Found, ProjectFiles, read_project
from unisono.config.secrets import SecretSource
from unisono.model.errors import ConfigurationError, Mistake
from unisono.model.project import ConnectorDefinition, Metaverse, Project
from unisono.model.rules import Rule
from unisono.model.schema import Schema
from unisono.model.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project that can be used.

    ``parameters`` are for ``%Name%`` in expressions. ``store`` is the store's URL with its secrets; the project holds
    it as it is written. ``warnings`` are mistakes that do not keep the project from being used.
    """

    project: Project
    parameters: Mapping[str, str]
    store: Secret
    warnings: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connector:
    """A connector that was understood, with what the checks need of it."""

    definition: ConnectorDefinition
    at: At
    settings: ConnectorSettings
    written: Mapping[str, Any]  # settings as the file has them


def load(directory: Path, *, environ: Mapping[str, str]) -> Loaded:
    """See ``unisono.config.load_project``."""
    directory = directory.absolute()
    source = SecretSource(directory=directory, environ=environ)
    files = read_project(directory)
    metaverse = to_metaverse(files.metaverse.shape) if files.metaverse and files.metaverse.shape else None
    connectors = [c for name, found in files.connectors for c in _connectors(name, found, source)]
    rules = [PlacedRule(rule=to_rule(found.shape, found.at), at=found.at) for found in files.rules if found.shape]
    store, store_mistakes = _store(files.project, source)
    known = _known(files, metaverse, connectors)
    found_mistakes = (
        *files.mistakes,
        *store_mistakes,
        *_connector_mistakes(files, connectors, known),
        *_rule_mistakes(rules, known, connectors, directory),
    )
    mistakes = _in_order(found_mistakes)
    settled = files.project.shape if files.project else None
    if settled is None or metaverse is None or any(mistake.severity == "error" for mistake in mistakes):
        raise ConfigurationError(mistakes)
    return Loaded(
        project=_project(settled, metaverse, connectors, [placed.rule for placed in rules], directory),
        parameters=dict(settled.parameters),
        store=store,
        warnings=mistakes,
    )


# --- what was said ---------------------------------------------------------------------------------------------------


def _connectors(name: str, found: Found[ConnectorShape], source: SecretSource) -> Iterator[_Connector]:
    shape = found.shape
    if shape is not None:
        settings = connector_settings(shape.kind, shape.settings, to_schema(shape), found.at, source)
        definition = to_connector(shape, found.at, name, settings.values)
        yield _Connector(definition=definition, at=found.at, settings=settings, written=shape.settings)


def _known(files: ProjectFiles, metaverse: Metaverse | None, connectors: Sequence[_Connector]) -> Known:
    schemas: dict[str, Schema | None] = dict.fromkeys((*files.unread, *(name for name, _ in files.connectors)))
    schemas.update({connector.definition.name: connector.definition.schema for connector in connectors})
    project = files.project.shape if files.project else None
    return Known(
        metaverse=metaverse.schema if metaverse else None,
        connectors=schemas,
        parameters=project.parameters if project else None,
        equal=metaverse.equal if metaverse else frozenset(),
    )


_SQLITE_PATH = re.compile(r"(sqlite(?:\+\w+)?:///)(?![/:])(.+)", re.DOTALL)


def _store(found: Found[ProjectShape] | None, source: SecretSource) -> tuple[Secret, tuple[Mistake, ...]]:
    """The store's URL with its secrets, and with the path of an SQLite file made absolute."""
    if found is None or found.shape is None:
        return Secret(""), ()
    url, findings = source.resolve(_located(found.shape.store, source.directory))
    place = found.at.place("store")
    mistakes = (Mistake(check=f.check, message=f.message, place=place, hint=f.hint) for f in findings)
    return url if isinstance(url, Secret) else Secret(url), tuple(mistakes)


def _located(url: str, directory: Path) -> str:
    relative = _SQLITE_PATH.fullmatch(url)
    return f"{relative.group(1)}{directory / relative.group(2)}" if relative else url


# --- what is wrong with it -------------------------------------------------------------------------------------------


def _connector_mistakes(files: ProjectFiles, connectors: Sequence[_Connector], known: Known) -> Iterator[Mistake]:
    if files.project:
        yield from project_mistakes(files.project, known.connectors)
    if files.metaverse:
        yield from metaverse_mistakes(files.metaverse, known.connectors)
    yield from connector_name_mistakes(files.connectors)
    for connector in connectors:
        yield from connector.settings.mistakes
        yield from filter_mistakes(connector.definition, connector.at, known)


def _rule_mistakes(
    rules: Sequence[PlacedRule], known: Known, connectors: Sequence[_Connector], directory: Path
) -> Iterator[Mistake]:
    for placed in rules:
        yield from rule_mistakes(placed, known)
    retaining = {connector.definition.name for connector in connectors if not connector.definition.recall}
    yield from rule_set_mistakes(rules, retaining)
    for connector in connectors:
        yield from exported_name_mistakes(connector.definition, connector.at, (placed.rule for placed in rules))
    yield from provisioning_mistakes(rules, dict(_targets(connectors, directory)))


def _targets(connectors: Sequence[_Connector], directory: Path) -> Iterator[tuple[str, Target]]:
    """Connectors whose settings are right, so that they can be asked what their names look like."""
    for connector in connectors:
        kind, definition = connector.settings.kind, connector.definition
        if kind is not None and not connector.settings.mistakes:
            live = kind.make(definition.settings, definition.schema, directory)
            naming = kind.naming(definition.settings, definition.schema)
            style = live.capabilities.dn_style
            yield definition.name, Target(schema=definition.schema, dn_style=style, naming=naming)


def _in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Each mistake once, by file, line and column."""

    def position(mistake: Mistake) -> tuple[str, int, int, str]:
        place = mistake.place
        return (place.file, place.line, place.column, mistake.check) if place else ("", 0, 0, mistake.check)

    return tuple(sorted(dict.fromkeys(mistakes), key=position))


# --- what comes of it ------------------------------------------------------------------------------------------------


def _project(
    shape: ProjectShape, metaverse: Metaverse, connectors: Sequence[_Connector], rules: Sequence[Rule], directory: Path
) -> Project:
    definitions = sorted((connector.definition for connector in connectors), key=lambda c: c.name)
    cycle = tuple(shape.cycle) if shape.cycle is not None else tuple(c.name for c in definitions)
    return Project(
        name=shape.name,
        directory=str(directory),
        store=_located(shape.store, directory),
        metaverse=metaverse,
        connectors=tuple(definitions),
        rules=tuple(sorted(rules, key=lambda rule: rule.precedence)),
        cycle=cycle,
        history_days=shape.history.keep_days,
        fingerprint=fingerprint(
            metaverse=metaverse,
            connectors=definitions,
            written_settings={c.definition.name: c.written for c in connectors},
            rules=rules,
            parameters=shape.parameters,
            cycle=cycle,
        ),
    )
