"""Exporting to a real LDAP server, OpenLDAP's slapd, beside a bare client that adds the same entries."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ldap
from tests.servers.process import NotInstalled
from tests.servers.slapd import Slapd

from benchmarks.bench import Bench
from benchmarks.floors_ldap import ACCOUNT, PASSWORD
from benchmarks.measure import measure
from benchmarks.population import Size
from benchmarks.results import Budget, Result

_LARGEST = 20_000
_CONNECTOR = f"""\
kind: ldap
settings:
  url: {{url}}
  base: {{base}}
  bind_dn: {{account}}
  password: ${{{{env:{PASSWORD}}}}}
  object_types:
    person: {{{{classes: [top, person, organizationalPerson, inetOrgPerson], rdn: uid}}}}
    group: {{{{classes: [top, groupOfNames], rdn: cn}}}}
  placeholder_member: cn=nobody,{{base}}
"""


def export_to_ldap(bench: Bench) -> Iterator[Result]:
    """At most 20,000 people, for a server takes some thousand entries a second; nobody where slapd is not installed."""
    people = min(bench.size.people, _LARGEST)
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-") as folder:
        own = Bench.prepare(Path(folder), Size(people=people, everybody=0), bench.setup)
        try:
            with _server("floor") as server:
                arguments = [folder, server.url, f"ou=floor,{server.suffix}"]
                floor = measure("benchmarks.floors_ldap", arguments, timeout_s=bench.setup.timeout_s)
            with _server("people", "groups") as server:
                _use_server(own, server)
                own.run(*(f"{source}:import" for source in ("hr", "phones", "crm")))
                own.run(*(f"{source}:sync" for source in ("hr", "phones", "crm")))
                run = own.run("directory:export")
        except NotInstalled as missing:
            yield Result(work=f"export to LDAP: skipped, {missing}", unisono_s=0.0)
            return
        finally:
            own.drop()
    yield Result(
        work=f"export of {people:,} to LDAP",
        unisono_s=run.cost.wall_s,
        cost=run.cost,
        budget=Budget(floors=1.25),
        floor=floor,
        others_count=False,  # slapd is what they mostly are
        details={"runs": run.runs},
    )


@contextmanager
def _server(*containers: str) -> Iterator[Slapd]:
    """A server of its own for each side: the more values its indexes have, the slower it gets."""
    with Slapd(overlays=()) as server, _credentials(server):
        for name in containers:
            _add_container(server, name)
        yield server


def _use_server(bench: Bench, server: Slapd) -> None:
    """The directory's connector on the server, with the rules' names under its suffix."""
    connector = bench.directory / "connectors" / "directory.yaml"
    _, types = connector.read_text(encoding="utf-8").split("types:\n", 1)
    settings = _CONNECTOR.format(url=server.url, base=server.suffix, account=server.root_dn)
    connector.write_text(f"{settings}types:\n{types}", encoding="utf-8")
    project = bench.directory / "unisono.yaml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("dc=benchmark,dc=example", server.suffix), encoding="utf-8")


def _add_container(server: Slapd, name: str) -> None:
    with server.connect() as connection:
        try:
            connection.add_s(f"ou={name},{server.suffix}", [("objectClass", [b"organizationalUnit"])])
        except ldap.ALREADY_EXISTS:
            return


@contextmanager
def _credentials(server: Slapd) -> Iterator[None]:
    """The account in the environment of the processes that are measured meanwhile."""
    os.environ.update({ACCOUNT: server.root_dn, PASSWORD: server.root_password})
    try:
        yield
    finally:
        del os.environ[ACCOUNT], os.environ[PASSWORD]
