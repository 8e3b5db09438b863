"""OpenLDAP as the target: accounts below ``ou=people``, groups with ``member`` values below ``ou=groups``.

A large directory is loaded offline: members that are added to groups of tens of thousands take a server too long. The
first synchronization finds and joins what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import ldap
import polars as pl
from ldap.controls import SimplePagedResultsControl
from tests.servers.slapd import Slapd
from tests.servers.slapd_configuration import GROUPS_DN, PEOPLE_DN

from benchmarks.leavers.organization import HR_FILE, MEMBERSHIP, Organization
from benchmarks.leavers.target import ACCOUNT, Received
from benchmarks.population import employee

_BASE = "dc=example,dc=org"  # in the project
_PAGE = 1000
_TIMEOUT_S = 600
_EMPLOYEE = r"(?i)^uid=e(\d+),"
_TEAM = r"(?i)^cn=(T\d+),"
_PEOPLE_CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson")
_GROUP_CLASSES = ("top", "groupOfNames")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A subtree ``base`` of a server that keeps a log of changes. Managers have no index there, members do."""

    server: Slapd
    base: str
    organization: Organization
    connector: ClassVar[str] = "directory"
    kind: ClassVar[str] = "OpenLDAP"

    def install(self, project: Path) -> None:
        connector = project / "connectors" / "directory.yaml"
        named = {"URL": self.server.url, "BASE": self.base, "ACCOUNT": self.server.root_dn}
        text = re.sub("URL|BASE|ACCOUNT", lambda found: named[found[0]], connector.read_text(encoding="utf-8"))
        connector.write_text(text, encoding="utf-8")
        settings = project / "unisono.yaml"
        text = settings.read_text(encoding="utf-8").replace(_BASE, self.base)
        settings.write_text(text, encoding="utf-8")
        (project / "password").write_text(self.server.root_password, encoding="utf-8")

    def accounts(self) -> pl.DataFrame:
        found = self._search(f"ou=people,{self.base}", "(objectClass=inetOrgPerson)", "manager")
        rows = [(dn, *(value.decode() for value in values.get("manager", [b""]))) for dn, values in found]
        named = pl.DataFrame(rows, schema=dict.fromkeys(ACCOUNT, pl.String), orient="row")
        return named.select(pl.col(ACCOUNT).str.extract(_EMPLOYEE))

    def memberships(self) -> pl.DataFrame:
        """Members of groups, without the one who stands in for nobody."""
        nobody = f"cn=nobody,{self.base}".encode()
        found = self._search(f"ou=groups,{self.base}", "(objectClass=groupOfNames)", "member")
        rows = [(dn, [m.decode() for m in values.get("member", ()) if m != nobody]) for dn, values in found]
        members = (
            pl.DataFrame(rows, schema=["team_id", "employee_id"], orient="row").explode("employee_id").drop_nulls()
        )
        return members.select(
            pl.col("team_id").str.extract(_TEAM).alias(MEMBERSHIP[0]),
            pl.col("employee_id").str.extract(_EMPLOYEE).alias(MEMBERSHIP[1]),
        )

    def dangling(self) -> int:
        """The server is asked for groups with a member who is not there, one name after the other."""
        number = pl.int_range(self.organization.people, eager=True).alias("number").to_frame()
        everybody = number.select(employee(pl.col("number"))).to_series()
        missing = everybody.filter(~everybody.is_in(self.accounts()["employee_id"].implode()))
        with self.server.connect() as connection:
            return sum(len(_groups_with(connection, self.base, f"uid=e{id_},ou=people,{self.base}")) for id_ in missing)

    @contextmanager
    def received(self) -> Iterator[Received]:
        """By the server's log of changes."""
        received = Received()
        before = {dn for dn, _ in self._records("auditWriteObject")}
        yield received
        received.accounts_deleted = sum(dn not in before for dn, _ in self._records("auditDelete"))
        changes = [record["reqMod"] for dn, record in self._records("auditModify") if dn not in before]
        for change in chain.from_iterable(changes):
            received.members_added += change.startswith(b"member:+ uid=")
            received.members_removed += change.startswith(b"member:- uid=")

    def _records(self, kind: str) -> list[tuple[str, dict[str, list[bytes]]]]:
        """What the log says about writes of a kind below the base."""
        found = self._search(self.server.accesslog, f"(objectClass={kind})", "reqDN", "reqMod")
        return [(dn, record) for dn, record in found if record["reqDN"][0].endswith(self.base.encode())]

    def _search(self, base: str, query: str, *attributes: str) -> list[tuple[str, dict[str, list[bytes]]]]:
        with self.server.connect() as connection:
            connection.set_option(ldap.OPT_TIMEOUT, _TIMEOUT_S)
            return list(_pages(connection, base, query, attributes))


