"""Writes one piece of work: in transactions of bounded size, in as few statements as possible, entry by entry where
the database refuses.

A transaction first tries all its entries at once. Where that fails it is repeated with savepoints: the two halves are
tried by themselves, and so on, so that one bad entry among a thousand costs some twenty attempts, and its neighbours
are written. The values that one entry puts into child tables are halved in the same way, so that one reference to
nobody does not keep the other members out of a group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from unisono.connectors.contract import ExportOperation
from unisono.connectors.sql.changes import GIVEN_DN, KEY, VALUE, Fault, Values, Work, named, results
from unisono.connectors.sql.database import Link, Row
from unisono.connectors.sql.failures import NO_KEY, NO_ROW, SEVERAL_ROWS, UNIQUE, Failed, Failure, export_code
from unisono.connectors.sql.tables import Child
from unisono.connectors.sql.writes import Statement, Writes

_ATTEMPTS = 4  # of a transaction: the first, and three where others keep it from succeeding
_FAULTS = {"entry": pl.UInt32, "code": pl.String, "attribute": pl.String, "message": pl.String, "cd_error": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Values of one attribute, the statement that adds or removes one, and the one that counts those there."""

    values: Values
    statement: Statement
    count: Statement


class Delivery:
    """One piece of work on its way. ``results`` holds what is known at any time, also after ``run`` raised."""

    def __init__(self, link: Link, work: Work, batch_objects: int) -> None:
        self._link = link
        self._work = work
        self._batch_objects = batch_objects
        self._writes = Writes(link, work.bound)
        self._statement = self._main_statement()
        self._rows: list[Row] = work.entries.select(self._statement.parameters).rows() or [()] * work.entries.height
        self._steps = self._value_steps()
        self._faults: dict[int, Fault] = dict(work.incomplete)
        self._new_faults: dict[int, Fault] = {}  # of the open transaction
        self._committed = 0
        self._is_last_attempt = False

    @cached_property
    def _keys(self) -> list[Row]:
        """The texts of each entry's key; of new rows whose key is returned, filled in as they are written."""
        return self._work.entries.select(KEY.format(i) for i in range(len(self._work.bound.key))).rows()

    def run(self) -> None:
        """Raises ``Failed`` when nothing further can be written."""
        count = self._work.entries.height
        for start in range(0, count, self._batch_objects):
            self._transaction(start, min(start + self._batch_objects, count))

    def results(self) -> pl.DataFrame:
        """A frame of ``EXPORT_RESULTS`` of the entries whose outcome is known."""
        known = self._work.entries.head(self._committed)
        if self._work.key_is_returned:
            known = self._with_returned_keys(known)
        faults = [(entry, f.code, f.attribute, f.message, f.cd_error) for entry, f in self._faults.items()]
        told = pl.DataFrame(faults, schema=_FAULTS, orient="row")
        joined = known.select("id", "anchor", "dn").with_row_index("entry").join(told, on="entry", how="left")
        is_good = pl.col("code").is_null()
        return results(
            joined.with_columns(pl.when(is_good).then(name).alias(name) for name in ("anchor", "dn")).drop("entry")
        )

    # --- transactions -------------------------------------------------------------------------------------------------

    def _transaction(self, start: int, stop: int) -> None:
        """Write the entries from ``start`` to before ``stop``, all but the faulty ones."""
        # Where a key may have several rows, the number of rows met tells something of a single entry only.
        at_once = self._work.bound.key_is_unique or stop - start == 1
        for attempt in range(1, _ATTEMPTS + 1):
            self._is_last_attempt = attempt == _ATTEMPTS
            in_halves = attempt > 1 or not at_once
            failure = self._committing(self._attempt if in_halves else self._write, start, stop)
            if failure is None:
                return
            if self._is_last_attempt or (in_halves and not failure.is_retriable):
                self._undone(start, stop, failure)
                return

    def _committing(self, write: Callable[[int, int], None], start: int, stop: int) -> Failure | None:
        """Write in a transaction of its own; why it was undone. Raises ``Failed`` where nobody would fare better."""
        self._new_faults = {}
        try:
            with self._link.transaction():
                write(start, stop)
        except Failed as failed:
            if failed.failure.is_everybodys:
                raise
            return failed.failure
        self._faults |= self._new_faults
        self._committed = stop
        return None

    def _undone(self, start: int, stop: int, failure: Failure) -> None:
        """The transaction as a whole was refused: at its end by a deferred constraint, or by others' locks."""
        if stop - start > 1 and not failure.is_retriable:
            middle = (start + stop) // 2
            self._transaction(start, middle)
            self._transaction(middle, stop)
        else:
            with self._link.transaction():
                self._faults |= {entry: self._fault(entry, failure) for entry in range(start, stop)}
            self._committed = stop

    def _attempt(self, start: int, stop: int) -> None:
        """Inside a transaction: write the entries, or find out which of them cannot be written."""
        if stop - start > 1 and not self._work.bound.key_is_unique:
            for entry in range(start, stop):
                self._attempt(entry, entry + 1)
            return
        failure = self._tried(lambda: self._write(start, stop))
        if failure is None:
            return
        if stop - start == 1:
            self._settle(start, failure)
        else:
            middle = (start + stop) // 2
            self._attempt(start, middle)
            self._attempt(middle, stop)

    def _tried(self, action: Callable[[], None]) -> Failure | None:
        """Do it, or leave no trace of it. Raises ``Failed`` where the whole transaction is at an end."""
        try:
            with self._link.savepoint():
                action()
        except Failed as failed:
            if failed.failure.is_everybodys or (failed.failure.is_retriable and not self._is_last_attempt):
                raise
            return failed.failure
        return None

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _write(self, start: int, stop: int) -> None:
        self._write_rows(start, stop)
        for step in self._steps:
            self._write_values(step, step.values.between(start, stop))

    def _write_rows(self, start: int, stop: int) -> None:
        match self._work.operation:
            case ExportOperation.ADD:
                self._insert(start, stop)
            case ExportOperation.UPDATE:
                met = self._link.write(self._statement.text, self._rows[start:stop])
                _check(met, at_least=stop - start, at_most=stop - start)
            case ExportOperation.DELETE:
                for child in self._work.bound.children:
                    self._delete_values(child, start, stop)
                met = self._link.write(self._statement.text, self._rows[start:stop])
                _check(met, at_least=0, at_most=stop - start)  # a row that is gone is deleted

    def _insert(self, start: int, stop: int) -> None:
        if self._work.key_is_returned:
            for entry in range(start, stop):
                self._keys[entry] = key = self._link.returned(self._statement.text, self._rows[entry])
                if None in key:
                    raise Failed(Failure(sqlstate=NO_KEY, code=NO_KEY, text="the database made no key for the row"))
        elif self._work.bound.key_is_unique or not self._count(self._writes.count(()), start):
            self._link.write(self._statement.text, self._rows[start:stop])
        else:
            raise Failed(Failure(sqlstate=UNIQUE, code=UNIQUE, text="there is a row with this key"))

    def _delete_values(self, child: Child, start: int, stop: int) -> None:
        statement = self._writes.delete_values(child)
        rows = [statement.row(self._keys[entry], ()) for entry in range(start, stop)]
        self._link.write(statement.text, rows)

    def _write_values(self, step: _Step, positions: range) -> None:
        values = step.values
        rows = [step.statement.row(self._keys[values.entries[i]], (values.values[i],)) for i in positions]
        if rows:
            self._link.write(step.statement.text, rows)

    # --- one entry that failed ----------------------------------------------------------------------------------------

    def _settle(self, entry: int, failure: Failure | None) -> None:
        """Write what can be written of an entry, and remember why the rest cannot."""
        steps = [(step, step.values.between(entry, entry + 1)) for step in self._steps]
        if any(positions for _, positions in steps):
            failure = self._tried(lambda: self._write_rows(entry, entry + 1))
        if failure is not None and not self._is_there_already(entry, failure):
            self._new_faults[entry] = self._fault(entry, failure)
            return
        for step, positions in steps:
            self._settle_values(entry, step, positions)

    def _settle_values(self, entry: int, step: _Step, positions: range) -> None:
        failure = self._tried(lambda: self._write_values(step, positions))
        if failure is None:
            return
        if len(positions) > 1:
            middle = len(positions) // 2
            self._settle_values(entry, step, positions[:middle])
            self._settle_values(entry, step, positions[middle:])
        elif not (failure.sqlstate == UNIQUE and self._has_value(entry, step, positions[0])):
            self._new_faults[entry] = self._fault(entry, failure, step.values.child.value.attribute.name)

    def _is_there_already(self, entry: int, failure: Failure) -> bool:
        """Whether the row that was to be added is there with all its values: an add that was sent before."""
        if failure.sqlstate != UNIQUE or self._work.operation is not ExportOperation.ADD:
            return False
        return self._count(self._writes.count(self._work.columns), entry) == 1

    def _has_value(self, entry: int, step: _Step, position: int) -> bool:
        row = step.count.row(self._keys[entry], (step.values.values[position],))
        return self._counted(step.count, row) > 0

    def _fault(self, entry: int, failure: Failure, attribute: str | None = None) -> Fault:
        attributes = {value.column.name: value.attribute for value in self._work.bound.values}
        blamed = attributes.get(failure.column or "")
        # The database's words may quote a value, and what is never imported is likely a secret.
        is_secret = any(attributes[column].export_only for column in self._work.columns if column in attributes)
        return Fault(
            code=self._code(entry, failure),
            message=f"the database refused: {failure.code if is_secret else failure.text}",
            attribute=attribute or (blamed.name if blamed else None),
            cd_error=failure.code if is_secret else str(failure),
        )

    def _code(self, entry: int, failure: Failure) -> str:
        work = self._work
        if failure.sqlstate == UNIQUE and work.operation is ExportOperation.ADD:
            if self._count(self._writes.count(()), entry):
                return "cd-existing-object"
        elif failure.sqlstate == UNIQUE and work.is_rename and work.bound.name is not None:
            name = work.entries[VALUE.format(work.columns.index(work.bound.name.name))][entry]
            statement = self._writes.count_named(work.bound.name)
            if self._counted(statement, statement.row(self._keys[entry], (name,))):
                return "rename-to-existing-dn"
        return export_code(failure, work.operation, has_references=work.has_references)

    # --- statements ---------------------------------------------------------------------------------------------------

    def _main_statement(self) -> Statement:
        work = self._work
        match work.operation:
            case ExportOperation.ADD:
                return self._writes.insert(work.columns, returning_key=work.key_is_returned)
            case ExportOperation.UPDATE:
                return self._writes.update(work.columns)
            case ExportOperation.DELETE:
                return self._writes.delete()

    def _value_steps(self) -> list[_Step]:
        """Values go before values come: a limit on their number counts both."""
        writes = self._writes
        return [
            _Step(values=v, statement=writes.delete_value(v.child), count=writes.count_value(v.child))
            for v in self._work.removed
        ] + [
            _Step(values=v, statement=writes.insert_value(v.child), count=writes.count_value(v.child))
            for v in self._work.added
        ]

    def _count(self, statement: Statement, entry: int) -> int:
        """How many rows have the entry's key, and its values where the statement asks for them."""
        key = self._keys[entry]
        if None in key:
            return 0
        values = self._work.entries.select(VALUE.format(i) for i in range(len(self._work.columns))).row(entry)
        return self._counted(statement, statement.row(key, values))

    def _counted(self, statement: Statement, row: Row) -> int:
        found: list[Row] = []
        failure = self._tried(lambda: found.append(self._link.returned(statement.text, row)))
        return 0 if failure else int(found[0][0])

    def _with_returned_keys(self, known: pl.DataFrame) -> pl.DataFrame:
        keys = self._keys[: known.height]
        columns = [KEY.format(i) for i in range(len(self._work.bound.key))]
        returned = known.with_columns(
            pl.Series(name, [key[i] for key in keys], dtype=pl.String) for i, name in enumerate(columns)
        )
        return returned.with_columns(**named(self._work.bound, [pl.col(name) for name in columns], pl.col(GIVEN_DN)))


def _check(met: int, *, at_least: int, at_most: int) -> None:
    """Raises ``Failed`` where the entries met fewer rows than they must, or more than they may."""
    if met < at_least:
        raise Failed(Failure(sqlstate=NO_ROW, code=NO_ROW, text="there is no row with this key"))
    if met > at_most:
        raise Failed(Failure(sqlstate=SEVERAL_ROWS, code=SEVERAL_ROWS, text="several rows have this key"))
