"""LDAP v3 servers: OpenLDAP in full, others without delta imports.

``connector`` is the connector; ``reading``, ``delta`` and ``writing`` are its sessions. Reading goes from ``search``
(entries as the server writes them) by ``classes`` and ``images`` (typed columns) to ``batches``; changes are found in
the ``accesslog``. Writing goes from ``entries`` (octet strings by attribute) by ``exchanges`` (what is said about one
entry) to the ``window`` (many entries at once).
"""

from unisono.connectors.ldap.check import check
from unisono.connectors.ldap.connector import make
from unisono.connectors.ldap.settings import SETTINGS
from unisono.connectors.registry import Kind

KIND = Kind(
    name="ldap",
    summary="A directory server that speaks LDAP v3.",
    settings=SETTINGS,
    make=make,
    check=check,
)

__all__ = ["KIND"]
