"""PostgreSQL: opening, refusing, failing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.projects import whole_space
from tests.servers.postgres import PostgresDatabase
from tests.servers.process import LOOPBACK, free_port
from tests.store.given import changes, found_ids, ids, people
from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store import open_store
from unisono.store.contract import Store
from unisono.store.postgresql import CONNECTIONS, PostgresqlDatabase
from unisono.store.postgresql_transaction import _compiled
from unisono.store.sqlstore import SqlStore

PASSWORD = "geheim"
NOWHERE = Path("/nowhere")


def _url(database: PostgresDatabase) -> str:
    return database.url_with_password.replace("+psycopg", "")


@contextmanager
def opened(url: str, *, create: bool = False) -> Iterator[Store]:
    store = open_store(url, NOWHERE, create=create)
    with closing(store):
        yield store


@pytest.fixture
def made(postgres_database: PostgresDatabase) -> PostgresDatabase:
    """A database with a store that holds one object."""
    with opened(_url(postgres_database), create=True) as store, store.begin() as unit:
        unit.insert_objects(people([1]))
    return postgres_database


def _refused(url: str, *, create: bool = True) -> StoreError:
    with pytest.raises(StoreError) as caught, opened(url, create=create):
        pass
    assert caught.value.status is Status.NO_START_SERVER
    assert caught.value.hint
    assert PASSWORD not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    return caught.value


def test_a_server_that_is_not_there_is_told() -> None:
    assert "connection" in str(_refused(f"postgresql://u:{PASSWORD}@{LOOPBACK}:{free_port()}/db"))


def test_a_wrong_password_is_told_and_not_shown(postgres_database: PostgresDatabase) -> None:
    right = postgres_database.url.replace("+psycopg", "")
    error = _refused(right.replace("@", f":{PASSWORD}@", 1))
    assert "password" in error.hint


def test_a_database_that_is_not_there_is_told(postgres_database: PostgresDatabase) -> None:
    url = _url(postgres_database)
    assert "does not exist" in str(_refused(url[: url.rindex("/")] + "/missing"))


def test_a_url_that_cannot_be_read_is_refused() -> None:
    assert "URL" in str(_refused("postgresql://h:port/db"))


def test_an_empty_database_is_no_store_unless_one_is_to_be_made(postgres_database: PostgresDatabase) -> None:
    assert "empty" in str(_refused(_url(postgres_database), create=False))


def test_a_database_of_another_program_is_refused(postgres_database: PostgresDatabase) -> None:
    with postgres_database.connect() as connection:
        connection.execute("CREATE TABLE customer (id int)")
    assert "another program" in str(_refused(_url(postgres_database)))


def test_a_store_that_exists_is_opened_and_not_made_anew(made: PostgresDatabase) -> None:
    for create in (True, False):
        with opened(_url(made), create=create) as store, store.read() as reader:
            assert found_ids(reader.objects(ids(1))) == [1]


def test_two_processes_may_make_one_store(postgres_database: PostgresDatabase) -> None:
    program = "import sys; from pathlib import Path; from unisono.store import open_store; "
    program += "open_store(sys.argv[1], Path('.'), create=True).close()"
    makers = [subprocess.Popen([sys.executable, "-c", program, _url(postgres_database)]) for _ in range(2)]
    assert [maker.wait(120) for maker in makers] == [0, 0]
    with opened(_url(postgres_database)) as store, store.begin() as unit:
        assert unit.allocate(1) == 1


def test_a_connection_that_breaks_ends_the_unit_and_keeps_the_old_state(made: PostgresDatabase) -> None:
    with opened(_url(made)) as store:

        def write() -> None:
            with store.begin() as unit:
                unit.insert_objects(people([2]))
                made.end_other_connections()
                unit.insert_objects(people([3]))

        with pytest.raises(StoreError, match="connection") as caught:
            write()
        assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST
        with store.begin() as unit:
            assert found_ids(whole_space(unit, "HR")) == [1]


def test_a_connection_that_breaks_at_the_end_of_a_reading_is_told_as_well(made: PostgresDatabase) -> None:
    with opened(_url(made)) as store:
        with pytest.raises(StoreError, match="connection") as caught, store.read():
            made.end_other_connections()
        assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST
        with store.read() as reader:
            assert found_ids(whole_space(reader, "HR")) == [1]


def test_a_lock_whose_connection_breaks_is_free_and_no_error(made: PostgresDatabase) -> None:
    with opened(_url(made)) as store:
        with store.lock("HR") as held:
            assert held
            made.end_other_connections()
        with store.lock("HR") as again:
            assert again


def test_nobody_writes_whose_lock_is_lost(made: PostgresDatabase) -> None:
    with opened(_url(made)) as store:
        with store.lock("HR"), store.lock("AD"):
            with store.begin() as unit:
                unit.insert_objects(people([2]))
            made.end_other_connections()
            with opened(_url(made)) as other, other.lock("HR") as taken, other.begin() as unit:
                assert taken
                assert found_ids(whole_space(unit, "HR")) == [1, 2]
            with pytest.raises(StoreError, match="connection to the store's server failed"), store.begin():
                pass
            with pytest.raises(StoreError, match="another run may have begun") as caught, store.begin():
                pass
            assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST
        with store.lock("HR"), store.begin() as unit:
            assert found_ids(whole_space(unit, "HR")) == [1, 2]


def test_a_writer_that_waits_too_long_says_that_the_store_is_locked(made: PostgresDatabase) -> None:
    impatient = SqlStore(PostgresqlDatabase(_url(made), create=False, wait_s=0.05))
    with closing(impatient), opened(_url(made)) as store, store.begin():
        with pytest.raises(StoreError, match="locked by another writer") as caught, impatient.begin():
            pass
        assert caught.value.status is Status.STOPPED_DATABASE_CONNECTION_LOST
        with impatient.read() as reader:  # readers do not wait
            assert reader.population("HR") == 1


def test_a_row_that_contradicts_another_is_told_without_its_values(made: PostgresDatabase) -> None:
    with opened(_url(made)) as store:
        with pytest.raises(StoreError, match="contradicts") as caught, store.begin() as unit:
            unit.insert_objects(people([1], dn="cn=secret"))
        assert "secret" not in str(caught.value)


def test_a_process_has_a_bounded_number_of_connections(made: PostgresDatabase) -> None:
    at_once = threading.Barrier(2 * CONNECTIONS)
    counts: list[int] = []
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'unisono'"

    def look(store: Store) -> None:
        at_once.wait(30)
        with store.read() as reader, made.connect() as connection:
            assert reader.population("HR") == 1
            counts.append(connection.execute(count).fetchall()[0][0])

    with opened(_url(made)) as store:
        threads = [threading.Thread(target=look, args=[store]) for _ in range(2 * CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(counts) == 2 * CONNECTIONS
    assert max(counts) <= CONNECTIONS


def test_a_question_that_comes_with_every_update_is_put_into_words_once(made: PostgresDatabase) -> None:
    updates = [changes({"id": 1, kind: "code", f"{kind}_run": 1}) for kind in ("import_error", "export_error")]
    with opened(_url(made)) as store:
        for round_ in range(3):
            with store.begin() as unit:
                for update in updates:
                    unit.update_objects(update)
            if round_ == 0:
                known = _compiled.cache_info().misses
    assert _compiled.cache_info().misses == known
