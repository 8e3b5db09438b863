"""Migrations of the store: forward only, from every released version. A released migration never changes."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; migrations run on the connection, inside its transaction."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "unisono.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def known(revision: str) -> bool:
    """Whether this program has the migration."""
    try:
        return ScriptDirectory.from_config(configuration()).get_revision(revision) is not None
    except CommandError:
        return False
