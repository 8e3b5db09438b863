"""A store's tables, brought to this version when the store is opened.

Which version a store has is read with one query; the machinery of migrations is loaded only when there is something
to do.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from unisono.model.errors import StoreError
from unisono.model.runs import Status

#: The newest migration.
HEAD: Final = "0001"


def upgrade(connection: Connection) -> None:
    """Run the migrations that the store lacks, in the caller's transaction; an empty database becomes a store.

    Raises ``StoreError`` when the database belongs to another program or to a newer version of this one.
    """
    found = version(connection)
    if found == HEAD:
        return
    from alembic import command  # loaded for new and old stores only: it takes as long as everything else

    from unisono.store.migrations import configuration, known

    if found is not None and not known(found):
        raise StoreError(
            Status.NO_START_SERVER,
            f"the store was written by a newer version of this program (store {found}, program {HEAD})",
            hint="Install that version, or restore the store from a backup of before it was upgraded.",
        )
    command.upgrade(configuration(connection), HEAD)


def version(connection: Connection) -> str | None:
    """The migration that the store is at; None for an empty database."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if not {"alembic_version", "store_meta"} <= set(tables):
        raise StoreError(
            Status.NO_START_SERVER,
            "the database is no store: it holds tables of another program",
            hint="Check the path of the store in the project.",
        )
    found: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return found
