"""LDAP result codes to export errors, as a table (connector specification §4.7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from unisono.connectors.ldap.failures import LITERALS
from unisono.connectors.ldap.requests import Outcome, Reply


class Asked(Enum):
    """What the server was asked to do; the same code means different things."""

    ADD = "add"
    MODIFY = "modify"
    RENAME = "rename"
    DELETE = "delete"


NO_SUCH_ATTRIBUTE = 16
INAPPROPRIATE_MATCHING = 18
CONSTRAINT_VIOLATION = 19
VALUE_EXISTS = 20
INVALID_SYNTAX = 21
NO_SUCH_OBJECT = 32
INVALID_DN = 34
OBJECT_CLASS_VIOLATION = 65
ENTRY_ALREADY_EXISTS = 68

ANY_OTHER = "cd-error"

_ALWAYS: Mapping[int, str] = {
    8: "encryption-not-enabled",
    13: "encryption-not-enabled",
    NO_SUCH_ATTRIBUTE: "schema-violation",
    17: "schema-violation",
    CONSTRAINT_VIOLATION: "constraint-violation",
    VALUE_EXISTS: "constraint-violation",
    INVALID_SYNTAX: "syntax-violation",
    INVALID_DN: "invalid-dn",
    50: "permission-issue",
    51: "locking-error-needs-retry",
    64: "modify-naming-attribute",
    OBJECT_CLASS_VIOLATION: "schema-violation",
    67: "modify-naming-attribute",
    69: "schema-violation",
}
_BY_REQUEST: Mapping[Asked, Mapping[int, str]] = {
    Asked.ADD: {NO_SUCH_OBJECT: "non-existent-parent", ENTRY_ALREADY_EXISTS: "cd-existing-object"},
    Asked.MODIFY: {NO_SUCH_OBJECT: "cd-missing-object"},
    Asked.RENAME: {NO_SUCH_OBJECT: "cd-missing-object", ENTRY_ALREADY_EXISTS: "rename-to-existing-dn"},
    Asked.DELETE: {},
}


def is_fault_of_a_value(code: int) -> bool:
    """Whether a value is refused for what it is; the others of its set may do."""
    return code in (CONSTRAINT_VIOLATION, INVALID_SYNTAX, INVALID_DN)


def export_code(asked: Asked, code: int) -> str:
    return _BY_REQUEST[asked].get(code) or _ALWAYS.get(code, ANY_OTHER)


def refused(asked: Asked, reply: Reply, *, attribute: str | None = None, secrets: Collection[str] = ()) -> Outcome:
    """The outcome of a refused request. The server's words stay, but for ``secrets`` that it may quote."""
    text = reply.text
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    literal = LITERALS.get(reply.code, "unknown result")
    return Outcome(
        code=export_code(asked, reply.code),
        attribute=attribute,
        message=f"the server refused the {asked.value}: {literal}",
        cd_error=f"{reply.code} {literal}: {text}",
    )
