"""Kinds of connectors are found by name, and mistakes in their settings are told where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unisono.connectors.contract import Connector
from unisono.connectors.registry import (
    Kind,
    Setting,
    SettingMistake,
    Settings,
    SettingType,
    kind_names,
    load_kind,
)
from unisono.model.schema import Schema
from unisono.model.secrets import Secret

NO_SCHEMA = Schema(object_types=())


def never_made(settings: Settings, schema: Schema, directory: Path) -> Connector:
    raise AssertionError("nothing here makes a connector")


KIND = Kind(
    name="test",
    summary="For tests.",
    make=never_made,
    settings=(
        Setting(name="host", type=SettingType.TEXT, summary="The host.", required=True),
        Setting(name="port", type=SettingType.INTEGER, summary="The port.", minimum=1),
        Setting(name="tls", type=SettingType.BOOLEAN, summary="Whether to encrypt."),
        Setting(name="mode", type=SettingType.TEXT, summary="The mode.", choices=("fast", "safe")),
        Setting(name="password", type=SettingType.SECRET, summary="The password."),
        Setting(name="url", type=SettingType.TEXT_OR_SECRET, summary="The address."),
        Setting(name="keys", type=SettingType.TEXTS, summary="The keys."),
        Setting(name="words", type=SettingType.TEXT_MAP, summary="The words."),
        Setting(
            name="tables",
            type=SettingType.GROUP_MAP,
            summary="The tables.",
            fields=(Setting(name="key", type=SettingType.TEXT, summary="The key.", required=True),),
        ),
        Setting(
            name="scopes",
            type=SettingType.GROUPS,
            summary="The scopes.",
            fields=(Setting(name="base", type=SettingType.TEXT, summary="The base."),),
        ),
        Setting(
            name="change",
            type=SettingType.GROUP,
            summary="The changes.",
            fields=(Setting(name="column", type=SettingType.TEXT, summary="The column."),),
        ),
    ),
)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="the least"),
        pytest.param({"port": 389, "tls": False, "mode": "safe"}, id="simple values"),
        pytest.param({"password": Secret("s"), "url": Secret("s")}, id="secrets"),
        pytest.param({"url": "ldap://x"}, id="text where a secret may stand"),
        pytest.param({"keys": ["a"], "words": {"a": "b"}}, id="lists and mappings"),
        pytest.param({"tables": {"t": {"key": "id"}}, "scopes": [{}], "change": {"column": "c"}}, id="groups"),
        pytest.param({"port": None}, id="nothing is absent"),
    ],
)
def test_right_settings_have_no_mistakes(settings: dict[str, Any]) -> None:
    assert KIND.validate({"host": "x", **settings}, NO_SCHEMA) == ()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        pytest.param({"host": None}, (), id="missing"),
        pytest.param({"prot": 1}, ("prot",), id="unknown"),
        pytest.param({"host": 1}, ("host",), id="number for text"),
        pytest.param({"port": "389"}, ("port",), id="text for number"),
        pytest.param({"port": True}, ("port",), id="truth for number"),
        pytest.param({"port": 0}, ("port",), id="number too small"),
        pytest.param({"tls": "yes"}, ("tls",), id="text for truth"),
        pytest.param({"mode": "quick"}, ("mode",), id="not among the choices"),
        pytest.param({"password": "secret"}, ("password",), id="secret in the open"),
        pytest.param({"host": Secret("x")}, ("host",), id="secret for text"),
        pytest.param({"keys": "a"}, ("keys",), id="text for list"),
        pytest.param({"keys": ["a", 1]}, ("keys", 1), id="number in a list of texts"),
        pytest.param({"words": {"a": 1}}, ("words", "a"), id="number in a mapping of texts"),
        pytest.param({"tables": {"t": {}}}, ("tables", "t"), id="missing in a group"),
        pytest.param({"tables": {"t": "id"}}, ("tables", "t"), id="text for a group"),
        pytest.param({"scopes": [{}, {"bose": "x"}]}, ("scopes", 1, "bose"), id="unknown in a list of groups"),
        pytest.param({"change": {"column": 1}}, ("change", "column"), id="mistyped in a group"),
    ],
)
def test_a_mistake_is_told_where_it_stands(settings: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert [mistake.path for mistake in KIND.validate({"host": "x", **settings}, NO_SCHEMA)] == [path]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(KIND.validate({"prot": 1, "tls": "yes", "keys": [1, 2]}, NO_SCHEMA)) == 5


def test_an_unknown_setting_comes_with_a_suggestion() -> None:
    [mistake] = KIND.validate({"host": "x", "pasword": Secret("x")}, NO_SCHEMA)
    assert mistake.hint == "did you mean 'password'?"


def test_a_mistake_shows_no_secret() -> None:
    mistakes = KIND.validate({"host": Secret("hidden"), "keys": [Secret("hidden")]}, NO_SCHEMA)
    assert "hidden" not in str(mistakes)


def test_the_check_of_the_whole_is_asked_only_when_each_setting_is_right() -> None:
    mistake = SettingMistake(path=("host",), message="the host and the port do not fit")
    kind = Kind(
        name="test", summary="", settings=KIND.settings, make=never_made, check=lambda _settings, _schema: (mistake,)
    )
    assert kind.validate({"host": "x"}, NO_SCHEMA) == (mistake,)
    assert mistake not in kind.validate({"host": 1}, NO_SCHEMA)


@pytest.mark.parametrize("name", ["delimited-text", "ldif"])
def test_a_kind_is_found_by_its_name(name: str) -> None:
    assert name in kind_names()
    assert load_kind(name).name == name


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(KeyError, match="spreadsheet"):
        load_kind("spreadsheet")


@pytest.mark.parametrize("name", ["delimited-text", "ldif"])
def test_every_setting_of_a_kind_is_documented(name: str) -> None:
    for setting in load_kind(name).settings:
        assert setting.summary.endswith("."), setting.name
