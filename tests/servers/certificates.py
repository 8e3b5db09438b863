"""A certificate authority and one server certificate, so that clients can verify what they connect to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import LOOPBACK, program, run

_EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_DAYS = "30"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM files. ``authority`` is what a client must trust; names: ``localhost`` and the loopback address."""

    authority: Path
    certificate: Path
    key: Path


def issue(directory: Path) -> Certificates:
    """New certificates in a new directory; elliptic curves, because RSA keys take seconds."""
    directory.mkdir()
    openssl = program("openssl", packages="openssl")
    authority, authority_key = directory / "ca.crt", directory / "ca.key"
    request, certificate, key = directory / "server.csr", directory / "server.crt", directory / "server.key"
    names = f"subjectAltName=DNS:localhost,IP:{LOOPBACK}"

    self_signed = ("-x509", "-days", _DAYS, "-subj", "/CN=Unisono test authority")
    run(openssl, "req", *_EC_KEY, *self_signed, "-keyout", authority_key, "-out", authority)
    run(openssl, "req", *_EC_KEY, "-subj", "/CN=localhost", "-addext", names, "-keyout", key, "-out", request)
    signed_by = ("-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-copy_extensions", "copyall")
    run(openssl, "x509", "-req", "-in", request, *signed_by, "-days", _DAYS, "-out", certificate)
    key.chmod(0o600)
    return Certificates(authority=authority, certificate=certificate, key=key)
