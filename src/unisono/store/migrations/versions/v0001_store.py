"""The store of the first release."""

from __future__ import annotations

import secrets

import polars as pl
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROOM = {"fillfactor": 50}
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_store()
    _create_connector_space()
    _create_metaverse()
    _create_history()
    _create_views()


def _create_store() -> None:
    meta = op.create_table(
        "store_meta",
        _key("id"),
        sa.Column("hash_seed", sa.BigInteger, nullable=False),
        sa.Column("hash_writer", _TEXT, nullable=False),
        sa.Column("metaverse_objects", sa.BigInteger, nullable=False),
    )
    writer = f"polars {pl.__version__}"
    op.bulk_insert(meta, [{"id": 1, "hash_seed": secrets.randbits(63), "hash_writer": writer, "metaverse_objects": 0}])
    sequence = op.create_table(
        "id_sequence",
        sa.Column("name", _TEXT, primary_key=True),
        sa.Column("next_id", sa.BigInteger, nullable=False),
    )
    names = ("object", "connector", "rule", "run", "error")
    op.bulk_insert(sequence, [{"name": name, "next_id": 1} for name in names])
    op.create_table(
        "connector",
        _key("id"),
        sa.Column("name", _TEXT, nullable=False, unique=True),
        sa.Column("objects", sa.BigInteger, nullable=False),
    )
    op.create_table("rule", _key("id"), sa.Column("name", _TEXT, nullable=False, unique=True))


