"""What result codes are called, and what an import makes of attributes that come in parts."""

from __future__ import annotations

import pytest

from unisono.connectors.ldap.export_codes import Asked, export_code, refused
from unisono.connectors.ldap.images import images
from unisono.connectors.ldap.requests import Reply
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, ObjectType


@pytest.mark.parametrize(
    ("asked", "code", "error"),
    [
        pytest.param(Asked.ADD, 68, "cd-existing-object", id="an entry that is there"),
        pytest.param(Asked.RENAME, 68, "rename-to-existing-dn", id="a name that is taken"),
        pytest.param(Asked.ADD, 32, "non-existent-parent", id="a parent that is missing"),
        pytest.param(Asked.MODIFY, 32, "cd-missing-object", id="an entry that is missing"),
        pytest.param(Asked.RENAME, 32, "cd-missing-object", id="an entry that is missing for a rename"),
        pytest.param(Asked.MODIFY, 16, "schema-violation", id="an attribute that the server does not have"),
        pytest.param(Asked.MODIFY, 17, "schema-violation", id="an attribute that no server has"),
        pytest.param(Asked.MODIFY, 19, "constraint-violation", id="a constraint"),
        pytest.param(Asked.ADD, 20, "constraint-violation", id="a value twice in one add"),
        pytest.param(Asked.MODIFY, 21, "syntax-violation", id="a syntax"),
        pytest.param(Asked.ADD, 34, "invalid-dn", id="a name"),
        pytest.param(Asked.DELETE, 50, "permission-issue", id="a right"),
        pytest.param(Asked.ADD, 51, "locking-error-needs-retry", id="a busy server"),
        pytest.param(Asked.MODIFY, 53, "cd-error", id="an unwilling server"),
        pytest.param(Asked.MODIFY, 64, "modify-naming-attribute", id="what names it, in OpenLDAP"),
        pytest.param(Asked.MODIFY, 67, "modify-naming-attribute", id="what names it, elsewhere"),
        pytest.param(Asked.ADD, 65, "schema-violation", id="an object class"),
        pytest.param(Asked.DELETE, 66, "cd-error", id="an entry with others below"),
        pytest.param(Asked.MODIFY, 13, "encryption-not-enabled", id="a server that wants TLS"),
        pytest.param(Asked.MODIFY, 80, "cd-error", id="any other"),
        pytest.param(Asked.MODIFY, 4096, "cd-error", id="a code that nobody knows"),
    ],
)
def test_a_result_code_is_an_error_by_what_was_asked(asked: Asked, code: int, error: str) -> None:
    assert export_code(asked, code) == error


def test_the_servers_words_are_kept_but_for_secrets() -> None:
    outcome = refused(Asked.MODIFY, Reply(19, "userPassword: 'correct horse' is too short"), secrets=["correct horse"])
    assert outcome.cd_error == "19 constraintViolation: userPassword: '***' is too short"


def test_a_list_that_comes_in_ranges_is_not_taken_for_the_whole() -> None:
    group = ObjectType(name="group", attributes=(Attribute(name="member", multivalued=True),))
    entry = ("cn=g", {"entryUUID": [b"1"], "member;range=0-1499": [b"cn=a"]})
    with pytest.raises(StepStop, match="ranges") as stop:
        images([entry], group, anchor="entryUUID")
    assert stop.value.status is Status.STOPPED_IMPORT_READ
