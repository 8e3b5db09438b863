"""What one database does differently from another: one small module each, chosen by the URL.

Nothing else in this package knows which database it talks to.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from unisono.connectors.sql.failures import Failure
from unisono.connectors.sql.wire import Form
from unisono.model.schema import PolarsType


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    connect_timeout_s: int
    statement_timeout_s: int


class Dialect(Protocol):
    """One database with one driver. Stateless."""

    #: Types that a column of a form has as the driver gives it, once ``prepare_reading`` was called.
    raw_types: Mapping[Form, PolarsType]

    def mistake(self, url: URL) -> str | None:
        """What is wrong with the URL, for the administrator."""
        ...

    def create_engine(self, url: URL, directory: Path, limits: Limits) -> sa.Engine:
        """An engine without a pool, its parameters by position, its sessions in UTC. The URL has the password. Touches
        nothing."""
        ...

    def snapshot(self, connection: sa.Connection) -> sa.Connection:
        """Begin a transaction that reads and sees one state until its end."""
        ...

    def prepare_reading(self, connection: sa.Connection) -> None:
        """From here on rows come in ``raw_types``."""
        ...

    def prepare_writing(self, connection: sa.Connection) -> sa.Connection:
        """Transactions begun from here on write."""
        ...

    def decoded(self, form: Form, raw: pl.Expr) -> pl.Expr:
        """A raw column in the form's own type; null for what is no such value."""
        ...

    def bound(self, key: Any) -> Any:
        """A raw value of a key column as a parameter."""
        ...

    def failure(self, error: BaseException) -> Failure:
        """What the driver's error means."""
        ...

    def connect_failure(self, error: BaseException) -> Failure:
        """What the driver's error means while it connects."""
        ...


_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql"}


def dialect_of(url: URL) -> Dialect:
    """The dialect of the URL's database. Raises ``KeyError`` for an unknown one, ``ImportError`` without its driver."""
    module = _MODULES[url.get_backend_name()]
    dialect: Dialect = importlib.import_module(f"unisono.connectors.sql.databases.{module}").DIALECT
    return dialect


def url_mistake(text: str) -> str | None:
    """What is wrong with the text as the URL of a database."""
    try:
        url = make_url(text)
    except ArgumentError:
        return "this is not a URL such as sqlite:///file.db or postgresql+psycopg://user@host/database"
    if url.password is not None:
        return "a password does not belong into the url"
    try:
        return dialect_of(url).mistake(url)
    except KeyError:
        return f"there is no support for {url.get_backend_name()}; supported: {', '.join(_MODULES)}"
    except ImportError as error:
        return f"the database's driver {error.name} is not installed"
