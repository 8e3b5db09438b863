"""A store whose time is told from the time of those who use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import wraps
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from unisono.model.phases import Phase, within
from unisono.store.contract import Reader, Store, UnitOfWork

_Opened = TypeVar("_Opened")


class MeasuredStore:
    """A store that says ``Phase.STORE`` around everything it does: beginnings, ends and each question or change."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> AbstractContextManager[Reader]:
        return _Opening(self._store.read())

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        return _Opening(self._store.begin())

    def rehearse(self) -> AbstractContextManager[UnitOfWork]:
        return _Opening(self._store.rehearse())

    def lock(self, name: str) -> AbstractContextManager[bool]:
        return self._store.lock(name)

    def size(self) -> int:
        return self._store.size()

    def compact(self) -> None:
        self._store.compact()

    def close(self) -> None:
        self._store.close()


class _Opening(Generic[_Opened]):
    """Waiting for another writer and committing are the store's time, what happens between is not."""

    def __init__(self, opening: AbstractContextManager[_Opened]) -> None:
        self._opening = opening

    def __enter__(self) -> _Opened:
        with within(Phase.STORE):
            return cast("_Opened", _Measured(self._opening.__enter__()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with within(Phase.STORE):
            return self._opening.__exit__(kind, error, trace)


class _Measured:
    """Hands everything on. Written once for some sixty methods, so that a new one is never forgotten."""

    def __init__(self, unit: object) -> None:
        self._unit = unit

    def __getattr__(self, name: str) -> Any:  # Any: whatever the contract says of that name
        with within(Phase.STORE):
            found = getattr(self._unit, name)
        return _measured(found) if callable(found) else found


def _measured(method: Callable[..., object]) -> Callable[..., object]:
    """The method; parts that it gives one by one are its work too, what is done between them is not."""

    @wraps(method)
    def call(*args: object, **kw: object) -> object:
        with within(Phase.STORE):
            answer = method(*args, **kw)
        return _parts(answer) if isinstance(answer, Iterator) else answer

    return call


def _parts(answer: Iterator[object]) -> Iterator[object]:
    while True:
        with within(Phase.STORE):
            try:
                part = next(answer)
            except StopIteration:
                return
        yield part