def _create_connector_space() -> None:
    op.create_table(
        "cs_object",
        _key("id"),
        sa.Column("connector_id", sa.BigInteger, nullable=False),
        sa.Column("object_type", _TEXT),
        sa.Column("anchor", _TEXT),
        sa.Column("dn", _TEXT, nullable=False),
        sa.Column("dn_key", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False, server_default="normal"),
        sa.Column("mv_id", sa.BigInteger),
        sa.Column("link_kind", _TEXT),
        sa.Column("link_rule", _TEXT),
        sa.Column("import_operation", _TEXT),
        sa.Column("obsolete", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reevaluate", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("hologram_hash", sa.BigInteger),
        sa.Column("import_hash", sa.BigInteger),
        sa.Column("export_operation", _TEXT),
        sa.Column("new_dn", _TEXT),
        sa.Column("unconfirmed_operation", _TEXT),
        sa.Column("import_error", _TEXT),
        sa.Column("import_error_first_run", sa.BigInteger),
        sa.Column("import_error_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("export_error", _TEXT),
        sa.Column("export_error_first_run", sa.BigInteger),
        sa.Column("export_error_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("hologram", _TEXT),
        sa.Column("pending_import", _TEXT),
        sa.Column("pending_export", _TEXT),
        sa.Column("unconfirmed_export", _TEXT),
        postgresql_with=_ROOM,
    )
    op.create_index("cs_object_anchor", "cs_object", ["connector_id", "anchor"], unique=True)
    _create_partial_index("cs_object_dn_key", ["connector_id", "dn_key"], "(anchor IS NULL OR dn_key <> anchor)")
    _create_partial_index("cs_object_placeholder", ["connector_id"], "object_type IS NULL")
    _create_partial_index(
        "cs_object_to_synchronize",
        ["connector_id", "anchor"],
        "object_type IS NOT NULL AND (import_operation IS NULL OR import_operation <> 'delete')"
        " AND (import_operation IS NOT NULL OR import_error IS NOT NULL OR reevaluate"
        " OR (mv_id IS NULL AND state = 'normal'))",
    )
    _create_partial_index("cs_object_to_delete", ["connector_id", "anchor"], "import_operation = 'delete'")
    _create_partial_index("cs_object_to_export", ["connector_id"], "export_operation IS NOT NULL")
    _create_partial_index("cs_object_to_confirm", ["connector_id"], "unconfirmed_operation IS NOT NULL")
    _create_partial_index("cs_object_link", ["mv_id", "connector_id"], "mv_id IS NOT NULL")
    for kind in ("import", "export"):
        first_run = f"{kind}_error_first_run"
        _create_partial_index(f"cs_object_{kind}_failure", [first_run], f"{first_run} IS NOT NULL")
    _create_edges("cs_reference", sa.Column("layer", _TEXT, nullable=False))
    _create_partial_index("cs_reference_changed", ["source_id", "layer"], "layer <> 'hologram'", "cs_reference")
    _create_edges(
        "export_reference",
        sa.Column("operation", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
    )
    _create_partial_index("export_reference_waiting", ["source_id"], "state = 'pending'", "export_reference")


def _create_metaverse() -> None:
    op.create_table(
        "mv_object",
        _key("id"),
        sa.Column("object_type", _TEXT, nullable=False),
        sa.Column("attributes", _TEXT, nullable=False),
        sa.Column("lineage", _TEXT, nullable=False),
        postgresql_with=_ROOM,
    )
    op.create_table(
        "mv_join_key",
        sa.Column("attribute", _TEXT, primary_key=True),
        sa.Column("value", _TEXT, primary_key=True),
        _key("mv_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("mv_join_key_object", "mv_join_key", ["mv_id"])
    _create_edges(
        "mv_reference",
        sa.Column("rule_id", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.BigInteger, nullable=False),
    )


def _create_history() -> None:
    op.create_table(
        "run",
        _key("id"),
        sa.Column("connector_id", sa.BigInteger, nullable=False),
        sa.Column("profile", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("started_at", _TEXT, nullable=False),
        sa.Column("ended_at", _TEXT, nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
    )
    op.create_index("run_connector", "run", ["connector_id"])
    op.create_index("run_profile", "run", ["connector_id", "profile", "id"])
    op.create_index("run_started", "run", ["started_at"])
    op.create_table(
        "step",
        _key("run_id"),
        _key("number", sa.BigInteger()),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("started_at", _TEXT, nullable=False),
        sa.Column("ended_at", _TEXT, nullable=False),
        sa.Column("error_count", sa.BigInteger, nullable=False),
        sa.Column("held_hash", _TEXT),
        sa.Column("connection", _TEXT, nullable=False),
        sa.Column("message", _TEXT, nullable=False),
        sa.Column("hint", _TEXT, nullable=False),
        sa.Column("definition", _TEXT, nullable=False),
        sa.Column("phases", _TEXT, nullable=False),
    )
    op.create_table(
        "counter",
        _key("run_id"),
        _key("step", sa.BigInteger()),
        _key("position", sa.BigInteger()),
        sa.Column("counter", _TEXT, nullable=False),
        sa.Column("target", _TEXT),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "object_error",
        _key("id"),
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("category", _TEXT, nullable=False),
        sa.Column("code", _TEXT, nullable=False),
        sa.Column("cs_id", sa.BigInteger),
        sa.Column("anchor", _TEXT),
        sa.Column("dn", _TEXT),
        sa.Column("attribute", _TEXT),
        sa.Column("rule", _TEXT),
        sa.Column("algorithm_step", _TEXT),
        sa.Column("target", _TEXT),
        sa.Column("entry", sa.BigInteger),
        sa.Column("line", sa.BigInteger),
        sa.Column("column", sa.BigInteger),
        sa.Column("message", _TEXT, nullable=False),
        sa.Column("cd_error", _TEXT),
    )
    op.create_index("object_error_step", "object_error", ["run_id", "step"])
    op.create_table(
        "watermark",
        _key("connector_id"),
        sa.Column("watermark", _TEXT, nullable=False),
        sa.Column("run_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "held_batch",
        sa.Column("hash", _TEXT, primary_key=True),
        sa.Column("connector_id", sa.BigInteger, nullable=False),
        sa.Column("profile", _TEXT, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("held_at", _TEXT, nullable=False),
        sa.Column("reasons", _TEXT, nullable=False),
    )


def _create_views() -> None:
    """Readable forms for administrators; nothing in the program reads them."""
    op.execute(
        """
        CREATE VIEW v_connector_space AS
        SELECT o.id, c.name AS connector, o.object_type, o.anchor, o.dn,
               CASE WHEN o.object_type IS NULL THEN 'placeholder'
                    WHEN o.mv_id IS NULL THEN o.state || ' disconnector'
                    ELSE o.state || ' connector' END AS state,
               o.mv_id, o.link_kind, o.link_rule, o.import_operation, o.obsolete, o.reevaluate, o.export_operation,
               o.new_dn,
               o.unconfirmed_operation, o.import_error, o.import_error_first_run, o.import_error_count,
               o.export_error, o.export_error_first_run, o.export_error_count,
               o.hologram, o.pending_import, o.pending_export, o.unconfirmed_export
        FROM cs_object o JOIN connector c ON c.id = o.connector_id
        """
    )
    op.execute(
        """
        CREATE VIEW v_metaverse AS
        SELECT m.id, m.object_type, m.attributes, m.lineage,
               (SELECT count(*) FROM cs_object o WHERE o.mv_id = m.id) AS connectors
        FROM mv_object m
        """
    )
    op.execute(
        """
        CREATE VIEW v_errors AS
        SELECT e.id, c.name AS connector, r.profile, e.run_id, r.started_at AS run_started_at, e.step,
               e.category, e.code, e.cs_id, e.anchor, e.dn, e.attribute, e.rule, e.algorithm_step, e.target,
               e.entry, e.line, e."column", e.message, e.cd_error
        FROM object_error e JOIN run r ON r.id = e.run_id JOIN connector c ON c.id = r.connector_id
        """
    )


def _key(name: str, type_: sa.types.TypeEngine[int] = _ID) -> sa.Column[int]:
    return sa.Column(name, type_, primary_key=True, autoincrement=False)


def _create_partial_index(name: str, columns: list[str], condition: str, table: str = "cs_object") -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _create_edges(name: str, *columns: sa.Column[str] | sa.Column[int]) -> None:
    op.create_table(
        name,
        _key("source_id"),
        sa.Column("attribute", _TEXT, primary_key=True),
        _key("target_id"),
        *columns,
        sqlite_with_rowid=False,
    )
    op.create_index(f"{name}_target", name, ["target_id"])
