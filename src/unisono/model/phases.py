"""The phases of a step: what its time goes to.

Code says which phase it is, and knows no clock. A run that keeps a profile listens, and holds the clock
(``runs.profile``); without a listener, saying it costs next to nothing and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Phase(StrEnum):
    """In the order in which they are shown."""

    SOURCE = "source"  # the connector reads
    DECODE = "decode"  # values take another form: normal forms, hashes, documents to columns and back
    RULES = "rules"  # deciding, and everything that is no other phase
    STORE = "store"  # the store reads and writes, or waits for another writer
    TARGET = "target"  # the connector writes


Listener = Callable[[Phase], AbstractContextManager[None]]

#: Of the thread that is running; a new thread has none.
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """The listener hears of every phase that this thread enters in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def within(phase: Phase) -> AbstractContextManager[None]:
    """What happens in the block belongs to the phase."""
    listener = _listener.get()
    return nullcontext() if listener is None else listener(phase)


def belongs_to(phase: Phase) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """What the function does belongs to the phase."""

    def decorate(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        @wraps(function)
        def call(*args: _Arguments.args, **kw: _Arguments.kwargs) -> _Result:
            with within(phase):
                return function(*args, **kw)

        return call

    return decorate
