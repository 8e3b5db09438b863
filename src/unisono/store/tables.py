"""The tables of a store, as the migrations leave them. The only list of columns and indexes.

Meanings of the columns: ``model.frames`` and engine specification §2. What is true of all tables:

- Text is compared and ordered by code point. Times are ISO 8601 text in UTC with microseconds.
- Documents are JSON text, so that administrators read them with SQL; they stand last, behind what scans touch.
- There are no foreign keys: each would cost a look-up per row and edge written, and the writers remove what belongs
  together anyway.
- A partial index holds just the rows that wait for something, so that finding them costs what is found.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, false, text

metadata = MetaData()

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_ID = BigInteger().with_variant(Integer(), "sqlite")  # SQLite makes a row id of INTEGER only


def _id(name: str = "id") -> Column[int]:
    return Column(name, _ID, primary_key=True, autoincrement=False)


# --- the store itself ------------------------------------------------------------------------------------------------

store_meta = Table(
    "store_meta",  # one row
    metadata,
    _id(),
    Column("hash_seed", BigInteger, nullable=False),
    Column("hash_writer", _TEXT, nullable=False),  # the library version whose content hashes the store holds
    Column("metaverse_objects", BigInteger, nullable=False),
)
id_sequence = Table(
    "id_sequence",
    metadata,
    Column("name", _TEXT, primary_key=True),  # object, connector, rule, run, error
    Column("next_id", BigInteger, nullable=False),
)
connector = Table(
    "connector",
    metadata,
    _id(),
    Column("name", _TEXT, nullable=False, unique=True),
    Column("objects", BigInteger, nullable=False),  # without placeholders; kept by the writers, for counting is slow
)
rule = Table("rule", metadata, _id(), Column("name", _TEXT, nullable=False, unique=True))

#: Objects are written often, mostly in columns without an index. Where the next version of a row has room on the same
#: page, PostgreSQL leaves the indexes alone.
_ROOM: Final = {"fillfactor": 50}

# --- connector spaces ------------------------------------------------------------------------------------------------

cs_object = Table(
    "cs_object",
    metadata,
    _id(),
    Column("connector_id", BigInteger, nullable=False),
    Column("object_type", _TEXT),  # null: placeholder
    Column("anchor", _TEXT),
    Column("dn", _TEXT, nullable=False),
    Column("dn_key", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False, server_default="normal"),
    Column("mv_id", BigInteger),
    Column("link_kind", _TEXT),
    Column("link_rule", _TEXT),
    Column("import_operation", _TEXT),
    Column("obsolete", Boolean, nullable=False, server_default=false()),
    Column("reevaluate", Boolean, nullable=False, server_default=false()),
    Column("hologram_hash", BigInteger),
    Column("import_hash", BigInteger),
    Column("export_operation", _TEXT),
    Column("new_dn", _TEXT),
    Column("unconfirmed_operation", _TEXT),
    Column("import_error", _TEXT),
    Column("import_error_first_run", BigInteger),  # since when the object fails without a success between
    Column("import_error_count", BigInteger, nullable=False, server_default="0"),
    Column("export_error", _TEXT),
    Column("export_error_first_run", BigInteger),
    Column("export_error_count", BigInteger, nullable=False, server_default="0"),
    Column("hologram", _TEXT),
    Column("pending_import", _TEXT),
    Column("pending_export", _TEXT),
    Column("unconfirmed_export", _TEXT),
    postgresql_with=_ROOM,
)

# Queries repeat these conditions word for word; that is how the database knows that it may use the index.
PLACEHOLDER: Final = "object_type IS NULL"
NAMED_APART: Final = "(anchor IS NULL OR dn_key <> anchor)"  # others are found by their anchor
AWAITS_SYNCHRONIZATION: Final = (
    "object_type IS NOT NULL AND (import_operation IS NULL OR import_operation <> 'delete')"
    " AND (import_operation IS NOT NULL OR import_error IS NOT NULL OR reevaluate"
    " OR (mv_id IS NULL AND state = 'normal'))"
)
AWAITS_DELETION: Final = "import_operation = 'delete'"
AWAITS_EXPORT: Final = "export_operation IS NOT NULL"
AWAITS_CONFIRMATION: Final = "unconfirmed_operation IS NOT NULL"
LINKED: Final = "mv_id IS NOT NULL"
CHANGED_EDGE: Final = "layer <> 'hologram'"
WAITING_EDGE: Final = "state = 'pending'"
FAILS_TO_IMPORT: Final = "import_error_first_run IS NOT NULL"
FAILS_TO_EXPORT: Final = "export_error_first_run IS NOT NULL"


def _partial(name: str, condition: str, *columns: str, table: Table = cs_object) -> Index:
    where = text(condition)
    return Index(name, *(table.c[column] for column in columns), sqlite_where=where, postgresql_where=where)


Index("cs_object_anchor", cs_object.c.connector_id, cs_object.c.anchor, unique=True)
_partial("cs_object_dn_key", NAMED_APART, "connector_id", "dn_key")
_partial("cs_object_placeholder", PLACEHOLDER, "connector_id")
_partial("cs_object_to_synchronize", AWAITS_SYNCHRONIZATION, "connector_id", "anchor")
_partial("cs_object_to_delete", AWAITS_DELETION, "connector_id", "anchor")
_partial("cs_object_to_export", AWAITS_EXPORT, "connector_id")
_partial("cs_object_to_confirm", AWAITS_CONFIRMATION, "connector_id")
_partial("cs_object_link", LINKED, "mv_id", "connector_id")
_partial("cs_object_import_failure", FAILS_TO_IMPORT, "import_error_first_run")
_partial("cs_object_export_failure", FAILS_TO_EXPORT, "export_error_first_run")

# Edges are found from both ends. Each is stored twice, in key order: once by its source, once by its target.


def _edge_key() -> tuple[Column[int], Column[str], Column[int]]:
    return _id("source_id"), Column("attribute", _TEXT, primary_key=True), _id("target_id")


cs_reference = Table(
    "cs_reference",
    metadata,
    *_edge_key(),
    Column("layer", _TEXT, nullable=False),
    sqlite_with_rowid=False,
)
Index("cs_reference_target", cs_reference.c.target_id)
# With the layer it holds all of an edge: else SQLite would rather read all edges of the source.
_partial("cs_reference_changed", CHANGED_EDGE, "source_id", "layer", table=cs_reference)
export_reference = Table(
    "export_reference",
    metadata,
    *_edge_key(),
    Column("operation", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False),
    sqlite_with_rowid=False,
)
Index("export_reference_target", export_reference.c.target_id)
_partial("export_reference_waiting", WAITING_EDGE, "source_id", table=export_reference)

# --- metaverse -------------------------------------------------------------------------------------------------------

mv_object = Table(
    "mv_object",
    metadata,
    _id(),
    Column("object_type", _TEXT, nullable=False),
    Column("attributes", _TEXT, nullable=False),
    Column("lineage", _TEXT, nullable=False),
    postgresql_with=_ROOM,
)
mv_join_key = Table(
    "mv_join_key",
    metadata,
    Column("attribute", _TEXT, primary_key=True),
    Column("value", _TEXT, primary_key=True),
    _id("mv_id"),
    sqlite_with_rowid=False,
)
Index("mv_join_key_object", mv_join_key.c.mv_id)
mv_reference = Table(
    "mv_reference",
    metadata,
    *_edge_key(),
    Column("rule_id", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("mv_reference_target", mv_reference.c.target_id)

# --- history ---------------------------------------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    _id(),
    Column("connector_id", BigInteger, nullable=False),
    Column("profile", _TEXT, nullable=False),
    Column("status", _TEXT, nullable=False),
    Column("started_at", _TEXT, nullable=False),
    Column("ended_at", _TEXT, nullable=False),  # in progress: when it was last heard of
    Column("fingerprint", _TEXT, nullable=False),
)
Index("run_connector", run.c.connector_id)
Index("run_profile", run.c.connector_id, run.c.profile, run.c.id)
Index("run_started", run.c.started_at)
step = Table(
    "step",
    metadata,
    _id("run_id"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("status", _TEXT, nullable=False),
    Column("started_at", _TEXT, nullable=False),
    Column("ended_at", _TEXT, nullable=False),
    Column("error_count", BigInteger, nullable=False),
    Column("held_hash", _TEXT),
    Column("connection", _TEXT, nullable=False),
    Column("message", _TEXT, nullable=False),
    Column("hint", _TEXT, nullable=False),
    Column("definition", _TEXT, nullable=False),  # document: the step as it was configured
    Column("phases", _TEXT, nullable=False),  # document: [[phase, seconds], …]
)
counter = Table(
    "counter",
    metadata,
    _id("run_id"),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("counter", _TEXT, nullable=False),
    Column("target", _TEXT),  # null: the step's own connector
    Column("count", BigInteger, nullable=False),
)
object_error = Table(
    "object_error",
    metadata,
    _id(),  # in the order of recording
    Column("run_id", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("category", _TEXT, nullable=False),
    Column("code", _TEXT, nullable=False),
    Column("cs_id", BigInteger),
    Column("anchor", _TEXT),
    Column("dn", _TEXT),
    Column("attribute", _TEXT),
    Column("rule", _TEXT),
    Column("algorithm_step", _TEXT),
    Column("target", _TEXT),
    Column("entry", BigInteger),
    Column("line", BigInteger),
    Column("column", BigInteger),
    Column("message", _TEXT, nullable=False),
    Column("cd_error", _TEXT),
)
Index("object_error_step", object_error.c.run_id, object_error.c.step)
watermark = Table(
    "watermark",
    metadata,
    _id("connector_id"),
    Column("watermark", _TEXT, nullable=False),
    Column("run_id", BigInteger, nullable=False),
)
held_batch = Table(
    "held_batch",
    metadata,
    Column("hash", _TEXT, primary_key=True),
    Column("connector_id", BigInteger, nullable=False),
    Column("profile", _TEXT, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("held_at", _TEXT, nullable=False),
    Column("reasons", _TEXT, nullable=False),  # document: [text, …]
)

# --- staged keys -----------------------------------------------------------------------------------------------------

#: Temporary tables, one set per connection: the keys that a set-based statement is about.
staging = MetaData()


def _staged(name: str, *columns: Column[int] | Column[str], rowid: bool = False) -> Table:
    return Table(
        name,
        staging,
        *columns,
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=rowid,
        postgresql_on_commit="DELETE ROWS",
    )


staged_id = _staged("staged_id", _id(), rowid=True)
staged_other = _staged("staged_other", _id(), rowid=True)
staged_pair = _staged("staged_pair", _id("source_id"), _id("target_id"))
staged_edge = _staged("staged_edge", *_edge_key())
staged_anchor = _staged("staged_anchor", Column("anchor", _TEXT, primary_key=True))
staged_dn_key = _staged("staged_dn_key", Column("dn_key", _TEXT, primary_key=True))
staged_term = _staged(
    "staged_term", Column("attribute", _TEXT, primary_key=True), Column("value", _TEXT, primary_key=True)
)
