"""What a database's refusals mean, by SQLSTATE (connector specification §5.6).

Databases without SQLSTATEs give the one that their own code corresponds to (``databases``), so that what a refusal
means for a step or an object is decided here, once, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unisono.connectors.contract import ExportOperation
from unisono.model.errors import StepStop
from unisono.model.runs import Status

UNREACHABLE = "08001"
DROPPED = "08006"
NO_ROW = "02000"
SEVERAL_ROWS = "21000"
BAD_VALUE = "22000"
NO_KEY = "22004"
FOREIGN_KEY = "23503"
UNIQUE = "23505"
ACCOUNT_REFUSED = "28000"
UNKNOWN = "HY000"

_RETRIABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the same again may succeed
_GONE = frozenset({"57P01", "57P02", "57P03"})  # shutting down, crashed, starting up
_FULL = frozenset({"53100"})
_LOCKED = frozenset({"55006"})  # the database as a whole, by somebody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A refusal. ``code`` and ``text`` are the database's own; ``text`` holds no values of the row."""

    sqlstate: str
    code: str
    text: str
    column: str | None = None  # that the database blames

    @property
    def is_lost(self) -> bool:
        """The connection is gone."""
        return self.sqlstate.startswith("08") or self.sqlstate in _GONE

    @property
    def is_retriable(self) -> bool:
        return self.sqlstate in _RETRIABLE

    @property
    def is_everybodys(self) -> bool:
        """No other object would fare better."""
        return self.is_lost or self.sqlstate in _FULL | _LOCKED

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class Failed(Exception):
    """A statement failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


# --- one exported object ---------------------------------------------------------------------------------------------

#: SQLSTATE, or its class → export error.
_EXPORT_CODES: Mapping[str, str] = {
    NO_ROW: "cd-missing-object",
    SEVERAL_ROWS: "ambiguous-update",
    "22": "syntax-violation",
    NO_KEY: "missing-anchor-component",
    "22001": "constraint-violation",  # too long
    "22003": "constraint-violation",  # out of range
    "23": "constraint-violation",
    "25006": "permission-issue",  # read-only
    "28": "permission-issue",
    "42501": "permission-issue",
    "42703": "schema-violation",  # no such column
    "42804": "schema-violation",  # a value of another type than the column
    "42P01": "schema-violation",  # no such table
    "42S02": "schema-violation",
    "42S22": "schema-violation",
    "428C9": "schema-violation",  # a column that the database computes
}


def export_code(failure: Failure, operation: ExportOperation, *, has_references: bool) -> str:
    """The export error of an object. ``has_references``: the entry writes references."""
    if failure.sqlstate == FOREIGN_KEY and has_references and operation is not ExportOperation.DELETE:
        return "dn-attributes-failure"
    if failure.sqlstate == "23502" and operation is ExportOperation.ADD:
        return "missing-provisioning-attribute"
    return _EXPORT_CODES.get(failure.sqlstate) or _EXPORT_CODES.get(failure.sqlstate[:2], "cd-error")


# --- a whole step ----------------------------------------------------------------------------------------------------

#: SQLSTATE, or its class → status where nothing was read or written yet, connection result, hint.
_START: Mapping[str, tuple[Status, str, str]] = {
    "08": (Status.NO_START_CONNECTION, "failed-connection", "check the url, and that the database answers"),
    "3D": (Status.NO_START_CONNECTION, "failed-connection", "check the name of the database in the url"),
    "57": (Status.NO_START_CONNECTION, "failed-connection", "run the step again when the database answers"),
    "28": (Status.NO_START_CREDENTIALS, "failed-authentication", "check the account in the url and the password"),
    "42501": (Status.NO_START_DATABASE_PERMISSION, "failed-permission", "grant the account SELECT on the tables"),
    "42P01": (Status.NO_START_DATABASE_TABLE, "failed-search", "check the names of the tables"),
    "42S02": (Status.NO_START_DATABASE_TABLE, "failed-search", "check the names of the tables"),
    "42": (Status.NO_START_DATABASE_SCHEMA_MISMATCH, "failed-search", "compare the columns with the schema"),
}
_NO_START = (Status.NO_START_MA, "", "run the statement by hand with the same account")


def not_started(what: str, failure: Failure) -> StepStop:
    """Why reading or writing cannot begin."""
    status, connection, hint = _START.get(failure.sqlstate) or _START.get(failure.sqlstate[:2], _NO_START)
    return StepStop(status, f"{what}: {failure}", hint=hint, connection=connection)


def stopped_reading(failure: Failure) -> StepStop:
    """Why reading ended early. What was read until now is part of the truth only."""
    if failure.is_lost:
        return _dropped(failure)
    hint = "raise statement_timeout_s" if failure.sqlstate == "57014" else "run the step again"
    return StepStop(Status.STOPPED_IMPORT_READ, f"reading the database failed: {failure}", hint=hint)


_WRITING_HINTS = {
    "53100": "make room on the database's disk",
    "55006": "somebody else is writing: run the step again later, or raise statement_timeout_s",
}


def stopped_writing(failure: Failure) -> StepStop:
    """Why nothing further can be written."""
    if failure.is_lost:
        return _dropped(failure)
    hint = _WRITING_HINTS.get(failure.sqlstate, "run the step again")
    return StepStop(Status.STOPPED_EXPORT_WRITE, f"writing to the database failed: {failure}", hint=hint)


def _dropped(failure: Failure) -> StepStop:
    return StepStop(
        Status.STOPPED_CONNECTIVITY,
        f"the connection to the database was lost: {failure}",
        hint="run the step again when the database answers",
        connection="dropped-connection",
    )
