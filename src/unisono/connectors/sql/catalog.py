"""What the database says of its own tables and columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import NoSuchTableError, SAWarning

from unisono.connectors.sql.database import Link
from unisono.connectors.sql.settings import TableName
from unisono.connectors.sql.wire import ColumnKind, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    kind: ColumnKind
    is_nullable: bool
    has_default: bool  # the database gives it a value where none is sent
    is_computed: bool  # nothing can be sent


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table or view. ``columns`` by name, in the table's order; ``unique``: sets of columns that identify a row."""

    name: TableName
    columns: Mapping[str, Column]
    unique: tuple[frozenset[str], ...]

    @cached_property
    def clause(self) -> sa.TableClause:
        """The table for statements. Its columns have no types: values are converted here, by whole columns."""
        return sa.table(self.name.name, *(sa.column(column) for column in self.columns), schema=self.name.schema)

    def identifies(self, columns: tuple[str, ...]) -> bool:
        """Whether the database lets no two rows agree in these columns."""
        return any(unique <= frozenset(columns) for unique in self.unique)


class Catalog:
    """Tables by name, each looked up once."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._found: dict[TableName, Table | None] = {}

    def find(self, name: TableName) -> Table | None:
        """The table or view, or None where there is none. Raises ``Failed``."""
        if name not in self._found:
            self._found[name] = self._reflected(name)
        return self._found[name]

    def _reflected(self, name: TableName) -> Table | None:
        # Asked one by one: a whole reflection also fetches foreign keys, indexes, checks and comments.
        with self._link.told(), warnings.catch_warnings():
            # Types of extensions that SQLAlchemy does not know are read as text.
            warnings.simplefilter("ignore", SAWarning)
            inspector = self._link.inspected()
            if name.schema is not None and name.schema not in inspector.get_schema_names():
                return None
            try:
                columns = inspector.get_columns(name.name, schema=name.schema)
            except NoSuchTableError:
                return None
            key = inspector.get_pk_constraint(name.name, schema=name.schema)["constrained_columns"]
            constraints = inspector.get_unique_constraints(name.name, schema=name.schema)
        unique = (frozenset(columns) for columns in (key, *(c["column_names"] for c in constraints)) if columns)
        return Table(name=name, columns={c["name"]: _column(c, key) for c in columns}, unique=tuple(unique))


def _column(column: ReflectedColumn, key: Sequence[str]) -> Column:
    kind, identity = kind_of(column["type"]), column.get("identity")
    # Where the database does not tell, it numbers rows by a column that is a number and the whole key (SQLite).
    numbers_rows = "autoincrement" not in column and list(key) == [column["name"]]
    return Column(
        name=column["name"],
        kind=kind,
        is_nullable=bool(column["nullable"]) and column["name"] not in key,
        has_default=bool(column.get("default") or identity or (numbers_rows and kind is ColumnKind.INTEGER)),
        is_computed="computed" in column or bool(identity and identity["always"]),
    )
