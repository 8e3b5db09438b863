"""SQLite: opening, refusing, failing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.projects import whole_space
from tests.store.given import found_ids, ids, people
from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store import open_store
from unisono.store.contract import Store
from unisono.store.sqlite import SqliteDatabase
from unisono.store.sqlstore import SqlStore

URL = "sqlite:///store.db"


@contextmanager
def opened(directory: Path, *, url: str = URL, create: bool = False) -> Iterator[Store]:
    store = open_store(url, directory, create=create)
    with closing(store):
        yield store


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A directory with a store that holds one object."""
    with opened(tmp_path, create=True) as store, store.begin() as unit:
        unit.insert_objects(people([1]))
    return tmp_path


def _refused(directory: Path, *, url: str = URL, create: bool = False) -> StoreError:
    with pytest.raises(StoreError) as caught, opened(directory, url=url, create=create):
        pass
    assert caught.value.status is Status.NO_START_SERVER
    assert caught.value.hint
    return caught.value


def test_a_relative_path_starts_at_the_directory_and_an_absolute_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "a b%20ü?#").mkdir()
    with opened(tmp_path, url="sqlite:///a b%20ü?#/my store.db", create=True):
        assert (tmp_path / "a b%20ü?#" / "my store.db").is_file()
    with opened(Path("/nowhere"), url=f"sqlite:///{tmp_path}/other.db", create=True):
        assert (tmp_path / "other.db").is_file()


def test_a_store_that_exists_is_opened_and_not_made_anew(made: Path) -> None:
    for create in (True, False):
        with opened(made, create=create) as store, store.read() as reader:
            assert found_ids(reader.objects(ids(1))) == [1]


def test_a_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    assert "there is no store" in str(_refused(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in str(_refused(tmp_path / "missing", create=True))


@pytest.mark.parametrize("content", [b"identities,and,more\n" * 100, b"\0" * 5000], ids=["text", "zeros"])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    assert "no SQLite database" in str(_refused(tmp_path, create=True))
    assert (tmp_path / "store.db").read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("CREATE TABLE customer (id)")
    assert "another program" in str(_refused(tmp_path, create=True))


def test_a_database_of_another_program_with_migrations_of_its_own_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("CREATE TABLE alembic_version (version_num)")
        other.execute("INSERT INTO alembic_version VALUES ('0001')")
        other.commit()
    assert "another program" in str(_refused(tmp_path, create=True))


def test_a_store_is_made_for_its_account_alone(tmp_path: Path) -> None:
    with opened(tmp_path, create=True) as store, store.begin() as unit, store.lock("HR"):
        unit.insert_objects(people([1]))
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert {path.name.partition("-")[2] for path in tmp_path.iterdir()} == {"", "wal", "shm", "locks"}
        assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_a_store_of_a_newer_version_is_refused(made: Path) -> None:
    with closing(sqlite3.connect(made / "store.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    error = _refused(made)
    assert "newer version" in str(error)
    assert "9999" in str(error)


def test_a_file_cut_short_is_told_as_damaged(made: Path) -> None:
    content = (made / "store.db").read_bytes()
    (made / "store.db").write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="damaged") as caught:
        _read_everything(made)
    assert caught.value.hint


def _read_everything(directory: Path) -> None:
    with opened(directory) as store, store.read() as reader:
        whole_space(reader, "HR")
        reader.statistics()
        reader.runs()


@pytest.mark.parametrize("url", ["postgresql://u:geheim@h/db", "mysql:///x", "sqlite://", "sqlite:///", "store.db", ""])
def test_a_store_of_an_unknown_kind_is_refused_without_telling_its_password(tmp_path: Path, url: str) -> None:
    error = _refused(tmp_path, url=url, create=True)
    assert "geheim" not in f"{error} {error.hint}"
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    with opened(tmp_path) as store, store.read() as reader:
        assert reader.statistics() == ()


def test_two_processes_may_make_one_store(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from unisono.store import open_store; "
    program += "open_store(sys.argv[1], Path(sys.argv[2]), create=True).close()"
    makers = [subprocess.Popen([sys.executable, "-c", program, URL, tmp_path]) for _ in range(2)]
    assert [maker.wait(120) for maker in makers] == [0, 0]
    with opened(tmp_path) as store, store.begin() as unit:
        assert unit.allocate(1) == 1


def test_a_writer_that_waits_too_long_says_that_the_store_is_locked(made: Path) -> None:
    impatient = SqlStore(SqliteDatabase(made / "store.db", create=False, wait_s=0))
    with closing(impatient), opened(made) as store, store.begin():
        with pytest.raises(StoreError, match="locked by another writer") as caught, impatient.begin():
            pass
        assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST
        with impatient.read() as reader:  # readers do not wait
            assert reader.population("HR") == 1


@contextmanager
def _every_connection(pragma: str) -> Iterator[None]:
    def limit(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(Pool, "connect", limit)
    try:
        yield
    finally:
        event.remove(Pool, "connect", limit)


def test_a_full_disk_stops_the_step_and_keeps_the_old_state(made: Path) -> None:
    with _every_connection("max_page_count = 80"), opened(made) as store:
        with pytest.raises(StoreError, match="full") as caught, store.begin() as unit:
            unit.insert_objects(people(range(10, 5_000), hologram="x" * 200))
        assert caught.value.status is Status.STOPPED_DATABASE_DISK_FULL
        with store.begin() as unit:
            assert found_ids(whole_space(unit, "HR")) == [1]


def test_a_store_that_may_not_be_written_says_so(made: Path) -> None:
    with _every_connection("query_only = ON"), opened(made) as store:
        with pytest.raises(StoreError, match="read-only") as caught, store.begin() as unit:
            unit.insert_objects(people([2]))
        assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST


def test_a_closed_store_leaves_no_file_open(made: Path) -> None:
    descriptors = Path("/proc/self/fd")

    def open_files() -> list[Path]:
        return [path for path in descriptors.iterdir() if path.exists() and made in path.readlink().parents]

    with opened(made) as store:
        with store.read() as one, store.read() as other:
            assert one.population("HR") == other.population("HR") == 1
        assert open_files()
    assert open_files() == []


def test_the_log_is_folded_into_the_file_when_the_store_is_closed(made: Path) -> None:
    assert [path.name for path in made.iterdir()] == ["store.db"]
