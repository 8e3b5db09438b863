"""Opening and closing sessions with an LDAP server.

Certificates are always verified, referrals never followed (python-ldap would send nothing of ours to another host, but
libldap would search there as nobody), and no wait is without end.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import ldap

from unisono.connectors.ldap import failures
from unisono.connectors.ldap.settings import LdapSettings
from unisono.model.errors import StepStop
from unisono.model.runs import Status

NO_ATTRIBUTES = "1.1"  # RFC 4511 §4.5.1.8
Connection = Any  # python-ldap's LDAPObject, a library without types


def connect(settings: LdapSettings) -> Connection:
    """A bound session. Raises ``StepStop`` with a ``no-start-*`` status."""
    if settings.ca_file and not settings.ca_file.is_file():
        raise StepStop(
            Status.NO_START_CONNECTION,
            f"there is no file of authorities {settings.ca_file.name}",
            hint="check ca_file",
            connection="failed-connection",
        )
    _require_handshake(settings)
    connection = None
    try:
        connection = _prepared(settings)
        if settings.start_tls:
            connection.start_tls_s()
        connection.simple_bind_s(settings.bind_dn, settings.password.reveal())
    except ldap.LDAPError as failure:
        if connection is not None:
            close(connection)
        raise failures.not_connected(settings.url, failure) from failure
    _bound_writes(connection, settings.timeout_s)
    return connection


def close(connection: Connection) -> None:
    with suppress(ldap.LDAPError):
        connection.unbind_ext_s()


@contextmanager
def connected(settings: LdapSettings) -> Iterator[Connection]:
    connection = connect(settings)
    try:
        yield connection
    finally:
        close(connection)


def require_bases(connection: Connection, settings: LdapSettings) -> None:
    """Raises ``StepStop`` unless every base exists and may be read."""
    for base in settings.bases:
        try:
            shown = connection.search_ext_s(base, ldap.SCOPE_BASE, "(objectClass=*)", [NO_ATTRIBUTES])
        except ldap.LDAPError as failure:
            raise failures.no_base(base, failure) from failure
        if not shown:
            raise failures.no_base(base, None)


def _prepared(settings: LdapSettings) -> Connection:
    connection = ldap.initialize(settings.url)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, settings.connect_timeout_s)
    connection.set_option(ldap.OPT_TIMEOUT, settings.timeout_s)
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
    if settings.ca_file:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(settings.ca_file))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # last: it makes the options above hold
    return connection


def _require_handshake(settings: LdapSettings) -> None:
    """Raises ``StepStop`` when a server for ldaps:// takes the connection and then does not speak.

    libldap with GnuTLS would wait for it without end, at full load, whatever its timeouts say. Nothing else is decided
    here: whom to trust is for libldap, so a certificate that we would not accept is left for it to refuse.
    """
    address = urlsplit(settings.url)
    if address.scheme != "ldaps":
        return
    try:
        with (
            socket.create_connection(
                (address.hostname or "localhost", address.port or 636), settings.connect_timeout_s
            ) as s,
            ssl.create_default_context().wrap_socket(s, server_hostname=address.hostname or "localhost"),
        ):
            pass
    except TimeoutError as failure:
        raise failures.silent(settings.url, settings.connect_timeout_s) from failure
    except OSError:
        return


def _bound_writes(connection: Connection, timeout_s: int) -> None:
    """A server that stopped reading must not hold us up: libldap waits for it without end otherwise."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", timeout_s, 0))
