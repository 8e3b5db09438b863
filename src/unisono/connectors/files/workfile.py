"""The records of a file while an export rewrites it: on disk, so that memory does not grow with the file.

A temporary database of SQLite. It has no name: it lies in the directory for temporary files (``TMPDIR``, or else
``/var/tmp``), readable for this process only, and is gone with the process, however that ends. Small files never get
there, because they fit into its cache. One statement serves a whole page of records; none is run per record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from unisono.connectors.files.failures import cannot_keep

#: Records as they are loaded and added: ``number`` from 1 in file order, ``anchor`` and ``name`` as they are looked up
#: (null: not to be found by it), ``text`` as it stands in the file.
RECORDS = pl.Schema({"number": pl.Int64, "anchor": pl.String, "name": pl.String, "text": pl.String})
_HELD = pl.Schema({"number": pl.Int64, "anchor": pl.String, "name": pl.String})
_PAGE = pl.Schema({"position": pl.Int64, "number": pl.Int64, "text": pl.String})
_VALUES = pl.Schema({"value": pl.String})
_NEW_NAMES = pl.Schema({"old": pl.String, "new": pl.String})

#: Text read at a time, in characters: the frames made of it take many times as much.
PAGE_CHARACTERS = 4 << 20
_CACHE_KIB = 64 << 10

# Nothing of this outlives the process, so nothing is journalled or flushed.
_PRAGMAS = ("page_size = 16384", "journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}")
_TABLES = (
    "CREATE TABLE record (number INTEGER PRIMARY KEY, anchor TEXT, name TEXT, text TEXT NOT NULL)",
    "CREATE TABLE renamed (number INTEGER PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL)",
    "CREATE TABLE asked (value)",
    "CREATE TABLE chosen (position INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
)
# Built after loading, which is many times faster than keeping them up to date meanwhile.
_INDEXES = (
    "CREATE INDEX record_anchor ON record (anchor) WHERE anchor IS NOT NULL",
    "CREATE INDEX record_name ON record (name) WHERE name IS NOT NULL",
    "CREATE INDEX renamed_old ON renamed (old)",
)
_RENAME = "INSERT INTO renamed VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE SET new = excluded.new"

# CROSS JOIN keeps the order of the tables: what is asked for is always the smaller one.
_WITH_ANCHOR = "SELECT number, anchor, name FROM asked CROSS JOIN record ON anchor = value"
_WITH_NAME = "SELECT number, anchor, name FROM asked CROSS JOIN record ON name = value"
_NEW_NAME = "SELECT old, new FROM asked CROSS JOIN renamed ON old = value ORDER BY number"
# Between these two characters there is only the comma; one that a backslash escapes divides nothing.
_CONTAINERS = """
SELECT value FROM asked WHERE EXISTS (
  SELECT * FROM record
  WHERE name >= value || ',' AND name < value || '-' AND substr(name, length(value) + 2, 1) <> '\\'
)
"""
_CHOOSE_BELOW = """
INSERT INTO chosen (number) SELECT number FROM record
WHERE name >= ?1 || ',' AND name < ?1 || '-' AND substr(name, length(?1) + 2, 1) <> '\\' ORDER BY number
"""
_CHOSEN_TEXTS = "SELECT position, number, text FROM chosen CROSS JOIN record USING (number) WHERE position > ?"
_ALL_TEXTS = "SELECT number, number, text FROM record WHERE number > ? ORDER BY number"


class WorkFile:
    """``path`` is the file that is rewritten. Every call may raise ``StepStop``; the file is untouched then.

    Records are loaded once, before anything else is asked or changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 1
        with self._told():
            self._database = sqlite3.connect("", isolation_level=None)
            for pragma in _PRAGMAS:
                self._database.execute(f"PRAGMA {pragma}")
            self._database.execute("BEGIN")  # ends with the file; a transaction per call would only cost
            for table in _TABLES:
                self._database.execute(table)

    def close(self) -> None:
        self._database.close()

    # --- records ------------------------------------------------------------------------------------------------------

    def load(self, pages: Iterable[pl.DataFrame]) -> None:
        """Frames of ``RECORDS``, in order."""
        for page in pages:
            self.add(page)
        with self._told():
            for index in _INDEXES:
                self._database.execute(index)

    def new_number(self) -> int:
        """The place of a new record: behind all others."""
        self._next += 1
        return self._next - 1

    def add(self, records: pl.DataFrame) -> None:
        """Records of ``RECORDS`` that are not there."""
        self._next = max(self._next, *(records["number"].tail(1) + 1), 1)
        self._write("INSERT INTO record VALUES (?, ?, ?, ?)", records.select(RECORDS.keys()))

    def rewrite(self, texts: pl.DataFrame) -> None:
        """``number`` and ``text`` of records that are there."""
        self._write("UPDATE record SET text = ? WHERE number = ?", texts.select("text", "number"))

    def delete(self, numbers: pl.Series) -> None:
        self._write("DELETE FROM record WHERE number = ?", pl.DataFrame({"number": numbers}))
        self._write("DELETE FROM renamed WHERE number = ?", pl.DataFrame({"number": numbers}))

    def rename(self, renames: pl.DataFrame) -> None:
        """Other names: ``number`` and ``name``; ``old`` and ``new`` are the texts that references are made of
        (null ``old``: there was none)."""
        self._write("UPDATE record SET name = ? WHERE number = ?", renames.select("name", "number"))
        self._write(_RENAME, renames.select("number", "old", "new").drop_nulls())

    # --- looking up ---------------------------------------------------------------------------------------------------

    def with_anchors(self, anchors: pl.Series) -> pl.DataFrame:
        """``number``, ``anchor`` and ``name`` of the records that have one of the anchors."""
        self._ask(anchors)
        return self._frame(_WITH_ANCHOR, _HELD)

    def with_names(self, names: pl.Series) -> pl.DataFrame:
        """``number``, ``anchor`` and ``name`` of the records that have one of the names."""
        self._ask(names)
        return self._frame(_WITH_NAME, _HELD)

    def containers(self, names: pl.Series) -> set[str]:
        """Those of the names that others continue behind a comma: names are written from the root here."""
        self._ask(names)
        return set(self._frame(_CONTAINERS, _VALUES)["value"])

    @property
    def has_renames(self) -> bool:
        with self._told():
            (has_any,) = self._database.execute("SELECT EXISTS (SELECT * FROM renamed)").fetchone()
            return bool(has_any)

    def new_names(self, names: pl.Series) -> dict[str, str]:
        """What records are called now, by what they were called at first; of those that were renamed since."""
        self._ask(names)
        return dict(self._frame(_NEW_NAME, _NEW_NAMES).iter_rows())

    # --- reading ------------------------------------------------------------------------------------------------------

    def texts(self, numbers: pl.Series) -> Iterator[pl.DataFrame]:
        """``number`` and ``text`` of these records, in order. They may be changed between the pages."""
        self._choose("INSERT INTO chosen (number) VALUES (?)", ((number,) for number in numbers.unique().sort()))
        return self._pages(_CHOSEN_TEXTS)

    def texts_below(self, name: str) -> Iterator[pl.DataFrame]:
        """The same of the records below a container."""
        self._choose(_CHOOSE_BELOW, [(name,)])
        return self._pages(_CHOSEN_TEXTS)

    def all_texts(self) -> Iterator[pl.DataFrame]:
        """The same of all records."""
        return self._pages(_ALL_TEXTS)

    # --- statements ---------------------------------------------------------------------------------------------------

    def _pages(self, statement: str) -> Iterator[pl.DataFrame]:
        position = 0
        while rows := self._page(statement, position):
            position = rows[-1][0]
            yield _frame(rows, _PAGE).drop("position")

    def _page(self, statement: str, position: int) -> list[tuple[int, int, str]]:
        """The next rows behind a position, of about as many characters as a page takes."""
        rows: list[tuple[int, int, str]] = []
        characters = 0
        with self._told(), closing(self._database.execute(statement, (position,))) as cursor:
            for row in cursor:
                rows.append(row)
                characters += len(row[2])
                if characters >= PAGE_CHARACTERS:
                    break
        return rows

    def _ask(self, values: pl.Series) -> None:
        with self._told():
            self._database.execute("DELETE FROM asked")
        self._write("INSERT INTO asked VALUES (?)", values.drop_nulls().unique().sort().to_frame())

    def _choose(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._told():
            self._database.execute("DELETE FROM chosen")
            self._database.executemany(statement, rows)

    def _write(self, statement: str, rows: pl.DataFrame) -> None:
        with self._told():
            self._database.executemany(statement, rows.iter_rows())

    def _frame(self, query: str, schema: pl.Schema) -> pl.DataFrame:
        with self._told():
            return _frame(self._database.execute(query).fetchall(), schema)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
            raise cannot_keep(self._path, str(error), disk_full=full) from None  # the error's frames hold values


def _frame(rows: Sequence[tuple[object, ...]], schema: pl.Schema) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pl.DataFrame(
        [pl.Series(name, values, dtype) for (name, dtype), values in zip(schema.items(), columns, strict=True)]
    )
