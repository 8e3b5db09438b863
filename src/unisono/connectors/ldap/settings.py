"""What an administrator says about an LDAP server, as the check finds it and as the connector uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from unisono.connectors.registry import Setting, Settings, SettingType
from unisono.model.names import ldap_dn_key
from unisono.model.secrets import Secret

DN_ANCHOR = "dn"
ENTRY_UUID = "entryUUID"
ACCESSLOG = "accesslog"
NO_DELTA = "none"

_TYPE_SETTINGS = (
    Setting(
        name="classes",
        type=SettingType.TEXTS,
        summary="Object classes that a new entry is given, the structural one last; imports look for that one.",
        required=True,
    ),
    Setting(name="rdn", type=SettingType.TEXT, summary="Attribute that names entries; other names are refused."),
)

SETTINGS = (
    Setting(name="url", type=SettingType.TEXT, summary="The server, as ldap://host or ldaps://host.", required=True),
    Setting(name="start_tls", type=SettingType.BOOLEAN, summary="Turn TLS on after connecting.", default=False),
    Setting(name="ca_file", type=SettingType.TEXT, summary="PEM file of trusted authorities; default: the system's."),
    Setting(name="bind_dn", type=SettingType.TEXT, summary="The account's DN; without it the bind is anonymous."),
    Setting(name="password", type=SettingType.SECRET, summary="The account's password."),
    Setting(name="base", type=SettingType.TEXT, summary="DN of the subtree that is this connector space."),
    Setting(name="bases", type=SettingType.TEXTS, summary="Several such subtrees, none inside another."),
    Setting(
        name="object_types",
        type=SettingType.GROUP_MAP,
        summary="Object classes by object type; a type that is not named here is an object class itself.",
        fields=_TYPE_SETTINGS,
    ),
    Setting(
        name="anchor",
        type=SettingType.TEXT,
        summary="Attribute with a value that an entry keeps for life, or dn.",
        default=ENTRY_UUID,
    ),
    Setting(
        name="delta",
        type=SettingType.TEXT,
        summary="How changes are found: by the log that OpenLDAP's accesslog overlay keeps, or not at all.",
        default=NO_DELTA,
        choices=(ACCESSLOG, NO_DELTA),
    ),
    Setting(name="accesslog_base", type=SettingType.TEXT, summary="DN of that log.", default="cn=accesslog"),
    Setting(
        name="page_objects",
        type=SettingType.INTEGER,
        summary="Entries that the server is asked for at a time.",
        default=1000,
        minimum=1,
    ),
    Setting(name="window", type=SettingType.INTEGER, summary="Requests in flight in an export.", default=64, minimum=1),
    Setting(
        name="member_chunk",
        type=SettingType.INTEGER,
        summary="Values of an entry that are sent in one request.",
        default=500,
        minimum=1,
    ),
    Setting(
        name="placeholder_member",
        type=SettingType.TEXT,
        summary="DN that stands in a group which must not be empty; imports hide it.",
    ),
    Setting(
        name="require_secure_passwords",
        type=SettingType.BOOLEAN,
        summary="Send passwords over encrypted connections only.",
        default=True,
    ),
    Setting(
        name="timeout_s",
        type=SettingType.INTEGER,
        summary="Seconds to wait for an answer of the server.",
        default=120,
        minimum=1,
    ),
    Setting(
        name="connect_timeout_s",
        type=SettingType.INTEGER,
        summary="Seconds to wait for a connection.",
        default=30,
        minimum=1,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryType:
    """How entries of an object type look: ``classes`` with the structural one last, ``rdn`` where it is prescribed."""

    name: str
    classes: tuple[str, ...]
    rdn: str | None = None

    @property
    def structural_class(self) -> str:
        return self.classes[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """Validated settings with their defaults. ``types`` are the declared ones; see ``entry_type`` for the others."""

    url: str
    start_tls: bool
    ca_file: Path | None
    bind_dn: str
    password: Secret
    bases: tuple[str, ...]
    types: Mapping[str, EntryType]
    anchor: str
    delta: str
    accesslog_base: str
    page_objects: int
    window: int
    member_chunk: int
    placeholder_member: str | None
    require_secure_passwords: bool
    timeout_s: int
    connect_timeout_s: int

    @classmethod
    def parse(cls, settings: Settings, directory: Path) -> LdapSettings:
        """From validated settings; relative paths start at ``directory``."""
        given = dict(_with_defaults(settings))
        base, ca_file = given.pop("base"), given.pop("ca_file")
        types = given.pop("object_types") or {}
        given["bases"] = tuple(given["bases"] or ()) or (base,)
        given["bind_dn"] = given["bind_dn"] or ""
        given["password"] = given["password"] or Secret("")
        entry_types = {
            name: EntryType(name=name, classes=tuple(t["classes"]), rdn=t.get("rdn")) for name, t in types.items()
        }
        return cls(ca_file=directory / ca_file if ca_file else None, types=entry_types, **given)

    def entry_type(self, object_type: str) -> EntryType:
        return self.types.get(object_type) or EntryType(name=object_type, classes=(object_type,))

    @property
    def anchor_is_dn(self) -> bool:
        return self.anchor.lower() == DN_ANCHOR

    @property
    def is_secure(self) -> bool:
        """Whether nobody on the way can read what is sent: TLS, or no network at all."""
        return self.start_tls or urlsplit(self.url).scheme in ("ldaps", "ldapi")


def is_within(dn: str, base: str) -> bool:
    """Whether the entry is the base or lies below it."""
    name, container = ldap_dn_key(dn), ldap_dn_key(base)
    return name == container or name.endswith(f",{container}")


def _with_defaults(settings: Settings) -> Iterator[tuple[str, Any]]:
    for setting in SETTINGS:
        value = settings.get(setting.name)
        yield setting.name, setting.default if value is None else value
