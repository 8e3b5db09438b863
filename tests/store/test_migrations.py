"""Migrations: all of them from nothing give the tables that the program names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from tests.servers.postgres import PostgresDatabase
from unisono.store import open_store
from unisono.store.migrations import configuration
from unisono.store.tables import metadata
from unisono.store.upgrade import HEAD, upgrade, version

_OPENING = """
import sys
from pathlib import Path
from unisono.store import open_store
assert "sqlalchemy" not in sys.modules
open_store("sqlite:///store.db", Path(sys.argv[1]), create=False).close()
assert "alembic" not in sys.modules
"""


def _definitions(connection: Connection) -> dict[str, str]:
    """Tables and indexes as the database has them written down."""
    query = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
    return {name: " ".join(sql.split()) for name, sql in connection.execute(text(query)) if name != "alembic_version"}


def test_all_migrations_from_nothing_equal_the_tables(tmp_path: Path) -> None:
    migrated, declared = (create_engine(f"sqlite:///{tmp_path}/{name}.db") for name in ("migrated", "declared"))
    with migrated.connect() as connection:
        upgrade(connection)
        connection.commit()
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        found = _definitions(connection)
    with declared.connect() as connection:
        metadata.create_all(connection)
        assert found == _definitions(connection)
    migrated.dispose()
    declared.dispose()


def test_all_migrations_from_nothing_equal_the_tables_on_postgresql(postgres_database: PostgresDatabase) -> None:
    engine = create_engine(postgres_database.url_with_password)
    with engine.connect() as connection:
        upgrade(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_program_expects() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [HEAD]


def test_an_upgrade_of_a_store_of_this_version_changes_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.connect() as connection:
        upgrade(connection)
        connection.commit()
        seed = connection.execute(text("SELECT hash_seed FROM store_meta")).scalar_one()
        upgrade(connection)
        assert version(connection) == HEAD
        assert connection.execute(text("SELECT hash_seed FROM store_meta")).scalar_one() == seed
    engine.dispose()


def test_the_machinery_of_migrations_is_loaded_only_to_migrate(tmp_path: Path) -> None:
    open_store("sqlite:///store.db", tmp_path, create=True).close()
    subprocess.run([sys.executable, "-c", _OPENING, tmp_path], check=True, timeout=120)
