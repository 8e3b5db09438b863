"""What an LDAP server's refusals mean: for a whole step (``StepStop``), and in words.

The codes of single exported objects are in ``export_codes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ldap

from unisono.model.errors import StepStop
from unisono.model.runs import Status

#: Result codes (RFC 4511 §4.1.9) by number.
LITERALS: Mapping[int, str] = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    13: "confidentialityRequired",
    16: "noSuchAttribute",
    17: "undefinedAttributeType",
    18: "inappropriateMatching",
    19: "constraintViolation",
    20: "attributeOrValueExists",
    21: "invalidAttributeSyntax",
    32: "noSuchObject",
    33: "aliasProblem",
    34: "invalidDNSyntax",
    36: "aliasDereferencingProblem",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    54: "loopDetect",
    64: "namingViolation",
    65: "objectClassViolation",
    66: "notAllowedOnNonLeaf",
    67: "notAllowedOnRDN",
    68: "entryAlreadyExists",
    69: "objectClassModsProhibited",
    71: "affectsMultipleDSAs",
    80: "other",
}

#: The connection is gone, or might as well be.
LOST = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT, ldap.UNAVAILABLE, ldap.LOCAL_ERROR)

_DENIED = (ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH)
_NEEDS_TLS = (ldap.CONFIDENTIALITY_REQUIRED, ldap.STRONG_AUTH_REQUIRED)

_SEARCH_HINTS: Mapping[int, str] = {
    3: "raise the server's time limit for this account (slapd: olcLimits … time=unlimited)",
    4: "raise the server's size limit for this account (slapd: olcLimits … size=unlimited); paging does not lift it",
    11: "raise the server's limits for this account, or the look-through limit",
    12: "the server refuses paged results to this account",
    50: "give the account the right to read what is in scope",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A result that is not success. ``message_id`` is None where no message was answered: the connection broke."""

    code: int
    text: str
    message_id: int | None = None

    @classmethod
    def of(cls, failure: ldap.LDAPError) -> Refusal:
        details = failure.args[0] if failure.args and isinstance(failure.args[0], dict) else {}
        text = details.get("info") or details.get("desc") or type(failure).__name__
        return cls(code=details.get("result", -1), text=text, message_id=details.get("msgid"))

    def __str__(self) -> str:
        """Number, literal and the server's own words; a failure of the library has no number."""
        literal = LITERALS.get(self.code)
        return f"{self.code} {literal}: {self.text}" if literal else self.text


def not_connected(url: str, failure: ldap.LDAPError) -> StepStop:
    """Why no session could be opened."""
    reason = Refusal.of(failure)
    if isinstance(failure, _DENIED):
        return StepStop(
            Status.NO_START_CREDENTIALS,
            f"{url} refused the account: {reason}",
            hint="check bind_dn and password",
            connection="failed-authentication",
        )
    hint = "use ldaps:// or start_tls" if isinstance(failure, _NEEDS_TLS) else "check address, port and certificate"
    return StepStop(
        Status.NO_START_CONNECTION, f"no session with {url}: {reason}", hint=hint, connection="failed-connection"
    )


def silent(url: str, timeout_s: int) -> StepStop:
    """A server that takes connections and does not speak."""
    return StepStop(
        Status.NO_START_CONNECTION,
        f"{url} did not answer within {timeout_s} s",
        hint="check the server; raise connect_timeout_s if it is only slow",
        connection="failed-connection",
    )


def dropped(failure: ldap.LDAPError) -> StepStop:
    """The session broke after it had begun."""
    return StepStop(
        Status.STOPPED_CONNECTIVITY,
        f"the connection was lost: {Refusal.of(failure)}",
        hint="run the step again when the server answers",
        connection="dropped-connection",
    )


def unreadable(what: str, failure: ldap.LDAPError) -> StepStop:
    """A search did not reach its end. What came of it is part of the truth only, and must not be used."""
    if isinstance(failure, LOST):
        return dropped(failure)
    reason = Refusal.of(failure)
    denied = isinstance(failure, ldap.INSUFFICIENT_ACCESS)
    return StepStop(
        Status.STOPPED_IMPORT_READ,
        f"reading {what} ended with {reason}",
        hint=_SEARCH_HINTS.get(reason.code, "repeat the search by hand with the same account"),
        connection="failed-permission" if denied else "failed-search",
    )


def no_base(base: str, failure: ldap.LDAPError | None) -> StepStop:
    """A subtree in scope cannot be used; ``failure`` None: the server says nothing and shows nothing."""
    if isinstance(failure, LOST):
        return dropped(failure)
    if isinstance(failure, ldap.NO_SUCH_OBJECT | ldap.INVALID_DN_SYNTAX):
        return StepStop(
            Status.NO_START_PARTITION_NOT_CONFIGURED,
            f"there is no {base}",
            hint="check base; an account that may not know of an entry is told the same",
        )
    denied = failure is None or isinstance(failure, ldap.INSUFFICIENT_ACCESS)
    return StepStop(
        Status.NO_START_CONNECTION,
        f"{base} cannot be read: {Refusal.of(failure) if failure else 'the server shows nothing of it'}",
        hint="give the account the right to read and search it",
        connection="failed-permission" if denied else "failed-search",
    )
