"""The demonstration and new projects: what is made works, and nothing that exists is overwritten."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from tests.servers.slapd import Slapd
from tests.unit.cli.calls import Unisono


def test_a_new_project_works_with_the_commands_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    monkeypatch.chdir(tmp_path)
    made = unisono("new", "contoso", "--json")
    assert made.status == 0
    following = made.document["next"]
    assert following[0] == "unisono --project contoso check"
    assert [unisono(*words.split()[1:]).status for words in following] == [0] * len(following)
    assert "Robin Example" in unisono("--project", "contoso", "search", "robin").out


def test_a_new_project_overwrites_nothing(tmp_path: Path, unisono: Unisono) -> None:
    unisono("new", str(tmp_path / "contoso"))
    again = unisono("new", str(tmp_path / "contoso"))
    assert again.status == 2
    assert "exists already" in again.err


def test_a_demonstration_needs_a_folder_of_its_own(tmp_path: Path, unisono: Unisono) -> None:
    (tmp_path / "mine").write_text("kept")
    call = unisono("demo", str(tmp_path))
    assert (call.status, [path.name for path in tmp_path.iterdir()]) == (2, ["mine"])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("localhost", "is not the URL of an LDAP server", id="no-url"),
        pytest.param("ldap://127.0.0.1:1", "CONTOSO_LDAP_PASSWORD is not set", id="no-password"),
    ],
)
def test_a_demonstration_on_ldap_says_what_is_missing(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    monkeypatch.delenv("CONTOSO_LDAP_PASSWORD", raising=False)
    call = unisono("demo", str(tmp_path / "contoso"), "--ldap", url)
    assert call.status == 2
    assert said in call.err


def test_a_directory_that_cannot_be_filled_is_said_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    monkeypatch.setenv("CONTOSO_LDAP_PASSWORD", "hush-hush")
    call = unisono("demo", str(tmp_path / "contoso"), "--ldap", "ldap://127.0.0.1:1")
    assert call.status == 2
    assert "could not be filled" in call.err
    assert "hush-hush" not in call.out + call.err


@pytest.mark.slow
def test_the_demonstration_tells_joins_precedence_renames_leavers_errors_and_the_guard(
    tmp_path: Path, unisono: Unisono
) -> None:
    call = unisono("demo", str(tmp_path / "contoso"), "--json")
    assert call.status == 0
    first, second, bad, truncated, settled = call.document["chapters"]
    assert _starts(first) == ["Filter", "Join", "Disconnectors", "Provisioning"]
    assert _starts(second)[1:6] == ["Joiner", "Leaver", "Rename", "Scope", "Precedence"]
    assert [run["status"] for run in bad["runs"]] == ["completed-discovery-errors"]
    assert [run["status"] for run in truncated["runs"]] == ["stopped-deletion-threshold-exceeded"]
    assert settled["text"] == ["A last cycle, and nothing had to change."]
    ran = [run for chapter in (first, second, settled) for run in chapter["runs"]]
    assert {run["status"] for run in ran} <= {"success", "completed-no-objects"}
    for words in call.document["next"]:
        assert unisono(*words.split()[1:]).status == 0


@pytest.mark.slow
def test_the_demonstration_runs_on_an_ldap_server_too(
    slapd: Slapd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    monkeypatch.setenv("CONTOSO_LDAP_PASSWORD", slapd.root_password)
    url = f"{slapd.url}/dc=contoso,{slapd.suffix}????bindname={quote(slapd.root_dn)}"
    call = unisono("demo", str(tmp_path / "contoso"), "--ldap", url, "--json")
    assert call.status == 0
    ran = [(run["connector"], run["profile"], run["status"]) for run in call.document["chapters"][1]["runs"]]
    assert ("directory", "export", "success") in ran
    assert {status for connector, _, status in ran if connector == "directory"} == {"success"}
    assert slapd.root_password not in call.out + call.err


def _starts(chapter: dict[str, list[str]]) -> list[str]:
    """What each sentence is about."""
    return [text.partition(":")[0] for text in chapter["text"]]
