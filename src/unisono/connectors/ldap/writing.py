"""The export: batches of entries sent over one connection, many requests in flight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import ldap
import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation, PartialSend
from unisono.connectors.ldap import failures
from unisono.connectors.ldap.connection import Connection, close, connect, require_bases
from unisono.connectors.ldap.entries import Entries, EntryToWrite, entries_of
from unisono.connectors.ldap.exchanges import Writer
from unisono.connectors.ldap.identities import identities
from unisono.connectors.ldap.new_entries import never_empty
from unisono.connectors.ldap.order import waves
from unisono.connectors.ldap.passwords import is_password, is_secret
from unisono.connectors.ldap.requests import Exchange, Outcome
from unisono.connectors.ldap.settings import LdapSettings
from unisono.connectors.ldap.window import POST_READ, Window
from unisono.model.errors import StepStop
from unisono.model.frames import EXPORT_RESULTS
from unisono.model.names import ldap_dn_key
from unisono.model.schema import ObjectType, Schema

_Outcomes = dict[int, Outcome]  # by row of the batch


class LdapExport:
    """One session for writing. Raises ``StepStop`` with a ``no-start-*`` status when it cannot be opened."""

    def __init__(self, settings: LdapSettings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema
        self._connection = connect(settings)
        try:
            require_bases(self._connection, settings)
            self._window = _window(self._connection, settings)
        except StepStop:
            close(self._connection)
            raise

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        """See ``contract.ExportSession``: one result per entry; ``PartialSend`` when the connection broke."""
        object_type = self._schema[batch.object_type]
        entries = entries_of(batch, object_type)
        exchange = _exchange(batch.operation, _writer(self._settings, object_type))
        outcomes: _Outcomes = {}
        try:
            for wave in waves(batch):
                for row, outcome in self._window.run((row, exchange(entries[row])) for row in wave):
                    outcomes[row] = outcome
            self._identify(batch.operation, entries, outcomes)
        except StepStop as stop:
            raise PartialSend(_results(entries, outcomes)) from stop
        return _results(entries, outcomes)

    def finish(self) -> None:
        """Nothing: what the server accepted, it has."""

    def close(self) -> None:
        close(self._connection)

    def _identify(self, operation: ExportOperation, entries: Entries, outcomes: _Outcomes) -> None:
        """Anchors of added entries that the server did not tell, and of those whose name is their anchor."""
        accepted = [row for row, outcome in outcomes.items() if outcome.code is None and outcome.anchor is None]
        if self._settings.anchor_is_dn:
            renamed = [row for row in accepted if entries.new_dns[row] is not None]
            for row in accepted if operation is ExportOperation.ADD else renamed:
                name = ldap_dn_key(entries.new_dns[row] or entries.dns[row])
                outcomes[row] = replace(outcomes[row], anchor=name)
        elif operation is ExportOperation.ADD and accepted:
            dns = [entries.dns[row] for row in accepted]
            known = identities(self._connection, dns, self._settings.anchor, self._settings.timeout_s)
            for row in accepted:
                outcomes[row] = replace(outcomes[row], anchor=known.get(ldap_dn_key(entries.dns[row])))


def _window(connection: Connection, settings: LdapSettings) -> Window:
    try:
        root = connection.read_rootdse_s(attrlist=["supportedControl"])
    except ldap.LDAPError as failure:
        raise failures.not_connected(settings.url, failure) from failure
    return Window(
        connection,
        size=settings.window,
        timeout_s=settings.timeout_s,
        identity=None if settings.anchor_is_dn else settings.anchor,
        post_read=POST_READ.encode() in root.get("supportedControl", ()),
    )


def _writer(settings: LdapSettings, object_type: ObjectType) -> Writer:
    entry_type = settings.entry_type(object_type.name)
    spelling = {a.name.lower(): a.name for a in object_type.attributes}
    placeholder = settings.placeholder_member
    return Writer(
        entry_type=entry_type,
        classes=[name.encode() for name in entry_type.classes],
        spelling=spelling,
        references=frozenset(a.name for a in object_type.references),
        passwords=frozenset(a.name for a in object_type.attributes if is_password(a.name)),
        secrets=frozenset(a.name for a in object_type.attributes if is_secret(a)),
        members=never_empty(entry_type, spelling),
        placeholder=placeholder.encode() if placeholder else None,
        chunk=settings.member_chunk,
        secure=settings.is_secure or not settings.require_secure_passwords,
    )


def _exchange(operation: ExportOperation, writer: Writer) -> Callable[[EntryToWrite], Exchange]:
    match operation:
        case ExportOperation.ADD:
            return writer.add
        case ExportOperation.UPDATE:
            return writer.update
        case ExportOperation.DELETE:
            return writer.delete


def _results(entries: Entries, outcomes: Mapping[int, Outcome]) -> pl.DataFrame:
    told = outcomes.values()
    columns: dict[str, Sequence[object]] = {
        "id": [entries.ids[row] for row in outcomes],
        "code": [outcome.code for outcome in told],
        "attribute": [outcome.attribute for outcome in told],
        "message": [outcome.message for outcome in told],
        "cd_error": [outcome.cd_error for outcome in told],
        "anchor": [outcome.anchor for outcome in told],
        "dn": [None] * len(outcomes),
    }
    return pl.DataFrame(columns, schema=dict(EXPORT_RESULTS.columns))
