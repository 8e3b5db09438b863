"""What is wrong with a connector's settings that no single setting shows."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import permutations
from urllib.parse import urlsplit

from unisono.connectors.ldap.settings import ACCESSLOG, DN_ANCHOR, ENTRY_UUID, is_within
from unisono.connectors.registry import SettingMistake, Settings
from unisono.model.schema import Schema

INSTALL_HINT = "pip install unisono[ldap] (it builds against the system's OpenLDAP library)"
_LOGGED_ANCHORS = (ENTRY_UUID.lower(), DN_ANCHOR)
_SCHEMES = ("ldap", "ldaps", "ldapi")


def library_is_missing() -> bool:
    return importlib.util.find_spec("ldap") is None


def check(settings: Settings, schema: Schema) -> tuple[SettingMistake, ...]:
    """All mistakes at once."""
    return (
        *_library_mistakes(),
        *_connection_mistakes(settings),
        *_base_mistakes(settings),
        *_type_mistakes(settings, schema),
        *_anchor_mistakes(settings),
        *_name_mistakes(settings),
    )


def _library_mistakes() -> Iterator[SettingMistake]:
    if library_is_missing():
        yield SettingMistake(path=(), message="the LDAP library python-ldap is not installed", hint=INSTALL_HINT)


def _connection_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    if not _is_url(settings["url"]):
        yield SettingMistake(path=("url",), message="not an LDAP URL", hint="for example ldaps://directory.example.org")
    elif settings["url"].startswith("ldaps:") and settings.get("start_tls"):
        message = "ldaps:// is encrypted from the start and cannot turn TLS on later"
        yield SettingMistake(path=("start_tls",), message=message, hint="use ldap:// or leave start_tls out")
    password = settings.get("password")
    if settings.get("bind_dn") and not (password and password.reveal()):
        # A bind with a name and an empty password succeeds on some servers, as nobody (RFC 4513 §5.1.2).
        yield SettingMistake(path=("bind_dn",), message="an account without a password", hint="set password")


def _is_url(url: str) -> bool:
    """Whether it names one server; a port that is no number is a mistake that only reading it shows."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.netloc) and parts.port != 0
    except ValueError:
        return False


def _base_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    bases = settings.get("bases") or ()
    if bool(settings.get("base")) == bool(bases):
        yield SettingMistake(path=(), message="set one of base and bases")
    for inner, outer in permutations(range(len(bases)), 2):
        if is_within(bases[inner], bases[outer]) and (inner > outer or not is_within(bases[outer], bases[inner])):
            message = f"{bases[inner]!r} is already part of {bases[outer]!r}"
            yield SettingMistake(path=("bases", inner), message=message, hint="leave one of them out")


def _type_mistakes(settings: Settings, schema: Schema) -> Iterator[SettingMistake]:
    for name, group in (settings.get("object_types") or {}).items():
        if not group["classes"]:
            yield SettingMistake(path=("object_types", name, "classes"), message="no object class")
        if schema.object_types and name not in schema:
            message = f"the schema of this connector has no object type {name!r}"
            yield SettingMistake(path=("object_types", name), message=message)


def _anchor_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    if settings.get("delta") == ACCESSLOG and (settings.get("anchor") or ENTRY_UUID).lower() not in _LOGGED_ANCHORS:
        message = f"the log of changes does not tell the {settings['anchor']} of deleted entries"
        yield SettingMistake(path=("anchor",), message=message, hint=f"use {ENTRY_UUID} or {DN_ANCHOR}, or delta: none")


def _name_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    for name in ("bind_dn", "base", "accesslog_base", "placeholder_member"):
        if settings.get(name) and "=" not in settings[name]:
            yield SettingMistake(path=(name,), message=f"{settings[name]!r} is not a DN", hint="attribute=value,…")
    for position, base in enumerate(settings.get("bases") or ()):
        if "=" not in base:
            yield SettingMistake(path=("bases", position), message=f"{base!r} is not a DN", hint="attribute=value,…")
