"""Secrets are references in files, values nowhere but inside ``Secret``."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from unisono.config import load_project
from unisono.config.checks import Check
from unisono.config.secrets import MAX_SECRET_BYTES, SecretSource, has_password, is_secret_in_clear
from unisono.model.errors import ConfigurationError
from unisono.model.secrets import Secret

COMPLETE = Path(__file__).parent / "complete"


@pytest.fixture
def source(tmp_path: Path) -> SecretSource:
    (tmp_path / "secret").write_text("from a file\n", encoding="utf-8")
    return SecretSource(
        directory=tmp_path, environ={"NAME": "from the environment", "EMPTY": "", "TRICK": "${env:NAME}"}
    )


# --- resolving -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("${env:NAME}", "from the environment", id="a variable"),
        pytest.param("${file:secret}", "from a file", id="a file of the project, without its last line end"),
        pytest.param("user:${env:NAME}@host", "user:from the environment@host", id="inside a text"),
        pytest.param("${env:NAME}${file:secret}", "from the environmentfrom a file", id="two of them"),
        pytest.param("${env:TRICK}", "${env:NAME}", id="what a secret holds is no reference"),
    ],
)
def test_a_reference_becomes_a_secret(text: str, value: str, source: SecretSource) -> None:
    assert source.resolve(text) == (Secret(value), ())


def test_text_without_reference_stays_text(source: SecretSource) -> None:
    assert source.resolve("$plain {text}") == ("$plain {text}", ())


def test_a_file_may_stand_outside_the_project(source: SecretSource, tmp_path: Path) -> None:
    assert source.resolve(f"${{file:{tmp_path}/secret}}") == (Secret("from a file"), ())


@pytest.mark.parametrize(
    ("content", "value"),
    [
        pytest.param(b"one\r\n", "one", id="a line end of another system"),
        pytest.param(b"one\n\n", "one\n", id="only the last line end goes"),
        pytest.param(b" one ", " one ", id="blanks stay"),
    ],
)
def test_only_the_last_line_end_of_a_file_is_taken_off(content: bytes, value: str, source: SecretSource) -> None:
    (source.directory / "other").write_bytes(content)
    assert source.resolve("${file:other}") == (Secret(value), ())


@pytest.mark.parametrize(
    ("text", "check"),
    [
        pytest.param("${env:UNSET}", Check.SECRET_MISSING, id="a variable that is not set"),
        pytest.param("${env:EMPTY}", Check.SECRET_MISSING, id="a variable that is empty"),
        pytest.param("${file:nowhere}", Check.SECRET_MISSING, id="a file that is not there"),
        pytest.param("${file:.}", Check.SECRET_MISSING, id="a folder"),
        pytest.param("${file:" + "x" * 5000 + "}", Check.SECRET_MISSING, id="a path that is too long"),
        pytest.param("${file:/dev/zero}", Check.SECRET_MISSING, id="a device that never ends"),
        pytest.param("${vault:NAME}", Check.SECRET_REFERENCE, id="an unknown kind"),
        pytest.param("${NAME}", Check.SECRET_REFERENCE, id="no kind"),
        pytest.param("${env:}", Check.SECRET_REFERENCE, id="no name"),
        pytest.param("${}", Check.SECRET_REFERENCE, id="nothing"),
        pytest.param("${env:NAME", Check.SECRET_REFERENCE, id="no end"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_finding(text: str, check: Check, source: SecretSource) -> None:
    _, findings = source.resolve(text)
    assert [finding.check for finding in findings] == [check]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="an empty line"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"a\0b", id="binary"),
        pytest.param(b"x" * (MAX_SECRET_BYTES + 1), id="too large"),
    ],
)
def test_a_file_that_holds_no_usable_secret_is_a_finding(content: bytes, source: SecretSource) -> None:
    (source.directory / "other").write_bytes(content)
    _, findings = source.resolve("${file:other}")
    assert [finding.check for finding in findings] == [Check.SECRET_MISSING]


def test_all_findings_of_a_text_are_told(source: SecretSource) -> None:
    _, findings = source.resolve("${env:A}${env:B}${env:NAME}")
    assert [finding.message for finding in findings] == [
        "the environment variable 'A' is not set",
        "the environment variable 'B' is not set",
    ]


# --- in clear --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "is_secret"),
    [
        pytest.param("password", "x", True, id="a password"),
        pytest.param("bind_password", "x", True, id="a kind of password"),
        pytest.param("client-secret", "x", True, id="a kind of secret"),
        pytest.param("TOKEN", "x", True, id="in capitals"),
        pytest.param("password", "${env:X}", False, id="a reference"),
        pytest.param("password", "", False, id="nothing"),
        pytest.param("password_attribute", "unicodePwd", False, id="something about passwords"),
        pytest.param("url", "ldap://host:389/dc=x", False, id="a URL without an account"),
        pytest.param("url", "postgresql://user@host/db", False, id="a URL with an account"),
        pytest.param("url", "postgresql://user:x@host/db", True, id="a URL with a password"),
        pytest.param("url", "postgresql://user:${env:X}@host/db", False, id="a URL with a reference"),
        pytest.param("dsn", "host=x password=y", True, id="a list with a password"),
        pytest.param("dsn", "Server=x;PWD=y", True, id="a connection string with a password"),
        pytest.param("filter", "(userPassword=*)", False, id="a filter about passwords"),
    ],
)
def test_a_secret_in_clear_is_seen_by_its_name_or_form(name: str, text: str, is_secret: bool) -> None:
    assert is_secret_in_clear(name, text) is is_secret


def test_a_reference_in_a_url_is_no_password_in_clear() -> None:
    assert not has_password("postgresql://u:${env:P}@h/d")
    assert has_password("postgresql://u:p@h/d")


# --- nothing tells ---------------------------------------------------------------------------------------------------


def test_a_loaded_project_prints_no_secret() -> None:
    loaded = load_project(COMPLETE, environ={"STORE_PASSWORD": "correct-horse"})
    for text in (repr(loaded), str(loaded), str(loaded.project), repr(loaded.project.connectors)):
        assert "correct-horse" not in text
        assert "from-a-file" not in text
    assert "correct-horse" in loaded.store.reveal()


def test_a_failure_prints_no_secret_not_even_in_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "unisono.yaml").write_text(
        "name: x\nstore: postgresql://u:${env:P}@h/d\ncolour: ${env:P}\n", encoding="utf-8"
    )
    environ = {"P": "correct-horse"}
    with pytest.raises(ConfigurationError) as raised:
        load_project(tmp_path, environ=environ)
    error = raised.value
    told = [str(error), repr(error), repr(error.mistakes), *traceback.format_exception(error)]
    assert not any("correct-horse" in text for text in told)
    assert (error.__cause__, error.__context__) == (None, None)
