"""OpenLDAP's slapd with content synchronization, a log of changes and TLS."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import ldap

from tests.servers.certificates import issue
from tests.servers.process import LOOPBACK, Server, accepts_connections, free_port, program, run
from tests.servers.slapd_configuration import (
    ACCESSLOG,
    FIRST_ENTRIES,
    READER_DN,
    READER_PASSWORD,
    ROOT_DN,
    ROOT_PASSWORD,
    SUFFIX,
    Overlay,
    configuration,
)

DEFAULT_OVERLAYS = (Overlay.SYNCPROV, Overlay.ACCESSLOG)
_TIMEOUT_S = 10


class Slapd(Server):
    """slapd over ``dc=example,dc=org``, listening in clear, with TLS and on a unix socket.

    ``root_dn`` may do everything; ``reader_dn`` is an ordinary account that reads the tree and ``cn=accesslog``.
    Without ``Overlay.ACCESSLOG`` there is no log, and a restart forgets deletions; without ``Overlay.SYNCPROV`` there
    is no content synchronization.
    """

    kind: ClassVar[str] = "slapd"
    packages: ClassVar[str] = "slapd ldap-utils"

    suffix = SUFFIX
    accesslog = ACCESSLOG
    root_dn, root_password = ROOT_DN, ROOT_PASSWORD
    reader_dn, reader_password = READER_DN, READER_PASSWORD

    def __init__(self, overlays: Sequence[Overlay] = DEFAULT_OVERLAYS) -> None:
        self._slapd = program("slapd", packages=self.packages)
        slapadd = program("slapadd", packages=self.packages)
        super().__init__()
        for folder in ("main", "log", "slapd.d"):
            (self.directory / folder).mkdir()
        certificates = issue(self.directory / "tls")
        self.certificate_authority: Path = certificates.authority
        self._port, self._tls_port = free_port(), free_port()
        self._overlays = tuple(overlays)
        self._load(slapadd, "0", configuration(self.directory, certificates, self._overlays))
        self.load(FIRST_ENTRIES)

    @property
    def url(self) -> str:
        return f"ldap://{LOOPBACK}:{self._port}"

    @property
    def tls_url(self) -> str:
        # By address: libldap takes "localhost" for the machine's own name, which the certificate does not hold.
        return f"ldaps://{LOOPBACK}:{self._tls_port}"

    @property
    def socket_url(self) -> str:
        """Over it the account that runs the tests manages ``cn=config`` with SASL EXTERNAL."""
        return f"ldapi://{str(self.directory / 'ldapi').replace('/', '%2F')}"

    @property
    def command(self) -> Sequence[str | Path]:
        listen = f"{self.url}/ {self.tls_url}/ {self.socket_url}"
        return (self._slapd, "-h", listen, "-F", self.directory / "slapd.d", "-d", "0")

    def is_ready(self) -> bool:
        return accepts_connections(self._port)

    def load(self, ldif: str) -> None:
        """Add entries offline, fast and past the overlays; the server must be stopped."""
        database = "2" if Overlay.ACCESSLOG in self._overlays else "1"
        # -w writes contextCSN: without it consumers have no cookie to start from.
        self._load(program("slapadd", packages=self.packages), database, ldif, "-q", "-w")

    def _load(self, slapadd: str, database: str, ldif: str, *options: str) -> None:
        entries = self.directory / f"load-{database}.ldif"
        entries.write_text(ldif)
        run(slapadd, *options, "-n", database, "-F", self.directory / "slapd.d", "-l", entries)

    @contextmanager
    def connect(self, dn: str = ROOT_DN, password: str = ROOT_PASSWORD) -> Iterator[Any]:
        """A bound connection (an ``LDAPObject``, which has no types) for arranging and inspecting."""
        connection = ldap.initialize(self.url)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, _TIMEOUT_S)
        connection.set_option(ldap.OPT_TIMEOUT, _TIMEOUT_S)
        try:
            connection.simple_bind_s(dn, password)
            yield connection
        finally:
            connection.unbind_s()

    def new_tree(self) -> LdapTree:
        """A new organizational unit under the suffix, empty."""
        name = f"t{uuid.uuid4().hex[:12]}"
        tree = LdapTree(server=self, base_dn=f"ou={name},{SUFFIX}")
        tree.add(tree.base_dn, objectClass=["organizationalUnit"], ou=[name])
        return tree


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapTree:
    """A subtree that belongs to one test. Values are text (written as UTF-8) or bytes."""

    server: Slapd
    base_dn: str

    def add(self, dn: str, /, **attributes: Sequence[str | bytes]) -> None:
        """Add an entry; each keyword names an attribute."""
        with self.server.connect() as connection:
            connection.add_s(dn, [(name, _encoded(values)) for name, values in attributes.items()])

    def add_person(self, uid: str, /, **attributes: Sequence[str | bytes]) -> str:
        """Add an ``inetOrgPerson`` directly under the base; its DN."""
        dn = f"uid={uid},{self.base_dn}"
        given: dict[str, Sequence[str | bytes]] = {"cn": [uid], "sn": [uid], **attributes}
        self.add(dn, objectClass=["inetOrgPerson"], uid=[uid], **given)
        return dn

    def replace(self, dn: str, /, **attributes: Sequence[str | bytes]) -> None:
        """Replace whole attributes; no value removes the attribute."""
        changes = [(ldap.MOD_REPLACE, name, _encoded(values) or None) for name, values in attributes.items()]
        with self.server.connect() as connection:
            connection.modify_s(dn, changes)

    def rename(self, dn: str, new_rdn: str, *, superior: str | None = None) -> None:
        with self.server.connect() as connection:
            connection.rename_s(dn, new_rdn, superior)

    def delete(self, dn: str) -> None:
        with self.server.connect() as connection:
            connection.delete_s(dn)

    def entries(self) -> dict[str, dict[str, list[bytes]]]:
        """Every entry below the base with its user attributes, by DN as the server writes it."""
        with self.server.connect() as connection:
            found: dict[str, dict[str, list[bytes]]] = dict(connection.search_s(self.base_dn, ldap.SCOPE_SUBTREE))
        found.pop(self.base_dn, None)
        return found


def _encoded(values: Sequence[str | bytes]) -> list[bytes]:
    return [value.encode() if isinstance(value, str) else value for value in values]
