"""One session for reading, with what full and delta imports both need."""

from __future__ import annotations

from unisono.connectors.contract import ImportRequest
from unisono.connectors.ldap.accesslog import AccessLog
from unisono.connectors.ldap.batches import Batches
from unisono.connectors.ldap.classes import Classifier
from unisono.connectors.ldap.connection import Connection, close, connect, require_bases
from unisono.connectors.ldap.discovery import superclasses
from unisono.connectors.ldap.search import Query
from unisono.connectors.ldap.settings import LdapSettings
from unisono.model.errors import StepStop
from unisono.model.schema import Schema

_DEFAULT_PAGE_OBJECTS = 50_000


class Source:
    """Raises ``StepStop`` with a ``no-start-*`` status when the session cannot be opened or a base not be read."""

    def __init__(self, settings: LdapSettings, schema: Schema, request: ImportRequest) -> None:
        self.settings = settings
        self.timeout_s = min(request.timeout_s, settings.timeout_s)
        self.connection: Connection = connect(settings)
        types = [settings.entry_type(t.name) for t in schema.object_types]
        self.classifier = Classifier(types, lambda: superclasses(self.connection))
        self.batches = Batches(schema, settings, self.classifier, request.page_objects or _DEFAULT_PAGE_OBJECTS)
        self.log = AccessLog(
            connection=self.connection,
            base=settings.accesslog_base,
            page_objects=settings.page_objects,
            timeout_s=self.timeout_s,
        )
        self._attributes = _attributes(schema, settings)
        try:
            require_bases(self.connection, settings)
        except StepStop:
            self.close()
            raise

    def query(self, base: str, filter_: str, *operational: str) -> Query:
        """A search for objects below ``base``, with further attributes beside those of the schema."""
        return Query(
            what=base,
            base=base,
            filter=filter_,
            attributes=(*self._attributes, *operational),
            page_objects=self.settings.page_objects,
        )

    def close(self) -> None:
        close(self.connection)


def _attributes(schema: Schema, settings: LdapSettings) -> tuple[str, ...]:
    """What is asked for: importable attributes of all types, and what identifies and classifies an entry."""
    importable = [a.name for t in schema.object_types for a in t.attributes if not a.export_only]
    anchor = [] if settings.anchor_is_dn else [settings.anchor]
    return tuple({name.lower(): name for name in ("objectClass", *anchor, *importable)}.values())
