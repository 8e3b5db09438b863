"""The LDAP connector's session with a real server: settings, connecting, TLS, refusals, schema."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ldap_directory import GROUP, PERSON, THING, access, connector, define_things, settings
from tests.servers.certificates import issue
from tests.servers.process import LOOPBACK, free_port
from tests.servers.slapd import LdapTree

from unisono.connectors.contract import Connector, ImportRequest
from unisono.connectors.ldap import KIND
from unisono.connectors.registry import SettingMistake, load_kind
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import AttributeType, Schema
from unisono.model.secrets import Secret

_FULL = ImportRequest(full=True)
_SCHEMA = Schema(object_types=(PERSON, GROUP))


def _read(source: Connector) -> list[str]:
    """DNs of a full import."""
    session = source.open_import(_FULL)
    try:
        return [dn for batch in session.batches() for dn in batch.objects["dn"]]
    finally:
        session.close()


def _refusal(source: Connector) -> StepStop:
    with pytest.raises(StepStop) as imported:
        source.open_import(_FULL)
    with pytest.raises(StepStop) as exported:
        source.open_export()
    assert (imported.value.status, imported.value.connection) == (exported.value.status, exported.value.connection)
    return imported.value


# --- settings --------------------------------------------------------------------------------------------------------

_VALID: dict[str, Any] = {"url": "ldaps://directory.example.org", "base": "dc=example,dc=org"}


def _mistakes(**changed: object) -> tuple[SettingMistake, ...]:
    given = {name: value for name, value in {**_VALID, **changed}.items() if value is not None}
    return KIND.validate(given, _SCHEMA)


def test_the_kind_is_found_by_its_name() -> None:
    assert load_kind("ldap") is KIND


def test_the_kind_is_known_without_the_library() -> None:
    program = "import sys, unisono.connectors.ldap; sys.exit('ldap' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_little_needs_to_be_set() -> None:
    assert _mistakes() == ()


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        pytest.param({"url": "https://directory.example.org"}, ("url",), id="another protocol"),
        pytest.param({"url": "directory.example.org"}, ("url",), id="no protocol"),
        pytest.param({"url": "ldap://"}, ("url",), id="no host"),
        pytest.param({"url": "ldap://directory.example.org:ldap"}, ("url",), id="a port that is no number"),
        pytest.param({"url": "ldap://[::1"}, ("url",), id="half an address"),
        pytest.param({"start_tls": True}, ("start_tls",), id="TLS twice"),
        pytest.param({"bind_dn": "cn=sync"}, ("bind_dn",), id="an account without a password"),
        pytest.param({"bind_dn": "cn=sync", "password": Secret("")}, ("bind_dn",), id="an empty password"),
        pytest.param({"bind_dn": "sync", "password": Secret("x")}, ("bind_dn",), id="an account that is no DN"),
        pytest.param({"base": None}, (), id="no base"),
        pytest.param({"bases": ["dc=other"]}, (), id="base and bases"),
        pytest.param({"base": "example.org"}, ("base",), id="a base that is no DN"),
        pytest.param({"base": None, "bases": ["dc=a", "OU=x, DC=A"]}, ("bases", 1), id="a base inside another"),
        pytest.param({"base": None, "bases": ["dc=a", "DC=A"]}, ("bases", 1), id="a base twice"),
        pytest.param({"placeholder_member": "nobody"}, ("placeholder_member",), id="a placeholder that is no DN"),
        pytest.param({"object_types": {"group": {"classes": []}}}, ("object_types", "group", "classes"), id="no class"),
        pytest.param({"object_types": {"x": {"classes": ["x"]}}}, ("object_types", "x"), id="an unknown type"),
        pytest.param({"window": 0}, ("window",), id="no request in flight"),
        pytest.param({"delta": "dirsync"}, ("delta",), id="an unknown way to find changes"),
        pytest.param({"delta": "accesslog", "anchor": "uid"}, ("anchor",), id="an anchor that the log does not tell"),
        pytest.param({"passwort": "x"}, ("passwort",), id="a misspelt setting"),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_place(changed: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert [mistake.path for mistake in _mistakes(**changed)] == [path]


def test_without_the_library_the_check_and_the_connector_name_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "ldap" else found(name, *a))
    assert ["pip install unisono[ldap]" in mistake.hint for mistake in _mistakes()] == [True]
    with pytest.raises(StepStop, match="python-ldap") as stop:
        KIND.make(_VALID, _SCHEMA, Path()).open_import(_FULL)
    assert "pip install unisono[ldap]" in stop.value.hint
    assert stop.value.status is Status.NO_START_MA


# --- connecting ------------------------------------------------------------------------------------------------------


def _tls_settings(tree: LdapTree, way: str) -> dict[str, object]:
    server = tree.server
    return {"url": server.tls_url} if way == "ldaps" else {"url": server.url, "start_tls": True}


@pytest.mark.parametrize("way", ["ldaps", "StartTLS"])
def test_an_encrypted_connection_verifies_the_server(ldap_tree: LdapTree, way: str) -> None:
    dn = ldap_tree.add_person("ann")
    authority = str(ldap_tree.server.certificate_authority)
    assert _read(connector(ldap_tree, **_tls_settings(ldap_tree, way), ca_file=authority)) == [dn]


@pytest.mark.parametrize("way", ["ldaps", "StartTLS"])
@pytest.mark.parametrize("trusted", ["another authority", "the system's authorities"])
def test_a_server_that_cannot_be_verified_is_refused(
    ldap_tree: LdapTree, tmp_path: Path, way: str, trusted: str
) -> None:
    other = str(issue(tmp_path / "other").authority) if trusted == "another authority" else None
    stop = _refusal(connector(ldap_tree, **_tls_settings(ldap_tree, way), ca_file=other))
    assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


def test_a_relative_file_of_authorities_starts_at_the_project(ldap_tree: LdapTree, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(ldap_tree.server.certificate_authority.read_bytes())
    chosen = settings(ldap_tree, url=ldap_tree.server.tls_url, ca_file="ca.pem")
    assert _read(KIND.make(chosen, _SCHEMA, tmp_path)) == []


def test_a_missing_file_of_authorities_is_named(ldap_tree: LdapTree) -> None:
    stop = _refusal(connector(ldap_tree, url=ldap_tree.server.tls_url, ca_file="missing.pem"))
    assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")
    assert "missing.pem" in stop.message


@pytest.mark.parametrize("way", ["ldaps", "StartTLS"])
def test_a_file_without_authorities_is_no_reason_to_trust_anybody(
    ldap_tree: LdapTree, tmp_path: Path, way: str
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing of the kind")
    stop = _refusal(connector(ldap_tree, **_tls_settings(ldap_tree, way), ca_file=str(empty)))
    assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


def test_a_connector_without_object_types_reads_nothing(ldap_tree: LdapTree) -> None:
    source = KIND.make(settings(ldap_tree, object_types=None), Schema(object_types=()), Path())
    with pytest.raises(StepStop) as stop:
        source.open_import(_FULL)
    assert stop.value.status is Status.NO_START_BAD_MA_CONFIGURATION


def test_nobody_listening_is_no_connection(ldap_tree: LdapTree) -> None:
    stop = _refusal(connector(ldap_tree, url=f"ldap://{LOOPBACK}:{free_port()}"))
    assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"url": "ldap://{}"}, id="in clear"),
        pytest.param({"url": "ldaps://{}"}, id="ldaps"),
        pytest.param({"url": "ldap://{}", "start_tls": True}, id="StartTLS"),
    ],
)
def test_a_server_that_does_not_answer_is_given_up(
    ldap_tree: LdapTree, silent_port: int, changed: dict[str, object]
) -> None:
    url = str(changed["url"]).format(f"{LOOPBACK}:{silent_port}")
    stop = _refusal(connector(ldap_tree, **{**changed, "url": url}, timeout_s=1, connect_timeout_s=1))
    assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


def test_wrong_credentials_are_refused_without_showing_them(ldap_tree: LdapTree) -> None:
    stop = _refusal(connector(ldap_tree, password=Secret("wrong horse")))
    assert (stop.status, stop.connection) == (Status.NO_START_CREDENTIALS, "failed-authentication")
    assert "wrong horse" not in f"{stop!r} {stop.message} {stop.hint}"


def test_a_base_that_does_not_exist_is_not_an_empty_one(ldap_tree: LdapTree) -> None:
    stop = _refusal(connector(ldap_tree, base=f"ou=nowhere,{ldap_tree.base_dn}"))
    assert stop.status is Status.NO_START_PARTITION_NOT_CONFIGURED


@pytest.mark.parametrize(
    ("level", "connection"),
    [
        pytest.param("disclose", "failed-permission", id="the server says so"),
        pytest.param("search", "failed-permission", id="the server shows nothing"),
        pytest.param("none", "", id="the server denies that it is there"),
    ],
)
def test_a_base_that_may_not_be_read_is_not_an_empty_one(ldap_tree: LdapTree, level: str, connection: str) -> None:
    server = ldap_tree.server
    reader = {"bind_dn": server.reader_dn, "password": Secret(server.reader_password)}
    with access(server, f'to dn.subtree="{ldap_tree.base_dn}" by * {level}'):
        stop = _refusal(connector(ldap_tree, **reader))
    assert stop.status.startswith("no-start-")
    assert stop.connection == connection


# --- schema ----------------------------------------------------------------------------------------------------------


def test_the_schema_comes_from_the_server(ldap_tree: LdapTree) -> None:
    define_things(ldap_tree.server)
    found = connector(ldap_tree, THING).discover_schema()["thing"]
    for attribute in THING.attributes:
        assert found[attribute.name].type is attribute.type
    assert {a.name for a in found.attributes if a.required} == {"cn", "sn"}
    assert (found["testNote"].multivalued, found["testNotes"].multivalued) == (False, True)
    assert "objectClass" not in found


@pytest.mark.parametrize(
    ("name", "type_", "read_only", "export_only"),
    [
        pytest.param("entryUUID", AttributeType.STRING, True, False, id="an identity"),
        pytest.param("modifyTimestamp", AttributeType.DATETIME, True, False, id="an operational time"),
        pytest.param("manager", AttributeType.REFERENCE, False, False, id="a reference by its inherited syntax"),
        pytest.param("jpegPhoto", AttributeType.BINARY, False, False, id="a photo"),
        pytest.param("userCertificate;binary", AttributeType.BINARY, False, False, id="a certificate"),
        pytest.param("userPassword", AttributeType.STRING, False, True, id="a password"),
        pytest.param("cn", AttributeType.STRING, False, False, id="a text with an inherited syntax"),
    ],
)
def test_attributes_are_found_as_what_they_are(
    ldap_tree: LdapTree, name: str, type_: AttributeType, read_only: bool, export_only: bool
) -> None:
    attribute = connector(ldap_tree, PERSON).discover_schema()["person"][name]
    assert (attribute.type, attribute.read_only, attribute.export_only) == (type_, read_only, export_only)


def test_without_configured_types_every_structural_class_is_offered(ldap_tree: LdapTree) -> None:
    found = KIND.make(settings(ldap_tree, object_types=None), Schema(object_types=()), Path()).discover_schema()
    names = {object_type.name for object_type in found.object_types}
    assert {"inetOrgPerson", "groupOfNames", "organizationalUnit"} <= names
    assert names.isdisjoint({"top", "posixAccount"})


def test_an_object_class_that_the_server_does_not_have_is_named(ldap_tree: LdapTree) -> None:
    chosen = settings(ldap_tree, object_types={"person": {"classes": ["inetOrgPersson"]}})
    with pytest.raises(StepStop, match="inetOrgPersson") as stop:
        KIND.make(chosen, _SCHEMA, Path()).discover_schema()
    assert stop.value.status is Status.NO_START_BAD_MA_CONFIGURATION