@contextmanager
def started(directory: Path, organization: Organization) -> Iterator[Directory]:
    """A server with an account for everybody in ``directory``'s ``hr.csv``, and all groups.

    Raises ``NotInstalled`` where there is no slapd.
    """
    server = Slapd()
    server.load("\n".join([*_people(directory, PEOPLE_DN), *_groups(organization, PEOPLE_DN, GROUPS_DN)]))
    with server:
        yield Directory(server=server, base=server.suffix, organization=organization)


def _people(directory: Path, container: str) -> Iterable[str]:
    """An entry for each, as the project's rules would make it."""
    hr = pl.read_csv(directory / HR_FILE, infer_schema=False)
    display_name = pl.concat_str("givenName", pl.lit(" "), "sn")
    lines = [
        pl.format("dn: uid=e{},{}", "employeeId", pl.lit(container)),
        *(pl.lit(f"objectClass: {name}") for name in _PEOPLE_CLASSES),
        pl.format("uid: e{}", "employeeId"),
        pl.format("cn: {}", display_name),
        pl.format("sn: {}", "sn"),
        pl.format("givenName: {}", "givenName"),
        pl.format("mail: {}", pl.col("email").str.to_lowercase()),
        pl.format("employeeNumber: {}", "employeeId"),
        pl.format("title: {}", "title"),
        pl.format("manager: uid=e{},{}", "manager", pl.lit(container)),
        pl.lit(""),
    ]
    return hr.select(pl.concat_str(lines, separator="\n", ignore_nulls=True)).to_series().to_list()


def _groups(organization: Organization, people: str, container: str) -> Iterable[str]:
    members = organization.memberships().with_columns(
        pl.format("member: uid=e{},{}", "employee_id", pl.lit(people)).alias("member")
    )
    groups = members.group_by("team_id").agg(pl.col("member").str.join("\n"))
    named = groups.join(organization.teams(), on="team_id").sort("rank")
    lines = [
        pl.format("dn: cn={},{}", "team_id", pl.lit(container)),
        *(pl.lit(f"objectClass: {name}") for name in _GROUP_CLASSES),
        pl.format("cn: {}", "team_id"),
        pl.format("description: {}", "name"),
        pl.col("member"),
        pl.lit(""),
    ]
    return named.select(pl.concat_str(lines, separator="\n")).to_series().to_list()


def _pages(
    connection: Any, base: str, query: str, attributes: Sequence[str]
) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    cookie = b""
    while True:
        control = SimplePagedResultsControl(size=_PAGE, cookie=cookie)
        asked = connection.search_ext(base, ldap.SCOPE_ONELEVEL, query, list(attributes), serverctrls=[control])
        _, found, _, controls = connection.result3(asked)
        yield from found
        cookie = next(c.cookie for c in controls if c.controlType == control.controlType)
        if not cookie:
            return


def _groups_with(connection: Any, base: str, dn: str) -> list[object]:
    return list(connection.search_s(base, ldap.SCOPE_SUBTREE, f"(member={dn})", ["1.1"]))
