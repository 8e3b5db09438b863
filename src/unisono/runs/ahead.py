"""Read one page ahead, while the connected data source works on the page before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(pages: Iterator[T]) -> Iterator[T]:
    """The pages; the next one is made in a thread of its own while the caller has the one before.

    The maker must not depend on what the caller does with the page before the last. What it raises is raised here.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = reader.submit(next, pages, None)
            yield page
