"""Many exchanges over one connection: a bounded number of requests in flight, replies matched by message id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import ldap
from ldap.controls import LDAPControl, RequestControl, ResponseControl

from unisono.connectors.ldap import ber, failures
from unisono.connectors.ldap.connection import NO_ATTRIBUTES, Connection
from unisono.connectors.ldap.requests import Add, Delete, Exchange, Look, Modify, Outcome, Rename, Reply, Request

POST_READ = "1.3.6.1.1.13.2"  # RFC 4527 §3.2

_UNAVAILABLE = 52
_ENTRIES = (ldap.RES_SEARCH_ENTRY, ldap.RES_SEARCH_REFERENCE)
_ACCEPTED = Reply()
_Talking = dict[int, tuple[int, Exchange]]  # message id → the exchange that waits for its reply, and its number


class Window:
    """``size`` exchanges at once. ``identity`` is the attribute that tells who an entry is; with ``post_read`` the
    server tells it in the reply to an add."""

    def __init__(
        self, connection: Connection, *, size: int, timeout_s: int, identity: str | None, post_read: bool
    ) -> None:
        self._connection = connection
        self._size = size
        self._timeout_s = timeout_s
        self._identity = identity
        self._after_add = _post_read(identity) if identity and post_read else None
        self._seen: dict[int, dict[str, list[bytes]]] = {}  # message id of a look → the values found

    def run(self, exchanges: Iterable[tuple[int, Exchange]]) -> Iterator[tuple[int, Outcome]]:
        """Outcomes by the exchanges' numbers, as they come. Raises ``StepStop`` when the connection breaks."""
        talking: _Talking = {}
        for number, exchange in exchanges:
            outcome = self._go_on(talking, number, exchange, None)
            if outcome is not None:
                yield number, outcome
            while len(talking) >= self._size:
                yield from self._receive(talking)
        while talking:
            yield from self._receive(talking)

    def _go_on(self, talking: _Talking, number: int, exchange: Exchange, reply: Reply | None) -> Outcome | None:
        """The exchange's outcome, or None when it has sent something and waits."""
        try:
            request = next(exchange) if reply is None else exchange.send(reply)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        talking[self._send(request)] = number, exchange
        return None

    def _receive(self, talking: _Talking) -> tuple[tuple[int, Outcome], ...]:
        """The outcome that the next message brings, if it brings one."""
        message_id, reply = self._message()
        if reply is None or message_id not in talking:
            return ()
        number, exchange = talking.pop(message_id)
        outcome = self._go_on(talking, number, exchange, reply)
        return ((number, outcome),) if outcome is not None else ()

    def _message(self) -> tuple[int, Reply | None]:
        """One message; None: more of its answer will come. The wait is bounded: a silent server counts as lost."""
        try:
            kind, data, message_id, controls, _, _ = self._connection.result4(
                ldap.RES_ANY, 0, self._timeout_s, resp_ctrl_classes=_RESPONSE_CONTROLS
            )
        except ldap.LDAPError as failure:
            refusal = failures.Refusal.of(failure)
            if refusal.message_id is None or refusal.code == _UNAVAILABLE:
                raise failures.dropped(failure) from failure
            return refusal.message_id, Reply(refusal.code, refusal.text)
        if kind in _ENTRIES:
            self._seen[message_id] = {name.lower(): values for name, values in data[0][1].items()}
            return message_id, None
        if controls:
            return message_id, Reply(anchor=_told(controls))
        seen = self._seen.pop(message_id, None)
        return message_id, Reply(anchor=self._identity_in(seen), values=seen) if seen is not None else _ACCEPTED

    def _send(self, request: Request) -> int:
        try:
            return self._asked(request)
        except ldap.LDAPError as failure:
            raise failures.dropped(failure) from failure

    def _asked(self, request: Request) -> int:
        connection = self._connection
        match request:
            case Add():
                message_id = connection.add_ext(request.dn, request.attributes, serverctrls=self._after_add)
            case Modify():
                message_id = connection.modify_ext(request.dn, request.changes)
            case Rename():
                message_id = connection.rename(request.dn, request.new_rdn, request.new_superior)
            case Delete():
                message_id = connection.delete_ext(request.dn)
            case Look():
                wanted = [*([self._identity] if self._identity else ()), *request.attributes] or [NO_ATTRIBUTES]
                message_id = connection.search_ext(request.dn, ldap.SCOPE_BASE, "(objectClass=*)", wanted)
        return int(message_id)

    def _identity_in(self, seen: dict[str, list[bytes]]) -> str | None:
        values = seen.get((self._identity or "").lower())
        return values[0].decode() if values else None


class _PostReadResponse(ResponseControl):  # type: ignore[misc] # the library has no types
    """The identity of an entry as it was after the operation."""

    controlType = POST_READ  # noqa: N815 - the library's name

    def decodeControlValue(self, encodedControlValue: bytes) -> None:  # noqa: N802, N803 - the library's names
        value = ber.first_value(encodedControlValue)
        self.identity = value.decode() if value is not None else None


_RESPONSE_CONTROLS = {POST_READ: _PostReadResponse}


def _post_read(attribute: str) -> list[LDAPControl]:
    return [RequestControl(POST_READ, False, ber.attribute_list_request(attribute))]  # noqa: FBT003 - the library's


def _told(controls: Sequence[object]) -> str | None:
    return next((control.identity for control in controls if isinstance(control, _PostReadResponse)), None)
