"""The servers keep their promises, so that tests may rely on them."""

from __future__ import annotations

import ldap
import psycopg
import pytest

from tests.servers.postgres import Postgres, PostgresDatabase
from tests.servers.process import NotInstalled, ServerFailed, program, run
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.slapd_configuration import READER_DN, READER_PASSWORD, Overlay


def test_a_missing_program_names_the_line_that_installs_it() -> None:
    with pytest.raises(NotInstalled, match=r"^nosuchserver is not installed: apt-get install nosuchserver-12$"):
        program("nosuchserver", packages="nosuchserver-12")


def test_a_failing_program_shows_what_it_printed() -> None:
    with pytest.raises(ServerFailed, match="No such file"):
        run(program("ls", packages="coreutils"), "/nonexistent")


def test_slapd_verifies_over_tls(slapd: Slapd) -> None:
    connection = ldap.initialize(slapd.tls_url)
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(slapd.certificate_authority))
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    connection.simple_bind_s(READER_DN, READER_PASSWORD)
    assert connection.whoami_s() == f"dn:{READER_DN}"
    connection.unbind_s()


def test_slapd_is_configured_over_its_socket_by_who_started_it(slapd: Slapd) -> None:
    connection = ldap.initialize(slapd.socket_url)
    connection.sasl_external_bind_s()
    assert connection.search_s("cn=config", ldap.SCOPE_BASE)
    connection.unbind_s()


def test_the_reader_sees_people_and_the_log_and_writes_nothing(ldap_tree: LdapTree) -> None:
    dn = ldap_tree.add_person("alice", mail=["alice@example.org"])

    with ldap_tree.server.connect(READER_DN, READER_PASSWORD) as reader:
        ((_, person),) = reader.search_s(dn, ldap.SCOPE_BASE)
        logged = reader.search_s("cn=accesslog", ldap.SCOPE_SUBTREE, f"(reqDN={dn})", ["reqType"])
        with pytest.raises(ldap.INSUFFICIENT_ACCESS):
            reader.delete_s(dn)

    assert person["mail"] == [b"alice@example.org"]
    assert [entry["reqType"] for _, entry in logged] == [[b"add"]]


def test_trees_are_empty_and_apart(slapd: Slapd) -> None:
    first, second = slapd.new_tree(), slapd.new_tree()

    first.add_person("alice")

    assert list(first.entries()) == [f"uid=alice,{first.base_dn}"]
    assert second.entries() == {}


def test_a_tree_is_changed_renamed_and_emptied(ldap_tree: LdapTree) -> None:
    dn = ldap_tree.add_person("alice", title=["Engineer"])

    ldap_tree.replace(dn, title=[], mail=["a@example.org"])
    ldap_tree.rename(dn, "uid=alicia")
    renamed = f"uid=alicia,{ldap_tree.base_dn}"

    assert ldap_tree.entries()[renamed].keys() == {"objectClass", "uid", "cn", "sn", "mail"}
    ldap_tree.delete(renamed)
    assert ldap_tree.entries() == {}


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_slapd_comes_back_at_the_same_place_with_its_entries(how: str) -> None:
    with Slapd() as server:
        tree = server.new_tree()
        tree.add_person("alice")
        if how == "kill":
            server.kill()
            with pytest.raises(ldap.SERVER_DOWN), server.connect():
                pass
            server.start()
        else:
            server.restart()
        assert len(tree.entries()) == 1


def test_slapd_runs_with_the_overlays_that_are_asked_for() -> None:
    with Slapd(overlays=(Overlay.MEMBEROF, Overlay.REFINT, Overlay.PPOLICY)) as server:
        tree = server.new_tree()
        alice = tree.add_person("alice")
        tree.add(f"cn=staff,{tree.base_dn}", objectClass=["groupOfNames"], cn=["staff"], member=[alice])
        with server.connect() as connection:
            ((_, person),) = connection.search_s(alice, ldap.SCOPE_BASE, attrlist=["memberOf"])
            with pytest.raises(ldap.NO_SUCH_OBJECT):
                connection.search_s("cn=accesslog", ldap.SCOPE_BASE)
    assert person["memberOf"] == [f"cn=staff,{tree.base_dn}".encode()]


def test_what_a_server_needed_goes_with_it() -> None:
    with Slapd() as server:
        directory = server.directory
        assert directory.exists()
    assert not directory.exists()


def test_databases_are_empty_and_apart(postgres: Postgres) -> None:
    first, second = postgres.new_database(), postgres.new_database()
    with first.connect() as connection:
        connection.execute("CREATE TABLE people (id integer)")

    with second.connect() as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM people")

    postgres.drop_database(first.name)
    postgres.drop_database(second.name)


def test_a_database_that_comes_back_is_empty_again(postgres: Postgres) -> None:
    database = postgres.new_database()
    left_open = database.connect()
    left_open.execute("CREATE SCHEMA hr CREATE TABLE people (id serial PRIMARY KEY)")

    postgres.take_back(database)
    again = postgres.new_database()

    assert again.name == database.name
    with again.connect() as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM hr.people")
    left_open.close()
    postgres.take_back(again)


def test_a_database_that_cannot_be_emptied_goes(postgres: Postgres) -> None:
    database = postgres.new_database()
    with postgres.connect(database.name) as superuser:
        superuser.execute("CREATE TABLE others (id integer)")

    postgres.take_back(database)

    with postgres.connect() as superuser:
        assert superuser.execute("SELECT FROM pg_database WHERE datname = %s", [database.name]).fetchone() is None


def test_postgres_asks_for_the_password(postgres_database: PostgresDatabase) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1", port=postgres_database.port, user="owner", password="wrong", dbname="postgres"
        )


def test_connections_to_a_database_can_be_cut(postgres_database: PostgresDatabase) -> None:
    connection = postgres_database.connect()

    assert postgres_database.end_other_connections() == 1

    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_postgres_comes_back_at_the_same_place_with_its_rows() -> None:
    with Postgres() as server:
        database = server.new_database()
        with database.connect() as connection:
            connection.execute("CREATE TABLE people (id integer)")
        server.kill()
        server.start()
        with database.connect() as connection:
            assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)
