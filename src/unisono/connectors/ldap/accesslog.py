"""The log of changes that OpenLDAP's accesslog overlay keeps (slapo-accesslog), read for what was touched.

Only the names and identities of touched entries are taken from it, never values: those are read from the entries
themselves. So repeated records, chains of changes and passwords in the log do no harm.

Records are named by ``reqStart``, the server's time at which an operation began. They are written when it ended: an
operation that takes long appears *behind* the end of the log that somebody saw in the meantime. A position therefore
counts the records in the minute before it. When a later reading finds another count, it takes all of them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ldap
import polars as pl

from unisono.connectors.ldap import failures
from unisono.connectors.ldap.connection import Connection
from unisono.connectors.ldap.search import Entry, Query, portions
from unisono.model.errors import StepStop
from unisono.model.frames import Frame
from unisono.model.runs import Status

RECORDS = Frame(
    row="a successful write, oldest first",
    columns={
        "start": pl.String,  # reqStart
        "csn": pl.String,  # change number
        "dn": pl.String,  # before the write
        "new_dn": pl.String,  # after a rename
        "entry_uuid": pl.String,
    },
    key=("start",),
    nullable=frozenset({"csn", "new_dn", "entry_uuid"}),
)

_SOURCES = {"start": "reqStart", "csn": "entryCSN", "dn": "reqDN", "new_dn": "reqNewDN", "entry_uuid": "reqEntryUUID"}
_TIME = "%Y%m%d%H%M%S.%fZ"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_OPERATION = timedelta(minutes=1)
# The end of a log is looked for from its recent past backwards: a log is long, and what is recent is little.
_LOOKBACKS = (timedelta(minutes=10), timedelta(days=1), timedelta(days=30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An end of the log: the last record's start and change number, and how many records began in the minute up to it,
    itself included. A log without records has 0 of them, and the change number where it begins."""

    start: str
    csn: str
    recent: int

    def __str__(self) -> str:
        return f"{self.start} {self.csn} {self.recent}"

    @classmethod
    def parse(cls, watermark: str) -> Position | None:
        """None for a text that is no position."""
        try:
            start, csn, recent = watermark.split(" ")
            _instant(start)
            return cls(start=start, csn=csn, recent=int(recent))
        except ValueError:
            return None

    @classmethod
    def after(cls, records: pl.DataFrame) -> Position:
        """The end of these records. Without any it is the beginning of time, so that all later ones are new."""
        if records.is_empty():
            return cls(start=_text(_BEGINNING), csn="", recent=0)
        start, csn = records.row(-1)[:2]
        recent = records.filter(pl.col("start") >= _before(start)).height
        return cls(start=start, csn=csn or "", recent=recent)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """The log behind one session; ``page_objects`` records are asked for at a time."""

    connection: Connection
    base: str
    page_objects: int
    timeout_s: int

    def end(self, now: datetime) -> Position | None:
        """Where the log ends; None when there is no log, or none that this account can read to its end.

        ``now`` is a guess of the server's time. It saves work and has no part in the result.
        """
        try:
            purged = self._purged_to()
            last = self._last(now)
        except StepStop as stop:
            if stop.status is Status.STOPPED_CONNECTIVITY:
                raise
            return None
        if last is not None:
            return Position.after(self._records(_before(last)).filter(pl.col("start") <= last))
        return Position(start=_text(_BEGINNING), csn=min(purged), recent=0) if purged else None

    def since(self, position: Position) -> tuple[pl.DataFrame, Position]:
        """``RECORDS`` that a reading up to ``position`` did not see, perhaps with some that it did, and the end now.

        Raises ``StepStop``: there is no log, or it does not reach back to the position.
        """
        if not self._reaches(position):
            raise StepStop(
                Status.NO_START_FULL_IMPORT_REQUIRED,
                f"the log {self.base} does not reach back to the last import",
                hint="run a full import; keep the log longer than the time between imports (olcAccessLogPurge)",
            )
        records = self._records(_before(position.start))
        seen = pl.col("start") <= position.start
        unseen = records.filter(~seen)
        complete = records.height - unseen.height == position.recent
        end = Position.after(records) if unseen.height or not complete else position
        return (unseen if complete else records), end

    def _reaches(self, position: Position) -> bool:
        """Whether everything after the position is still there.

        Either its record still is (the oldest are removed first), or it is the last one that was removed: minCSN.
        """
        purged = self._purged_to()
        if self._exists(f"reqStart={position.start},{self.base}"):
            return True
        others = [csn for csn in purged if _server(csn) != _server(position.csn)]
        return position.csn in purged and all(csn <= position.csn for csn in others)

    def _purged_to(self) -> list[str]:
        """Change numbers up to which the log was emptied, by server. Raises ``StepStop`` when there is no log."""
        try:
            shown = self.connection.search_ext_s(self.base, ldap.SCOPE_BASE, "(objectClass=*)", ["minCSN"])
        except failures.LOST as failure:
            raise failures.dropped(failure) from failure
        except ldap.LDAPError as failure:
            raise _no_log(self.base, str(failures.Refusal.of(failure))) from failure
        if not shown:
            raise _no_log(self.base, "the server shows nothing of it")
        return [csn.decode() for csn in shown[0][1].get("minCSN", ())]

    def _exists(self, dn: str) -> bool:
        try:
            return bool(self.connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["reqStart"]))
        except (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
            return False
        except ldap.LDAPError as failure:
            raise failures.unreadable(self.base, failure) from failure

    def _last(self, now: datetime) -> str | None:
        for begin in (*(now - lookback for lookback in _LOOKBACKS), _BEGINNING):
            records = self._records(_text(begin))
            if records.height:
                return str(records["start"][-1])
        return None

    def _records(self, begin: str) -> pl.DataFrame:
        query = Query(
            what=self.base,
            base=self.base,
            filter=f"(&(objectClass=auditWriteObject)(reqStart>={begin})(reqResult=0))",
            attributes=tuple(_SOURCES.values()),
            scope=ldap.SCOPE_ONELEVEL,
            page_objects=self.page_objects,
        )
        found = [_frame(entries) for entries in portions(self.connection, query, self.timeout_s)]
        return pl.concat([RECORDS.empty(), *found]).sort("start", maintain_order=True)


def _frame(entries: Sequence[Entry]) -> pl.DataFrame:
    columns = {name: [_first(entry, source) for entry in entries] for name, source in _SOURCES.items()}
    return pl.DataFrame(columns, schema=dict(RECORDS.columns))


def _no_log(base: str, reason: str) -> StepStop:
    return StepStop(
        Status.NO_START_CHANGE_LOG_NOT_ENABLED,
        f"there is no log of changes {base} that can be read: {reason}",
        hint="set up the accesslog overlay and let the account read the log, or use full imports only (delta: none)",
    )


def _first(entry: Entry, attribute: str) -> str | None:
    values = entry[1].get(attribute)
    return values[0].decode() if values else None


def _server(csn: str) -> str:
    """The server that made a change: its number is the third part of a CSN (time#count#server#modification)."""
    return csn.split("#")[2] if csn.count("#") > 1 else ""


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime(_TIME)


def _before(start: str) -> str:
    return _text(_instant(start) - _LONGEST_OPERATION)
