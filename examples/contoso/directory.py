"""The directory of Contoso as an LDIF file: accounts that grew over the years, service accounts, and the groups.

Some people have no account yet, some accounts belong to nobody.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from .groups import Group
from .people import account_name

BASE = "dc=contoso,dc=example"

_WITHOUT_ACCOUNT = 0.05
_LEGACY = 0.02  # accounts from before employee numbers, known by their e-mail address only
_STALE = 0.15
_LANGUAGES = ("en", "de", "fr", "es", "pt", "pl", "tr")
_SERVICE_ACCOUNTS = ("svc-backup", "svc-monitoring", "svc-scanner", "admin")


def make_accounts(people: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """The accounts that the directory has: one row each, columns named like LDAP attributes, and ``employeeId``.

    Externals have none, nor do some others. Legacy accounts lack ``employeeNumber``, and their ``uid`` follows an old
    scheme. Some values are out of date.
    """
    rng = random.Random(seed)  # noqa: S311 - made-up accounts keep no secret
    named = people.with_columns(uid=account_name()).filter(pl.col("employeeType") != "external")
    rows = [_account(rng, person) for person in named.iter_rows(named=True) if rng.random() >= _WITHOUT_ACCOUNT]
    return pl.DataFrame(rows, infer_schema_length=None)


def write_directory(
    file: Path, accounts: pl.DataFrame, groups: Iterable[Group], *, base: str = BASE, for_server: bool = False
) -> None:
    """An LDIF file of the accounts, service accounts and groups, as ``slapcat`` prints a directory.

    ``for_server``: as ``ldapadd`` takes it, without ``entryUUID``, which a server gives by itself.
    """
    dns = {row["employeeId"]: f"uid={row['uid']},ou=people,{base}" for row in accounts.iter_rows(named=True)}
    entries = [*_containers(base), *_account_entries(accounts, dns), *_service_entries(base)]
    entries += [_group_entry(group, dns, base) for group in groups]
    written = entries if for_server else map(_identified, entries)
    file.write_text("version: 1\n\n" + "\n".join(map(ldif_entry, written)), encoding="ascii")


Entry = tuple[str, Mapping[str, Sequence[str]]]


def ldif_entry(entry: Entry) -> str:
    """The entry's lines (RFC 2849), unfolded; what is not safe as text is base64."""
    dn, attributes = entry
    lines = [_line("dn", dn)]
    lines += [_line(name, value) for name, values in attributes.items() for value in values]
    return "\n".join(lines) + "\n"


def _identified(entry: Entry) -> Entry:
    dn, attributes = entry
    return dn, {**attributes, "entryUUID": [str(uuid.uuid5(uuid.NAMESPACE_X500, dn))]}


def _line(name: str, value: str) -> str:
    safe = value.isascii() and value.isprintable() and value == value.strip() and value[:1] not in (":", "<")
    return f"{name}: {value}" if safe else f"{name}:: {base64.b64encode(value.encode()).decode()}"


def _containers(base: str) -> Iterator[Entry]:
    yield base, {"objectClass": ["top", "dcObject", "organization"], "dc": [base[3:].split(",")[0]], "o": ["Contoso"]}
    for name in ("people", "groups"):
        yield f"ou={name},{base}", {"objectClass": ["top", "organizationalUnit"], "ou": [name]}


def _account_entries(accounts: pl.DataFrame, dns: Mapping[str, str]) -> Iterator[Entry]:
    for row in accounts.iter_rows(named=True):
        employee_id = row["employeeId"]
        present = {name: [value] for name, value in row.items() if value is not None}
        del present["employeeId"]
        if row["manager"]:
            present["manager"] = [dns[row["manager"]]] if row["manager"] in dns else []
        yield dns[employee_id], {"objectClass": _PERSON_CLASSES, **present}


def _service_entries(base: str) -> Iterator[Entry]:
    for name in _SERVICE_ACCOUNTS:
        attributes = {"objectClass": _PERSON_CLASSES, "uid": [name], "cn": [name], "sn": ["Service Account"]}
        yield f"uid={name},ou=people,{base}", attributes


def _group_entry(group: Group, dns: Mapping[str, str], base: str) -> Entry:
    members = [dns[member] for member in group.members]
    name = group.name.replace(",", "\\,").replace("+", "\\+")
    return f"cn={name},ou=groups,{base}", {
        "objectClass": ["top", "groupOfNames"],
        "cn": [group.name],
        "description": [group.description],
        "member": members or [f"uid={_SERVICE_ACCOUNTS[-1]},ou=people,{base}"],
    }


_PERSON_CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson")


def _account(rng: random.Random, person: Mapping[str, str | None]) -> dict[str, str | None]:
    legacy = person["email"] is not None and rng.random() < _LEGACY
    stale = rng.random() < _STALE
    email, surname = person["email"], person["sn"]
    return {
        "employeeId": person["employeeId"],
        "uid": f"user{int(str(person['employeeId'])) % 100_000:05}" if legacy else person["uid"],
        "cn": f"{person['givenName']} {surname}",
        "sn": surname,
        "givenName": person["givenName"],
        "displayName": f"{person['givenName']} {surname}",
        "mail": email.title() if email and legacy else email,
        "employeeNumber": None if legacy else person["employeeId"],
        "title": "Trainee" if stale else person["title"],
        "departmentNumber": person["department"],
        "l": person["city"],
        "telephoneNumber": f"+00 {rng.randrange(10_000):04}" if stale else None,
        "preferredLanguage": rng.choice(_LANGUAGES),
        "manager": person["manager"],
    }
